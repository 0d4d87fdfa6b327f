/**
 * @module The menu of faults: what each does, what should happen, and whether it did.
 */

import { gapsIn } from './panel.js';
import { pause, until } from './play.js';

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {string} expect what should happen
 * @property {(scene: any) => Promise<string>} run returns what did happen; throws if it did not
 */

/** In milliseconds. */
const OUTAGE = 10000;
/** How long the server may take to notice that IM is back. */
const RECOVERY = 30000;
const WECHAT_LATENCY = 3000;
/** After which a late or doubled notice has come. */
const NOTICE_MAY_COME = 2500;

/** @type {Fault[]} */
const FAULTS = [
  {
    name: 'IM 中断 10 秒',
    expect: '消息先攒着；恢复后按顺序补齐，每部手机与服务器一致',
    async run({ sandbox, phones }) {
      const sent = async () => (await sandbox.messages()).filter(isOfServer);
      let length = 0;
      await sandbox.addFault({ path: '/v4/', status: 503 });
      try {
        await pause(OUTAGE / 2);
        length = (await sent()).length;
        // So that there is something to make up for.
        await applyAndWithdraw(phones);
        await pause(OUTAGE / 2);
        if ((await sent()).length > length) throw new Error('中断时仍有消息送达');
      } finally {
        await sandbox.clearFaults();
      }
      await until(async () => (await sent()).length > length, RECOVERY);
      await until(() => agree(phones));
      const messages = await sent();
      if (gapsIn(messages.slice(length)).size > 0) throw new Error('恢复后序号不连续');
      return `恢复后送达 ${messages.length - length} 条，序号连续，手机与服务器一致`;
    },
  },
  paymentFault('支付通知丢失', '服务器主动查单，金币照样到账一次', 'lost'),
  paymentFault('支付通知迟到', '先查单到账，迟到的通知不再加一次', 'late'),
  paymentFault('支付通知重复', '两次通知只到账一次', 'doubled'),
  {
    name: '微信变慢',
    expect: '登录变慢，但直播间照常',
    async run({ sandbox, someone }) {
      await sandbox.addFault({ path: '/sns/', latency_ms: WECHAT_LATENCY, times: 1 });
      const { qlive } = someone();
      const login = timed(() => qlive.login());
      const read = await timed(() => qlive.call('get_user_state'));
      const { seconds } = await login;
      if (seconds < WECHAT_LATENCY / 1000) throw new Error(`登录只用了 ${seconds} 秒`);
      if (read.seconds > 1) throw new Error(`直播间也慢了：${read.seconds} 秒`);
      return `登录用了 ${seconds} 秒，同时直播间只用 ${read.seconds} 秒`;
    },
  },
];

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const began = Date.now();
  await work();
  return { seconds: Number(((Date.now() - began) / 1000).toFixed(1)) };
}

/** @param {any} message as the sandbox lists it */
function isOfServer({ message }) {
  return message !== null && message.type !== 'message';
}

/** Somebody who watches applies for the mic, and takes it back. @param {Map<string, any>} phones */
async function applyAndWithdraw(phones) {
  const views = [...phones.values()];
  const watching = views.find(
    ({ phone, isLost, isTaken }) => !isLost && !isTaken && phone?.qlive.room?.state.userType === 1,
  );
  if (!watching) throw new Error('需要一部正在观看、没有被接过的手机');
  const { room } = watching.phone.qlive;
  await room.apply();
  await pause(300);
  await room.refuse();
}

/** Whether the phones show the seats as the server has them. @param {Map<string, any>} phones */
async function agree(phones) {
  for (const { phone, isLost } of phones.values()) {
    const room = phone?.qlive.room;
    if (!room?.isOpen || isLost) continue;
    const stage = await phone.qlive.call('sync', { live_id: room.liveId });
    for (const seat of ['male', 'female']) {
      if ((room.state[seat]?.user_id ?? '') !== (stage[seat]?.user_id ?? '')) return false;
    }
  }
  return true;
}

/**
 * @param {string} name
 * @param {string} expect
 * @param {'lost' | 'late' | 'doubled'} notice
 * @returns {Fault}
 */
function paymentFault(name, expect, notice) {
  return {
    name,
    expect,
    async run({ sandbox, someone }) {
      const { qlive } = someone();
      const { gold: before } = await qlive.profile();
      const [block] = await qlive.blocks();
      const content = JSON.parse((await qlive.call('recharge', { block_id: block.id })).content);
      await sandbox.pay(content.out_trade_no, content, notice);
      await until(async () => (await qlive.order(content.out_trade_no, 2)).state === 'paid');
      await pause(NOTICE_MAY_COME);
      const { gold } = await qlive.profile();
      if (gold - before !== block.gold) throw new Error(`多了 ${gold - before} 金币，应为 ${block.gold}`);
      return `到账 ${gold - before} 金币，一次`;
    },
  };
}

/**
 * Fills the menu.
 * @param {HTMLElement} list
 * @param {any} scene `sandbox`, `panel`, `phones`, and `someone()`: a phone that is on
 */
export function showFaults(list, scene) {
  for (const fault of FAULTS) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'fault';
    const name = document.createElement('strong');
    name.textContent = fault.name;
    const expect = document.createElement('span');
    expect.textContent = `应当：${fault.expect}`;
    const result = document.createElement('span');
    result.className = 'fault-result';
    result.setAttribute('role', 'status');
    button.append(name, expect, result);
    button.addEventListener('click', async () => {
      // One at a time: the sandbox switches faults off together.
      if (list.querySelector('[aria-busy]')) return;
      button.setAttribute('aria-busy', 'true');
      result.textContent = '进行中…';
      try {
        result.textContent = `结果：${await fault.run(scene)} ✓`;
      } catch (error) {
        result.textContent = `结果：${/** @type {Error} */ (error).message} ✗`;
      }
      result.classList.toggle('fault-failed', result.textContent.endsWith('✗'));
      scene.panel.note(`${fault.name}：${result.textContent}`);
      button.removeAttribute('aria-busy');
    });
    list.append(button);
  }
}
