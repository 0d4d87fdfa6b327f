const { theApp } = require('../../lib/app');
const { barStyle } = require('../../lib/bar');
const { createOnce } = require('../../lib/once');
const { forUser, goBack, showError, toast } = require('../../lib/notify');

/** How many lines the list of comments shows. */
const LINES = 7;
/** How long the host mutes somebody, in seconds. */
const MUTE_SECONDS = 600;
/** How long the effect of a gift flies, in milliseconds. */
const EFFECT = 3200;

/** @typedef {import('qlive').Qlive} Qlive */
/** @typedef {import('qlive').Room} Room */

/** What the host sees of an answer. @type {Record<string, string>} */
const ANSWERS = { accept: '对方接受了邀请', reject: '对方婉拒了邀请', timeout: '邀请已过期' };
/** What the state of the connection to IM means. @type {Record<string, string>} */
const CONNECTION_TEXTS = { lost: '网络不稳，正在重连…', kicked: '账号在另一处登录，消息已停止' };
const HOST = 5;
/** One's own seat, by what one is in the room. @type {Record<number, string>} */
const SEATS = { 3: 'male', 4: 'female', 5: 'host' };

Page({
  /** @type {Qlive} */
  qlive: /** @type {any} */ (null),
  /** @type {Room} */
  room: /** @type {any} */ (null),
  lineNumber: 0,
  stopListening: () => {},
  /** Sends a gift once, however often it is tapped. @type {ReturnType<typeof createOnce>} */
  once: /** @type {any} */ (null),
  /** Whether the page was closed, perhaps before the room was there. */
  isGone: false,
  /** Nicknames by user. @type {Record<string, string>} */
  names: {},
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  effectTimer: undefined,

  data: {
    barStyle: barStyle(),
    name: '',
    /** @type {any} */
    me: null,
    isHost: false,
    /** 1 watching, 2 applied, 3 and 4 on the mic, 5 host. */
    userType: 0,
    /** @type {any} */
    owner: null,
    /** @type {any} */
    male: null,
    /** @type {any} */
    female: null,
    pushUrl: '',
    /** @type {number[]} */
    num: [],
    waiting: 0,
    present: 0,
    /** @type {any[]} */
    lines: [],
    /** @type {any[]} */
    gifts: [],
    gold: 0,
    /** @type {any[]} */
    receivers: [],
    /** `gifts`, `audience`, or none. */
    panel: '',
    gender: 1,
    /** @type {any[]} */
    people: [],
    text: '',
    /** @type {any} */
    effect: null,
    invited: false,
    /** What is shown while no messages come. */
    connection: '',
    isOver: false,
    overTitle: '',
    overText: '',
    mySeat: '',
  },

  /** @param {any} query */
  onLoad(query) {
    this.names = {};
    this.isGone = false;
    this.once = createOnce();
    forUser(async () => {
      const app = theApp();
      const { qlive } = app;
      app.hasReturned = true;
      this.qlive = qlive;
      this.stopListening = qlive.on('im', (state) => this.setData({ connection: CONNECTION_TEXTS[state] || '' }));
      await app.ready();
      const [me, gifts] = await Promise.all([qlive.profile(), qlive.gifts()]);
      if (this.isGone) return;
      this.setData({ me, gifts, gold: me.gold });
      const room = query.host ? await qlive.host() : await qlive.enter(Number(query.live_id));
      if (this.isGone) this.leave(room);
      else this.watch(room);
    });
  },

  onUnload() {
    const { room } = this;
    this.isGone = true;
    this.stopListening();
    this.room = /** @type {any} */ (null);
    if (room) this.leave(room);
  },

  /** Leaves a room; a host's broadcast goes on. @param {Room} room */
  leave(room) {
    if (room.isOpen && room.state.userType !== HOST) room.leave().catch(showError);
  },

  /** @param {any} room */
  watch(room) {
    this.room = room;
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ listener) => {
      room.on(name, (/** @type {any} */ event) => {
        if (this.room === room) listener(event);
      });
    };
    this.setData({ name: room.name });
    on('state', () => this.showState());
    on('num', () => this.reloadPeople());
    on('seat', ({ seat, guest }) => {
      if (guest) this.addLine('notice', '', `${guest.nickname} 上麦了`);
      else this.addLine('notice', '', seat === 'male' ? '男嘉宾下麦了' : '女嘉宾下麦了');
    });
    on('gift', (gift) => this.showGift(gift));
    on('say', ({ from, text }) => forUser(() => this.showComment(from, text)));
    on('invite', () => this.setData({ invited: true }));
    on('kickout', () => toast('红娘请你下麦'));
    on('warning', ({ text }) => {
      wx.showModal({ title: '官方提醒', content: text, showCancel: false });
    });
    on('response', ({ answer }) => {
      toast(ANSWERS[answer] || answer);
    });
    on('over', ({ reason }) => this.showOver(reason));
    on('gap', ({ from, to }) => this.addLine('notice', '', `已补上第 ${from}–${to} 条消息`));
    this.showState();
    this.addLine('notice', '', '文明交友，谨防诈骗');
  },

  showState() {
    const { userType, male, female, owner, pushUrl, num } = this.room.state;
    const isHost = userType === HOST;
    const me = this.qlive.userId;
    const receivers = [owner, male, female].filter((person) => person && person.user_id !== me);
    const mySeat = SEATS[userType] || '';
    this.setData({
      userType, male, female, owner, pushUrl, num, isHost, mySeat,
      receivers,
      waiting: (num[0] || 0) + (num[2] || 0),
      present: (num[1] || 0) + (num[3] || 0) + 1,
      invited: this.data.invited && userType < 3,
    });
  },

  /** @param {string} from @param {string} text */
  async showComment(from, text) {
    const { owner, male, female, me } = this.data;
    for (const person of [owner, male, female, me]) {
      if (person) this.names[person.user_id] = person.nickname;
    }
    if (!this.names[from]) this.names[from] = (await this.qlive.profile(from)).nickname;
    this.addLine('say', this.names[from], text);
  },

  /** @param {string} kind @param {string} name @param {string} text */
  addLine(kind, name, text) {
    this.lineNumber += 1;
    const lines = [...this.data.lines, { id: this.lineNumber, kind, name, text }];
    this.setData({ lines: lines.slice(-LINES) });
  },

  /** @param {any} gift */
  showGift(gift) {
    const { nickname, to_nickname: to, gift_title: title, gift_num: num, gift_image: image } = gift;
    this.addLine('gift', nickname, `送给${to} ${title} ×${num}`);
    this.setData({ effect: { image, text: `${nickname} 送给 ${to}`, num, kind: gift.effect } });
    clearTimeout(this.effectTimer);
    this.effectTimer = setTimeout(() => this.setData({ effect: null }), EFFECT);
    if (gift.to_user_id === this.qlive.userId) this.reloadGold();
  },

  reloadGold() {
    forUser(async () => {
      const { gold } = await this.qlive.profile();
      this.setData({ gold });
    });
  },

  /** Does something in the room, once it is there. @param {() => Promise<void>} work */
  inRoom(work) {
    if (this.room) forUser(work);
    else toast('还没有进入直播间');
  },

  apply() {
    this.inRoom(async () => {
      await this.room.apply();
      toast('已申请，等红娘牵线');
    });
  },

  cancel() {
    this.inRoom(async () => {
      await this.room.refuse();
      this.setData({ invited: false });
    });
  },

  /** Takes the seat, after an application or an invitation. */
  take() {
    this.inRoom(async () => {
      const won = await this.room.takeMic();
      this.setData({ invited: false });
      if (!won) toast('抢麦失败，麦位已被占用');
    });
  },

  leaveMic() {
    this.inRoom(() => this.room.leaveMic());
  },

  /** @param {any} event */
  putDown(event) {
    this.inRoom(() => this.room.putDown(event.currentTarget.dataset.seat));
  },

  openGifts() {
    this.setData({ panel: 'gifts' });
    this.reloadGold();
  },

  openAudience() {
    this.setData({ panel: 'audience' });
    this.reloadPeople();
  },

  closePanel() {
    this.setData({ panel: '' });
  },

  reloadPeople() {
    if (this.data.panel !== 'audience') return;
    this.inRoom(async () => {
      const people = await this.room.audience(this.data.gender === 1 ? 'male' : 'female');
      this.setData({ people });
    });
  },

  /** @param {any} event */
  chooseGender(event) {
    this.setData({ gender: event.detail.gender });
    this.reloadPeople();
  },

  /** @param {any} event */
  invite(event) {
    this.inRoom(async () => {
      await this.room.invite(event.detail.userId);
      toast('已邀请，60 秒内有效');
    });
  },

  /** @param {any} event */
  decline(event) {
    this.inRoom(async () => {
      await this.room.decline(event.detail.userId);
      this.reloadPeople();
    });
  },

  /** @param {string | null} reason */
  showOver(reason) {
    const wasRemoved = reason === 'removed';
    this.setData({
      isOver: true,
      overTitle: wasRemoved ? '你已被请出本场直播' : '直播已结束',
      overText: wasRemoved ? '这场结束之前不能再进来' : '缘分不散，下次再见',
      panel: '',
      invited: false,
    });
  },

  /**
   * What a user or the host does against somebody.
   * @param {any} event
   */
  actOn(event) {
    const { userId, act } = event.detail;
    this.inRoom(async () => {
      if (act === 'mute') {
        await this.room.mute(userId, MUTE_SECONDS);
        toast('已禁言十分钟');
      } else if (act === 'remove') {
        await this.room.remove(userId);
        toast('已请出直播间');
        this.reloadPeople();
      } else if (act === 'block') {
        await this.room.qlive.block(userId);
        toast('已拉黑，对方不能再给你送礼、邀请你');
      } else if (act === 'report') {
        await this.room.qlive.report({ userId, kind: 'other', liveId: this.room.liveId });
        toast('已收到举报，我们会尽快处理');
      }
    });
  },

  /** @param {any} event */
  give(event) {
    const choice = event.detail;
    this.inRoom(async () => {
      const give = (/** @type {string} */ requestId) => this.room.give({ ...choice, requestId });
      const given = await this.once(choice, give);
      if (!given) return;
      this.setData({ gold: given.gold });
      if (given.sent) this.closePanel();
      else toast('金币不足，请先充值');
    });
  },

  openWallet() {
    wx.navigateTo({ url: '/pages/wallet/wallet' });
  },

  /** @param {any} event */
  write(event) {
    this.setData({ text: event.detail.value });
  },

  say() {
    const { text } = this.data;
    if (!text.trim()) return;
    this.inRoom(async () => {
      this.setData({ text: '' });
      try {
        await this.room.say(text.trim());
      } catch (error) {
        if (!this.data.text) this.setData({ text });
        throw error;
      }
    });
  },

  end() {
    wx.showModal({
      title: '结束直播',
      content: '所有人将离开直播间',
      success: (/** @type {any} */ { confirm }) => {
        if (confirm) this.inRoom(() => this.room.end());
      },
    });
  },

  goBack() {
    goBack();
  },
});
