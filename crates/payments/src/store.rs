//! The row of an order.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::orders;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment, UserId};

use crate::Provider;
use crate::order::{Age, State};
use crate::schedule::{Asked, LEASE};

/// How long after the end of its offer an order is looked at once more.
const LAST_LOOK: Duration = Duration::from_secs(86_400);

/// An order. What was sold, to whom and for how much is frozen in it.
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
    /// What of it went back, or was asked to.
    pub refunded: Fen,
    pub state: State,
    /// Whether WeChat is still to be told that the goods were provided.
    pub provision_due: bool,
    /// The provider's number of the payment.
    pub transaction_id: Option<String>,
    pub created_at: Moment,
    pub expires_at: Moment,
    pub paid_at: Option<Moment>,
    pub(crate) asked: Asked,
}

impl Order {
    /// The word for its state. It is refunded when all its money went back.
    #[must_use]
    pub fn shown_state(&self) -> &'static str {
        match self.state {
            State::Created => "created",
            State::Closed => "closed",
            State::Paid if self.refunded == self.price => "refunded",
            State::Paid => "paid",
        }
    }

    /// When an order that was closed without a word from its provider is looked at once more.
    pub(crate) fn last_look_at(&self) -> Moment {
        self.expires_at.after(LAST_LOOK)
    }

    pub(crate) fn age(&self, now: Moment) -> Age {
        match now {
            now if now < self.expires_at => Age::Fresh,
            now if now < self.last_look_at() => Age::Expired,
            _ => Age::Old,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(crate) struct Row {
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
    provision_due: bool,
    transaction_id: Option<String>,
    created_at: i64,
    expires_at: i64,
    paid_at: Option<i64>,
    asked_at: i64,
    asks: i32,
}

impl TryFrom<Row> for Order {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
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
            state: State::from_number(row.state).ok_or(StoreError::Corrupt("orders.state"))?,
            provision_due: row.provision_due,
            transaction_id: row.transaction_id,
            created_at: Moment::from_millis(row.created_at),
            expires_at: Moment::from_millis(row.expires_at),
            paid_at: row.paid_at.map(Moment::from_millis),
            asked: Asked::stored(row.asks, row.asked_at, row.created_at),
        })
    }
}

/// The order with this number.
pub(crate) fn find(conn: &mut Conn, no: &str) -> Result<Option<Order>, StoreError> {
    let row: Option<Row> = orders::table
        .find(no)
        .select(Row::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// Takes up an order before its time, for somebody who will not wait. False
/// when it was asked about after `unless_since`. It counts as no question of the
/// sweeper's: whoever is impatient does not lengthen its waits, which count from this one too.
pub(crate) fn claim_early(
    conn: &mut Conn,
    no: &str,
    now: Moment,
    unless_since: Moment,
) -> Result<bool, StoreError> {
    let open = orders::state
        .ne(State::Paid.number())
        .or(orders::provision_due.eq(true));
    let free = orders::table
        .find(no)
        .filter(orders::asked_at.le(unless_since.millis()))
        .filter(open);
    let claimed = diesel::update(free)
        .set((
            orders::asked_at.eq(now.millis()),
            orders::due_at.eq(Some(now.after(LEASE).millis())),
        ))
        .execute(conn)?;
    Ok(claimed == 1)
}

/// Takes up an order whose time has come for a question to its provider, for as
/// long as that may take. False when somebody else has.
pub(crate) fn claim(conn: &mut Conn, no: &str, now: Moment) -> Result<bool, StoreError> {
    let due = orders::table
        .find(no)
        .filter(orders::due_at.le(now.millis()));
    let claimed = diesel::update(due)
        .set((
            orders::asked_at.eq(now.millis()),
            orders::due_at.eq(Some(now.after(LEASE).millis())),
            orders::asks.eq(orders::asks + 1),
        ))
        .execute(conn)?;
    Ok(claimed == 1)
}

/// The orders whose time has come.
pub(crate) fn due(conn: &mut Conn, now: Moment, limit: i64) -> Result<Vec<Order>, StoreError> {
    let rows: Vec<Row> = orders::table
        .filter(orders::due_at.le(now.millis()))
        .order(orders::due_at)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(TryInto::try_into).collect()
}
