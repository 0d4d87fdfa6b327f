/**
 * @module A phone of the playroom: runs the sample mini-program in a page of its own. The frame
 * around it, which is of the same origin, gives it its user and reaches it by `window.phone`.
 */

import { defineElements } from './elements.js';
import { Pages } from './pages.js';
import { Sheets } from './sheets.js';
import { makeWx } from './wx.js';

/** @typedef {import('../frame/phone.js').PhoneSettings} PhoneSettings */

/** What the frame does with a phone. */
class Phone {
  /** @param {PhoneSettings} settings */
  constructor(settings) {
    this.settings = settings;
    this.network = { isOnline: true, latency: 0 };
    /** The open connections to IM. @type {Set<WebSocket>} */
    this.sockets = new Set();
    /** The number of the last order, which the sheet of its payment shows. */
    this.lastOrder = '';
    /** @type {Set<(record: any) => void>} */
    this.requestListeners = new Set();
    this.sheets = new Sheets(document.querySelector('#sheets'));
    const { wx, app } = makeWx(this);
    this.appEvents = app;
    this.pages = new Pages(document.querySelector('#screen'), wx);
  }

  start() {
    defineElements(this.settings.stage);
    this.pages.launch(this.settings.start);
    this.settings.onStart(this.qlive);
  }

  /** The client of the phone's user. @returns {import('qlive').Qlive} */
  get qlive() {
    return this.pages.app.qlive;
  }

  /** Whether IM brings messages to it. */
  get isReceiving() {
    return this.qlive.isReceiving;
  }

  /** The page on top, with its data and methods. */
  get page() {
    return this.pages.top;
  }

  /** The network is lost, or comes back. @param {boolean} isOnline */
  setOnline(isOnline) {
    this.network.isOnline = isOnline;
    if (!isOnline) for (const socket of [...this.sockets]) socket.close();
  }

  /** The application goes to the background, or comes back. @param {boolean} isHidden */
  hide(isHidden) {
    const listeners = isHidden ? this.appEvents.hide : this.appEvents.show;
    for (const listener of [...listeners]) listener();
  }
}

const settings = /** @type {any} */ (window.frameElement)?.phoneSettings;
if (settings) {
  const phone = new Phone(settings);
  Object.assign(window, { phone });
  phone.start();
}
