//! Requesting a withdrawal: the income is held until it is paid out or returned.

use diesel::prelude::*;
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, IdempotencyKey, TransferCode, find_outcome,
    income_credited_since, load_balances, post_entry, store_outcome,
};
use qlive_store::schema::withdrawals;
use qlive_store::{Conn, StoreError, serialize_transactions};
use qlive_types::{Coins, Fen, Moment, UserId};
use qlive_users::Profile;

use crate::error::PaymentsError;
use crate::numbers::new_bill_number;
use crate::service::Payments;
use crate::withdrawals::row::{Withdrawal, count_open_withdrawals, find_withdrawal, sum_of_week};
use crate::withdrawals::rules::{
    MIN_FEN, OPEN_LIMIT, REAL_NAME_FROM_FEN, WithdrawalRules, income_value, withdrawable_income,
};
use crate::withdrawals::state::WithdrawalState;

/// A user's request to withdraw income. It holds a real name, hence no `Debug`.
#[derive(Clone)]
pub struct WithdrawalRequest {
    pub user: UserId,
    pub income: Coins,
    /// The idempotency key, unique among the user's requests: a repeated request makes one
    /// withdrawal.
    pub request_id: String,
    /// As on the user's identity card. Required from 200,000 fen within a week on.
    pub real_name: Option<String>,
}

impl WithdrawalRequest {
    fn idempotency_key(&self) -> IdempotencyKey {
        let real_name = self.real_name.as_deref().unwrap_or_default();
        IdempotencyKey::new(
            format!("withdraw:{}:{}", self.user, self.request_id),
            &format!("{}|{real_name}", self.income),
        )
    }
}

/// What the check of a request found.
enum CheckedRequest {
    /// This request has made this withdrawal before.
    MadeBefore(Box<Withdrawal>),
    Allowed {
        amount: Fen,
        /// Income that is not old enough to be withdrawn.
        recent: Coins,
    },
}

impl Payments {
    /// The number of the merchant that pays withdrawals.
    #[must_use]
    pub fn merchant_id(&self) -> Option<&str> {
        self.providers.wechat_pay.as_ref().map(|pay| pay.mchid())
    }

    /// Holds income, and makes a withdrawal that waits for review. A request that was made before
    /// returns its withdrawal.
    ///
    /// # Errors
    /// [`PaymentsError::WithdrawalsOff`], [`PaymentsError::BelowMinimum`],
    /// [`PaymentsError::RealNameRequired`], [`PaymentsError::InDebt`],
    /// [`PaymentsError::NotWithdrawable`], [`PaymentsError::TooManyWithdrawals`]; a ledger error
    /// when the idempotency key was used for another request; else when the database fails.
    pub async fn request_withdrawal(
        &self,
        request: WithdrawalRequest,
    ) -> Result<Withdrawal, PaymentsError> {
        let rules = self
            .withdrawal_rules
            .clone()
            .ok_or(PaymentsError::WithdrawalsOff)?;
        let configs = self.configs.snapshot().await?;
        let rate = configs.withdraw_rate().ten_thousandths();
        let profile = self.users.profile(request.user).await?;
        let now = self.clock.now();
        // Check in a read first: a request that is refused must not block writers.
        let (to_check, rules_to_check) = (request.clone(), rules.clone());
        self.db
            .read(move |conn| check_request(conn, now, &to_check, &rules_to_check, rate))
            .await?;
        self.db
            .write(move |conn| {
                // The other withdrawals of the user are counted and added up.
                serialize_transactions(conn, &format!("withdrawals:{}", request.user))?;
                match check_request(conn, now, &request, &rules, rate)? {
                    CheckedRequest::MadeBefore(withdrawal) => Ok(*withdrawal),
                    CheckedRequest::Allowed { amount, recent } => {
                        hold_income(conn, now, &request, &profile, amount, recent)
                    }
                }
            })
            .await
    }
}

/// Checks a request against the rules and the balances.
fn check_request(
    conn: &mut Conn,
    now: Moment,
    request: &WithdrawalRequest,
    rules: &WithdrawalRules,
    rate: i64,
) -> Result<CheckedRequest, PaymentsError> {
    let key = request.idempotency_key();
    if let Some(withdrawal) = find_made_before(conn, &key)? {
        return Ok(CheckedRequest::MadeBefore(Box::new(withdrawal)));
    }
    let amount = income_value(request.income, rate)?;
    if amount.get() < MIN_FEN {
        return Err(PaymentsError::BelowMinimum);
    }
    let of_week = sum_of_week(conn, request.user, now, None)?.checked_add(amount)?;
    if of_week.get() >= REAL_NAME_FROM_FEN && request.real_name.is_none() {
        return Err(PaymentsError::RealNameRequired);
    }
    if count_open_withdrawals(conn, request.user)? >= OPEN_LIMIT {
        return Err(PaymentsError::TooManyWithdrawals);
    }
    let balances = load_balances(conn, request.user)?;
    let gifts = [TransferCode::GiftReceived, TransferCode::GiftHosted];
    let recent = income_credited_since(conn, request.user, &gifts, now.before(rules.min_age))?;
    let in_debt = !balances.debt.is_zero();
    if !in_debt && request.income <= withdrawable_income(&balances, recent) {
        return Ok(CheckedRequest::Allowed { amount, recent });
    }
    Err(if in_debt {
        PaymentsError::InDebt
    } else {
        PaymentsError::NotWithdrawable
    })
}

/// The withdrawal that a request with this key has made before.
fn find_made_before(
    conn: &mut Conn,
    key: &IdempotencyKey,
) -> Result<Option<Withdrawal>, PaymentsError> {
    let Some(outcome) = find_outcome(conn, key)? else {
        return Ok(None);
    };
    let id = outcome
        .parse()
        .ok()
        .ok_or(StoreError::Corrupt("the outcome of a withdrawal request"))?;
    Ok(find_withdrawal(conn, id)?)
}

/// Inserts the withdrawal and holds its income.
fn hold_income(
    conn: &mut Conn,
    now: Moment,
    request: &WithdrawalRequest,
    profile: &Profile,
    amount: Fen,
    recent: Coins,
) -> Result<Withdrawal, PaymentsError> {
    let id = insert_withdrawal(conn, now, request, profile, amount)?;
    let user = |kind| Account::User(request.user, kind);
    let entry = Entry::new(EntryKind::Hold, id.to_string()).with_transfer(
        user(BalanceKind::Income),
        user(BalanceKind::Held),
        request.income,
        TransferCode::Hold,
    );
    let entry_id = post_entry(conn, now, &entry)?;
    // The entry has locked the balances. Concurrent gifts may have spent income since it was read
    // above: run the transaction again.
    if load_balances(conn, request.user)?.income < recent {
        return Err(StoreError::Contended.into());
    }
    let key = request.idempotency_key();
    store_outcome(conn, now, &key, &id.to_string(), Some(entry_id))?;
    find_withdrawal(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)
}

fn insert_withdrawal(
    conn: &mut Conn,
    now: Moment,
    request: &WithdrawalRequest,
    profile: &Profile,
    amount: Fen,
) -> Result<i64, StoreError> {
    let user = (
        withdrawals::user_id.eq(request.user.get()),
        withdrawals::app_id.eq(&profile.app_id),
        withdrawals::openid.eq(&profile.openid),
        withdrawals::real_name.eq(request.real_name.as_deref().unwrap_or_default()),
    );
    let amounts = (
        withdrawals::income.eq(request.income.get()),
        withdrawals::fen.eq(amount.get()),
    );
    let progress = (
        withdrawals::state.eq(WithdrawalState::InReview.number()),
        withdrawals::out_bill_no.eq(new_bill_number(now)),
        withdrawals::submitted.eq(false),
        withdrawals::detail.eq(""),
        withdrawals::created_at.eq(now.millis()),
        withdrawals::queried_at.eq(0_i64),
        withdrawals::query_count.eq(0),
    );
    Ok(diesel::insert_into(withdrawals::table)
        .values((user, amounts, progress))
        .returning(withdrawals::id)
        .get_result(conn)?)
}
