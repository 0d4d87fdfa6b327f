const { Qlive, sandboxIm, tencentIm, wechat } = require('qlive');
const config = require('../config');

/** Makes the client of the user of this mini-program. */
function createClient() {
  const { appId, code } = config;
  const platform = wechat(wx, { appId: appId || undefined });
  // WeChat's own codes are new each time, which would make a new user of each login.
  if (config.sandbox) platform.getLoginCode = async () => ({ appId, code });
  const im = config.sandbox
    ? sandboxIm({ url: config.sandbox, platform })
    : tencentIm(loadTencentChat());
  return new Qlive({ base: config.base, platform, im, onRequest: config.onRequest });
}

/** Tencent's SDK, which `npm install @tencentcloud/chat` and "构建 npm" bring. */
function loadTencentChat() {
  return require('@tencentcloud/chat');
}

module.exports = { createClient };
