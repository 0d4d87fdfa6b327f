/**
 * @param {object} options
 * @param {string} options.url of the sandbox
 * @param {Platform} options.platform
 * @returns {ImAdapter & { drop: () => void }} `drop` cuts the connection, as a lost network does
 */
export function sandboxIm({ url, platform }: {
    url: string;
    platform: Platform;
}): ImAdapter & {
    drop: () => void;
};
export type ImAdapter = import("./adapter.js").ImAdapter;
export type ImMessage = import("./adapter.js").ImMessage;
export type ImState = import("./adapter.js").ImState;
export type Platform = import("../platform.js").Platform;
/**
 * The login that runs.
 */
export type Account = {
    userId: string;
    userSig: string;
    groups: Set<string>;
    /**
     * the sandbox's name for it
     */
    session: string | null;
};
