//! The tables of sums and of what was compared with the bill.

diesel::table! {
    reconciliations (day) {
        day -> Text,
        ran_at -> BigInt,
        ran_by -> Text,
        signed_at -> Nullable<BigInt>,
        signed_by -> Text,
    }
}

diesel::table! {
    bill_differences (id) {
        id -> BigInt,
        day -> Text,
        kind -> Text,
        number -> Text,
        bill_fen -> Nullable<BigInt>,
        recorded_fen -> Nullable<BigInt>,
        explained_at -> Nullable<BigInt>,
        explained_by -> Text,
        explanation -> Text,
    }
}

diesel::table! {
    daily_sums (day, kind, from_class, to_class) {
        day -> BigInt,
        kind -> Integer,
        from_class -> Integer,
        to_class -> Integer,
        transfers -> BigInt,
        coins -> BigInt,
    }
}

diesel::table! {
    chain_sums (name) {
        name -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    daily_host_sums (day, host_id) {
        day -> BigInt,
        host_id -> BigInt,
        gifts -> BigInt,
        coins -> BigInt,
        host_income -> BigInt,
    }
}

diesel::table! {
    daily_money (day) {
        day -> BigInt,
        orders -> BigInt,
        payers -> BigInt,
        paid -> BigInt,
        refunds -> BigInt,
        refunded -> BigInt,
        withdrawals -> BigInt,
        paid_out -> BigInt,
    }
}

diesel::table! {
    refund_requests (out_trade_no) {
        out_trade_no -> Text,
        fen -> BigInt,
        requested_by -> Text,
        reason -> Text,
        requested_at -> BigInt,
    }
}
