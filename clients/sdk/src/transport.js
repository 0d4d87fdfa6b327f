/**
 * @module One call: its deadline, its repetitions, its answer.
 */

import { QliveError } from './errors.js';

/** @typedef {import('./platform.js').Platform} Platform */
/** @typedef {import('./platform.js').PlatformAnswer} PlatformAnswer */
/** @typedef {import('./platform.js').NoAnswer} NoAnswer */
/** @typedef {import('./operations.js').Operation} Operation */
/** @typedef {Record<string, string | number | boolean | null | undefined>} Params */

/** How long a call waits for its answer, in milliseconds. */
const TIMEOUT = 8000;
/** How often a call is made at most, with its repetitions. */
const ATTEMPTS = 4;
/** The pause before the first repetition, in milliseconds; it doubles each time. */
const FIRST_PAUSE = 300;
/** The longest pause that the server may ask for, in seconds; after a longer one the call fails. */
const LONGEST_PAUSE = 5;

const NO_ANSWER_TEXTS = {
  timeout: '网络超时，请稍后再试',
  offline: '网络不可用，请检查网络',
  aborted: '请求已取消',
};

/**
 * A request as it was made, for tools that show what happens.
 * @typedef {object} RequestRecord
 * @property {string} operation
 * @property {'GET' | 'POST'} method
 * @property {string} url
 * @property {string} [body]
 * @property {number} attempt from 1 on
 * @property {number} status 0 when no server answered
 * @property {string} [code] of an error
 * @property {string} [traceId]
 * @property {number} ms
 */

/** Makes calls. Knows neither users nor rooms. */
export class Transport {
  /**
   * @param {object} options
   * @param {string} options.base the URL of the API, up to `/wx/api/qlive/`
   * @param {Platform} options.platform
   * @param {number} [options.timeout] milliseconds
   * @param {(record: RequestRecord) => void} [options.onRequest]
   * @param {(milliseconds: number) => Promise<void>} [options.sleep]
   */
  constructor({ base, platform, timeout = TIMEOUT, onRequest, sleep }) {
    this.base = base.endsWith('/') ? base : `${base}/`;
    this.platform = platform;
    this.timeout = timeout;
    this.onRequest = onRequest;
    this.sleep = sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /**
   * Calls an operation, again if that is safe and no server answered.
   * @param {string} name
   * @param {Operation} operation
   * @param {Params} params
   * @param {string | null} token
   * @returns {Promise<any>}
   */
  async call(name, operation, params, token) {
    const request = this.#request(operation, params, token);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(name, request, attempt);
      } catch (error) {
        if (!(error instanceof QliveError)) throw error;
        const pause = this.#pauseAfter(error, operation, attempt);
        if (pause === null) throw error;
        await this.sleep(pause);
      }
    }
  }

  /**
   * @param {Operation} operation
   * @param {Params} params
   * @param {string | null} token
   */
  #request({ method, path }, params, token) {
    const given = Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
    /** @type {Record<string, string>} */
    const headers = { 'Accept-Language': 'zh-CN' };
    if (token) headers.Authorization = `QLiveToken ${token}`;
    let url = this.base + path;
    if (method === 'GET') {
      const query = given.map(
        ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
      );
      if (query.length > 0) url += `?${query.join('&')}`;
      return { method, url, headers, timeout: this.timeout };
    }
    headers['Content-Type'] = 'application/json';
    const body = JSON.stringify(Object.fromEntries(given));
    return { method, url, headers, body, timeout: this.timeout };
  }

  /**
   * @param {string} name
   * @param {import('./platform.js').PlatformRequest} request
   * @param {number} attempt
   */
  async #attempt(name, request, attempt) {
    const began = Date.now();
    /** @type {PlatformAnswer | null} */
    let answer = null;
    /** @type {QliveError | null} */
    let error = null;
    try {
      answer = await this.platform.request(request);
      error = errorOf(answer);
    } catch (failure) {
      error = noAnswer(/** @type {NoAnswer} */ (failure));
    }
    const { method, url, body } = request;
    this.onRequest?.({
      operation: name,
      method,
      url,
      body,
      attempt,
      status: answer?.status ?? 0,
      code: error?.code,
      traceId: answer?.headers['x-request-id'],
      ms: Date.now() - began,
    });
    if (error) throw error;
    return answer && answer.text !== '' ? JSON.parse(answer.text) : null;
  }

  /**
   * The pause before the next attempt in milliseconds; null when there is none.
   * @param {QliveError} error
   * @param {Operation} operation
   * @param {number} attempt
   */
  #pauseAfter(error, operation, attempt) {
    // Whoever asks too often was not served, so that asking again is always safe.
    const wasRefused = error.status === 429;
    const isSafe = operation.repeat !== 'once' || wasRefused;
    if (error.action !== 'retry' || error.code === 'aborted' || !isSafe || attempt >= ATTEMPTS) {
      return null;
    }
    if (error.retryAfter !== undefined) {
      return error.retryAfter <= LONGEST_PAUSE ? error.retryAfter * 1000 : null;
    }
    return FIRST_PAUSE * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
  }
}

/**
 * The error that an answer is; null for a success.
 * @param {PlatformAnswer} answer
 */
function errorOf({ status, headers, text }) {
  if (status >= 200 && status < 300) {
    return isJson(text) ? null : unreadable(status, headers);
  }
  const body = parse(text);
  if (body === null || typeof body.code !== 'string') return unreadable(status, headers);
  const retryAfter = Number(headers['retry-after']);
  return new QliveError({
    code: body.code,
    message: String(body.detail ?? body.code),
    status,
    field: body.field,
    traceId: headers['x-request-id'],
    retryAfter: headers['retry-after'] !== undefined && retryAfter >= 0 ? retryAfter : undefined,
  });
}

/**
 * @param {number} status
 * @param {Record<string, string>} headers
 */
function unreadable(status, headers) {
  const code = 'unreadable';
  const message = '服务器开小差了，请稍后再试';
  return new QliveError({ code, message, status, traceId: headers['x-request-id'] });
}

/** @param {NoAnswer} failure */
function noAnswer({ reason, cause }) {
  const code = reason in NO_ANSWER_TEXTS ? reason : 'offline';
  return new QliveError({ code, message: NO_ANSWER_TEXTS[code], cause });
}

/** @param {string} text */
function isJson(text) {
  return text === '' || parse(text) !== null || text.trim() === 'null';
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
