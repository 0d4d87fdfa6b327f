//! What became of a refund at virtual payment: pure functions.
//!
//! xpay reports nothing about a refund, only about its order: how much is left to refund, and
//! whether a refund failed. So the outcome of a refund is inferred from the order's balance before
//! it was first requested, from the balance now, and from how xpay answers the same request again.

use crate::refunds::state::RefundReply;

/// What xpay reports about the refunds of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderBalance {
    /// Fen that were not refunded.
    pub(crate) left: i64,
    /// Whether a refund failed; xpay does not report which.
    pub(crate) failed: bool,
}

/// How xpay answered the same refund request when it was sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RepeatAnswer {
    /// Accepted only now, or still in progress.
    InProgress,
    /// The request was accepted before.
    AcceptedBefore,
    /// Less is left of the order than the request says: this refund or another was made.
    LessLeft,
    /// The request cannot be granted.
    Invalid,
}

/// Infers what became of a refund of `fen` from the order's balance `before` it was first requested
/// and `now`. `other_fen` is what the platform refunded of the order by itself since.
///
/// `None`: the outcome is not certain. Then neither the coins nor the state of the refund change.
pub(crate) const fn infer_refund_outcome(
    answer: RepeatAnswer,
    fen: i64,
    before: OrderBalance,
    now: OrderBalance,
    other_fen: i64,
) -> Option<RefundReply> {
    if now.failed && !before.failed {
        return Some(RefundReply::Refused);
    }
    let refunded = before.left - now.left;
    // A refund of the platform that was reported late may already be missing in `before`.
    let is_refunded = refunded == fen + other_fen || (refunded == fen && other_fen != fen);
    match answer {
        RepeatAnswer::InProgress => Some(RefundReply::Pending),
        RepeatAnswer::AcceptedBefore | RepeatAnswer::LessLeft | RepeatAnswer::Invalid
            if is_refunded =>
        {
            Some(RefundReply::Done)
        }
        RepeatAnswer::AcceptedBefore => Some(RefundReply::Pending),
        // Nothing was refunded since, so the first request was invalid too.
        RepeatAnswer::Invalid if refunded == 0 => Some(RefundReply::Refused),
        RepeatAnswer::LessLeft | RepeatAnswer::Invalid => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWERS: [RepeatAnswer; 4] = [
        RepeatAnswer::InProgress,
        RepeatAnswer::AcceptedBefore,
        RepeatAnswer::LessLeft,
        RepeatAnswer::Invalid,
    ];

    const fn balance(left: i64, failed: bool) -> OrderBalance {
        OrderBalance { left, failed }
    }

    /// The outcome of a refund of 200 fen of an order of which 600 were left.
    fn outcome(answer: RepeatAnswer, now: OrderBalance, other_fen: i64) -> Option<RefundReply> {
        infer_refund_outcome(answer, 200, balance(600, false), now, other_fen)
    }

    #[test]
    fn new_failure_refuses_the_refund() {
        for answer in ANSWERS {
            assert_eq!(
                outcome(answer, balance(600, true), 0),
                Some(RefundReply::Refused),
                "{answer:?}"
            );
        }
    }

    #[test]
    fn failure_from_before_the_request_does_not_refuse_it() {
        let failed = balance(600, true);
        assert_eq!(
            infer_refund_outcome(RepeatAnswer::AcceptedBefore, 200, failed, failed, 0),
            Some(RefundReply::Pending)
        );
    }

    #[test]
    fn refund_is_done_when_its_amount_is_missing() {
        for answer in [
            RepeatAnswer::AcceptedBefore,
            RepeatAnswer::LessLeft,
            RepeatAnswer::Invalid,
        ] {
            let left = |left, other_fen| outcome(answer, balance(left, false), other_fen);
            assert_eq!(left(400, 0), Some(RefundReply::Done), "{answer:?}");
            assert_eq!(
                left(300, 100),
                Some(RefundReply::Done),
                "{answer:?}: with a refund of the platform"
            );
            assert_eq!(
                left(400, 100),
                Some(RefundReply::Done),
                "{answer:?}: after a refund of the platform"
            );
            assert_ne!(
                left(400, 200),
                Some(RefundReply::Done),
                "{answer:?}: it may be the platform's"
            );
        }
    }

    #[test]
    fn answer_decides_when_the_balance_does_not() {
        let unchanged = balance(600, false);
        assert_eq!(
            outcome(RepeatAnswer::InProgress, balance(400, false), 0),
            Some(RefundReply::Pending)
        );
        assert_eq!(
            outcome(RepeatAnswer::AcceptedBefore, unchanged, 0),
            Some(RefundReply::Pending)
        );
        assert_eq!(
            outcome(RepeatAnswer::Invalid, unchanged, 0),
            Some(RefundReply::Refused)
        );
        for (answer, left) in [
            (RepeatAnswer::LessLeft, 600),
            (RepeatAnswer::LessLeft, 0),
            (RepeatAnswer::Invalid, 0),
        ] {
            assert_eq!(
                outcome(answer, balance(left, false), 0),
                None,
                "{answer:?} with {left} left"
            );
        }
    }

    proptest! {
        #[test]
        fn refunded_money_never_returns_coins(
            left in 1_i64..1_000, fen in 1_i64..1_000, other_fen in 0_i64..1_000
        ) {
            let fen = fen.min(left);
            let other_fen = other_fen.min(left - fen);
            let before = balance(left, false);
            let now = balance(left - fen - other_fen, false);
            for answer in ANSWERS {
                let outcome = infer_refund_outcome(answer, fen, before, now, other_fen);
                prop_assert_ne!(outcome, Some(RefundReply::Refused));
            }
        }
    }
}
