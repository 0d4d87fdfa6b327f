/**
 * @module A room that the user is in: its seats, its messages, and what the user does in it.
 */

import { Emitter } from './emitter.js';
import { QliveError } from './errors.js';
import { makeRequestId } from './ids.js';
import { Sequence, readMessage } from './messages.js';

/** @typedef {import('./client.js').Qlive} Qlive */
/** @typedef {import('./messages.js').RoomMessage} RoomMessage */
/** @typedef {import('./im/adapter.js').ImMessage} ImMessage */
/** @typedef {'male' | 'female'} SeatName */

/**
 * A guest or host as the server describes them.
 * @typedef {object} Person
 * @property {string} user_id
 * @property {string} nickname
 * @property {string} face_url
 * @property {string} play_url
 * @property {string} area
 * @property {number} age
 */

/**
 * @typedef {object} RoomState
 * @property {number} userType 1 watching, 2 applied, 3 and 4 on the mic, 5 host; 0 not in the room
 * @property {Person | null} male
 * @property {Person | null} female
 * @property {Person | null} owner null while the host is gone
 * @property {number[]} num men applied, all men, women applied, all women
 * @property {string} pushUrl where this user publishes; empty when they do not
 */

/**
 * @typedef {object} RoomEvents
 * @property {RoomState} state the room has changed; comes after the event that says how
 * @property {{ seat: SeatName, guest: Person | null, userId: string | null }} seat a seat was taken,
 *   or left by the user with this id; once for each change
 * @property {number[]} num how many have applied; for the host
 * @property {any} gift
 * @property {{ from: string, text: string }} say a comment
 * @property {{ reason: string | null }} over the broadcast is over; with the reason `removed` for this
 *   user only
 * @property {{ from: number, to: number }} gap the messages with these numbers did not come; what
 *   they said has been made up for
 * @property {{}} invite the host invites this user to the mic
 * @property {{ reason: string | null }} kickout the host has put this user down
 * @property {{ text: string }} warning an operator warns this user; show the text
 * @property {{ userId: string, answer: string }} response a guest answered an invitation; for the
 *   host
 */

/** How often a stage that was overtaken while it was asked for is asked for again, at once. */
const SYNC_ATTEMPTS = 3;
/** How long a number may be late, in milliseconds, before it counts as missing. */
const LATE = 700;
/** How often a room asks whether it has missed the last message, in milliseconds. */
const SYNC_INTERVAL = 15000;

/** Why a user is put out who may not enter this broadcast again. */
const REMOVED = 'removed';

const GENDER_OF_SEAT = { male: 1, female: 2 };
const ON_THE_MIC = [3, 4];

/** A room that the user has entered. @extends {Emitter<RoomEvents>} */
export class Room extends Emitter {
  /**
   * Use `Qlive.enter` and `Qlive.host`.
   * @param {Qlive} qlive
   * @param {'enter' | 'host'} way how it was entered, and is entered again
   */
  constructor(qlive, way) {
    super();
    this.qlive = qlive;
    this.way = way;
    this.liveId = 0;
    this.group = '';
    this.name = '';
    this.presence = 0;
    /** Whether the user is in the room, as far as is known here. */
    this.isOpen = false;
    /** Whether it is over or was left, for good. */
    this.isClosed = false;
    /** Whether another login has taken the user's messages. Nothing is done by itself then. */
    this.isSuspended = false;
    /** Messages that have come while the room was opened. @type {ImMessage[]} */
    this.early = [];
    /** Grows when something that the user does begins or ends. */
    this.acts = 0;
    this.sequence = new Sequence(0);
    /** Whether `sequence` has begun to count. */
    this.isSynced = false;
    /** @type {RoomState} */
    this.state = { userType: 0, male: null, female: null, owner: null, num: [], pushUrl: '' };
    /** @type {any} */
    this.lateTimer = null;
    /** @type {any} */
    this.syncTimer = null;
    /** @type {Promise<void> | null} */
    this.syncUnderWay = null;
  }

  /**
   * Enters, joins the group, and learns the stage and what was missed. Entering again is the same.
   * Does nothing more once the room is closed.
   * @param {number | null} liveId null for the host's own room
   */
  async open(liveId) {
    /** @type {any} */
    const entered =
      this.way === 'host' || liveId === null
        ? await this.qlive.call('matchmaker_enter')
        : await this.qlive.call('get_playurl', { live_id: liveId });
    if (this.way === 'host' && entered.status !== 'ok') {
      throw new QliveError({ code: 'banned', message: '账号已被封禁', status: 403 });
    }
    if (this.isClosed) return;
    this.liveId = entered.live_id;
    this.group = entered.group_id;
    this.presence = entered.presence;
    this.name = this.way === 'host' ? entered.nickname : entered.room_name;
    await this.qlive.joinGroup(this.group);
    if (this.isClosed) return;
    await this.#sync();
    if (this.isClosed) return;
    this.isOpen = true;
    const { early } = this;
    this.early = [];
    for (const message of early) this.receive(message);
    this.#scheduleSync();
  }

  /** Applies for the mic. */
  async apply() {
    await this.#act(async () => {
      await this.#ask('apply_micro');
      this.#setUserType(2);
    });
  }

  /**
   * Takes the seat of one's gender. Returns false if somebody else was faster.
   * @returns {Promise<boolean>}
   */
  takeMic() {
    return this.#act(async () => {
      /** @type {any} */
      const answer = await this.#ask('accept_micro');
      if (answer.code !== 'success') return false;
      const { push_url: pushUrl, gender, code: _code, ...guest } = answer;
      const seat = gender === GENDER_OF_SEAT.male ? 'male' : 'female';
      this.state = { ...this.state, userType: seat === 'male' ? 3 : 4, pushUrl };
      this.#setSeat(seat, guest);
      return true;
    });
  }

  /** Refuses an invitation, or takes an application back. */
  async refuse() {
    await this.#act(async () => {
      await this.#ask('refuse_micro');
      this.#setUserType(1);
    });
  }

  /** Leaves the mic. */
  async leaveMic() {
    await this.#act(async () => {
      const seat = this.state.userType === 3 ? 'male' : 'female';
      await this.#leaveSeat(seat, this.qlive.userId);
      this.state = { ...this.state, userType: 1, pushUrl: '' };
      this.#setSeat(seat, null);
    });
  }

  /**
   * Puts the guest of a seat down; for the host.
   * @param {SeatName} seat
   */
  async putDown(seat) {
    const guest = this.state[seat];
    if (guest) await this.#leaveSeat(seat, guest.user_id);
  }

  /**
   * Invites somebody to the mic; for the host.
   * @param {string} userId
   */
  async invite(userId) {
    await this.qlive.call('invite_micro', { live_id: this.liveId, user_id: userId });
  }

  /**
   * Declines an application; for the host.
   * @param {string} userId
   */
  async decline(userId) {
    await this.qlive.call('decline_micro', { live_id: this.liveId, user_id: userId });
  }

  /**
   * Mutes somebody in all rooms of this host; for the host. Zero seconds lift it.
   * @param {string} userId
   * @param {number} seconds at most 86,400
   */
  async mute(userId, seconds) {
    await this.qlive.call('mute', { live_id: this.liveId, user_id: userId, seconds });
  }

  /**
   * Removes somebody from the broadcast, who cannot enter it again; for the host.
   * @param {string} userId
   */
  async remove(userId) {
    await this.qlive.call('remove', { live_id: this.liveId, user_id: userId });
  }

  /**
   * Those who watch and apply, 8 a page.
   * @param {SeatName} gender
   * @param {number} [page]
   * @returns {Promise<{ user_id: string, nickname: string, face_url: string, state: number }[]>}
   */
  audience(gender, page = 1) {
    const params = { live_id: this.liveId, gender: GENDER_OF_SEAT[gender], page };
    return this.qlive.call('get_users_info', params);
  }

  /**
   * Gives a gift in this room. Repeated until an answer comes, and paid once.
   * @param {{ to: string, gift: number, num?: number, requestId?: string }} gift
   * @returns {Promise<{ sent: boolean, gold: number, income: number }>} `sent` is false when the
   *   gold does not suffice
   */
  async give({ to, gift, num = 1, requestId = makeRequestId() }) {
    const answer = await this.qlive.call('push_gift', {
      user_id: to,
      gift_id: gift,
      num,
      request_id: requestId,
      live_id: this.liveId,
    });
    return { sent: answer.code === 'success', gold: answer.gold, income: answer.income };
  }

  /**
   * Says something to the room.
   * @param {string} text
   */
  async say(text) {
    const message = JSON.stringify({ type: 'message', content: text });
    await this.qlive.sendToGroup(this.group, message);
    this.emit('say', { from: this.qlive.userId, text });
  }

  /** Leaves the room. The host's leaving ends the broadcast. */
  leave() {
    this.close();
    return this.qlive.inTurn(async () => {
      try {
        await this.qlive.call('leave_room', { live_id: this.liveId, presence: this.presence });
      } finally {
        // The server learns from IM too who has left.
        await this.qlive.quitGroup(this.group);
      }
    });
  }

  /** Ends the broadcast; for the host. */
  async end() {
    await this.#ask('live_end');
    this.#end(null);
  }

  /**
   * Brings the room up to date, after the application was in the background or offline. Enters
   * again when the server has removed the user meanwhile; a host's broadcast is over then.
   */
  async resume() {
    if (!this.isOpen || this.isSuspended) return;
    try {
      await this.sync();
    } catch (error) {
      // Whoever has left meanwhile need not know.
      if (!this.isOpen || this.isSuspended) return;
      const wasRemoved =
        error instanceof QliveError && ['members_only', 'not_in_room'].includes(error.code);
      if (!wasRemoved) throw error;
      if (this.way === 'host') this.#end(null);
      else await this.#enterAgain();
    }
  }

  /** Another login has taken the user's messages, and perhaps the user to another room. */
  suspend() {
    this.isSuspended = true;
    clearTimeout(this.lateTimer);
    clearTimeout(this.syncTimer);
    this.lateTimer = null;
  }

  /** Messages come again. */
  wake() {
    if (!this.isOpen) return;
    this.isSuspended = false;
    this.#scheduleSync();
    this.#syncQuietly();
  }

  /**
   * Asks the server for the room as it is, and for what was missed.
   * @returns {Promise<void>}
   */
  sync() {
    this.syncUnderWay ??= this.#sync().finally(() => {
      this.syncUnderWay = null;
    });
    return this.syncUnderWay;
  }

  /**
   * Takes a message from IM. The client calls it.
   * @param {import('./im/adapter.js').ImMessage} message
   */
  receive(message) {
    if (this.isClosed || (message.group !== null && message.group !== this.group)) return;
    if (!this.isOpen) {
      this.early.push(message);
      return;
    }
    const read = readMessage(message);
    if (read === null) return;
    // The server warns one user, never a group.
    if (read.type === 'warning' && message.group !== null) return;
    if (message.group !== null) {
      if (!this.sequence.note(read)) return;
    } else if (!this.#isForThisRoom(read) || !this.sequence.note({ id: read.id, seq: null })) {
      return;
    }
    this.#handle(read);
    const isBehind = read.seq !== null && message.group === null && read.seq > this.sequence.last;
    if (this.sequence.hasGap || isBehind) this.#scheduleLate();
  }

  /** Stops to listen, for good. */
  close() {
    this.isOpen = false;
    this.isClosed = true;
    clearTimeout(this.lateTimer);
    clearTimeout(this.syncTimer);
    this.qlive.forgetRoom(this);
  }

  /** @param {RoomMessage} message */
  #isForThisRoom({ content }) {
    const group = content?.group_id;
    return group === undefined || group === this.group;
  }

  /** @param {RoomMessage} message */
  #handle({ type, content, reason, from }) {
    switch (type) {
      case 'reset':
        this.#handleSeat(content);
        break;
      case 'num':
        this.state = { ...this.state, num: content.num_list };
        this.emit('num', content.num_list);
        this.emit('state', this.state);
        break;
      case 'gift':
        this.emit('gift', content);
        break;
      case 'over':
        this.#end(reason);
        break;
      case 'invite':
        this.emit('invite', {});
        break;
      case 'kickout':
        this.#setUserType(1);
        this.emit('kickout', { reason });
        if (reason === REMOVED) this.#end(reason);
        break;
      case 'warning':
        this.emit('warning', { text: String(content.text) });
        break;
      case 'response':
        this.emit('response', { userId: content.user_id, answer: content.data });
        break;
      case 'message':
        this.emit('say', { from, text: String(content) });
        break;
      default:
    }
  }

  /** @param {any} content */
  #handleSeat({ content_type: kind, gender, user_id: userId, ...guest }) {
    const seat = gender === GENDER_OF_SEAT.male ? 'male' : 'female';
    const isSeated = this.state[seat]?.user_id === userId;
    if (isSeated === (kind === 'on')) return;
    if (userId === this.qlive.userId) {
      // What the user did since may have been answered before this message came: ask for the stage.
      this.#syncQuietly();
    } else {
      this.#setSeat(seat, kind === 'on' ? { ...guest, user_id: userId } : null);
    }
  }

  /**
   * @param {SeatName} seat
   * @param {Person | null} guest
   */
  #setSeat(seat, guest) {
    const before = this.state[seat];
    this.state = { ...this.state, [seat]: guest };
    const wasMine = before?.user_id === this.qlive.userId && guest === null;
    if (wasMine && ON_THE_MIC.includes(this.state.userType)) {
      this.state = { ...this.state, userType: 1, pushUrl: '' };
    }
    if (before?.user_id !== guest?.user_id) {
      this.emit('seat', { seat, guest, userId: guest ? null : (before?.user_id ?? null) });
    }
    this.emit('state', this.state);
  }

  /** @param {number} userType */
  #setUserType(userType) {
    const isOnStage = userType >= 3;
    this.state = { ...this.state, userType, pushUrl: isOnStage ? this.state.pushUrl : '' };
    this.emit('state', this.state);
  }

  /**
   * Takes over the stage as the server has it.
   * @param {any} stage
   */
  #setStage({ male, female, owner, user_type: userType, push_url: pushUrl, num_list: num }) {
    this.state = { ...this.state, userType, num, owner: person(owner), pushUrl };
    const seats = /** @type {[SeatName, any][]} */ ([['male', male], ['female', female]]);
    for (const [seat, now] of seats) {
      if (person(now)?.user_id !== this.state[seat]?.user_id) this.#setSeat(seat, person(now));
    }
    this.emit('state', this.state);
  }

  async #sync() {
    for (let attempt = 1; !this.isClosed && attempt <= SYNC_ATTEMPTS; attempt += 1) {
      const { acts } = this;
      const since = this.sequence.last;
      const params = { live_id: this.liveId, since: this.isSynced ? since : undefined };
      const answer = await this.qlive.call('sync', params);
      if (this.isClosed) return;
      const isOvertaken = acts !== this.acts || answer.seq < this.sequence.last;
      // At the first time there is nothing that was missed.
      const missed = this.isSynced ? this.#handleMissed(/** @type {any[]} */ (answer.events)) : 0;
      if (this.isClosed) return;
      this.sequence.catchUp(answer.seq);
      this.isSynced = true;
      if (missed > 0) this.emit('gap', { from: since + 1, to: answer.seq });
      if (isOvertaken) continue;
      this.#setStage(answer);
      return;
    }
  }

  /**
   * Handles the messages that have not come. Returns how many there were.
   * @param {any[]} events
   */
  #handleMissed(events) {
    let missed = 0;
    for (const { id, seq, message } of events) {
      if (this.isClosed || !this.sequence.note({ id, seq })) continue;
      missed += 1;
      // Seats are taken over from the stage, as they are now.
      const read = { ...message, id, seq, from: '', broadcastId: null, at: null, reason: null };
      if (message.type !== 'reset') this.#handle(read);
    }
    return missed;
  }

  /** Enters the room again that the server has removed this user from. */
  async #enterAgain() {
    try {
      await this.qlive.inTurn(async () => {
        if (this.isOpen) await this.open(this.liveId);
      });
    } catch (error) {
      if (error instanceof QliveError && ['not_live', 'unknown_room', REMOVED].includes(error.code)) {
        this.#end(error.code === REMOVED ? REMOVED : null);
        return;
      }
      throw error;
    }
  }

  /** @param {string | null} reason */
  #end(reason) {
    if (this.isClosed) return;
    this.state = { ...this.state, userType: 0, male: null, female: null, pushUrl: '' };
    this.close();
    this.emit('over', { reason });
    this.emit('state', this.state);
    this.qlive.quitGroup(this.group).catch(() => {
      // The group is left with the connection.
    });
  }

  /** Looks for missing numbers when they had time to come. */
  #scheduleLate() {
    if (this.lateTimer !== null) return;
    this.lateTimer = setTimeout(() => {
      this.lateTimer = null;
      this.#syncQuietly();
    }, LATE);
  }

  #scheduleSync() {
    clearTimeout(this.syncTimer);
    this.syncTimer = setTimeout(() => {
      this.#syncQuietly().finally(() => {
        if (this.isOpen && !this.isSuspended) this.#scheduleSync();
      });
    }, SYNC_INTERVAL);
  }

  async #syncQuietly() {
    try {
      await this.resume();
    } catch (error) {
      // Without an answer the next time tells.
      this.qlive.reportError(error);
    }
  }

  /**
   * Does something for the user. A stage that was asked for meanwhile may be older than that.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #act(work) {
    this.acts += 1;
    try {
      return await work();
    } finally {
      this.acts += 1;
    }
  }

  /** @param {'apply_micro' | 'accept_micro' | 'refuse_micro' | 'live_end'} operation */
  #ask(operation) {
    return this.qlive.call(operation, { live_id: this.liveId, presence: this.presence });
  }

  /**
   * @param {SeatName} seat
   * @param {string} userId
   */
  async #leaveSeat(seat, userId) {
    const mine = userId === this.qlive.userId;
    await this.qlive.call('leave_micro', {
      live_id: this.liveId,
      user_id: userId,
      gender: GENDER_OF_SEAT[seat],
      presence: mine ? this.presence : undefined,
    });
  }
}

/**
 * @param {any} described
 * @returns {Person | null}
 */
function person(described) {
  return described && described.user_id ? described : null;
}
