export type PlatformRequest = {
    method: "GET" | "POST";
    url: string;
    headers: Record<string, string>;
    body?: string | undefined;
    /**
     * milliseconds
     */
    timeout: number;
};
export type PlatformAnswer = {
    status: number;
    /**
     * names in small letters
     */
    headers: Record<string, string>;
    text: string;
};
/**
 * Raised by `request` when no server answered.
 */
export type NoAnswer = {
    reason: "timeout" | "offline" | "aborted";
    cause?: unknown;
};
export type Storage = {
    get: (key: string) => string | null;
    set: (key: string, value: string) => void;
    remove: (key: string) => void;
};
/**
 * What WeChat hands over for the profile, as `wx.getUserProfile` returns it.
 */
export type SealedProfile = {
    encryptedData: string;
    iv: string;
};
/**
 * An event of the sandbox's IM.
 */
export type ServerEvent = {
    event: string;
    data: any;
};
export type EventListener = {
    event: (event: ServerEvent) => void;
    /**
     * called once, when the connection has ended or could not
     * be made
     */
    end: (cause?: unknown) => void;
};
export type Platform = {
    /**
     * rejects with `NoAnswer`
     */
    request: (request: PlatformRequest) => Promise<PlatformAnswer>;
    getLoginCode: () => Promise<{
        appId: string;
        code: string;
        sealed?: SealedProfile;
    }>;
    storage: Storage;
    /**
     *   calls the listener until the returned function is called
     */
    watchVisibility: (listener: {
        hide: () => void;
        show: () => void;
    }) => () => void;
    /**
     * opens the stream of
     * events of the sandbox; the returned function closes it
     */
    openEvents: (url: string, listener: EventListener) => () => void;
    /**
     * resolves when the user has paid, rejects
     * with an error whose `cancelled` is true when they did not
     */
    pay: (payment: PaymentSheet) => Promise<void>;
    /**
     * the same for a payout
     */
    confirmTransfer: (confirmation: TransferSheet) => Promise<void>;
};
export type PaymentSheet = {
    /**
     * `wechat_pay` or `virtual`
     */
    provider: string;
    outTradeNo: string;
    /**
     * the arguments of the provider's call
     */
    content: Record<string, string>;
};
export type TransferSheet = {
    mchId: string;
    appId: string;
    packageInfo: string;
};
