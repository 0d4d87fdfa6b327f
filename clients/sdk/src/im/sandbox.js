/**
 * @module IM through the sandbox: a stream of events, and one POST for each command. Needs no
 * package, and serves development and tests.
 */

/** @typedef {import('./adapter.js').ImAdapter} ImAdapter */
/** @typedef {import('./adapter.js').ImMessage} ImMessage */
/** @typedef {import('./adapter.js').ImState} ImState */
/** @typedef {import('../platform.js').Platform} Platform */

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
/** How long a command waits for its answer, in milliseconds. */
const TIMEOUT = 8000;

/**
 * @param {object} options
 * @param {string} options.url of the sandbox
 * @param {Platform} options.platform
 * @returns {ImAdapter & { drop: () => void }} `drop` cuts the connection, as a lost network does
 */
export function sandboxIm({ url, platform }) {
  const base = url.endsWith('/') ? url : `${url}/`;
  /** @type {Set<(message: ImMessage) => void>} */
  const messageListeners = new Set();
  /** @type {Set<(state: ImState) => void>} */
  const stateListeners = new Set();
  /** @type {Account | null} */
  let account = null;
  /** Closes the connection. @type {(() => void) | null} */
  let close = null;
  /** The next attempt to connect again. @type {any} */
  let retry = null;

  const report = (/** @type {ImState} */ state) => {
    for (const listener of [...stateListeners]) listener(state);
  };

  /** @param {string} command @param {object} body */
  const post = async (command, body) => {
    const { text } = await platform.request({
      method: 'POST',
      url: `${base}sandbox/im/${command}`,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ session: account?.session, ...body }),
      timeout: TIMEOUT,
    });
    const { error } = JSON.parse(text);
    if (error) throw Object.assign(new Error(error), { code: error });
  };

  /** Connects. Resolves when the account is logged in and in its groups. @param {Account} of */
  const connect = async (of) => {
    const query = `account=${encodeURIComponent(of.userId)}&user_sig=${encodeURIComponent(of.userSig)}`;
    await new Promise((resolve, reject) => {
      close = platform.openEvents(`${base}sandbox/events?${query}`, {
        event: ({ event, data }) => {
          if (event === 'ready') {
            of.session = data.session;
            resolve(undefined);
          } else {
            receive(of, event, data);
          }
        },
        end: (cause) => {
          reject(cause ?? new Error('IM ended the connection'));
          if (account === of && of.session !== null) {
            of.session = null;
            report('lost');
            reconnect(of);
          }
        },
      });
    });
    try {
      for (const group of of.groups) await post('join', { group });
    } catch (error) {
      // Connected but in no group, it would receive nothing.
      of.session = null;
      close?.();
      throw error;
    }
    report('ready');
  };

  /** @param {Account} of @param {string} event @param {any} data */
  const receive = (of, event, data) => {
    if (account !== of) return;
    if (event === 'message') {
      for (const listener of [...messageListeners]) listener(data);
    } else if (event === 'kicked') {
      account = null;
      report('kicked');
    }
  };

  /** @param {Account} of */
  const reconnect = (of) => {
    clearTimeout(retry);
    retry = setTimeout(() => {
      if (account !== of) return;
      connect(of).catch(() => {
        reconnect(of);
      });
    }, RECONNECT);
  };

  return {
    async login({ userId, userSig }) {
      account = null;
      close?.();
      account = { userId, userSig, groups: new Set(), session: null };
      await connect(account);
    },
    async logout() {
      if (account === null) return;
      await post('logout', {});
      account = null;
      close?.();
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
    drop: () => close?.(),
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
