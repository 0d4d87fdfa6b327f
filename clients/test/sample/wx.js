/**
 * @module A `wx` for Node, with a network that is real, for pages under `miniprogram-simulate`.
 */

import { WebSocket } from 'ws';

/**
 * @param {object} options
 * @param {object} options.config what the sample's `config.js` is given
 */
export function makeWx({ config }) {
  /** @type {Map<string, any>} */
  const storage = new Map();
  /** What the user was shown, and which pages were opened. */
  const seen = { toasts: /** @type {string[]} */ ([]), opened: /** @type {string[]} */ ([]) };
  const nothing = () => {};
  const wx = {
    getExtConfigSync: () => config,
    getStorageSync: (/** @type {string} */ key) => storage.get(key) ?? '',
    setStorageSync: (/** @type {string} */ key, /** @type {any} */ value) => storage.set(key, value),
    removeStorageSync: (/** @type {string} */ key) => storage.delete(key),
    onAppHide: nothing,
    onAppShow: nothing,
    offAppHide: nothing,
    offAppShow: nothing,
    navigateTo: (/** @type {any} */ { url }) => seen.opened.push(url),
    navigateBack: () => seen.opened.push('back'),
    reLaunch: (/** @type {any} */ { url }) => seen.opened.push(url),
    showToast: (/** @type {any} */ { title }) => seen.toasts.push(title),
    request: (/** @type {any} */ { url, method, header, data, success, fail }) => {
      fetch(url, { method, headers: header, body: data }).then(
        async (answer) =>
          success({
            statusCode: answer.status,
            header: Object.fromEntries(answer.headers),
            data: await answer.text(),
          }),
        (error) => fail({ errMsg: `request:fail ${error}` }),
      );
    },
    connectSocket: (/** @type {any} */ { url }) => {
      const socket = new WebSocket(url);
      return {
        onMessage: (/** @type {any} */ listener) =>
          socket.on('message', (data) => listener({ data: String(data) })),
        onClose: (/** @type {any} */ listener) => socket.on('close', listener),
        onError: (/** @type {any} */ listener) => socket.on('error', listener),
        close: () => socket.close(),
      };
    },
  };
  return { wx, seen };
}
