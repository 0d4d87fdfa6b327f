//! What an operator should know before they decide about a withdrawal.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use qlive_ledger::{Account, BalanceKind, TransferCode, income_from_giver_since, load_balances};
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment, UserId};
use qlive_users::find_user;

use crate::refunds::state::RefundState;
use crate::withdrawals::row::{Withdrawal, sum_of_week};

/// How far back refunds are shown.
const REFUNDS_SHOWN: Duration = Duration::from_secs(30 * 86_400);
/// The most givers that are shown, those with the most refunded fen first.
const GIVERS_SHOWN: usize = 20;
/// The shares of gifts.
const SHARES: [TransferCode; 2] = [TransferCode::GiftReceived, TransferCode::GiftHosted];

/// What is known of the user of a withdrawal, and of those whose gifts are their income.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewSummary {
    pub banned_at: Option<Moment>,
    pub debt: Coins,
    /// When the account was created.
    pub account_created_at: Moment,
    /// What the user requested in the seven days up to this withdrawal, including it.
    pub amount_of_week: Fen,
    /// The givers of the user's income whose orders were refunded in the last 30 days.
    pub refunded_givers: Vec<RefundedGiver>,
}

/// A giver who got money back for orders, and gave gifts to the user after such an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundedGiver {
    pub giver: UserId,
    /// How many orders were refunded, at least in part, in the last 30 days.
    pub orders: i64,
    /// What was refunded of them in that time.
    pub refunded: Fen,
    pub refunded_coins: Coins,
    /// The user's income from this giver's gifts since the first of these orders was created.
    pub income: Coins,
}

/// Loads the summary for the review of a withdrawal.
pub(crate) fn load_review_summary(
    conn: &mut Conn,
    now: Moment,
    withdrawal: &Withdrawal,
) -> Result<ReviewSummary, StoreError> {
    let user = withdrawal.user;
    let profile = find_user(conn, user)?.ok_or(StoreError::Corrupt("withdrawals.user_id"))?;
    Ok(ReviewSummary {
        banned_at: profile.banned_at,
        debt: load_balances(conn, user)?.debt,
        account_created_at: profile.created_at,
        amount_of_week: sum_of_week(conn, user, withdrawal.created_at, Some(withdrawal.id))?,
        refunded_givers: find_refunded_givers(conn, now, user)?,
    })
}

#[derive(QueryableByName)]
struct GiverRow {
    #[diesel(sql_type = BigInt)]
    giver: i64,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    fen: i64,
    #[diesel(sql_type = BigInt)]
    coins: i64,
    #[diesel(sql_type = BigInt)]
    first_order_at: i64,
}

fn find_refunded_givers(
    conn: &mut Conn,
    now: Moment,
    user: UserId,
) -> Result<Vec<RefundedGiver>, StoreError> {
    let mut givers = Vec::new();
    let rows: Vec<GiverRow> = sql_query(givers_sql(now, user)).load(conn)?;
    for row in rows {
        let giver = UserId::new(row.giver).ok_or(StoreError::Corrupt("orders.user_id"))?;
        let since = Moment::from_millis(row.first_order_at.saturating_sub(1));
        let income = income_from_giver_since(conn, user, giver, &SHARES, since)?;
        if income.is_zero() {
            // Every gift was reversed.
            continue;
        }
        let (Ok(refunded), Ok(refunded_coins)) = (Fen::new(row.fen), Coins::new(row.coins)) else {
            return Err(StoreError::Corrupt("the sum of refunds"));
        };
        givers.push(RefundedGiver {
            giver,
            orders: row.orders,
            refunded,
            refunded_coins,
            income,
        });
        if givers.len() == GIVERS_SHOWN {
            break;
        }
    }
    Ok(givers)
}

/// The query of the users with recent refunds who gave to `user` after they had made the order. Its
/// parameters are numbers.
fn givers_sql(now: Moment, user: UserId) -> String {
    let since = now.before(REFUNDS_SHOWN).millis();
    let refused = RefundState::Refused.number();
    let income = Account::User(user, BalanceKind::Income).number();
    let codes = SHARES.map(|code| code.number().to_string()).join(", ");
    let accounts = [
        BalanceKind::Bought,
        BalanceKind::Granted,
        BalanceKind::Income,
    ]
    .map(|kind| kind.account_sql("o.user_id"))
    .join(", ");
    format!(
        "WITH refunded AS MATERIALIZED (
            SELECT r.out_trade_no, r.fen, r.from_bought + r.from_granted + r.from_debt AS coins,
                (SELECT o.user_id FROM orders o WHERE o.out_trade_no = r.out_trade_no) AS user_id,
                (SELECT o.created_at FROM orders o WHERE o.out_trade_no = r.out_trade_no)
                    AS created_at
            FROM refunds r WHERE r.created_at > {since} AND r.state <> {refused}
        )
        SELECT o.user_id AS giver, COUNT(DISTINCT o.out_trade_no) AS orders,
            CAST(SUM(o.fen) AS BIGINT) AS fen, CAST(SUM(o.coins) AS BIGINT) AS coins,
            MIN(o.created_at) AS first_order_at
        FROM refunded o WHERE EXISTS (
            SELECT 1 FROM ledger_transfers t
            WHERE t.credit = {income} AND t.code IN ({codes}) AND t.at >= o.created_at
                AND t.debit IN ({accounts}))
        GROUP BY o.user_id ORDER BY fen DESC, giver"
    )
}
