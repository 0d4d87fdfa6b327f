/**
 * @module A WeChat mini-program.
 */

/** @typedef {import('../platform.js').Platform} Platform */

/**
 * @param {any} wx the global object of mini-programs
 * @param {object} [options]
 * @param {string} [options.appId] by default that of the running mini-program
 * @returns {Platform}
 */
export function wechat(wx, { appId } = {}) {
  return {
    request: (request) => send(wx, request),
    async getLoginCode() {
      const { code } = await call(wx, 'login', {});
      return { appId: appId ?? wx.getAccountInfoSync().miniProgram.appId, code };
    },
    storage: {
      get: (key) => wx.getStorageSync(key) || null,
      set: (key, value) => wx.setStorageSync(key, value),
      remove: (key) => wx.removeStorageSync(key),
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
      const task = wx.connectSocket({ url: url.replace(/^http/, 'ws') });
      let ended = false;
      const end = (/** @type {unknown} */ cause) => {
        if (!ended) listener.end(cause);
        ended = true;
      };
      task.onMessage((/** @type {any} */ { data }) => listener.event(JSON.parse(data)));
      task.onClose(() => end(undefined));
      task.onError(end);
      return () => task.close({});
    },
    async pay({ provider, content }) {
      const name = provider === 'virtual' ? 'requestVirtualPayment' : 'requestPayment';
      await callForUser(wx, name, content);
    },
    async confirmTransfer({ mchId, appId: app, packageInfo }) {
      const transfer = { mchId, appId: app, package: packageInfo };
      await callForUser(wx, 'requestMerchantTransfer', transfer);
    },
  };
}

/**
 * @param {any} wx
 * @param {import('../platform.js').PlatformRequest} request
 * @returns {Promise<import('../platform.js').PlatformAnswer>}
 */
function send(wx, { method, url, headers, body, timeout }) {
  return new Promise((resolve, reject) => {
    wx.request({
      method,
      url,
      header: headers,
      data: body,
      timeout,
      dataType: 'text',
      responseType: 'text',
      /** @param {any} answer */
      success({ statusCode, header, data }) {
        const names = Object.entries(header ?? {});
        const lower = names.map(([name, value]) => [name.toLowerCase(), String(value)]);
        // Some base libraries parse JSON although they are asked not to.
        const text = typeof data === 'string' ? data : JSON.stringify(data ?? '');
        resolve({ status: statusCode, headers: Object.fromEntries(lower), text });
      },
      /** @param {any} cause */
      fail(cause) {
        const isTimeout = /timeout/i.test(String(cause?.errMsg));
        reject({ reason: isTimeout ? 'timeout' : 'offline', cause });
      },
    });
  });
}

/**
 * @param {any} wx
 * @param {string} name
 * @param {object} options
 * @returns {Promise<any>}
 */
function call(wx, name, options) {
  return new Promise((resolve, reject) => {
    wx[name]({ ...options, success: resolve, fail: reject });
  });
}

/**
 * The same for a sheet that the user may close.
 * @param {any} wx
 * @param {string} name
 * @param {object} options
 */
async function callForUser(wx, name, options) {
  try {
    await call(wx, name, options);
  } catch (cause) {
    const text = String(/** @type {any} */ (cause)?.errMsg);
    throw { cancelled: /cancel/i.test(text), cause };
  }
}
