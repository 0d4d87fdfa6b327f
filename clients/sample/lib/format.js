/** What a person of this gender is called. @param {number} gender */
function genderName(gender) {
  return gender === 1 ? '男嘉宾' : '女嘉宾';
}

/** A price in yuan as it is shown. @param {number} yuan */
function price(yuan) {
  return Number.isInteger(yuan) ? String(yuan) : yuan.toFixed(2);
}

/** A moment in epoch milliseconds as `07-24 14:11`. @param {number} millis */
function shortTime(millis) {
  const at = new Date(millis);
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0');
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A sum with its sign. @param {number} amount */
function signed(amount) {
  return amount > 0 ? `+${amount}` : String(amount);
}

/** @typedef {import('qlive').Movement} Movement */

/** @type {Record<Movement['kind'], string>} */
const ENTRY_KINDS = {
  recharge: '充值',
  grant: '平台赠送',
  gift_sent: '送出礼物',
  gift_received: '收到礼物',
  refund: '退款',
  refund_returned: '退款未成，金币退回',
  withdraw: '提现',
  withdraw_returned: '提现未成，收益退回',
  correction: '更正',
};

/** What a line of the wallet is called. @param {Movement['kind']} kind */
function entryKind(kind) {
  return ENTRY_KINDS[kind] || kind;
}

/** @type {Record<string, string>} */
const WITHDRAWAL_STATES = {
  review: '审核中',
  confirm: '待确认收款',
  paying: '打款中',
  paid: '已到账',
  rejected: '未通过',
  failed: '打款失败，已退回',
  expired: '超时未确认，已退回',
};

/** What the state of a withdrawal is called. @param {string} state */
function withdrawalState(state) {
  return WITHDRAWAL_STATES[state] || state;
}

module.exports = { entryKind, genderName, price, shortTime, signed, withdrawalState };
