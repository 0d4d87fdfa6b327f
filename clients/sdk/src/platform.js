/**
 * @module What the client needs of the place where it runs. `wechat` and `web` implement it.
 */

/**
 * @typedef {object} PlatformRequest
 * @property {'GET' | 'POST'} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {string} [body]
 * @property {number} timeout milliseconds
 */

/**
 * @typedef {object} PlatformAnswer
 * @property {number} status
 * @property {Record<string, string>} headers names in small letters
 * @property {string} text
 */

/**
 * Raised by `request` when no server answered.
 * @typedef {{ reason: 'timeout' | 'offline' | 'aborted', cause?: unknown }} NoAnswer
 */

/**
 * @typedef {object} Storage
 * @property {(key: string) => string | null} get
 * @property {(key: string, value: string) => void} set
 * @property {(key: string) => void} remove
 */

/**
 * What WeChat hands over for the profile, as `wx.getUserProfile` returns it.
 * @typedef {{ encryptedData: string, iv: string }} SealedProfile
 */

/**
 * An event of the sandbox's IM.
 * @typedef {{ event: string, data: any }} ServerEvent
 */

/**
 * @typedef {object} EventListener
 * @property {(event: ServerEvent) => void} event
 * @property {(cause?: unknown) => void} end called once, when the connection has ended or could not
 *   be made
 */

/**
 * @typedef {object} Platform
 * @property {(request: PlatformRequest) => Promise<PlatformAnswer>} request rejects with `NoAnswer`
 * @property {() => Promise<{ appId: string, code: string, sealed?: SealedProfile }>} getLoginCode
 * @property {Storage} storage
 * @property {(listener: { hide: () => void, show: () => void }) => () => void} watchVisibility
 *   calls the listener until the returned function is called
 * @property {(url: string, listener: EventListener) => () => void} openEvents opens the stream of
 *   events of the sandbox; the returned function closes it
 * @property {(payment: PaymentSheet) => Promise<void>} pay resolves when the user has paid, rejects
 *   with an error whose `cancelled` is true when they did not
 * @property {(confirmation: TransferSheet) => Promise<void>} confirmTransfer the same for a payout
 */

/**
 * @typedef {object} PaymentSheet
 * @property {string} provider `wechat_pay` or `virtual`
 * @property {string} outTradeNo
 * @property {Record<string, string>} content the arguments of the provider's call
 */

/** @typedef {{ mchId: string, appId: string, packageInfo: string }} TransferSheet */

export {};
