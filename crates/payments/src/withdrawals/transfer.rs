//! The transfer of a withdrawal at WeChat: requesting it, querying it, and settling what WeChat
//! reports.
//!
//! Pages: 发起转账 (initiate a transfer), 商户单号查询转账单 (query a transfer by the merchant's
//! number), 商家转账回调通知 (transfer notice).

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::withdrawals;
use qlive_store::{Conn, StoreError};
use qlive_tencent::pay::{PayClient, PayError, Transfer, TransferRequest, TransferState};
use qlive_types::Moment;

use crate::error::PaymentsError;
use crate::polling::lease::LEASE;
use crate::service::Payments;
use crate::withdrawals::obstacle::find_obstacle;
use crate::withdrawals::row::{Withdrawal, claim_withdrawal, find_withdrawal};
use crate::withdrawals::rules::WithdrawalRules;
use crate::withdrawals::settle::end_withdrawal;
use crate::withdrawals::state::{
    HeldIncome, WithdrawalDecision, WithdrawalEvent, WithdrawalState, decide_withdrawal,
};

/// How long a user may take to confirm a transfer.
const CONFIRMATION_TIME: Duration = Duration::from_secs(86_400);
/// WeChat's reason of failure when the user did not confirm in time.
const OVERDUE: &str = "OVERDUE_CLOSE";

/// What WeChat reported about a transfer.
pub(crate) enum TransferReport {
    Known(Transfer),
    /// WeChat refused it for good, and does not know its number.
    Refused(String),
    Unclear(String),
}

impl TransferReport {
    /// The event that it is for the withdrawal, why, and the transfer when it is known.
    fn event_and_transfer(
        &self,
        withdrawal: &Withdrawal,
    ) -> (WithdrawalEvent, &str, Option<&Transfer>) {
        match self {
            Self::Known(transfer) if !is_transfer_of(transfer, withdrawal) => {
                (WithdrawalEvent::Unclear, "the amount differs", None)
            }
            Self::Known(transfer) => {
                let event = WithdrawalEvent::Transfer {
                    state: transfer.state,
                    overdue: transfer.fail_reason == OVERDUE,
                };
                (event, transfer.fail_reason.as_str(), Some(transfer))
            }
            Self::Refused(why) => (WithdrawalEvent::TransferRefused, why, None),
            Self::Unclear(why) => (WithdrawalEvent::Unclear, why, None),
        }
    }
}

impl Payments {
    /// Queries the transfer of a withdrawal when it may have been requested before; requests it
    /// when WeChat does not know it; and settles the report. The caller has claimed the withdrawal.
    pub(crate) async fn advance_withdrawal(
        &self,
        withdrawal: &Withdrawal,
    ) -> Result<(), PaymentsError> {
        let (Some(pay), Some(rules)) = (&self.providers.wechat_pay, &self.withdrawal_rules) else {
            let report = TransferReport::Unclear("WeChat Pay is not configured".into());
            self.settle_transfer_report(withdrawal.id, report).await?;
            return Ok(());
        };
        let report = if withdrawal.submitted {
            let now = self.clock.now().secs();
            match pay.query_transfer(&withdrawal.out_bill_no, now).await {
                // Only the answer to the request has the package that the client confirms with, and
                // that answer was lost: request it again.
                Ok(transfer)
                    if transfer.state == TransferState::WaitUserConfirm
                        && withdrawal.package_info.is_none() =>
                {
                    self.request_unless_blocked(pay, rules, withdrawal).await?
                }
                Ok(transfer) => TransferReport::Known(transfer),
                // WeChat forgets transfers after thirty days: one that it has had is never
                // requested again.
                Err(error)
                    if error.is_not_found() && withdrawal.state == WithdrawalState::Approved =>
                {
                    self.request_unless_blocked(pay, rules, withdrawal).await?
                }
                Err(error) => TransferReport::Unclear(error.to_string()),
            }
        } else {
            self.request_unless_blocked(pay, rules, withdrawal).await?
        };
        self.settle_transfer_report(withdrawal.id, report).await?;
        Ok(())
    }

    /// Whether WeChat does not have the transfer of an approved withdrawal. Claims the withdrawal,
    /// so that no instance requests the transfer meanwhile.
    pub(crate) async fn claim_and_confirm_never_accepted(
        &self,
        withdrawal: &Withdrawal,
    ) -> Result<bool, PaymentsError> {
        let now = self.clock.now();
        if withdrawal.submitted && !now.is_past(withdrawal.queries.last, LEASE) {
            return Err(PaymentsError::QueryUnderWay);
        }
        let to_claim = withdrawal.clone();
        let claimed = self
            .db
            .write(move |conn| Ok::<_, PaymentsError>(claim_withdrawal(conn, &to_claim, now)?))
            .await?;
        if !claimed {
            return Err(PaymentsError::QueryUnderWay);
        }
        if !withdrawal.submitted {
            return Ok(true);
        }
        let pay = self.providers.wechat_pay.as_ref();
        let pay = pay.ok_or(PaymentsError::ProviderUnavailable)?;
        match pay
            .query_transfer(&withdrawal.out_bill_no, now.secs())
            .await
        {
            Ok(transfer) => {
                let report = TransferReport::Known(transfer);
                self.settle_transfer_report(withdrawal.id, report).await?;
                Ok(false)
            }
            Err(error) if error.is_not_found() => Ok(true),
            Err(error) => Err(PaymentsError::ProviderSilent(error.to_string())),
        }
    }

    /// Requests a transfer that WeChat does not know, or whose package was lost, unless the user
    /// was banned or a refund has left a debt since the approval.
    async fn request_unless_blocked(
        &self,
        pay: &PayClient,
        rules: &WithdrawalRules,
        withdrawal: &Withdrawal,
    ) -> Result<TransferReport, PaymentsError> {
        let user = withdrawal.user;
        let obstacle = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find_obstacle(conn, user)?))
            .await?;
        match obstacle {
            Some(obstacle) => Ok(TransferReport::Unclear(obstacle.text().into())),
            None => Ok(self.request_transfer(pay, rules, withdrawal).await),
        }
    }

    /// Requests the transfer. A refusal counts only when WeChat does not know the number
    /// afterwards.
    async fn request_transfer(
        &self,
        pay: &PayClient,
        rules: &WithdrawalRules,
        withdrawal: &Withdrawal,
    ) -> TransferReport {
        let now = self.clock.now().secs();
        let user_name = match withdrawal.real_name.as_str() {
            "" => None,
            name => match pay.platform_keys.encrypt(name) {
                Ok(encrypted) => Some(encrypted),
                Err(error) => return TransferReport::Unclear(error.to_string()),
            },
        };
        let request = TransferRequest {
            app_id: &withdrawal.app_id,
            out_bill_no: &withdrawal.out_bill_no,
            scene_id: &rules.scene_id,
            openid: &withdrawal.openid,
            user_name: user_name.as_ref(),
            amount_fen: withdrawal.amount.get(),
            remark: &rules.remark,
            notify_url: &self.notify_url,
            report_infos: &rules.report_infos,
        };
        let error = match pay.request_transfer(&request, now).await {
            Ok(transfer) => return TransferReport::Known(transfer),
            Err(error) => error,
        };
        match (
            error.is_permanent(),
            pay.query_transfer(&withdrawal.out_bill_no, now).await,
        ) {
            (_, Ok(transfer)) => TransferReport::Known(transfer),
            (true, Err(query)) if query.is_not_found() => {
                TransferReport::Refused(error.to_string())
            }
            (_, Err(PayError::Refused { .. } | PayError::NoUsableResponse(_))) => {
                TransferReport::Unclear(error.to_string())
            }
        }
    }

    /// Settles what WeChat reported about the transfer of a withdrawal. Returns the state in which
    /// it found the withdrawal; one that has ended stays as it is.
    pub(crate) async fn settle_transfer_report(
        &self,
        id: i64,
        report: TransferReport,
    ) -> Result<WithdrawalState, PaymentsError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let withdrawal =
                    find_withdrawal(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)?;
                let (event, why, transfer) = report.event_and_transfer(&withdrawal);
                let decision = decide_withdrawal(withdrawal.state, event)?;
                if decision.held != HeldIncome::StaysHeld {
                    end_withdrawal(conn, now, &withdrawal, decision, why)?;
                    return Ok(withdrawal.state);
                }
                if !withdrawal.state.is_at_wechat() {
                    return Ok(withdrawal.state);
                }
                if event == WithdrawalEvent::Unclear {
                    tracing::warn!(withdrawal = id, why, "no clear answer about a transfer");
                }
                update_transfer(conn, now, &withdrawal, decision, transfer)?;
                Ok(withdrawal.state)
            })
            .await
    }
}

/// Writes the state of a withdrawal that has not ended, what its user confirms with, and when to
/// query next.
fn update_transfer(
    conn: &mut Conn,
    now: Moment,
    withdrawal: &Withdrawal,
    decision: WithdrawalDecision,
    transfer: Option<&Transfer>,
) -> Result<(), StoreError> {
    let to_confirm = transfer.filter(|transfer| transfer.state == TransferState::WaitUserConfirm);
    let package_info = to_confirm
        .and_then(|transfer| transfer.package_info.as_ref())
        .or(withdrawal.package_info.as_ref());
    let expires_at = to_confirm
        .and_then(|transfer| Moment::parse_rfc3339(&transfer.create_time))
        .map(|created_at| created_at.after(CONFIRMATION_TIME))
        .or(withdrawal.expires_at);
    let unchanged = withdrawals::table
        .find(withdrawal.id)
        .filter(withdrawals::state.eq(withdrawal.state.number()));
    let changed = diesel::update(unchanged)
        .set((
            withdrawals::state.eq(decision.state.number()),
            withdrawals::package_info.eq(package_info),
            withdrawals::expires_at.eq(expires_at.map(Moment::millis)),
            withdrawals::next_query_at.eq(Some(withdrawal.queries.next_query_at(now).millis())),
        ))
        .execute(conn)?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Contended)
    }
}

/// Whether a transfer is the one of this withdrawal.
pub(crate) fn is_transfer_of(transfer: &Transfer, withdrawal: &Withdrawal) -> bool {
    transfer.out_bill_no == withdrawal.out_bill_no
        && transfer
            .amount_fen
            .is_none_or(|fen| fen == withdrawal.amount.get())
}
