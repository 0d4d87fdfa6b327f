/**
 * @module A browser, or Node from version 18 on.
 */

import { readEvents } from './server_sent_events.js';

/** @typedef {import('../platform.js').Platform} Platform */
/** @typedef {import('../platform.js').EventListener} EventListener */

/**
 * @param {object} options
 * @param {string} options.appId
 * @param {() => Promise<{ code: string, sealed?: import('../platform.js').SealedProfile }>}
 *   options.getLoginCode stands in for `wx.login`
 * @param {(payment: import('../platform.js').PaymentSheet) => Promise<void>} [options.pay]
 * @param {(sheet: import('../platform.js').TransferSheet) => Promise<void>} [options.confirmTransfer]
 * @param {import('../platform.js').Storage} [options.storage] by default the browser's, in Node none
 * @param {typeof globalThis.fetch} [options.fetch]
 * @returns {Platform}
 */
export function web({ appId, getLoginCode, pay, confirmTransfer, storage, fetch: given }) {
  const fetch = given ?? globalThis.fetch.bind(globalThis);
  const unavailable = async () => {
    throw new Error('there is no payment sheet here');
  };
  return {
    request: (request) => send(fetch, request),
    getLoginCode: async () => ({ appId, ...(await getLoginCode()) }),
    storage: storage ?? browserStorage() ?? memoryStorage(),
    watchVisibility,
    openEvents: (url, listener) =>
      'WebSocket' in globalThis ? openSocket(url, listener) : openStream(fetch, url, listener),
    pay: pay ?? unavailable,
    confirmTransfer: confirmTransfer ?? unavailable,
  };
}

/**
 * @param {typeof globalThis.fetch} fetch
 * @param {import('../platform.js').PlatformRequest} request
 * @returns {Promise<import('../platform.js').PlatformAnswer>}
 */
async function send(fetch, { method, url, headers, body, timeout }) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const answer = await fetch(url, { method, headers, body, signal: abort.signal });
    const text = await answer.text();
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text };
  } catch (cause) {
    throw { reason: abort.signal.aborted ? 'timeout' : 'offline', cause };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The events over a WebSocket: a browser has only six other connections to a server.
 * @param {string} url
 * @param {EventListener} listener
 */
function openSocket(url, listener) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  socket.onmessage = ({ data }) => listener.event(JSON.parse(data));
  socket.onclose = () => listener.end();
  return () => socket.close();
}

/**
 * @param {typeof globalThis.fetch} fetch
 * @param {string} url
 * @param {EventListener} listener
 */
function openStream(fetch, url, listener) {
  const abort = new AbortController();
  const read = async () => {
    const answer = await fetch(url, { signal: abort.signal });
    if (!answer.ok || answer.body === null) throw new Error(`IM refused the login: ${answer.status}`);
    for await (const event of readEvents(answer.body)) listener.event(event);
  };
  read().then(() => listener.end(), (cause) => listener.end(cause));
  return () => abort.abort();
}

/** @returns {import('../platform.js').Storage | null} */
function browserStorage() {
  const storage = globalThis.document ? globalThis.localStorage : undefined;
  if (!storage) return null;
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    remove: (key) => storage.removeItem(key),
  };
}

/** @returns {import('../platform.js').Storage} */
export function memoryStorage() {
  /** @type {Map<string, string>} */
  const values = new Map();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => values.set(key, value),
    remove: (key) => values.delete(key),
  };
}

/** @type {Platform['watchVisibility']} */
function watchVisibility({ hide, show }) {
  const page = globalThis.document;
  if (!page) return () => {};
  const listener = () => (page.visibilityState === 'hidden' ? hide() : show());
  page.addEventListener('visibilitychange', listener);
  return () => page.removeEventListener('visibilitychange', listener);
}
