/**
 * @module Ids of requests.
 */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 24;

/**
 * A new id for a request that must not act twice. It need not be secret, only new among those of
 * its user, and mini-programs have no `crypto`.
 */
export function makeRequestId() {
  let id = Date.now().toString(36);
  while (id.length < LENGTH) id += DIGITS[Math.floor(Math.random() * DIGITS.length)];
  return id;
}
