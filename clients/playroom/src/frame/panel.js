/**
 * @module Behind the scenes: what happened, what IM carried, how gold moved, what was requested.
 */

/** The most rows that a list shows. */
const ROWS = 60;
/** How often what is shown is read again, in milliseconds. */
const REFRESH = 1500;

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
    this.verdict = '';
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
    this.#add('timeline', { time: this.#time(), text });
  }

  /** Adds a request. @param {string} who @param {any} record */
  request(who, record) {
    this.#add('requests', { time: this.#time(), who, ...record });
  }

  /** @param {string} tab @param {any} row */
  #add(tab, row) {
    this.rows[tab].unshift(row);
    this.rows[tab].length = Math.min(this.rows[tab].length, ROWS);
    if (this.tab === tab) this.#show();
  }

  #time() {
    const seconds = Math.floor((Date.now() - this.began) / 1000);
    return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
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

  /** Whether the numbers of the group's messages have no gap. */
  hasNoGap() {
    return this.rows.messages.every(({ isGap }) => !isGap);
  }

  async #refresh() {
    if (this.tab === 'messages') await this.#readMessages();
    if (this.tab === 'ledger') await this.#readLedger();
    this.#show();
  }

  async #readMessages() {
    const messages = await this.sandbox.messages();
    let last = 0;
    const rows = messages
      .filter((/** @type {any} */ { message }) => message !== null)
      .map((/** @type {any} */ { at, message, custom, group, to }) => {
        const seq = group ? custom?.seq : undefined;
        const isGap = seq !== undefined && last > 0 && seq > last + 1;
        if (seq !== undefined) last = Math.max(last, seq);
        return { time: clock(at), seq, isGap, type: message.type, to: group ? '房间' : to, message };
      });
    this.rows.messages = rows.reverse().slice(0, ROWS);
  }

  async #readLedger() {
    const lines = await Promise.all(
      [...this.phones.values()].map(async ({ actor, phone }) => {
        if (!phone?.qlive.userId) return [];
        const { results } = await phone.qlive.wallet();
        return results.map((/** @type {any} */ line) => ({ ...line, who: actor.name }));
      }),
    );
    this.rows.ledger = lines.flat().sort((a, b) => b.id - a.id).slice(0, ROWS);
  }

  #show() {
    if (!this.body) return;
    const rows = this.rows[this.tab].map((row) => ROW[/** @type {keyof typeof ROW} */ (this.tab)](row));
    const list = document.createElement('ol');
    list.className = `rows rows-${this.tab}`;
    list.append(...rows);
    if (rows.length === 0) list.append(line('empty', ['还没有']));
    this.body.replaceChildren(list);
  }
}

/** What a row of each tab shows. */
const ROW = {
  timeline: (/** @type {any} */ { time, text }) => line('', [time, text]),
  messages: (/** @type {any} */ { time, seq, isGap, type, to, message }) =>
    line(isGap ? 'row-gap' : '', [
      time, seq === undefined ? '' : `#${seq}`, `${type} → ${to}`, short(message.content),
    ]),
  ledger: (/** @type {any} */ { id, who, kind, amount, gold, income }) =>
    line(amount > 0 ? 'row-gain' : '', [
      `#${id}`, who, kind, `${amount > 0 ? '+' : ''}${amount}`, `金币 ${gold}`, `收益 ${income}`,
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
function curl({ method, url, body }) {
  const parts = [`curl -X ${method} '${url}'`, "-H 'Authorization: QLiveToken <token>'"];
  if (body) parts.push("-H 'Content-Type: application/json'", `-d '${body}'`);
  return parts.join(' ');
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
