/**
 * @file Writes the table of errors into the pages for front-end people, from the server's own rows.
 */

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { actionFor } from '../sdk/src/errors.js';
import { root } from './root.mjs';

const SOURCES = join(root, '../bins/server/src/http/errors');
const PAGES = [
  { page: '../docs/clients.md', text: 'english', head: '| `code` | status | `action` | text |' },
  { page: '../docs/clients.zh-CN.md', text: 'chinese', head: '| `code` | 状态码 | `action` | 含义 |' },
];
/** A row of the server: status, code, and the text in Chinese and English. */
const ROW = /row\(\s*(\d+),\s*"(\w+)",\s*"([^"]*)",\s*"([^"]*)",?\s*\)/g;

/** @param {import('./output.mjs').Output} output */
export async function writeErrorTables(output) {
  const errors = await readErrors();
  for (const { page, text, head } of PAGES) {
    const rows = errors.map(
      (error) => `| \`${error.code}\` | ${error.status} | ${error.action} | ${error[text]} |`,
    );
    const table = [head, '| --- | --- | --- | --- |', ...rows].join('\n');
    const before = await readFile(join(root, page), 'utf8');
    const filled = before.replace(
      /<!-- errors -->[^]*<!-- \/errors -->/,
      `<!-- errors -->\n${table}\n<!-- /errors -->`,
    );
    await output.put(page, filled);
  }
}

async function readErrors() {
  /** @type {Map<string, Record<string, string>>} */
  const errors = new Map();
  for (const file of (await readdir(SOURCES)).sort()) {
    const source = await readFile(join(SOURCES, file), 'utf8');
    for (const [, status, code, chinese, english] of source.matchAll(ROW)) {
      const action = actionFor(Number(status), code);
      errors.set(code, { code, status, chinese, english, action });
    }
  }
  return [...errors.values()].sort((a, b) => a.code.localeCompare(b.code));
}
