//! Payouts at WeChat: asking for a transfer, and what became of it.

use std::time::Duration;

use diesel::prelude::*;
use qlive_ledger::purse;
use qlive_store::StoreError;
use qlive_store::schema::withdrawals;
use qlive_tencent::pay::{NewTransfer, Pay, PayError, Transfer, TransferState};
use qlive_types::Moment;

use crate::payout::{Event, Held, State, decide};
use crate::payouts::{PayoutRules, conclude};
use crate::schedule::LEASE;
use crate::withdrawals::{Withdrawal, claim, find};
use crate::{Payments, PaymentsError};

/// How long a user may take to confirm.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(86_400);
/// Why a transfer fails that was not confirmed in time.
const OVERDUE: &str = "OVERDUE_CLOSE";

/// What WeChat said of a transfer.
pub(crate) enum Word {
    Told(Transfer),
    Refused(String),
    Unclear(String),
}

impl Payments {
    /// Asks about a withdrawal that the caller has claimed: queries it when it
    /// may have been sent before, sends it when WeChat knows nothing of it.
    pub(crate) async fn transfer(&self, withdrawal: &Withdrawal) -> Result<(), PaymentsError> {
        let (Some(pay), Some(rules)) = (&self.providers.wechat_pay, &self.payouts) else {
            return self
                .transfer_news(withdrawal.id, Word::Unclear("it is not configured".into()))
                .await;
        };
        let now = self.clock.now().secs();
        let word = if withdrawal.sent {
            match pay.query_transfer(&withdrawal.out_bill_no, now).await {
                // Only the answer to the request itself carries what the client confirms with: it got lost.
                Ok(told)
                    if told.state == TransferState::WaitUserConfirm
                        && withdrawal.package_info.is_none() =>
                {
                    self.send(pay, rules, withdrawal).await
                }
                Ok(told) => Word::Told(told),
                // One that WeChat has had it may have forgotten (after thirty days): never again.
                Err(error) if error.is_not_found() && withdrawal.state == State::Approved => {
                    self.send_first(pay, rules, withdrawal).await?
                }
                Err(error) => Word::Unclear(error.to_string()),
            }
        } else {
            self.send_first(pay, rules, withdrawal).await?
        };
        self.transfer_news(withdrawal.id, word).await
    }

    /// Whether WeChat was never asked to pay an approved withdrawal, or knows nothing of it. Takes it up, so that
    /// nobody else sends it meanwhile.
    pub(crate) async fn was_never_taken(
        &self,
        withdrawal: &Withdrawal,
    ) -> Result<bool, PaymentsError> {
        let now = self.clock.now();
        if withdrawal.sent && now.since(withdrawal.asked.last) < LEASE {
            return Err(PaymentsError::UnderWay);
        }
        let taken_up = withdrawal.clone();
        if !self
            .db
            .write(move |conn| Ok::<_, PaymentsError>(claim(conn, &taken_up, now)?))
            .await?
        {
            return Err(PaymentsError::UnderWay);
        }
        if !withdrawal.sent {
            return Ok(true);
        }
        let pay = self
            .providers
            .wechat_pay
            .as_ref()
            .ok_or(PaymentsError::ProviderUnavailable)?;
        match pay
            .query_transfer(&withdrawal.out_bill_no, now.secs())
            .await
        {
            Ok(told) => {
                self.transfer_news(withdrawal.id, Word::Told(told)).await?;
                Ok(false)
            }
            Err(error) if error.is_not_found() => Ok(true),
            Err(error) => Err(PaymentsError::ProviderSilent(error.to_string())),
        }
    }

    /// Sends what WeChat knows nothing of, unless a refund has left a debt since it was approved.
    async fn send_first(
        &self,
        pay: &Pay,
        rules: &PayoutRules,
        withdrawal: &Withdrawal,
    ) -> Result<Word, PaymentsError> {
        let user = withdrawal.user;
        let purse = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(purse(conn, user)?))
            .await?;
        if !purse.owed.is_zero() {
            return Ok(Word::Unclear("its user is in debt".into()));
        }
        Ok(self.send(pay, rules, withdrawal).await)
    }

    /// Asks WeChat to pay. A plain no counts only when WeChat then knows nothing of the number.
    async fn send(&self, pay: &Pay, rules: &PayoutRules, withdrawal: &Withdrawal) -> Word {
        let now = self.clock.now().secs();
        let sealed = match withdrawal.real_name.as_str() {
            "" => None,
            name => match pay.keys.seal(name) {
                None => return Word::Unclear("no key to seal the name with".into()),
                sealed => sealed,
            },
        };
        let (key, name) = sealed.unzip();
        let order = NewTransfer {
            app_id: &withdrawal.app_id,
            out_bill_no: &withdrawal.out_bill_no,
            scene_id: &rules.scene_id,
            openid: &withdrawal.openid,
            user_name: name.as_deref(),
            fen: withdrawal.amount.get(),
            remark: &rules.remark,
            notify_url: &self.notify_url,
            report_infos: &rules.report_infos,
        };
        let error = match pay.transfer(&order, key.as_deref(), now).await {
            Ok(told) => return Word::Told(told),
            Err(error) => error,
        };
        match (
            error.is_final(),
            pay.query_transfer(&withdrawal.out_bill_no, now).await,
        ) {
            (_, Ok(told)) => Word::Told(told),
            (true, Err(query)) if query.is_not_found() => Word::Refused(error.to_string()),
            (_, Err(PayError::Refused { .. } | PayError::Unanswered(_))) => {
                Word::Unclear(error.to_string())
            }
        }
    }

    /// Settles what WeChat said.
    pub(crate) async fn transfer_news(&self, id: i64, word: Word) -> Result<(), PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let withdrawal = find(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)?;
                let (event, why, told) = match &word {
                    Word::Told(told) if !fits(told, &withdrawal) => {
                        (Event::Unclear, "another amount", None)
                    }
                    Word::Told(told) => {
                        let overdue = told.fail_reason == OVERDUE;
                        (
                            Event::Told {
                                state: told.state,
                                overdue,
                            },
                            told.fail_reason.as_str(),
                            Some(told),
                        )
                    }
                    Word::Refused(why) => (Event::Refused, why.as_str(), None),
                    Word::Unclear(why) => (Event::Unclear, why.as_str(), None),
                };
                let decision = decide(withdrawal.state, event)
                    .ok()
                    .ok_or(PaymentsError::Decided)?;
                if !matches!(decision.held, Held::Stays) {
                    return conclude(conn, now, &withdrawal, decision, why);
                }
                if !withdrawal.state.is_at_wechat() {
                    return Ok(());
                }
                if matches!(event, Event::Unclear) {
                    tracing::warn!(withdrawal = id, why, "no clear answer about a transfer");
                }
                let waits = told.filter(|told| told.state == TransferState::WaitUserConfirm);
                let package = waits
                    .and_then(|told| told.package_info.clone())
                    .or(withdrawal.package_info);
                let expires = waits.and_then(|told| Moment::parse_rfc3339(&told.create_time));
                let expires = expires
                    .map(|at| at.after(CONFIRMED_WITHIN))
                    .or(withdrawal.expires_at);
                let before = withdrawals::table
                    .find(id)
                    .filter(withdrawals::state.eq(withdrawal.state.number()));
                let changed = diesel::update(before)
                    .set((
                        withdrawals::state.eq(decision.state.number()),
                        withdrawals::package_info.eq(package),
                        withdrawals::expires_at.eq(expires.map(Moment::millis)),
                        withdrawals::due_at.eq(Some(withdrawal.asked.again_at().millis())),
                    ))
                    .execute(conn)?;
                if changed == 1 {
                    Ok(())
                } else {
                    Err(StoreError::Contended.into())
                }
            })
            .await
    }
}

/// Whether what is told is of this very withdrawal.
pub(crate) fn fits(told: &Transfer, withdrawal: &Withdrawal) -> bool {
    told.out_bill_no == withdrawal.out_bill_no
        && told.fen.is_none_or(|fen| fen == withdrawal.amount.get())
}
