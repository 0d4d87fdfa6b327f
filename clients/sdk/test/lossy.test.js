/**
 * A network that loses requests before the server acts, and answers after it has.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, waitUntil } from './support/server.js';

/** @type {import('./support/server.js').TestServer} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

/**
 * Loses `share` of the calls, half of them after the server has acted. The same calls each time.
 * @param {number} share
 * @param {number} seed
 */
function lossy(share, seed) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const counts = { before: 0, after: 0, calls: 0 };
  /** @type {typeof globalThis.fetch} */
  const fetch = async (url, options) => {
    counts.calls += 1;
    const fate = random();
    if (fate < share / 2) {
      counts.before += 1;
      throw new TypeError('lost before the server acted');
    }
    const answer = await globalThis.fetch(url, options);
    if (fate < share) {
      counts.after += 1;
      throw new TypeError('lost after the server acted');
    }
    return answer;
  };
  return { fetch, counts };
}

test('gifts over a lossy network are paid once each', async () => {
  const host = server.user('host', 2);
  const hosted = await host.host();
  const bob = server.user('bob', 1);
  const { gold: before } = await bob.login().then(() => bob.profile());
  await pay(bob, await affordableBlock(bob));
  const { gold: bought } = await bob.profile();
  assert.ok(bought > before);

  const network = lossy(0.4, 7);
  const lossyBob = server.user('bob', 1, { fetch: network.fetch });
  const [gift] = (await bob.gifts()).filter(({ gold }) => gold > 0);
  const room = await persist(() => lossyBob.enter(hosted.liveId));
  const gifts = 12;
  for (let number = 0; number < gifts; number += 1) {
    const requestId = `gift-${number}`;
    const given = await persist(() => room.give({ to: host.userId, gift: gift.id, requestId }));
    assert.equal(given.sent, true);
  }
  assert.ok(network.counts.before > 0 && network.counts.after > 0, 'calls were lost both ways');
  const { gold: left } = await bob.profile();
  assert.equal(bought - left, gifts * gift.gold);
  room.close();
});

test('room is as the server has it a second after messages were lost', async () => {
  const host = server.user('host', 2);
  const hosted = await host.host();
  let isOffline = false;
  /** @type {typeof globalThis.fetch} */
  const fetch = async (url, options) => {
    if (isOffline && String(url).startsWith(server.sandbox)) throw new TypeError('offline');
    return globalThis.fetch(url, options);
  };
  const eve = server.user('eve', 2, { fetch });
  const room = await eve.enter(hosted.liveId);
  /** @type {any[]} */
  const gaps = [];
  room.on('gap', (gap) => gaps.push(gap));
  // What IM delivers meanwhile does not reach that viewer.
  isOffline = true;
  eve.im.drop();
  const bob = server.user('bob', 1);
  const bobs = await bob.enter(hosted.liveId);
  await bobs.apply();
  await bobs.takeMic();
  await waitUntil('the host sees the guest', () => hosted.state.male?.user_id === bob.userId);
  assert.equal(room.state.male, null);
  isOffline = false;
  await waitUntil('the missed seat is made up for', () => gaps.length > 0);
  assert.equal(room.state.male?.user_id, bob.userId);
  await bobs.leave();
  await waitUntil('messages come again', () => room.state.male === null);
  await room.leave();
});

/** @param {import('../src/index.js').Qlive} user */
async function affordableBlock(user) {
  const block = (await user.blocks()).find(({ gold }) => gold >= 100);
  assert.ok(block);
  return block.id;
}

/**
 * Buys gold without a payment sheet.
 * @param {import('../src/index.js').Qlive} user
 * @param {number} block
 */
async function pay(user, block) {
  user.platform.pay = async ({ outTradeNo, content }) => {
    await server.sandboxPost(`pay/${outTradeNo}`, content);
  };
  const { state } = await user.buy(block);
  assert.equal(state, 'paid');
}

/**
 * Repeats what a person would repeat who is told that the network is bad.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function persist(work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}
