/**
 * @file Types of the API, from the server's own description: `node build/api_types.mjs URL` writes
 * them, and a test fails when they are stale.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

import openapiTS, { astToString } from 'openapi-typescript';

import { root } from './root.mjs';

export const API_TYPES = join(root, 'sdk/src/api.d.ts');

/** @param {string} url of the document */
export async function readApiTypes(url) {
  const document = await (await fetch(url)).json();
  return astToString(await openapiTS(document));
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(API_TYPES, await readApiTypes(argv[2]));
}
