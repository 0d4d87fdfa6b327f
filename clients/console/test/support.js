/**
 * @module A browser with the console of a real server, with rooms, orders and gifts.
 */

import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { launchChromium } from '../../sdk/test/support/browser.js';
import { startServer } from '../../sdk/test/support/server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PICTURES = fileURLToPath(new URL('../../../target/screenshots/console/', import.meta.url));

/** What a browser says of an answer that is an error: the tests cause some. */
const REFUSED = /Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_NAME_NOT_RESOLVED)/;

export class ConsoleBrowser {
  /**
   * Starts a server and a browser.
   * @param {Record<string, string>} [settings] of the server
   */
  static async start(settings) {
    const server = await startServer({ QLIVE__PAYOUTS__MIN_AGE_DAYS: '0', ...settings });
    const browser = await launchChromium();
    return new ConsoleBrowser(server, browser);
  }

  /**
   * @param {import('../../sdk/test/support/server.js').TestServer} server
   * @param {import('playwright-core').Browser} browser
   */
  constructor(server, browser) {
    this.server = server;
    this.browser = browser;
    this.origin = new URL(server.consoleLink).origin;
    /** What the pages complained of. @type {string[]} */
    this.complaints = [];
  }

  /**
   * A window of its own, with cookies of its own.
   * @param {{ width?: number, height?: number, dark?: boolean, lang?: string, js?: boolean }} [view]
   */
  async open({ width = 1440, height = 900, dark = false, lang = 'zh', js = true } = {}) {
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      locale: lang === 'zh' ? 'zh-CN' : 'en-GB',
      javaScriptEnabled: js,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.setDefaultNavigationTimeout(30_000);
    page.on('console', (message) => {
      if (message.type() === 'error' && !REFUSED.test(message.text())) {
        this.complaints.push(`${page.url()}: ${message.text()}`);
      }
    });
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? String(error)));
    return page;
  }

  /**
   * Opens a page and uses the link that the server printed.
   * @param {Parameters<ConsoleBrowser['open']>[0]} [view]
   */
  async enter(view) {
    const page = await this.open(view);
    await page.goto(this.server.consoleLink);
    await page.getByRole('button', { name: /^(进入|Enter)$/ }).click();
    await page.waitForURL(`${this.origin}/`);
    return page;
  }

  /**
   * Opens a page with the session of another one.
   * @param {import('playwright-core').Page} of
   * @param {Parameters<ConsoleBrowser['open']>[0]} [view]
   */
  async openAs(of, view) {
    const page = await this.open(view);
    await page.context().addCookies(await of.context().cookies());
    return page;
  }

  async stop() {
    await this.browser.close();
    await this.server.stop();
  }
}

/**
 * Fills a server: a host, a man and a woman on the mics, orders, gifts, a report, comments, a
 * screenshot, a withdrawal, a complaint, and a message that IM refuses.
 * @param {import('../../sdk/test/support/server.js').TestServer} server
 */
export async function fillServer(server) {
  const pay = async (/** @type {any} */ { outTradeNo, content }) => {
    await server.sandboxPost(`pay/${outTradeNo}`, content);
  };
  const host = server.user('host', 2);
  const hosted = await host.host();
  const bob = server.user('bob', 1, { pay });
  const eve = server.user('eve', 2, { pay });
  const rooms = [];
  for (const guest of [bob, eve]) {
    const room = await guest.enter(hosted.liveId);
    await room.apply();
    await room.takeMic();
    rooms.push(room);
  }
  const [first, second] = await bob.blocks();
  const bought = await bob.buy(second.id);
  const other = await bob.buy(first.id);
  const gifts = await bob.gifts();
  const rose = gifts.find(({ gold }) => gold > 0 && gold <= 10) ?? gifts[0];
  await rooms[0].give({ to: eve.userId, gift: rose.id, num: 3 });
  await rooms[0].give({ to: host.userId, gift: rose.id, num: 2 });
  await bob.updateProfile({ nickname: '阿明' });
  await eve.report({ userId: bob.userId, kind: 'abuse', liveId: hosted.liveId, text: '骂人' });
  const [{ group_id: group }] = await eve.liveList();
  for (const content of ['你好呀', '加 微信 abc123']) {
    const text = JSON.stringify({ type: 'message', content });
    await server.sandboxPost('say', { from: bob.userId, group, text });
  }
  await server.sandboxPost(`clients/${host.userId}`, { stream: 'judged' });
  const [block] = (await bob.blocks()).sort((one, other) => other.gold - one.gold);
  await bob.buy(block.id);
  await rooms[0].give({ to: host.userId, gift: rose.id, num: 99 });
  const { income } = await host.profile();
  await host.withdraw({ income, realName: '王红' });
  const sendGroup = '/v4/group_open_http_svc/send_group_msg';
  await server.sandboxPost('faults', { path: sendGroup, errcode: 80001, times: 1 });
  await rooms[0].give({ to: host.userId, gift: rose.id, num: 1 });
  await server.sandboxPost('pushes', {
    MsgType: 'event', Event: 'xpay_complaint_notify', OpenId: 'sandbox-bob', WxOrderId: 'w',
    MchOrderId: bought.outTradeNo, ComplaintTime: '2026-11-24T10:00:00+08:00', RetryTimes: 0,
    RequestId: 'complaint-1',
  });
  const orders = { order: bought.outTradeNo, other: other.outTradeNo };
  return { host, hosted, bob, eve, rooms, ...orders, gift: rose };
}

/**
 * What axe finds on a page.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export async function violations(page) {
  // Run by the debugger: the page's own policy forbids foreign scripts.
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
  return found.map(
    (/** @type {any} */ { id, nodes }) =>
      `${page.url()}: ${id}: ${nodes.map((/** @type {any} */ node) => node.html).join(' | ')}`,
  );
}

/**
 * Keeps a picture of a page.
 * @param {import('playwright-core').Page} page
 * @param {string} name
 * @param {boolean} [fullPage] false: what the window shows
 */
export async function picture(page, name, fullPage = true) {
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}${name}.png`, fullPage });
}
