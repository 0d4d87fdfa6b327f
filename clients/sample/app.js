const { createClient } = require('./lib/client');

const qlive = createClient();

/** @type {Promise<import('qlive').Credentials> | null} */
let login = null;

App({
  qlive,
  /** Whether the user was brought back to the room that they were in. */
  hasReturned: false,
  onLaunch() {
    // The page says what went wrong: it waits for the same login.
    this.ready().catch(() => {});
  },
  /** The login that the pages wait for; tried again when it has failed. */
  ready() {
    if (!login) {
      login = qlive.login();
      login.catch(() => {
        login = null;
      });
    }
    return login;
  },
});
