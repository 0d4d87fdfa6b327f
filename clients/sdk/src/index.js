export { Qlive } from './client.js';
export { QliveError } from './errors.js';
export { Room } from './room.js';
export { makeRequestId } from './ids.js';
export { OPERATIONS } from './operations.js';
export { storedToken } from './session.js';
export { sandboxIm } from './im/sandbox.js';
export { tencentIm } from './im/tencent.js';
export { memoryStorage, web } from './platforms/web.js';
export { wechat } from './platforms/wechat.js';

/** @typedef {import('./session.js').Credentials} Credentials */
/** @typedef {import('./room.js').RoomState} RoomState */
/** @typedef {import('./im/adapter.js').ImAdapter} ImAdapter */
/** @typedef {import('./platform.js').Platform} Platform */
/** @typedef {import('./client.js').Movement} Movement */
/** @typedef {import('./client.js').Withdrawal} Withdrawal */
