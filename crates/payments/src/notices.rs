//! Notices of WeChat Pay: verified, opened, held against what we know, and only then taken.

use std::sync::Arc;
use std::time::Duration;

use qlive_tencent::pay::{
    Notice, Pay, Refund, Signed, Transfer, TransferState, Unverified, open_notice,
};

use crate::ask::transaction;
use crate::refund::{News, State};
use crate::refunding::{self, ByPlatform};
use crate::refunds;
use crate::settle::{Seen, Settled};
use crate::transfers::{Word, fits};
use crate::withdrawals::by_bill;
use crate::{Payments, PaymentsError, Provider, payout};

/// How long the outside may be asked before a callback is answered.
const ASKED_WITHIN: Duration = Duration::from_millis(800);

/// What became of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Committed, or known before, or none of ours: to be accepted.
    Taken(Taken),
    /// It does not verify.
    Forged,
    /// A test signature of WeChat's own: to be refused, but no attack.
    Probe,
    /// It verifies, but does not fit what it is about; nothing moved.
    Unfit(&'static str),
    /// It verifies, but cannot be read.
    Unreadable,
    /// It could not be settled yet: WeChat must come again.
    Again,
}

/// Why a callback was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It changed something.
    Settled,
    /// It said what was known.
    Known,
    /// It is about nothing of ours.
    Unknown,
    /// It is an event we do not handle.
    Unhandled,
}

impl Payments {
    /// Takes a notice of WeChat Pay.
    pub async fn pay_notice(&self, signed: &Signed, body: &[u8]) -> Result<Verdict, PaymentsError> {
        let Some(pay) = &self.providers.wechat_pay else {
            return Ok(Verdict::Forged);
        };
        match self.verify(pay, signed, body).await {
            Ok(()) => {}
            Err(Unverified::Probe) => return Ok(Verdict::Probe),
            Err(
                Unverified::Missing
                | Unverified::Stale
                | Unverified::UnknownKey
                | Unverified::Wrong,
            ) => {
                return Ok(Verdict::Forged);
            }
        }
        match open_notice(&pay.merchant, body) {
            Err(why) => {
                tracing::error!(%why, "a notice of WeChat Pay");
                Ok(Verdict::Unreadable)
            }
            Ok(Notice::Other(event)) => {
                tracing::info!(event, "a notice that we do not handle");
                Ok(Verdict::Taken(Taken::Unhandled))
            }
            Ok(Notice::Payment(told)) if told.mchid != pay.mchid() => {
                Ok(Verdict::Unfit("another merchant's"))
            }
            Ok(Notice::Payment(told)) => self.paid(&told.out_trade_no, transaction(&told)).await,
            Ok(Notice::Refund(told)) if told.mchid != pay.mchid() => {
                Ok(Verdict::Unfit("another merchant's"))
            }
            Ok(Notice::Refund(told)) => self.refunded(&told).await,
            Ok(Notice::Transfer(told)) if told.mchid != pay.mchid() => {
                Ok(Verdict::Unfit("another merchant's"))
            }
            Ok(Notice::Transfer(told)) => self.transferred(told).await,
        }
    }

    /// Verifies; a certificate that is not known yet may be a new one.
    async fn verify(&self, pay: &Arc<Pay>, signed: &Signed, body: &[u8]) -> Result<(), Unverified> {
        let now = self.clock.now();
        match pay.keys.verify(signed, body, now.secs()) {
            Err(Unverified::UnknownKey) if pay.uses_certificates() => {
                let (this, at) = (self.clone(), Arc::clone(pay));
                // What is not here in time is known when WeChat comes again.
                in_time(async move { this.look_for_certificate(&at).await }).await;
                pay.keys.verify(signed, body, now.secs())
            }
            other => other,
        }
    }

    /// Settles news of a payment that its bearer vouches for.
    pub(crate) async fn paid(&self, no: &str, seen: Seen) -> Result<Verdict, PaymentsError> {
        Ok(match self.settle(no, seen).await? {
            Settled::UnknownOrder => Verdict::Taken(Taken::Unknown),
            Settled::Unfit(why) => Verdict::Unfit(why),
            Settled::So { credited: true, .. } => Verdict::Taken(Taken::Settled),
            Settled::So { .. } => Verdict::Taken(Taken::Known),
        })
    }

    async fn refunded(&self, told: &Refund) -> Result<Verdict, PaymentsError> {
        let (number, no) = (told.out_refund_no.clone(), told.out_trade_no.clone());
        let (ours, order) = self
            .db
            .read(move |conn| {
                let ours = refunds::find(conn, Provider::WechatPay, &number)?;
                Ok::<_, PaymentsError>((ours, crate::store::find(conn, &no)?))
            })
            .await?;
        let Some(order) = order else {
            return Ok(Verdict::Taken(Taken::Unknown));
        };
        if told.total != order.price.get() {
            return Ok(Verdict::Unfit("another amount"));
        }
        let news = refunding::news(told.state);
        match ours {
            Some(refund)
                if refund.fen.get() != told.refund || refund.out_trade_no != told.out_trade_no =>
            {
                Ok(Verdict::Unfit("another amount"))
            }
            Some(_) if news == News::Pending => Ok(Verdict::Taken(Taken::Known)),
            Some(refund) if refund.state != State::Asked => Ok(settled(refund.state, news)),
            Some(refund) => {
                self.refund_news(Provider::WechatPay, &refund.number, news)
                    .await?;
                Ok(Verdict::Taken(Taken::Settled))
            }
            None if news != News::Done => Ok(Verdict::Taken(Taken::Known)),
            None => {
                let by_platform = ByPlatform {
                    provider: Provider::WechatPay,
                    number: told.refund_id.clone(),
                    out_trade_no: told.out_trade_no.clone(),
                    transaction_id: Some(told.transaction_id.clone()),
                    fen: told.refund,
                };
                self.platform_refund(by_platform).await
            }
        }
    }

    /// A refund that the platform made by itself. When it overtook the payment, that is asked about first.
    pub(crate) async fn platform_refund(&self, told: ByPlatform) -> Result<Verdict, PaymentsError> {
        if told.number.is_empty() {
            return Ok(Verdict::Unfit("without a number"));
        }
        let done = match self.refunded_by_platform(told.clone()).await {
            Err(PaymentsError::NotPaid) => {
                let (this, order) = (self.clone(), self.order(&told.out_trade_no).await?);
                let asked = async move {
                    let seen = this.ask(&order).await;
                    this.settle(&order.out_trade_no, seen).await
                };
                match in_time(asked).await {
                    None => return Ok(Verdict::Again),
                    Some(settled) => settled?,
                };
                self.refunded_by_platform(told).await
            }
            other => other,
        };
        match done {
            Ok(true) => Ok(Verdict::Taken(Taken::Settled)),
            Ok(false) => Ok(Verdict::Taken(Taken::Known)),
            Err(PaymentsError::NotPaid) => Ok(Verdict::Again),
            Err(PaymentsError::NotRefundable(why)) => Ok(Verdict::Unfit(why)),
            Err(PaymentsError::UnknownOrder) => Ok(Verdict::Taken(Taken::Unknown)),
            Err(error) => Err(error),
        }
    }

    async fn transferred(&self, told: Transfer) -> Result<Verdict, PaymentsError> {
        let no = told.out_bill_no.clone();
        let known = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(by_bill(conn, &no)?))
            .await?;
        let Some(withdrawal) = known else {
            return Ok(Verdict::Taken(Taken::Unknown));
        };
        // A notice tells the amount; one without it is no notice of a transfer.
        if told.fen.is_none() || !fits(&told, &withdrawal) {
            return Ok(Verdict::Unfit("another amount"));
        }
        if withdrawal.state.is_final() {
            let paid_twice =
                told.state == TransferState::Success && withdrawal.state != payout::State::Paid;
            return Ok(if paid_twice {
                Verdict::Unfit("paid after its income came back")
            } else {
                Verdict::Taken(Taken::Known)
            });
        }
        if !withdrawal.state.is_at_wechat() {
            return Ok(Verdict::Unfit("of a withdrawal that nobody approved"));
        }
        self.transfer_news(withdrawal.id, Word::Told(told)).await?;
        Ok(Verdict::Taken(Taken::Settled))
    }
}

/// Asks the outside for as long as a callback may take, which is a second. What takes longer goes on
/// behind our back: WeChat is told to come again, and finds it done.
pub(crate) async fn in_time<T: Send + 'static>(
    asking: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match tokio::time::timeout(ASKED_WITHIN, tokio::spawn(asking)).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(fault)) => {
            tracing::error!(%fault, "a question fell");
            None
        }
        Err(_) => None,
    }
}

/// News of a refund that was settled before: known, unless it says otherwise.
pub(crate) fn settled(state: State, news: News) -> Verdict {
    match (state, news) {
        (State::Refused, News::Done) => Verdict::Unfit("refunded after its coins came back"),
        (State::Done, News::Refused) => Verdict::Unfit("refused after it was done"),
        _ => Verdict::Taken(Taken::Known),
    }
}
