//! The tables of sums, for reports.

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
