import assert from 'node:assert/strict';
import { test } from 'node:test';

import { tencentIm } from '../src/index.js';

/** What the adapter uses of Tencent's SDK, without a network. */
function fakeSdk() {
  /** @type {Map<string, Set<(event: any) => void>>} */
  const listeners = new Map();
  const chat = {
    isLoggedIn: false,
    setLogLevel() {},
    on: (/** @type {string} */ name, /** @type {any} */ listener) => {
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
    },
    off: (/** @type {string} */ name, /** @type {any} */ listener) => {
      listeners.get(name)?.delete(listener);
    },
    raise: (/** @type {string} */ name, /** @type {any} */ data) => {
      for (const listener of [...(listeners.get(name) ?? [])]) listener({ data });
    },
    count: () => [...listeners.values()].reduce((sum, each) => sum + each.size, 0),
    isReady: () => chat.isLoggedIn,
    async login() {
      const repeatLogin = chat.isLoggedIn;
      if (!repeatLogin) setTimeout(() => chat.raise('ready', {}), 10);
      chat.isLoggedIn = true;
      return { data: { repeatLogin } };
    },
  };
  const EVENT = {
    SDK_READY: 'ready',
    MESSAGE_RECEIVED: 'message',
    KICKED_OUT: 'kicked',
    NET_STATE_CHANGE: 'net',
  };
  const TYPES = { KICKED_OUT_USERSIG_EXPIRED: 'userSigExpired' };
  return { chat, sdk: { create: () => chat, EVENT, TYPES } };
}

const ACCOUNT = { sdkAppId: 1, userId: '10000001', userSig: 'sig' };

test('login of who is logged in already resolves, and leaves no listener', async () => {
  const { chat, sdk } = fakeSdk();
  const im = tencentIm(sdk);
  await im.login(ACCOUNT);
  const before = chat.count();
  await im.login(ACCOUNT);
  assert.equal(chat.count(), before);
});

test('end of a signature is told from another login', async () => {
  const { chat, sdk } = fakeSdk();
  const im = tencentIm(sdk);
  /** @type {string[]} */
  const states = [];
  im.onState((state) => states.push(state));
  await im.login(ACCOUNT);
  chat.raise('kicked', { type: 'userSigExpired' });
  chat.raise('kicked', { type: 'multipleAccount' });
  assert.deepEqual(states, ['ready', 'expired', 'kicked']);
});
