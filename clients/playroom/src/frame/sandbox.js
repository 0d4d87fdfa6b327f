/**
 * @module Calls of the sandbox's control paths, which act for people and switch faults.
 */

/** @typedef {'lost' | 'late' | 'doubled'} Notice */

export class Sandbox {
  /** @param {string} url without a trailing slash */
  constructor(url) {
    this.url = url;
  }

  /** What registers a user. @param {Record<string, string>} profile */
  profile(profile) {
    return this.#get(`profile?${new URLSearchParams(profile)}`);
  }

  /** Messages that IM has received, oldest first. */
  messages() {
    return this.#get('messages');
  }

  state() {
    return this.#get('state');
  }

  /** @param {string} userId @param {'start' | 'stop'} change */
  stream(userId, change) {
    return this.#post(`clients/${userId}`, { stream: change });
  }

  /**
   * Pays an order.
   * @param {string} number
   * @param {object} content what the payment sheet was given
   * @param {Notice} [notice] what happens to WeChat's notice of it
   */
  async pay(number, content, notice) {
    if (notice) {
      // Virtual payment tells by a message push, WeChat Pay by a notice of its own.
      const path = 'signData' in content ? '/wx_notify/' : '/pay_notify/';
      await this.addFault({ path, notice, times: 1 });
    }
    await this.#post(`pay/${number}`, content);
  }

  /** @param {string} packageInfo what the sheet of the payout was given */
  confirmTransfer(packageInfo) {
    return this.#post(`transfers/${encodeURIComponent(packageInfo)}`, { do: 'confirm' });
  }

  /** @param {object} fault as `POST /sandbox/faults` takes it */
  addFault(fault) {
    return this.#post('faults', fault);
  }

  async clearFaults() {
    await fetch(`${this.url}/sandbox/faults`, { method: 'DELETE' });
  }

  /** @param {string} path */
  async #get(path) {
    return read(await fetch(`${this.url}/sandbox/${path}`));
  }

  /** @param {string} path @param {object} body */
  async #post(path, body) {
    const headers = { 'Content-Type': 'application/json' };
    const options = { method: 'POST', headers, body: JSON.stringify(body) };
    return read(await fetch(`${this.url}/sandbox/${path}`, options));
  }
}

/** @param {Response} answer */
async function read(answer) {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}
