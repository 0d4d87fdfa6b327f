//! The tables of operators and their sessions.

diesel::table! {
    operators (id) {
        id -> BigInt,
        name -> Text,
        compared_name -> Text,
        role -> Integer,
        password_hash -> Text,
        totp_secret -> Text,
        totp_step -> BigInt,
        disabled_at -> Nullable<BigInt>,
        last_login_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    operator_recovery_codes (hash) {
        hash -> Text,
        operator_id -> BigInt,
    }
}

diesel::table! {
    operator_sessions (hash) {
        hash -> Text,
        operator_id -> BigInt,
        is_complete -> Bool,
        code_at -> Nullable<BigInt>,
        address -> Text,
        agent -> Text,
        used_at -> BigInt,
        created_at -> BigInt,
        by_link -> Bool,
    }
}

diesel::table! {
    operator_links (hash) {
        hash -> Text,
        operator_id -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    operator_misses (source) {
        source -> Text,
        misses -> Integer,
        locked_until -> BigInt,
        last_miss_at -> BigInt,
    }
}

diesel::table! {
    operator_forms (key) {
        key -> Text,
        operator_id -> BigInt,
        sent_at -> BigInt,
    }
}

diesel::joinable!(operator_sessions -> operators (operator_id));
diesel::allow_tables_to_appear_in_same_query!(operator_sessions, operators);
