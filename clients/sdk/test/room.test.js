import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, waitUntil } from './support/server.js';

/** @type {import('./support/server.js').TestServer} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

/** The host's live room. */
async function openRoom() {
  const host = server.user('host', 2);
  return { host, room: await host.host() };
}

test('guest applies, takes the mic and leaves it, and everybody sees it', async () => {
  const { room: hosted } = await openRoom();
  const bob = server.user('bob', 1);
  const eve = server.user('eve', 2);
  const bobs = await bob.enter(hosted.liveId);
  const eves = await eve.enter(hosted.liveId);
  await bobs.apply();
  await waitUntil('the host sees the application', () => hosted.state.num[0] === 1);
  assert.equal(await bobs.takeMic(), true);
  assert.match(bobs.state.pushUrl, /txSecret/);
  await waitUntil('all see the guest', () =>
    [hosted, eves].every((room) => room.state.male?.user_id === bob.userId),
  );
  await bobs.leaveMic();
  await waitUntil('all see the empty seat', () =>
    [hosted, eves, bobs].every((room) => room.state.male === null),
  );
  assert.deepEqual([bobs.state.userType, bobs.state.pushUrl], [1, '']);
  await eves.leave();
  await bobs.leave();
});

test('comment reaches the room, and nobody but the server says that it is over', async () => {
  const { room: hosted } = await openRoom();
  const bob = server.user('bob', 1);
  const room = await bob.enter(hosted.liveId);
  /** @type {any[]} */
  const said = [];
  hosted.on('say', (comment) => said.push(comment));
  await room.say('晚上好');
  await waitUntil('the host hears it', () => said.length === 1);
  assert.deepEqual(said[0], { from: bob.userId, text: '晚上好' });
  await assert.rejects(bob.sendToGroup(room.group, '{"type":"over","content":""}'));
  assert.equal(hosted.isOpen, true);
  await room.leave();
});

test('end of the broadcast closes the rooms of all', async () => {
  const { room: hosted } = await openRoom();
  const bob = server.user('bob', 1);
  const room = await bob.enter(hosted.liveId);
  let over = 0;
  room.on('over', () => (over += 1));
  await hosted.end();
  await waitUntil('the viewer learns of it', () => over === 1);
  assert.equal(room.state.userType, 0);
});

test('removed user is out, and does not come back into this broadcast', async () => {
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const room = await bob.enter(hosted.liveId);
  /** @type {any[]} */
  const said = [];
  room.on('kickout', ({ reason }) => said.push(reason));
  room.on('over', ({ reason }) => said.push(reason));
  await hosted.remove(bob.userId);
  await waitUntil('the room is closed', () => room.isClosed);
  assert.deepEqual(said, ['removed', 'removed']);
  await assert.rejects(bob.enter(hosted.liveId), { code: 'removed' });
  await hosted.end();
});

test('warning of an operator comes with its text', async () => {
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const room = await bob.enter(hosted.liveId);
  /** @type {string[]} */
  const warnings = [];
  room.on('warning', ({ text }) => warnings.push(text));
  const text = JSON.stringify({ type: 'warning', content: { group_id: room.group, text: '请文明' } });
  await server.sandboxPost('say', { from: 'administrator', to: bob.userId, text, before: false });
  await waitUntil('the warning comes', () => warnings.length === 1);
  assert.deepEqual(warnings, ['请文明']);
  await hosted.end();
});

test('muted user says nothing, and blocked ones do not give', async () => {
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const eve = server.user('eve', 2);
  const room = await bob.enter(hosted.liveId);
  await eve.enter(hosted.liveId);
  await hosted.mute(bob.userId, 60);
  await assert.rejects(room.say('hello'));
  await hosted.mute(bob.userId, 0);
  await room.say('hello');
  const like = (await bob.gifts()).find(({ gold }) => gold === 0);
  assert.ok(like);
  await eve.block(bob.userId);
  assert.equal((await eve.blocked()).results[0].user_id, bob.userId);
  await assert.rejects(room.give({ to: eve.userId, gift: like.id }), { code: 'blocked' });
  await eve.block(bob.userId, false);
  await room.give({ to: eve.userId, gift: like.id });
  await bob.report({ userId: eve.userId, kind: 'other', liveId: hosted.liveId, text: '测试' });
  await hosted.end();
});
