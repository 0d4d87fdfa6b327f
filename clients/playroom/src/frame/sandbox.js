/**
 * @module Calls of the sandbox's control paths, which act for people and switch faults.
 */

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

  /** @param {string} number @param {object} content */
  pay(number, content) {
    return this.#post(`pay/${number}`, content);
  }

  /** @param {string} number */
  confirmTransfer(number) {
    return this.#post(`transfers/${number}`, { do: 'confirm' });
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
