//! What stops a payout to a user: a ban, or a debt.

use qlive_ledger::load_balances;
use qlive_store::{Conn, StoreError};
use qlive_types::UserId;
use qlive_users::find_user;

/// Why nothing may be paid out to a user now. A withdrawal is not approved then, and one that was
/// approved before is not requested at WeChat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayoutObstacle {
    Banned,
    Debt,
}

impl PayoutObstacle {
    /// For the log.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Banned => "the user is banned",
            Self::Debt => "the user has a debt",
        }
    }
}

/// The obstacle to a payout to this user.
pub(crate) fn find_obstacle(
    conn: &mut Conn,
    user: UserId,
) -> Result<Option<PayoutObstacle>, StoreError> {
    let profile = find_user(conn, user)?.ok_or(StoreError::Corrupt("withdrawals.user_id"))?;
    if profile.banned_at.is_some() {
        return Ok(Some(PayoutObstacle::Banned));
    }
    let has_debt = !load_balances(conn, user)?.debt.is_zero();
    Ok(has_debt.then_some(PayoutObstacle::Debt))
}
