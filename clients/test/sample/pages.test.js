/**
 * @module The pages of the sample under `miniprogram-simulate`, with WeChat's own compiler, against
 * a real server.
 */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { JSDOM } from 'jsdom';

import { startServer, waitUntil } from '../../sdk/test/support/server.js';
import { makeWx } from './wx.js';

const ROOT = fileURLToPath(new URL('../../sample/', import.meta.url));
const require = createRequire(import.meta.url);

/** @type {import('../../sdk/test/support/server.js').TestServer} */
let server;
/** @type {any} */
let simulate;
/** @type {any} */
let seen;
/** @type {any} */
let hosted;
/** @type {any} */
let page;

before(async () => {
  const { window } = new JSDOM('<!doctype html><body></body>', { url: 'http://localhost/' });
  for (const name of ['document', 'Node', 'Element', 'HTMLElement', 'CustomEvent', 'Event', 'getComputedStyle', 'MutationObserver']) {
    Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  }
  Object.assign(globalThis, { window });
  simulate = require('miniprogram-simulate');

  server = await startServer();
  hosted = await server.user('host', 2).host();
  // Bob is registered by the first login of the page; the gender is chosen on its own page.
  await server.user('bob', 1).login();
  const appId = 'wxca891295c56f2c79';
  const config = { base: server.api, sandbox: `${server.sandbox}/`, appId, code: 'bob' };
  const { wx, seen: what } = makeWx({ config });
  seen = what;
  /** @type {any} */
  let app;
  Object.assign(globalThis, {
    wx,
    getApp: () => app,
    // A shared card has opened the page: there is none before it.
    getCurrentPages: () => [page],
    App: (/** @type {any} */ definition) => (app = definition),
    // The simulator knows components only.
    Page: ({ data, ...rest }) => {
      const methods = Object.entries(rest).filter(([, value]) => typeof value === 'function');
      return /** @type {any} */ (globalThis).Component({ data, methods: Object.fromEntries(methods) });
    },
  });
  require(`${ROOT}app.js`);
});
after(async () => {
  page?.instance.onUnload?.();
  await server.stop();
  // Timers of the pages and the socket of IM would keep the process.
  setImmediate(() => process.exit());
});

/** Opens a page of the sample. @param {string} path @param {object} query */
function open(path, query = {}) {
  page = simulate.render(simulate.load(`${ROOT}${path}`, { rootPath: ROOT }));
  const place = document.createElement('div');
  document.body.append(place);
  page.attach(place);
  page.instance.onLoad?.(query);
  page.instance.onShow?.();
  return page;
}

/** The text that a page shows. */
const shown = () => page.dom.textContent.replace(/\s+/g, ' ');

test('list shows the live room, and opens it', async () => {
  open('pages/lobby/lobby');
  await waitUntil('the room is listed', () => shown().includes('红娘的直播间'));
  page.querySelector('.lobby-room').dispatchEvent('tap');
  await waitUntil('the room is opened', () =>
    seen.opened.includes(`/pages/room/room?live_id=${hosted.liveId}`),
  );
  page.instance.onUnload();
});

test('room lets its user apply, take the mic, speak and leave', async () => {
  open('pages/room/room', { live_id: String(hosted.liveId) });
  const act = () => page.querySelector('.room-act');
  await waitUntil('one may apply', () => act()?.dom.textContent.includes('申请上麦'));
  act().dispatchEvent('tap');
  await waitUntil('one has applied', () => act()?.dom.textContent === '上麦');
  await waitUntil('the host sees it', () => hosted.state.num[0] === 1);
  act().dispatchEvent('tap');
  await waitUntil('one is on the mic', () => page.instance.data.mySeat === 'male');
  await waitUntil('the message has come', () => shown().includes('bob 上麦了'));
  assert.match(page.instance.data.pushUrl, /^rtmp:.*txSecret/);
  page.instance.write({ detail: { value: '大家好' } });
  page.instance.say();
  await waitUntil('the comment is shown', () => shown().includes('大家好'));
  act().dispatchEvent('tap');
  await waitUntil('one watches again', () => page.instance.data.userType === 1);
});

test('profile is changed, and leads back to the list', async () => {
  open('pages/profile/profile');
  await waitUntil('the profile is shown', () => page.instance.data.nickname === 'bob');
  page.instance.writeNickname({ detail: { value: '鲍勃' } });
  page.querySelector('.profile-save').dispatchEvent('tap');
  await waitUntil('the list is opened', () => seen.opened.at(-1) === '/pages/lobby/lobby');
  const { nickname } = await hosted.qlive.profile(page.instance.data.me.user_id);
  assert.equal(nickname, '鲍勃');
});

test('wallet shows what is for sale, and what went wrong', async () => {
  open('pages/wallet/wallet');
  await waitUntil('the blocks are shown', () => shown().includes('60 金币'));
  page.instance.writeAmount({ detail: { value: '100' } });
  page.instance.withdraw();
  await waitUntil('the refusal is shown', () => seen.toasts.at(-1) === '可提现收益不足');
});
