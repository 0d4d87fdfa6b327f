const { createClient } = require('./lib/client');

const qlive = createClient();

App({
  qlive,
  // Logs in at once; the pages wait for it.
  ready: qlive.login(),
});
