/**
 * @param {number} status
 * @param {string} code
 * @returns {Action}
 */
export function actionFor(status: number, code: string): Action;
/**
 * @module The one error of the client.
 */
/**
 * What an application does about an error:
 * - `retry`: the call may succeed later, unchanged;
 * - `login`: the user must log in again, which the client has already tried once;
 * - `fix`: a parameter is wrong, `field` names it;
 * - `show`: say what `message` says, the state forbids the call;
 * - `report`: a fault of the server or of this client.
 * @typedef {'retry' | 'login' | 'fix' | 'show' | 'report'} Action
 */
/** The status of an error that no server answered. */
export const NO_STATUS: 0;
/** Every failure of a call: an answer that is an error, no answer, or a refusal by the platform. */
export class QliveError extends Error {
    /**
     * @param {object} failure
     * @param {string} failure.code the server's code, or one of the client: `timeout`, `offline` or
     *   `aborted` when no server answered, `unreadable` when another program did, `cancelled` when
     *   the user has closed a sheet, `platform` when WeChat has refused, `im` when IM has
     * @param {string} failure.message one sentence, fit to show the user
     * @param {number} [failure.status] the HTTP status; 0 when no server answered
     * @param {string} [failure.field] the parameter at fault
     * @param {string} [failure.traceId] the number of the request in the server's log
     * @param {number} [failure.retryAfter] seconds to wait before the next try
     * @param {unknown} [failure.cause] what the platform reported
     */
    constructor({ code, message, status, field, traceId, retryAfter, cause }: {
        code: string;
        message: string;
        status?: number | undefined;
        field?: string | undefined;
        traceId?: string | undefined;
        retryAfter?: number | undefined;
        cause?: unknown;
    });
    code: string;
    status: number;
    field: string | undefined;
    traceId: string | undefined;
    retryAfter: number | undefined;
    cause: unknown;
    /** @type {Action} */
    action: Action;
}
/**
 * What an application does about an error:
 * - `retry`: the call may succeed later, unchanged;
 * - `login`: the user must log in again, which the client has already tried once;
 * - `fix`: a parameter is wrong, `field` names it;
 * - `show`: say what `message` says, the state forbids the call;
 * - `report`: a fault of the server or of this client.
 */
export type Action = "retry" | "login" | "fix" | "show" | "report";
