/**
 * @module What the actors do by themselves: a script with a seed, so that the same page shows the
 * same scenes.
 */

import { until } from './play.js';

/** How long a scene waits for what it needs, in milliseconds. */
const SETTLE = 2000;
/** How long a round of the script takes, in seconds. */
const ROUND = 75;

/**
 * @typedef {object} Scene
 * @property {number} at seconds from the start of its round
 * @property {string} who the code of the phone that acts
 * @property {string} what what the timeline says
 * @property {(play: any) => Promise<void>} act
 * @property {Record<string, number[]>} [when] what users must be in the room (the client's
 *   `userType`): who is on the mic already does not apply
 */

/** What one can be in a room. */
const WATCHING = 1;
const APPLIED = 2;
const OFF_STAGE = [WATCHING, APPLIED];
const ON_THE_MIC = [3, 4];

const GREETINGS = ['大家晚上好', '欢迎来到直播间', '今晚也很热闹呀'];
const WORDS = ['声音真好听', '这位男嘉宾不错', '女嘉宾好甜', '牵手成功就好了', '红娘加油'];

/**
 * The scenes of a round.
 * @param {number} seed
 * @param {number} round from 0 on
 * @returns {Scene[]}
 */
export function scenes(seed, round) {
  const random = numbers(seed * 1000 + round);
  const pick = (/** @type {string[]} */ texts) => texts[Math.floor(random() * texts.length)];
  const greeting = pick(GREETINGS);
  const word = pick(WORDS);
  const roses = 1 + Math.floor(random() * 3);
  return [
    { at: 0.5, who: 'host', what: '红娘打招呼', act: (play) => play.say('host', greeting) },
    {
      at: 1, who: 'aming', what: '阿明申请上麦', when: { aming: [WATCHING] },
      act: (play) => play.page('aming').apply(),
    },
    {
      at: 3, who: 'aming', what: '阿明上麦', when: { aming: [APPLIED] },
      act: (play) => play.page('aming').take(),
    },
    { at: 9, who: 'xiaoli', what: '小李评论', act: (play) => play.say('xiaoli', word) },
    {
      at: 12, who: 'host', what: '红娘邀请 Alice', when: { alice: OFF_STAGE },
      act: (play) => play.invite('host', 'alice'),
    },
    {
      at: 16, who: 'alice', what: 'Alice 接受邀请上麦', when: { alice: OFF_STAGE },
      act: (play) => play.page('alice').take(),
    },
    {
      at: 20, who: 'xiaoli', what: '小李给 Alice 点赞', when: { alice: ON_THE_MIC },
      act: (play) => play.give('xiaoli', 'alice', 'like', 1),
    },
    { at: 24, who: 'xiaoli', what: '小李充值', act: (play) => play.recharge('xiaoli') },
    {
      at: 34, who: 'xiaoli', what: `小李送玫瑰 ×${roses}`, when: { alice: ON_THE_MIC },
      act: (play) => play.give('xiaoli', 'alice', 'rose', roses),
    },
    {
      at: 39, who: 'aming', what: '阿明充值，支付通知丢失',
      act: (play) => play.rechargeWithoutNotice('aming'),
    },
    {
      at: 50, who: 'aming', what: '阿明送巧克力', when: { alice: ON_THE_MIC },
      act: (play) => play.give('aming', 'alice', 'chocolate', 1),
    },
    { at: 55, who: 'host', what: '对账', act: (play) => play.audit() },
    {
      at: 60, who: 'alice', what: 'Alice 下麦', when: { alice: ON_THE_MIC },
      act: (play) => play.page('alice').leaveMic(),
    },
    {
      at: 66, who: 'host', what: '红娘请阿明下麦', when: { aming: ON_THE_MIC },
      act: (play) => play.putDown('host', 'male'),
    },
  ];
}

/** Plays the script on the phones of the page. */
export class Script {
  /**
   * @param {any} play what scenes act with
   * @param {{ seed: number, at: number }} start where it begins, in seconds
   * @param {(seconds: number) => void} tick is called as time passes
   */
  constructor(play, { seed, at }, tick) {
    this.play = play;
    this.seed = seed;
    this.seconds = 0;
    this.skipTo = at;
    this.tick = tick;
    this.isPaused = false;
  }

  /** Plays for ever. Scenes before the start are played without pauses. */
  async run() {
    for (let round = 0; ; round += 1) {
      for (const scene of scenes(this.seed, round)) {
        await this.#waitUntil(round * ROUND + scene.at);
        await this.#act(scene);
      }
      await this.#waitUntil((round + 1) * ROUND);
    }
  }

  /** @param {number} seconds */
  async #waitUntil(seconds) {
    if (seconds <= this.skipTo) {
      this.seconds = seconds;
      return;
    }
    while (this.seconds < seconds || this.isPaused) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      if (!this.isPaused) this.seconds += 0.25;
      this.tick(this.seconds);
    }
  }

  /** @param {Scene} scene */
  async #act({ who, what, when = {}, act }) {
    const isTime = () =>
      Object.entries(when).every(([code, types]) => types.includes(this.play.userType(code)));
    // What the scene before did may be under way.
    await until(isTime, SETTLE).catch(() => {});
    if (!isTime() || !this.play.isFree(who)) return;
    try {
      this.play.note(what);
      await act(this.play);
    } catch (error) {
      // A person may have changed what the scene is about.
      this.play.note(`${what}：${/** @type {Error} */ (error).message}`);
    }
  }
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). @param {number} seed */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
