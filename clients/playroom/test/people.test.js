import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { waitUntil } from '../../sdk/test/support/server.js';
import { Playroom, phone, picture } from './support.js';

for (const provider of ['virtual', 'wechat_pay']) {
  test(`people at the phones, paying by ${provider}`, async (t) => {
    const playroom = await Playroom.start({
      QLIVE__PAYMENTS__PROVIDER: provider,
      QLIVE__PAYOUTS__MIN_AGE_DAYS: '0',
    });
    t.after(() => playroom.stop());
    const page = await playroom.openPaused();
    const [host, aming, alice, xiaoli] = ['host', 'aming', 'alice', 'xiaoli'].map((code) => phone(page, code));
    /** What the server holds of a phone's user. @param {string} code */
    const profile = (code) =>
      page.evaluate((of) => /** @type {any} */ (document.querySelector(`#phone-${of}`)).phone.qlive.profile(), code);
    /** @param {string} code */
    const userType = async (code) => {
      const ask = (/** @type {string} */ of) =>
        /** @type {any} */ (document.querySelector(`#phone-${of}`)).phone.qlive.call('get_user_state');
      return (await page.evaluate(ask, code)).user_type;
    };

    await t.test('phone that is touched belongs to the person', async () => {
      await aming.getByRole('button', { name: '申请上麦' }).click();
      await page.locator('#phone-aming').getByText('你在操作').waitFor();
      await host.getByText('1 申请').waitFor();
      assert.equal(await userType('aming'), 2);
    });

    await t.test('guest takes the mic, and everybody sees the picture', async () => {
      await aming.getByRole('button', { name: '上麦', exact: true }).click();
      for (const other of [host, alice, xiaoli]) {
        await other.locator('.seat-male live-player video').waitFor();
      }
      assert.equal(await userType('aming'), 3);
    });

    await t.test('host invites a viewer, who takes the other mic', async () => {
      await host.getByRole('button', { name: '牵线' }).click();
      await host.getByRole('radio', { name: '女 2' }).click();
      await host.getByRole('button', { name: '邀请Alice上麦' }).click();
      const invitation = alice.getByRole('dialog', { name: '上麦邀请' });
      await invitation.getByRole('button', { name: '上麦' }).click();
      await xiaoli.locator('.seat-female live-player video').waitFor();
      await host.getByRole('button', { name: '关闭' }).click();
      assert.equal(await userType('alice'), 4);
    });

    await t.test('of two who want one seat, one gets it', async () => {
      await xiaoli.getByRole('button', { name: '申请上麦' }).click();
      await xiaoli.getByRole('button', { name: '上麦', exact: true }).click();
      await xiaoli.getByText('抢麦失败').waitFor();
      assert.deepEqual([await userType('alice'), await userType('xiaoli')], [4, 2]);
    });

    await t.test('gift without gold is refused; gold is bought and given', async () => {
      await xiaoli.getByRole('button', { name: '送礼物' }).click();
      await xiaoli.getByRole('radio', { name: 'Alice' }).click();
      await xiaoli.getByRole('radio', { name: '玫瑰' }).click();
      await xiaoli.getByRole('button', { name: '赠送' }).click();
      await xiaoli.getByText('金币不足').waitFor();
      await xiaoli.getByRole('button', { name: '0 金币 · 充值' }).click();
      await xiaoli.getByRole('radio', { name: '60 金币' }).click();
      await xiaoli.getByRole('button', { name: '立即充值' }).click();
      await picture(page, `pay-${provider}`);
      await xiaoli.getByRole('button', { name: '确认支付' }).click();
      await xiaoli.getByText('60 金币已到账').waitFor();
      assert.equal((await profile('xiaoli')).gold, 60);
      await xiaoli.getByRole('button', { name: '返回' }).click();
      await xiaoli.getByRole('radio', { name: '×10' }).click();
      // A second tap pays nothing.
      await xiaoli.getByRole('button', { name: '赠送' }).dblclick();
      for (const other of [host, aming, alice]) await other.getByText('送给Alice 玫瑰 ×10').waitFor();
      assert.deepEqual([(await profile('xiaoli')).gold, (await profile('alice')).income], [50, 5]);
    });

    await t.test('cancelled payment moves nothing', async () => {
      await xiaoli.getByRole('button', { name: '送礼物' }).click();
      await xiaoli.getByRole('button', { name: '50 金币 · 充值' }).click();
      await xiaoli.getByRole('button', { name: '立即充值' }).click();
      await xiaoli.getByRole('dialog').getByRole('button', { name: '取消' }).click();
      await xiaoli.getByRole('button', { name: '立即充值' }).waitFor();
      assert.equal((await profile('xiaoli')).gold, 50);
      await xiaoli.getByRole('button', { name: '返回' }).click();
      await xiaoli.getByRole('button', { name: '关闭' }).click();
    });

    await t.test('income is withdrawn, approved and confirmed', async () => {
      await alice.getByRole('button', { name: '送礼物' }).click();
      await alice.getByRole('button', { name: '0 金币 · 充值' }).click();
      await alice.getByLabel('提现多少收益').fill('6');
      await alice.getByRole('button', { name: '申请', exact: true }).click();
      await alice.getByText('收益不足').waitFor();
      await alice.getByLabel('提现多少收益').fill('5');
      await alice.getByRole('button', { name: '申请', exact: true }).click();
      await alice.getByText('审核中').waitFor();
      assert.equal((await profile('alice')).income, 0);
      const [{ id }] = JSON.parse(await playroom.server.admin('--json', 'withdrawals', 'list'));
      await playroom.server.admin('withdrawals', 'approve', String(id));
      await alice.getByRole('button', { name: '确认收款' }).click();
      const sheet = alice.getByRole('dialog', { name: '确认收款' });
      await sheet.getByRole('button', { name: '取消' }).click();
      await alice.getByRole('button', { name: '确认收款' }).click();
      await sheet.getByRole('button', { name: '确认收款' }).click();
      await alice.getByText('已到账').waitFor();
      await picture(page, `withdrawn-${provider}`);
      const { transfers } = await playroom.server.sandboxGet('state');
      const paid = Object.values(transfers).map(({ state, fen }) => [state, fen]);
      assert.deepEqual(paid, [['SUCCESS', 50]]);
      await alice.getByRole('button', { name: '返回' }).click();
      await alice.getByRole('button', { name: '关闭' }).click();
    });

    await t.test('comment is seen by all, with the name of who wrote it', async () => {
      await xiaoli.getByLabel('说点什么').fill('祝福你们');
      await xiaoli.getByLabel('说点什么').press('Enter');
      for (const other of [host, aming, alice]) await other.getByText('祝福你们').waitFor();
      await host.locator('.comments-line', { hasText: '祝福你们' }).getByText('小李').waitFor();
    });

    await t.test('lost guest keeps the seat and is back after the network is', async () => {
      await page.locator('#phone-alice').getByRole('button', { name: '掉线' }).click();
      await page.waitForTimeout(1500);
      assert.equal(await xiaoli.locator('.seat-female live-player').count(), 1);
      await page.locator('#phone-alice').getByRole('button', { name: '恢复网络' }).click();
      // Comments are not repeated: this one is written when the guest receives again.
      const receives = () => /** @type {any} */ (document.querySelector('#phone-alice')).phone.isReceiving;
      await page.waitForFunction(receives);
      await host.getByLabel('说点什么').fill('欢迎回来');
      await host.getByLabel('说点什么').press('Enter');
      await alice.getByText('欢迎回来').waitFor({ timeout: 15_000 });
      assert.equal(await userType('alice'), 4);
    });

    await t.test('guest in the background keeps the seat, as the server knows', async () => {
      /** Does something to the phone, which calls. @param {string} name @param {string} operation */
      const act = async (name, operation) => {
        const made = page.waitForResponse((answer) => answer.url().includes(operation));
        await page.locator('#phone-alice').getByRole('button', { name }).click();
        assert.equal((await made).status(), 200);
      };
      await act('后台', 'logout/?reason=hide');
      assert.equal(await xiaoli.locator('.seat-female live-player').count(), 1);
      await act('回到前台', 'sync/');
      assert.equal(await userType('alice'), 4);
    });

    await t.test('phone that is switched off and on again is where it was', async () => {
      await page.locator('#phone-aming').getByRole('button', { name: '关机' }).click();
      await page.locator('#phone-aming').getByText('已关机').waitFor();
      assert.equal(await xiaoli.locator('.seat-male live-player').count(), 1);
      await page.locator('#phone-aming').getByRole('button', { name: '开机' }).click();
      await aming.getByRole('button', { name: '下麦' }).waitFor();
      assert.equal(await userType('aming'), 3);
      await xiaoli.locator('.seat-male live-player video').waitFor();
    });

    await t.test('on a slow network what is asked for comes late', async () => {
      await page.locator('#phone-xiaoli').getByRole('button', { name: '慢网' }).click();
      await xiaoli.getByRole('button', { name: '谁在看' }).click();
      await xiaoli.getByRole('radio', { name: '女' }).click();
      await page.waitForTimeout(700);
      assert.equal(await xiaoli.locator('.audience-person').count(), 0);
      await xiaoli.locator('.audience-person', { hasText: '小李' }).waitFor();
      await xiaoli.getByRole('button', { name: '关闭' }).click();
      await page.locator('#phone-xiaoli').getByRole('button', { name: '恢复网速' }).click();
    });

    await t.test('host puts the guest down', async () => {
      await host.getByRole('button', { name: '请下麦：阿明' }).click();
      for (const other of [aming, xiaoli]) {
        await other.getByRole('button', { name: '男嘉宾的麦位空着' }).waitFor();
      }
      assert.equal(await userType('aming'), 1);
    });

    await t.test('keyboard alone applies and sends', async () => {
      await aming.getByRole('button', { name: '申请上麦' }).focus();
      await page.keyboard.press('Enter');
      await aming.getByRole('button', { name: '取消申请' }).focus();
      await page.keyboard.press('Space');
      await aming.getByRole('button', { name: '申请上麦' }).waitFor();
      await waitUntil('the application is withdrawn', async () => (await userType('aming')) === 1);
    });

    await t.test('user blocks and reports, host mutes and removes', async () => {
      const more = async (/** @type {any} */ phone, /** @type {string} */ act) => {
        await phone.getByRole('button', { name: '更多小李' }).click();
        await phone.getByRole('button', { name: act }).click();
      };
      await alice.getByRole('button', { name: '谁在看' }).click();
      await alice.getByRole('radio', { name: '女' }).click();
      await more(alice, '举报');
      await alice.getByText('已收到举报').waitFor();
      await more(alice, '拉黑');
      await alice.getByText('已拉黑').waitFor();
      await host.getByRole('button', { name: '牵线' }).click();
      await host.getByRole('radio', { name: '女' }).click();
      await more(host, '禁言十分钟');
      await host.getByText('已禁言十分钟').waitFor();
      await xiaoli.getByLabel('说点什么').fill('还能说吗');
      await xiaoli.getByLabel('说点什么').press('Enter');
      await xiaoli.getByText('消息没有发出去').waitFor();
      await more(host, '请出直播间');
      await xiaoli.getByText('你已被请出本场直播').waitFor();
      assert.equal(await userType('xiaoli'), 0);
    });

    await t.test('end of the broadcast shows everywhere', async () => {
      await host.getByRole('button', { name: '下播' }).click();
      await host.getByRole('dialog').getByRole('button', { name: '确定' }).click();
      for (const each of [host, aming, alice]) await each.getByText('直播已结束').waitFor();
      assert.deepEqual([await userType('host'), await userType('alice')], [0, 0]);
    });
    assert.deepEqual(playroom.complaints, []);
  });
}
