/**
 * Where the server is. For a phone on the same network, set `[sandbox] private_addresses` there and
 * write the machine's address here.
 */
const config = {
  /** The URL of the API. */
  base: 'http://127.0.0.1:8080/wx/api/qlive/',
  /** The URL of the sandbox, which stands in for Tencent IM; empty: Tencent's own IM is used. */
  sandbox: 'http://127.0.0.1:8081/',
  /** The sandbox knows this app; empty: that of the running mini-program. */
  appId: 'wxca891295c56f2c79',
  /** Who logs in there: to the sandbox each code is a user. The seeded matchmaker is `host`. */
  code: 'devtools',
};

/** What the place where it runs sets otherwise. */
const given = wx.getExtConfigSync ? wx.getExtConfigSync() : {};

module.exports = Object.assign({}, config, given);
