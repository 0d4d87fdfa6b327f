import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { API_TYPES, readApiTypes } from '../../build/api_types.mjs';
import { OPERATIONS } from '../src/index.js';
import { startServer } from './support/server.js';

const BASE = '/wx/api/qlive/';
/** What WeChat and Tencent call, not a client. */
const CALLBACKS = ['im_notify', 'live_notify', 'pay_notify', 'wx_notify', 'wx_verify'];

/** @type {import('./support/server.js').TestServer} */
let server;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

test('types of the API are those of the server', async () => {
  const types = await readApiTypes(`${server.internal}/openapi.json`);
  const written = await readFile(API_TYPES, 'utf8');
  assert.ok(types === written, 'stale: node build/api_types.mjs URL-of-openapi.json');
});

test('client knows every operation of the server, by the same name, method and path', async () => {
  const description = await (await fetch(`${server.internal}/openapi.json`)).json();
  /** @type {Record<string, { method: string, path: string }>} */
  const described = {};
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, { operationId }] of Object.entries(/** @type {any} */ (methods))) {
      if (!CALLBACKS.includes(operationId)) {
        described[operationId] = { method: method.toUpperCase(), path: path.slice(BASE.length) };
      }
    }
  }
  const known = Object.fromEntries(
    Object.entries(OPERATIONS).map(([name, { method, path }]) => [name, { method, path }]),
  );
  assert.deepEqual(known, described);
});
