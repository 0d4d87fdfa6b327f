/** @typedef {import('../platform.js').Platform} Platform */
/** @typedef {import('../platform.js').EventListener} EventListener */
/**
 * @param {object} options
 * @param {string} options.appId
 * @param {() => Promise<{ code: string, sealed?: import('../platform.js').SealedProfile }>}
 *   options.getLoginCode stands in for `wx.login`
 * @param {(payment: import('../platform.js').PaymentSheet) => Promise<void>} [options.pay]
 * @param {(sheet: import('../platform.js').TransferSheet) => Promise<void>} [options.confirmTransfer]
 * @param {import('../platform.js').Storage} [options.storage] by default the browser's, in Node none
 * @param {typeof globalThis.fetch} [options.fetch]
 * @returns {Platform}
 */
export function web({ appId, getLoginCode, pay, confirmTransfer, storage, fetch: given }: {
    appId: string;
    getLoginCode: () => Promise<{
        code: string;
        sealed?: import("../platform.js").SealedProfile;
    }>;
    pay?: ((payment: import("../platform.js").PaymentSheet) => Promise<void>) | undefined;
    confirmTransfer?: ((sheet: import("../platform.js").TransferSheet) => Promise<void>) | undefined;
    storage?: import("../platform.js").Storage | undefined;
    fetch?: typeof fetch | undefined;
}): Platform;
/** @returns {import('../platform.js').Storage} */
export function memoryStorage(): import("../platform.js").Storage;
export type Platform = import("../platform.js").Platform;
export type EventListener = import("../platform.js").EventListener;
