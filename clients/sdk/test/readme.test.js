import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startServer, waitUntil } from './support/server.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

for (const name of ['README.md', 'README.zh-CN.md']) {
  test(`program in ${name} runs as it is written`, async (t) => {
    const server = await startServer();
    t.after(() => server.stop());
    const text = await readFile(ROOT + name, 'utf8');
    const [, program] = text.match(/```js\n(import [^`]+)```/) ?? [];
    assert.ok(program, 'there is a program');
    const here = program
      .replace('http://127.0.0.1:8080/wx/api/qlive/', server.api)
      .replace('http://127.0.0.1:8081', server.sandbox);
    const child = spawn(process.execPath, ['--input-type=module', '--eval', here], { cwd: ROOT });
    t.after(() => child.kill());
    let printed = '';
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (data) => (printed += data));
    }
    const bob = server.user('bob', 1);
    await waitUntil('the host is on', async () => (await bob.liveList()).length > 0);
    const [{ id }] = await bob.liveList();
    await (await bob.enter(id)).apply();
    await waitUntil('the application is printed', () => printed.includes('[ 1, 1, 0, 0 ]'));
  });
}
