import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Playroom } from './support.js';

/** The results that the menu shows when what should happen did. */
const RESULTS = {
  'IM 中断 10 秒': /^结果：恢复后送达 [1-9]\d* 条，序号连续，手机与服务器一致 ✓$/,
  支付通知丢失: /^结果：到账 \d+ 金币，一次 ✓$/,
  支付通知迟到: /^结果：到账 \d+ 金币，一次 ✓$/,
  支付通知重复: /^结果：到账 \d+ 金币，一次 ✓$/,
  微信变慢: /^结果：登录用了 [\d.]+ 秒，同时直播间只用 [\d.]+ 秒 ✓$/,
};

for (const provider of ['virtual', 'wechat_pay']) {
  test(`each fault does what the menu says, with ${provider}`, async (t) => {
    const playroom = await Playroom.start({ QLIVE__PAYMENTS__PROVIDER: provider });
    t.after(() => playroom.stop());
    const page = await playroom.openPaused();
    await page.locator('#faults summary').click();
    const faults = page.locator('.fault');
    const names = await faults.locator('strong').allTextContents();
    assert.deepEqual(names, Object.keys(RESULTS));
    for (const [name, result] of Object.entries(RESULTS)) {
      const fault = faults.filter({ hasText: name });
      await fault.click();
      await fault.getByText(/[✓✗]$/).waitFor({ timeout: 60_000 });
      assert.match((await fault.locator('.fault-result').textContent()) ?? '', result, name);
    }
    // One notice was lost, one came late, one came twice.
    const { notices } = await playroom.server.sandboxGet('state');
    /** @type {Record<string, number>} */
    const attempts = {};
    for (const { about, accepted } of notices) {
      assert.equal(accepted, true);
      attempts[about] = (attempts[about] ?? 0) + 1;
    }
    assert.deepEqual(Object.values(attempts), [1, 2]);
    assert.deepEqual(playroom.complaints, []);
  });
}
