/**
 * @module The client of one user.
 */

import { Emitter } from './emitter.js';
import { QliveError } from './errors.js';
import { makeRequestId } from './ids.js';
import { OPERATIONS } from './operations.js';
import { Room } from './room.js';
import { Session, storedToken } from './session.js';
import { Transport } from './transport.js';

/** @typedef {import('./im/adapter.js').ImAdapter} ImAdapter */
/** @typedef {import('./platform.js').Platform} Platform */
/** @typedef {import('./session.js').Credentials} Credentials */
/** @typedef {Exclude<import('./operations.js').Answer<'get_order'>, any[]>} Order */
/** @typedef {Exclude<import('./operations.js').Answer<'get_withdrawals'>, any[]>} Withdrawal */
/** @typedef {import('./operations.js').Answer<'wallet'>['results'][number]} Movement */

/**
 * @typedef {object} QliveEvents
 * @property {Credentials} login
 * @property {import('./im/adapter.js').ImState} im the state of the connection to IM
 * @property {Room} room a room was entered
 * @property {unknown} error a failure of something that the client did by itself
 */

/** How long one question about an order waits at the server, in seconds. */
const ORDER_WAIT = 5;
/** How often it is asked: some forty seconds together. */
const ORDER_QUESTIONS = 8;

/** A user of qlive. @extends {Emitter<QliveEvents>} */
export class Qlive extends Emitter {
  /**
   * @param {object} options
   * @param {string} options.base the URL of the API, up to `/wx/api/qlive/`
   * @param {Platform} options.platform `wechat(wx)` or `web()`
   * @param {ImAdapter} options.im `tencentIm(TencentCloudChat)` or `sandboxIm()`
   * @param {import('./session.js').TokenStore} [options.tokens] where the token is kept; by default
   *   in the platform's storage
   * @param {number} [options.timeout] of one call, in milliseconds
   * @param {(record: import('./transport.js').RequestRecord) => void} [options.onRequest] gets every
   *   request, for a log
   */
  constructor({ base, platform, im, tokens, timeout, onRequest }) {
    super();
    this.platform = platform;
    this.im = im;
    this.session = new Session(
      new Transport({ base, platform, timeout, onRequest }),
      tokens ?? storedToken(platform.storage),
    );
    /** @type {Room | null} */
    this.room = null;
    /** @type {Promise<void> | null} */
    this.imLogin = null;
    /** The user who is logged in to IM, and the group that they are in there. */
    this.imUser = '';
    this.joinedGroup = '';
    /** The end of the last entering or leaving: they come one after the other. */
    this.turn = Promise.resolve();
    /** Whether messages of IM come at present. */
    this.isReceiving = false;
    this.session.onLogin((credentials) => {
      // A new token does not end the login to IM.
      if (credentials.userId !== this.imUser) this.imLogin = null;
      this.emit('login', credentials);
    });
    im.onMessage((message) => this.room?.receive(message));
    im.onState((state) => {
      this.isReceiving = state === 'ready';
      if (state === 'kicked' || state === 'expired') this.imLogin = null;
      // What needs IM next logs in again.
      if (state === 'kicked') this.room?.suspend();
      if (state === 'expired') this.#quietly(this.#renewIm());
      this.emit('im', state);
      // Messages may have been missed.
      if (state === 'ready') this.room?.wake();
    });
    this.stopWatching = platform.watchVisibility({
      hide: () => this.#quietly(this.hide()),
      show: () => this.#quietly(this.show()),
    });
  }

  /** The id of the user; empty before the login. */
  get userId() {
    return this.session.credentials?.userId ?? '';
  }

  /**
   * Logs in, and registers a user whom the server does not know.
   * @returns {Promise<Credentials>}
   */
  login() {
    return this.session.login();
  }

  /**
   * Calls any operation of the API by its id in the server's description.
   * @template {keyof typeof OPERATIONS} N
   * @param {N} name
   * @param {import('./operations.js').Ask<N>} [params]
   * @returns {Promise<import('./operations.js').Answer<N>>}
   */
  call(name, params) {
    return this.session.call(name, /** @type {any} */ (params ?? {}));
  }

  /**
   * A profile; one's own without an id.
   * @param {string} [userId]
   */
  profile(userId = '') {
    return this.call('get_userinfo', { user_id: userId });
  }

  /**
   * Changes what is given of one's own profile.
   * @param {{ nickname?: string, gender?: number, age?: number, area?: string, face_url?: string,
   *   height?: number }} changes
   */
  updateProfile(changes) {
    return this.call('update_userinfo', changes);
  }

  /**
   * A page of the live rooms.
   * @param {number} [page]
   */
  liveList(page = 1) {
    return this.call('get_livelist', { page });
  }

  /** All gifts. @returns {Promise<any[]>} */
  async gifts() {
    const gifts = [];
    for (let page = 1; ; page += 1) {
      const { results, next } = await this.call('get_gifts', { page });
      gifts.push(...results);
      if (!next) return gifts;
    }
  }

  configs() {
    return this.call('get_configs');
  }

  /**
   * Blocks a user, who can then neither give to, invite nor like this one; or lifts that.
   * @param {string} userId
   * @param {boolean} [isBlocked]
   */
  async block(userId, isBlocked = true) {
    await this.call('block', { user_id: userId, block: isBlocked ? 1 : 0 });
  }

  /**
   * A page of those whom this user blocks.
   * @param {number} [page]
   */
  blocked(page = 1) {
    return this.call('get_blocked', { page });
  }

  /**
   * Reports a user to the operators.
   * @param {{ userId: string, kind: 'fraud' | 'abuse' | 'minor' | 'other', liveId?: number,
   *   text?: string }} report
   */
  async report({ userId, kind, liveId, text }) {
    await this.call('report', { user_id: userId, kind, live_id: liveId, text });
  }

  /**
   * Enters a room. Leaves the one that the user is in.
   * @param {number} liveId
   * @returns {Promise<Room>}
   */
  enter(liveId) {
    return this.#open('enter', liveId);
  }

  /** Begins or resumes one's own broadcast; for matchmakers. @returns {Promise<Room>} */
  host() {
    return this.#open('host', null);
  }

  /**
   * Likes somebody, or no longer.
   * @param {string} userId
   * @param {boolean} likes
   */
  async like(userId, likes) {
    await this.call('set_like', { user_id: userId, like_state: likes ? 1 : 0 });
  }

  /** @param {string} userId @returns {Promise<boolean>} */
  async likes(userId) {
    return (await this.call('get_like', { user_id: userId })).like_state === 1;
  }

  /** What is for sale. @returns {Promise<{ id: number, gold: number, price: number }[]>} */
  blocks() {
    return this.call('get_blocks');
  }

  /**
   * Buys gold: makes an order, lets the user pay, and waits until the gold is there.
   * @param {number} blockId
   * @returns {Promise<{ outTradeNo: string, state: string, gold: number }>} the state is `paid`,
   *   `closed`, `refunded`, or `created` when the payment is not settled yet: ask again later
   */
  async buy(blockId) {
    const content = await this.#order(blockId);
    const { provider, out_trade_no: outTradeNo, ...sheet } = content;
    try {
      await this.platform.pay({ provider, outTradeNo, content: sheet });
    } catch (cause) {
      const error = paymentError(cause);
      // The user may have paid nevertheless. WeChat is sure only of a sheet that was closed.
      const [wait, questions] = error.code === 'cancelled' ? [undefined, 1] : [ORDER_WAIT, 2];
      const order = await this.#settled(outTradeNo, wait, questions);
      if (order.state === 'created') throw error;
      return order;
    }
    return this.#settled(outTradeNo, ORDER_WAIT, ORDER_QUESTIONS);
  }

  /**
   * One's own order.
   * @param {string} outTradeNo
   * @param {number} [wait] how long the server waits for the payment, in seconds, 5 at most
   * @returns {Promise<Order>}
   */
  async order(outTradeNo, wait) {
    const order = await this.call('get_order', { out_trade_no: outTradeNo, wait });
    return /** @type {Order} */ (order);
  }

  /** One's last 20 orders, the newest first. @returns {Promise<Order[]>} */
  async orders() {
    return /** @type {Order[]} */ (await this.call('get_order'));
  }

  /**
   * A page of the movements of one's gold and income.
   * @param {number} [page]
   */
  wallet(page = 1) {
    return this.call('wallet', { page });
  }

  /**
   * Asks for a payout of income. Repeated until an answer comes, and held once.
   * @param {{ income: number, realName?: string, requestId?: string }} withdrawal
   */
  withdraw({ income, realName, requestId = makeRequestId() }) {
    return this.call('withdraw', { income, real_name: realName, request_id: requestId });
  }

  /** One's last 20 withdrawals, the newest first. @returns {Promise<Withdrawal[]>} */
  async withdrawals() {
    return /** @type {Withdrawal[]} */ (await this.call('get_withdrawals'));
  }

  /**
   * Lets the user confirm a payout whose state is `confirm`, and returns it as it is afterwards.
   * @param {number} id
   */
  async confirmWithdrawal(id) {
    const withdrawal = await this.#withdrawal(id);
    const { mch_id: mchId, app_id: appId, package_info: packageInfo } = withdrawal;
    if (!mchId || !appId || !packageInfo) return withdrawal;
    try {
      await this.platform.confirmTransfer({ mchId, appId, packageInfo });
    } catch (error) {
      // What the sheet says decides nothing.
      const after = await this.#withdrawal(id);
      if (after.state === 'confirm') throw paymentError(error);
      return after;
    }
    return this.#withdrawal(id);
  }

  /** The application goes to the background: the seat is kept for a while. */
  async hide() {
    if (this.room === null) return;
    await this.call('logout', { reason: 'hide', presence: this.room.presence });
  }

  /** The application is in front again. */
  async show() {
    await this.room?.resume();
  }

  /** Leaves the room, and logs out of IM. The token stays valid. */
  async logout() {
    const { room } = this;
    room?.close();
    await this.inTurn(async () => {
      await this.call('logout', { presence: room?.presence });
      this.imLogin = null;
      this.joinedGroup = '';
      await this.im.logout();
    });
  }

  /** Ends what runs by itself. */
  close() {
    this.stopWatching();
    this.room?.close();
  }

  /**
   * Does something after whatever enters or leaves a room now.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  inTurn(work) {
    const done = this.turn.then(work);
    this.turn = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** @param {string} group */
  async joinGroup(group) {
    await this.#loginToIm();
    if (this.joinedGroup === group) return;
    await imCommand('连不上消息服务，请稍后再试', this.im.join(group));
    this.joinedGroup = group;
  }

  /** @param {string} group */
  async quitGroup(group) {
    if (this.joinedGroup !== group) return;
    this.joinedGroup = '';
    await imCommand('连不上消息服务，请稍后再试', this.im.quit(group));
  }

  /** @param {string} group @param {string} text */
  async sendToGroup(group, text) {
    await this.#loginToIm();
    await imCommand('消息没有发出去', this.im.send({ group }, text));
  }

  /** @param {Room} room */
  forgetRoom(room) {
    if (this.room === room) this.room = null;
  }

  /** @param {unknown} error */
  reportError(error) {
    this.emit('error', error);
  }

  /** @param {'enter' | 'host'} way @param {number | null} liveId */
  async #open(way, liveId) {
    if (this.session.credentials === null) await this.login();
    return this.inTurn(async () => {
      this.room?.close();
      const room = new Room(this, way);
      this.room = room;
      try {
        await room.open(liveId);
      } catch (error) {
        room.close();
        throw error;
      }
      this.emit('room', room);
      return room;
    });
  }

  async #loginToIm() {
    if (this.session.credentials === null) await this.login();
    this.imLogin ??= this.#startIm().catch((error) => {
      this.imLogin = null;
      throw error;
    });
    await this.imLogin;
  }

  /** Logs in to IM, and joins the group of the room again that the user is in. */
  async #startIm() {
    const { credentials } = this.session;
    if (credentials === null) return;
    this.imUser = credentials.userId;
    this.joinedGroup = '';
    await imCommand('连不上消息服务，请稍后再试', this.im.login(credentials));
    const { room } = this;
    if (!room?.isOpen) return;
    await imCommand('连不上消息服务，请稍后再试', this.im.join(room.group));
    this.joinedGroup = room.group;
    room.wake();
  }

  /** Logs in to IM with a new signature. */
  async #renewIm() {
    await this.login();
    await this.#loginToIm();
  }

  /**
   * Waits until an order is settled. It counts as not settled as long as it cannot be asked for:
   * an error here would make the user pay again.
   * @param {string} outTradeNo
   * @param {number | undefined} wait
   * @param {number} questions
   */
  async #settled(outTradeNo, wait, questions) {
    let gold = 0;
    for (let question = 1; question <= questions; question += 1) {
      try {
        const order = await this.order(outTradeNo, wait);
        gold = order.gold;
        if (order.state !== 'created') return { outTradeNo, state: order.state, gold };
      } catch (error) {
        this.reportError(error);
      }
    }
    return { outTradeNo, state: 'created', gold };
  }

  /** @param {number} blockId */
  async #order(blockId) {
    try {
      return JSON.parse((await this.call('recharge', { block_id: blockId })).content);
    } catch (error) {
      if (!(error instanceof QliveError) || error.code !== 'session_expired') throw error;
    }
    // The provider signs with the key of a login that is not too old.
    const { code } = await this.platform.getLoginCode();
    return JSON.parse((await this.call('recharge', { block_id: blockId, code })).content);
  }

  /** @param {number} id */
  async #withdrawal(id) {
    return /** @type {Withdrawal} */ (await this.call('get_withdrawals', { id }));
  }

  /** @param {Promise<void>} work */
  #quietly(work) {
    work.catch((error) => this.reportError(error));
  }
}

/** @param {any} cause */
function paymentError(cause) {
  if (cause instanceof QliveError) return cause;
  const cancelled = cause?.cancelled === true;
  const code = cancelled ? 'cancelled' : 'platform';
  const message = cancelled ? '已取消' : '没有完成，请稍后查看结果';
  return new QliveError({ code, message, cause });
}

/**
 * @template T
 * @param {string} message what the user reads when it fails
 * @param {Promise<T>} command
 * @returns {Promise<T>}
 */
async function imCommand(message, command) {
  try {
    return await command;
  } catch (cause) {
    throw new QliveError({ code: 'im', message, cause });
  }
}
