const { theApp } = require('../../lib/app');
const { barStyle } = require('../../lib/bar');
const { forUser } = require('../../lib/notify');

/** How often the list is read again, in milliseconds. */
const REFRESH = 5000;

/** What a host is in a room. */
const HOST = 5;

/** @typedef {ReturnType<typeof setInterval> | undefined} Timer */

Page({
  /** @type {Timer} */
  timer: undefined,
  /** Whether another page is being opened. */
  isLeaving: false,

  data: {
    barStyle: barStyle(),
    /** @type {any[]} */
    rooms: [],
    /** @type {any} */
    me: null,
    banner: '',
    loaded: false,
  },

  onLoad() {
    forUser(async () => {
      const app = theApp();
      const { room } = await app.ready();
      const [me, configs] = await Promise.all([app.qlive.profile(), app.qlive.configs()]);
      this.setData({ me, banner: configs.INDEX_BANNER });
      const isReturning = room && !app.hasReturned;
      app.hasReturned = true;
      if (!me.profile_ready) this.open('/pages/profile/profile');
      else if (isReturning) this.open(roomUrl(room));
    });
  },

  onShow() {
    this.isLeaving = false;
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
      await ready();
      const [rooms, me] = await Promise.all([qlive.liveList(), qlive.profile()]);
      this.setData({ rooms, me, loaded: true });
    });
  },

  /** Opens a page, once however often it is tapped. @param {string} url */
  open(url) {
    if (this.isLeaving) return;
    this.isLeaving = true;
    wx.navigateTo({ url });
  },

  /** @param {any} event */
  openRoom(event) {
    this.open(`/pages/room/room?live_id=${event.currentTarget.dataset.id}`);
  },

  startBroadcast() {
    this.open('/pages/room/room?host=1');
  },

  openWallet() {
    this.open('/pages/wallet/wallet');
  },

  openProfile() {
    this.open('/pages/profile/profile');
  },
});

/** @param {{ liveId: number, userType: number }} room that the user is still in */
function roomUrl({ liveId, userType }) {
  return userType === HOST ? '/pages/room/room?host=1' : `/pages/room/room?live_id=${liveId}`;
}
