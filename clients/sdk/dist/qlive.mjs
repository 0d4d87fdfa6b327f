var __typeError = (msg) => {
  throw TypeError(msg);
};
var __accessCheck = (obj, member, msg) => member.has(obj) || __typeError("Cannot " + msg);
var __privateAdd = (obj, member, value) => member.has(obj) ? __typeError("Cannot add the same private member more than once") : member instanceof WeakSet ? member.add(obj) : member.set(obj, value);
var __privateMethod = (obj, member, method) => (__accessCheck(obj, member, "access private method"), method);

// sdk/src/emitter.js
var Emitter = class {
  constructor() {
    this.listeners = /* @__PURE__ */ new Map();
  }
  /**
   * Calls `listener` for each event of this name until the returned function is called.
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(value: Events[Name]) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    const listeners = this.listeners.get(name) ?? /* @__PURE__ */ new Set();
    this.listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }
  /**
   * A listener that throws does not keep the others from the event.
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} value
   */
  emit(name, value) {
    for (const listener of [...this.listeners.get(name) ?? []]) {
      try {
        listener(value);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
};

// sdk/src/errors.js
var NO_STATUS = 0;
function actionFor(status, code) {
  if (code === "cancelled" || code === "platform" || code === "im") return "show";
  if (status === NO_STATUS || status === 429 || status >= 502 || code === "busy") return "retry";
  if (status === 401) return "login";
  if (status === 400) return "fix";
  if (status === 500 || status === 405) return "report";
  return "show";
}
var QliveError = class extends Error {
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
  constructor({ code, message, status = NO_STATUS, field, traceId, retryAfter, cause }) {
    super(message);
    this.name = "QliveError";
    this.code = code;
    this.status = status;
    this.field = field;
    this.traceId = traceId;
    this.retryAfter = retryAfter;
    this.cause = cause;
    this.action = actionFor(status, code);
  }
};

// sdk/src/ids.js
var DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
var LENGTH = 24;
function makeRequestId() {
  let id = Date.now().toString(36);
  while (id.length < LENGTH) id += DIGITS[Math.floor(Math.random() * DIGITS.length)];
  return id;
}

// sdk/src/operations.js
var operation = (method, path, repeat) => ({ method, path, repeat });
var OPERATIONS = Object.freeze({
  login: { ...operation("POST", "qlive_user/login/", "once"), open: true },
  register: { ...operation("POST", "qlive_user/", "once"), open: true },
  update_userinfo: operation("POST", "qlive_user/update_userinfo/", "same"),
  get_userinfo: operation("GET", "qlive_user/get_userinfo/", "read"),
  get_user_state: operation("GET", "qlive_user/get_user_state/", "read"),
  logout: operation("GET", "qlive_user/logout/", "same"),
  wallet: operation("GET", "qlive_user/wallet/", "read"),
  withdraw: operation("POST", "qlive_user/withdraw/", "keyed"),
  get_withdrawals: operation("GET", "qlive_user/withdrawals/", "read"),
  get_livelist: operation("GET", "get_livelist/", "read"),
  get_configs: operation("GET", "get_configs/", "read"),
  get_playurl: operation("GET", "get_playurl/", "same"),
  get_users_info: operation("GET", "qlive_user/get_users_info/", "read"),
  matchmaker_enter: operation("POST", "qlive_room/matchmaker_enter/", "same"),
  apply_micro: operation("POST", "qlive_room/apply_micro/", "same"),
  accept_micro: operation("POST", "qlive_room/accept_micro/", "same"),
  refuse_micro: operation("POST", "qlive_room/refuse_micro/", "same"),
  invite_micro: operation("POST", "qlive_room/invite_micro/", "once"),
  decline_micro: operation("POST", "qlive_room/decline_micro/", "same"),
  mute: operation("POST", "qlive_room/mute/", "same"),
  remove: operation("POST", "qlive_room/remove/", "same"),
  block: operation("POST", "qlive_user/block/", "same"),
  get_blocked: operation("GET", "qlive_user/block/", "read"),
  report: operation("POST", "qlive_user/report/", "same"),
  leave_micro: operation("GET", "qlive_room/leave_micro/", "same"),
  leave_room: operation("GET", "qlive_room/leave_room/", "same"),
  live_end: operation("POST", "qlive_room/live_end/", "same"),
  sync: operation("GET", "qlive_room/sync/", "read"),
  get_gifts: operation("GET", "qlive_gift/", "read"),
  push_gift: operation("GET", "qlive_gift/push_gift/", "keyed"),
  get_like: operation("GET", "qlive_like/", "read"),
  set_like: operation("POST", "qlive_like/", "same"),
  get_blocks: operation("GET", "qlive_pay/", "read"),
  recharge: operation("POST", "qlive_pay/", "once"),
  get_order: operation("GET", "qlive_pay/order/", "read")
});

// sdk/src/messages.js
var REMEMBERED = 500;
function readMessage({ text, custom, from }) {
  const body = parseObject(text);
  if (body === null || typeof body.type !== "string") return null;
  const data = parseObject(custom) ?? {};
  const number = (value) => typeof value === "number" ? value : null;
  return {
    type: body.type,
    content: body.content,
    from,
    id: number(data.id),
    seq: number(data.seq),
    broadcastId: number(data.broadcast_id),
    at: number(data.at),
    reason: typeof data.reason === "string" ? data.reason : null
  };
}
function parseObject(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
var _Sequence_instances, advance_fn;
var Sequence = class {
  /** @param {number} last the number up to which everything is known */
  constructor(last) {
    __privateAdd(this, _Sequence_instances);
    this.last = last;
    this.later = /* @__PURE__ */ new Set();
    this.ids = /* @__PURE__ */ new Set();
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
    __privateMethod(this, _Sequence_instances, advance_fn).call(this);
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
    __privateMethod(this, _Sequence_instances, advance_fn).call(this);
  }
};
_Sequence_instances = new WeakSet();
advance_fn = function() {
  while (this.later.delete(this.last + 1)) this.last += 1;
};

// sdk/src/room.js
var SYNC_ATTEMPTS = 3;
var LATE = 700;
var SYNC_INTERVAL = 15e3;
var REMOVED = "removed";
var GENDER_OF_SEAT = { male: 1, female: 2 };
var ON_THE_MIC = [3, 4];
var _Room_instances, isForThisRoom_fn, handle_fn, handleSeat_fn, setSeat_fn, setUserType_fn, setStage_fn, sync_fn, handleMissed_fn, enterAgain_fn, end_fn, scheduleLate_fn, scheduleSync_fn, syncQuietly_fn, act_fn, ask_fn, leaveSeat_fn;
var Room = class extends Emitter {
  /**
   * Use `Qlive.enter` and `Qlive.host`.
   * @param {Qlive} qlive
   * @param {'enter' | 'host'} way how it was entered, and is entered again
   */
  constructor(qlive, way) {
    super();
    __privateAdd(this, _Room_instances);
    this.qlive = qlive;
    this.way = way;
    this.liveId = 0;
    this.group = "";
    this.name = "";
    this.presence = 0;
    this.isOpen = false;
    this.isClosed = false;
    this.isSuspended = false;
    this.early = [];
    this.acts = 0;
    this.sequence = new Sequence(0);
    this.isSynced = false;
    this.state = { userType: 0, male: null, female: null, owner: null, num: [], pushUrl: "" };
    this.lateTimer = null;
    this.syncTimer = null;
    this.syncUnderWay = null;
  }
  /**
   * Enters, joins the group, and learns the stage and what was missed. Entering again is the same.
   * Does nothing more once the room is closed.
   * @param {number | null} liveId null for the host's own room
   */
  async open(liveId) {
    const entered = this.way === "host" || liveId === null ? await this.qlive.call("matchmaker_enter") : await this.qlive.call("get_playurl", { live_id: liveId });
    if (this.way === "host" && entered.status !== "ok") {
      throw new QliveError({ code: "banned", message: "账号已被封禁", status: 403 });
    }
    if (this.isClosed) return;
    this.liveId = entered.live_id;
    this.group = entered.group_id;
    this.presence = entered.presence;
    this.name = this.way === "host" ? entered.nickname : entered.room_name;
    await this.qlive.joinGroup(this.group);
    if (this.isClosed) return;
    await __privateMethod(this, _Room_instances, sync_fn).call(this);
    if (this.isClosed) return;
    this.isOpen = true;
    const { early } = this;
    this.early = [];
    for (const message of early) this.receive(message);
    __privateMethod(this, _Room_instances, scheduleSync_fn).call(this);
  }
  /** Applies for the mic. */
  async apply() {
    await __privateMethod(this, _Room_instances, act_fn).call(this, async () => {
      await __privateMethod(this, _Room_instances, ask_fn).call(this, "apply_micro");
      __privateMethod(this, _Room_instances, setUserType_fn).call(this, 2);
    });
  }
  /**
   * Takes the seat of one's gender. Returns false if somebody else was faster.
   * @returns {Promise<boolean>}
   */
  takeMic() {
    return __privateMethod(this, _Room_instances, act_fn).call(this, async () => {
      const answer = await __privateMethod(this, _Room_instances, ask_fn).call(this, "accept_micro");
      if (answer.code !== "success") return false;
      const { push_url: pushUrl, gender, code: _code, ...guest } = answer;
      const seat = gender === GENDER_OF_SEAT.male ? "male" : "female";
      this.state = { ...this.state, userType: seat === "male" ? 3 : 4, pushUrl };
      __privateMethod(this, _Room_instances, setSeat_fn).call(this, seat, guest);
      return true;
    });
  }
  /** Refuses an invitation, or takes an application back. */
  async refuse() {
    await __privateMethod(this, _Room_instances, act_fn).call(this, async () => {
      await __privateMethod(this, _Room_instances, ask_fn).call(this, "refuse_micro");
      __privateMethod(this, _Room_instances, setUserType_fn).call(this, 1);
    });
  }
  /** Leaves the mic. */
  async leaveMic() {
    await __privateMethod(this, _Room_instances, act_fn).call(this, async () => {
      const seat = this.state.userType === 3 ? "male" : "female";
      await __privateMethod(this, _Room_instances, leaveSeat_fn).call(this, seat, this.qlive.userId);
      this.state = { ...this.state, userType: 1, pushUrl: "" };
      __privateMethod(this, _Room_instances, setSeat_fn).call(this, seat, null);
    });
  }
  /**
   * Puts the guest of a seat down; for the host.
   * @param {SeatName} seat
   */
  async putDown(seat) {
    const guest = this.state[seat];
    if (guest) await __privateMethod(this, _Room_instances, leaveSeat_fn).call(this, seat, guest.user_id);
  }
  /**
   * Invites somebody to the mic; for the host.
   * @param {string} userId
   */
  async invite(userId) {
    await this.qlive.call("invite_micro", { live_id: this.liveId, user_id: userId });
  }
  /**
   * Declines an application; for the host.
   * @param {string} userId
   */
  async decline(userId) {
    await this.qlive.call("decline_micro", { live_id: this.liveId, user_id: userId });
  }
  /**
   * Mutes somebody in all rooms of this host; for the host. Zero seconds lift it.
   * @param {string} userId
   * @param {number} seconds at most 86,400
   */
  async mute(userId, seconds) {
    await this.qlive.call("mute", { live_id: this.liveId, user_id: userId, seconds });
  }
  /**
   * Removes somebody from the broadcast, who cannot enter it again; for the host.
   * @param {string} userId
   */
  async remove(userId) {
    await this.qlive.call("remove", { live_id: this.liveId, user_id: userId });
  }
  /**
   * Those who watch and apply, 8 a page.
   * @param {SeatName} gender
   * @param {number} [page]
   * @returns {Promise<{ user_id: string, nickname: string, face_url: string, state: number }[]>}
   */
  audience(gender, page = 1) {
    const params = { live_id: this.liveId, gender: GENDER_OF_SEAT[gender], page };
    return this.qlive.call("get_users_info", params);
  }
  /**
   * Gives a gift in this room. Repeated until an answer comes, and paid once.
   * @param {{ to: string, gift: number, num?: number, requestId?: string }} gift
   * @returns {Promise<{ sent: boolean, gold: number, income: number }>} `sent` is false when the
   *   gold does not suffice
   */
  async give({ to, gift, num = 1, requestId = makeRequestId() }) {
    const answer = await this.qlive.call("push_gift", {
      user_id: to,
      gift_id: gift,
      num,
      request_id: requestId,
      live_id: this.liveId
    });
    return { sent: answer.code === "success", gold: answer.gold, income: answer.income };
  }
  /**
   * Says something to the room.
   * @param {string} text
   */
  async say(text) {
    const message = JSON.stringify({ type: "message", content: text });
    await this.qlive.sendToGroup(this.group, message);
    this.emit("say", { from: this.qlive.userId, text });
  }
  /** Leaves the room. The host's leaving ends the broadcast. */
  leave() {
    this.close();
    return this.qlive.inTurn(async () => {
      try {
        await this.qlive.call("leave_room", { live_id: this.liveId, presence: this.presence });
      } finally {
        await this.qlive.quitGroup(this.group);
      }
    });
  }
  /** Ends the broadcast; for the host. */
  async end() {
    await __privateMethod(this, _Room_instances, ask_fn).call(this, "live_end");
    __privateMethod(this, _Room_instances, end_fn).call(this, null);
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
      if (!this.isOpen || this.isSuspended) return;
      const wasRemoved = error instanceof QliveError && ["members_only", "not_in_room"].includes(error.code);
      if (!wasRemoved) throw error;
      if (this.way === "host") __privateMethod(this, _Room_instances, end_fn).call(this, null);
      else await __privateMethod(this, _Room_instances, enterAgain_fn).call(this);
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
    __privateMethod(this, _Room_instances, scheduleSync_fn).call(this);
    __privateMethod(this, _Room_instances, syncQuietly_fn).call(this);
  }
  /**
   * Asks the server for the room as it is, and for what was missed.
   * @returns {Promise<void>}
   */
  sync() {
    this.syncUnderWay ?? (this.syncUnderWay = __privateMethod(this, _Room_instances, sync_fn).call(this).finally(() => {
      this.syncUnderWay = null;
    }));
    return this.syncUnderWay;
  }
  /**
   * Takes a message from IM. The client calls it.
   * @param {import('./im/adapter.js').ImMessage} message
   */
  receive(message) {
    if (this.isClosed || message.group !== null && message.group !== this.group) return;
    if (!this.isOpen) {
      this.early.push(message);
      return;
    }
    const read = readMessage(message);
    if (read === null) return;
    if (read.type === "warning" && message.group !== null) return;
    if (message.group !== null) {
      if (!this.sequence.note(read)) return;
    } else if (!__privateMethod(this, _Room_instances, isForThisRoom_fn).call(this, read) || !this.sequence.note({ id: read.id, seq: null })) {
      return;
    }
    __privateMethod(this, _Room_instances, handle_fn).call(this, read);
    const isBehind = read.seq !== null && message.group === null && read.seq > this.sequence.last;
    if (this.sequence.hasGap || isBehind) __privateMethod(this, _Room_instances, scheduleLate_fn).call(this);
  }
  /** Stops to listen, for good. */
  close() {
    this.isOpen = false;
    this.isClosed = true;
    clearTimeout(this.lateTimer);
    clearTimeout(this.syncTimer);
    this.qlive.forgetRoom(this);
  }
};
_Room_instances = new WeakSet();
/** @param {RoomMessage} message */
isForThisRoom_fn = function({ content }) {
  const group = content?.group_id;
  return group === void 0 || group === this.group;
};
/** @param {RoomMessage} message */
handle_fn = function({ type, content, reason, from }) {
  switch (type) {
    case "reset":
      __privateMethod(this, _Room_instances, handleSeat_fn).call(this, content);
      break;
    case "num":
      this.state = { ...this.state, num: content.num_list };
      this.emit("num", content.num_list);
      this.emit("state", this.state);
      break;
    case "gift":
      this.emit("gift", content);
      break;
    case "over":
      __privateMethod(this, _Room_instances, end_fn).call(this, reason);
      break;
    case "invite":
      this.emit("invite", {});
      break;
    case "kickout":
      __privateMethod(this, _Room_instances, setUserType_fn).call(this, 1);
      this.emit("kickout", { reason });
      if (reason === REMOVED) __privateMethod(this, _Room_instances, end_fn).call(this, reason);
      break;
    case "warning":
      this.emit("warning", { text: String(content.text) });
      break;
    case "response":
      this.emit("response", { userId: content.user_id, answer: content.data });
      break;
    case "message":
      this.emit("say", { from, text: String(content) });
      break;
    default:
  }
};
/** @param {any} content */
handleSeat_fn = function({ content_type: kind, gender, user_id: userId, ...guest }) {
  const seat = gender === GENDER_OF_SEAT.male ? "male" : "female";
  const isSeated = this.state[seat]?.user_id === userId;
  if (isSeated === (kind === "on")) return;
  if (userId === this.qlive.userId) {
    __privateMethod(this, _Room_instances, syncQuietly_fn).call(this);
  } else {
    __privateMethod(this, _Room_instances, setSeat_fn).call(this, seat, kind === "on" ? { ...guest, user_id: userId } : null);
  }
};
/**
 * @param {SeatName} seat
 * @param {Person | null} guest
 */
setSeat_fn = function(seat, guest) {
  const before = this.state[seat];
  this.state = { ...this.state, [seat]: guest };
  const wasMine = before?.user_id === this.qlive.userId && guest === null;
  if (wasMine && ON_THE_MIC.includes(this.state.userType)) {
    this.state = { ...this.state, userType: 1, pushUrl: "" };
  }
  if (before?.user_id !== guest?.user_id) {
    this.emit("seat", { seat, guest, userId: guest ? null : before?.user_id ?? null });
  }
  this.emit("state", this.state);
};
/** @param {number} userType */
setUserType_fn = function(userType) {
  const isOnStage = userType >= 3;
  this.state = { ...this.state, userType, pushUrl: isOnStage ? this.state.pushUrl : "" };
  this.emit("state", this.state);
};
/**
 * Takes over the stage as the server has it.
 * @param {any} stage
 */
setStage_fn = function({ male, female, owner, user_type: userType, push_url: pushUrl, num_list: num }) {
  this.state = { ...this.state, userType, num, owner: person(owner), pushUrl };
  const seats = (
    /** @type {[SeatName, any][]} */
    [["male", male], ["female", female]]
  );
  for (const [seat, now] of seats) {
    if (person(now)?.user_id !== this.state[seat]?.user_id) __privateMethod(this, _Room_instances, setSeat_fn).call(this, seat, person(now));
  }
  this.emit("state", this.state);
};
sync_fn = async function() {
  for (let attempt = 1; !this.isClosed && attempt <= SYNC_ATTEMPTS; attempt += 1) {
    const { acts } = this;
    const since = this.sequence.last;
    const params = { live_id: this.liveId, since: this.isSynced ? since : void 0 };
    const answer = await this.qlive.call("sync", params);
    if (this.isClosed) return;
    const isOvertaken = acts !== this.acts || answer.seq < this.sequence.last;
    const missed = this.isSynced ? __privateMethod(this, _Room_instances, handleMissed_fn).call(
      this,
      /** @type {any[]} */
      answer.events
    ) : 0;
    if (this.isClosed) return;
    this.sequence.catchUp(answer.seq);
    this.isSynced = true;
    if (missed > 0) this.emit("gap", { from: since + 1, to: answer.seq });
    if (isOvertaken) continue;
    __privateMethod(this, _Room_instances, setStage_fn).call(this, answer);
    return;
  }
};
/**
 * Handles the messages that have not come. Returns how many there were.
 * @param {any[]} events
 */
handleMissed_fn = function(events) {
  let missed = 0;
  for (const { id, seq, message } of events) {
    if (this.isClosed || !this.sequence.note({ id, seq })) continue;
    missed += 1;
    const read = { ...message, id, seq, from: "", broadcastId: null, at: null, reason: null };
    if (message.type !== "reset") __privateMethod(this, _Room_instances, handle_fn).call(this, read);
  }
  return missed;
};
enterAgain_fn = async function() {
  try {
    await this.qlive.inTurn(async () => {
      if (this.isOpen) await this.open(this.liveId);
    });
  } catch (error) {
    if (error instanceof QliveError && ["not_live", "unknown_room", REMOVED].includes(error.code)) {
      __privateMethod(this, _Room_instances, end_fn).call(this, error.code === REMOVED ? REMOVED : null);
      return;
    }
    throw error;
  }
};
/** @param {string | null} reason */
end_fn = function(reason) {
  if (this.isClosed) return;
  this.state = { ...this.state, userType: 0, male: null, female: null, pushUrl: "" };
  this.close();
  this.emit("over", { reason });
  this.emit("state", this.state);
  this.qlive.quitGroup(this.group).catch(() => {
  });
};
/** Looks for missing numbers when they had time to come. */
scheduleLate_fn = function() {
  if (this.lateTimer !== null) return;
  this.lateTimer = setTimeout(() => {
    this.lateTimer = null;
    __privateMethod(this, _Room_instances, syncQuietly_fn).call(this);
  }, LATE);
};
scheduleSync_fn = function() {
  clearTimeout(this.syncTimer);
  this.syncTimer = setTimeout(() => {
    __privateMethod(this, _Room_instances, syncQuietly_fn).call(this).finally(() => {
      if (this.isOpen && !this.isSuspended) __privateMethod(this, _Room_instances, scheduleSync_fn).call(this);
    });
  }, SYNC_INTERVAL);
};
syncQuietly_fn = async function() {
  try {
    await this.resume();
  } catch (error) {
    this.qlive.reportError(error);
  }
};
act_fn = async function(work) {
  this.acts += 1;
  try {
    return await work();
  } finally {
    this.acts += 1;
  }
};
/** @param {'apply_micro' | 'accept_micro' | 'refuse_micro' | 'live_end'} operation */
ask_fn = function(operation2) {
  return this.qlive.call(operation2, { live_id: this.liveId, presence: this.presence });
};
leaveSeat_fn = async function(seat, userId) {
  const mine = userId === this.qlive.userId;
  await this.qlive.call("leave_micro", {
    live_id: this.liveId,
    user_id: userId,
    gender: GENDER_OF_SEAT[seat],
    presence: mine ? this.presence : void 0
  });
};
function person(described) {
  return described && described.user_id ? described : null;
}

// sdk/src/session.js
var TOKEN_KEY = "qlive.token";
function storedToken(storage) {
  return {
    load: () => storage.get(TOKEN_KEY),
    save: (token) => storage.set(TOKEN_KEY, token),
    clear: () => storage.remove(TOKEN_KEY)
  };
}
var _Session_instances, login_fn;
var Session = class {
  /**
   * @param {Transport} transport
   * @param {TokenStore} tokens
   */
  constructor(transport, tokens) {
    __privateAdd(this, _Session_instances);
    this.transport = transport;
    this.tokens = tokens;
    this.token = tokens.load();
    this.credentials = null;
    this.loginUnderWay = null;
    this.listeners = [];
  }
  /**
   * Logs in, and registers a user whom the server does not know. Calls that come meanwhile wait for
   * the same login.
   * @returns {Promise<Credentials>}
   */
  login() {
    this.loginUnderWay ?? (this.loginUnderWay = __privateMethod(this, _Session_instances, login_fn).call(this).finally(() => {
      this.loginUnderWay = null;
    }));
    return this.loginUnderWay;
  }
  /**
   * Makes a call with the token. When the server refuses the token, logs in once and calls again.
   * @param {keyof typeof OPERATIONS} name
   * @param {import('./transport.js').Params} params
   */
  async call(name, params) {
    const operation2 = OPERATIONS[name];
    if (this.token === null) await this.login();
    const used = this.token;
    try {
      return await this.transport.call(name, operation2, params, used);
    } catch (error) {
      if (!(error instanceof QliveError) || error.status !== 401) throw error;
    }
    if (this.token === used) await this.login();
    return this.transport.call(name, operation2, params, this.token);
  }
  /**
   * Calls `listener` after each login: IM has to log in again too.
   * @param {(credentials: Credentials) => void} listener
   */
  onLogin(listener) {
    this.listeners.push(listener);
  }
  /** Forgets the token. */
  forget() {
    this.token = null;
    this.credentials = null;
    this.tokens.clear();
  }
};
_Session_instances = new WeakSet();
login_fn = async function() {
  const { platform } = this.transport;
  const { appId, code, sealed } = await loginCode(platform);
  let answer = await this.transport.call("login", OPERATIONS.login, { appId, code }, this.token);
  if (answer.status === 1) {
    const user = { appId, code, encryptedData: sealed?.encryptedData, iv: sealed?.iv };
    answer = await this.transport.call("register", OPERATIONS.register, user, null);
  }
  this.token = answer.token;
  this.tokens.save(answer.token);
  const room = answer.login_type === 1 ? { liveId: answer.live_id, groupId: answer.group_id, userType: answer.user_type } : null;
  this.credentials = {
    userId: answer.user_id,
    userSig: answer.user_sign,
    sdkAppId: answer.sdk_app_id,
    room
  };
  for (const listener of this.listeners) listener(this.credentials);
  return this.credentials;
};
async function loginCode(platform) {
  try {
    return await platform.getLoginCode();
  } catch (cause) {
    throw new QliveError({ code: "platform", message: "微信登录失败，请稍后再试", cause });
  }
}

// sdk/src/transport.js
var TIMEOUT = 8e3;
var ATTEMPTS = 4;
var FIRST_PAUSE = 300;
var LONGEST_PAUSE = 5;
var NO_ANSWER_TEXTS = {
  timeout: "网络超时，请稍后再试",
  offline: "网络不可用，请检查网络",
  aborted: "请求已取消"
};
var _Transport_instances, request_fn, attempt_fn, pauseAfter_fn;
var Transport = class {
  /**
   * @param {object} options
   * @param {string} options.base the URL of the API, up to `/wx/api/qlive/`
   * @param {Platform} options.platform
   * @param {number} [options.timeout] milliseconds
   * @param {(record: RequestRecord) => void} [options.onRequest]
   * @param {(milliseconds: number) => Promise<void>} [options.sleep]
   */
  constructor({ base, platform, timeout = TIMEOUT, onRequest, sleep }) {
    __privateAdd(this, _Transport_instances);
    this.base = base.endsWith("/") ? base : `${base}/`;
    this.platform = platform;
    this.timeout = timeout;
    this.onRequest = onRequest;
    this.sleep = sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }
  /**
   * Calls an operation, again if that is safe and no server answered.
   * @param {string} name
   * @param {Operation} operation
   * @param {Params} params
   * @param {string | null} token
   * @returns {Promise<any>}
   */
  async call(name, operation2, params, token) {
    const request = __privateMethod(this, _Transport_instances, request_fn).call(this, operation2, params, token);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await __privateMethod(this, _Transport_instances, attempt_fn).call(this, name, request, attempt);
      } catch (error) {
        if (!(error instanceof QliveError)) throw error;
        const pause = __privateMethod(this, _Transport_instances, pauseAfter_fn).call(this, error, operation2, attempt);
        if (pause === null) throw error;
        await this.sleep(pause);
      }
    }
  }
};
_Transport_instances = new WeakSet();
/**
 * @param {Operation} operation
 * @param {Params} params
 * @param {string | null} token
 */
request_fn = function({ method, path }, params, token) {
  const given = Object.entries(params).filter(([, value]) => value !== void 0 && value !== null);
  const headers = { "Accept-Language": "zh-CN" };
  if (token) headers.Authorization = `QLiveToken ${token}`;
  let url = this.base + path;
  if (method === "GET") {
    const query = given.map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`
    );
    if (query.length > 0) url += `?${query.join("&")}`;
    return { method, url, headers, timeout: this.timeout };
  }
  headers["Content-Type"] = "application/json";
  const body = JSON.stringify(Object.fromEntries(given));
  return { method, url, headers, body, timeout: this.timeout };
};
attempt_fn = async function(name, request, attempt) {
  const began = Date.now();
  let answer = null;
  let error = null;
  try {
    answer = await this.platform.request(request);
    error = errorOf(answer);
  } catch (failure) {
    error = noAnswer(
      /** @type {NoAnswer} */
      failure
    );
  }
  const { method, url, body } = request;
  this.onRequest?.({
    operation: name,
    method,
    url,
    body,
    attempt,
    status: answer?.status ?? 0,
    code: error?.code,
    traceId: answer?.headers["x-request-id"],
    ms: Date.now() - began
  });
  if (error) throw error;
  return answer && answer.text !== "" ? JSON.parse(answer.text) : null;
};
/**
 * The pause before the next attempt in milliseconds; null when there is none.
 * @param {QliveError} error
 * @param {Operation} operation
 * @param {number} attempt
 */
pauseAfter_fn = function(error, operation2, attempt) {
  const wasRefused = error.status === 429;
  const isSafe = operation2.repeat !== "once" || wasRefused;
  if (error.action !== "retry" || error.code === "aborted" || !isSafe || attempt >= ATTEMPTS) {
    return null;
  }
  if (error.retryAfter !== void 0) {
    return error.retryAfter <= LONGEST_PAUSE ? error.retryAfter * 1e3 : null;
  }
  return FIRST_PAUSE * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
};
function errorOf({ status, headers, text }) {
  if (status >= 200 && status < 300) {
    return isJson(text) ? null : unreadable(status, headers);
  }
  const body = parse(text);
  if (body === null || typeof body.code !== "string") return unreadable(status, headers);
  const retryAfter = Number(headers["retry-after"]);
  return new QliveError({
    code: body.code,
    message: String(body.detail ?? body.code),
    status,
    field: body.field,
    traceId: headers["x-request-id"],
    retryAfter: headers["retry-after"] !== void 0 && retryAfter >= 0 ? retryAfter : void 0
  });
}
function unreadable(status, headers) {
  const code = "unreadable";
  const message = "服务器开小差了，请稍后再试";
  return new QliveError({ code, message, status, traceId: headers["x-request-id"] });
}
function noAnswer({ reason, cause }) {
  const code = reason in NO_ANSWER_TEXTS ? reason : "offline";
  return new QliveError({ code, message: NO_ANSWER_TEXTS[code], cause });
}
function isJson(text) {
  return text === "" || parse(text) !== null || text.trim() === "null";
}
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// sdk/src/client.js
var ORDER_WAIT = 5;
var ORDER_QUESTIONS = 8;
var _Qlive_instances, open_fn, loginToIm_fn, startIm_fn, renewIm_fn, settled_fn, order_fn, withdrawal_fn, quietly_fn;
var Qlive = class extends Emitter {
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
    __privateAdd(this, _Qlive_instances);
    this.platform = platform;
    this.im = im;
    this.session = new Session(
      new Transport({ base, platform, timeout, onRequest }),
      tokens ?? storedToken(platform.storage)
    );
    this.room = null;
    this.imLogin = null;
    this.imUser = "";
    this.joinedGroup = "";
    this.turn = Promise.resolve();
    this.isReceiving = false;
    this.session.onLogin((credentials) => {
      if (credentials.userId !== this.imUser) this.imLogin = null;
      this.emit("login", credentials);
    });
    im.onMessage((message) => this.room?.receive(message));
    im.onState((state) => {
      this.isReceiving = state === "ready";
      if (state === "kicked" || state === "expired") this.imLogin = null;
      if (state === "kicked") this.room?.suspend();
      if (state === "expired") __privateMethod(this, _Qlive_instances, quietly_fn).call(this, __privateMethod(this, _Qlive_instances, renewIm_fn).call(this));
      this.emit("im", state);
      if (state === "ready") this.room?.wake();
    });
    this.stopWatching = platform.watchVisibility({
      hide: () => __privateMethod(this, _Qlive_instances, quietly_fn).call(this, this.hide()),
      show: () => __privateMethod(this, _Qlive_instances, quietly_fn).call(this, this.show())
    });
  }
  /** The id of the user; empty before the login. */
  get userId() {
    return this.session.credentials?.userId ?? "";
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
    return this.session.call(
      name,
      /** @type {any} */
      params ?? {}
    );
  }
  /**
   * A profile; one's own without an id.
   * @param {string} [userId]
   */
  profile(userId = "") {
    return this.call("get_userinfo", { user_id: userId });
  }
  /**
   * Changes what is given of one's own profile.
   * @param {{ nickname?: string, gender?: number, age?: number, area?: string, face_url?: string,
   *   height?: number }} changes
   */
  updateProfile(changes) {
    return this.call("update_userinfo", changes);
  }
  /**
   * A page of the live rooms.
   * @param {number} [page]
   */
  liveList(page = 1) {
    return this.call("get_livelist", { page });
  }
  /** All gifts. @returns {Promise<any[]>} */
  async gifts() {
    const gifts = [];
    for (let page = 1; ; page += 1) {
      const { results, next } = await this.call("get_gifts", { page });
      gifts.push(...results);
      if (!next) return gifts;
    }
  }
  configs() {
    return this.call("get_configs");
  }
  /**
   * Blocks a user, who can then neither give to, invite nor like this one; or lifts that.
   * @param {string} userId
   * @param {boolean} [isBlocked]
   */
  async block(userId, isBlocked = true) {
    await this.call("block", { user_id: userId, block: isBlocked ? 1 : 0 });
  }
  /**
   * A page of those whom this user blocks.
   * @param {number} [page]
   */
  blocked(page = 1) {
    return this.call("get_blocked", { page });
  }
  /**
   * Reports a user to the operators.
   * @param {{ userId: string, kind: 'fraud' | 'abuse' | 'minor' | 'other', liveId?: number,
   *   text?: string }} report
   */
  async report({ userId, kind, liveId, text }) {
    await this.call("report", { user_id: userId, kind, live_id: liveId, text });
  }
  /**
   * Enters a room. Leaves the one that the user is in.
   * @param {number} liveId
   * @returns {Promise<Room>}
   */
  enter(liveId) {
    return __privateMethod(this, _Qlive_instances, open_fn).call(this, "enter", liveId);
  }
  /** Begins or resumes one's own broadcast; for matchmakers. @returns {Promise<Room>} */
  host() {
    return __privateMethod(this, _Qlive_instances, open_fn).call(this, "host", null);
  }
  /**
   * Likes somebody, or no longer.
   * @param {string} userId
   * @param {boolean} likes
   */
  async like(userId, likes) {
    await this.call("set_like", { user_id: userId, like_state: likes ? 1 : 0 });
  }
  /** @param {string} userId @returns {Promise<boolean>} */
  async likes(userId) {
    return (await this.call("get_like", { user_id: userId })).like_state === 1;
  }
  /** What is for sale. @returns {Promise<{ id: number, gold: number, price: number }[]>} */
  blocks() {
    return this.call("get_blocks");
  }
  /**
   * Buys gold: makes an order, lets the user pay, and waits until the gold is there.
   * @param {number} blockId
   * @returns {Promise<{ outTradeNo: string, state: string, gold: number }>} the state is `paid`,
   *   `closed`, `refunded`, or `created` when the payment is not settled yet: ask again later
   */
  async buy(blockId) {
    const content = await __privateMethod(this, _Qlive_instances, order_fn).call(this, blockId);
    const { provider, out_trade_no: outTradeNo, ...sheet } = content;
    try {
      await this.platform.pay({ provider, outTradeNo, content: sheet });
    } catch (cause) {
      const error = paymentError(cause);
      const [wait, questions] = error.code === "cancelled" ? [void 0, 1] : [ORDER_WAIT, 2];
      const order = await __privateMethod(this, _Qlive_instances, settled_fn).call(this, outTradeNo, wait, questions);
      if (order.state === "created") throw error;
      return order;
    }
    return __privateMethod(this, _Qlive_instances, settled_fn).call(this, outTradeNo, ORDER_WAIT, ORDER_QUESTIONS);
  }
  /**
   * One's own order.
   * @param {string} outTradeNo
   * @param {number} [wait] how long the server waits for the payment, in seconds, 5 at most
   * @returns {Promise<Order>}
   */
  async order(outTradeNo, wait) {
    const order = await this.call("get_order", { out_trade_no: outTradeNo, wait });
    return (
      /** @type {Order} */
      order
    );
  }
  /** One's last 20 orders, the newest first. @returns {Promise<Order[]>} */
  async orders() {
    return (
      /** @type {Order[]} */
      await this.call("get_order")
    );
  }
  /**
   * A page of the movements of one's gold and income.
   * @param {number} [page]
   */
  wallet(page = 1) {
    return this.call("wallet", { page });
  }
  /**
   * Asks for a payout of income. Repeated until an answer comes, and held once.
   * @param {{ income: number, realName?: string, requestId?: string }} withdrawal
   */
  withdraw({ income, realName, requestId = makeRequestId() }) {
    return this.call("withdraw", { income, real_name: realName, request_id: requestId });
  }
  /** One's last 20 withdrawals, the newest first. @returns {Promise<Withdrawal[]>} */
  async withdrawals() {
    return (
      /** @type {Withdrawal[]} */
      await this.call("get_withdrawals")
    );
  }
  /**
   * Lets the user confirm a payout whose state is `confirm`, and returns it as it is afterwards.
   * @param {number} id
   */
  async confirmWithdrawal(id) {
    const withdrawal = await __privateMethod(this, _Qlive_instances, withdrawal_fn).call(this, id);
    const { mch_id: mchId, app_id: appId, package_info: packageInfo } = withdrawal;
    if (!mchId || !appId || !packageInfo) return withdrawal;
    try {
      await this.platform.confirmTransfer({ mchId, appId, packageInfo });
    } catch (error) {
      const after = await __privateMethod(this, _Qlive_instances, withdrawal_fn).call(this, id);
      if (after.state === "confirm") throw paymentError(error);
      return after;
    }
    return __privateMethod(this, _Qlive_instances, withdrawal_fn).call(this, id);
  }
  /** The application goes to the background: the seat is kept for a while. */
  async hide() {
    if (this.room === null) return;
    await this.call("logout", { reason: "hide", presence: this.room.presence });
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
      await this.call("logout", { presence: room?.presence });
      this.imLogin = null;
      this.joinedGroup = "";
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
      () => {
      },
      () => {
      }
    );
    return done;
  }
  /** @param {string} group */
  async joinGroup(group) {
    await __privateMethod(this, _Qlive_instances, loginToIm_fn).call(this);
    if (this.joinedGroup === group) return;
    await imCommand("连不上消息服务，请稍后再试", this.im.join(group));
    this.joinedGroup = group;
  }
  /** @param {string} group */
  async quitGroup(group) {
    if (this.joinedGroup !== group) return;
    this.joinedGroup = "";
    await imCommand("连不上消息服务，请稍后再试", this.im.quit(group));
  }
  /** @param {string} group @param {string} text */
  async sendToGroup(group, text) {
    await __privateMethod(this, _Qlive_instances, loginToIm_fn).call(this);
    await imCommand("消息没有发出去", this.im.send({ group }, text));
  }
  /** @param {Room} room */
  forgetRoom(room) {
    if (this.room === room) this.room = null;
  }
  /** @param {unknown} error */
  reportError(error) {
    this.emit("error", error);
  }
};
_Qlive_instances = new WeakSet();
open_fn = async function(way, liveId) {
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
    this.emit("room", room);
    return room;
  });
};
loginToIm_fn = async function() {
  if (this.session.credentials === null) await this.login();
  this.imLogin ?? (this.imLogin = __privateMethod(this, _Qlive_instances, startIm_fn).call(this).catch((error) => {
    this.imLogin = null;
    throw error;
  }));
  await this.imLogin;
};
startIm_fn = async function() {
  const { credentials } = this.session;
  if (credentials === null) return;
  this.imUser = credentials.userId;
  this.joinedGroup = "";
  await imCommand("连不上消息服务，请稍后再试", this.im.login(credentials));
  const { room } = this;
  if (!room?.isOpen) return;
  await imCommand("连不上消息服务，请稍后再试", this.im.join(room.group));
  this.joinedGroup = room.group;
  room.wake();
};
renewIm_fn = async function() {
  await this.login();
  await __privateMethod(this, _Qlive_instances, loginToIm_fn).call(this);
};
settled_fn = async function(outTradeNo, wait, questions) {
  let gold = 0;
  for (let question = 1; question <= questions; question += 1) {
    try {
      const order = await this.order(outTradeNo, wait);
      gold = order.gold;
      if (order.state !== "created") return { outTradeNo, state: order.state, gold };
    } catch (error) {
      this.reportError(error);
    }
  }
  return { outTradeNo, state: "created", gold };
};
order_fn = async function(blockId) {
  try {
    return JSON.parse((await this.call("recharge", { block_id: blockId })).content);
  } catch (error) {
    if (!(error instanceof QliveError) || error.code !== "session_expired") throw error;
  }
  const { code } = await this.platform.getLoginCode();
  return JSON.parse((await this.call("recharge", { block_id: blockId, code })).content);
};
withdrawal_fn = async function(id) {
  return (
    /** @type {Withdrawal} */
    await this.call("get_withdrawals", { id })
  );
};
/** @param {Promise<void>} work */
quietly_fn = function(work) {
  work.catch((error) => this.reportError(error));
};
function paymentError(cause) {
  if (cause instanceof QliveError) return cause;
  const cancelled = cause?.cancelled === true;
  const code = cancelled ? "cancelled" : "platform";
  const message = cancelled ? "已取消" : "没有完成，请稍后查看结果";
  return new QliveError({ code, message, cause });
}
async function imCommand(message, command) {
  try {
    return await command;
  } catch (cause) {
    throw new QliveError({ code: "im", message, cause });
  }
}

// sdk/src/im/sandbox.js
var RECONNECT = 1e3;
var TIMEOUT2 = 8e3;
function sandboxIm({ url, platform }) {
  const base = url.endsWith("/") ? url : `${url}/`;
  const messageListeners = /* @__PURE__ */ new Set();
  const stateListeners = /* @__PURE__ */ new Set();
  let account = null;
  let close = null;
  let retry = null;
  const report = (state) => {
    for (const listener of [...stateListeners]) listener(state);
  };
  const post = async (command, body) => {
    const { text } = await platform.request({
      method: "POST",
      url: `${base}sandbox/im/${command}`,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ session: account?.session, ...body }),
      timeout: TIMEOUT2
    });
    const { error } = JSON.parse(text);
    if (error) throw Object.assign(new Error(error), { code: error });
  };
  const connect = async (of) => {
    const query = `account=${encodeURIComponent(of.userId)}&user_sig=${encodeURIComponent(of.userSig)}`;
    await new Promise((resolve, reject) => {
      close = platform.openEvents(`${base}sandbox/events?${query}`, {
        event: ({ event, data }) => {
          if (event === "ready") {
            of.session = data.session;
            resolve(void 0);
          } else {
            receive(of, event, data);
          }
        },
        end: (cause) => {
          reject(cause ?? new Error("IM ended the connection"));
          if (account === of && of.session !== null) {
            of.session = null;
            report("lost");
            reconnect(of);
          }
        }
      });
    });
    try {
      for (const group of of.groups) await post("join", { group });
    } catch (error) {
      of.session = null;
      close?.();
      throw error;
    }
    report("ready");
  };
  const receive = (of, event, data) => {
    if (account !== of) return;
    if (event === "message") {
      for (const listener of [...messageListeners]) listener(data);
    } else if (event === "kicked") {
      account = null;
      report("kicked");
    }
  };
  const reconnect = (of) => {
    clearTimeout(retry);
    retry = setTimeout(() => {
      if (account !== of) return;
      connect(of).catch(() => {
        reconnect(of);
      });
    }, RECONNECT);
  };
  return {
    async login({ userId, userSig }) {
      account = null;
      close?.();
      account = { userId, userSig, groups: /* @__PURE__ */ new Set(), session: null };
      await connect(account);
    },
    async logout() {
      if (account === null) return;
      await post("logout", {});
      account = null;
      close?.();
    },
    async join(group) {
      await post("join", { group });
      account?.groups.add(group);
    },
    async quit(group) {
      account?.groups.delete(group);
      await post("quit", { group });
    },
    send: (to, text) => post("send", { ...to, text }),
    drop: () => close?.(),
    onMessage(listener) {
      messageListeners.add(listener);
      return () => messageListeners.delete(listener);
    },
    onState(listener) {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    }
  };
}

// sdk/src/im/tencent.js
var LOG_LEVEL = 1;
function tencentIm(TencentCloudChat, { proxyServer } = {}) {
  const { EVENT, TYPES } = TencentCloudChat;
  let chat = null;
  const messageListeners = /* @__PURE__ */ new Set();
  const stateListeners = /* @__PURE__ */ new Set();
  const report = (state) => {
    for (const listener of [...stateListeners]) listener(state);
  };
  const create = (sdkAppId) => {
    chat = TencentCloudChat.create({ SDKAppID: sdkAppId, ...proxyServer && { proxyServer } });
    chat.setLogLevel(LOG_LEVEL);
    chat.on(EVENT.MESSAGE_RECEIVED, (event) => {
      for (const message of event.data) receive(message);
    });
    chat.on(EVENT.KICKED_OUT, ({ data }) => {
      report(data.type === TYPES.KICKED_OUT_USERSIG_EXPIRED ? "expired" : "kicked");
    });
    chat.on(EVENT.NET_STATE_CHANGE, (event) => {
      if (event.data.state === TYPES.NET_STATE_DISCONNECTED) report("lost");
      if (event.data.state === TYPES.NET_STATE_CONNECTED) report("ready");
    });
  };
  const receive = (message) => {
    if (message.type !== TYPES.MSG_TEXT) return;
    const isToGroup = message.conversationType === TYPES.CONV_GROUP;
    const received = {
      from: message.from,
      group: isToGroup ? message.to : null,
      text: message.payload.text,
      custom: message.cloudCustomData ?? ""
    };
    for (const listener of [...messageListeners]) listener(received);
  };
  return {
    async login({ sdkAppId, userId, userSig }) {
      if (chat === null) create(sdkAppId);
      let listener = () => {
      };
      const ready = new Promise((resolve) => {
        listener = () => resolve(void 0);
      });
      chat.on(EVENT.SDK_READY, listener);
      try {
        const { data } = await chat.login({ userID: userId, userSig });
        if (!data?.repeatLogin && !chat.isReady()) await ready;
      } finally {
        chat.off(EVENT.SDK_READY, listener);
      }
      report("ready");
    },
    async logout() {
      if (chat !== null) await chat.logout();
    },
    async join(group) {
      await chat.joinGroup({ groupID: group, type: TYPES.GRP_AVCHATROOM });
    },
    async quit(group) {
      await chat.quitGroup(group);
    },
    async send(to, text) {
      const [id, conversationType] = "group" in to ? [to.group, TYPES.CONV_GROUP] : [to.account, TYPES.CONV_C2C];
      const message = chat.createTextMessage({ to: id, conversationType, payload: { text } });
      await chat.sendMessage(message);
    },
    onMessage(listener) {
      messageListeners.add(listener);
      return () => messageListeners.delete(listener);
    },
    onState(listener) {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    }
  };
}

// sdk/src/platforms/server_sent_events.js
async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = parseEvent(text.slice(0, end));
      text = text.slice(end + 2);
      if (event !== null) yield event;
    }
  }
}
function parseEvent(block) {
  const field = (name) => block.split("\n").filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join("\n");
  const data = field("data");
  return data === "" ? null : { event: field("event") || "message", data: JSON.parse(data) };
}

// sdk/src/platforms/web.js
function web({ appId, getLoginCode, pay, confirmTransfer, storage, fetch: given }) {
  const fetch = given ?? globalThis.fetch.bind(globalThis);
  const unavailable = async () => {
    throw new Error("there is no payment sheet here");
  };
  return {
    request: (request) => send(fetch, request),
    getLoginCode: async () => ({ appId, ...await getLoginCode() }),
    storage: storage ?? browserStorage() ?? memoryStorage(),
    watchVisibility,
    openEvents: (url, listener) => "WebSocket" in globalThis ? openSocket(url, listener) : openStream(fetch, url, listener),
    pay: pay ?? unavailable,
    confirmTransfer: confirmTransfer ?? unavailable
  };
}
async function send(fetch, { method, url, headers, body, timeout }) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const answer = await fetch(url, { method, headers, body, signal: abort.signal });
    const text = await answer.text();
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text };
  } catch (cause) {
    throw { reason: abort.signal.aborted ? "timeout" : "offline", cause };
  } finally {
    clearTimeout(timer);
  }
}
function openSocket(url, listener) {
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  socket.onmessage = ({ data }) => listener.event(JSON.parse(data));
  socket.onclose = () => listener.end();
  return () => socket.close();
}
function openStream(fetch, url, listener) {
  const abort = new AbortController();
  const read = async () => {
    const answer = await fetch(url, { signal: abort.signal });
    if (!answer.ok || answer.body === null) throw new Error(`IM refused the login: ${answer.status}`);
    for await (const event of readEvents(answer.body)) listener.event(event);
  };
  read().then(() => listener.end(), (cause) => listener.end(cause));
  return () => abort.abort();
}
function browserStorage() {
  const storage = globalThis.document ? globalThis.localStorage : void 0;
  if (!storage) return null;
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    remove: (key) => storage.removeItem(key)
  };
}
function memoryStorage() {
  const values = /* @__PURE__ */ new Map();
  return {
    get: (key) => values.get(key) ?? null,
    set: (key, value) => values.set(key, value),
    remove: (key) => values.delete(key)
  };
}
function watchVisibility({ hide, show }) {
  const page = globalThis.document;
  if (!page) return () => {
  };
  const listener = () => page.visibilityState === "hidden" ? hide() : show();
  page.addEventListener("visibilitychange", listener);
  return () => page.removeEventListener("visibilitychange", listener);
}

// sdk/src/platforms/wechat.js
function wechat(wx, { appId } = {}) {
  return {
    request: (request) => send2(wx, request),
    async getLoginCode() {
      const { code } = await call(wx, "login", {});
      return { appId: appId ?? wx.getAccountInfoSync().miniProgram.appId, code };
    },
    storage: {
      get: (key) => wx.getStorageSync(key) || null,
      set: (key, value) => wx.setStorageSync(key, value),
      remove: (key) => wx.removeStorageSync(key)
    },
    watchVisibility({ hide, show }) {
      wx.onAppHide(hide);
      wx.onAppShow(show);
      return () => {
        wx.offAppHide(hide);
        wx.offAppShow(show);
      };
    },
    openEvents(url, listener) {
      const task = wx.connectSocket({ url: url.replace(/^http/, "ws") });
      let ended = false;
      const end = (cause) => {
        if (!ended) listener.end(cause);
        ended = true;
      };
      task.onMessage(({ data }) => listener.event(JSON.parse(data)));
      task.onClose(() => end(void 0));
      task.onError(end);
      return () => task.close({});
    },
    async pay({ provider, content }) {
      const name = provider === "virtual" ? "requestVirtualPayment" : "requestPayment";
      await callForUser(wx, name, content);
    },
    async confirmTransfer({ mchId, appId: app, packageInfo }) {
      const transfer = { mchId, appId: app, package: packageInfo };
      await callForUser(wx, "requestMerchantTransfer", transfer);
    }
  };
}
function send2(wx, { method, url, headers, body, timeout }) {
  return new Promise((resolve, reject) => {
    wx.request({
      method,
      url,
      header: headers,
      data: body,
      timeout,
      dataType: "text",
      responseType: "text",
      /** @param {any} answer */
      success({ statusCode, header, data }) {
        const names = Object.entries(header ?? {});
        const lower = names.map(([name, value]) => [name.toLowerCase(), String(value)]);
        const text = typeof data === "string" ? data : JSON.stringify(data ?? "");
        resolve({ status: statusCode, headers: Object.fromEntries(lower), text });
      },
      /** @param {any} cause */
      fail(cause) {
        const isTimeout = /timeout/i.test(String(cause?.errMsg));
        reject({ reason: isTimeout ? "timeout" : "offline", cause });
      }
    });
  });
}
function call(wx, name, options) {
  return new Promise((resolve, reject) => {
    wx[name]({ ...options, success: resolve, fail: reject });
  });
}
async function callForUser(wx, name, options) {
  try {
    await call(wx, name, options);
  } catch (cause) {
    const text = String(
      /** @type {any} */
      cause?.errMsg
    );
    throw { cancelled: /cancel/i.test(text), cause };
  }
}
export {
  OPERATIONS,
  Qlive,
  QliveError,
  Room,
  makeRequestId,
  memoryStorage,
  sandboxIm,
  storedToken,
  tencentIm,
  web,
  wechat
};
