/**
 * Every page of the console: in both languages, light and dark, narrow and wide.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { HtmlValidate } from 'html-validate';

import { ConsoleBrowser, fillServer, picture, violations } from './support.js';

/** @type {ConsoleBrowser} */
let desk;
/** @type {Record<string, string>} */
let paths;
/** @type {import('playwright-core').Page} */
let owner;

before(async () => {
  desk = await ConsoleBrowser.start();
  const filled = await fillServer(desk.server);
  owner = await desk.enter();
  const banned = await ban(desk.server.user('carl', 1));
  const day = await compareToday(filled.other);
  const user = `/users/${filled.bob.userId}`;
  const room = `/rooms/${filled.hosted.liveId}`;
  const order = `/orders/${filled.order}`;
  paths = {
    now: '/',
    rooms: '/rooms',
    room,
    'room-people': `${room}/people`,
    'room-gifts': `${room}/gifts`,
    'room-past': `${room}/past`,
    'room-timeline': `${room}/timeline`,
    'room-end': `${room}/end`,
    users: '/users',
    'users-none': '/users?which=banned',
    user,
    'user-wallet': `${user}/wallet`,
    'user-ban': `${user}/ban`,
    'user-banned': banned,
    'user-gold': `${user}/gold`,
    'user-mute': `${user}/mute`,
    'user-warn': `${user}/warn`,
    'orders-export': '/export/orders',
    'user-export': `${user}/export`,
    'user-erase': `${user}/erase`,
    'user-note': `${user}/note`,
    reports: '/reports',
    report: '/reports/1',
    'report-close': '/reports/1/close',
    moderation: '/moderation',
    'moderation-close': '/moderation/2/close',
    'room-comments': `${room}/comments`,
    'user-comments': `${user}/comments`,
    screenshots: '/screenshots',
    'screenshot-close': '/screenshots/1/close',
    orders: '/orders',
    order,
    'order-record': `${order}/record`,
    'order-why': `${order}/why`,
    'order-refund': `${order}/refund`,
    withdrawals: '/withdrawals',
    withdrawal: '/withdrawals/1',
    'withdrawal-approve': '/withdrawals/1/approve',
    'withdrawal-reject': '/withdrawals/1/reject',
    ledger: '/ledger',
    entry: '/ledger/1',
    'entry-why': '/ledger/1/why',
    'ledger-audit': '/ledger/audit',
    reconcile: '/reconcile',
    'reconcile-run': '/reconcile/run',
    'reconcile-day': day,
    'reconcile-explain': '/reconcile/differences/1/explain',
    'reconcile-sign': `${day}/sign`,
    figures: '/figures',
    'figures-months': '/figures?by=month',
    'figures-hosts': '/figures?by=host',
    'figures-export': '/figures/export/day/2026-11-01/2026-11-28',
    complaints: '/complaints',
    'complaint-answer': '/complaints/1/answer',
    gifts: '/gifts',
    'gift-add': '/gifts/add',
    configs: '/configs',
    config: '/configs/INDEX_BANNER',
    'config-set': '/configs/INDEX_BANNER/set',
    audit: '/audit',
    health: '/health',
    operators: '/operators',
    'operator-add': '/operators/add',
    account: '/account',
    search: '/search?q=zz',
  };
});
after(() => desk.stop());

/**
 * Bans a user, and returns their page.
 * @param {ReturnType<typeof desk.server.user>} user
 */
async function ban(user) {
  await user.login();
  const path = `/users/${user.userId}`;
  await owner.goto(`${desk.origin}${path}/ban`);
  await owner.getByLabel('原因').fill('冒充他人');
  await owner.getByRole('button', { name: '封禁' }).click();
  await owner.getByText('已封禁').first().waitFor();
  return path;
}

/**
 * Has WeChat refund an order without saying so, compares the day with its bill, and returns its
 * page.
 * @param {string} order
 */
async function compareToday(order) {
  await desk.server.sandboxPost('faults', { path: '/pay_notify/', notice: 'lost' });
  await desk.server.sandboxPost(`pay/${order}/refund`, { fen: 100 });
  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  await owner.goto(`${desk.origin}/reconcile/run`);
  await owner.getByLabel('日期').fill(day);
  await owner.getByRole('button', { name: '发起对账', exact: true }).click();
  await owner.getByRole('link', { name: '说明' }).first().waitFor();
  return `/reconcile/${day}`;
}

const VIEWS = [1440, 360].flatMap((width) =>
  [false, true].flatMap((dark) => ['zh', 'en'].map((lang) => ({ width, dark, lang }))),
);

/** @param {(typeof VIEWS)[number]} view */
const nameOf = (view) => `${view.lang}-${view.dark ? 'dark' : 'light'}-${view.width}`;

/** Two views that differ in everything. @param {(typeof VIEWS)[number]} view */
const isOfTwo = (view) => ['zh-light-1440', 'en-dark-360'].includes(nameOf(view));

/**
 * Pictures to look at take time: `PICTURES=two` takes those of two views, `PICTURES=all` all.
 * @param {(typeof VIEWS)[number]} view
 */
const isPictured = (view) =>
  process.env.PICTURES === 'all' || (process.env.PICTURES === 'two' && isOfTwo(view));

test('pages are accessible and fit', { concurrency: 4 }, async (t) => {
  const checks = VIEWS.map((view) =>
    t.test(nameOf(view), async () => {
      const page = await desk.openAs(owner, view);
      for (const [title, path] of Object.entries(paths)) {
        const answer = await page.goto(desk.origin + path);
        assert.equal(answer?.status(), 200, path);
        assert.deepEqual(await violations(page), [], path);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
        if (isPictured(view)) await picture(page, `${title}-${nameOf(view)}`);
      }
      await page.context().close();
    }),
  );
  await Promise.all(checks);
});

/**
 * The forms that these pages lead to and that are none of them, one of each kind.
 * @returns {Promise<string[]>}
 */
async function furtherForms() {
  const page = await desk.openAs(owner);
  const kindOf = (/** @type {string} */ path) =>
    path.replace(/\?.*/, '').replace(/\/[^/]*\d[^/]*/g, '/#');
  const known = new Set(Object.values(paths).map(kindOf));
  const found = [];
  for (const path of Object.values(paths)) {
    await page.goto(desk.origin + path);
    const links = page.locator('[data-dialog]');
    const hrefs = await links.evaluateAll((all) => all.map((a) => String(a.getAttribute('href'))));
    for (const href of hrefs.filter((href) => !known.has(kindOf(href)))) {
      known.add(kindOf(href));
      found.push(href);
    }
  }
  await page.context().close();
  return found;
}

test('all forms are accessible, fit, and are valid HTML', async () => {
  const forms = await furtherForms();
  assert.ok(forms.length > 12, `${forms}`);
  for (const view of VIEWS.filter(isOfTwo)) {
    const page = await desk.openAs(owner, view);
    for (const path of forms) {
      const answer = await page.goto(desk.origin + path);
      assert.equal(answer?.status(), 200, path);
      assert.deepEqual(await violations(page), [], path);
      assert.deepEqual(await faults(path, String(await answer?.text())), []);
    }
    await page.context().close();
  }
});

test('review of a change, a refusal and a secret are accessible, and are valid HTML', async () => {
  for (const view of VIEWS) {
    const page = await desk.openAs(owner, view);
    /** Sends the form, and checks its answer. @param {string} name @param {string} shown */
    const send = async (name, shown) => {
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        form.locator('[type=submit]').first().click(),
      ]);
      const text = await answer.text();
      await page.locator(shown).first().waitFor();
      assert.deepEqual(await faults(name, text), []);
      assert.deepEqual(await violations(page), [], name);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
      if (isPictured(view)) await picture(page, `${name}-${nameOf(view)}`);
    };
    const form = page.locator('.confirm form');
    await page.goto(`${desk.origin}/configs/FORBIDDEN_WORDS/set`);
    await form.locator('[name=value]').fill('微信\n加我\n电话');
    await form.locator('[name=reason]').fill('新词');
    await send('config-review', '.diff');
    await page.goto(`${desk.origin}/configs/HOST_RATE/set-rate`);
    await form.locator('[name=value]').fill('7');
    await form.locator('[name=reason]').fill('x');
    await send('config-refused', '[role=alert]');
    await page.goto(`${desk.origin}/operators/add`);
    await form.locator('[name=name]').fill(`guest ${nameOf(view)}`);
    await form.locator('[name=role]').selectOption('support');
    await form.locator('[name=reason]').fill('x');
    if ((await form.locator('[name=code]').count()) > 0) {
      const shown = form.getByText(/验证码是|code is now/);
      const code = String(await shown.textContent()).replace(/\D/g, '');
      await form.locator('[name=code]').fill(code);
    }
    await send('operator-link', '.confirm .code');
    await page.context().close();
  }
});

test('pages fit a tablet and a wide screen', async () => {
  for (const width of [768, 1920]) {
    const page = await desk.openAs(owner, { width });
    for (const path of Object.values(paths)) {
      await page.goto(desk.origin + path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${path} is ${wide} px too wide at ${width} px`);
    }
    await page.context().close();
  }
});

test('printed page has its texts and no menu', async () => {
  const page = await desk.openAs(owner);
  await page.emulateMedia({ media: 'print' });
  for (const path of [paths.audit, paths.order, paths.figures]) {
    await page.goto(desk.origin + path);
    assert.equal(await page.locator('.side').isVisible(), false, path);
    assert.equal(await page.locator('h1').isVisible(), true, path);
    const clipped = await page.locator('td .text').evaluateAll((texts) =>
      texts.filter((text) => text.scrollHeight > text.clientHeight + 1).length);
    assert.equal(clipped, 0, path);
  }
});

test('pictures for the documentation', async () => {
  for (const lang of /** @type {const} */ (['zh', 'en'])) {
    const page = await desk.openAs(owner, { lang, width: 1280, height: 800 });
    const shown = { now: paths.now, user: paths.user, why: paths['order-why'] };
    for (const [title, path] of Object.entries(shown)) {
      await page.goto(desk.origin + path);
      await picture(page, `documentation-${title}-${lang}`, false);
    }
    await page.context().close();
  }
});

test('login is accessible and fits', async () => {
  for (const view of VIEWS) {
    const page = await desk.open(view);
    for (const path of ['/login', '/link/0', '/nowhere']) {
      await page.goto(desk.origin + path);
      assert.deepEqual(await violations(page), [], path);
      const title = `outside${path.replaceAll('/', '-')}`;
      if (isPictured(view)) await picture(page, `${title}-${nameOf(view)}`);
    }
    if (isPictured(view)) {
      await page.goto(`${desk.origin}/login`);
      await picture(page, `login-${nameOf(view)}`);
    }
    await page.context().close();
  }
});

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    // How the templates are written, not what they mean.
    'void-style': 'off',
    'no-trailing-whitespace': 'off',
    'long-title': 'off',
    // Names of people come as they are.
    'no-raw-characters': 'off',
  },
});

/**
 * What is wrong with the HTML of a page.
 * @param {string} path
 * @param {string} text
 */
async function faults(path, text) {
  const report = await validator.validateString(text);
  const found = report.results.flatMap(({ messages }) => messages);
  return found.map(({ ruleId, message, line }) => `${path}:${line} ${ruleId} ${message}`);
}

test('pages are valid HTML', async () => {
  for (const lang of /** @type {const} */ (['zh', 'en'])) {
    const page = await desk.openAs(owner, { lang });
    for (const path of [...Object.values(paths), '/login', '/nowhere']) {
      const answer = await page.context().request.get(desk.origin + path);
      assert.deepEqual(await faults(path, await answer.text()), []);
    }
  }
});

test('pages ask no other host and complain of nothing', async () => {
  const page = await desk.openAs(owner);
  /** @type {string[]} */
  const foreign = [];
  page.on('request', (request) => {
    const isPicture = request.resourceType() === 'image';
    if (!request.url().startsWith(desk.origin) && !isPicture) foreign.push(request.url());
  });
  for (const path of Object.values(paths)) await page.goto(desk.origin + path);
  assert.deepEqual(foreign, []);
  assert.deepEqual(desk.complaints, []);
});
