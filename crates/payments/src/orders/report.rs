//! What a provider reported about an order, before it is matched with the order.

use qlive_types::Moment;

use crate::mismatch::Mismatch;
use crate::orders::row::Order;
use crate::orders::state::ReportedStatus;
use crate::providers::provider::Provider;

/// The only currency in which gold is sold.
pub(crate) const CURRENCY: &str = "CNY";

/// What a provider reported about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OrderReport {
    Paid(Payment),
    Unpaid,
    Closed,
    NotFound,
    Refused,
    Unclear,
}

impl OrderReport {
    /// Its status, and the payment when it reports one.
    pub(crate) const fn status_and_payment(&self) -> (ReportedStatus, Option<&Payment>) {
        match self {
            Self::Paid(payment) => (ReportedStatus::Paid, Some(payment)),
            Self::Unpaid => (ReportedStatus::Unpaid, None),
            Self::Closed => (ReportedStatus::Closed, None),
            Self::NotFound => (ReportedStatus::NotFound, None),
            Self::Refused => (ReportedStatus::Refused, None),
            Self::Unclear => (ReportedStatus::Unclear, None),
        }
    }
}

/// A payment as a provider reported it. It counts only when it matches the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) provider: Provider,
    pub(crate) app_id: String,
    pub(crate) transaction_id: String,
    /// Fen; negative when it was not reported.
    pub(crate) fen: i64,
    pub(crate) currency: String,
    /// By the provider's clock, when it was reported.
    pub(crate) paid_at: Option<Moment>,
    /// Whether the provider waits for the notification that the goods were delivered.
    pub(crate) delivery_notice_due: bool,
    pub(crate) refunded: ReportedRefunds,
}

/// How much of a payment was refunded, as its provider reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedRefunds {
    /// In fen; 0: nothing.
    Fen(i64),
    /// Something, but not how much.
    Some,
    NotReported,
}

impl ReportedRefunds {
    /// At least this many fen were refunded.
    const fn least(self) -> i64 {
        match self {
            Self::Fen(fen) => fen,
            Self::Some => 1,
            Self::NotReported => 0,
        }
    }
}

impl Payment {
    /// Whether more of it was refunded than is recorded here: a refund of the platform was never
    /// reported.
    pub(crate) fn has_unrecorded_refund(&self, order: &Order) -> bool {
        self.refunded.least() > order.refunded.get()
    }

    /// Why this is not a payment of that order.
    pub(crate) fn mismatch(&self, order: &Order) -> Option<Mismatch> {
        if self.provider != order.provider {
            Some(Mismatch::Provider)
        } else if self.app_id != order.app_id {
            Some(Mismatch::App)
        } else if self.currency != CURRENCY {
            Some(Mismatch::Currency)
        } else if self.fen != order.price.get() {
            Some(Mismatch::Amount)
        } else if self.transaction_id.is_empty() {
            Some(Mismatch::NoNumber)
        } else {
            None
        }
    }
}
