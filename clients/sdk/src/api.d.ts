export interface paths {
    "/wx/api/qlive/get_configs/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the configs that operators set for all clients. */
        get: operations["get_configs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/get_livelist/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the live rooms. */
        get: operations["get_livelist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/get_playurl/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Enters a room, or resumes the caller's place in it. */
        get: operations["get_playurl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/im_notify/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tencent IM reports connections, group members and messages, and asks whether a message is allowed. */
        post: operations["im_notify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/live_notify/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tencent CSS reports that a stream started, stopped, or got a screenshot. */
        post: operations["live_notify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/pay_notify/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** WeChat Pay reports a payment, a refund or a transfer. 204 once it is stored. */
        post: operations["pay_notify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_gift/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the gifts that can be given. */
        get: operations["get_gifts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_gift/push_gift/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives a gift to a user. */
        get: operations["push_gift"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_like/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows whether the caller likes a user. */
        get: operations["get_like"];
        put?: never;
        /** Likes a user, or no longer. */
        post: operations["set_like"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_pay/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the blocks of gold that can be bought. */
        get: operations["get_blocks"];
        put?: never;
        /** Orders a block of gold. */
        post: operations["recharge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_pay/order/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows an order of the caller; its provider is queried when the notice is late. */
        get: operations["get_order"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/accept_micro/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes the seat of the caller's gender. Of two at once exactly one wins. */
        post: operations["accept_micro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/apply_micro/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Applies for the mic. */
        post: operations["apply_micro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/decline_micro/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The host declines an application. */
        post: operations["decline_micro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/invite_micro/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The host invites a user in the room to the mic. */
        post: operations["invite_micro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/leave_micro/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Leaves the mic; the host takes a guest off it. */
        get: operations["leave_micro"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/leave_room/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Leaves a room. When the host leaves, the broadcast ends. */
        get: operations["leave_room"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/live_end/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends the broadcast of the calling host. */
        post: operations["live_end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/matchmaker_enter/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Starts the broadcast of a matchmaker, or resumes it. */
        post: operations["matchmaker_enter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/mute/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The host mutes a user in all of their rooms, or lifts that. */
        post: operations["mute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/refuse_micro/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraws an application, or turns an invitation down. */
        post: operations["refuse_micro"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/remove/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The host removes a user from the broadcast. */
        post: operations["remove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_room/sync/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the stage and the messages that a client missed. Changes nothing. */
        get: operations["sync"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Registers a user, or answers with the account that the user already has. */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/block/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists whom the caller blocks. */
        get: operations["get_blocked"];
        put?: never;
        /** Blocks a user, or lifts that. */
        post: operations["block"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/get_user_state/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows which room the caller is in. */
        get: operations["get_user_state"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/get_userinfo/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a profile. */
        get: operations["get_userinfo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/get_users_info/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the viewers of one gender; those who applied for the mic come first. */
        get: operations["get_users_info"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/login/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs a user in with a code of `wx.login`. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/logout/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Leaves whatever room the caller is in. The token stays valid. */
        get: operations["logout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/report/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reports a user to the operators. */
        post: operations["report"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/update_userinfo/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Changes the caller's profile. What is absent or `""` stays as it is. */
        post: operations["update_userinfo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/wallet/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the changes of the caller's gold and income, the latest first. */
        get: operations["wallet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/withdraw/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Requests a withdrawal. The income is held at once. */
        post: operations["withdraw"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/qlive_user/withdrawals/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows the caller's withdrawals. */
        get: operations["get_withdrawals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/wx/api/qlive/wx_notify/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** WeChat verifies the address of the message push. */
        get: operations["wx_verify"];
        put?: never;
        /** WeChat reports a virtual payment, a refund of one, or a complaint. Accepted once it is stored. */
        post: operations["wx_notify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Won, or lost to a user who took the seat first. */
        AcceptAnswer: components["schemas"]["AcceptWon"] | components["schemas"]["AcceptLost"];
        AcceptLost: {
            code: string;
            error_msg: string;
        };
        AcceptWon: {
            /** Format: int32 */
            age: number;
            area: string;
            code: string;
            face_url: string;
            /** Format: int32 */
            gender: number;
            nickname: string;
            play_url: string;
            push_url: string;
            user_id: string;
        };
        /** @description The host. */
        Anchor: {
            face_url: string;
            nickname: string;
        };
        AudienceAnswer: {
            face_url: string;
            nickname: string;
            /**
             * Format: int32
             * @description 0: watching, 1: applied for the mic.
             */
            state: number;
            user_id: string;
        };
        BlockAnswer: {
            /** Format: int64 */
            gold: number;
            /** Format: int64 */
            id: number;
            /**
             * Format: double
             * @description Yuan.
             */
            price: number;
        };
        BlockInput: {
            /**
             * Format: int32
             * @description 1 blocks the user, 0 lifts it.
             */
            block: number;
            user_id: string;
        };
        /** @description A user whom the caller blocks. */
        BlockedAnswer: {
            face_url: string;
            nickname: string;
            user_id: string;
        };
        CredentialsAnswer: {
            /** Format: int32 */
            sdk_app_id: number;
            token: string;
            user_id: string;
            /** @description Empty for a banned user. */
            user_sign: string;
        };
        /** @description `{"detail": "OK"}`. */
        Done: {
            detail: string;
        };
        /** @description `{}`. */
        Empty: Record<string, never>;
        /** @description The body of every answer that is not a success. */
        ErrorAnswer: {
            /** @description A stable name of the error. */
            code: string;
            /** @description One sentence that may be shown to the user. */
            detail: string;
            /** @description The same as `detail`; only in answers of `accept_micro`. */
            error_msg?: string | null;
            /** @description The parameter at fault. */
            field?: string | null;
        };
        /** @description A message to the room's group, as its `CloudCustomData` and text have it. */
        EventAnswer: {
            /**
             * Format: int64
             * @description Epoch milliseconds.
             */
            at: number;
            /** Format: int64 */
            broadcast_id: number;
            /** Format: int64 */
            id: number;
            /** @description `{"type", "content"}`. */
            message: Record<string, never>;
            /** Format: int64 */
            seq: number;
        };
        GiftAnswer: {
            effect: string;
            /**
             * Format: int64
             * @description Its price in coins.
             */
            gold: number;
            /** Format: int64 */
            id: number;
            image: string;
            name: string;
        };
        GuestInput: {
            /** Format: int64 */
            live_id: number;
            user_id: string;
        };
        /** @description The answer that Tencent IM expects. `ErrorCode` 1: the message is not delivered. */
        ImAnswer: {
            ActionStatus: string;
            /** Format: int32 */
            ErrorCode: number;
            ErrorInfo: string;
        };
        InviteAnswer: {
            /**
             * Format: int64
             * @description How long the invitation can be accepted, in seconds.
             */
            expires_in: number;
        };
        LikeAnswer: {
            /**
             * Format: int32
             * @description 1: the caller likes the user; 0: they do not.
             */
            like_state: number;
        };
        /** @description `{"detail": "ok"}`. */
        LikeDone: {
            detail: string;
        };
        LikeInput: {
            /** Format: int32 */
            like_state: number;
            user_id: string;
        };
        /** @description The answer that Tencent CSS expects. */
        LiveAnswer: {
            /** Format: int32 */
            code: number;
        };
        LiveRoomAnswer: {
            /**
             * Format: int64
             * @description All users in the room, the host and the guests on the mic included.
             */
            audience_count: number;
            group_id: string;
            /** Format: int64 */
            id: number;
            player: components["schemas"]["Players"];
            room_image: string;
            room_name: string;
        };
        LoginAnswer: components["schemas"]["LoginKnown"] | components["schemas"]["LoginUnknown"];
        LoginInput: {
            appId: string;
            code: string;
        };
        /**
         * @description `status` 0. With `login_type` 1 the user is still in a live room, which the last four fields
         *     describe.
         */
        LoginKnown: components["schemas"]["CredentialsAnswer"] & {
            group_id?: string | null;
            /** Format: int64 */
            live_id?: number | null;
            live_room_name?: string | null;
            /** Format: int32 */
            login_type: number;
            /** Format: int32 */
            status: number;
            /** Format: int32 */
            user_type?: number | null;
        };
        /** @description `status` 1: no user has this openid. */
        LoginUnknown: {
            /** Format: int32 */
            status: number;
        };
        /** @description `status` `failed`: the matchmaker is banned, and there are no other fields. */
        MatchmakerAnswer: components["schemas"]["MatchmakerLive"] | components["schemas"]["MatchmakerBanned"];
        MatchmakerBanned: {
            status: string;
        };
        MatchmakerLive: {
            face_url: string;
            group_id: string;
            /** Format: int64 */
            live_id: number;
            nickname: string;
            play_url: string;
            /** Format: int64 */
            presence: number;
            push_url: string;
            status: string;
            user_id: string;
        };
        MovementAnswer: {
            /**
             * Format: int64
             * @description The change of gold and income together.
             */
            amount: number;
            /**
             * Format: int64
             * @description Epoch milliseconds.
             */
            at: number;
            /**
             * Format: int64
             * @description The gold afterwards.
             */
            gold: number;
            /** Format: int64 */
            id: number;
            /**
             * Format: int64
             * @description The income afterwards.
             */
            income: number;
            kind: components["schemas"]["MovementKind"];
        };
        /**
         * @description Why gold or income moved.
         * @enum {string}
         */
        MovementKind: "recharge" | "grant" | "gift_sent" | "gift_received" | "refund" | "refund_returned" | "withdraw" | "withdraw_returned" | "correction";
        MuteInput: {
            /** Format: int64 */
            live_id: number;
            /**
             * Format: int64
             * @description For how long, at most 86,400 seconds; 0 lifts the mute.
             */
            seconds: number;
            user_id: string;
        };
        OrderAnswer: {
            /**
             * Format: int64
             * @description When it was created, in epoch milliseconds.
             */
            at: number;
            /** Format: int64 */
            gold: number;
            out_trade_no: string;
            /**
             * Format: double
             * @description Yuan.
             */
            price: number;
            /** @description `created`, `paid`, `closed` or `refunded`. */
            state: string;
        };
        /** @description One order, or the caller's last ones. */
        OrdersAnswer: components["schemas"]["OrderAnswer"] | components["schemas"]["OrderAnswer"][];
        /** @description A page of a listing, with absolute links to the pages before and after it. */
        Paged_BlockedAnswer: {
            /** Format: int64 */
            count: number;
            next?: string | null;
            previous?: string | null;
            results: {
                face_url: string;
                nickname: string;
                user_id: string;
            }[];
        };
        /** @description A page of a listing, with absolute links to the pages before and after it. */
        Paged_GiftAnswer: {
            /** Format: int64 */
            count: number;
            next?: string | null;
            previous?: string | null;
            results: {
                effect: string;
                /**
                 * Format: int64
                 * @description Its price in coins.
                 */
                gold: number;
                /** Format: int64 */
                id: number;
                image: string;
                name: string;
            }[];
        };
        /** @description A page of a listing, with absolute links to the pages before and after it. */
        Paged_MovementAnswer: {
            /** Format: int64 */
            count: number;
            next?: string | null;
            previous?: string | null;
            results: {
                /**
                 * Format: int64
                 * @description The change of gold and income together.
                 */
                amount: number;
                /**
                 * Format: int64
                 * @description Epoch milliseconds.
                 */
                at: number;
                /**
                 * Format: int64
                 * @description The gold afterwards.
                 */
                gold: number;
                /** Format: int64 */
                id: number;
                /**
                 * Format: int64
                 * @description The income afterwards.
                 */
                income: number;
                kind: components["schemas"]["MovementKind"];
            }[];
        };
        PersonAnswer: {
            /** Format: int32 */
            age: number;
            area: string;
            face_url: string;
            nickname: string;
            play_url: string;
            user_id: string;
        };
        /** @description The avatars of the guests on the mic, or the image of an empty seat. */
        Players: {
            boy: string;
            girl: string;
        };
        /** @description A profile. In that of another user the fields that only they may read are empty or 0. */
        ProfileAnswer: {
            /** Format: int32 */
            age: number;
            area: string;
            create_time: string;
            face_url: string;
            /** Format: int32 */
            gender: number;
            /** Format: int64 */
            gold: number;
            /** Format: int32 */
            height: number;
            /** Format: int64 */
            income: number;
            is_matchmaker: boolean;
            last_login_time?: string | null;
            nickname: string;
            /** @description Whether the user has set name and gender. Without that they cannot take the mic. */
            profile_ready: boolean;
            /** @description Yuan for a coin of income; only in `get_userinfo`. */
            rate?: string | null;
            user_id: string;
            user_sig: string;
            user_sig_expired?: string | null;
        };
        ProfileInput: {
            /** Format: int64 */
            age?: number | null;
            area?: string | null;
            face_url?: string | null;
            /** Format: int64 */
            gender?: number | null;
            /** Format: int64 */
            height?: number | null;
            nickname?: string | null;
        };
        /** @description Given, or refused because there is not enough gold; with the giver's balances afterwards. */
        PushGiftAnswer: {
            code: string;
            detail?: string | null;
            /** Format: int64 */
            gold: number;
            /** Format: int64 */
            income: number;
            /** @description `success` or `failed`. */
            status: string;
        };
        /** @description What the client needs to pay. */
        RechargeAnswer: {
            /** @description The parameters of `wx.requestPayment` or `wx.requestVirtualPayment`, as a JSON text. */
            content: string;
            /**
             * @description HMAC-SHA256, in hexadecimal, of `timestamp`, a line feed and `content`; the key is the
             *     caller's token.
             */
            sign: string;
            success: string;
            /** @description Shanghai wall clock: `2019-07-30 12:30:00`. */
            timestamp: string;
        };
        RechargeInput: {
            /** Format: int64 */
            block_id: number;
            /** @description A new code of `wx.login`, whose session key signs a virtual payment. */
            code?: string | null;
        };
        RegisterInput: {
            appId: string;
            code: string;
            encryptedData?: string | null;
            iv?: string | null;
        };
        ReportInput: {
            /** @description `fraud`, `abuse`, `minor` (under age) or `other`. */
            kind: string;
            /**
             * Format: int64
             * @description The room where it happened.
             */
            live_id?: number | null;
            /** @description At most 500 characters. */
            text?: string | null;
            user_id: string;
        };
        /** @description A room, and the visit to it that the call is about. */
        RoomInput: {
            /** Format: int64 */
            live_id: number;
            /**
             * Format: int64
             * @description The number of the visit that this call is about; see `presence` in the answers.
             */
            presence?: number | null;
        };
        /** @description A user on the stage, or `{}` when there is none. */
        SeatAnswer: components["schemas"]["PersonAnswer"] | components["schemas"]["Empty"];
        StageAnswer: {
            anchor_info: components["schemas"]["Anchor"];
            female: components["schemas"]["SeatAnswer"];
            group_id: string;
            /** Format: int64 */
            live_id: number;
            male: components["schemas"]["SeatAnswer"];
            /**
             * @description How many men applied, men there are, women applied, women there are. The host is not
             *     counted.
             */
            num_list: number[];
            owner: components["schemas"]["SeatAnswer"];
            /** Format: int64 */
            presence: number;
            /** @description Empty unless the caller is on stage. */
            push_url: string;
            room_name: string;
            /** Format: int32 */
            user_type: number;
        };
        SyncAnswer: components["schemas"]["StageAnswer"] & {
            events: components["schemas"]["EventAnswer"][];
            /**
             * Format: int64
             * @description The number of the last message to the room's group.
             */
            seq: number;
        };
        /** @description The room of the caller; `""`, 0, `""`, 0 when they are in none. */
        UserStateAnswer: {
            group_id: string;
            /** Format: int64 */
            live_id: number;
            live_room_name: string;
            /** Format: int32 */
            user_type: number;
        };
        WithdrawInput: {
            /**
             * Format: int64
             * @description Coins of income.
             */
            income: number;
            /** @description The name on the identity card; required from 200,000 fen. */
            real_name?: string | null;
            /** @description An idempotency key, chosen by the client: repeated calls withdraw once. */
            request_id: string;
        };
        /** @description A withdrawal. It has the last three fields only while the user must confirm it. */
        WithdrawalAnswer: {
            app_id?: string | null;
            /**
             * Format: int64
             * @description When it was requested, in epoch milliseconds.
             */
            at: number;
            /**
             * Format: int64
             * @description When the confirmation expires, in epoch milliseconds.
             */
            expires_at?: number | null;
            /** Format: int64 */
            fen: number;
            /** Format: int64 */
            id: number;
            /** Format: int64 */
            income: number;
            mch_id?: string | null;
            /** @description A parameter of `wx.requestMerchantTransfer`. */
            package_info?: string | null;
            /** @description `review`, `confirm`, `paying`, `paid`, `rejected`, `failed` or `expired`. */
            state: string;
        };
        /** @description One withdrawal, or the caller's last ones. */
        WithdrawalsAnswer: components["schemas"]["WithdrawalAnswer"] | components["schemas"]["WithdrawalAnswer"][];
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_configs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_livelist: {
        parameters: {
            query?: {
                /** @description Counts from 1; a page has eight rows. */
                page?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LiveRoomAnswer"][];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_playurl: {
        parameters: {
            query: {
                live_id: number;
                /** @description The number of the visit that this call is about; see `presence` in the answers. */
                presence?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StageAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    im_notify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    live_notify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LiveAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    pay_notify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_gifts: {
        parameters: {
            query?: {
                /** @description Counts from 1. */
                page?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_GiftAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    push_gift: {
        parameters: {
            query: {
                /** @description Who receives it. */
                user_id: string;
                gift_id: number;
                /** @description How many, 1 to 9999. */
                num: number;
                /** @description An idempotency key, chosen by the client: repeated calls give the gift once. */
                request_id?: string | null;
                /** @description The room both must be in. */
                live_id?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PushGiftAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_like: {
        parameters: {
            query: {
                user_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LikeAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    set_like: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LikeInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LikeDone"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_blocks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BlockAnswer"][];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    recharge: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RechargeInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RechargeAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_order: {
        parameters: {
            query?: {
                /** @description The number of an order. Not given: the caller's last 20 orders. */
                out_trade_no?: string | null;
                /** @description How long to wait until the order is settled, 1 to 5 seconds. */
                wait?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrdersAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    accept_micro: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoomInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    apply_micro: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoomInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    decline_micro: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuestInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    invite_micro: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuestInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InviteAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    leave_micro: {
        parameters: {
            query: {
                live_id: number;
                /** @description The user who leaves the mic. */
                user_id: string;
                /** @description The gender of that user: 1 male, 2 female. */
                gender: number;
                presence?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    leave_room: {
        parameters: {
            query: {
                live_id: number;
                /** @description The number of the visit that this call is about; see `presence` in the answers. */
                presence?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    live_end: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoomInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    matchmaker_enter: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MatchmakerAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    mute: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MuteInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    refuse_micro: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoomInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    remove: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuestInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    sync: {
        parameters: {
            query: {
                live_id: number;
                /** @description The last `seq` that the client has seen; 0 when absent. */
                since?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CredentialsAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_blocked: {
        parameters: {
            query?: {
                /** @description Counts from 1. */
                page?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_BlockedAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    block: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BlockInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_user_state: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserStateAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_userinfo: {
        parameters: {
            query?: {
                /** @description Not given: the caller. */
                user_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_users_info: {
        parameters: {
            query: {
                live_id: number;
                /** @description 1 male, 2 female. */
                gender: number;
                page?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AudienceAnswer"][];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: {
                /** @description `hide`: the app went to the background. */
                reason?: string | null;
                presence?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    report: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReportInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Done"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    update_userinfo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    wallet: {
        parameters: {
            query?: {
                /** @description Counts from 1. */
                page?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paged_MovementAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    withdraw: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WithdrawInput"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithdrawalAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    get_withdrawals: {
        parameters: {
            query?: {
                /** @description Not given: the caller's last 20 withdrawals. */
                id?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WithdrawalsAnswer"];
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    wx_verify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
    wx_notify: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorAnswer"];
                };
            };
        };
    };
}
