import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Playroom, phone, picture, violations } from './support.js';

/** @type {Playroom} */
let playroom;
before(async () => {
  playroom = await Playroom.start();
});
after(() => playroom.stop());

for (const [width, height] of [[1440, 900], [360, 1000]]) {
  for (const dark of [false, true]) {
    const look = `${width}${dark ? '-dark' : ''}`;
    const light = dark ? 'in the dark' : 'in the light';
    test(`pages beside the room, at ${width} px ${light}`, async () => {
      const page = await playroom.openPaused({ width, height, dark });
      if (width < 760) {
        await page.locator('#rail').getByRole('button', { name: '小李' }).click();
        assert.equal(await page.locator('play-phone:visible').count(), 1, 'one phone at a time');
      }
      const xiaoli = phone(page, 'xiaoli');
      const show = async (/** @type {string} */ name) => {
        await page.waitForTimeout(500);
        await picture(page, `${name}-${look}`);
        assert.deepEqual(await violations(page), []);
      };

      await xiaoli.getByRole('button', { name: '送礼物' }).click();
      await show('gifts');
      await xiaoli.getByRole('button', { name: '关闭' }).click();
      await xiaoli.getByRole('button', { name: '谁在看' }).click();
      await show('audience');
      await xiaoli.getByRole('button', { name: '关闭' }).click();

      await xiaoli.getByRole('button', { name: '离开直播间' }).click();
      await xiaoli.locator('.lobby-room').waitFor();
      await show('lobby');
      await xiaoli.getByRole('button', { name: '我的钱包' }).click();
      await xiaoli.getByRole('radio', { name: '60 金币' }).waitFor();
      await show('wallet');
      await xiaoli.getByRole('button', { name: '返回' }).click();

      await xiaoli.getByRole('button', { name: '我的资料' }).click();
      await xiaoli.getByLabel('昵称').fill('李小姐');
      await show('profile');
      await xiaoli.getByRole('button', { name: '保存' }).click();
      await xiaoli.locator('.lobby-room').click();
      await xiaoli.getByRole('button', { name: '申请上麦' }).waitFor();
      const me = await page.evaluate(() =>
        /** @type {any} */ (document.querySelector('#phone-xiaoli')).phone.qlive.profile(),
      );
      assert.equal(me.nickname, '李小姐');
      assert.deepEqual(playroom.complaints, []);
      await page.context().close();
    });
  }
}
