import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Playroom, phone, picture, violations } from './support.js';

/** @type {Playroom} */
let playroom;
before(async () => {
  playroom = await Playroom.start();
});
after(() => playroom.stop());

test('within ten seconds a guest takes the mic and the pictures move', async () => {
  const began = Date.now();
  const page = await playroom.open();
  const seat = phone(page, 'xiaoli').locator('.seat-male live-player video');
  await seat.waitFor({ timeout: 10_000 });
  const time = () => seat.evaluate((/** @type {any} */ video) => video.currentTime);
  await page.waitForTimeout(600);
  const first = await time();
  assert.ok(Date.now() - began < 11_000);
  await page.waitForTimeout(600);
  assert.ok((await time()) > first, 'the picture stands still');
  const cover = phone(page, 'xiaoli').locator('.seat-male .seat-cover');
  assert.equal(await cover.count(), 0, 'the page knows that the picture has come');
  await page.context().close();
});

test('minute of the script: gift, recharge, lost notice made up for, audit in order', async () => {
  const page = await playroom.open();
  const timeline = page.locator('#panel');
  const sheet = phone(page, 'xiaoli').getByRole('dialog', { name: '微信虚拟支付' });
  await sheet.or(phone(page, 'xiaoli').getByRole('dialog', { name: '微信支付' })).waitFor({ timeout: 60_000 });
  await phone(page, 'alice').locator('.room-effect').waitFor({ timeout: 60_000 });
  await page.waitForTimeout(700);
  // `just pictures` puts it into the README.
  await picture(page, 'readme');
  await timeline.getByText('通知没有来，服务器查单后补上了金币').waitFor({ timeout: 60_000 });
  await timeline.locator('.panel-verdict', { hasText: '账平' }).waitFor({ timeout: 60_000 });
  assert.deepEqual(playroom.complaints, []);
  assert.deepEqual(playroom.foreign, [], 'nothing is loaded from another host');
  await page.context().close();
});

for (const [width, height] of [[1440, 900], [360, 800]]) {
  for (const dark of [false, true]) {
    const name = `${width}${dark ? '-dark' : ''}`;
    test(`page of ${width} px ${dark ? 'in the dark' : 'in the light'} is accessible`, async () => {
      const page = await playroom.open({ width, height, dark, hash: '#seed=7&t=17' });
      const seat = phone(page, 'host').locator('.seat-female live-player video');
      await seat.waitFor({ timeout: 30_000, state: 'attached' });
      await page.waitForTimeout(1500);
      await picture(page, `playroom-${name}`);
      assert.deepEqual(await violations(page), []);
      await page.context().close();
    });
  }
}
