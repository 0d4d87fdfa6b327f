import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { QliveError } from '../src/index.js';
import { startServer } from './support/server.js';

for (const provider of ['virtual', 'wechat_pay']) {
  test(`gold by ${provider}`, async (t) => {
    const server = await startServer({ QLIVE__PAYMENTS__PROVIDER: provider });
    t.after(() => server.stop());
    /** How the user's next sheet ends. @type {(number: string, content: object) => Promise<void>} */
    let sheet;
    const bob = server.user('bob', 1, {
      pay: async (/** @type {any} */ { outTradeNo, content }) => sheet(outTradeNo, content),
    });
    const [block] = await bob.blocks();
    const gold = async () => (await bob.profile()).gold;

    await t.test('is there when the purchase resolves', async () => {
      const had = await gold();
      sheet = (number, content) => server.sandboxPost(`pay/${number}`, content);
      const bought = await bob.buy(block.id);
      assert.deepEqual([bought.state, bought.gold], ['paid', block.gold]);
      assert.equal(await gold(), had + block.gold);
    });

    await t.test('is there although the notice was lost', async () => {
      const had = await gold();
      sheet = (number, content) => server.sandboxPost(`pay/${number}`, { ...content, told: false });
      assert.equal((await bob.buy(block.id)).state, 'paid');
      assert.equal(await gold(), had + block.gold);
    });

    await t.test('is not there when the sheet is closed', async () => {
      const had = await gold();
      sheet = async () => {
        throw { cancelled: true };
      };
      await assert.rejects(bob.buy(block.id), { code: 'cancelled' });
      assert.equal(await gold(), had);
    });

    await t.test('is there although nothing could be asked for a while', async () => {
      const had = await gold();
      let isOffline = false;
      const offline = server.user('bob', 1, {
        fetch: async (url, options) => {
          if (isOffline) throw new TypeError('offline');
          return fetch(url, options);
        },
        pay: async (/** @type {any} */ { outTradeNo, content }) => {
          await server.sandboxPost(`pay/${outTradeNo}`, content);
          isOffline = true;
          setTimeout(() => (isOffline = false), 4000);
        },
      });
      const bought = await offline.buy(block.id);
      assert.deepEqual([bought.state, bought.gold], ['paid', block.gold]);
      assert.equal(await gold(), had + block.gold);
    });

    await t.test('is there when the sheet fails after the payment', async () => {
      const had = await gold();
      sheet = async (number, content) => {
        await server.sandboxPost(`pay/${number}`, content);
        throw new Error('the sheet crashed');
      };
      assert.equal((await bob.buy(block.id)).state, 'paid');
      assert.equal(await gold(), had + block.gold);
    });
  });
}

test('one login serves all calls that wait, and a token that ended is replaced', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const bob = server.user('bob', 1);
  let logins = 0;
  bob.on('login', () => (logins += 1));
  await Promise.all([bob.profile(), bob.configs(), bob.liveList()]);
  assert.equal(logins, 1);
  bob.session.token = '0'.repeat(40);
  const answers = await Promise.all([bob.profile(), bob.profile(), bob.profile()]);
  assert.equal(new Set(answers.map(({ user_id: id }) => id)).size, 1);
  assert.equal(logins, 2);
});

test('error says what is wrong and what to do', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const bob = server.user('bob', 1);
  const wrong = await bob.updateProfile({ age: 5 }).catch((error) => error);
  assert.ok(wrong instanceof QliveError);
  assert.deepEqual([wrong.status, wrong.field, wrong.action], [400, 'age', 'fix']);
  assert.ok(wrong.traceId);
  const missing = await bob.enter(99).catch((error) => error);
  assert.deepEqual([missing.code, missing.status, missing.action], ['unknown_room', 404, 'show']);
  await server.stop();
  const gone = await bob.profile().catch((error) => error);
  assert.deepEqual([gone.code, gone.status, gone.action], ['offline', 0, 'retry']);
});
