/**
 * @module What the client needs of IM. `tencentIm` and `sandboxIm` implement it, and pass the same
 * tests.
 */

/**
 * A message as it came.
 * @typedef {object} ImMessage
 * @property {string} from the account that sent it
 * @property {string | null} group the group; null for a message to this account
 * @property {string} text
 * @property {string} custom the data beside the text
 */

/**
 * - `ready`: connected and logged in;
 * - `lost`: not connected, the adapter tries again by itself;
 * - `kicked`: another login of the account has ended this one;
 * - `expired`: the signature is out of date, a login with a new one is needed.
 * @typedef {'ready' | 'lost' | 'kicked' | 'expired'} ImState
 */

/**
 * @typedef {object} ImAdapter
 * @property {(account: { sdkAppId: number, userId: string, userSig: string }) => Promise<void>} login
 *   resolves when the account is logged in; whoever was in groups joins them again
 * @property {() => Promise<void>} logout
 * @property {(group: string) => Promise<void>} join
 * @property {(group: string) => Promise<void>} quit
 * @property {(to: { group: string } | { account: string }, text: string) => Promise<void>} send
 *   rejects when a before-callback refuses the message
 * @property {(listener: (message: ImMessage) => void) => () => void} onMessage
 * @property {(listener: (state: ImState) => void) => () => void} onState
 */

export {};
