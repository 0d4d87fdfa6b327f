/** A user of qlive. @extends {Emitter<QliveEvents>} */
export class Qlive extends Emitter<QliveEvents> {
    /**
     * @param {object} options
     * @param {string} options.base the URL of the API, up to `/wx/api/qlive/`
     * @param {Platform} options.platform `wechat(wx)` or `web()`
     * @param {ImAdapter} options.im `tencentIm(TencentCloudChat)` or `sandboxIm()`
     * @param {import('./session.js').TokenStore} [options.tokens] where the token is kept; by default
     *   in the platform's storage
     * @param {number} [options.timeout] of one call, in milliseconds
     * @param {(record: import('./transport.js').RequestRecord) => void} [options.onRequest] gets every
     *   request, for a log
     */
    constructor({ base, platform, im, tokens, timeout, onRequest }: {
        base: string;
        platform: Platform;
        im: ImAdapter;
        tokens?: import("./session.js").TokenStore | undefined;
        timeout?: number | undefined;
        onRequest?: ((record: import("./transport.js").RequestRecord) => void) | undefined;
    });
    platform: import("./platform.js").Platform;
    im: import("./im/adapter.js").ImAdapter;
    session: Session;
    /** @type {Room | null} */
    room: Room | null;
    /** @type {Promise<void> | null} */
    imLogin: Promise<void> | null;
    /** The user who is logged in to IM, and the group that they are in there. */
    imUser: string;
    joinedGroup: string;
    /** The end of the last entering or leaving: they come one after the other. */
    turn: Promise<void>;
    /** Whether messages of IM come at present. */
    isReceiving: boolean;
    stopWatching: () => void;
    /** The id of the user; empty before the login. */
    get userId(): string;
    /**
     * Logs in, and registers a user whom the server does not know.
     * @returns {Promise<Credentials>}
     */
    login(): Promise<Credentials>;
    /**
     * Calls any operation of the API by its id in the server's description.
     * @template {keyof typeof OPERATIONS} N
     * @param {N} name
     * @param {import('./operations.js').Ask<N>} [params]
     * @returns {Promise<import('./operations.js').Answer<N>>}
     */
    call<N extends keyof typeof OPERATIONS>(name: N, params?: import("./operations.js").Ask<N>): Promise<import("./operations.js").Answer<N>>;
    /**
     * A profile; one's own without an id.
     * @param {string} [userId]
     */
    profile(userId?: string): Promise<{
        age: number;
        area: string;
        create_time: string;
        face_url: string;
        gender: number;
        gold: number;
        height: number;
        income: number;
        is_matchmaker: boolean;
        last_login_time?: string | null;
        nickname: string;
        profile_ready: boolean;
        rate?: string | null;
        user_id: string;
        user_sig: string;
        user_sig_expired?: string | null;
    }>;
    /**
     * Changes what is given of one's own profile.
     * @param {{ nickname?: string, gender?: number, age?: number, area?: string, face_url?: string,
     *   height?: number }} changes
     */
    updateProfile(changes: {
        nickname?: string;
        gender?: number;
        age?: number;
        area?: string;
        face_url?: string;
        height?: number;
    }): Promise<{
        age: number;
        area: string;
        create_time: string;
        face_url: string;
        gender: number;
        gold: number;
        height: number;
        income: number;
        is_matchmaker: boolean;
        last_login_time?: string | null;
        nickname: string;
        profile_ready: boolean;
        rate?: string | null;
        user_id: string;
        user_sig: string;
        user_sig_expired?: string | null;
    }>;
    /**
     * A page of the live rooms.
     * @param {number} [page]
     */
    liveList(page?: number): Promise<{
        audience_count: number;
        group_id: string;
        id: number;
        player: import("./api.js").components["schemas"]["Players"];
        room_image: string;
        room_name: string;
    }[]>;
    /** All gifts. @returns {Promise<any[]>} */
    gifts(): Promise<any[]>;
    configs(): Promise<Record<string, never>>;
    /**
     * Blocks a user, who can then neither give to, invite nor like this one; or lifts that.
     * @param {string} userId
     * @param {boolean} [isBlocked]
     */
    block(userId: string, isBlocked?: boolean): Promise<void>;
    /**
     * A page of those whom this user blocks.
     * @param {number} [page]
     */
    blocked(page?: number): Promise<{
        count: number;
        next?: string | null;
        previous?: string | null;
        results: {
            face_url: string;
            nickname: string;
            user_id: string;
        }[];
    }>;
    /**
     * Reports a user to the operators.
     * @param {{ userId: string, kind: 'fraud' | 'abuse' | 'minor' | 'other', liveId?: number,
     *   text?: string }} report
     */
    report({ userId, kind, liveId, text }: {
        userId: string;
        kind: "fraud" | "abuse" | "minor" | "other";
        liveId?: number;
        text?: string;
    }): Promise<void>;
    /**
     * Enters a room. Leaves the one that the user is in.
     * @param {number} liveId
     * @returns {Promise<Room>}
     */
    enter(liveId: number): Promise<Room>;
    /** Begins or resumes one's own broadcast; for matchmakers. @returns {Promise<Room>} */
    host(): Promise<Room>;
    /**
     * Likes somebody, or no longer.
     * @param {string} userId
     * @param {boolean} likes
     */
    like(userId: string, likes: boolean): Promise<void>;
    /** @param {string} userId @returns {Promise<boolean>} */
    likes(userId: string): Promise<boolean>;
    /** What is for sale. @returns {Promise<{ id: number, gold: number, price: number }[]>} */
    blocks(): Promise<{
        id: number;
        gold: number;
        price: number;
    }[]>;
    /**
     * Buys gold: makes an order, lets the user pay, and waits until the gold is there.
     * @param {number} blockId
     * @returns {Promise<{ outTradeNo: string, state: string, gold: number }>} the state is `paid`,
     *   `closed`, `refunded`, or `created` when the payment is not settled yet: ask again later
     */
    buy(blockId: number): Promise<{
        outTradeNo: string;
        state: string;
        gold: number;
    }>;
    /**
     * One's own order.
     * @param {string} outTradeNo
     * @param {number} [wait] how long the server waits for the payment, in seconds, 5 at most
     * @returns {Promise<Order>}
     */
    order(outTradeNo: string, wait?: number): Promise<Order>;
    /** One's last 20 orders, the newest first. @returns {Promise<Order[]>} */
    orders(): Promise<Order[]>;
    /**
     * A page of the movements of one's gold and income.
     * @param {number} [page]
     */
    wallet(page?: number): Promise<{
        count: number;
        next?: string | null;
        previous?: string | null;
        results: {
            amount: number;
            at: number;
            gold: number;
            id: number;
            income: number;
            kind: import("./api.js").components["schemas"]["MovementKind"];
        }[];
    }>;
    /**
     * Asks for a payout of income. Repeated until an answer comes, and held once.
     * @param {{ income: number, realName?: string, requestId?: string }} withdrawal
     */
    withdraw({ income, realName, requestId }: {
        income: number;
        realName?: string;
        requestId?: string;
    }): Promise<{
        app_id?: string | null;
        at: number;
        expires_at?: number | null;
        fen: number;
        id: number;
        income: number;
        mch_id?: string | null;
        package_info?: string | null;
        state: string;
    }>;
    /** One's last 20 withdrawals, the newest first. @returns {Promise<Withdrawal[]>} */
    withdrawals(): Promise<Withdrawal[]>;
    /**
     * Lets the user confirm a payout whose state is `confirm`, and returns it as it is afterwards.
     * @param {number} id
     */
    confirmWithdrawal(id: number): Promise<{
        app_id?: string | null;
        at: number;
        expires_at?: number | null;
        fen: number;
        id: number;
        income: number;
        mch_id?: string | null;
        package_info?: string | null;
        state: string;
    }>;
    /** The application goes to the background: the seat is kept for a while. */
    hide(): Promise<void>;
    /** The application is in front again. */
    show(): Promise<void>;
    /** Leaves the room, and logs out of IM. The token stays valid. */
    logout(): Promise<void>;
    /** Ends what runs by itself. */
    close(): void;
    /**
     * Does something after whatever enters or leaves a room now.
     * @template T
     * @param {() => Promise<T>} work
     * @returns {Promise<T>}
     */
    inTurn<T>(work: () => Promise<T>): Promise<T>;
    /** @param {string} group */
    joinGroup(group: string): Promise<void>;
    /** @param {string} group */
    quitGroup(group: string): Promise<void>;
    /** @param {string} group @param {string} text */
    sendToGroup(group: string, text: string): Promise<void>;
    /** @param {Room} room */
    forgetRoom(room: Room): void;
    /** @param {unknown} error */
    reportError(error: unknown): void;
    #private;
}
export type ImAdapter = import("./im/adapter.js").ImAdapter;
export type Platform = import("./platform.js").Platform;
export type Credentials = import("./session.js").Credentials;
export type Order = Exclude<import("./operations.js").Answer<"get_order">, any[]>;
export type Withdrawal = Exclude<import("./operations.js").Answer<"get_withdrawals">, any[]>;
export type Movement = import("./operations.js").Answer<"wallet">["results"][number];
export type QliveEvents = {
    login: Credentials;
    /**
     * the state of the connection to IM
     */
    im: import("./im/adapter.js").ImState;
    /**
     * a room was entered
     */
    room: Room;
    /**
     * a failure of something that the client did by itself
     */
    error: unknown;
};
import { Emitter } from './emitter.js';
import { Session } from './session.js';
import { Room } from './room.js';
import { OPERATIONS } from './operations.js';
