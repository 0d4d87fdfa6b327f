const { createClient } = require('./lib/client');

App({
  onLaunch() {
    const client = createClient();
    this.qlive = client;
    // Logs in at once; the pages wait for it.
    this.ready = client.login();
  },
});
