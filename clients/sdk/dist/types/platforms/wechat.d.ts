/**
 * @module A WeChat mini-program.
 */
/** @typedef {import('../platform.js').Platform} Platform */
/**
 * @param {any} wx the global object of mini-programs
 * @param {object} [options]
 * @param {string} [options.appId] by default that of the running mini-program
 * @returns {Platform}
 */
export function wechat(wx: any, { appId }?: {
    appId?: string | undefined;
}): Platform;
export type Platform = import("../platform.js").Platform;
