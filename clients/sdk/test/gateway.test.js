/**
 * The socket of the sandbox that Tencent's SDK speaks, where the SDK itself does not go.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { WebSocket } from 'ws';

import { startServer } from './support/server.js';

/** Tencent IM's code for a group that does not exist. */
const GROUP_NOT_FOUND = 10010;

test('poll of an unknown group is refused, and a lost connection closes the socket', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const { userId, userSig } = await server.user('bob', 1).login();
  const socket = new WebSocket(`${server.sandbox.replace(/^http/, 'ws')}/binfo`);
  await new Promise((resolve) => socket.once('open', resolve));
  /** @param {object} head @param {object} body @returns {Promise<any>} */
  const ask = (head, body) =>
    new Promise((resolve) => {
      socket.once('message', (data) => resolve(JSON.parse(String(data)).body));
      socket.send(JSON.stringify({ head, body }));
    });
  const login = await ask({ servcmd: 'im_open_status.wslogin', identifier: userId, usersig: userSig }, {});
  assert.equal(login.ErrorCode, 0);
  const poll = { servcmd: 'group_open_long_polling_http_svc.get_msg' };
  assert.equal((await ask(poll, { Key: 'no-such-group', StartSeq: 0 })).ErrorCode, GROUP_NOT_FOUND);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await server.sandboxPost(`clients/${userId}`, { im: 'lost' });
  await closed;
});
