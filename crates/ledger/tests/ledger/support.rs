//! What these suites share: a few users, a grant, a gift.

use diesel::prelude::*;
use qlive_ledger::{Account, Code, Entry, Kind, LedgerError, Purpose, System};
use qlive_store::schema::users;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Moment, UserId};

pub(crate) fn coins(amount: i64) -> Coins {
    Coins::new(amount).unwrap()
}

pub(crate) fn user(number: i64) -> UserId {
    UserId::new(10_000_000 + number).unwrap()
}

/// Registers users 1 to 4.
pub(crate) async fn houseful(db: &TestDb) {
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
                            users::entries.eq(0),
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

pub(crate) const NOW: Moment = Moment::from_millis(1_000_000);

pub(crate) fn grant(to: UserId, amount: i64) -> Entry {
    Entry::new(Kind::Grant, "because").moving(
        Account::System(System::Grants),
        Account::User(to, Purpose::Granted),
        coins(amount),
        Code::Grant,
    )
}

pub(crate) fn gift(from: UserId, to: UserId, amount: i64) -> Entry {
    Entry::new(Kind::Gift, "g").moving(
        Account::User(from, Purpose::Granted),
        Account::User(to, Purpose::Income),
        coins(amount),
        Code::GiftReceived,
    )
}

pub(crate) async fn write<T: Send + 'static>(
    db: &TestDb,
    act: impl Fn(&mut Conn) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    db.db.write(act).await
}
