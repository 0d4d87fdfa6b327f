/**
 * @module The menu of faults: what each does, what should happen, and whether it did.
 */

import { pause, until } from './play.js';

/**
 * @typedef {object} Fault
 * @property {string} name
 * @property {string} expect what should happen
 * @property {(scene: any) => Promise<string>} run returns what did happen; throws if it did not
 */

/** @type {Fault[]} */
const FAULTS = [
  {
    name: 'IM 中断 10 秒',
    expect: '消息先攒着；恢复后房间收到最新状态，不重不漏',
    async run({ sandbox, panel }) {
      const before = (await sandbox.messages()).length;
      await sandbox.addFault({ path: '/v4/', status: 503 });
      await pause(10000);
      await sandbox.clearFaults();
      await until(() => panel.hasNoGap());
      const came = (await sandbox.messages()).length - before;
      return `恢复后送达 ${came} 条，序号连续`;
    },
  },
  paymentFault('支付通知丢失', '服务器主动查单，金币照样到账一次', 'lost'),
  paymentFault('支付通知迟到', '先查单到账，迟到的通知不再加一次', 'late'),
  paymentFault('支付通知重复', '两次通知只到账一次', 'doubled'),
  {
    name: '微信变慢',
    expect: '登录变慢，但直播间照常',
    async run({ sandbox, someone }) {
      await sandbox.addFault({ path: '/sns/', latency_ms: 3000, times: 1 });
      const { qlive } = someone();
      const began = Date.now();
      await qlive.login();
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      const state = await qlive.call('get_user_state');
      return `登录用了 ${seconds} 秒，人还在${state.live_room_name || '大厅'}`;
    },
  },
];

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
      for (const path of ['/pay_notify/', '/wx_notify/']) {
        await sandbox.addFault({ path, notice, times: 1 });
      }
      const { qlive } = someone();
      const { gold: before } = await qlive.profile();
      const [block] = await qlive.blocks();
      const content = JSON.parse((await qlive.call('recharge', { block_id: block.id })).content);
      await sandbox.pay(content.out_trade_no, content);
      await until(async () => (await qlive.order(content.out_trade_no, 2)).state === 'paid');
      await pause(2500);
      await sandbox.clearFaults();
      const { gold } = await qlive.profile();
      if (gold - before !== block.gold) throw new Error(`多了 ${gold - before} 金币，应为 ${block.gold}`);
      return `到账 ${gold - before} 金币，一次`;
    },
  };
}

/**
 * Fills the menu.
 * @param {HTMLElement} list
 * @param {any} scene `sandbox`, `panel`, and `someone()`: a phone that is on
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
      button.disabled = true;
      result.textContent = '进行中…';
      try {
        result.textContent = `结果：${await fault.run(scene)} ✓`;
      } catch (error) {
        result.textContent = `结果：${/** @type {Error} */ (error).message} ✗`;
      }
      scene.panel.note(`${fault.name}：${result.textContent}`);
      button.disabled = false;
    });
    list.append(button);
  }
}
