/**
 * @module IM through Tencent's own SDK, `@tencentcloud/chat`, which the application hands in.
 * https://cloud.tencent.com/document/product/269/75285
 */

/** @typedef {import('./adapter.js').ImAdapter} ImAdapter */
/** @typedef {import('./adapter.js').ImMessage} ImMessage */
/** @typedef {import('./adapter.js').ImState} ImState */

/** The SDK's own levels: release, so that it logs little. */
const LOG_LEVEL = 1;

/**
 * @param {any} TencentCloudChat the default export of the SDK
 * @param {object} [options]
 * @param {string} [options.proxyServer] `ws://` or `wss://` URL of a stand-in
 * @returns {ImAdapter}
 */
export function tencentIm(TencentCloudChat, { proxyServer } = {}) {
  const { EVENT, TYPES } = TencentCloudChat;
  /** @type {any} */
  let chat = null;
  /** @type {Set<(message: ImMessage) => void>} */
  const messageListeners = new Set();
  /** @type {Set<(state: ImState) => void>} */
  const stateListeners = new Set();
  const report = (/** @type {ImState} */ state) => {
    for (const listener of [...stateListeners]) listener(state);
  };

  /** @param {number} sdkAppId */
  const create = (sdkAppId) => {
    chat = TencentCloudChat.create({ SDKAppID: sdkAppId, ...(proxyServer && { proxyServer }) });
    chat.setLogLevel(LOG_LEVEL);
    chat.on(EVENT.MESSAGE_RECEIVED, (/** @type {any} */ event) => {
      for (const message of event.data) receive(message);
    });
    chat.on(EVENT.KICKED_OUT, (/** @type {any} */ { data }) => {
      report(data.type === TYPES.KICKED_OUT_USERSIG_EXPIRED ? 'expired' : 'kicked');
    });
    chat.on(EVENT.NET_STATE_CHANGE, (/** @type {any} */ event) => {
      if (event.data.state === TYPES.NET_STATE_DISCONNECTED) report('lost');
      if (event.data.state === TYPES.NET_STATE_CONNECTED) report('ready');
    });
  };

  /** @param {any} message */
  const receive = (message) => {
    if (message.type !== TYPES.MSG_TEXT) return;
    const isToGroup = message.conversationType === TYPES.CONV_GROUP;
    const received = {
      from: message.from,
      group: isToGroup ? message.to : null,
      text: message.payload.text,
      custom: message.cloudCustomData ?? '',
    };
    for (const listener of [...messageListeners]) listener(received);
  };

  return {
    async login({ sdkAppId, userId, userSig }) {
      if (chat === null) create(sdkAppId);
      let listener = () => {};
      const ready = new Promise((resolve) => {
        listener = () => resolve(undefined);
      });
      chat.on(EVENT.SDK_READY, listener);
      try {
        const { data } = await chat.login({ userID: userId, userSig });
        // Who is logged in already is ready, and hears nothing of it.
        if (!data?.repeatLogin && !chat.isReady()) await ready;
      } finally {
        chat.off(EVENT.SDK_READY, listener);
      }
      report('ready');
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
      const [id, conversationType] =
        'group' in to ? [to.group, TYPES.CONV_GROUP] : [to.account, TYPES.CONV_C2C];
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
    },
  };
}
