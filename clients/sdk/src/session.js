/**
 * @module Who is logged in: the token, where it is kept, and one login for all calls that wait.
 */

import { QliveError } from './errors.js';
import { OPERATIONS } from './operations.js';

/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./platform.js').Platform} Platform */

/**
 * Where a token is kept between two starts of the application.
 * @typedef {object} TokenStore
 * @property {() => string | null} load
 * @property {(token: string) => void} save
 * @property {() => void} clear
 */

/**
 * @typedef {object} Credentials
 * @property {string} userId
 * @property {string} userSig signs in to IM; empty for a banned user
 * @property {number} sdkAppId
 * @property {{ liveId: number, groupId: string, userType: number } | null} room the room that the
 *   user is still in
 */

const TOKEN_KEY = 'qlive.token';

/**
 * Keeps the token in the platform's storage.
 * @param {import('./platform.js').Storage} storage
 * @returns {TokenStore}
 */
export function storedToken(storage) {
  return {
    load: () => storage.get(TOKEN_KEY),
    save: (token) => storage.set(TOKEN_KEY, token),
    clear: () => storage.remove(TOKEN_KEY),
  };
}

/** The session of one user. */
export class Session {
  /**
   * @param {Transport} transport
   * @param {TokenStore} tokens
   */
  constructor(transport, tokens) {
    this.transport = transport;
    this.tokens = tokens;
    this.token = tokens.load();
    /** @type {Credentials | null} */
    this.credentials = null;
    /** @type {Promise<Credentials> | null} */
    this.loginUnderWay = null;
    /** @type {((credentials: Credentials) => void)[]} */
    this.listeners = [];
  }

  /**
   * Logs in, and registers a user whom the server does not know. Calls that come meanwhile wait for
   * the same login.
   * @returns {Promise<Credentials>}
   */
  login() {
    this.loginUnderWay ??= this.#login().finally(() => {
      this.loginUnderWay = null;
    });
    return this.loginUnderWay;
  }

  /**
   * Makes a call with the token. When the server refuses the token, logs in once and calls again.
   * @param {keyof typeof OPERATIONS} name
   * @param {import('./transport.js').Params} params
   */
  async call(name, params) {
    const operation = OPERATIONS[name];
    if (this.token === null) await this.login();
    const used = this.token;
    try {
      return await this.transport.call(name, operation, params, used);
    } catch (error) {
      if (!(error instanceof QliveError) || error.status !== 401) throw error;
    }
    // Another call may have logged in since.
    if (this.token === used) await this.login();
    return this.transport.call(name, operation, params, this.token);
  }

  /**
   * Calls `listener` after each login: IM has to log in again too.
   * @param {(credentials: Credentials) => void} listener
   */
  onLogin(listener) {
    this.listeners.push(listener);
  }

  /** Forgets the token. */
  forget() {
    this.token = null;
    this.credentials = null;
    this.tokens.clear();
  }

  async #login() {
    const { platform } = this.transport;
    const { appId, code, sealed } = await loginCode(platform);
    // The old token rides along: while it is valid, it stays.
    let answer = await this.transport.call('login', OPERATIONS.login, { appId, code }, this.token);
    if (answer.status === 1) {
      const user = { appId, code, encryptedData: sealed?.encryptedData, iv: sealed?.iv };
      answer = await this.transport.call('register', OPERATIONS.register, user, null);
    }
    this.token = answer.token;
    this.tokens.save(answer.token);
    const room =
      answer.login_type === 1
        ? { liveId: answer.live_id, groupId: answer.group_id, userType: answer.user_type }
        : null;
    this.credentials = {
      userId: answer.user_id,
      userSig: answer.user_sign,
      sdkAppId: answer.sdk_app_id,
      room,
    };
    for (const listener of this.listeners) listener(this.credentials);
    return this.credentials;
  }
}

/** @param {Platform} platform */
async function loginCode(platform) {
  try {
    return await platform.getLoginCode();
  } catch (cause) {
    throw new QliveError({ code: 'platform', message: '微信登录失败，请稍后再试', cause });
  }
}
