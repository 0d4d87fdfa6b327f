/**
 * @module What Tencent's SDK, which is made for browsers, looks for when it runs in Node.
 */

import { WebSocket } from 'ws';

const location = { protocol: 'http:', host: 'localhost', hostname: 'localhost', href: 'http://localhost/', search: '' };
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120 Safari/537.36';
const listeners = { addEventListener() {}, removeEventListener() {} };
const document = {
  ...listeners,
  charset: 'UTF-8',
  hidden: false,
  visibilityState: 'visible',
  cookie: '',
  location,
  createElement: () => ({ getContext: () => null, style: {} }),
};
/** @type {Map<string, string>} */
const stored = new Map();
const localStorage = {
  getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => stored.set(key, value),
  removeItem: (/** @type {string} */ key) => stored.delete(key),
  key: (/** @type {number} */ index) => [...stored.keys()][index],
  get length() {
    return stored.size;
  },
};
class XMLHttpRequest {
  open() {}
  send() {}
  setRequestHeader() {}
}
const globals = {
  ...listeners, WebSocket, XMLHttpRequest, document, localStorage, location,
  window: globalThis,
  self: globalThis,
  navigator: { userAgent, onLine: true, platform: 'Linux' },
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
