/**
 * Keeps the token in the platform's storage.
 * @param {import('./platform.js').Storage} storage
 * @returns {TokenStore}
 */
export function storedToken(storage: import("./platform.js").Storage): TokenStore;
/** The session of one user. */
export class Session {
    /**
     * @param {Transport} transport
     * @param {TokenStore} tokens
     */
    constructor(transport: Transport, tokens: TokenStore);
    transport: import("./transport.js").Transport;
    tokens: TokenStore;
    token: string | null;
    /** @type {Credentials | null} */
    credentials: Credentials | null;
    /** @type {Promise<Credentials> | null} */
    loginUnderWay: Promise<Credentials> | null;
    /** @type {((credentials: Credentials) => void)[]} */
    listeners: ((credentials: Credentials) => void)[];
    /**
     * Logs in, and registers a user whom the server does not know. Calls that come meanwhile wait for
     * the same login.
     * @returns {Promise<Credentials>}
     */
    login(): Promise<Credentials>;
    /**
     * Makes a call with the token. When the server refuses the token, logs in once and calls again.
     * @param {keyof typeof OPERATIONS} name
     * @param {import('./transport.js').Params} params
     */
    call(name: keyof typeof OPERATIONS, params: import("./transport.js").Params): Promise<any>;
    /**
     * Calls `listener` after each login: IM has to log in again too.
     * @param {(credentials: Credentials) => void} listener
     */
    onLogin(listener: (credentials: Credentials) => void): void;
    /** Forgets the token. */
    forget(): void;
    #private;
}
export type Transport = import("./transport.js").Transport;
export type Platform = import("./platform.js").Platform;
/**
 * Where a token is kept between two starts of the application.
 */
export type TokenStore = {
    load: () => string | null;
    save: (token: string) => void;
    clear: () => void;
};
export type Credentials = {
    userId: string;
    /**
     * signs in to IM; empty for a banned user
     */
    userSig: string;
    sdkAppId: number;
    /**
     * the room that the
     * user is still in
     */
    room: {
        liveId: number;
        groupId: string;
        userType: number;
    } | null;
};
import { OPERATIONS } from './operations.js';
