/**
 * Entering, leaving and coming back, when answers are late or lost and others log in meanwhile.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sandboxIm } from '../src/index.js';
import { nodePlatform, startServer, waitUntil } from './support/server.js';

/** @type {import('./support/server.js').TestServer} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

/** A network whose calls can be held back or lost. */
class Network {
  constructor() {
    /** Calls whose address contains this are held: before the server acts, or after. */
    this.held = '';
    this.when = 'before';
    /** Answers of calls whose address contains this are lost. */
    this.lost = '';
    /** @type {(() => void)[]} */
    this.waiting = [];
    /** @type {typeof globalThis.fetch} */
    this.fetch = async (url, options) => {
      const isHeld = this.held !== '' && String(url).includes(this.held);
      if (isHeld && this.when === 'before') await this.#hold();
      const answer = await globalThis.fetch(url, options);
      if (isHeld && this.when === 'after') await this.#hold();
      if (this.lost !== '' && String(url).includes(this.lost)) throw new TypeError('lost');
      return answer;
    };
  }

  #hold() {
    return /** @type {Promise<void>} */ (new Promise((resolve) => this.waiting.push(resolve)));
  }

  /** Waits until a call is held. */
  async holds() {
    await waitUntil('a call is held', () => this.waiting.length > 0);
  }

  /** Lets the calls go on, and holds no more. */
  release() {
    this.held = '';
    for (const go of this.waiting.splice(0)) go();
  }
}

/** What the server says of where a user is. @param {any} user */
const whereabouts = async (user) => {
  const { user_type: userType, live_id: liveId } = await user.call('get_user_state');
  return { userType, liveId };
};

test('room that was left stays left, although it was asked for meanwhile', async () => {
  const hosted = await server.user('host', 2).host();
  const network = new Network();
  const bob = server.user('bob', 1, { fetch: network.fetch });
  const room = await bob.enter(hosted.liveId);
  network.held = 'sync/';
  const resumed = room.resume();
  await network.holds();
  await room.leave();
  network.release();
  await resumed;
  assert.deepEqual([room.isClosed, room.isOpen], [true, false]);
  assert.equal((await whereabouts(bob)).userType, 0);
});

test('of two rooms that are entered at once, the user is in the second', async () => {
  const hosted = await server.user('host', 2).host();
  const eve = server.user('eve', 2);
  await eve.login();
  await server.admin('users', 'grant-matchmaker', eve.userId);
  const other = await eve.host();
  const bob = server.user('bob', 1);
  await bob.login();
  const [first, second] = await Promise.all([bob.enter(hosted.liveId), bob.enter(other.liveId)]);
  assert.deepEqual([first.isClosed, second.isOpen], [true, true]);
  await first.resume();
  assert.equal((await whereabouts(bob)).liveId, other.liveId);
  // The first one's leaving does not touch the second.
  await Promise.all([second.leave(), bob.enter(other.liveId)]);
  assert.equal((await whereabouts(bob)).liveId, other.liveId);
  /** @type {string[]} */
  const comments = [];
  bob.room?.on('say', ({ text }) => comments.push(text));
  await other.say('还在');
  await waitUntil('messages come', () => comments.includes('还在'));
  await other.end();
});

test('user whose messages another login has taken does nothing by itself', async () => {
  const hosted = await server.user('host', 2).host();
  const first = server.user('bob', 1);
  const room = await first.enter(hosted.liveId);
  const second = server.user('bob', 1);
  const seconds = await second.enter(hosted.liveId);
  await waitUntil('the first is kicked', () => room.isSuspended);
  await seconds.leave();
  await room.resume();
  assert.equal((await whereabouts(first)).userType, 0);
});

test('broadcast that was ended elsewhere is over for its host, and stays so', async () => {
  const platform = nodePlatform();
  // The message about it is lost.
  const deaf = { ...sandboxIm({ url: server.sandbox, platform }), onMessage: () => () => {} };
  const host = server.user('host', 2, { im: deaf });
  const hosted = await host.host();
  let over = 0;
  hosted.on('over', () => (over += 1));
  await server.admin('rooms', 'end', String(hosted.liveId));
  await hosted.resume();
  assert.equal(over, 1);
  assert.deepEqual(await host.liveList(), []);
});

test('viewer whom the server has removed is in the room again', async () => {
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const room = await bob.enter(hosted.liveId);
  await bob.call('leave_room', { live_id: hosted.liveId, presence: room.presence });
  await room.resume();
  assert.equal((await whereabouts(bob)).userType, 1);
  /** @type {string[]} */
  const comments = [];
  room.on('say', ({ text }) => comments.push(text));
  await hosted.say('欢迎回来');
  await waitUntil('messages come', () => comments.length === 1);
  await room.leave();
});

test('guest whose answer was lost publishes after the next sync', async () => {
  const hosted = await server.user('host', 2).host();
  const network = new Network();
  const bob = server.user('bob', 1, { fetch: network.fetch });
  const room = await bob.enter(hosted.liveId);
  await room.apply();
  network.lost = 'accept_micro';
  await assert.rejects(room.takeMic(), { code: 'offline' });
  network.lost = '';
  await room.sync();
  assert.equal(room.state.userType, 3);
  assert.match(room.state.pushUrl, /^rtmp:.*txSecret/);
  await room.leave();
});

test('late stage does not undo what the user has done since', async () => {
  const hosted = await server.user('host', 2).host();
  const network = new Network();
  const bob = server.user('bob', 1, { fetch: network.fetch });
  const room = await bob.enter(hosted.liveId);
  await room.apply();
  /** @type {any[]} */
  const seats = [];
  room.on('seat', ({ seat, guest, userId }) => seats.push([seat, guest?.user_id ?? null, userId]));
  network.held = 'sync/';
  network.when = 'after';
  const synced = room.sync();
  await network.holds();
  await room.takeMic();
  network.release();
  await synced;
  assert.equal(room.state.male?.user_id, bob.userId);
  assert.deepEqual([room.state.userType, room.state.pushUrl !== ''], [3, true]);
  await room.leaveMic();
  await waitUntil('the host sees the empty seat', () => hosted.state.male === null);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(seats, [['male', bob.userId, null], ['male', null, bob.userId]]);
  await room.leave();
});

test('late messages do not undo what the user has done since', async () => {
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const room = await bob.enter(hosted.liveId);
  const receive = room.receive.bind(room);
  /** @type {import('../src/im/adapter.js').ImMessage[]} */
  const late = [];
  room.receive = (message) => late.push(message);
  /** @type {any[]} */
  const seats = [];
  room.on('seat', ({ seat, guest }) => seats.push([seat, guest?.user_id ?? null]));
  const takeAndLeave = async () => {
    await room.apply();
    await room.takeMic();
    await room.leaveMic();
  };
  const changes = () => late.filter(({ text }) => text.includes('reset')).length;
  await takeAndLeave();
  await waitUntil('both changes are said', () => changes() === 2);
  for (const message of late.splice(0)) receive(message);
  await room.sync();
  assert.deepEqual(seats, [['male', bob.userId], ['male', null]]);

  await takeAndLeave();
  await room.apply();
  await room.takeMic();
  await waitUntil('all three changes are said', () => changes() === 3);
  seats.splice(0);
  for (const message of late.splice(0)) receive(message);
  await room.sync();
  assert.deepEqual(seats, []);
  assert.deepEqual([room.state.userType, room.state.pushUrl !== ''], [3, true]);
  await room.leave();
});

test('messages come although the token was replaced, and to who logs in to IM again', async () => {
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const room = await bob.enter(hosted.liveId);
  /** @type {string[]} */
  const comments = [];
  room.on('say', ({ from, text }) => from !== bob.userId && comments.push(text));
  bob.session.token = '0'.repeat(40);
  await bob.profile();
  await room.say('我还在');
  await hosted.say('一');
  await waitUntil('messages come', () => comments.includes('一'));
  const second = server.user('bob', 1);
  await second.login();
  await second.joinGroup(room.group);
  await waitUntil('the first is kicked', () => room.isSuspended);
  await room.say('回来了');
  await waitUntil('the first has messages again', () => bob.isReceiving && !room.isSuspended);
  await hosted.say('二');
  await waitUntil('messages come again', () => comments.includes('二'));
  await room.leave();
});

test('past gifts are not shown again when entering again has failed once', async () => {
  const hosted = await server.user('host', 2).host();
  const bob = server.user('bob', 1);
  const eve = server.user('eve', 2);
  const network = new Network();
  const carl = server.user('carl', 1, { fetch: network.fetch });
  const bobs = await bob.enter(hosted.liveId);
  await eve.enter(hosted.liveId);
  const carls = await carl.enter(hosted.liveId);
  let gifts = 0;
  carls.on('gift', () => (gifts += 1));
  const like = (await bob.gifts()).find(({ gold }) => gold === 0);
  assert.ok(like);
  await bobs.give({ to: eve.userId, gift: like.id });
  await waitUntil('the gift is shown', () => gifts === 1);
  await carl.call('leave_room', { live_id: hosted.liveId, presence: carls.presence });
  network.lost = 'get_playurl';
  await assert.rejects(carls.resume(), { code: 'offline' });
  network.lost = '';
  await carls.resume();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(gifts, 1);
});
