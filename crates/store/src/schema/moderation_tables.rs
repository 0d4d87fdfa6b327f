//! The tables of what is done against those who disturb.

diesel::table! {
    mutes (user_id, host_id) {
        user_id -> BigInt,
        host_id -> BigInt,
        muted_until -> BigInt,
        gifts_until -> BigInt,
    }
}

diesel::table! {
    removals (broadcast_id, user_id) {
        broadcast_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    blocked_users (user_id, blocked_id) {
        user_id -> BigInt,
        blocked_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    reports (id) {
        id -> BigInt,
        reporter_id -> BigInt,
        user_id -> BigInt,
        kind -> Integer,
        room_id -> Nullable<BigInt>,
        text -> Text,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        closed_by -> Text,
        decision -> Text,
    }
}

diesel::table! {
    user_notes (id) {
        id -> BigInt,
        user_id -> BigInt,
        who -> Text,
        text -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    erasure_requests (user_id) {
        user_id -> BigInt,
        requested_by -> Text,
        reason -> Text,
        requested_at -> BigInt,
    }
}

diesel::table! {
    comments (id) {
        id -> BigInt,
        room_id -> BigInt,
        user_id -> BigInt,
        text -> Text,
        at -> BigInt,
        word -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
        closed_by -> Text,
        decision -> Text,
    }
}

diesel::table! {
    judged_screenshots (id) {
        id -> BigInt,
        room_id -> Nullable<BigInt>,
        user_id -> BigInt,
        url -> Nullable<Text>,
        label -> Text,
        score -> BigInt,
        is_blocked -> Bool,
        at -> BigInt,
        closed_at -> Nullable<BigInt>,
        closed_by -> Text,
        decision -> Text,
    }
}

diesel::table! {
    room_events (id) {
        id -> BigInt,
        room_id -> BigInt,
        user_id -> BigInt,
        kind -> Integer,
        at -> BigInt,
    }
}
