//! Stored reconciliations: each day's differences, what operators found out about them, and who
//! signed the day off.

use std::collections::BTreeMap;

use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::{bill_differences, reconciliations};
use qlive_store::{Conn, StoreError, key_violation_as_contention, serialize_transactions};
use qlive_types::{Fen, Moment};

use crate::audit::difference::{Difference, DifferenceKind};
use crate::error::PaymentsError;
use crate::service::Payments;

/// How many days a list shows at once.
const ROWS: i64 = 50;
/// The most differences of a day that a page shows.
const SHOWN: i64 = 500;
/// The most differences that are counted.
const MOST_COUNTED: i64 = 1_000;

/// A day that was compared with the bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// `2026-11-27`, in Shanghai.
    pub day: String,
    pub ran_at: Moment,
    pub ran_by: String,
    /// How many differences there are.
    pub differences: i64,
    /// How many of them nobody has explained.
    pub unexplained: i64,
    pub signed_at: Option<Moment>,
    /// Who signed it off; empty while nobody has.
    pub signed_by: String,
}

/// A difference of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDifference {
    pub id: i64,
    pub day: String,
    pub difference: Difference,
    pub explained_at: Option<Moment>,
    /// Who explained it; empty while nobody has.
    pub explained_by: String,
    pub explanation: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = bill_differences)]
struct DifferenceRow {
    id: i64,
    day: String,
    kind: String,
    number: String,
    bill_fen: Option<i64>,
    recorded_fen: Option<i64>,
    explained_at: Option<i64>,
    explained_by: String,
    explanation: String,
}

impl TryFrom<DifferenceRow> for StoredDifference {
    type Error = StoreError;

    fn try_from(row: DifferenceRow) -> Result<Self, StoreError> {
        let fen = |amount| {
            Fen::new(amount).map_err(|_out_of_range| StoreError::Corrupt("bill_differences.bill"))
        };
        let kind = DifferenceKind::parse(&row.kind);
        Ok(Self {
            id: row.id,
            day: row.day,
            difference: Difference {
                kind: kind.ok_or(StoreError::Corrupt("bill_differences.kind"))?,
                number: row.number,
                bill: row.bill_fen.map(fen).transpose()?,
                recorded: row.recorded_fen.map(fen).transpose()?,
            },
            explained_at: row.explained_at.map(Moment::from_millis),
            explained_by: row.explained_by,
            explanation: row.explanation,
        })
    }
}

type HeadRow = (String, i64, String, Option<i64>, String);

impl Payments {
    /// Compares a day with WeChat's bill and stores what differs. Explanations of differences that
    /// are still there stay; a signature stays when nothing has changed.
    ///
    /// # Errors
    /// Those of [`Payments::reconcile`].
    pub async fn reconcile_and_store(&self, by: Operator, day: &str) -> Result<(), PaymentsError> {
        let found = self.reconcile(day, None).await?;
        let (now, day) = (self.clock.now(), day.to_owned());
        self.db
            .write(move |conn| {
                serialize_transactions(conn, &lock_of(&day))?;
                let has_changed = store(conn, now, &by, &day, &found)?;
                if has_changed {
                    clear_signature(conn, &day)?;
                }
                Ok(audit_log::record(conn, now, &by, "orders reconcile", &day)?)
            })
            .await
    }

    /// How many differences nobody has explained, at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_unexplained(&self) -> Result<i64, PaymentsError> {
        self.db
            .read_one(|conn| {
                let open: Vec<i64> = bill_differences::table
                    .filter(bill_differences::explained_at.is_null())
                    .order(bill_differences::id)
                    .limit(MOST_COUNTED)
                    .select(bill_differences::id)
                    .load(conn)?;
                Ok(i64::try_from(open.len()).unwrap_or(MOST_COUNTED))
            })
            .await
    }

    /// At most 50 days before the one that is named, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reconciliations(
        &self,
        before: Option<String>,
    ) -> Result<Vec<Reconciliation>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut query = reconciliations::table
                    .order(reconciliations::day.desc())
                    .limit(ROWS)
                    .select(HEAD)
                    .into_boxed();
                if let Some(before) = &before {
                    query = query.filter(reconciliations::day.lt(before));
                }
                let rows: Vec<HeadRow> = query.load(conn)?;
                Ok(with_counts(conn, rows)?)
            })
            .await
    }

    /// A day with its differences, at most 500, those that nobody has explained first.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownDay`] when it was not compared, or when the database fails.
    pub async fn reconciliation(
        &self,
        day: &str,
    ) -> Result<(Reconciliation, Vec<StoredDifference>), PaymentsError> {
        let day = day.to_owned();
        self.db
            .read(move |conn| {
                let head: Option<HeadRow> = reconciliations::table
                    .find(&day)
                    .select(HEAD)
                    .get_result(conn)
                    .optional()?;
                let found = with_counts(conn, head.into_iter().collect())?;
                let head = found.into_iter().next().ok_or(PaymentsError::UnknownDay)?;
                let rows: Vec<DifferenceRow> = bill_differences::table
                    .filter(bill_differences::day.eq(&day))
                    .order((
                        bill_differences::explained_at.is_not_null(),
                        bill_differences::id,
                    ))
                    .limit(SHOWN)
                    .select(DifferenceRow::as_select())
                    .load(conn)?;
                let found: Result<_, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok((head, found?))
            })
            .await
    }

    /// A difference.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownDifference`], or when the database fails.
    pub async fn bill_difference(&self, id: i64) -> Result<StoredDifference, PaymentsError> {
        self.db
            .read(move |conn| {
                let row: Option<DifferenceRow> = bill_differences::table
                    .find(id)
                    .select(DifferenceRow::as_select())
                    .get_result(conn)
                    .optional()?;
                let row = row.ok_or(PaymentsError::UnknownDifference)?;
                Ok(row.try_into()?)
            })
            .await
    }

    /// Stores the operator's reason as the explanation of a difference. The day is to be signed off
    /// again: who signed it accepted another explanation.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownDifference`], or when the database fails.
    pub async fn explain_difference(&self, by: Operator, id: i64) -> Result<(), PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let day: Option<String> = bill_differences::table
                    .find(id)
                    .select(bill_differences::day)
                    .first(conn)
                    .optional()?;
                let day = day.ok_or(PaymentsError::UnknownDifference)?;
                serialize_transactions(conn, &lock_of(&day))?;
                clear_signature(conn, &day)?;
                let updated = diesel::update(bill_differences::table.find(id))
                    .set((
                        bill_differences::explained_at.eq(Some(now.millis())),
                        bill_differences::explained_by.eq(by.name.as_str()),
                        bill_differences::explanation.eq(&by.reason),
                    ))
                    .execute(conn)?;
                if updated == 0 {
                    return Err(PaymentsError::UnknownDifference);
                }
                let subject = id.to_string();
                Ok(audit_log::record(
                    conn,
                    now,
                    &by,
                    "orders explain",
                    &subject,
                )?)
            })
            .await
    }

    /// Signs a day off: the result is accepted.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownDay`], [`PaymentsError::AlreadyDecided`] when the day is signed off,
    /// [`PaymentsError::Unexplained`] while a difference is not explained, or when the database
    /// fails.
    pub async fn sign_off(&self, by: Operator, day: &str) -> Result<(), PaymentsError> {
        let (now, day) = (self.clock.now(), day.to_owned());
        self.db
            .write(move |conn| {
                serialize_transactions(conn, &lock_of(&day))?;
                let signed_at: Option<Option<i64>> = reconciliations::table
                    .find(&day)
                    .select(reconciliations::signed_at)
                    .first(conn)
                    .optional()?;
                match signed_at {
                    None => return Err(PaymentsError::UnknownDay),
                    Some(Some(_)) => return Err(PaymentsError::AlreadyDecided),
                    Some(None) => {}
                }
                let unexplained: i64 = bill_differences::table
                    .filter(bill_differences::day.eq(&day))
                    .filter(bill_differences::explained_at.is_null())
                    .count()
                    .get_result(conn)?;
                if unexplained > 0 {
                    return Err(PaymentsError::Unexplained);
                }
                diesel::update(reconciliations::table.find(&day))
                    .set((
                        reconciliations::signed_at.eq(Some(now.millis())),
                        reconciliations::signed_by.eq(by.name.as_str()),
                    ))
                    .execute(conn)?;
                Ok(audit_log::record(conn, now, &by, "orders sign-off", &day)?)
            })
            .await
    }
}

const HEAD: (
    reconciliations::day,
    reconciliations::ran_at,
    reconciliations::ran_by,
    reconciliations::signed_at,
    reconciliations::signed_by,
) = (
    reconciliations::day,
    reconciliations::ran_at,
    reconciliations::ran_by,
    reconciliations::signed_at,
    reconciliations::signed_by,
);

/// Adds to each day how many differences it has, by one statement.
fn with_counts(conn: &mut Conn, rows: Vec<HeadRow>) -> Result<Vec<Reconciliation>, StoreError> {
    let days = rows.iter().map(|(day, ..)| day);
    let counts: Vec<(String, i64, i64)> = bill_differences::table
        .filter(bill_differences::day.eq_any(days))
        .group_by(bill_differences::day)
        .select((
            bill_differences::day,
            count_star(),
            count(bill_differences::explained_at.nullable()),
        ))
        .load(conn)?;
    let counts: BTreeMap<String, (i64, i64)> = counts
        .into_iter()
        .map(|(day, all, explained)| (day, (all, all - explained)))
        .collect();
    let with_counts = |(day, ran_at, ran_by, signed_at, signed_by): HeadRow| {
        let (differences, unexplained) = counts.get(&day).copied().unwrap_or_default();
        Reconciliation {
            ran_at: Moment::from_millis(ran_at),
            ran_by,
            differences,
            unexplained,
            signed_at: signed_at.map(Moment::from_millis),
            signed_by,
            day,
        }
    };
    Ok(rows.into_iter().map(with_counts).collect())
}

/// Writes the day and its differences. Returns whether the differences are others than before.
fn store(
    conn: &mut Conn,
    now: Moment,
    by: &Operator,
    day: &str,
    found: &[Difference],
) -> Result<bool, PaymentsError> {
    let ran = (
        reconciliations::ran_at.eq(now.millis()),
        reconciliations::ran_by.eq(by.name.as_str()),
    );
    let updated = diesel::update(reconciliations::table.find(day))
        .set(ran)
        .execute(conn)?;
    if updated == 0 {
        let row = (
            reconciliations::day.eq(day),
            ran,
            reconciliations::signed_by.eq(""),
        );
        let insert = diesel::insert_into(reconciliations::table).values(row);
        key_violation_as_contention(insert.execute(conn))?;
    }
    let rows: Vec<DifferenceRow> = bill_differences::table
        .filter(bill_differences::day.eq(day))
        .select(DifferenceRow::as_select())
        .load(conn)?;
    let stored: Result<Vec<StoredDifference>, StoreError> =
        rows.into_iter().map(TryInto::try_into).collect();
    let stored = stored?;
    let mut has_changed = false;
    for old in stored.iter().filter(|old| !found.contains(&old.difference)) {
        diesel::delete(bill_differences::table.find(old.id)).execute(conn)?;
        has_changed = true;
    }
    let is_stored = |new: &&Difference| stored.iter().any(|old| old.difference == **new);
    for new in found.iter().filter(|new| !is_stored(new)) {
        let row = (
            bill_differences::day.eq(day),
            bill_differences::kind.eq(new.kind.name()),
            bill_differences::number.eq(&new.number),
            bill_differences::bill_fen.eq(new.bill.map(Fen::get)),
            bill_differences::recorded_fen.eq(new.recorded.map(Fen::get)),
            bill_differences::explained_by.eq(""),
            bill_differences::explanation.eq(""),
        );
        diesel::insert_into(bill_differences::table)
            .values(row)
            .execute(conn)?;
        has_changed = true;
    }
    Ok(has_changed)
}

/// The transactions that write a day with this name run one after another.
fn lock_of(day: &str) -> String {
    format!("reconciliations:{day}")
}

fn clear_signature(conn: &mut Conn, day: &str) -> Result<(), StoreError> {
    diesel::update(reconciliations::table.find(day))
        .set((
            reconciliations::signed_at.eq(None::<i64>),
            reconciliations::signed_by.eq(""),
        ))
        .execute(conn)?;
    Ok(())
}
