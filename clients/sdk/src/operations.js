/**
 * @module The operations of the API: one line each. A test compares them with the server's
 * description.
 */

/**
 * - `read`: changes nothing, and is repeated when no answer comes;
 * - `same`: repeating it leaves the same state, so it is repeated too;
 * - `keyed`: carries a `request_id`, which makes a repetition safe;
 * - `once`: is not repeated.
 * @typedef {'read' | 'same' | 'keyed' | 'once'} Repetition
 */

/**
 * @typedef {object} Operation
 * @property {'GET' | 'POST'} method
 * @property {string} path below the base path
 * @property {Repetition} repeat
 * @property {boolean} [open] whether it needs no token
 */

/** @typedef {import('./api.js').operations} Described */

/**
 * What an operation answers.
 * @template {keyof Described} N
 * @typedef {Described[N] extends { responses: { 200: { content: { 'application/json': infer A } } } }
 *   ? A : never} Answer
 */

/**
 * What an operation is asked.
 * @template {keyof Described} N
 * @typedef {Described[N] extends { requestBody: { content: { 'application/json': infer B } } } ? B
 *   : Described[N] extends { parameters: { query: infer Q } } ? Q
 *   : Described[N] extends { parameters: { query?: infer Q } } ? Q : {}} Ask
 */

/** @type {(method: 'GET' | 'POST', path: string, repeat: Repetition) => Operation} */
const operation = (method, path, repeat) => ({ method, path, repeat });

/** By the operation's id in the server's description. */
export const OPERATIONS = Object.freeze({
  login: { ...operation('POST', 'qlive_user/login/', 'once'), open: true },
  register: { ...operation('POST', 'qlive_user/', 'once'), open: true },
  update_userinfo: operation('POST', 'qlive_user/update_userinfo/', 'same'),
  get_userinfo: operation('GET', 'qlive_user/get_userinfo/', 'read'),
  get_user_state: operation('GET', 'qlive_user/get_user_state/', 'read'),
  logout: operation('GET', 'qlive_user/logout/', 'same'),
  wallet: operation('GET', 'qlive_user/wallet/', 'read'),
  withdraw: operation('POST', 'qlive_user/withdraw/', 'keyed'),
  get_withdrawals: operation('GET', 'qlive_user/withdrawals/', 'read'),
  get_livelist: operation('GET', 'get_livelist/', 'read'),
  get_configs: operation('GET', 'get_configs/', 'read'),
  get_playurl: operation('GET', 'get_playurl/', 'same'),
  get_users_info: operation('GET', 'qlive_user/get_users_info/', 'read'),
  matchmaker_enter: operation('POST', 'qlive_room/matchmaker_enter/', 'same'),
  apply_micro: operation('POST', 'qlive_room/apply_micro/', 'same'),
  accept_micro: operation('POST', 'qlive_room/accept_micro/', 'same'),
  refuse_micro: operation('POST', 'qlive_room/refuse_micro/', 'same'),
  invite_micro: operation('POST', 'qlive_room/invite_micro/', 'once'),
  decline_micro: operation('POST', 'qlive_room/decline_micro/', 'same'),
  mute: operation('POST', 'qlive_room/mute/', 'same'),
  remove: operation('POST', 'qlive_room/remove/', 'same'),
  block: operation('POST', 'qlive_user/block/', 'same'),
  get_blocked: operation('GET', 'qlive_user/block/', 'read'),
  report: operation('POST', 'qlive_user/report/', 'same'),
  leave_micro: operation('GET', 'qlive_room/leave_micro/', 'same'),
  leave_room: operation('GET', 'qlive_room/leave_room/', 'same'),
  live_end: operation('POST', 'qlive_room/live_end/', 'same'),
  sync: operation('GET', 'qlive_room/sync/', 'read'),
  get_gifts: operation('GET', 'qlive_gift/', 'read'),
  push_gift: operation('GET', 'qlive_gift/push_gift/', 'keyed'),
  get_like: operation('GET', 'qlive_like/', 'read'),
  set_like: operation('POST', 'qlive_like/', 'same'),
  get_blocks: operation('GET', 'qlive_pay/', 'read'),
  recharge: operation('POST', 'qlive_pay/', 'once'),
  get_order: operation('GET', 'qlive_pay/order/', 'read'),
});
