//! What happened to a user's coins.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_store::schema::{ledger_groups, ledger_purses, ledger_transfers};
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, EntryId, Moment, Page, UserId};

use crate::{Account, Code, Kind, Purpose, purse};

/// One entry as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub id: EntryId,
    pub at: Moment,
    pub kind: Kind,
    /// What gold and income together became more (or less) by.
    pub amount: i64,
    /// Gold and income afterwards.
    pub gold: i64,
    pub income: i64,
}

/// The accounts whose changes a user is shown: all but what is held, whose way in and out shows in income.
pub(crate) const SHOWN: [Purpose; 4] = [
    Purpose::Bought,
    Purpose::Granted,
    Purpose::Income,
    Purpose::Debt,
];

/// Changes by account number.
type Changes = BTreeMap<i64, i64>;

/// A page of a user's movements, the latest first, and how many there are in all.
pub fn history(
    conn: &mut Conn,
    user: UserId,
    page: Page,
) -> Result<(i64, Vec<Movement>), StoreError> {
    let accounts = SHOWN.map(|purpose| Account::User(user, purpose).number());
    let counted = ledger_purses::table
        .find(user.get())
        .select(ledger_purses::entries);
    let count: i64 = counted.get_result(conn).optional()?.unwrap_or(0);
    if page.offset() >= count {
        return Ok((count, Vec::new()));
    }
    let ids = entries(conn, &accounts, page)?;
    let (Some(latest), Some(first)) = (ids.first(), ids.last()) else {
        return Ok((count, Vec::new()));
    };
    let (gold_since, income_since) = shown(user, &changes(conn, &accounts, latest + 1..i64::MAX)?);
    let now = purse(conn, user)?;
    let mut gold = now.bought.get() + now.granted.get() - gold_since;
    let mut income = now.income.get() - income_since;
    let groups: BTreeMap<i64, (i32, i64)> = ledger_groups::table
        .filter(ledger_groups::id.between(first, latest))
        .filter(ledger_groups::id.eq_any(&ids))
        .select((ledger_groups::id, (ledger_groups::kind, ledger_groups::at)))
        .load(conn)?
        .into_iter()
        .collect();
    let mut movements = Vec::with_capacity(ids.len());
    for id in ids {
        let (kind, at) = groups
            .get(&id)
            .copied()
            .ok_or(StoreError::Corrupt("a transfer without its entry"))?;
        let (gold_by, income_by) = shown(user, &changes(conn, &accounts, id..id + 1)?);
        let kind = Kind::from_number(kind).ok_or(StoreError::Corrupt("ledger_groups.kind"))?;
        let (id, at) = (EntryId::new(id), Moment::from_millis(at));
        movements.push(Movement {
            id,
            at,
            kind,
            amount: gold_by + income_by,
            gold,
            income,
        });
        gold -= gold_by;
        income -= income_by;
    }
    Ok((count, movements))
}

/// The entries of a page that touch one of these accounts, the latest first. Each side of each account
/// is read by its own index from the end: no page costs more for a long history behind it.
fn entries(conn: &mut Conn, accounts: &[i64], page: Page) -> Result<Vec<i64>, StoreError> {
    let enough = page.offset().saturating_add(Page::ROWS);
    let mut found = BTreeSet::new();
    for account in accounts {
        let group = ledger_transfers::group_id;
        let newest = ledger_transfers::table
            .select(group)
            .distinct()
            .order(group.desc())
            .limit(enough);
        let came: Vec<i64> = newest
            .filter(ledger_transfers::credit.eq(account))
            .load(conn)?;
        let went: Vec<i64> = newest
            .filter(ledger_transfers::debit.eq(account))
            .load(conn)?;
        found.extend(came.into_iter().chain(went));
    }
    let (skipped, shown) = (usize::try_from(page.offset()), usize::try_from(Page::ROWS));
    let (Ok(skipped), Ok(shown)) = (skipped, shown) else {
        return Ok(Vec::new());
    };
    Ok(found.into_iter().rev().skip(skipped).take(shown).collect())
}

/// What these changes are to gold and to income.
fn shown(user: UserId, changes: &Changes) -> (i64, i64) {
    let of = |purpose| {
        changes
            .get(&Account::User(user, purpose).number())
            .copied()
            .unwrap_or(0)
    };
    (
        of(Purpose::Bought) + of(Purpose::Granted),
        of(Purpose::Income),
    )
}

/// How the entries in a range changed these accounts.
fn changes(conn: &mut Conn, accounts: &[i64], groups: Range<i64>) -> Result<Changes, StoreError> {
    let within = ledger_transfers::group_id
        .ge(groups.start)
        .and(ledger_transfers::group_id.lt(groups.end));
    let sum = || sql::<BigInt>("CAST(SUM(amount) AS BIGINT)");
    let came: Vec<(i64, i64)> = ledger_transfers::table
        .filter(ledger_transfers::credit.eq_any(accounts).and(within))
        .group_by(ledger_transfers::credit)
        .select((ledger_transfers::credit, sum()))
        .load(conn)?;
    let went: Vec<(i64, i64)> = ledger_transfers::table
        .filter(ledger_transfers::debit.eq_any(accounts).and(within))
        .group_by(ledger_transfers::debit)
        .select((ledger_transfers::debit, sum()))
        .load(conn)?;
    let went = went.into_iter().map(|(account, amount)| (account, -amount));
    Ok(came
        .into_iter()
        .chain(went)
        .fold(Changes::new(), |mut changes, (account, by)| {
            *changes.entry(account).or_default() += by;
            changes
        }))
}

/// How much of a user's income came under these codes after a moment. What was taken back since does not
/// count, nor what came back to him because his own was: neither is new.
pub fn credited_since(
    conn: &mut Conn,
    user: UserId,
    codes: &[Code],
    since: Moment,
) -> Result<Coins, StoreError> {
    let codes: Vec<i32> = codes.iter().map(|code| code.number()).collect();
    let (original, reversal) = diesel::alias!(ledger_groups as original, ledger_groups as reversal);
    let taken_back = reversal.filter(
        reversal
            .field(ledger_groups::reverses)
            .eq(ledger_transfers::group_id.nullable()),
    );
    let sum: Option<i64> = ledger_transfers::table
        .inner_join(original)
        .filter(original.field(ledger_groups::reverses).is_null())
        .filter(ledger_transfers::credit.eq(Account::User(user, Purpose::Income).number()))
        .filter(diesel::dsl::not(diesel::dsl::exists(taken_back)))
        .filter(
            ledger_transfers::code
                .eq_any(codes)
                .and(ledger_transfers::at.gt(since.millis())),
        )
        .select(sql::<BigInt>("CAST(SUM(amount) AS BIGINT)").nullable())
        .get_result(conn)?;
    Coins::new(sum.unwrap_or(0))
        .ok()
        .ok_or(StoreError::Corrupt("income credited"))
}
