/**
 * What the pages share: the client of the user, and the login that they wait for.
 * @typedef {object} SampleApp
 * @property {import('qlive').Qlive} qlive
 * @property {boolean} hasReturned whether the user was brought back to the room that they were in
 * @property {() => Promise<import('qlive').Credentials>} ready the login, for pages to wait for
 */

/** The running mini-program. @returns {SampleApp} */
function theApp() {
  return /** @type {any} */ (getApp());
}

module.exports = { theApp };
