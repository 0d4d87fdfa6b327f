export { Qlive } from './client.js';
export { QliveError } from './errors.js';
export { Room } from './room.js';
export { OPERATIONS } from './operations.js';
export { storedToken } from './session.js';
export { sandboxIm } from './im/sandbox.js';
export { tencentIm } from './im/tencent.js';
export { memoryStorage, web } from './platforms/web.js';
export { wechat } from './platforms/wechat.js';
