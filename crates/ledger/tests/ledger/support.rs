//! Helpers of these tests: users, entries, and shortcuts for one transaction.

use diesel::prelude::*;
use qlive_ledger::{
    Account, AuditReport, BalanceKind, Balances, Entry, EntryKind, LedgerError, SystemAccount,
    TransferCode, audit, load_balances, post_entry,
};
use qlive_store::schema::users;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, EntryId, Moment, UserId};

/// The time of every entry that does not say otherwise.
pub(crate) const NOW: Moment = Moment::from_millis(1_000_000);

pub(crate) fn coins(amount: i64) -> Coins {
    Coins::new(amount).unwrap()
}

pub(crate) fn user(number: i64) -> UserId {
    UserId::new(10_000_000 + number).unwrap()
}

/// Registers users 1 to 4.
pub(crate) async fn register_users(db: &TestDb) {
    db.db
        .write(|conn| {
            for number in 1..=4 {
                let id = user(number).get();
                diesel::insert_into(users::table)
                    .values((
                        (
                            users::id.eq(id),
                            users::app_id.eq("app"),
                            users::openid.eq(id.to_string()),
                        ),
                        (
                            users::nickname.eq("n"),
                            users::gender.eq(1),
                            users::age.eq(25),
                            users::height.eq(180),
                        ),
                        (
                            users::area.eq("310100"),
                            users::face_url.eq(""),
                            users::name_known.eq(true),
                        ),
                        (
                            users::gender_known.eq(true),
                            users::matchmaker.eq(false),
                            users::visits.eq(0),
                        ),
                        users::created_at.eq(1),
                    ))
                    .execute(conn)?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

/// An entry that grants gold to `to`.
pub(crate) fn grant(to: UserId, amount: i64) -> Entry {
    Entry::new(EntryKind::Grant, "because").with_transfer(
        Account::System(SystemAccount::Grants),
        Account::User(to, BalanceKind::Granted),
        coins(amount),
        TransferCode::Grant,
    )
}

/// A gift that is paid with granted gold and goes to the receiver as a whole.
pub(crate) fn gift(from: UserId, to: UserId, amount: i64) -> Entry {
    Entry::new(EntryKind::Gift, "g").with_transfer(
        Account::User(from, BalanceKind::Granted),
        Account::User(to, BalanceKind::Income),
        coins(amount),
        TransferCode::GiftReceived,
    )
}

/// A paid order.
pub(crate) fn recharge(to: UserId, amount: i64) -> Entry {
    Entry::new(EntryKind::Recharge, "o").with_transfer(
        Account::System(SystemAccount::WechatPay),
        Account::User(to, BalanceKind::Bought),
        coins(amount),
        TransferCode::Recharge,
    )
}

/// Runs one write transaction.
pub(crate) async fn write<T: Send + 'static>(
    db: &TestDb,
    change: impl Fn(&mut Conn) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    db.db.write(change).await
}

/// Posts an entry in a transaction of its own.
pub(crate) async fn post(db: &TestDb, entry: Entry) -> Result<EntryId, LedgerError> {
    post_at(db, NOW, entry).await
}

/// Posts an entry with another time.
pub(crate) async fn post_at(db: &TestDb, at: Moment, entry: Entry) -> Result<EntryId, LedgerError> {
    write(db, move |conn| post_entry(conn, at, &entry)).await
}

pub(crate) async fn balances(db: &TestDb, user: UserId) -> Balances {
    let read = db.db.read(move |conn| load_balances(conn, user));
    read.await.unwrap()
}

/// Audits the ledger, which must break no rule.
pub(crate) async fn audit_report(db: &TestDb) -> AuditReport {
    db.db.read(audit).await.unwrap()
}
