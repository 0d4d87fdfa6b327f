//! The table `withdrawals`: its row, and the queries on it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_store::schema::withdrawals;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment, UserId};

use crate::polling::lease::{claim_row, due_rows};
use crate::polling::schedule::QueryHistory;
use crate::withdrawals::rules::WEEK;
use crate::withdrawals::state::WithdrawalState;

/// A withdrawal of income. It holds a real name, hence no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub id: i64,
    pub user: UserId,
    pub app_id: String,
    pub openid: String,
    pub income: Coins,
    pub amount: Fen,
    pub state: WithdrawalState,
    /// The number of its transfer at WeChat. It never changes.
    pub out_bill_no: String,
    /// For `wx.requestMerchantTransfer`, while the user must confirm.
    pub package_info: Option<String>,
    /// The operator who approved it first.
    pub first_approval: Option<String>,
    /// Why it failed or was rejected.
    pub detail: String,
    pub created_at: Moment,
    /// Until when the user can confirm.
    pub expires_at: Option<Moment>,
    pub done_at: Option<Moment>,
    /// Empty when none was given, or when the withdrawal has ended.
    pub(crate) real_name: String,
    /// Whether the transfer may have been requested before.
    pub(crate) submitted: bool,
    pub(crate) queries: QueryHistory,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = withdrawals)]
pub(crate) struct WithdrawalRow {
    id: i64,
    user_id: i64,
    app_id: String,
    openid: String,
    income: i64,
    fen: i64,
    real_name: String,
    state: i32,
    out_bill_no: String,
    package_info: Option<String>,
    first_approval: Option<String>,
    submitted: bool,
    detail: String,
    created_at: i64,
    expires_at: Option<i64>,
    done_at: Option<i64>,
    queried_at: i64,
    query_count: i32,
}

impl TryFrom<WithdrawalRow> for Withdrawal {
    type Error = StoreError;

    fn try_from(row: WithdrawalRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            user: UserId::new(row.user_id).ok_or(StoreError::Corrupt("withdrawals.user_id"))?,
            app_id: row.app_id,
            openid: row.openid,
            income: Coins::new(row.income)
                .ok()
                .ok_or(StoreError::Corrupt("withdrawals.income"))?,
            amount: Fen::new(row.fen)
                .ok()
                .ok_or(StoreError::Corrupt("withdrawals.fen"))?,
            real_name: row.real_name,
            state: WithdrawalState::from_number(row.state)
                .ok_or(StoreError::Corrupt("withdrawals.state"))?,
            out_bill_no: row.out_bill_no,
            package_info: row.package_info,
            first_approval: row.first_approval,
            submitted: row.submitted,
            detail: row.detail,
            created_at: Moment::from_millis(row.created_at),
            expires_at: row.expires_at.map(Moment::from_millis),
            done_at: row.done_at.map(Moment::from_millis),
            queries: QueryHistory::from_columns(row.query_count, row.queried_at, row.created_at),
        })
    }
}

/// The withdrawal with this id.
pub(crate) fn find_withdrawal(conn: &mut Conn, id: i64) -> Result<Option<Withdrawal>, StoreError> {
    let row: Option<WithdrawalRow> = withdrawals::table
        .find(id)
        .select(WithdrawalRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The withdrawal whose transfer has this number at WeChat.
pub(crate) fn find_withdrawal_by_bill(
    conn: &mut Conn,
    out_bill_no: &str,
) -> Result<Option<Withdrawal>, StoreError> {
    let row: Option<WithdrawalRow> = withdrawals::table
        .filter(withdrawals::out_bill_no.eq(out_bill_no))
        .select(WithdrawalRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The withdrawals that are due for a query, the longest due first.
pub(crate) fn due_withdrawals(
    conn: &mut Conn,
    now: Moment,
    limit: i64,
) -> Result<Vec<Withdrawal>, StoreError> {
    let at_wechat = WithdrawalState::AT_WECHAT.map(WithdrawalState::number);
    let rows = withdrawals::table.filter(withdrawals::state.eq_any(at_wechat));
    due_rows!(conn, withdrawals, rows, WithdrawalRow, now, limit)
}

/// Claims a withdrawal for a query. False when another instance has claimed it, or its state has
/// changed. From here on WeChat may have been asked to pay it.
pub(crate) fn claim_withdrawal(
    conn: &mut Conn,
    withdrawal: &Withdrawal,
    now: Moment,
) -> Result<bool, StoreError> {
    let unchanged = withdrawals::table
        .find(withdrawal.id)
        .filter(withdrawals::query_count.eq(withdrawal.queries.count))
        .filter(withdrawals::state.eq(withdrawal.state.number()));
    claim_row!(conn, withdrawals, unchanged, now, also withdrawals::submitted.eq(true))
}

/// How many withdrawals of a user have not ended.
pub(crate) fn count_open_withdrawals(conn: &mut Conn, user: UserId) -> Result<i64, StoreError> {
    let open = WithdrawalState::OPEN.map(WithdrawalState::number);
    let count = withdrawals::table
        .filter(withdrawals::user_id.eq(user.get()))
        .filter(withdrawals::state.eq_any(open))
        .count();
    Ok(count.get_result(conn)?)
}

/// The sum, in fen, of the withdrawals that a user requested in the [`WEEK`] before `until`,
/// without those whose income was returned. With `up_to`, only that withdrawal and earlier ones.
pub(crate) fn sum_of_week(
    conn: &mut Conn,
    user: UserId,
    until: Moment,
    up_to: Option<i64>,
) -> Result<Fen, StoreError> {
    let returned = WithdrawalState::RETURNED.map(WithdrawalState::number);
    let sum: Option<i64> = withdrawals::table
        .filter(withdrawals::user_id.eq(user.get()))
        .filter(withdrawals::created_at.gt(until.before(WEEK).millis()))
        .filter(withdrawals::id.le(up_to.unwrap_or(i64::MAX)))
        .filter(withdrawals::state.ne_all(returned))
        .select(sql::<BigInt>("CAST(SUM(fen) AS BIGINT)").nullable())
        .get_result(conn)?;
    Fen::new(sum.unwrap_or(0))
        .ok()
        .ok_or(StoreError::Corrupt("the sum of withdrawals"))
}
