//! Asking for a payout, and operators' decisions on it.

use std::time::Duration;

use diesel::prelude::*;
use qlive_ledger::{
    Account, Code, Entry, Kind, Purpose, Purse, Request, credited_since, post, purse, recall,
    remember,
};
use qlive_store::audit::{self, Operator};
use qlive_store::schema::withdrawals;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Fen, Moment, TooMany, UserId};
use qlive_users::Profile;

use crate::payout::{Decision, Event, Held, Refusal, State, decide};
use crate::recharge::number;
use crate::withdrawals::{Withdrawal, find};
use crate::{Payments, PaymentsError};

/// The least that WeChat transfers, in fen.
const LEAST_FEN: i64 = 30;
/// From this amount on, in fen, WeChat wants the real name.
const NAMED_FROM_FEN: i64 = 200_000;
/// Parts of a whole in rates.
const RATE_SCALE: i64 = 10_000;

/// How payouts are made here.
#[derive(Debug, Clone)]
pub struct PayoutRules {
    /// Which of the merchant's approved scenes they belong to.
    pub scene_id: String,
    pub remark: String,
    /// `info_type` and `info_content`, as the scene wants.
    pub report_infos: Vec<(String, String)>,
    /// How old income must be.
    pub min_age: Duration,
    /// Above this, two operators must approve.
    pub second_above: Fen,
}

/// What a user wants to withdraw.
#[derive(Clone)]
pub struct Wish {
    pub user: UserId,
    pub income: Coins,
    /// Unique among the user's: asked twice, it is withdrawn once.
    pub request_id: String,
    /// As on the user's identity card; from 200,000 fen it is required.
    pub real_name: Option<String>,
}

impl Wish {
    fn request(&self) -> Request {
        let input = format!(
            "{}|{}",
            self.income,
            self.real_name.as_deref().unwrap_or_default()
        );
        Request::new(
            format!("withdraw:{}:{}", self.user, self.request_id),
            &input,
        )
    }
}

/// What income comes to: floor(income × rate × 100).
fn worth(income: Coins, ten_thousandths: i64) -> Result<Fen, TooMany> {
    // A rate is yuan for a coin; a yuan has a hundred fen.
    Fen::new(income.portion(ten_thousandths, RATE_SCALE / 100)?.get())
}

/// What may be withdrawn: income that is old enough, and none while there is debt.
fn withdrawable(purse: &Purse, young: Coins) -> Coins {
    if purse.owed.is_zero() {
        purse.income.minus(young).unwrap_or(Coins::ZERO)
    } else {
        Coins::ZERO
    }
}

impl Payments {
    /// The merchant that pays out.
    #[must_use]
    pub fn merchant(&self) -> Option<&str> {
        self.providers.wechat_pay.as_ref().map(|pay| pay.mchid())
    }

    /// Holds income and writes the withdrawal for review.
    pub async fn withdraw(&self, wish: Wish) -> Result<Withdrawal, PaymentsError> {
        let rules = self.payouts.clone().ok_or(PaymentsError::PayoutsOff)?;
        let rate = self
            .configs
            .snapshot()
            .await?
            .withdraw_rate()
            .ten_thousandths();
        let profile = self.users.profile(wish.user).await?;
        let now = self.clock.now();
        // Looked into apart from the writing first: what is refused must not make gifts wait.
        let (asked, allowed) = (wish.clone(), rules.clone());
        self.db
            .read(move |conn| check(conn, now, &asked, &allowed, rate))
            .await?;
        self.db
            .write(move |conn| once(conn, now, &wish, &profile, &rules, rate))
            .await
    }

    /// Approves a withdrawal. True when that sends it, false when it takes a second approval.
    /// Refused while its user has a debt.
    pub async fn approve(&self, by: Operator, id: i64) -> Result<bool, PaymentsError> {
        let rules = self.payouts.clone().ok_or(PaymentsError::PayoutsOff)?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let withdrawal = find(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)?;
                let event = Event::Approve {
                    second_needed: withdrawal.amount > rules.second_above,
                    same_as_first: withdrawal.first_approval.as_deref() == Some(by.name.as_str()),
                };
                let decision = decide(withdrawal.state, event).map_err(refused)?;
                if !purse(conn, withdrawal.user)?.owed.is_zero() {
                    return Err(PaymentsError::InDebt);
                }
                let sent = decision.state == State::Approved;
                let fields = (
                    withdrawals::first_approval
                        .eq(withdrawal.first_approval.as_ref().unwrap_or(&by.name)),
                    withdrawals::due_at.eq(sent.then_some(now.millis())),
                );
                let before = withdrawals::table
                    .find(id)
                    .filter(withdrawals::state.eq(withdrawal.state.number()));
                let changed = diesel::update(before)
                    .set((fields, withdrawals::state.eq(decision.state.number())))
                    .execute(conn)?;
                if changed == 0 {
                    return Err(StoreError::Contended.into());
                }
                audit::record(conn, now, &by, "withdrawals approve", &id.to_string())?;
                Ok(sent)
            })
            .await
    }

    /// Rejects a withdrawal; the income comes back. One that was approved only while WeChat knows nothing of it.
    pub async fn reject(&self, by: Operator, id: i64) -> Result<(), PaymentsError> {
        let before = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find(conn, id)?))
            .await?;
        let before = before.ok_or(PaymentsError::UnknownWithdrawal)?;
        let never_taken = before.state == State::Approved && self.was_never_taken(&before).await?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let withdrawal = find(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)?;
                // We took it up for our own question; whoever took it up since may have had it sent.
                let never_taken =
                    never_taken && withdrawal.asked.times == before.asked.times.saturating_add(1);
                let decision =
                    decide(withdrawal.state, Event::Reject { never_taken }).map_err(refused)?;
                conclude(conn, now, &withdrawal, decision, &by.reason)?;
                Ok(audit::record(
                    conn,
                    now,
                    &by,
                    "withdrawals reject",
                    &id.to_string(),
                )?)
            })
            .await
    }
}

const fn refused(refusal: Refusal) -> PaymentsError {
    match refusal {
        Refusal::Decided => PaymentsError::Decided,
        Refusal::SameOperator => PaymentsError::SameOperator,
    }
}

/// Withdraws, unless this very request was answered before.
fn once(
    conn: &mut Conn,
    now: Moment,
    wish: &Wish,
    profile: &Profile,
    rules: &PayoutRules,
    rate: i64,
) -> Result<Withdrawal, PaymentsError> {
    let (amount, young) = match check(conn, now, wish, rules, rate)? {
        Checked::Kept(kept) => return Ok(*kept),
        Checked::Allowed { amount, young } => (amount, young),
    };
    let request = wish.request();
    let id = insert(conn, now, wish, profile, amount)?;
    let of = |purpose| Account::User(wish.user, purpose);
    let entry = Entry::new(Kind::Hold, id.to_string());
    let entry = entry.moving(
        of(Purpose::Income),
        of(Purpose::Held),
        wish.income,
        Code::Hold,
    );
    let group = post(conn, now, &entry)?;
    // What was faster than we are shows now that the purse is ours: a debt that
    // a refund left, or income that another withdrawal held.
    let has = purse(conn, wish.user)?;
    if !has.owed.is_zero() || has.income < young {
        return Err(StoreError::Contended.into());
    }
    remember(conn, now, &request, &id.to_string(), Some(group))?;
    find(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)
}

/// What a wish comes to.
enum Checked {
    /// This very request made it before.
    Kept(Box<Withdrawal>),
    Allowed {
        amount: Fen,
        /// Income that is too young to go.
        young: Coins,
    },
}

/// Whether a wish is to be granted.
fn check(
    conn: &mut Conn,
    now: Moment,
    wish: &Wish,
    rules: &PayoutRules,
    rate: i64,
) -> Result<Checked, PaymentsError> {
    let request = wish.request();
    if let Some(kept) = kept(conn, &request)? {
        return Ok(Checked::Kept(Box::new(kept)));
    }
    let amount = worth(wish.income, rate)?;
    if amount.get() < LEAST_FEN {
        return Err(PaymentsError::TooLittle);
    }
    if amount.get() >= NAMED_FROM_FEN && wish.real_name.is_none() {
        return Err(PaymentsError::NameNeeded);
    }
    let has = purse(conn, wish.user)?;
    let gifts = [Code::GiftReceived, Code::GiftHosted];
    let young = credited_since(conn, wish.user, &gifts, now.before(rules.min_age))?;
    if has.owed.is_zero() && wish.income <= withdrawable(&has, young) {
        return Ok(Checked::Allowed { amount, young });
    }
    // This very request may have been faster, from another connection.
    match kept(conn, &request)? {
        Some(kept) => Ok(Checked::Kept(Box::new(kept))),
        None if has.owed.is_zero() => Err(PaymentsError::NotWithdrawable),
        None => Err(PaymentsError::InDebt),
    }
}

/// The withdrawal that this request made before.
fn kept(conn: &mut Conn, request: &Request) -> Result<Option<Withdrawal>, PaymentsError> {
    let Some(kept) = recall(conn, request)? else {
        return Ok(None);
    };
    let id = kept
        .parse()
        .ok()
        .ok_or(StoreError::Corrupt("a withdrawal's outcome"))?;
    Ok(find(conn, id)?)
}

fn insert(
    conn: &mut Conn,
    now: Moment,
    wish: &Wish,
    profile: &Profile,
    amount: Fen,
) -> Result<i64, StoreError> {
    Ok(diesel::insert_into(withdrawals::table)
        .values((
            (
                withdrawals::user_id.eq(wish.user.get()),
                withdrawals::app_id.eq(&profile.app_id),
            ),
            (
                withdrawals::openid.eq(&profile.openid),
                withdrawals::income.eq(wish.income.get()),
            ),
            (
                withdrawals::fen.eq(amount.get()),
                withdrawals::state.eq(State::Review.number()),
            ),
            withdrawals::real_name.eq(wish.real_name.as_deref().unwrap_or_default()),
            withdrawals::out_bill_no.eq(number('W', now)),
            (withdrawals::sent.eq(false), withdrawals::detail.eq("")),
            (
                withdrawals::created_at.eq(now.millis()),
                withdrawals::asks.eq(0),
            ),
        ))
        .returning(withdrawals::id)
        .get_result(conn)?)
}

/// Writes a decision that ends a withdrawal, and moves what was held.
pub(crate) fn conclude(
    conn: &mut Conn,
    now: Moment,
    withdrawal: &Withdrawal,
    decision: Decision,
    why: &str,
) -> Result<(), PaymentsError> {
    let before = withdrawals::table
        .find(withdrawal.id)
        .filter(withdrawals::state.eq(withdrawal.state.number()));
    let changed = diesel::update(before)
        .set((
            withdrawals::state.eq(decision.state.number()),
            withdrawals::done_at.eq(Some(now.millis())),
            withdrawals::due_at.eq(None::<i64>),
            withdrawals::detail.eq(why),
            // Nobody needs them any more.
            withdrawals::real_name.eq(""),
            withdrawals::package_info.eq(None::<String>),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(StoreError::Contended.into());
    }
    let of = |purpose| Account::User(withdrawal.user, purpose);
    let (kind, to, code) = match decision.held {
        Held::Stays => return Ok(()),
        Held::Goes => (
            Kind::Payout,
            Account::System(qlive_ledger::System::PaidOut),
            Code::Payout,
        ),
        Held::Returns => (
            Kind::PayoutReturned,
            of(Purpose::Income),
            Code::PayoutReturned,
        ),
    };
    let entry = Entry::new(kind, withdrawal.id.to_string());
    let group = post(
        conn,
        now,
        &entry.moving(of(Purpose::Held), to, withdrawal.income, code),
    )?;
    let request = Request::new(
        format!("withdrawal:{}", withdrawal.id),
        decision.state.name(),
    );
    Ok(remember(
        conn,
        now,
        &request,
        decision.state.name(),
        Some(group),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coins(amount: i64) -> Coins {
        Coins::new(amount).unwrap()
    }

    #[test]
    fn income_is_worth_its_rate_rounded_down() {
        let fen = |income, rate| worth(coins(income), rate).map(Fen::get);
        assert_eq!(fen(3, 1_000), Ok(30), "0.1 yuan a coin");
        assert_eq!(fen(7, 1_234), Ok(86), "7 × 12.34 fen");
        assert_eq!(fen(1, 99), Ok(0));
        assert_eq!(fen(Coins::MAX.get(), 10_000), Err(TooMany));
    }

    #[test]
    fn young_income_and_income_in_debt_stay() {
        let purse = Purse {
            income: coins(100),
            ..Purse::default()
        };
        assert_eq!(withdrawable(&purse, coins(0)), coins(100));
        assert_eq!(withdrawable(&purse, coins(30)), coins(70));
        assert_eq!(
            withdrawable(&purse, coins(130)),
            coins(0),
            "never below zero"
        );
        assert_eq!(
            withdrawable(
                &Purse {
                    owed: coins(1),
                    ..purse
                },
                coins(0)
            ),
            coins(0)
        );
    }
}
