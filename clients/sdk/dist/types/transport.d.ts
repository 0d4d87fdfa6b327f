/**
 * A request as it was made, for tools that show what happens.
 * @typedef {object} RequestRecord
 * @property {string} operation
 * @property {'GET' | 'POST'} method
 * @property {string} url
 * @property {string} [body]
 * @property {number} attempt from 1 on
 * @property {number} status 0 when no server answered
 * @property {string} [code] of an error
 * @property {string} [traceId]
 * @property {number} ms
 */
/** Makes calls. Knows neither users nor rooms. */
export class Transport {
    /**
     * @param {object} options
     * @param {string} options.base the URL of the API, up to `/wx/api/qlive/`
     * @param {Platform} options.platform
     * @param {number} [options.timeout] milliseconds
     * @param {(record: RequestRecord) => void} [options.onRequest]
     * @param {(milliseconds: number) => Promise<void>} [options.sleep]
     */
    constructor({ base, platform, timeout, onRequest, sleep }: {
        base: string;
        platform: Platform;
        timeout?: number | undefined;
        onRequest?: ((record: RequestRecord) => void) | undefined;
        sleep?: ((milliseconds: number) => Promise<void>) | undefined;
    });
    base: string;
    platform: import("./platform.js").Platform;
    timeout: number;
    onRequest: ((record: RequestRecord) => void) | undefined;
    sleep: (milliseconds: number) => Promise<void>;
    /**
     * Calls an operation, again if that is safe and no server answered.
     * @param {string} name
     * @param {Operation} operation
     * @param {Params} params
     * @param {string | null} token
     * @returns {Promise<any>}
     */
    call(name: string, operation: Operation, params: Params, token: string | null): Promise<any>;
    #private;
}
export type Platform = import("./platform.js").Platform;
export type PlatformAnswer = import("./platform.js").PlatformAnswer;
export type NoAnswer = import("./platform.js").NoAnswer;
export type Operation = import("./operations.js").Operation;
export type Params = Record<string, string | number | boolean | null | undefined>;
/**
 * A request as it was made, for tools that show what happens.
 */
export type RequestRecord = {
    operation: string;
    method: "GET" | "POST";
    url: string;
    body?: string | undefined;
    /**
     * from 1 on
     */
    attempt: number;
    /**
     * 0 when no server answered
     */
    status: number;
    /**
     * of an error
     */
    code?: string | undefined;
    traceId?: string | undefined;
    ms: number;
};
