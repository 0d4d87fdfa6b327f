/** @file Writes the types of the client, from the comments of its sources. */

import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import ts from 'typescript';

import { API_TYPES } from './api_types.mjs';
import { root } from './root.mjs';

const SOURCES = join(root, 'sdk/src');

/** @param {import('./output.mjs').Output} output */
export async function writeTypes(output) {
  const { config } = ts.readConfigFile(join(root, 'sdk/tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, 'sdk'));
  const program = ts.createProgram([join(SOURCES, 'index.js')], {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: join(root, 'sdk/dist/types'),
    rootDir: SOURCES,
  });
  /** @type {[string, string][]} */
  const files = [];
  program.emit(undefined, (path, text) => files.push([relative(root, path), text]));
  for (const [name, text] of files) await output.put(name, text);
  await output.put('sdk/dist/types/api.d.ts', await readFile(API_TYPES, 'utf8'));
}
