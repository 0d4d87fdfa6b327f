/**
 * @module The messages of a room: reading them, and telling what was missed and what came twice.
 */

/** @typedef {import('./im/adapter.js').ImMessage} ImMessage */

/**
 * A message of the server or of a member, as a room's listeners get it.
 * @typedef {object} RoomMessage
 * @property {string} type
 * @property {any} content
 * @property {string} from
 * @property {number | null} id unique among the server's messages
 * @property {number | null} seq its number among the messages to the group
 * @property {number | null} broadcastId
 * @property {number | null} at epoch milliseconds
 * @property {string | null} reason of `over` and `kickout`
 */

/** How many ids are remembered, to drop what comes twice. */
const REMEMBERED = 500;

/**
 * @param {ImMessage} message
 * @returns {RoomMessage | null} null for what is no message of a room
 */
export function readMessage({ text, custom, from }) {
  const body = parseObject(text);
  if (body === null || typeof body.type !== 'string') return null;
  const data = parseObject(custom) ?? {};
  const number = (/** @type {unknown} */ value) => (typeof value === 'number' ? value : null);
  return {
    type: body.type,
    content: body.content,
    from,
    id: number(data.id),
    seq: number(data.seq),
    broadcastId: number(data.broadcast_id),
    at: number(data.at),
    reason: typeof data.reason === 'string' ? data.reason : null,
  };
}

/** @param {string} text */
function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/**
 * The order of a group's messages. Seats and gifts come through two lanes, so a number may be
 * late without being lost; what is still missing after a moment is a gap.
 */
export class Sequence {
  /** @param {number} last the number up to which everything is known */
  constructor(last) {
    this.last = last;
    /** @type {Set<number>} */
    this.later = new Set();
    /** @type {Set<number>} */
    this.ids = new Set();
  }

  /**
   * Notes a message. Returns whether it is new.
   * @param {{ id: number | null, seq: number | null }} message
   */
  note({ id, seq }) {
    if (id !== null) {
      if (this.ids.has(id)) return false;
      this.ids.add(id);
      if (this.ids.size > REMEMBERED) {
        for (const oldest of this.ids) {
          this.ids.delete(oldest);
          break;
        }
      }
    }
    if (seq === null) return true;
    if (seq <= this.last || this.later.has(seq)) return false;
    this.later.add(seq);
    this.#advance();
    return true;
  }

  /** Whether a number is missing below one that has come. */
  get hasGap() {
    return this.later.size > 0;
  }

  /**
   * Everything up to this number is known.
   * @param {number} seq
   */
  catchUp(seq) {
    this.last = Math.max(this.last, seq);
    for (const later of [...this.later]) {
      if (later <= this.last) this.later.delete(later);
    }
    this.#advance();
  }

  #advance() {
    while (this.later.delete(this.last + 1)) this.last += 1;
  }
}
