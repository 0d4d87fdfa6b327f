//! Due rows and leases, the same for `orders`, `refunds` and `withdrawals`: each of these tables
//! has `next_query_at`, `queried_at` and `query_count`.
//!
//! A row is claimed before its provider is queried: `next_query_at` moves to the end of the
//! lease, so that no other instance queries it meanwhile. The answer then sets
//! `next_query_at` again; without an answer the row is due again when the lease ends. Macros, since
//! diesel's columns are types and the three tables have no trait in common.

use std::time::Duration;

/// How long a claimed row belongs to one worker: long enough for several slow calls.
pub(crate) const LEASE: Duration = Duration::from_secs(120);
/// The longest that any row waits before it is due: the longest wait between two queries.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Loads the rows of a query whose `next_query_at` has come, the longest due first. One that lies
/// ahead by more than any wait was written before the clock was set back, and has come too.
///
/// `due_rows!(conn, orders, orders::table, OrderRow, now, limit)` evaluates to a
/// `Result<Vec<T>, StoreError>`, where `T: TryFrom<OrderRow>`.
macro_rules! due_rows {
    ($conn:expr, $table:ident, $rows:expr, $row:ty, $now:expr, $limit:expr) => {{
        let running = $now.running(crate::polling::lease::LONGEST_WAIT);
        let rows: Vec<$row> = $rows
            // For SQLite, which otherwise does not use the partial index.
            .filter($table::next_query_at.is_not_null())
            .filter(qlive_store::outside!($table::next_query_at, running))
            .order($table::next_query_at)
            .limit($limit)
            .select(<$row>::as_select())
            .load($conn)?;
        rows.into_iter().map(TryInto::try_into).collect()
    }};
}

/// Claims the row that a query selects, and counts one query of the poller.
///
/// `claim_row!(conn, orders, rows, now)` evaluates to a `Result<bool, StoreError>`: false when the
/// query selects no row, because another instance has claimed it or its state has changed. Further
/// columns to set follow as `, also assignment`.
macro_rules! claim_row {
    ($conn:expr, $table:ident, $rows:expr, $now:expr $(, also $more:expr)?) => {{
        let claimed = diesel::update($rows)
            .set((
                $table::queried_at.eq($now.millis()),
                $table::next_query_at
                    .eq(Some($now.after(crate::polling::lease::LEASE).millis())),
                $table::query_count.eq($table::query_count + 1),
                $($more,)?
            ))
            .execute($conn)?;
        Ok(claimed == 1)
    }};
}

pub(crate) use {claim_row, due_rows};
