/**
 * @param {any} TencentCloudChat the default export of the SDK
 * @param {object} [options]
 * @param {string} [options.proxyServer] `ws://` or `wss://` URL of a stand-in
 * @returns {ImAdapter}
 */
export function tencentIm(TencentCloudChat: any, { proxyServer }?: {
    proxyServer?: string | undefined;
}): ImAdapter;
export type ImAdapter = import("./adapter.js").ImAdapter;
export type ImMessage = import("./adapter.js").ImMessage;
export type ImState = import("./adapter.js").ImState;
