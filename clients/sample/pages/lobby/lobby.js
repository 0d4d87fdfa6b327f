const { theApp } = require('../../lib/app');
const { forUser } = require('../../lib/notify');

/** How often the list is read again, in milliseconds. */
const REFRESH = 5000;

/** @typedef {ReturnType<typeof setInterval> | undefined} Timer */

Page({
  /** @type {Timer} */
  timer: undefined,

  data: {
    /** @type {any[]} */
    rooms: [],
    /** @type {any} */
    me: null,
    banner: '',
    loaded: false,
  },

  onLoad() {
    forUser(async () => {
      const { qlive, ready } = theApp();
      const { room } = await ready;
      const [me, configs] = await Promise.all([qlive.profile(), qlive.configs()]);
      this.setData({ me, banner: configs.INDEX_BANNER });
      if (!me.profile_ready) {
        wx.navigateTo({ url: '/pages/profile/profile' });
      } else if (room) {
        wx.navigateTo({ url: roomUrl(room.liveId, me) });
      }
    });
  },

  onShow() {
    this.refresh();
    this.timer = setInterval(() => this.refresh(), REFRESH);
  },

  onHide() {
    clearInterval(this.timer);
  },

  onUnload() {
    clearInterval(this.timer);
  },

  refresh() {
    forUser(async () => {
      const { qlive, ready } = theApp();
      await ready;
      const [rooms, me] = await Promise.all([qlive.liveList(), qlive.profile()]);
      this.setData({ rooms, me, loaded: true });
    });
  },

  /** @param {any} event */
  openRoom(event) {
    wx.navigateTo({ url: `/pages/room/room?live_id=${event.currentTarget.dataset.id}` });
  },

  startBroadcast() {
    wx.navigateTo({ url: '/pages/room/room?host=1' });
  },

  openWallet() {
    wx.navigateTo({ url: '/pages/wallet/wallet' });
  },

  openProfile() {
    wx.navigateTo({ url: '/pages/profile/profile' });
  },
});

/** @param {number} liveId @param {any} me */
function roomUrl(liveId, me) {
  return me.is_matchmaker ? '/pages/room/room?host=1' : `/pages/room/room?live_id=${liveId}`;
}
