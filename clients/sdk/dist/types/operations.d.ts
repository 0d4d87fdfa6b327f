/** By the operation's id in the server's description. */
export const OPERATIONS: Readonly<{
    login: {
        open: boolean;
        method: "GET" | "POST";
        /**
         * below the base path
         */
        path: string;
        repeat: Repetition;
    };
    register: {
        open: boolean;
        method: "GET" | "POST";
        /**
         * below the base path
         */
        path: string;
        repeat: Repetition;
    };
    update_userinfo: Operation;
    get_userinfo: Operation;
    get_user_state: Operation;
    logout: Operation;
    wallet: Operation;
    withdraw: Operation;
    get_withdrawals: Operation;
    get_livelist: Operation;
    get_configs: Operation;
    get_playurl: Operation;
    get_users_info: Operation;
    matchmaker_enter: Operation;
    apply_micro: Operation;
    accept_micro: Operation;
    refuse_micro: Operation;
    invite_micro: Operation;
    decline_micro: Operation;
    mute: Operation;
    remove: Operation;
    block: Operation;
    get_blocked: Operation;
    report: Operation;
    leave_micro: Operation;
    leave_room: Operation;
    live_end: Operation;
    sync: Operation;
    get_gifts: Operation;
    push_gift: Operation;
    get_like: Operation;
    set_like: Operation;
    get_blocks: Operation;
    recharge: Operation;
    get_order: Operation;
}>;
/**
 * - `read`: changes nothing, and is repeated when no answer comes;
 * - `same`: repeating it leaves the same state, so it is repeated too;
 * - `keyed`: carries a `request_id`, which makes a repetition safe;
 * - `once`: is not repeated.
 */
export type Repetition = "read" | "same" | "keyed" | "once";
export type Operation = {
    method: "GET" | "POST";
    /**
     * below the base path
     */
    path: string;
    repeat: Repetition;
    /**
     * whether it needs no token
     */
    open?: boolean | undefined;
};
export type Described = import("./api.js").operations;
/**
 * What an operation answers.
 */
export type Answer<N extends keyof Described> = Described[N] extends {
    responses: {
        200: {
            content: {
                "application/json": infer A;
            };
        };
    };
} ? A : never;
/**
 * What an operation is asked.
 */
export type Ask<N extends keyof Described> = Described[N] extends {
    requestBody: {
        content: {
            "application/json": infer B;
        };
    };
} ? B : Described[N] extends {
    parameters: {
        query: infer Q;
    };
} ? Q : Described[N] extends {
    parameters: {
        query?: infer Q;
    };
} ? Q : {};
