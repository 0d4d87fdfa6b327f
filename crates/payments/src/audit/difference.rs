//! [`Difference`]: what WeChat's bill and our records say differently, and what to do about it.

use qlive_types::Fen;

/// The kind of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The bill has a payment of an order that is not recorded here.
    UnknownOrder,
    /// The bill has a payment of an order that is not paid here.
    NotCredited,
    /// The amount in the bill is not that of the order.
    AmountDiffers,
    /// The bill has a payment of a paid order other than the credited one: it was paid twice.
    PaidTwice,
    /// The order is paid here, but the ledger has no credit of it.
    NotInLedger,
    /// The order was paid here that day, but is not in the bill.
    NotInBill,
    /// The bill has a refund that is not recorded here.
    UnknownRefund,
    /// The amount of the refund in the bill is not the recorded one.
    RefundAmountDiffers,
    /// The bill has the outcome of a refund that is not settled here.
    RefundNotSettled,
    /// The bill has a refund that was refused here, so that its coins were returned.
    RefundTakenBack,
    /// The bill has a failed refund that is done here, so that its coins are taken back.
    RefundFailed,
    /// A refund was accepted that day, but is not in the bill.
    RefundNotInBill,
    /// A row of the bill has a state that is not known; it was not compared.
    UnknownRow,
}

impl DifferenceKind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::UnknownOrder,
        Self::NotCredited,
        Self::AmountDiffers,
        Self::PaidTwice,
        Self::NotInLedger,
        Self::NotInBill,
        Self::UnknownRefund,
        Self::RefundAmountDiffers,
        Self::RefundNotSettled,
        Self::RefundTakenBack,
        Self::RefundFailed,
        Self::RefundNotInBill,
        Self::UnknownRow,
    ];

    /// The kind with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown_order",
            Self::NotCredited => "not_credited",
            Self::AmountDiffers => "amount_differs",
            Self::PaidTwice => "paid_twice",
            Self::NotInLedger => "not_in_ledger",
            Self::NotInBill => "not_in_bill",
            Self::UnknownRefund => "unknown_refund",
            Self::RefundAmountDiffers => "refund_amount_differs",
            Self::RefundNotSettled => "refund_not_settled",
            Self::RefundTakenBack => "refund_taken_back",
            Self::RefundFailed => "refund_failed",
            Self::RefundNotInBill => "refund_not_in_bill",
            Self::UnknownRow => "unknown_row",
        }
    }

    /// What an operator should do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::UnknownOrder => {
                "find out who else sells under this merchant; if nobody does, refund the payment \
                 in the console"
            }
            Self::NotCredited => {
                "run `orders query` with its number; a payment that matches is then credited"
            }
            Self::AmountDiffers => {
                "compare both in the console; do not credit it by hand before you know why"
            }
            Self::PaidTwice => "refund that payment in the console, by its number there",
            Self::NotInLedger => {
                "run `ledger audit`; the ledger was changed by something other than this program"
            }
            Self::NotInBill => {
                "run `orders query` with its number, and compare with the next day's bill"
            }
            Self::UnknownRefund => {
                "its notice was lost: run `orders query` with the number of its order in the bill, \
                 and `--refund` with its own number"
            }
            Self::RefundAmountDiffers => "compare both in the console before you change anything",
            Self::RefundNotSettled => {
                "wait: it is queried until it is settled; if it failed, refund it in the console, \
                 and credit nothing"
            }
            Self::RefundTakenBack => {
                "the buyer has both money and coins: check the refund in the console, and contact \
                 the buyer"
            }
            Self::RefundFailed => {
                "check the refund in the console; then `ledger credit` what the buyer lacks"
            }
            Self::RefundNotInBill => {
                "compare with the bills of the day before and after; then check the refund in the \
                 console"
            }
            Self::UnknownRow => {
                "compare that line by hand; the meaning of its 交易状态 or 退款状态 must be added"
            }
        }
    }
}

/// One difference between the bill and the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// The number of the order or refund; of an unknown row its line.
    pub number: String,
    /// The amount in the bill, if it is there.
    pub bill: Option<Fen>,
    /// The amount recorded here, if it is.
    pub recorded: Option<Fen>,
}
