/**
 * @module Tencent's own SDK in a browser, against the sandbox.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { waitUntil } from '../../sdk/test/support/server.js';
import { Playroom } from './support.js';

const SDK = readFileSync(createRequire(import.meta.url).resolve('@tencentcloud/chat'), 'utf8');

test("Tencent's SDK in a browser receives, sends, is refused a forgery, is kicked and comes back", async (t) => {
  const playroom = await Playroom.start();
  t.after(() => playroom.stop());
  const { server } = playroom;
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const { sdkAppId, userId, userSig } = await bob.login();
  const group = await bob.call('get_playurl', { live_id: hosted.liveId }).then((room) => room.group_id);

  // The SDK starts workers, which the policy of the playroom's pages forbids.
  const context = await playroom.browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(`${playroom.origin}/playroom/phone.html`);
  await page.evaluate(SDK);
  await page.evaluate(
    ({ appId, proxyServer }) => {
      const scope = /** @type {any} */ (window);
      const { EVENT } = scope.TencentCloudChat;
      scope.chat = scope.TencentCloudChat.create({ SDKAppID: appId, proxyServer });
      scope.chat.setLogLevel(4);
      scope.received = [];
      scope.kicks = 0;
      scope.chat.on(EVENT.MESSAGE_RECEIVED, (/** @type {any} */ { data }) => {
        for (const { payload, cloudCustomData } of data) {
          scope.received.push({ ...JSON.parse(payload.text), ...JSON.parse(cloudCustomData || '{}') });
        }
      });
      scope.chat.on(EVENT.KICKED_OUT, () => (scope.kicks += 1));
    },
    { appId: sdkAppId, proxyServer: server.sandbox.replace(/^http/, 'ws') },
  );
  const logIn = () =>
    page.evaluate(
      async ({ user, signature, id }) => {
        const { chat, TencentCloudChat } = /** @type {any} */ (window);
        const ready = new Promise((resolve) => chat.on(TencentCloudChat.EVENT.SDK_READY, resolve));
        await chat.login({ userID: user, userSig: signature });
        await ready;
        await chat.joinGroup({ groupID: id, type: TencentCloudChat.TYPES.GRP_AVCHATROOM });
      },
      { user: userId, signature: userSig, id: group },
    );
  const send = (/** @type {string} */ type) =>
    page.evaluate(
      async ({ id, text }) => {
        const { chat, TencentCloudChat } = /** @type {any} */ (window);
        const to = { to: id, conversationType: TencentCloudChat.TYPES.CONV_GROUP, payload: { text } };
        return chat.sendMessage(chat.createTextMessage(to)).then(() => 'sent', () => 'refused');
      },
      { id: group, text: JSON.stringify({ type, content: '你好' }) },
    );
  const received = () => page.evaluate(() => /** @type {any} */ (window).received);
  const kicks = () => page.evaluate(() => /** @type {any} */ (window).kicks);

  await logIn();
  const alice = server.user('alice', 2);
  const room = await alice.enter(hosted.liveId);
  await room.apply();
  await room.takeMic();
  const isSeat = (/** @type {any} */ message) => message.type === 'reset';
  await waitUntil('the seat is received', async () => (await received()).some(isSeat));
  const seat = (await received()).find(isSeat);
  assert.deepEqual([seat.content.user_id, seat.seq > 0], [alice.userId, true]);

  /** @type {any[]} */
  const said = [];
  hosted.on('say', (comment) => said.push(comment));
  assert.equal(await send('message'), 'sent');
  await waitUntil('the host hears it', () => said.length === 1);
  assert.deepEqual(said[0], { from: userId, text: '你好' });
  assert.equal(await send('over'), 'refused');

  await bob.joinGroup(group);
  await waitUntil('the first login is kicked', async () => (await kicks()) === 1);
  await bob.im.logout();
  await logIn();
  assert.equal(await send('message'), 'sent');
  await waitUntil('the host hears it again', () => said.length === 2);
});
