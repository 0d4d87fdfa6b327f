import './support/browser_globals.js';

import { createRequire } from 'node:module';

import { tencentIm } from '../src/index.js';
import { testAdapter } from './support/conformance.js';

const TencentCloudChat = createRequire(import.meta.url)('@tencentcloud/chat');

testAdapter("Tencent's SDK", (server) =>
  tencentIm(TencentCloudChat, { proxyServer: server.sandbox.replace(/^http/, 'ws') }),
);
