/**
 * @module The part of `wx` that the sample uses, on a browser.
 */

/**
 * @param {any} phone
 * @returns {{ wx: any, app: { hide: Set<() => void>, show: Set<() => void> } }}
 */
export function makeWx(phone) {
  const { settings, network } = phone;
  const app = { hide: new Set(), show: new Set() };
  /** @type {Map<string, any>} */
  const storage = new Map();

  const online = async () => {
    if (network.latency > 0) await new Promise((resolve) => setTimeout(resolve, network.latency));
    if (!network.isOnline) throw new Error('request:fail no network');
  };

  const wx = {
    getExtConfigSync: () => settings.config,
    getAccountInfoSync: () => ({ miniProgram: { appId: settings.config.appId } }),
    getStorageSync: (/** @type {string} */ key) => storage.get(key) ?? '',
    setStorageSync: (/** @type {string} */ key, /** @type {any} */ value) => storage.set(key, value),
    removeStorageSync: (/** @type {string} */ key) => storage.delete(key),
    onAppHide: (/** @type {any} */ listener) => app.hide.add(listener),
    onAppShow: (/** @type {any} */ listener) => app.show.add(listener),
    offAppHide: (/** @type {any} */ listener) => app.hide.delete(listener),
    offAppShow: (/** @type {any} */ listener) => app.show.delete(listener),

    request: (/** @type {any} */ options) => {
      request(online, options).then(
        (answer) => {
          notice(phone, options, answer);
          options.success(answer);
        },
        (error) => options.fail({ errMsg: error.message }),
      );
    },

    connectSocket: ({ url }) => {
      if (!network.isOnline) return unconnected();
      const socket = new WebSocket(url);
      phone.sockets.add(socket);
      socket.addEventListener('close', () => phone.sockets.delete(socket));
      return {
        onMessage: (/** @type {any} */ listener) =>
          socket.addEventListener('message', ({ data }) => {
            if (network.isOnline) listener({ data });
          }),
        onClose: (/** @type {any} */ listener) => socket.addEventListener('close', listener),
        onError: (/** @type {any} */ listener) => socket.addEventListener('error', listener),
        close: () => socket.close(),
      };
    },

    navigateTo: ({ url }) => phone.pages.open(url),
    navigateBack: () => phone.pages.back(),
    reLaunch: ({ url }) => phone.pages.relaunch(url),
    showToast: ({ title }) => phone.sheets.toast(title),
    showModal: (/** @type {any} */ options) => phone.sheets.confirm(options).then(options.success),

    requestPayment: (/** @type {any} */ options) => pay('wechat_pay', options),
    requestVirtualPayment: (/** @type {any} */ options) => pay('virtual', options),
    requestMerchantTransfer: (/** @type {any} */ options) => confirmTransfer(options),
  };

  /** @param {string} provider @param {any} options */
  const pay = (provider, { success, fail, ...content }) =>
    show('requestPayment', { success, fail }, async () => {
      const number = phone.lastOrder;
      const { gold, price } = await phone.qlive.order(number);
      const isPaid = await phone.sheets.pay({ provider, sum: `¥${price.toFixed(2)}`, gold });
      if (isPaid) await settings.payments.pay(number, content);
      return isPaid;
    });

  /** @param {any} options */
  const confirmTransfer = ({ success, fail, package: packageInfo }) =>
    show('requestMerchantTransfer', { success, fail }, async () => {
      const isConfirmed = await phone.sheets.confirmTransfer();
      if (isConfirmed) await settings.payments.confirmTransfer(packageInfo);
      return isConfirmed;
    });

  return { wx, app };
}

/**
 * Shows a sheet, and reports how it has ended.
 * @param {string} name
 * @param {{ success: (result: object) => void, fail: (cause: object) => void }} listener
 * @param {() => Promise<boolean>} work resolves to whether the user has agreed
 */
async function show(name, { success, fail }, work) {
  try {
    if (await work()) success({});
    else fail({ errMsg: `${name}:fail cancel` });
  } catch (error) {
    fail({ errMsg: `${name}:fail ${/** @type {Error} */ (error).message}` });
  }
}

/**
 * Remembers the order that was made: WeChat knows what it is about, a browser does not.
 * @param {any} phone
 * @param {any} options
 * @param {any} answer
 */
function notice(phone, { url, method }, { statusCode, data }) {
  if (method === 'POST' && url.endsWith('/qlive_pay/') && statusCode === 200) {
    phone.lastOrder = JSON.parse(JSON.parse(data).content).out_trade_no;
  }
}

/** A socket that cannot be opened, as without a network. */
function unconnected() {
  const nothing = () => {};
  return {
    onMessage: nothing,
    onClose: nothing,
    onError: (/** @type {any} */ listener) =>
      setTimeout(() => listener({ errMsg: 'connectSocket:fail no network' })),
    close: nothing,
  };
}

/**
 * @param {() => Promise<void>} online
 * @param {any} options
 */
async function request(online, { url, method = 'GET', header, data, timeout = 60000 }) {
  await online();
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeout);
  try {
    const answer = await fetch(url, { method, headers: header, body: data, signal: abort.signal });
    const text = await answer.text();
    await online();
    return { statusCode: answer.status, header: Object.fromEntries(answer.headers), data: text };
  } catch (error) {
    throw abort.signal.aborted ? new Error('request:fail timeout') : error;
  } finally {
    clearTimeout(timer);
  }
}
