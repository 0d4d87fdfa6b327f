/**
 * What operators do in the console, with a mouse, with a keyboard, and without JavaScript.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ConsoleBrowser, fillServer } from './support.js';

/** @type {ConsoleBrowser} */
let desk;
/** @type {Awaited<ReturnType<typeof fillServer>>} */
let filled;
/** @type {import('playwright-core').Page} */
let owner;

before(async () => {
  desk = await ConsoleBrowser.start();
  filled = await fillServer(desk.server);
  owner = await desk.enter();
});
after(() => desk.stop());

test('page of the moment refreshes itself', async () => {
  const page = await desk.openAs(owner);
  await page.clock.install();
  await page.goto(`${desk.origin}/?every=10`);
  await page.getByText('阿明').waitFor();
  await filled.rooms[0].leaveMic();
  await page.clock.fastForward(11_000);
  await page.getByText('空着').waitFor();
});

test('user is banned in a dialog, and the ban is lifted', async () => {
  const { eve, hosted } = filled;
  await owner.goto(`${desk.origin}/users/${eve.userId}`);
  await owner.getByRole('link', { name: '封禁' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByText('立即移出房间').waitFor();
  const first = dialog.getByLabel('时长');
  assert.equal(await first.evaluate((field) => field === document.activeElement), true);
  await dialog.getByLabel('原因').fill('辱骂 <b>');
  await dialog.getByRole('button', { name: '封禁' }).click();
  await owner.getByRole('status').getByText(/已完成，审计记录 \d+/).waitFor();
  assert.equal(await owner.getByText('已封禁').count() > 0, true);
  await assert.rejects(eve.enter(hosted.liveId));
  await owner.getByRole('link', { name: '解除封禁' }).click();
  const cancel = owner.getByRole('dialog').getByRole('link', { name: '取消' });
  assert.equal(await cancel.evaluate((link) => link === document.activeElement), true);
  await owner.getByRole('dialog').getByRole('button', { name: '解除封禁' }).click();
  await owner.getByRole('status').waitFor();
  assert.equal(await owner.getByText('已封禁').count(), 0);
  await owner.goto(`${desk.origin}/audit`);
  assert.equal(await owner.getByText('辱骂 <b>').count(), 1);
});

test('gold is granted with a code, once by a double click', async () => {
  const { bob } = filled;
  const before = (await bob.profile()).gold;
  await owner.goto(`${desk.origin}/users/${bob.userId}`);
  await owner.getByText('更多操作').click();
  await owner.getByRole('link', { name: '赠送金币' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByLabel('金币数').fill('25');
  await dialog.getByLabel('原因').fill('补偿');
  await dialog.getByLabel(/以确认/).fill(bob.userId.slice(4));
  const code = dialog.getByLabel(/验证码/);
  if ((await code.count()) > 0) {
    const shown = await dialog.getByText(/现在的验证码是/).textContent();
    await code.fill(String(shown).replace(/\D/g, ''));
  }
  await dialog.getByRole('button', { name: '赠送金币' }).dblclick();
  await owner.getByRole('status').waitFor();
  assert.equal((await bob.profile()).gold, before + 25);
});

test('wrong input is refused and what was typed stays', async () => {
  const { bob } = filled;
  await owner.goto(`${desk.origin}/users/${bob.userId}/gold`);
  await owner.getByLabel('金币数').fill('abc');
  await owner.getByLabel('原因').fill('补偿用户');
  await owner.getByLabel(/以确认/).fill(bob.userId.slice(4));
  await owner.getByRole('button', { name: '赠送金币' }).click();
  await owner.getByRole('alert').getByText('金额超出了允许的范围').waitFor();
  assert.equal(await owner.getByLabel('金币数').inputValue(), 'abc');
  assert.equal(await owner.getByLabel('原因').inputValue(), '补偿用户');
});

test('reported user is muted, noted about and removed, and the report is closed', async () => {
  const { bob, hosted } = filled;
  await owner.goto(`${desk.origin}/`);
  await owner.getByRole('link', { name: /举报/ }).click();
  await owner.getByRole('main').getByRole('link', { name: '举报 1' }).click();
  await owner.getByRole('link', { name: /阿明/ }).click();
  const confirm = async (/** @type {string} */ name, /** @type {() => Promise<void>} */ fill) => {
    await owner.getByRole('link', { name, exact: true }).first().click();
    await fill();
    await owner.getByRole('dialog').getByRole('button', { name, exact: true }).click();
    await owner.getByRole('status').waitFor();
  };
  await confirm('禁言', async () => {
    await owner.getByRole('dialog').getByLabel('时长').selectOption('600');
    await owner.getByRole('dialog').getByLabel('原因').fill('骂人');
  });
  assert.equal(await owner.getByText('禁言中').count(), 1);
  await assert.rejects(filled.rooms[0].say('还能说吗'));
  await confirm('写备注', () => owner.getByRole('dialog').getByLabel('备注').fill('第一次提醒'));
  assert.equal(await owner.getByText('第一次提醒').count(), 1);
  await confirm('解除禁言', async () => {});
  await filled.rooms[0].say('能说了');
  await owner.goto(`${desk.origin}/reports/1`);
  await confirm('标记为已处理', () => owner.getByRole('dialog').getByLabel('处理结果').fill('已禁言'));
  await owner.goto(`${desk.origin}/reports/1`);
  await owner.getByText('已处理').first().waitFor();
  await owner.goto(`${desk.origin}/rooms/${hosted.liveId}`);
  const row = owner.getByRole('row', { name: new RegExp(bob.userId) });
  await row.getByRole('link', { name: '请出房间' }).click();
  await owner.getByRole('dialog').getByLabel('原因').fill('还在骂人');
  await owner.getByRole('dialog').getByRole('button', { name: '请出房间' }).click();
  await owner.getByRole('status').waitFor();
  await assert.rejects(bob.enter(hosted.liveId), { code: 'removed' });
});

test('waiting comments are decided with keys, one or several at once', async () => {
  const page = await desk.openAs(owner);
  await page.goto(`${desk.origin}/moderation`);
  await page.keyboard.press('j');
  await page.keyboard.press('r');
  await page.getByRole('dialog', { name: /禁言/ }).getByText('同时标记为已处理').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  await page.getByRole('dialog', { name: /处理 .+ 的发言/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('x');
  await page.getByRole('button', { name: '标记所选为已处理' }).click();
  await page.getByLabel('处理结果').fill('没有问题');
  await page.getByRole('button', { name: '标记为已处理' }).click();
  await page.getByRole('status').waitFor();
  await page.getByText('没有被拦下的发言').waitFor();
});

test('everything is done without JavaScript', async () => {
  const { bob } = filled;
  const page = await desk.openAs(owner, { js: false, lang: 'en' });
  await page.goto(`${desk.origin}/users?which=matchmakers`);
  assert.equal(await page.getByRole('link', { name: '红娘' }).count(), 1);
  await page.goto(`${desk.origin}/users/${bob.userId}`);
  await page.getByRole('link', { name: 'Make a matchmaker' }).click();
  await page.getByLabel('Reason').fill('asked for it');
  await page.getByRole('button', { name: 'Make a matchmaker' }).click();
  await page.getByText(/Done. Audit record/).waitFor();
  await page.getByRole('link', { name: 'Revoke the role' }).click();
  await page.getByLabel('Reason').fill('a test');
  await page.getByRole('button', { name: 'Revoke the role' }).click();
  await page.getByText(/Done. Audit record/).waitFor();
});

test('keyboard alone finds, opens and acts', async () => {
  const { bob } = filled;
  const page = await desk.openAs(owner);
  await page.goto(`${desk.origin}/`);
  await page.keyboard.press('/');
  await page.keyboard.type(bob.userId);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/users/${bob.userId}`);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.waitForURL('**/orders');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/orders/Q*');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: '键盘快捷键' }).waitFor();
  await page.keyboard.press('Escape');
  await page.goto(`${desk.origin}/users/${bob.userId}`);
  const ban = page.getByRole('link', { name: '封禁' });
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if (await ban.evaluate((link) => link === document.activeElement)) break;
  }
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await ban.evaluate((link) => link === document.activeElement), true);
  // Back to the button before it, whose form is filled in and sent.
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('禁言').first().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.type('辱骂');
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText(/已完成/).waitFor();
  await page.getByText('禁言中').first().waitFor();
});

test('single keys can be switched off', async () => {
  const page = await desk.openAs(owner);
  await page.goto(`${desk.origin}/`);
  await page.keyboard.press('?');
  await page.getByLabel('启用单键快捷键').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(page.url(), `${desk.origin}/`);
});

/**
 * Logs in without a mouse.
 * @param {string} name
 */
async function logInWithTheKeyboard(name) {
  const page = await desk.open();
  await page.goto(`${desk.origin}/login`);
  const field = page.getByLabel('用户名');
  for (let presses = 0; presses < 10; presses += 1) {
    if (await field.evaluate((input) => input === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type('correct horse battery');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${desk.origin}/`);
  await page.context().close();
}

/** @param {Element[]} links */
const hrefs = (links) => links.map((link) => String(link.getAttribute('href')));

test('operators are invited, and each role sees its pages', async () => {
  const roles = { operator: '运营', finance: '财务', support: '客服', auditor: '审计' };
  for (const [role, label] of Object.entries(roles)) {
    await owner.goto(`${desk.origin}/operators/add`);
    await owner.getByLabel('用户名').fill(`new ${role}`);
    await owner.getByLabel('角色').selectOption(role);
    await owner.getByLabel('原因').fill('a test');
    const code = owner.getByLabel(/验证码/);
    if ((await code.count()) > 0) {
      const shown = await owner.getByText(/现在的验证码是/).textContent();
      await code.fill(String(shown).replace(/\D/g, ''));
    }
    await owner.getByRole('button', { name: '邀请操作员' }).click();
    const link = await owner.getByText(/\/link\//).textContent();
    const page = await desk.open();
    await page.goto(String(link));
    await page.getByLabel('新密码').fill('correct horse battery');
    await page.getByRole('button', { name: '设置密码并登录' }).click();
    await page.waitForURL(`${desk.origin}/`);
    assert.match(String(await page.locator('.me').textContent()), new RegExp(label));
    if (role === 'auditor') await logInWithTheKeyboard(`new ${role}`);
    // Every entry of the menu and every page of an object, and every form that a page leads to.
    await page.goto(desk.origin);
    const menu = await page.locator('.side a').evaluateAll(hrefs);
    // An auditor sees no comments and no screenshots.
    assert.equal(menu.length, role === 'auditor' ? 15 : 17, `${role}: ${menu}`);
    const user = `/users/${filled.bob.userId}`;
    const room = `/rooms/${filled.hosted.liveId}`;
    const order = `/orders/${filled.order}`;
    const comments = role === 'auditor' ? [] : [`${user}/comments`, `${room}/comments`];
    const pages = [...menu, ...comments, '/account', user, `${user}/wallet`, `${user}/given`, room,
      `${room}/people`, `${room}/gifts`, `${room}/past`, `${room}/timeline`, '/withdrawals/1',
      order, `${order}/why`, '/ledger/1', '/ledger/1/why', '/ledger/audit', '/reports/1',
      '/configs/HOST_RATE'];
    const forms = new Set();
    for (const path of pages) {
      const answer = await page.goto(new URL(path, desk.origin).href);
      assert.equal(answer?.status(), 200, `${role} ${path}`);
      assert.equal(await page.locator('h1').count(), 1, `${role} ${path}`);
      for (const href of await page.locator('[data-dialog]').evaluateAll(hrefs)) forms.add(href);
    }
    for (const href of forms) {
      const answer = await page.goto(new URL(href, desk.origin).href);
      assert.equal(answer?.status(), 200, `${role} ${href}`);
    }
    const audit = '/ledger/audit/run';
    if (role === 'auditor') assert.deepEqual([...forms], [audit]);
    else assert.equal(forms.size > 1 && forms.has(audit), true, `${role}: ${[...forms]}`);
    await page.goto(`${desk.origin}/users/${filled.bob.userId}`);
    const mayBan = role === 'operator';
    assert.equal(await page.getByRole('link', { name: '封禁' }).count(), mayBan ? 1 : 0, role);
    await page.context().close();
  }
});

test('pages complained of nothing', () => assert.deepEqual(desk.complaints, []));
