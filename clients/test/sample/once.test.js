/**
 * What costs money is asked for once, however often it is tapped and whatever the network does.
 */

import assert from 'node:assert/strict';
import { createRequire, Module } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const sample = fileURLToPath(new URL('../../sample/', import.meta.url));
// WeChat finds the packages of a mini-program in this folder.
process.env.NODE_PATH = `${sample}miniprogram_npm`;
/** @type {any} */ (Module)._initPaths();
const { createOnce } = createRequire(import.meta.url)(`${sample}lib/once.js`);

/** The ids of the requests, and what each of them ends with. @param {(Error | undefined)[]} errors */
function recorder(...errors) {
  /** @type {string[]} */
  const ids = [];
  const work = async (/** @type {string} */ id) => {
    ids.push(id);
    const error = errors.shift();
    if (error) throw error;
    return 'paid';
  };
  return { ids, work };
}

const noAnswer = () => Object.assign(new Error('offline'), { action: 'retry' });
const refusal = () => Object.assign(new Error('refused'), { action: 'show' });
const ROSE = { to: '10000001', gift: 2, num: 1 };

test('second tap, while the first is under way, does nothing', async () => {
  const once = createOnce();
  const { ids, work } = recorder();
  assert.deepEqual(await Promise.all([once(ROSE, work), once(ROSE, work)]), ['paid', undefined]);
  assert.equal(ids.length, 1);
});

test('same choice after no answer is the same request, and another one after that', async () => {
  const once = createOnce();
  const { ids, work } = recorder(noAnswer());
  await assert.rejects(once(ROSE, work));
  assert.equal(await once(ROSE, work), 'paid');
  assert.equal(ids[1], ids[0]);
  await once(ROSE, work);
  assert.notEqual(ids[2], ids[0]);
});

test('another choice, and the same one after a refusal, are other requests', async () => {
  const once = createOnce();
  const { ids, work } = recorder(noAnswer(), refusal());
  await assert.rejects(once(ROSE, work));
  await assert.rejects(once({ ...ROSE, num: 10 }, work));
  await once({ ...ROSE, num: 10 }, work);
  assert.equal(new Set(ids).size, 3);
});
