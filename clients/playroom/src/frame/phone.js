/**
 * @module A phone on the page: its frame, its user, and what can happen to it.
 */

/**
 * What a phone needs to start.
 * @typedef {object} PhoneSettings
 * @property {string} start the first page, as a URL of the sample
 * @property {import('./stage.js').Stage} stage
 * @property {(qlive: import('qlive').Qlive) => void} onStart is called each time it is switched on
 * @property {{ base: string, sandbox: string, appId: string, code: string,
 *   onRequest: (record: any) => void }} config as the sample's `config.js`
 * @property {{ pay: (number: string, content: object) => Promise<void>,
 *   confirmTransfer: (packageInfo: string) => Promise<void> }} payments
 */

/**
 * @typedef {object} Actor
 * @property {string} code
 * @property {string} role what the phone is called
 * @property {string} name
 * @property {1 | 2} gender
 * @property {number} age
 * @property {string} face
 */

/** How much longer an answer takes on a slow network, in milliseconds. */
const SLOW = 1500;

export class PhoneView extends HTMLElement {
  /**
   * @param {Actor} actor
   * @param {PhoneSettings} settings
   * @param {(text: string) => void} note says what has happened
   */
  constructor(actor, settings, note) {
    super();
    this.actor = actor;
    this.settings = settings;
    this.note = note;
    /** Whether a person has touched it, so that the script leaves it alone. */
    this.isTaken = false;
    this.isLost = false;
    this.isHiddenApp = false;
    this.isSlow = false;
    this.isOff = false;
    /**
     * What happens to the notice of its next payment.
     * @type {import('./sandbox.js').Notice | undefined}
     */
    this.nextNotice = undefined;
  }

  connectedCallback() {
    if (this.firstChild) return;
    this.id = `phone-${this.actor.code}`;
    const head = make('div', 'phone-head');
    const name = make('h2', 'phone-name', `${this.actor.role} · ${this.actor.name}`);
    this.control = make('span', 'phone-control', '自动');
    head.append(name, this.control);
    this.body = make('div', 'phone-body');
    const foot = make('div', 'phone-foot');
    this.buttons = {
      lost: this.#button('掉线', () => this.lose(!this.isLost)),
      hidden: this.#button('后台', () => this.hideApp(!this.isHiddenApp)),
      slow: this.#button('慢网', () => this.slow(!this.isSlow)),
      off: this.#button('关机', () => this.switchOff(!this.isOff)),
    };
    foot.append(...Object.values(this.buttons));
    this.append(head, this.body, foot);
    this.start();
  }

  /** Switches it on. */
  start() {
    const frame = document.createElement('iframe');
    frame.title = `${this.actor.role}${this.actor.name}的手机`;
    Object.assign(frame, { phoneSettings: this.settings });
    frame.src = '/playroom/phone.html';
    frame.addEventListener('load', () => {
      const inside = frame.contentDocument;
      const take = (/** @type {Event} */ { isTrusted }) => isTrusted && this.take();
      inside?.addEventListener('pointerdown', take, { capture: true });
      inside?.addEventListener('keydown', take, { capture: true });
    });
    this.frame = frame;
    this.body?.replaceChildren(frame);
  }

  /** The phone inside; undefined while it is off or starts. @returns {any} */
  get phone() {
    return /** @type {any} */ (this.frame?.contentWindow)?.phone;
  }

  /** What happens to the notice of this payment. */
  takeNotice() {
    const notice = this.nextNotice;
    this.nextNotice = undefined;
    return notice;
  }

  /** A person has taken it over. */
  take() {
    if (this.isTaken) return;
    this.isTaken = true;
    this.toggleAttribute('taken', true);
    if (!this.control) return;
    const back = this.#button('交还', () => this.giveBack());
    this.control.replaceChildren('你在操作 ', back);
    this.note(`你接过了${this.actor.name}的手机`);
  }

  giveBack() {
    this.isTaken = false;
    this.toggleAttribute('taken', false);
    this.control?.replaceChildren('自动');
  }

  /** @param {boolean} isLost */
  lose(isLost) {
    this.isLost = isLost;
    this.#show('lost', isLost, '掉线', '恢复网络');
    this.phone?.setOnline(!isLost);
    this.note(isLost ? `${this.actor.name}掉线了，座位先留着` : `${this.actor.name}的网络恢复了`);
  }

  /** @param {boolean} isHidden */
  hideApp(isHidden) {
    this.isHiddenApp = isHidden;
    this.#show('hidden', isHidden, '后台', '回到前台');
    this.phone?.hide(isHidden);
    this.note(isHidden ? `${this.actor.name}切到了后台` : `${this.actor.name}回到了前台`);
  }

  /** @param {boolean} isSlow */
  slow(isSlow) {
    this.isSlow = isSlow;
    this.#show('slow', isSlow, '慢网', '恢复网速');
    if (this.phone) this.phone.network.latency = isSlow ? SLOW : 0;
    this.note(isSlow ? `${this.actor.name}的网络变慢了` : `${this.actor.name}的网速恢复了`);
  }

  /** @param {boolean} isOff */
  switchOff(isOff) {
    this.isOff = isOff;
    this.#show('off', isOff, '关机', '开机');
    if (isOff) {
      this.phone?.setOnline(false);
      // A page that is thrown away does not take leave of the stage.
      const streams = this.frame?.contentDocument?.querySelectorAll('phone-pusher, phone-player');
      for (const stream of streams ?? []) stream.remove();
      this.body?.replaceChildren(make('p', 'phone-off', '已关机'));
      this.frame = undefined;
      this.isLost = this.isHiddenApp = this.isSlow = false;
      this.#show('lost', false, '掉线', '');
      this.#show('hidden', false, '后台', '');
      this.#show('slow', false, '慢网', '');
    } else {
      this.start();
    }
    this.note(isOff ? `${this.actor.name}关机了` : `${this.actor.name}开机了`);
  }

  /** @param {'lost' | 'hidden' | 'slow' | 'off'} name @param {boolean} is @param {string} on @param {string} off */
  #show(name, is, on, off) {
    const button = this.buttons?.[name];
    if (!button) return;
    button.textContent = is ? off : on;
    button.setAttribute('aria-pressed', String(is));
  }

  /** @param {string} text @param {() => void} act */
  #button(text, act) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = text;
    button.addEventListener('click', act);
    return button;
  }
}

customElements.define('play-phone', PhoneView);

/** @param {string} tag @param {string} name @param {string} [text] */
function make(tag, name, text = '') {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
