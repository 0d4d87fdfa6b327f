/**
 * @module A browser of the machine that knows no host but this machine.
 */

import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** What Chromium resolves: a picture from elsewhere must not wait for a name server. */
const RESOLVER_RULES = 'MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost';

/** Starts the browser. */
export function launchChromium() {
  const args = ['--no-sandbox', `--host-resolver-rules=${RESOLVER_RULES}`];
  return chromium.launch({ executablePath: CHROMIUM, args });
}
