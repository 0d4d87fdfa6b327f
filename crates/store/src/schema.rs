//! The tables as diesel declares them, the same for both engines. A test compares them with the
//! migrated databases.

mod moderation_tables;
mod operator_tables;
mod report_tables;

pub use moderation_tables::*;
pub use operator_tables::*;
pub use report_tables::*;

diesel::table! {
    users (id) {
        id -> BigInt,
        app_id -> Text,
        openid -> Text,
        nickname -> Text,
        gender -> Integer,
        age -> Integer,
        height -> Integer,
        area -> Text,
        face_url -> Text,
        name_known -> Bool,
        gender_known -> Bool,
        name_unchecked_at -> Nullable<BigInt>,
        matchmaker -> Bool,
        banned_at -> Nullable<BigInt>,
        banned_until -> Nullable<BigInt>,
        ban_reason -> Text,
        erased_at -> Nullable<BigInt>,
        visits -> BigInt,
        last_login_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    wechat_sessions (app_id, openid) {
        app_id -> Text,
        openid -> Text,
        session_key -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    wechat_codes (code_hash) {
        code_hash -> Text,
        openid -> Text,
        session_key -> Text,
        expires_at -> BigInt,
        made_user -> Bool,
    }
}

diesel::table! {
    wechat_access_tokens (app_id) {
        app_id -> Text,
        token -> Text,
        usable_until -> BigInt,
        lease_owner -> Text,
        lease_until -> BigInt,
        forced_at -> BigInt,
        forced_day -> BigInt,
        forced_count -> BigInt,
    }
}

diesel::table! {
    tokens (hash) {
        hash -> Text,
        user_id -> BigInt,
        created_at -> BigInt,
        used_at -> BigInt,
    }
}

diesel::table! {
    authentication_changes (id) {
        id -> BigInt,
        user_id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    likes (user_id, liked_id) {
        user_id -> BigInt,
        liked_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    configs (key) {
        key -> Text,
        value -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> BigInt,
        who -> Text,
        action -> Text,
        subject -> Text,
        reason -> Text,
        role -> Text,
        address -> Text,
        value_before -> Text,
        value_after -> Text,
    }
}

diesel::table! {
    rooms (id) {
        id -> BigInt,
        host_id -> BigInt,
        group_id -> Text,
        cover -> Text,
        group_ready -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    broadcasts (id) {
        id -> BigInt,
        room_id -> BigInt,
        started_at -> BigInt,
    }
}

diesel::table! {
    broadcast_log (broadcast_id) {
        broadcast_id -> BigInt,
        room_id -> BigInt,
        started_at -> BigInt,
        ended_at -> BigInt,
        reason -> Text,
    }
}

diesel::table! {
    members (user_id) {
        user_id -> BigInt,
        broadcast_id -> BigInt,
        room_id -> BigInt,
        gender -> Integer,
        state -> Integer,
        visit -> BigInt,
        version -> BigInt,
        entered_at -> BigInt,
        seated_at -> Nullable<BigInt>,
        invited_until -> Nullable<BigInt>,
        invited_by_us -> Bool,
        response_until -> BigInt,
        changed_at -> BigInt,
        im_grace_until -> Nullable<BigInt>,
        stream_grace_until -> Nullable<BigInt>,
        last_active_at -> BigInt,
        im_event_at -> BigInt,
        stream_sequence -> Nullable<Text>,
        stream_started_at -> Nullable<BigInt>,
        stream_event_at -> BigInt,
        stream_open_pushes -> BigInt,
    }
}

diesel::table! {
    invitation_required (broadcast_id, user_id) {
        broadcast_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        lane_kind -> Integer,
        lane_id -> BigInt,
        delivery -> Text,
        status -> Integer,
        created_at -> BigInt,
        due_at -> BigInt,
        random -> BigInt,
        seq -> Nullable<BigInt>,
        room_id -> Nullable<BigInt>,
        content -> Nullable<Text>,
        attempts -> Integer,
        done_at -> Nullable<BigInt>,
        detail -> Text,
    }
}

diesel::table! {
    outbox_instances (name) {
        name -> Text,
        beats -> BigInt,
    }
}

diesel::table! {
    outbox_lanes (lane_kind, lane_id) {
        lane_kind -> Integer,
        lane_id -> BigInt,
        owner -> Text,
        resume_at -> BigInt,
        failures -> Integer,
    }
}

diesel::table! {
    outbox_seqs (room_id) {
        room_id -> BigInt,
        seq -> BigInt,
    }
}

diesel::table! {
    ledger_balances (user_id) {
        user_id -> BigInt,
        bought -> BigInt,
        granted -> BigInt,
        income -> BigInt,
        held -> BigInt,
        debt -> BigInt,
        entry_count -> BigInt,
    }
}

diesel::table! {
    ledger_entries (id) {
        id -> BigInt,
        kind -> Integer,
        subject -> Text,
        reverses -> Nullable<BigInt>,
        transfer_count -> Integer,
        total -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_transfers (id) {
        id -> BigInt,
        entry_id -> BigInt,
        debit -> BigInt,
        credit -> BigInt,
        amount -> BigInt,
        code -> Integer,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_history (user_id, number) {
        user_id -> BigInt,
        number -> BigInt,
        entry_id -> BigInt,
        amount -> BigInt,
        gold -> BigInt,
        income -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (key) {
        key -> Text,
        input_hash -> Text,
        outcome -> Text,
        entry_id -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    ledger_chain (position) {
        position -> BigInt,
        entry_id -> BigInt,
        hash -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    gifts (id) {
        id -> BigInt,
        name -> Text,
        image -> Text,
        price -> BigInt,
        effect -> Text,
        enabled -> Bool,
        created_at -> BigInt,
        place -> BigInt,
        sold_from -> Nullable<BigInt>,
        sold_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    gifts_sent (id) {
        id -> BigInt,
        giver_id -> BigInt,
        receiver_id -> BigInt,
        room_id -> Nullable<BigInt>,
        broadcast_id -> Nullable<BigInt>,
        host_id -> Nullable<BigInt>,
        gift_id -> BigInt,
        name -> Text,
        price -> BigInt,
        num -> BigInt,
        cost -> BigInt,
        receiver_share -> BigInt,
        host_share -> BigInt,
        entry_id -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    blocks (id) {
        id -> BigInt,
        gold -> BigInt,
        fen -> BigInt,
        product_id -> Nullable<Text>,
        enabled -> Bool,
        created_at -> BigInt,
        sold_from -> Nullable<BigInt>,
        sold_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    orders (out_trade_no) {
        out_trade_no -> Text,
        user_id -> BigInt,
        app_id -> Text,
        openid -> Text,
        provider -> Integer,
        block_id -> BigInt,
        product_id -> Nullable<Text>,
        gold -> BigInt,
        fen -> BigInt,
        refunded_fen -> BigInt,
        state -> Integer,
        delivery_notice_due -> Bool,
        transaction_id -> Nullable<Text>,
        created_at -> BigInt,
        expires_at -> BigInt,
        paid_at -> Nullable<BigInt>,
        queried_at -> BigInt,
        next_query_at -> Nullable<BigInt>,
        query_count -> Integer,
    }
}

diesel::table! {
    refunds (id) {
        id -> BigInt,
        out_trade_no -> Text,
        provider -> Integer,
        number -> Text,
        requested_by_us -> Bool,
        fen -> BigInt,
        from_bought -> BigInt,
        from_granted -> BigInt,
        from_debt -> BigInt,
        state -> Integer,
        reason -> Text,
        created_at -> BigInt,
        done_at -> Nullable<BigInt>,
        queried_at -> BigInt,
        next_query_at -> Nullable<BigInt>,
        query_count -> Integer,
        fen_left_before -> Nullable<BigInt>,
        failed_before -> Nullable<Bool>,
    }
}

diesel::table! {
    withdrawals (id) {
        id -> BigInt,
        user_id -> BigInt,
        app_id -> Text,
        openid -> Text,
        income -> BigInt,
        fen -> BigInt,
        real_name -> Text,
        state -> Integer,
        out_bill_no -> Text,
        package_info -> Nullable<Text>,
        first_approval -> Nullable<Text>,
        submitted -> Bool,
        detail -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        done_at -> Nullable<BigInt>,
        queried_at -> BigInt,
        next_query_at -> Nullable<BigInt>,
        query_count -> Integer,
    }
}

diesel::table! {
    complaints (id) {
        id -> BigInt,
        wechat_request_id -> Text,
        out_trade_no -> Text,
        openid -> Text,
        complained_at -> Text,
        recorded_at -> BigInt,
        answered_at -> Nullable<BigInt>,
        answered_by -> Text,
        answer -> Text,
    }
}

diesel::table! {
    readiness_checks (id) {
        id -> BigInt,
        checks -> BigInt,
    }
}

diesel::table! {
    last_seen (name) {
        name -> Text,
        seen_at -> BigInt,
        detail -> Text,
    }
}

diesel::table! {
    payment_notices (id) {
        id -> BigInt,
        subject -> Text,
        kind -> Text,
        outcome -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    environment (id) {
        id -> Integer,
        is_sandbox -> Bool,
    }
}

diesel::table! {
    transaction_locks (name) {
        name -> Text,
        uses -> BigInt,
    }
}

diesel::joinable!(rooms -> users (host_id));
diesel::joinable!(broadcasts -> rooms (room_id));
diesel::joinable!(members -> users (user_id));
diesel::joinable!(tokens -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(
    invitation_required,
    broadcasts,
    members,
    rooms,
    tokens,
    users,
);
diesel::allow_tables_to_appear_in_same_query!(outbox, outbox_lanes);
diesel::allow_tables_to_appear_in_same_query!(ledger_balances, users);
diesel::allow_tables_to_appear_in_same_query!(likes, users);
diesel::joinable!(ledger_transfers -> ledger_entries (entry_id));
diesel::allow_tables_to_appear_in_same_query!(ledger_chain, ledger_entries, ledger_transfers,);
diesel::joinable!(refunds -> orders (out_trade_no));
diesel::allow_tables_to_appear_in_same_query!(refunds, orders);
diesel::joinable!(ledger_history -> ledger_entries (entry_id));
diesel::allow_tables_to_appear_in_same_query!(ledger_history, ledger_entries);
