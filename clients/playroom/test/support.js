/**
 * @module A browser with the playroom of a real server.
 */

import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { launchChromium } from '../../sdk/test/support/browser.js';
import { startServer } from '../../sdk/test/support/server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PICTURES = fileURLToPath(new URL('../../../target/screenshots/', import.meta.url));

/** Messages of the console that say that an answer was an error: the tests cause some. */
const REFUSED = /Failed to load resource: the server responded with a status of 4\d\d/;

export class Playroom {
  /**
   * Starts a server and a browser.
   * @param {Record<string, string>} [settings] of the server
   */
  static async start(settings) {
    const server = await startServer(settings);
    const browser = await launchChromium();
    return new Playroom(server, browser);
  }

  /**
   * @param {import('../../sdk/test/support/server.js').TestServer} server
   * @param {import('playwright-core').Browser} browser
   */
  constructor(server, browser) {
    this.server = server;
    this.browser = browser;
    this.origin = new URL(server.api).origin;
    /** What the console said that is no refusal of the API. @type {string[]} */
    this.complaints = [];
    /** Addresses of other hosts that were asked. @type {string[]} */
    this.foreign = [];
  }

  /**
   * Opens the page.
   * @param {{ width?: number, height?: number, dark?: boolean, hash?: string }} [view]
   */
  async open({ width = 1440, height = 900, dark = false, hash = '' } = {}) {
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => {
      if (message.type() === 'error' && !REFUSED.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? String(error)));
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') this.foreign.push(request.url());
    });
    await page.goto(`${this.origin}/${hash}`);
    return page;
  }

  /**
   * Opens the page, and stops the script when the phones are in the room.
   * @param {Parameters<Playroom['open']>[0]} [view]
   */
  async openPaused(view) {
    const page = await this.open(view);
    await page.waitForFunction(() => 'script' in window, null, { timeout: 20_000 });
    await page.getByRole('button', { name: '暂停' }).click();
    return page;
  }

  async stop() {
    await this.browser.close();
    await this.server.stop();
  }
}

/**
 * The inside of a phone.
 * @param {import('playwright-core').Page} page
 * @param {string} code of its user
 */
export function phone(page, code) {
  return page.frameLocator(`#phone-${code} iframe`);
}

/**
 * What axe finds on a page and in its phones.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export async function violations(page) {
  const found = [];
  for (const frame of page.frames()) {
    // Run by the debugger: the page's own policy forbids foreign scripts.
    await frame.evaluate(AXE);
    const { violations: here } = await frame.evaluate(() =>
      /** @type {any} */ (window).axe.run(document, { iframes: false }),
    );
    for (const { id, nodes } of here) {
      found.push(`${frame.url()}: ${id}: ${nodes.map((/** @type {any} */ node) => node.html).join(' | ')}`);
    }
  }
  return found;
}

/**
 * Keeps a picture of a page.
 * @param {import('playwright-core').Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}${name}.png` });
}
