//! Notices of WeChat Pay: verified, decrypted, matched with what is recorded, and only then
//! accepted.
//!
//! Pages: 支付成功回调通知 (payment notice), 退款结果回调通知 (refund notice), 商家转账回调通知
//! (transfer notice), 验证签名 (verify the signature).

use std::sync::Arc;

use qlive_tencent::pay::{
    Notice, PayClient, Refund, SignatureError, SignatureHeaders, Transfer, decrypt_notice,
};

use crate::callbacks::notices::NoticeKind;
use crate::callbacks::outcome::{
    Accepted, CallbackOutcome, Contradiction, refund_contradiction, settled_outcome,
    settled_refund_outcome, transfer_contradiction, within_query_time,
};
use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::report::{CURRENCY, OrderReport};
use crate::orders::row::find_order;
use crate::orders::settle::SettleOutcome;
use crate::orders::state::{OrderState, ReportedStatus};
use crate::providers::provider::Provider;
use crate::providers::wechat_pay::{reported_refund, transaction_report};
use crate::refunds::platform::PlatformRefund;
use crate::refunds::row::find_refund;
use crate::refunds::state::{RefundState, ReportedRefund};
use crate::service::Payments;
use crate::withdrawals::row::find_withdrawal_by_bill;
use crate::withdrawals::transfer::{TransferReport, is_transfer_of};

impl Payments {
    /// Verifies a notice of WeChat Pay and settles what it reports. `signed` are its signature
    /// headers.
    ///
    /// # Errors
    /// When the database fails. The notice must not be accepted then.
    pub async fn handle_pay_notice(
        &self,
        signed: &SignatureHeaders,
        body: &[u8],
    ) -> Result<CallbackOutcome, PaymentsError> {
        let Some(pay) = &self.providers.wechat_pay else {
            return Ok(CallbackOutcome::Forged);
        };
        match self.verify_notice(pay, signed, body).await {
            Ok(()) => {}
            Err(SignatureError::Probe) => return Ok(CallbackOutcome::Probe),
            Err(
                SignatureError::MissingHeader
                | SignatureError::OutsideTimeWindow
                | SignatureError::UnknownKey
                | SignatureError::Mismatch,
            ) => return Ok(CallbackOutcome::Forged),
        }
        let notice = match decrypt_notice(&pay.merchant, body) {
            Ok(notice) => notice,
            Err(error) => {
                tracing::error!(%error, "a notice of WeChat Pay cannot be read");
                return Ok(CallbackOutcome::Unreadable);
            }
        };
        let mchid = match &notice {
            Notice::Payment(transaction) => &transaction.mchid,
            Notice::Refund(refund) => &refund.mchid,
            Notice::Transfer(transfer) => &transfer.mchid,
            Notice::Unhandled(event) => {
                tracing::info!(event, "a notice of WeChat Pay that we do not handle");
                return Ok(CallbackOutcome::Accepted(Accepted::Unhandled));
            }
        };
        if mchid != pay.mchid() {
            return Ok(CallbackOutcome::Mismatch(Mismatch::Merchant));
        }
        match notice {
            Notice::Payment(transaction) => {
                let (number, report) =
                    (&transaction.out_trade_no, transaction_report(&transaction));
                let outcome = self.settle_payment_callback(number, report).await?;
                Ok(self.keep_notice(NoticeKind::Payment, number, outcome).await)
            }
            Notice::Refund(refund) => {
                let outcome = self.settle_refund_notice(&refund).await?;
                Ok(self
                    .keep_notice(NoticeKind::Refund, &refund.out_trade_no, outcome)
                    .await)
            }
            Notice::Transfer(transfer) => {
                let bill = transfer.out_bill_no.clone();
                let outcome = self.settle_transfer_notice(transfer).await?;
                Ok(self.keep_notice(NoticeKind::Transfer, &bill, outcome).await)
            }
            Notice::Unhandled(_) => Ok(CallbackOutcome::Accepted(Accepted::Unhandled)),
        }
    }

    /// Verifies the signature. A certificate that is not known may be a new one.
    async fn verify_notice(
        &self,
        pay: &Arc<PayClient>,
        signed: &SignatureHeaders,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        let now = self.clock.now();
        match pay.platform_keys.verify(signed, body, now.secs()) {
            Err(SignatureError::UnknownKey) if pay.uses_certificates() => {
                let (certificates, client) = (Arc::clone(&self.certificates), Arc::clone(pay));
                let clock = self.clock.clone();
                // A download that takes longer is done when WeChat repeats the notice.
                within_query_time(async move {
                    certificates.refresh_unknown(&client, &clock).await;
                })
                .await;
                pay.platform_keys.verify(signed, body, now.secs())
            }
            other => other,
        }
    }

    /// Settles a payment that a verified callback reports.
    pub(crate) async fn settle_payment_callback(
        &self,
        out_trade_no: &str,
        report: OrderReport,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let (status, _) = report.status_and_payment();
        Ok(match self.settle_report(out_trade_no, report).await? {
            SettleOutcome::UnknownOrder => CallbackOutcome::Accepted(Accepted::UnknownSubject),
            SettleOutcome::Mismatch(mismatch) => CallbackOutcome::Mismatch(mismatch),
            SettleOutcome::Settled { credited: true, .. } => {
                CallbackOutcome::Accepted(Accepted::Applied)
            }
            SettleOutcome::Settled { state, .. } => {
                settled_outcome(order_contradiction(state, status))
            }
        })
    }

    async fn settle_refund_notice(
        &self,
        notice: &Refund,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let (number, out_trade_no) = (notice.out_refund_no.clone(), notice.out_trade_no.clone());
        let refund_id = notice.refund_id.clone();
        let (refund, order) = self
            .db
            .read(move |conn| {
                // A refund that the platform made itself is recorded under WeChat Pay's number.
                let refund = match find_refund(conn, Provider::WechatPay, &number)? {
                    None => find_refund(conn, Provider::WechatPay, &refund_id)?,
                    found => found,
                };
                Ok::<_, PaymentsError>((refund, find_order(conn, &out_trade_no)?))
            })
            .await?;
        let Some(order) = order else {
            return Ok(CallbackOutcome::Accepted(Accepted::UnknownSubject));
        };
        if notice.total_fen != order.price.get() {
            return Ok(CallbackOutcome::Mismatch(Mismatch::Amount));
        }
        if notice.currency != CURRENCY {
            return Ok(CallbackOutcome::Mismatch(Mismatch::Currency));
        }
        let report = reported_refund(notice.state);
        let Some(refund) = refund else {
            if report != ReportedRefund::Done {
                return Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown));
            }
            let by_platform = PlatformRefund {
                provider: Provider::WechatPay,
                number: notice.refund_id.clone(),
                out_trade_no: notice.out_trade_no.clone(),
                transaction_id: Some(notice.transaction_id.clone()),
                fen: notice.refund_fen,
                beside: None,
            };
            return self.record_reported_refund(by_platform).await;
        };
        if refund.fen.get() != notice.refund_fen || refund.out_trade_no != notice.out_trade_no {
            return Ok(CallbackOutcome::Mismatch(Mismatch::Amount));
        }
        if refund.state != RefundState::Requested {
            return Ok(settled_outcome(refund_contradiction(refund.state, report)));
        }
        match report {
            ReportedRefund::Stuck | ReportedRefund::Pending => {
                Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown))
            }
            ReportedRefund::Done | ReportedRefund::Refused => {
                let found = self
                    .settle_refund_reply(Provider::WechatPay, &refund.number, report.reply())
                    .await?;
                Ok(settled_refund_outcome(found, report))
            }
        }
    }

    /// Records a refund of the platform that a callback reports. When its order is not paid here
    /// yet, the payment is queried and settled first.
    pub(crate) async fn record_reported_refund(
        &self,
        refund: PlatformRefund,
    ) -> Result<CallbackOutcome, PaymentsError> {
        if refund.number.is_empty() {
            return Ok(CallbackOutcome::Mismatch(Mismatch::NoNumber));
        }
        let mut recorded = self.record_platform_refund(refund.clone()).await;
        if matches!(recorded, Err(PaymentsError::NotPaid)) {
            let (this, order) = (self.clone(), self.order(&refund.out_trade_no).await?);
            let query_payment = async move {
                let report = this.query_provider(&order).await;
                this.settle_report(&order.out_trade_no, report).await
            };
            match within_query_time(query_payment).await {
                None => return Ok(CallbackOutcome::RetryLater),
                Some(settled) => settled?,
            };
            recorded = self.record_platform_refund(refund).await;
        }
        match recorded {
            Ok(true) => Ok(CallbackOutcome::Accepted(Accepted::Applied)),
            Ok(false) => Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown)),
            Err(PaymentsError::NotPaid | PaymentsError::RefundUnderWay) => {
                Ok(CallbackOutcome::RetryLater)
            }
            Err(PaymentsError::NotRefundable(mismatch)) => Ok(CallbackOutcome::Mismatch(mismatch)),
            Err(PaymentsError::UnknownOrder) => {
                Ok(CallbackOutcome::Accepted(Accepted::UnknownSubject))
            }
            Err(error) => Err(error),
        }
    }

    async fn settle_transfer_notice(
        &self,
        transfer: Transfer,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let out_bill_no = transfer.out_bill_no.clone();
        let found = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find_withdrawal_by_bill(conn, &out_bill_no)?))
            .await?;
        let Some(withdrawal) = found else {
            return Ok(CallbackOutcome::Accepted(Accepted::UnknownSubject));
        };
        // A notice reports the amount; one without it is not a notice of a transfer.
        if transfer.amount_fen.is_none() || !is_transfer_of(&transfer, &withdrawal) {
            return Ok(CallbackOutcome::Mismatch(Mismatch::Amount));
        }
        if withdrawal.state.is_final() {
            let contradiction = transfer_contradiction(withdrawal.state, transfer.state);
            return Ok(settled_outcome(contradiction));
        }
        if !withdrawal.state.is_at_wechat() {
            return Ok(CallbackOutcome::Mismatch(Mismatch::NotApproved));
        }
        let reported = transfer.state;
        let found = self
            .settle_transfer_report(withdrawal.id, TransferReport::Known(transfer))
            .await?;
        // The poller, or another notice, may have ended it since it was read.
        Ok(if found.is_final() {
            settled_outcome(transfer_contradiction(found, reported))
        } else {
            CallbackOutcome::Accepted(Accepted::Applied)
        })
    }
}

/// Whether a report about an order contradicts its state. Only a paid order is final.
const fn order_contradiction(state: OrderState, status: ReportedStatus) -> Option<Contradiction> {
    match (state, status) {
        (
            OrderState::Paid,
            ReportedStatus::Unpaid
            | ReportedStatus::Closed
            | ReportedStatus::NotFound
            | ReportedStatus::Refused,
        ) => Some(Contradiction::UnpaidAfterPayment),
        _ => None,
    }
}
