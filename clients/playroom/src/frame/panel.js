/**
 * @module Behind the scenes: what happened, what IM carried, how gold moved, what was requested.
 */

import { OPERATIONS } from 'qlive';

import { entryKind, signed } from '../../../sample/lib/format.js';

/** The most rows that a list shows. */
const ROWS = 60;
/** How often what is shown is read again, in milliseconds. */
const REFRESH = 1500;

/** How many healed gaps are kept. */
const HEALED = 20;

const TABS = { timeline: '时间线', messages: '消息', ledger: '账本', requests: '请求' };

export class Panel {
  /**
   * @param {HTMLElement} place
   * @param {Map<string, import('./phone.js').PhoneView>} phones
   * @param {import('./sandbox.js').Sandbox} sandbox
   */
  constructor(place, phones, sandbox) {
    this.place = place;
    this.phones = phones;
    this.sandbox = sandbox;
    this.began = Date.now();
    this.tab = 'timeline';
    /** @type {Record<string, any[]>} */
    this.rows = { timeline: [], messages: [], ledger: [], requests: [] };
    /** Gaps that phones have made up for. @type {any[]} */
    this.healed = [];
    this.verdict = '';
    /** How many rows were added. */
    this.count = 0;
    /** The rows that are shown, by tab and key. @type {Map<string, HTMLElement>} */
    this.shown = new Map();
    this.#build();
    setInterval(() => this.#refresh().catch(() => this.#show()), REFRESH);
  }

  #build() {
    const head = document.createElement('div');
    head.className = 'panel-head';
    const tabs = document.createElement('div');
    tabs.setAttribute('role', 'tablist');
    tabs.className = 'panel-tabs';
    /** @type {Record<string, HTMLButtonElement>} */
    this.tabs = {};
    for (const [name, text] of Object.entries(TABS)) {
      const tab = document.createElement('button');
      tab.type = 'button';
      tab.textContent = text;
      tab.id = `tab-${name}`;
      tab.setAttribute('role', 'tab');
      tab.setAttribute('aria-controls', 'panel-body');
      tab.addEventListener('click', () => this.open(name));
      this.tabs[name] = tab;
      tabs.append(tab);
    }
    tabs.addEventListener('keydown', ({ key }) => this.#move(key));
    this.verdictLine = document.createElement('p');
    this.verdictLine.className = 'panel-verdict';
    this.verdictLine.setAttribute('role', 'status');
    head.append(tabs, this.verdictLine);
    this.body = document.createElement('div');
    this.body.className = 'panel-body';
    this.body.id = 'panel-body';
    this.body.tabIndex = 0;
    this.body.setAttribute('role', 'tabpanel');
    this.place.append(head, this.body);
    this.open('timeline');
  }

  /** @param {string} key */
  #move(key) {
    const names = Object.keys(TABS);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (step === undefined) return;
    const next = names[(names.indexOf(this.tab) + step + names.length) % names.length];
    this.open(next);
    this.tabs?.[next].focus();
  }

  /** @param {string} name */
  open(name) {
    this.tab = name;
    for (const [of, tab] of Object.entries(this.tabs ?? {})) {
      tab.setAttribute('aria-selected', String(of === name));
      tab.tabIndex = of === name ? 0 : -1;
    }
    this.body?.setAttribute('aria-labelledby', `tab-${name}`);
    this.#show();
    this.#refresh().catch(() => this.#show());
  }

  /** Adds a line to the timeline. @param {string} text */
  note(text) {
    this.#add('timeline', { text });
  }

  /** Adds a request. @param {string} who @param {any} record */
  request(who, record) {
    this.#add('requests', { who, ...record });
  }

  /** @param {string} tab @param {any} row */
  #add(tab, row) {
    this.count += 1;
    this.rows[tab].unshift({ key: this.count, time: this.#time(), ...row });
    this.rows[tab].length = Math.min(this.rows[tab].length, ROWS);
    if (this.tab === tab) this.#show();
  }

  #time() {
    const seconds = Math.floor((Date.now() - this.began) / 1000);
    return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  }

  /**
   * Notes that a phone did not get messages and has made up for them.
   * @param {string} who
   * @param {{ from: number, to: number }} gap
   */
  heal(who, { from, to }) {
    const at = Date.now();
    this.healed.push({ key: `healed ${at} ${who}`, at, who, from, to });
    this.healed = this.healed.slice(-HEALED);
    this.note(healedText({ who, from, to }));
  }

  /** Checks the ledger, and says what came out. */
  async audit() {
    const report = await (await fetch('/playroom/audit.json')).json();
    this.verdict = report.violation
      ? `账不平 ✗ ${report.violation}`
      : `账平 ✓ ${report.entries} 笔 · 链 ${report.chain_head.slice(0, 8) || '—'}`;
    if (this.verdictLine) this.verdictLine.textContent = this.verdict;
    this.note(this.verdict);
  }

  async #refresh() {
    if (this.tab === 'messages') await this.#readMessages();
    if (this.tab === 'ledger') await this.#readLedger();
    this.#show();
  }

  async #readMessages() {
    const all = await this.sandbox.messages();
    const messages = all.filter((/** @type {any} */ { message }) => message !== null);
    const gaps = gapsIn(messages);
    /** @type {Map<string, string>} */
    const names = new Map();
    for (const { actor, phone } of this.phones.values()) names.set(phone?.qlive.userId, actor.name);
    const sent = messages.map((/** @type {any} */ { at, message, custom, group, to }) => ({
      key: JSON.stringify([at, custom, message, to]),
      at,
      message,
      seq: group ? custom?.seq : undefined,
      isGap: group && gaps.has(custom?.seq),
      to: group ? '房间' : (names.get(to) ?? to),
    }));
    const rows = [...sent, ...this.healed].sort((a, b) => a.at - b.at);
    this.rows.messages = rows.reverse().slice(0, ROWS);
  }

  async #readLedger() {
    const views = [...this.phones.values()];
    const on = views.filter(({ phone, isLost }) => phone?.qlive.userId && !isLost);
    const lines = await Promise.all(
      on.map(async ({ actor, phone }) => {
        const { results } = await phone.qlive.wallet();
        return results.map((/** @type {any} */ line) => {
          return { ...line, key: `${line.id} ${actor.code}`, who: actor.name };
        });
      }),
    );
    this.rows.ledger = lines.flat().sort((a, b) => b.id - a.id).slice(0, ROWS);
  }

  /** Shows the rows of the tab. One that is shown already stays where it is, with its focus. */
  #show() {
    if (!this.body) return;
    const { tab } = this;
    let list = this.body.querySelector('ol');
    if (list?.dataset.tab !== tab) {
      list = document.createElement('ol');
      list.dataset.tab = tab;
      list.className = `rows rows-${tab}`;
      this.shown.clear();
      this.body.replaceChildren(list);
    }
    /** @type {Map<string, HTMLElement>} */
    const next = new Map();
    for (const row of this.rows[tab]) {
      const key = String(row.key);
      next.set(key, this.shown.get(key) ?? ROW[/** @type {keyof typeof ROW} */ (tab)](row));
    }
    if (next.size === 0) next.set('empty', this.shown.get('empty') ?? line('empty', ['还没有']));
    for (const [key, row] of this.shown) if (!next.has(key)) row.remove();
    [...next.values()].forEach((row, at) => {
      if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    });
    this.shown = next;
  }
}

/** What a row of each tab shows. */
const ROW = {
  timeline: (/** @type {any} */ { time, text }) => line('', [time, text]),
  messages: (/** @type {any} */ { at, who, from, seq, isGap, to, message }) =>
    who
      ? line('row-healed', [clock(at), healedText({ who, from, to })])
      : line(isGap ? 'row-gap' : '', [
          clock(at),
          seq === undefined ? '' : `#${seq}`,
          `${message.type} → ${to}`,
          short(message.content),
        ]),
  ledger: (/** @type {any} */ { id, who, kind, amount, gold, income }) =>
    line(amount > 0 ? 'row-gain' : '', [
      `#${id}`, who, entryKind(kind), signed(amount), `金币 ${gold}`, `收益 ${income}`,
    ]),
  requests: (/** @type {any} */ record) => {
    const { time, who, operation, status, code, ms } = record;
    const row = line(status >= 400 || status === 0 ? 'row-bad' : '', [
      time, who, operation, `${status}${code ? ` ${code}` : ''}`, `${ms} ms`,
    ]);
    const copy = document.createElement('button');
    copy.type = 'button';
    copy.textContent = '复制 curl';
    copy.addEventListener('click', async () => {
      await navigator.clipboard.writeText(curl(record));
      copy.textContent = '已复制';
    });
    row.append(copy);
    return row;
  },
};

/** The request as a command. The token is left to whoever runs it. @param {any} record */
export function curl({ operation, method, url, body }) {
  const parts = [`curl -X ${method} ${quoted(url)}`];
  if (!OPERATIONS[/** @type {keyof typeof OPERATIONS} */ (operation)]?.open) {
    parts.push("-H 'Authorization: QLiveToken <token>'");
  }
  if (body) parts.push("-H 'Content-Type: application/json'", `-d ${quoted(body)}`);
  return parts.join(' ');
}

/** A word of a shell. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** @param {{ who: string, from: number, to: number }} gap */
function healedText({ who, from, to }) {
  return `${who}没收到${from === to ? ` #${from}` : ` #${from} 到 #${to}`}，已补上`;
}

/**
 * The numbers of messages to the room before which one is missing.
 * @param {any[]} messages as the sandbox lists them, oldest first
 * @returns {Set<number>}
 */
export function gapsIn(messages) {
  /** @type {Map<string, number>} */
  const last = new Map();
  const gaps = new Set();
  for (const { group, custom } of messages) {
    const seq = custom?.seq;
    if (!group || seq === undefined) continue;
    const before = last.get(group);
    if (before !== undefined && seq > before + 1) gaps.add(seq);
    last.set(group, Math.max(before ?? 0, seq));
  }
  return gaps;
}

/** @param {string} name @param {string[]} cells */
function line(name, cells) {
  const row = document.createElement('li');
  row.className = `row ${name}`;
  for (const cell of cells) {
    const text = document.createElement('span');
    text.textContent = cell;
    row.append(text);
  }
  return row;
}

/** @param {unknown} content */
function short(content) {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return text.length > 90 ? `${text.slice(0, 90)}…` : text;
}

/** @param {number} at */
function clock(at) {
  return new Date(at).toTimeString().slice(0, 8);
}
