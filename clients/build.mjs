/**
 * @file Builds what is checked in: the client for browsers and Node, and for mini-programs.
 * `--check` compares instead, and fails when a file is stale.
 */

import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes('--check');

const targets = [
  { format: 'esm', target: 'es2020', outfile: 'sdk/dist/qlive.mjs' },
  { format: 'cjs', target: 'es2018', outfile: 'sdk/miniprogram_dist/index.js' },
];

let stale = 0;
for (const { format, target, outfile } of targets) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['sdk/src/index.js'],
    bundle: true,
    format,
    target,
    outfile,
    charset: 'utf8',
    legalComments: 'none',
    write: false,
  });
  for (const { path, text } of outputFiles) await put(path, text);
}
if (stale > 0) process.exitCode = 1;

/**
 * @param {string} path
 * @param {string} text
 */
async function put(path, text) {
  if (!check) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return;
  }
  const before = await readFile(path, 'utf8').catch(() => '');
  if (before !== text) {
    stale += 1;
    console.error(`${relative(root, path)} is stale: run npm run build`);
  }
}
