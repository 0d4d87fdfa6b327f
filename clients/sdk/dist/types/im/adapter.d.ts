/**
 * A message as it came.
 */
export type ImMessage = {
    /**
     * the account that sent it
     */
    from: string;
    /**
     * the group; null for a message to this account
     */
    group: string | null;
    text: string;
    /**
     * the data beside the text
     */
    custom: string;
};
/**
 * - `ready`: connected and logged in;
 * - `lost`: not connected, the adapter tries again by itself;
 * - `kicked`: another login of the account has ended this one;
 * - `expired`: the signature is out of date, a login with a new one is needed.
 */
export type ImState = "ready" | "lost" | "kicked" | "expired";
export type ImAdapter = {
    /**
     *   resolves when the account is logged in; whoever was in groups joins them again
     */
    login: (account: {
        sdkAppId: number;
        userId: string;
        userSig: string;
    }) => Promise<void>;
    logout: () => Promise<void>;
    join: (group: string) => Promise<void>;
    quit: (group: string) => Promise<void>;
    /**
     *   rejects when a before-callback refuses the message
     */
    send: (to: {
        group: string;
    } | {
        account: string;
    }, text: string) => Promise<void>;
    onMessage: (listener: (message: ImMessage) => void) => () => void;
    onState: (listener: (state: ImState) => void) => () => void;
};
