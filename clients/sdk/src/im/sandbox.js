/**
 * @module IM through the sandbox: server-sent events, and one POST for each command. Needs no
 * package, and serves development and tests.
 */

/** @typedef {import('./adapter.js').ImAdapter} ImAdapter */
/** @typedef {import('./adapter.js').ImMessage} ImMessage */
/** @typedef {import('./adapter.js').ImState} ImState */

/**
 * The login that runs.
 * @typedef {object} Account
 * @property {string} userId
 * @property {string} userSig
 * @property {Set<string>} groups
 * @property {string | null} session the sandbox's name for it
 */

/** The pause before a connection that was lost is made again, in milliseconds. */
const RECONNECT = 1000;

/**
 * @param {object} options
 * @param {string} options.url of the sandbox
 * @param {typeof globalThis.fetch} [options.fetch]
 * @returns {ImAdapter & { drop: () => void }} `drop` cuts the connection, as a lost network does
 */
export function sandboxIm({ url, fetch: given }) {
  const fetch = given ?? globalThis.fetch.bind(globalThis);
  const base = url.endsWith('/') ? url : `${url}/`;
  /** @type {Set<(message: ImMessage) => void>} */
  const messageListeners = new Set();
  /** @type {Set<(state: ImState) => void>} */
  const stateListeners = new Set();
  /** @type {Account | null} */
  let account = null;
  /** @type {AbortController | null} */
  let connection = null;

  const report = (/** @type {ImState} */ state) => {
    for (const listener of [...stateListeners]) listener(state);
  };

  /** @param {string} command @param {object} body */
  const post = async (command, body) => {
    const answer = await fetch(`${base}sandbox/im/${command}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ session: account?.session, ...body }),
    });
    const { error } = await answer.json();
    if (error) throw Object.assign(new Error(error), { code: error });
  };

  /** Keeps a connection as long as the login runs. Resolves when the first one is ready. */
  const connect = async () => {
    const of = /** @type {Account | null} */ (account);
    if (of === null) return;
    const abort = new AbortController();
    connection = abort;
    const query = new URLSearchParams({ account: of.userId, user_sig: of.userSig });
    const answer = await fetch(`${base}sandbox/events?${query}`, { signal: abort.signal });
    if (!answer.ok || answer.body === null) throw new Error(`IM refused the login: ${answer.status}`);
    const events = readEvents(answer.body);
    const first = await events.next();
    if (first.done) throw new Error('IM ended the connection');
    of.session = first.value.data.session;
    for (const group of of.groups) await post('join', { group });
    report('ready');
    listen(of, events).catch(() => {
      // The connection was cut; `listen` has reported it.
    });
  };

  /** @param {Account} of @param {AsyncGenerator<SandboxEvent>} events */
  const listen = async (of, events) => {
    try {
      for await (const { event, data } of events) {
        if (event === 'kicked') {
          account = null;
          report('kicked');
          return;
        }
        if (event === 'message') for (const listener of [...messageListeners]) listener(data);
      }
    } finally {
      if (account === of) {
        report('lost');
        reconnect(of);
      }
    }
  };

  /** @param {Account} of */
  const reconnect = (of) => {
    setTimeout(() => {
      if (account !== of) return;
      connect().catch(() => reconnect(of));
    }, RECONNECT);
  };

  return {
    async login({ userId, userSig }) {
      connection?.abort();
      account = { userId, userSig, groups: new Set(), session: null };
      await connect();
    },
    async logout() {
      if (account === null) return;
      await post('logout', {});
      account = null;
      connection?.abort();
    },
    async join(group) {
      await post('join', { group });
      account?.groups.add(group);
    },
    async quit(group) {
      account?.groups.delete(group);
      await post('quit', { group });
    },
    send: (to, text) => post('send', { ...to, text }),
    drop: () => connection?.abort(),
    onMessage(listener) {
      messageListeners.add(listener);
      return () => messageListeners.delete(listener);
    },
    onState(listener) {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
  };
}

/** @typedef {{ event: string, data: any }} SandboxEvent */

/**
 * Reads server-sent events, whose data is JSON.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<SandboxEvent>}
 */
async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== null) yield event;
    }
  }
}

/** @param {string} block @returns {SandboxEvent | null} null for a comment */
function parseEvent(block) {
  const field = (/** @type {string} */ name) =>
    block
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2))
      .join('\n');
  const data = field('data');
  return data === '' ? null : { event: field('event') || 'message', data: JSON.parse(data) };
}
