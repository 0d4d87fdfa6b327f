import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Playroom, phone, violations } from './support.js';

/** @type {Playroom} */
let playroom;
before(async () => {
  playroom = await Playroom.start();
});
after(() => playroom.stop());

test('panel shows messages with their numbers, how gold moved, and requests', async () => {
  const page = await playroom.openPaused();
  const aming = phone(page, 'aming');
  await aming.getByRole('button', { name: '申请上麦' }).click();
  await aming.getByRole('button', { name: '上麦', exact: true }).click();
  await page.getByRole('tab', { name: '消息' }).click();
  const messages = page.locator('.rows-messages .row');
  await messages.filter({ hasText: 'reset → 房间' }).getByText('#1', { exact: true }).waitFor();
  await messages.filter({ hasText: 'num → 小红' }).first().waitFor();
  assert.deepEqual(await violations(page), []);
  await page.evaluate(() => /** @type {any} */ (window).script.play.recharge('xiaoli'));
  await page.getByRole('tab', { name: '账本' }).click();
  await page.locator('.rows-ledger .row', { hasText: '小李' }).getByText('+60').waitFor();
  await page.context().close();
});

test('request is copied as a command that a shell runs', async () => {
  const page = await playroom.openPaused();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const liveId = await page.evaluate(() => {
    const { qlive } = /** @type {any} */ (document.querySelector('#phone-xiaoli')).phone;
    return qlive.updateProfile({ nickname: "O'Hara" }).then(() => qlive.room.liveId);
  });
  assert.ok(liveId > 0);
  await page.getByRole('tab', { name: '请求' }).click();
  const row = page.locator('.row', { hasText: 'update_userinfo' }).first();
  await row.getByRole('button', { name: '复制 curl' }).click();
  await row.getByRole('button', { name: '已复制' }).waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const token = await page.evaluate(
    () => /** @type {any} */ (document.querySelector('#phone-xiaoli')).phone.qlive.session.token,
  );
  assert.ok(!command.includes(token), 'the token stays in the phone');
  const script = `${command.replace('<token>', token)} -s`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script]);
  assert.equal(JSON.parse(stdout).nickname, "O'Hara");
  await page.context().close();
});

test('what a phone has not received is made up for, and shown', async () => {
  const page = await playroom.openPaused();
  await page.locator('#phone-xiaoli').getByRole('button', { name: '掉线' }).click();
  // The room changes meanwhile, whatever the tests before have left.
  const aming = phone(page, 'aming');
  await aming.getByRole('button', { name: /^(申请上麦|下麦)$/ }).click();
  const take = aming.getByRole('button', { name: '上麦', exact: true });
  if (await take.isVisible()) await take.click();
  await page.locator('#phone-xiaoli').getByRole('button', { name: '恢复网络' }).click();
  await page.locator('#panel').getByText(/^小李没收到 #\d+.*，已补上$/).waitFor({ timeout: 30_000 });
  await page.getByRole('tab', { name: '消息' }).click();
  await page.locator('.row-healed', { hasText: '小李没收到' }).waitFor();
  await page.context().close();
});

test('address says how far the script is, and opens it there', async () => {
  const page = await playroom.open({ hash: '#seed=9&t=20' });
  await phone(page, 'host').locator('.seat-female live-player video').waitFor({ timeout: 20_000 });
  const isPlaying = () => /^#seed=9&t=(25|3\d)$/.test(location.hash);
  await page.waitForFunction(isPlaying, null, { timeout: 20_000 });
  await page.context().close();
});

test('second window takes the people over, and the first stops', async () => {
  const first = await playroom.open();
  await first.waitForFunction(() => 'script' in window, null, { timeout: 20_000 });
  const second = await playroom.open();
  await first.locator('#status', { hasText: '在另一个窗口登录了' }).waitFor({ timeout: 20_000 });
  await first.getByRole('button', { name: '继续' }).waitFor();
  await phone(first, 'alice').getByText('账号在另一处登录').waitFor();
  const seat = phone(second, 'xiaoli').locator('.seat-male live-player video');
  await seat.waitFor({ timeout: 20_000 });
  assert.equal(await second.locator('#status', { hasText: '在另一个窗口' }).count(), 0);
  await first.context().close();
  await second.context().close();
});

test('phone that is added joins the room', async () => {
  const page = await playroom.openPaused();
  await page.getByRole('button', { name: '加一部手机' }).click();
  await phone(page, 'azhe').getByRole('button', { name: '申请上麦' }).waitFor();
  await page.context().close();
});

test('keyboard reaches every control of the page and of the phones', async () => {
  const page = await playroom.openPaused();
  await page.locator('#faults summary').focus();
  await page.keyboard.press('Enter');
  const wanted = new Set();
  for (const frame of page.frames()) {
    for (const name of await frame.evaluate(controls)) wanted.add(name);
  }
  assert.ok(wanted.size > 40, `${wanted.size} controls`);
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  const limit = 3 * wanted.size;
  for (let presses = 0; presses < limit && wanted.size > 0; presses += 1) {
    await page.keyboard.press('Tab');
    wanted.delete(await page.evaluate(focused));
  }
  assert.deepEqual([...wanted], []);
  await page.context().close();
});

/** The names of what a page lets people act on, as long as it is shown. */
function controls() {
  const found = document.querySelectorAll('button, summary, a[href], input, [tabindex="0"]');
  const names = [];
  for (const control of found) {
    if (!(control instanceof HTMLElement)) continue;
    if (control.tabIndex < 0 || !control.checkVisibility()) continue;
    const place = window.frameElement?.getAttribute('title') ?? '';
    const owner = control.closest('play-phone')?.id ?? '';
    const name = control.id || control.getAttribute('aria-label') || control.textContent?.trim();
    // Numbers change.
    names.push(`${place}${owner}: ${name}`.replace(/\d+/g, '#'));
  }
  return names;
}

/** The name of what has the focus, in the page or in a phone. */
function focused() {
  let control = document.activeElement;
  let place = '';
  while (control instanceof HTMLIFrameElement) {
    place = control.title;
    control = control.contentDocument?.activeElement ?? null;
  }
  const owner = control?.closest('play-phone')?.id ?? '';
  const name = control?.id || control?.getAttribute('aria-label') || control?.textContent?.trim();
  return `${place}${owner}: ${name}`.replace(/\d+/g, '#');
}
