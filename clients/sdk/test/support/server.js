/**
 * @module A real server with its sandbox, for one test file.
 */

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { Qlive, memoryStorage, sandboxIm, web } from '../../src/index.js';

const BINARIES = new URL('../../../../target/debug/', import.meta.url).pathname;
const SERVER = process.env.QLIVE_SERVER ?? `${BINARIES}qlive-server`;
const ADMIN = process.env.QLIVE_ADMIN ?? `${BINARIES}qlive-admin`;
/** The app id of the sandbox. */
const APP_ID = 'wxca891295c56f2c79';
/** How long the server may take to start, in milliseconds. */
const START_TIMEOUT = 30_000;

/**
 * Starts a server on ports of its own.
 * @param {Record<string, string>} [settings] further environment variables
 * @returns {Promise<TestServer>}
 */
export async function startServer(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'qlive-test-'));
  const any = '127.0.0.1:0';
  const env = {
    ...process.env,
    QLIVE__SERVER__LISTEN: any,
    QLIVE__SERVER__INTERNAL_LISTEN: any,
    QLIVE__SANDBOX__LISTEN: any,
    QLIVE__CONSOLE__LISTEN: any,
    ...settings,
  };
  const child = spawn(SERVER, [], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout });
  let errors = '';
  child.stderr.on('data', (data) => (errors += data));
  const addresses = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no start: ${errors}`)), START_TIMEOUT);
    /** @type {Record<string, string>} */
    const found = {};
    child.on('exit', (code) => reject(new Error(`exit ${code}: ${errors}`)));
    lines.on('line', (line) => {
      const [, name, url] = line.match(/^\s*(qlive|docs|sandbox)\b.*?(http:\/\/[0-9.:]+)/) ?? [];
      if (name) found[name] = url;
      const [link] = line.match(/http:\S+\/link\/\S+/) ?? [];
      if (link) found.console = link;
      if (found.qlive && found.docs && found.sandbox && found.console) {
        clearTimeout(timer);
        resolve(found);
      }
    });
  });
  return new TestServer(child, folder, env, addresses);
}

/** The platform of a user in Node. @param {object} [options] as `web` takes them */
export function nodePlatform(options = {}) {
  const getLoginCode = async () => ({ code: '' });
  return web({ appId: APP_ID, storage: memoryStorage(), getLoginCode, ...options });
}

export class TestServer {
  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} folder
   * @param {NodeJS.ProcessEnv} env
   * @param {Record<string, string>} addresses
   */
  constructor(child, folder, env, addresses) {
    this.child = child;
    this.folder = folder;
    this.env = env;
    this.api = `${addresses.qlive}/wx/api/qlive/`;
    this.internal = addresses.docs;
    this.sandbox = addresses.sandbox;
    /** The link that logs in to the console, once. */
    this.consoleLink = addresses.console;
    /** @type {Qlive[]} */
    this.users = [];
    /** @type {Promise<void> | undefined} */
    this.stopped = undefined;
  }

  /** Stops once, however often it is called. */
  stop() {
    this.stopped ??= this.#stop();
    return this.stopped;
  }

  async #stop() {
    for (const user of this.users) {
      user.close();
      await user.im.logout().catch(() => {});
    }
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true });
  }

  /**
   * A user whose WeChat profile has this name and gender (1 male, 2 female). `host` is a matchmaker.
   * @param {string} name
   * @param {1 | 2} gender
   * @param {{ fetch?: typeof globalThis.fetch, im?: any, pay?: any }} [options]
   */
  user(name, gender, { fetch, im, pay } = {}) {
    const platform = nodePlatform({
      fetch,
      pay,
      getLoginCode: async () => {
        const profile = await this.sandboxGet(`profile?code=${name}&nickname=${name}&gender=${gender}`);
        return { code: name, sealed: { encryptedData: profile.encryptedData, iv: profile.iv } };
      },
    });
    const user = new Qlive({
      base: this.api,
      platform,
      im: im ?? sandboxIm({ url: this.sandbox, platform }),
    });
    this.users.push(user);
    return user;
  }

  /**
   * Runs a command of an operator, and returns what it printed.
   * @param {...string} command
   */
  async admin(...command) {
    const sandbox = { QLIVE__SANDBOX__LISTEN: new URL(this.sandbox).host };
    const options = { cwd: this.folder, env: { ...this.env, ...sandbox } };
    const { stdout } = await promisify(execFile)(ADMIN, ['--as', 'test', ...command], options);
    return stdout;
  }

  /** @param {string} path @returns {Promise<any>} */
  async sandboxGet(path) {
    return (await fetch(`${this.sandbox}/sandbox/${path}`)).json();
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} */
  async sandboxPost(path, body) {
    const answer = await fetch(`${this.sandbox}/sandbox/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return text ? JSON.parse(text) : undefined;
  }
}

/**
 * Waits until a condition holds.
 * @param {string} what
 * @param {() => boolean | Promise<boolean>} condition
 */
export async function waitUntil(what, condition) {
  const end = Date.now() + 8000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
