/**
 * @module What an adapter of IM must do, tested against the sandbox. The same tests run on each.
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { startServer, waitUntil } from './server.js';

/** @typedef {import('../../src/im/adapter.js').ImAdapter} ImAdapter */

/**
 * @param {string} name
 * @param {(server: import('./server.js').TestServer) => ImAdapter} makeAdapter makes the only one of
 *   the process: Tencent's SDK has one login in each. The other users of a test have the sandbox's.
 */
export function testAdapter(name, makeAdapter) {
  /** @type {import('./server.js').TestServer} */
  let server;
  /** @type {ImAdapter} */
  let adapter;
  before(async () => {
    server = await startServer();
    adapter = makeAdapter(server);
  });
  afterEach(() => adapter.logout().catch(() => {}));
  after(() => server.stop());

  /** The user who has the adapter. @param {string} code @param {1 | 2} gender */
  const subject = (code, gender) => server.user(code, gender, { im: adapter });
  /** @param {string} code @param {1 | 2} gender */
  const user = (code, gender) => server.user(code, gender);

  /** The messages and states that an adapter reports. @param {ImAdapter} im */
  const record = (im) => {
    /** @type {{ messages: any[], states: string[] }} */
    const recorded = { messages: [], states: [] };
    im.onMessage((message) => recorded.messages.push(message));
    im.onState((state) => recorded.states.push(state));
    return recorded;
  };

  test(`${name}: login with the signature of another user is refused`, async () => {
    const { sdkAppId, userId } = await user('bob', 1).login();
    const { userSig } = await user('eve', 2).login();
    await assert.rejects(adapter.login({ sdkAppId, userId, userSig }));
  });

  test(`${name}: member receives what the server sends, in order and with its data`, async () => {
    const host = user('host', 2);
    const hosted = await host.host();
    const bob = subject('bob', 1);
    const { messages } = record(bob.im);
    const room = await bob.enter(hosted.liveId);
    await room.apply();
    await room.takeMic();
    await room.leaveMic();
    await waitUntil('both changes of the seat have come', () => messages.length >= 2);
    const [on, off] = messages.map(({ text, custom, group, from }) => {
      return { ...JSON.parse(text).content, ...JSON.parse(custom), group, from };
    });
    assert.deepEqual([on.content_type, off.content_type], ['on', 'off']);
    assert.equal(off.seq, on.seq + 1);
    assert.deepEqual([on.group, on.from], [room.group, 'administrator']);
    await room.leave();
  });

  test(`${name}: message to the account comes without a group`, async () => {
    const host = subject('host', 2);
    const { messages } = record(host.im);
    const hosted = await host.host();
    const bob = user('bob', 1);
    const room = await bob.enter(hosted.liveId);
    await room.apply();
    const isNum = (/** @type {any} */ message) => JSON.parse(message.text).type === 'num';
    await waitUntil('the host is told how many have applied', () => messages.some(isNum));
    assert.equal(messages.find(isNum).group, null);
    await room.leave();
  });

  test(`${name}: comment reaches the others, and a forged end is refused`, async () => {
    const host = user('host', 2);
    const hosted = await host.host();
    const bob = subject('bob', 1);
    const { messages } = record(bob.im);
    const room = await bob.enter(hosted.liveId);
    /** @type {any[]} */
    const said = [];
    hosted.on('say', (comment) => said.push(comment));
    await room.say('晚上好');
    await waitUntil('the host hears it', () => said.length === 1);
    assert.deepEqual(said[0], { from: bob.userId, text: '晚上好' });
    await assert.rejects(bob.sendToGroup(room.group, '{"type":"over","content":""}'));
    assert.equal(hosted.isOpen, true);
    const own = messages.filter(({ from }) => from === bob.userId);
    assert.deepEqual(own, [], 'the sender does not receive it');
    await room.leave();
  });

  test(`${name}: second login kicks the first, which can come back`, async () => {
    const host = user('host', 2);
    const hosted = await host.host();
    const first = subject('bob', 1);
    const { states } = record(first.im);
    await first.enter(hosted.liveId);
    const second = user('bob', 1);
    await second.enter(hosted.liveId);
    await waitUntil('the first is kicked', () => states.includes('kicked'));
    second.close();
    const room = await first.enter(hosted.liveId);
    const { messages } = record(first.im);
    await room.apply();
    await room.takeMic();
    await waitUntil('messages come again', () => messages.length > 0);
    await room.leave();
  });

  test(`${name}: who is logged in already may log in again, and join again`, async () => {
    const host = user('host', 2);
    const hosted = await host.host();
    const bob = subject('bob', 1);
    const { messages } = record(bob.im);
    const room = await bob.enter(hosted.liveId);
    const { credentials } = bob.session;
    assert.ok(credentials);
    await bob.im.login(credentials);
    await bob.im.join(room.group);
    await hosted.say('还在吗');
    await waitUntil('messages come', () => messages.some(({ text }) => text.includes('还在吗')));
    const received = messages.filter(({ text }) => text.includes('还在吗'));
    assert.equal(received.length, 1);
    await room.leave();
  });

  test(`${name}: who quits receives nothing more, and counts as gone`, async () => {
    const host = user('host', 2);
    const hosted = await host.host();
    const eve = subject('eve', 2);
    const { messages } = record(eve.im);
    const room = await eve.enter(hosted.liveId);
    const isPresent = async () => (await hosted.audience('female')).length > 0;
    await waitUntil('the viewer is present', isPresent);
    await eve.im.quit(room.group);
    room.close();
    await waitUntil('the viewer has left', async () => !(await isPresent()));
    const before = messages.length;
    await hosted.say('再见');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(messages.length, before);
  });
}
