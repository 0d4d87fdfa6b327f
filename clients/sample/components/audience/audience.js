/** Who watches and who has applied, for everybody; what the host may do with them. */
Component({
  properties: {
    people: { type: Array, value: [] },
    gender: { type: Number, value: 1 },
    isHost: { type: Boolean, value: false },
    /** How many men and women: applied, all, applied, all. */
    num: { type: Array, value: [] },
  },

  data: {
    /** Whose further acts are shown. */
    opened: '',
  },

  methods: {
    /** @param {any} event */
    toggle(event) {
      const id = String(event.currentTarget.dataset.id);
      this.setData({ opened: this.data.opened === id ? '' : id });
    },

    /** @param {any} event */
    act(event) {
      const { id, act } = event.currentTarget.dataset;
      this.setData({ opened: '' });
      this.triggerEvent('act', { userId: String(id), act: String(act) });
    },

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
