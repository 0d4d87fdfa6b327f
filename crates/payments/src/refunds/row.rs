//! The table `refunds`: its row, and the queries on it.

use diesel::prelude::*;
use qlive_store::schema::refunds;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment};

use crate::polling::lease::{claim_row, due_rows};
use crate::polling::schedule::QueryHistory;
use crate::providers::provider::Provider;
use crate::refunds::amounts::CoinsTakenBack;
use crate::refunds::state::RefundState;
use crate::refunds::virtual_outcome::OrderBalance;

/// A refund of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRefund {
    pub out_trade_no: String,
    /// Its number at the provider: chosen by us, or by the platform for a refund that it made
    /// itself.
    pub number: String,
    /// False for a refund that the platform made itself.
    pub requested_by_us: bool,
    pub fen: Fen,
    pub coins: CoinsTakenBack,
    pub state: RefundState,
    pub created_at: Moment,
    pub done_at: Option<Moment>,
    pub(crate) provider: Provider,
    pub(crate) queries: QueryHistory,
    /// The balance of its order at xpay before the refund was first requested. `None`: it was never
    /// requested at xpay.
    pub(crate) balance_before: Option<OrderBalance>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = refunds)]
struct RefundRow {
    out_trade_no: String,
    provider: i32,
    number: String,
    requested_by_us: bool,
    fen: i64,
    from_bought: i64,
    from_granted: i64,
    from_debt: i64,
    state: i32,
    created_at: i64,
    done_at: Option<i64>,
    queried_at: i64,
    query_count: i32,
    fen_left_before: Option<i64>,
    failed_before: Option<bool>,
}

impl TryFrom<RefundRow> for OrderRefund {
    type Error = StoreError;

    fn try_from(row: RefundRow) -> Result<Self, StoreError> {
        let coins = |amount| {
            Coins::new(amount)
                .ok()
                .ok_or(StoreError::Corrupt("refunds.from_…"))
        };
        let balance_before = row
            .fen_left_before
            .zip(row.failed_before)
            .map(|(left, failed)| OrderBalance { left, failed });
        Ok(Self {
            out_trade_no: row.out_trade_no,
            number: row.number,
            requested_by_us: row.requested_by_us,
            fen: Fen::new(row.fen)
                .ok()
                .ok_or(StoreError::Corrupt("refunds.fen"))?,
            coins: CoinsTakenBack {
                bought: coins(row.from_bought)?,
                granted: coins(row.from_granted)?,
                debt: coins(row.from_debt)?,
            },
            state: RefundState::from_number(row.state)
                .ok_or(StoreError::Corrupt("refunds.state"))?,
            created_at: Moment::from_millis(row.created_at),
            done_at: row.done_at.map(Moment::from_millis),
            provider: Provider::from_number(row.provider)
                .ok_or(StoreError::Corrupt("refunds.provider"))?,
            queries: QueryHistory::from_columns(row.query_count, row.queried_at, row.created_at),
            balance_before,
        })
    }
}

type WithNumber<'a> = diesel::dsl::Filter<
    refunds::table,
    diesel::dsl::And<
        diesel::dsl::Eq<refunds::provider, i32>,
        diesel::dsl::Eq<refunds::number, &'a str>,
    >,
>;

/// The query of the refund with this number at this provider.
pub(crate) fn refund_with_number(provider: Provider, number: &str) -> WithNumber<'_> {
    refunds::table.filter(
        refunds::provider
            .eq(provider.number())
            .and(refunds::number.eq(number)),
    )
}

/// The refund with this number at this provider.
pub(crate) fn find_refund(
    conn: &mut Conn,
    provider: Provider,
    number: &str,
) -> Result<Option<OrderRefund>, StoreError> {
    let row: Option<RefundRow> = refund_with_number(provider, number)
        .select(RefundRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// All refunds of an order, the oldest first.
pub(crate) fn find_refunds_of_order(
    conn: &mut Conn,
    out_trade_no: &str,
) -> Result<Vec<OrderRefund>, StoreError> {
    let rows: Vec<RefundRow> = refunds::table
        .filter(refunds::out_trade_no.eq(out_trade_no))
        .order(refunds::id)
        .select(RefundRow::as_select())
        .load(conn)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Whether a refund of the order that we requested is not settled yet.
pub(crate) fn has_requested_refund(
    conn: &mut Conn,
    out_trade_no: &str,
) -> Result<bool, StoreError> {
    let requested = refunds::table
        .filter(refunds::out_trade_no.eq(out_trade_no))
        .filter(refunds::state.eq(RefundState::Requested.number()));
    let count: i64 = requested.count().get_result(conn)?;
    Ok(count > 0)
}

/// The refunds that are due for a query, the longest due first.
pub(crate) fn due_refunds(
    conn: &mut Conn,
    now: Moment,
    limit: i64,
) -> Result<Vec<OrderRefund>, StoreError> {
    due_rows!(conn, refunds, refunds::table, RefundRow, now, limit)
}

/// Claims a refund for a query. False when another instance has claimed it, or it is settled.
pub(crate) fn claim_refund(
    conn: &mut Conn,
    refund: &OrderRefund,
    now: Moment,
) -> Result<bool, StoreError> {
    let unchanged = refund_with_number(refund.provider, &refund.number)
        .filter(refunds::query_count.eq(refund.queries.count))
        .filter(refunds::state.eq(RefundState::Requested.number()));
    claim_row!(conn, refunds, unchanged, now)
}

/// Records the balance of the order before the refund is first requested at xpay. False when
/// another instance has recorded it.
pub(crate) fn record_balance_before(
    conn: &mut Conn,
    refund: &OrderRefund,
    balance: OrderBalance,
) -> Result<bool, StoreError> {
    let never_requested = refund_with_number(refund.provider, &refund.number)
        .filter(refunds::fen_left_before.is_null());
    let recorded = diesel::update(never_requested)
        .set((
            refunds::fen_left_before.eq(balance.left),
            refunds::failed_before.eq(balance.failed),
        ))
        .execute(conn)?;
    Ok(recorded == 1)
}
