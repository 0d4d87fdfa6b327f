/** @file Builds the playroom: the page, its phones and its pictures. */

import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { build } from 'esbuild';

import { root } from './root.mjs';
import { samplePlugin, sampleStyles } from './sample.mjs';

const source = join(root, 'playroom/src');
const pictures = join(root, 'art');

/** @param {import('./output.mjs').Output} output */
export async function buildPlayroom(output) {
  const assets = {
    'frame.js': await bundle('frame/main.js'),
    'phone.js': await bundle('phone/main.js'),
    'frame.css': await styles(await readFile(join(source, 'frame/frame.css'), 'utf8')),
    // The sample's own rules come last, as they would in a mini-program.
    'phone.css': await styles(
      (await readFile(join(source, 'phone/phone.css'), 'utf8')) + (await sampleStyles()),
    ),
  };
  /** @type {Record<string, string>} */
  const addresses = {};
  for (const [name, text] of Object.entries(assets)) {
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
    const hashed = name.replace('.', `-${hash}.`);
    addresses[name] = `/playroom/assets/${hashed}`;
    await output.put(`playroom/dist/assets/${hashed}`, text);
  }
  for (const page of ['index.html', 'phone.html']) {
    const text = await readFile(join(source, 'frame', page), 'utf8');
    const filled = text.replace(/\{\{(.+?)\}\}/g, (_, name) => addresses[name]);
    await output.put(`playroom/dist/${page}`, filled);
  }
  await copyPictures(output);
}

/** @param {string} entry */
async function bundle(entry) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(source, entry)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    plugins: [samplePlugin()],
    write: false,
  });
  return outputFiles[0].text;
}

/** @param {string} css */
async function styles(css) {
  const { outputFiles } = await build({
    stdin: { contents: css, loader: 'css' },
    minify: true,
    charset: 'utf8',
    write: false,
  });
  return outputFiles[0].text;
}

/** @param {import('./output.mjs').Output} output */
async function copyPictures(output) {
  const entries = await readdir(pictures, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const path = join(entry.path, entry.name);
    const name = relative(pictures, path);
    await output.put(`playroom/dist/pictures/${name}`, await readFile(path, 'utf8'));
  }
}
