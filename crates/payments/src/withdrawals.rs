//! The row of a withdrawal, and lists of them.

use diesel::prelude::*;
use qlive_store::schema::withdrawals;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment, Page, UserId};

use crate::payout::State;
use crate::schedule::{Asked, LEASE};
use crate::{Payments, PaymentsError};

/// How many withdrawals a user is shown.
const LATEST: i64 = 20;

/// Income on its way out.
#[derive(Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub id: i64,
    pub user: UserId,
    pub app_id: String,
    pub openid: String,
    pub income: Coins,
    pub amount: Fen,
    pub state: State,
    /// The number under which WeChat is asked to pay it: one for good.
    pub out_bill_no: String,
    /// For `wx.requestMerchantTransfer`, while the user has to confirm.
    pub package_info: Option<String>,
    pub first_approval: Option<String>,
    /// Why it failed or was rejected.
    pub detail: String,
    pub created_at: Moment,
    /// Until when the user may confirm.
    pub expires_at: Option<Moment>,
    pub done_at: Option<Moment>,
    pub(crate) real_name: String,
    /// Whether WeChat may have been asked before.
    pub(crate) sent: bool,
    pub(crate) asked: Asked,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = withdrawals)]
struct Row {
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
    sent: bool,
    detail: String,
    created_at: i64,
    expires_at: Option<i64>,
    done_at: Option<i64>,
    asked_at: i64,
    asks: i32,
}

impl TryFrom<Row> for Withdrawal {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
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
            state: State::from_number(row.state).ok_or(StoreError::Corrupt("withdrawals.state"))?,
            out_bill_no: row.out_bill_no,
            package_info: row.package_info,
            first_approval: row.first_approval,
            sent: row.sent,
            detail: row.detail,
            created_at: Moment::from_millis(row.created_at),
            expires_at: row.expires_at.map(Moment::from_millis),
            done_at: row.done_at.map(Moment::from_millis),
            asked: Asked::stored(row.asks, row.asked_at, row.created_at),
        })
    }
}

/// The withdrawal with this number.
pub(crate) fn find(conn: &mut Conn, id: i64) -> Result<Option<Withdrawal>, StoreError> {
    let row: Option<Row> = withdrawals::table
        .find(id)
        .select(Row::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The withdrawal that WeChat knows under this number.
pub(crate) fn by_bill(conn: &mut Conn, no: &str) -> Result<Option<Withdrawal>, StoreError> {
    let row: Option<Row> = withdrawals::table
        .filter(withdrawals::out_bill_no.eq(no))
        .select(Row::as_select())
        .get_result(conn)
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// The withdrawals whose time has come.
pub(crate) fn due(conn: &mut Conn, now: Moment, limit: i64) -> Result<Vec<Withdrawal>, StoreError> {
    const AT_WECHAT: [i32; 3] = [
        State::Approved.number(),
        State::Confirm.number(),
        State::UnderWay.number(),
    ];
    let rows: Vec<Row> = withdrawals::table
        .filter(
            withdrawals::due_at
                .le(now.millis())
                .and(withdrawals::state.eq_any(AT_WECHAT)),
        )
        .order(withdrawals::due_at)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Takes a withdrawal up for a question, unless somebody else has. From here on WeChat may have been asked to pay it.
pub(crate) fn claim(
    conn: &mut Conn,
    withdrawal: &Withdrawal,
    now: Moment,
) -> Result<bool, StoreError> {
    let free = withdrawals::table
        .find(withdrawal.id)
        .filter(withdrawals::asks.eq(withdrawal.asked.times));
    let claimed = diesel::update(free.filter(withdrawals::state.eq(withdrawal.state.number())))
        .set((
            withdrawals::due_at.eq(Some(now.after(LEASE).millis())),
            withdrawals::asked_at.eq(now.millis()),
            withdrawals::asks.eq(withdrawals::asks + 1),
            withdrawals::sent.eq(true),
        ))
        .execute(conn)?;
    Ok(claimed == 1)
}

impl Payments {
    /// One of the user's own withdrawals.
    pub async fn withdrawal_of(&self, user: UserId, id: i64) -> Result<Withdrawal, PaymentsError> {
        let found = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find(conn, id)?))
            .await?;
        found
            .filter(|withdrawal| withdrawal.user == user)
            .ok_or(PaymentsError::UnknownWithdrawal)
    }

    /// The user's last withdrawals, the latest first.
    pub async fn withdrawals_of(&self, user: UserId) -> Result<Vec<Withdrawal>, PaymentsError> {
        self.db
            .read(move |conn| {
                let rows: Vec<Row> = withdrawals::table
                    .filter(withdrawals::user_id.eq(user.get()))
                    .order(withdrawals::id.desc())
                    .limit(LATEST)
                    .select(Row::as_select())
                    .load(conn)?;
                Ok(rows
                    .into_iter()
                    .map(TryInto::try_into)
                    .collect::<Result<_, _>>()?)
            })
            .await
    }

    /// A page of all withdrawals, those under review first, for operators.
    pub async fn withdrawals(&self, page: Page) -> Result<Vec<Withdrawal>, PaymentsError> {
        self.db
            .read(move |conn| {
                let rows: Vec<Row> = withdrawals::table
                    .order((withdrawals::state, withdrawals::id))
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select(Row::as_select())
                    .load(conn)?;
                Ok(rows
                    .into_iter()
                    .map(TryInto::try_into)
                    .collect::<Result<_, _>>()?)
            })
            .await
    }
}
