const { theApp } = require('../../lib/app');
const { barStyle } = require('../../lib/bar');
const { entryKind, price, shortTime, signed, withdrawalState } = require('../../lib/format');
const { createOnce } = require('../../lib/once');
const { forUser, goBack, toast } = require('../../lib/notify');

/** What the user reads about an order. @type {Record<string, string>} */
const ORDER_TEXTS = {
  created: '支付结果确认中，稍后到账',
  closed: '订单已关闭，没有扣款',
  refunded: '订单已退款',
};
/** How often open withdrawals are looked at, in milliseconds. */
const REFRESH = 3000;

Page({
  /** @type {ReturnType<typeof setInterval> | undefined} */
  timer: undefined,
  /** Asks for a payout once, however often it is tapped. */
  once: createOnce(),

  data: {
    barStyle: barStyle(),
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
    realName: '',
    /** Whether the sum needs the name of the payee. */
    needsName: false,
    paying: false,
  },

  onShow() {
    forUser(() => this.load());
    this.timer = setInterval(() => {
      if (this.data.withdrawals.some(({ isOpen }) => isOpen)) forUser(() => this.load());
    }, REFRESH);
  },

  onHide() {
    clearInterval(this.timer);
  },

  onUnload() {
    clearInterval(this.timer);
  },

  async load() {
    const { qlive, ready } = theApp();
    await ready();
    const [me, blocks, wallet, withdrawals] = await Promise.all([
      qlive.profile(),
      qlive.blocks(),
      qlive.wallet(),
      qlive.withdrawals(),
    ]);
    this.setData({
      me,
      blocks: blocks.map((/** @type {any} */ block) => ({ ...block, yuan: price(block.price) })),
      chosen: this.data.chosen || (blocks[0] ? blocks[0].id : 0),
      lines: wallet.results.map(describeLine),
      withdrawals: withdrawals.map(describeWithdrawal),
    });
  },

  /** @param {any} event */
  choose(event) {
    this.setData({ chosen: Number(event.currentTarget.dataset.id) });
  },

  pay() {
    if (this.data.paying || !this.data.chosen) return;
    this.setData({ paying: true });
    forUser(async () => {
      const { state, gold } = await theApp().qlive.buy(this.data.chosen);
      toast(state === 'paid' ? `${gold} 金币已到账` : ORDER_TEXTS[state] || state);
      await this.load();
    }).then(() => this.setData({ paying: false }));
  },

  /** @param {any} event */
  writeAmount(event) {
    this.setData({ amount: event.detail.value });
  },

  /** @param {any} event */
  writeName(event) {
    this.setData({ realName: event.detail.value });
  },

  withdraw() {
    const { amount, realName } = this.data;
    const choice = { income: Number(amount), realName: realName || undefined };
    forUser(async () => {
      try {
        const withdrawal = await this.once(choice, (requestId) =>
          theApp().qlive.withdraw({ ...choice, requestId }),
        );
        if (!withdrawal) return;
      } catch (error) {
        // Large sums need the name on the identity card.
        if (/** @type {any} */ (error).field === 'real_name') this.setData({ needsName: true });
        throw error;
      }
      toast('已提交，等待审核');
      this.setData({ amount: '', needsName: false });
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
    goBack();
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
    isOpen: ['review', 'paying', 'confirm'].includes(state),
    time: shortTime(at),
  };
}
