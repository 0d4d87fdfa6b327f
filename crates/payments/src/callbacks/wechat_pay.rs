//! Notices of WeChat Pay: verified, decrypted, matched with what is recorded, and only then
//! accepted.
//!
//! Pages: 支付成功回调通知 (payment notice), 退款结果回调通知 (refund notice), 商家转账回调通知
//! (transfer notice), 验证签名 (verify the signature).

use std::sync::Arc;

use qlive_tencent::pay::{
    Notice, PayClient, Refund, SignatureError, SignatureHeaders, Transfer, TransferState,
    decrypt_notice,
};

use crate::callbacks::outcome::{
    Accepted, CallbackOutcome, settled_refund_outcome, within_query_time,
};
use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::report::OrderReport;
use crate::orders::row::find_order;
use crate::orders::settle::SettleOutcome;
use crate::providers::provider::Provider;
use crate::providers::wechat_pay::{refund_status_reply, transaction_report};
use crate::refunds::platform::PlatformRefund;
use crate::refunds::row::find_refund;
use crate::refunds::state::{RefundReply, RefundState};
use crate::service::Payments;
use crate::withdrawals::row::find_withdrawal_by_bill;
use crate::withdrawals::state::WithdrawalState;
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
                let report = transaction_report(&transaction);
                self.settle_payment_callback(&transaction.out_trade_no, report)
                    .await
            }
            Notice::Refund(refund) => self.settle_refund_notice(&refund).await,
            Notice::Transfer(transfer) => self.settle_transfer_notice(transfer).await,
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
        Ok(match self.settle_report(out_trade_no, report).await? {
            SettleOutcome::UnknownOrder => CallbackOutcome::Accepted(Accepted::UnknownSubject),
            SettleOutcome::Mismatch(mismatch) => CallbackOutcome::Mismatch(mismatch),
            SettleOutcome::Settled { credited: true, .. } => {
                CallbackOutcome::Accepted(Accepted::Applied)
            }
            SettleOutcome::Settled { .. } => CallbackOutcome::Accepted(Accepted::AlreadyKnown),
        })
    }

    async fn settle_refund_notice(
        &self,
        notice: &Refund,
    ) -> Result<CallbackOutcome, PaymentsError> {
        let (number, out_trade_no) = (notice.out_refund_no.clone(), notice.out_trade_no.clone());
        let (refund, order) = self
            .db
            .read(move |conn| {
                let refund = find_refund(conn, Provider::WechatPay, &number)?;
                Ok::<_, PaymentsError>((refund, find_order(conn, &out_trade_no)?))
            })
            .await?;
        let Some(order) = order else {
            return Ok(CallbackOutcome::Accepted(Accepted::UnknownSubject));
        };
        if notice.total_fen != order.price.get() {
            return Ok(CallbackOutcome::Mismatch(Mismatch::Amount));
        }
        let reply = refund_status_reply(notice.state);
        let Some(refund) = refund else {
            if reply != RefundReply::Done {
                return Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown));
            }
            let by_platform = PlatformRefund {
                provider: Provider::WechatPay,
                number: notice.refund_id.clone(),
                out_trade_no: notice.out_trade_no.clone(),
                transaction_id: Some(notice.transaction_id.clone()),
                fen: notice.refund_fen,
            };
            return self.record_reported_refund(by_platform).await;
        };
        if refund.fen.get() != notice.refund_fen || refund.out_trade_no != notice.out_trade_no {
            return Ok(CallbackOutcome::Mismatch(Mismatch::Amount));
        }
        if reply == RefundReply::Pending {
            return Ok(CallbackOutcome::Accepted(Accepted::AlreadyKnown));
        }
        if refund.state != RefundState::Requested {
            return Ok(settled_refund_outcome(refund.state, reply));
        }
        self.settle_refund_reply(Provider::WechatPay, &refund.number, reply)
            .await?;
        Ok(CallbackOutcome::Accepted(Accepted::Applied))
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
            Err(PaymentsError::NotPaid) => Ok(CallbackOutcome::RetryLater),
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
            let was_paid = transfer.state == TransferState::Success;
            return Ok(if was_paid && withdrawal.state != WithdrawalState::Paid {
                CallbackOutcome::Mismatch(Mismatch::PaidAfterReturn)
            } else {
                CallbackOutcome::Accepted(Accepted::AlreadyKnown)
            });
        }
        if !withdrawal.state.is_at_wechat() {
            return Ok(CallbackOutcome::Mismatch(Mismatch::NotApproved));
        }
        self.settle_transfer_report(withdrawal.id, TransferReport::Known(transfer))
            .await?;
        Ok(CallbackOutcome::Accepted(Accepted::Applied))
    }
}
