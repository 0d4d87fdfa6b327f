//! The table `orders`: its row, and the queries on it.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::orders;
use qlive_store::{Conn, StoreError, outside};
use qlive_types::{Coins, Fen, Moment, UserId};

use crate::orders::state::{OrderAge, OrderState};
use crate::polling::lease::{LEASE, LONGEST_WAIT, claim_row, due_rows};
use crate::polling::schedule::QueryHistory;
use crate::providers::provider::Provider;

/// How long after an order expired it is checked for the last time.
const LAST_CHECK_AFTER: Duration = Duration::from_secs(86_400);

/// An order. What was sold, to whom and at which price never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub out_trade_no: String,
    pub user: UserId,
    pub app_id: String,
    pub openid: String,
    pub provider: Provider,
    pub product_id: Option<String>,
    pub gold: Coins,
    pub price: Fen,
    /// The part of the price that was refunded, or for which a refund was requested.
    pub refunded: Fen,
    pub state: OrderState,
    /// Whether WeChat must still be notified that the goods were delivered.
    pub delivery_notice_due: bool,
    /// The provider's number of the payment.
    pub transaction_id: Option<String>,
    pub created_at: Moment,
    pub expires_at: Moment,
    pub paid_at: Option<Moment>,
    pub(crate) queries: QueryHistory,
}

impl Order {
    /// The name of its state for clients and operators: `created`, `paid`, `closed`, or `refunded`
    /// when its whole price was refunded.
    #[must_use]
    pub fn state_name(&self) -> &'static str {
        match self.state {
            OrderState::Created => "created",
            OrderState::Closed => "closed",
            OrderState::Paid if self.refunded == self.price => "refunded",
            OrderState::Paid => "paid",
        }
    }

    /// When it is checked for the last time, if its provider never reported that it is closed.
    pub(crate) fn last_check_at(&self) -> Moment {
        self.expires_at.after(LAST_CHECK_AFTER)
    }

    /// When to query it next while it waits for its last check. Sooner than the last check when the
    /// clock was set back after it expired.
    pub(crate) fn next_check_at(&self, now: Moment) -> Moment {
        self.last_check_at().min(now.after(LAST_CHECK_AFTER))
    }

    pub(crate) fn age(&self, now: Moment) -> OrderAge {
        match now {
            now if now < self.expires_at => OrderAge::Open,
            now if now < self.last_check_at() => OrderAge::Expired,
            _ => OrderAge::Old,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(crate) struct OrderRow {
    out_trade_no: String,
    user_id: i64,
    app_id: String,
    openid: String,
    provider: i32,
    product_id: Option<String>,
    gold: i64,
    fen: i64,
    refunded_fen: i64,
    state: i32,
    delivery_notice_due: bool,
    transaction_id: Option<String>,
    created_at: i64,
    expires_at: i64,
    paid_at: Option<i64>,
    queried_at: i64,
    query_count: i32,
}

impl TryFrom<OrderRow> for Order {
    type Error = StoreError;

    fn try_from(row: OrderRow) -> Result<Self, StoreError> {
        Ok(Self {
            out_trade_no: row.out_trade_no,
            user: UserId::new(row.user_id).ok_or(StoreError::Corrupt("orders.user_id"))?,
            app_id: row.app_id,
            openid: row.openid,
            provider: Provider::from_number(row.provider)
                .ok_or(StoreError::Corrupt("orders.provider"))?,
            product_id: row.product_id,
            gold: Coins::new(row.gold)
                .ok()
                .ok_or(StoreError::Corrupt("orders.gold"))?,
            price: Fen::new(row.fen)
                .ok()
                .ok_or(StoreError::Corrupt("orders.fen"))?,
            refunded: Fen::new(row.refunded_fen)
                .ok()
                .ok_or(StoreError::Corrupt("orders.refunded_fen"))?,
            state: OrderState::from_number(row.state).ok_or(StoreError::Corrupt("orders.state"))?,
            delivery_notice_due: row.delivery_notice_due,
            transaction_id: row.transaction_id,
            created_at: Moment::from_millis(row.created_at),
            expires_at: Moment::from_millis(row.expires_at),
            paid_at: row.paid_at.map(Moment::from_millis),
            queries: QueryHistory::from_columns(row.query_count, row.queried_at, row.created_at),
        })
    }
}

/// The order with this number.
pub(crate) fn find_order(conn: &mut Conn, number: &str) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderRow> = orders::table
        .find(number)
        .select(OrderRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// Selects the orders that do not wait for their last check, which lies ahead by more than
/// [`LONGEST_WAIT`]. Only closed orders wait for it.
macro_rules! is_not_awaiting_last_check {
    ($now:expr) => {{
        let running = $now.running(LAST_CHECK_AFTER);
        orders::state
            .ne(OrderState::Closed.number())
            .or(outside!(orders::next_query_at, running))
    }};
}

/// The orders that are due for a query, the longest due first.
pub(crate) fn due_orders(
    conn: &mut Conn,
    now: Moment,
    limit: i64,
) -> Result<Vec<Order>, StoreError> {
    let rows = orders::table.filter(is_not_awaiting_last_check!(now));
    due_rows!(conn, orders, rows, OrderRow, now, limit)
}

/// Claims a due order for a query. False when another instance has claimed it.
pub(crate) fn claim_order(conn: &mut Conn, number: &str, now: Moment) -> Result<bool, StoreError> {
    let due = orders::table
        .find(number)
        .filter(outside!(orders::next_query_at, now.running(LONGEST_WAIT)))
        .filter(is_not_awaiting_last_check!(now));
    claim_row!(conn, orders, due, now)
}

/// Claims an order before it is due, because a client or an operator asks about it. False
/// when it was queried less than `interval` ago, or when nothing is left to query.
///
/// This query is not counted, so it does not make the waits of the poller longer; but they count
/// from it.
pub(crate) fn claim_order_early(
    conn: &mut Conn,
    number: &str,
    now: Moment,
    interval: Duration,
) -> Result<bool, StoreError> {
    let unsettled = orders::state
        .ne(OrderState::Paid.number())
        .or(orders::delivery_notice_due.eq(true));
    let claimable = orders::table
        .find(number)
        .filter(outside!(orders::queried_at, now.recent(interval)))
        .filter(unsettled);
    let claimed = diesel::update(claimable)
        .set((
            orders::queried_at.eq(now.millis()),
            orders::next_query_at.eq(Some(now.after(LEASE).millis())),
        ))
        .execute(conn)?;
    Ok(claimed == 1)
}

/// Records whether WeChat must still be notified that the goods of a paid order were delivered.
/// When it must, the order is due at once.
pub(crate) fn set_delivery_notice_due(
    conn: &mut Conn,
    number: &str,
    due_at: Option<Moment>,
) -> Result<(), StoreError> {
    diesel::update(orders::table.find(number))
        .set((
            orders::delivery_notice_due.eq(due_at.is_some()),
            orders::next_query_at.eq(due_at.map(Moment::millis)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Schedules the next attempt to notify WeChat of the delivery.
pub(crate) fn postpone_delivery_notice(
    conn: &mut Conn,
    number: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let Some(order) = find_order(conn, number)? else {
        return Ok(());
    };
    let still_due = orders::table
        .find(number)
        .filter(orders::delivery_notice_due.eq(true));
    diesel::update(still_due)
        .set(orders::next_query_at.eq(Some(order.queries.next_query_at(now).millis())))
        .execute(conn)?;
    Ok(())
}
