const { theApp } = require('../../lib/app');
const { entryKind, price, shortTime, signed, withdrawalState } = require('../../lib/format');
const { forUser, toast } = require('../../lib/notify');

Page({
  data: {
    /** @type {any} */
    me: null,
    /** @type {any[]} */
    blocks: [],
    chosen: 0,
    /** @type {any[]} */
    lines: [],
    /** @type {any[]} */
    withdrawals: [],
    amount: '',
    paying: false,
  },

  onShow() {
    forUser(() => this.load());
  },

  async load() {
    const { qlive, ready } = theApp();
    await ready;
    const [me, blocks, wallet, withdrawals] = await Promise.all([
      qlive.profile(),
      qlive.blocks(),
      qlive.wallet(),
      qlive.withdrawals(),
    ]);
    this.setData({
      me,
      blocks: blocks.map((/** @type {any} */ block) => ({ ...block, yuan: price(block.price) })),
      chosen: this.data.chosen || blocks[0].id,
      lines: wallet.results.map(describeLine),
      withdrawals: withdrawals.map(describeWithdrawal),
    });
  },

  /** @param {any} event */
  choose(event) {
    this.setData({ chosen: Number(event.currentTarget.dataset.id) });
  },

  pay() {
    if (this.data.paying) return;
    this.setData({ paying: true });
    forUser(async () => {
      const { state, gold } = await theApp().qlive.buy(this.data.chosen);
      toast(state === 'paid' ? `${gold} 金币已到账` : '支付结果确认中，稍后到账');
      await this.load();
    }).then(() => this.setData({ paying: false }));
  },

  /** @param {any} event */
  writeAmount(event) {
    this.setData({ amount: event.detail.value });
  },

  withdraw() {
    forUser(async () => {
      await theApp().qlive.withdraw({ income: Number(this.data.amount) });
      toast('已提交，等待审核');
      this.setData({ amount: '' });
      await this.load();
    });
  },

  /** @param {any} event */
  confirm(event) {
    forUser(async () => {
      await theApp().qlive.confirmWithdrawal(Number(event.currentTarget.dataset.id));
      await this.load();
    });
  },

  goBack() {
    wx.navigateBack();
  },
});

/** @param {any} line */
function describeLine({ id, at, kind, amount, gold, income }) {
  return { id, name: entryKind(kind), time: shortTime(at), amount: signed(amount), isGain: amount > 0, gold, income };
}

/** @param {any} withdrawal */
function describeWithdrawal({ id, income, fen, state, at }) {
  return {
    id,
    income,
    yuan: (fen / 100).toFixed(2),
    name: withdrawalState(state),
    waits: state === 'confirm',
    time: shortTime(at),
  };
}
