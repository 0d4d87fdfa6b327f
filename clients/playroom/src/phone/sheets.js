/**
 * @module What WeChat shows over a mini-program: passing notes, questions, and sheets of payment.
 */

/** How long a note stays, in milliseconds. */
const TOAST = 1800;

export class Sheets {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    /** @type {any} */
    this.toastTimer = null;
  }

  /** @param {string} text */
  toast(text) {
    this.place.querySelector('.sheet-toast')?.remove();
    const note = make('div', 'sheet-toast', text);
    note.setAttribute('role', 'status');
    this.place.append(note);
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => note.remove(), TOAST);
  }

  /** @param {{ title: string, content: string }} question */
  async confirm({ title, content }) {
    const confirm = await this.#ask([make('h2', '', title), make('p', '', content)], '确定');
    return { confirm, cancel: !confirm };
  }

  /**
   * The sheet of a payment. Resolves to whether the user has paid.
   * @param {{ provider: string, sum: string, gold: number }} payment
   */
  pay({ provider, sum, gold }) {
    const name = provider === 'virtual' ? '微信虚拟支付' : '微信支付';
    const body = [
      make('h2', '', name),
      make('p', 'sheet-sum', sum),
      make('p', 'sheet-small', `${gold} 金币 · 沙箱付款，不真实扣款`),
    ];
    return this.#ask(body, '确认支付');
  }

  /** The sheet on which a payout is accepted. */
  confirmTransfer() {
    const body = [make('h2', '', '确认收款'), make('p', 'sheet-small', '沙箱收款，到账微信零钱')];
    return this.#ask(body, '确认收款');
  }

  /**
   * @param {HTMLElement[]} body
   * @param {string} action
   * @returns {Promise<boolean>}
   */
  #ask(body, action) {
    return new Promise((resolve) => {
      const sheet = make('div', 'sheet');
      const before = /** @type {HTMLElement | null} */ (document.activeElement);
      sheet.setAttribute('role', 'dialog');
      sheet.setAttribute('aria-modal', 'true');
      sheet.setAttribute('aria-label', body[0]?.textContent ?? '');
      const foot = make('div', 'sheet-foot');
      const close = (/** @type {boolean} */ isDone) => () => {
        sheet.remove();
        before?.focus({ preventScroll: true });
        resolve(isDone);
      };
      const no = make('button', 'sheet-no', '取消');
      no.addEventListener('click', close(false));
      const yes = make('button', 'sheet-yes', action);
      yes.addEventListener('click', close(true));
      sheet.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') close(false)();
        // The focus stays in the sheet.
        if (event.key === 'Tab') {
          event.preventDefault();
          (document.activeElement === yes ? no : yes).focus();
        }
      });
      foot.append(no, yes);
      sheet.append(...body, foot);
      this.place.append(sheet);
      yes.focus({ preventScroll: true });
    });
  }
}

/** @param {string} tag @param {string} name @param {string} [text] */
function make(tag, name, text = '') {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
