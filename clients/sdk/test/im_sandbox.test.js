import { sandboxIm } from '../src/index.js';
import { testAdapter } from './support/conformance.js';
import { nodePlatform } from './support/server.js';

testAdapter('stream of events', (server) => sandboxIm({ url: server.sandbox, platform: nodePlatform() }));
