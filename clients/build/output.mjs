/** @file Writes built files, or compares them with those that are checked in. */

import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { root } from './root.mjs';

export class Output {
  /** @param {boolean} check whether to compare only */
  constructor(check) {
    this.check = check;
    /** @type {Set<string>} */
    this.written = new Set();
    this.stale = 0;
  }

  /**
   * @param {string} name below the folder of the clients
   * @param {string} text
   */
  async put(name, text) {
    const path = join(root, name);
    this.written.add(path);
    if (!this.check) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      return;
    }
    const before = await readFile(path, 'utf8').catch(() => null);
    if (before !== text) this.#complain(name);
  }

  /**
   * Looks for files in these folders that are built no longer.
   * @param {string[]} folders
   */
  async finish(folders) {
    for (const folder of folders) {
      const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((entry) => entry.isFile())) {
        const path = join(entry.path, entry.name);
        if (this.written.has(path)) continue;
        if (this.check) this.#complain(relative(root, path));
        else await rm(path);
      }
    }
    if (this.stale > 0) process.exitCode = 1;
  }

  /** @param {string} name */
  #complain(name) {
    this.stale += 1;
    console.error(`${name} is stale: run npm run build`);
  }
}
