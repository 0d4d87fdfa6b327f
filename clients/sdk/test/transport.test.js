/**
 * Deadlines, what the server asks to wait for, where the token is kept, and WeChat's own calls.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Qlive, QliveError, sandboxIm, wechat } from '../src/index.js';
import { nodePlatform, startServer } from './support/server.js';

/** A user of a server that answers with these functions, one after the other. */
function userOf(/** @type {((options: RequestInit) => Promise<Response>)[]} */ answers, tokens = token('known')) {
  const fetch = (/** @type {any} */ _url, /** @type {any} */ options) => {
    const answer = answers.shift();
    assert.ok(answer, 'a call too many');
    return answer(options);
  };
  const platform = nodePlatform({ fetch });
  const im = sandboxIm({ url: 'http://127.0.0.1:1', platform });
  return new Qlive({ base: 'http://127.0.0.1:1/', platform, im, tokens, timeout: 50 });
}

/** A place for a token that begins with this one. @param {string | null} value */
function token(value) {
  return {
    value,
    load() {
      return this.value;
    },
    save(/** @type {string} */ next) {
      this.value = next;
    },
    clear() {
      this.value = null;
    },
  };
}

const ok = async () => Response.json({ nickname: 'bob' });
/** Never answers; ends when it is aborted. */
const hangs = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
/** @param {string} seconds */
const tooMany = (seconds) => async () =>
  Response.json({ code: 'too_many_requests', detail: '太频繁' }, { status: 429, headers: { 'Retry-After': seconds } });

test('call without an answer ends after its time, and a read is repeated', async () => {
  const user = userOf([hangs, ok]);
  assert.equal((await user.profile()).nickname, 'bob');
  const late = await userOf([hangs, hangs, hangs, hangs]).profile().catch((error) => error);
  assert.ok(late instanceof QliveError);
  assert.deepEqual([late.code, late.status, late.action], ['timeout', 0, 'retry']);
});

test('server that is asked too often is asked again when it says, unless that is long', async () => {
  const began = Date.now();
  await userOf([tooMany('1'), ok]).profile();
  assert.ok(Date.now() - began >= 1000);
  const refused = await userOf([tooMany('60')]).profile().catch((error) => error);
  assert.deepEqual([refused.status, refused.retryAfter, refused.action], [429, 60, 'retry']);
});

test('call that must not be made twice is not repeated', async () => {
  const failed = await userOf([hangs]).call('recharge', { block_id: 1 }).catch((error) => error);
  assert.equal(failed.code, 'timeout');
});

test('token is kept where the application says', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const tokens = token(null);
  const platform = nodePlatform({ getLoginCode: async () => ({ code: 'host' }) });
  const im = sandboxIm({ url: server.sandbox, platform });
  const first = new Qlive({ base: server.api, platform, im, tokens });
  const { user_id: id } = await first.profile();
  assert.match(tokens.value ?? '', /^[0-9a-f]{40,}$/);
  let logins = 0;
  const second = new Qlive({ base: server.api, platform, im, tokens });
  second.on('login', () => (logins += 1));
  assert.equal((await second.profile()).user_id, id);
  assert.equal(logins, 0, 'the token serves on');
});

test("WeChat's login and sheets are used, and their failures differ", async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  /** What WeChat does next. */
  let login = (/** @type {any} */ { success }) => success({ code: 'host' });
  /** @type {Map<string, any>} */
  const storage = new Map();
  const wx = {
    login: (/** @type {any} */ options) => login(options),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'wxca891295c56f2c79' } }),
    getStorageSync: (/** @type {string} */ key) => storage.get(key) ?? '',
    setStorageSync: (/** @type {string} */ key, /** @type {any} */ value) => storage.set(key, value),
    removeStorageSync: (/** @type {string} */ key) => storage.delete(key),
    onAppHide() {},
    onAppShow() {},
    request: async (/** @type {any} */ { url, method, header, data, success }) => {
      const answer = await fetch(url, { method, headers: header, body: data });
      const headers = Object.fromEntries(answer.headers);
      success({ statusCode: answer.status, header: headers, data: await answer.text() });
    },
    requestVirtualPayment: ({ fail }) => fail({ errMsg: 'requestVirtualPayment:fail cancel' }),
    requestPayment: ({ fail }) => fail({ errMsg: 'requestPayment:fail cancel' }),
  };
  const platform = wechat(wx);
  const qlive = new Qlive({ base: server.api, platform, im: sandboxIm({ url: server.sandbox, platform }) });
  login = ({ fail }) => fail({ errMsg: 'login:fail' });
  await assert.rejects(qlive.profile(), { code: 'platform', action: 'show' });
  login = ({ success }) => success({ code: 'host' });
  assert.equal((await qlive.profile()).is_matchmaker, true);
  const [block] = await qlive.blocks();
  await assert.rejects(qlive.buy(block.id), { code: 'cancelled', action: 'show' });
});
