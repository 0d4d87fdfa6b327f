/** The gifts, to whom one may give, and one's gold. */
Component({
  properties: {
    gifts: { type: Array, value: [] },
    /** `{ user_id, nickname }` of those on stage. */
    receivers: { type: Array, value: [] },
    gold: { type: Number, value: 0 },
  },

  data: { chosen: 0, to: '', num: 1, counts: [1, 3, 10] },

  observers: {
    receivers(/** @type {any[]} */ receivers) {
      const isThere = receivers.some(({ user_id: id }) => id === this.data.to);
      if (!isThere && receivers.length > 0) this.setData({ to: receivers[0].user_id });
    },
    gifts(/** @type {any[]} */ gifts) {
      if (!this.data.chosen && gifts.length > 0) this.setData({ chosen: gifts[0].id });
    },
  },

  methods: {
    /** @param {any} event */
    chooseGift(event) {
      this.setData({ chosen: Number(event.currentTarget.dataset.id) });
    },

    /** @param {any} event */
    chooseReceiver(event) {
      this.setData({ to: String(event.currentTarget.dataset.id) });
    },

    /** @param {any} event */
    chooseCount(event) {
      this.setData({ num: Number(event.currentTarget.dataset.num) });
    },

    give() {
      const { to, chosen: gift, num } = this.data;
      this.triggerEvent('give', { to, gift, num });
    },

    openWallet() {
      this.triggerEvent('recharge');
    },

    close() {
      this.triggerEvent('close');
    },
  },
});
