/**
 * @module What the script does: it acts on the pages of the phones as a hand would.
 */

/** How long a sheet is shown before the script presses its button, in milliseconds. */
const LOOK = 1800;
/** The gold that an actor buys. */
const BLOCK = 60;

export class Play {
  /**
   * @param {Map<string, import('./phone.js').PhoneView>} phones by the codes of their users
   * @param {import('./panel.js').Panel} panel
   * @param {import('./sandbox.js').Sandbox} sandbox
   */
  constructor(phones, panel, sandbox) {
    this.phones = phones;
    this.panel = panel;
    this.sandbox = sandbox;
  }

  /** @param {string} text */
  note(text) {
    this.panel.note(text);
  }

  /** Whether the script may act on this phone. @param {string} code */
  isFree(code) {
    const view = this.phones.get(code);
    const isAway = !view || view.isOff || view.isLost || view.isHiddenApp;
    return !isAway && !view.isTaken && view.phone?.page !== undefined;
  }

  /** The methods of the page on top of a phone. @param {string} code */
  page(code) {
    const { page } = this.#phone(code);
    return page;
  }

  /** What the user of a phone is in the room. @param {string} code @returns {number} */
  userType(code) {
    return this.phones.get(code)?.phone?.qlive.room?.state.userType ?? 0;
  }

  /** @param {string} code @param {string} text */
  async say(code, text) {
    const page = this.page(code);
    page.write({ detail: { value: text } });
    await pause(700);
    page.say();
  }

  /** @param {string} host @param {string} guest */
  async invite(host, guest) {
    const page = this.page(host);
    page.chooseGender({ detail: { gender: 2 } });
    page.openAudience();
    await pause(1600);
    page.invite({ detail: { userId: this.#phone(guest).qlive.userId } });
    await pause(900);
    page.closePanel();
  }

  /** @param {string} host @param {'male' | 'female'} seat */
  async putDown(host, seat) {
    this.page(host).putDown({ currentTarget: { dataset: { seat } } });
  }

  /** @param {string} code @param {string} to @param {string} effect @param {number} num */
  async give(code, to, effect, num) {
    const page = this.page(code);
    const gift = page.data.gifts.find((/** @type {any} */ { effect: of }) => of === effect);
    const receiver = this.#phone(to).qlive.userId;
    page.openGifts();
    await pause(1400);
    page.give({ detail: { to: receiver, gift: gift.id, num } });
  }

  /** @param {string} code */
  async recharge(code) {
    const phone = this.#phone(code);
    phone.page.openWallet();
    await until(() => phone.page.data.blocks?.length > 0);
    const block = phone.page.data.blocks.find((/** @type {any} */ { gold }) => gold === BLOCK);
    phone.page.choose({ currentTarget: { dataset: { id: block.id } } });
    await pause(900);
    phone.page.pay();
    await until(() => phone.sheets.place.querySelector('.sheet-yes'));
    await pause(LOOK);
    phone.sheets.place.querySelector('.sheet-yes')?.click();
    await until(() => !phone.page.data.paying);
    await pause(900);
    phone.page.goBack();
  }

  /** WeChat's notice does not come; the server asks WeChat itself. @param {string} code */
  async rechargeWithoutNotice(code) {
    const { qlive } = this.#phone(code);
    const before = (await qlive.profile()).gold;
    /** @type {any} */ (this.phones.get(code)).nextNotice = 'lost';
    await this.recharge(code);
    const { gold } = await qlive.profile();
    this.note(gold > before ? '通知没有来，服务器查单后补上了金币 ✓' : '通知没有来，金币还没有到账');
  }

  async audit() {
    await this.panel.audit();
  }

  /** @param {string} code */
  #phone(code) {
    const phone = this.phones.get(code)?.phone;
    if (!phone) throw new Error('手机不在');
    return phone;
  }
}

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Waits until something is there.
 * @param {() => unknown} is
 * @param {number} [limit] the longest wait, in milliseconds
 */
export async function until(is, limit = 10000) {
  const end = Date.now() + limit;
  while (!(await is())) {
    if (Date.now() > end) throw new Error('等不到');
    await pause(100);
  }
}
