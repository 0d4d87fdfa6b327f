//! A user's recent income, for the minimum age of a withdrawal.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_store::schema::{ledger_entries, ledger_transfers};
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Moment, UserId};

use crate::account::{Account, BalanceKind};
use crate::entry::TransferCode;

/// Sums the income that was credited to a user with one of these codes after `since`. Entries that
/// were reversed do not count, because their coins were returned, and reversals do not count,
/// because they return older income.
///
/// # Errors
/// A failure of the store.
pub fn income_credited_since(
    conn: &mut Conn,
    user: UserId,
    codes: &[TransferCode],
    since: Moment,
) -> Result<Coins, StoreError> {
    sum_credited_income(conn, user, None, codes, since)
}

/// The part of [`income_credited_since`] that `giver` paid.
///
/// # Errors
/// A failure of the store.
pub fn income_from_giver_since(
    conn: &mut Conn,
    user: UserId,
    giver: UserId,
    codes: &[TransferCode],
    since: Moment,
) -> Result<Coins, StoreError> {
    sum_credited_income(conn, user, Some(giver), codes, since)
}

fn sum_credited_income(
    conn: &mut Conn,
    user: UserId,
    giver: Option<UserId>,
    codes: &[TransferCode],
    since: Moment,
) -> Result<Coins, StoreError> {
    let codes: Vec<i32> = codes.iter().map(|code| code.number()).collect();
    let (original, reversal) =
        diesel::alias!(ledger_entries as original, ledger_entries as reversal);
    let reversed = reversal.filter(
        reversal
            .field(ledger_entries::reverses)
            .eq(ledger_transfers::entry_id.nullable()),
    );
    let mut credited = ledger_transfers::table
        .inner_join(original)
        .filter(original.field(ledger_entries::reverses).is_null())
        .filter(ledger_transfers::credit.eq(Account::User(user, BalanceKind::Income).number()))
        .filter(diesel::dsl::not(diesel::dsl::exists(reversed)))
        .filter(
            ledger_transfers::code
                .eq_any(codes)
                .and(ledger_transfers::at.gt(since.millis())),
        )
        .select(sql::<BigInt>("CAST(SUM(amount) AS BIGINT)").nullable())
        .into_boxed();
    if let Some(giver) = giver {
        let accounts = BalanceKind::ALL.map(|kind| Account::User(giver, kind).number());
        credited = credited.filter(ledger_transfers::debit.eq_any(accounts));
    }
    let sum: Option<i64> = credited.get_result(conn)?;
    Coins::new(sum.unwrap_or(0))
        .ok()
        .ok_or(StoreError::Corrupt("the sum of credited income"))
}
