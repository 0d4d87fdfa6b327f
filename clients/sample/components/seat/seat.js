/** What the seats are called. @type {Record<string, string>} */
const NAMES = { host: '红娘', male: '男嘉宾', female: '女嘉宾' };

/** A seat of the stage: an empty one, one's own, or that of somebody whom one watches. */
Component({
  properties: {
    /** `host`, `male` or `female`. */
    kind: { type: String, value: 'host' },
    /** @type {{ type: ObjectConstructor, value: any }} */
    person: { type: Object, value: null },
    /** Where this user publishes, when it is their own seat. */
    pushUrl: { type: String, value: '' },
    /** What an empty seat says. */
    hint: { type: String, value: '' },
    /** Whether the host may put the guest down. */
    removable: { type: Boolean, value: false },
  },

  data: {
    name: '',
    /** The user in the seat. */
    shown: '',
    /** Whether the picture has arrived. */
    playing: false,
  },

  observers: {
    person(/** @type {any} */ person) {
      const shown = person ? person.user_id : '';
      if (shown !== this.data.shown) this.setData({ shown, playing: false });
    },
    kind(/** @type {string} */ kind) {
      this.setData({ name: NAMES[kind] });
    },
  },

  methods: {
    /** @param {any} event */
    changeState(event) {
      const { code } = event.detail;
      // 2004: the picture has begun; 1002: the pushing has begun.
      if (code === 2004 || code === 1002) this.setData({ playing: true });
      // -2301: it is lost for good; 2006: it has ended.
      if (code === -2301 || code === 2006) this.setData({ playing: false });
    },

    takeSeat() {
      this.triggerEvent('take');
    },

    putDown() {
      this.triggerEvent('putdown');
    },
  },
});
