/** Who watches and who has applied, for everybody; what the host may do with them. */
Component({
  properties: {
    people: { type: Array, value: [] },
    gender: { type: Number, value: 1 },
    isHost: { type: Boolean, value: false },
    /** How many men and women: applied, all, applied, all. */
    num: { type: Array, value: [] },
  },

  methods: {
    /** @param {any} event */
    chooseGender(event) {
      this.triggerEvent('gender', { gender: Number(event.currentTarget.dataset.gender) });
    },

    /** @param {any} event */
    invite(event) {
      this.triggerEvent('invite', { userId: String(event.currentTarget.dataset.id) });
    },

    /** @param {any} event */
    decline(event) {
      this.triggerEvent('decline', { userId: String(event.currentTarget.dataset.id) });
    },

    close() {
      this.triggerEvent('close');
    },
  },
});
