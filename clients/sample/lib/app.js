/**
 * What the pages share: the client of the user, and the login that they wait for.
 * @typedef {object} SampleApp
 * @property {import('qlive').Qlive} qlive
 * @property {Promise<import('qlive').Credentials>} ready
 */

/** The running mini-program. @returns {SampleApp} */
function theApp() {
  return /** @type {any} */ (getApp());
}

module.exports = { theApp };
