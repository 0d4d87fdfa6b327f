/**
 * Every action of the console in a browser, by an operator of a role that may do it.
 */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';

import { ConsoleBrowser, fillServer } from './support.js';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {Record<string, string>} Fields */

/** @type {ConsoleBrowser} */
let desk;
/** @type {Awaited<ReturnType<typeof fillServer>>} */
let filled;
/** The window of each role. @type {Record<string, Page>} */
const by = {};

before(async () => {
  desk = await ConsoleBrowser.start();
  filled = await fillServer(desk.server);
  by.owner = await desk.enter();
  for (const role of ['operator', 'finance', 'support']) by[role] = await invite(role);
});
after(() => desk.stop());

/** The code of an authenticator now (RFC 6238). @param {string} secret in base 32 */
function codeOf(secret) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/[^A-Z2-7]/g, '')]
    .map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac('sha1', Buffer.from(bytes)).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Invites an operator, who sets a password and an authenticator. @param {string} role */
async function invite(role) {
  await fill(by.owner, '/operators/add', { name: `my ${role}`, role });
  await submit(by.owner);
  const link = await by.owner.getByText(/\/link\//).textContent();
  const page = await desk.open();
  await page.goto(String(link));
  await page.getByLabel('新密码').fill('correct horse battery');
  await page.getByRole('button', { name: '设置密码并登录' }).click();
  await page.waitForURL(`${desk.origin}/`);
  await page.goto(`${desk.origin}/account`);
  const secret = await page.locator('input[name=secret]').inputValue();
  await page.locator('form[action="/account/authenticator"] [name=password]')
    .fill('correct horse battery');
  await page.locator('[name=code]').fill(codeOf(secret));
  await page.locator('form[action="/account/authenticator"] [type=submit]').click();
  await page.locator('.codes').waitFor();
  return page;
}

/** Opens a form and fills it in. @param {Page} page @param {string} path @param {Fields} fields */
async function fill(page, path, fields) {
  const answer = await page.goto(desk.origin + path);
  assert.equal(answer?.status(), 200, path);
  const form = page.locator('.confirm form');
  for (const [name, value] of Object.entries(fields)) {
    const field = form.locator(`[name="${name}"]`);
    const isList = await field.evaluate((element) => element.tagName === 'SELECT');
    await (isList ? field.selectOption(value) : field.fill(value));
  }
  const reason = form.locator('[name=reason]');
  if ((await reason.count()) > 0) await reason.fill('浏览器测试');
  const next = form.getByRole('button', { name: '下一步：查看改动' });
  if ((await next.count()) > 0) {
    await next.click();
    await form.locator('.diff').waitFor();
  }
  const typed = form.locator('[name=typed]');
  if ((await typed.count()) > 0) {
    const label = await form.getByText(/请输入 .+ 以确认/).textContent();
    await typed.fill(String(label).replace(/^\s*请输入 (.+) 以确认[^]*$/, '$1'));
  }
  const code = form.locator('[name=code]');
  if ((await code.count()) > 0) {
    const shown = await page.getByText(/现在的验证码是/).textContent();
    await code.fill(String(shown).replace(/\D/g, ''));
  }
}

/** @param {Page} page */
const submit = (page) => page.locator('.confirm form button[type=submit]').first().click();

/**
 * Does an action, and checks that the console says so and shows its effect.
 * @param {string} role @param {string} path @param {Fields} fields @param {string | RegExp} shown
 */
async function act(role, path, fields, shown) {
  const page = by[role];
  await fill(page, path, fields);
  await submit(page);
  await page.getByRole('status').getByText(/已完成/).waitFor();
  await page.getByText(shown).first().waitFor();
}

/**
 * Does an action that answers with a file, and returns its text.
 * @param {string} role @param {string} path @param {Fields} [fields]
 */
async function download(role, path, fields = {}) {
  const page = by[role];
  await fill(page, path, fields);
  const [file] = await Promise.all([page.waitForEvent('download'), submit(page)]);
  const stream = await file.createReadStream();
  let text = '';
  for await (const part of stream) text += part;
  return text;
}

test('users', async () => {
  const { bob, eve, hosted } = filled;
  const user = `/users/${eve.userId}`;
  await act('operator', `${user}/warn`, { text: '请文明交流' }, 'eve');
  await act('operator', `${user}/mute`, { length: '600' }, '禁言中');
  await act('operator', `${user}/unmute`, {}, 'eve');
  assert.equal(await by.operator.getByText('禁言中').count(), 0);
  await act('support', `${user}/note`, { text: '打过电话' }, '打过电话');
  await act('operator', `${user}/grant`, {}, '红娘');
  await act('operator', `${user}/revoke`, {}, '设为红娘');
  const room = `房间 ${hosted.liveId}`;
  await act('operator', `/rooms/${hosted.liveId}/put-off-mic/${eve.userId}`, {}, room);
  assert.equal(await by.operator.getByRole('link', { name: '请下麦' }).count(), 1, '阿明');
  await act('operator', `/rooms/${hosted.liveId}/remove/${eve.userId}`, {}, room);
  await assert.rejects(eve.enter(hosted.liveId), { code: 'removed' });
  await act('operator', `${user}/ban`, { length: '86400' }, '已封禁');
  await act('operator', `${user}/unban`, {}, 'eve');
  assert.equal(await by.operator.getByText('已封禁').count(), 0);
  await act('support', `${user}/end-sessions`, {}, '没有登录。');
  await fill(by.support, `${user}/reveal`, {});
  await submit(by.support);
  await by.support.getByText('sandbox-eve').waitFor();
  const all = JSON.parse(await download('support', `/users/${bob.userId}/export`));
  assert.equal(all.profile.nickname, '阿明');
});

test('reviews', async () => {
  await act('operator', '/reports/1/close', {}, '没有');
  await act('operator', '/moderation/2/close', {}, '没有');
  await act('operator', '/screenshots/1/close', {}, '没有');
  await act('support', '/complaints/1/answer', {}, '没有等待答复的投诉');
});

test('money', async () => {
  const { bob, order } = filled;
  await act('finance', `/users/${bob.userId}/gold`, { amount: '7' }, '阿明');
  const ledger = await by.finance.goto(`${desk.origin}/ledger?kind=grant`);
  assert.equal(ledger?.status(), 200);
  const href = await by.finance.locator('tbody a').first().getAttribute('href');
  await act('finance', `${href}/reverse`, {}, /冲正/);
  await act('support', `/orders/${order}/query`, {}, String(order));
  await act('finance', `/orders/${order}/refund`, { amount: '0.10' }, '¥0.10');
  const evidence = JSON.parse(await download('support', `/orders/${order}/why/export`));
  assert.equal(evidence.order.out_trade_no, order);
  const charge = await download('finance', '/ledger/1/why/export');
  assert.equal(JSON.parse(charge).order.out_trade_no, order);
  await act('finance', '/withdrawals/1/approve', {}, /待确认|已批准|待用户/);
  await filled.rooms[0].give({ to: filled.host.userId, gift: filled.gift.id, num: 40 });
  const { income } = await filled.host.profile();
  const { id } = await filled.host.withdraw({ income, realName: '王红' });
  await act('finance', `/withdrawals/${id}/reject`, {}, '已驳回');
  assert.equal((await filled.host.profile()).income, income);
  await act('finance', '/ledger/audit/run', {}, /核对一致/);
  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  await desk.server.sandboxPost('faults', { path: '/pay_notify/', notice: 'lost' });
  await desk.server.sandboxPost(`pay/${filled.other}/refund`, { fen: 100 });
  await act('finance', '/reconcile/run', { day }, '未说明');
  for (let left = await unexplained(); left.length > 0; left = await unexplained()) {
    await act('finance', left[0], {}, '浏览器测试');
  }
  await act('finance', `/reconcile/${day}/sign`, {}, 'my finance');
  assert.match(await download('finance', '/export/orders'), new RegExp(order));
  assert.match(await download('finance', '/export/withdrawals'), /5\.00/);
  assert.match(await download('finance', '/export/ledger'), /平台/);
  assert.match(await download('finance', '/export/audit'), /my finance/);
  assert.match(await download('finance', `/figures/export/day/${day}/${day}`),
    new RegExp(`"${day}","6[0-9]{2}\\.`));
});

/** The forms of the differences on the page that nobody has explained. */
const unexplained = () =>
  by.finance.getByRole('row', { name: /未说明/ }).getByRole('link', { name: '说明' })
    .evaluateAll((links) => links.map((link) => String(link.getAttribute('href'))));

test('sales', async () => {
  const image = 'https://pictures.example.com/gift.png';
  await act('operator', '/gifts/add', { name: '手写信', gold: '8', image }, '手写信');
  const row = by.operator.getByRole('row', { name: /手写信/ });
  const edit = await row.getByRole('link', { name: '修改' }).getAttribute('href');
  await act('operator', String(edit), { name: '长信' }, '长信');
  await act('operator', String(edit).replace('edit', 'disable'), {}, '长信');
  const gone = by.operator.getByRole('row', { name: /长信/ });
  assert.equal(await gone.getByRole('link', { name: '修改' }).count(), 0);
  await act('operator', String(edit).replace('edit', 'enable'), {}, '长信');
  assert.equal(await gone.getByRole('link', { name: '修改' }).count(), 1);
  await act('finance', '/blocks/add', { gold: '33', price: '3.00' }, '33');
  const block = by.finance.getByRole('row', { name: /33/ }).getByRole('link').last();
  const disable = String(await block.getAttribute('href'));
  const limited = { until: '2030-01-31', price: '3.00' };
  await act('finance', disable.replace('disable', 'edit'), limited, '2030-01-31');
  await act('finance', disable, {}, /充值/);
  await act('finance', disable.replace('disable', 'enable'), {}, /充值/);
  const sold = by.finance.getByRole('row', { name: /33/ });
  assert.equal(await sold.getByRole('link', { name: '停售' }).count(), 1);
});

test('a refund of the platform whose notice was lost', async () => {
  const { bob } = filled;
  const [, block] = await bob.blocks();
  const { outTradeNo } = await bob.buy(block.id);
  for (const _ of [1, 2, 3]) {
    await desk.server.sandboxPost('faults', { path: '/pay_notify/', notice: 'lost' });
  }
  await desk.server.sandboxPost(`pay/${outTradeNo}/refund`, { fen: 100 });
  const state = await desk.server.sandboxGet('state');
  const refunds = Object.entries(state.refunds);
  const [[number]] = refunds.filter(([, refund]) => refund.out_trade_no === outTradeNo);
  const path = `/orders/${outTradeNo}`;
  await act('finance', `${path}/import-refund`, { refund: number }, '部分退款');
  const row = by.finance.locator('.steps [aria-current=step]');
  assert.match(String(await row.textContent()), /部分退款/);
});

test('Enter on the review of a change confirms it', async () => {
  const page = by.owner;
  await fill(page, '/configs/WITHDRAW_RATE/set-rate', { value: '0.12' });
  await page.locator('.confirm [name=typed]').press('Enter');
  await page.getByRole('status').getByText(/已完成/).waitFor();
  assert.match(String(await page.locator('main').textContent()), /0\.12/);
});

test('the platform', async () => {
  const banner = { value: 'https://a.example/1.png' };
  await act('operator', '/configs/INDEX_BANNER/set', banner, 'a.example');
  await act('owner', '/configs/HOST_RATE/set-rate', { value: '0.21' }, '0.21');
  await by.operator.goto(`${desk.origin}/health`);
  const retry = await by.operator.getByRole('link', { name: '重试' }).getAttribute('href');
  await act('operator', String(retry), {}, /系统状态/);
  await by.owner.goto(`${desk.origin}/operators`);
  const row = by.owner.getByRole('row', { name: /my support/ });
  const hrefs = await row.getByRole('link').evaluateAll((links) =>
    links.map((link) => String(link.getAttribute('href'))));
  const [operator] = hrefs.map((href) => href.match(/\/operators\/\d+/)?.[0]).filter(Boolean);
  await act('owner', `${operator}/end-sessions`, {}, 'my support');
  const late = await by.support.goto(`${desk.origin}/orders`);
  assert.match(String(late?.url()), /login/);
  await act('owner', `${operator}/role`, { role: 'auditor' }, '审计');
  await act('owner', `${operator}/disable`, {}, '停用');
  await act('owner', `${operator}/enable`, {}, 'my support');
  await fill(by.owner, `${operator}/reset`, {});
  await submit(by.owner);
  await by.owner.getByText(/\/link\//).waitFor();
});

test('a person is erased by two operators, and a broadcast is ended', async () => {
  const { bob, hosted } = filled;
  await act('operator', `/rooms/${hosted.liveId}/end`, {}, '未直播');
  await act('operator', `/users/${bob.userId}/erase`, {}, '阿明');
  await act('owner', `/users/${bob.userId}/erase`, {}, /已注销/);
});

test('pages complained of nothing', () => assert.deepEqual(desk.complaints, []));
