//! The outcome of a callback, and how long handling one may take.

use std::time::Duration;

use qlive_store::operation::spawn;
use qlive_tencent::pay::TransferState;

use crate::mismatch::Mismatch;
use crate::refunds::state::{RefundState, ReportedRefund};
use crate::withdrawals::state::WithdrawalState;

/// How long the provider may be queried before a callback is answered. WeChat gives up on a
/// callback after some seconds and repeats it.
const QUERY_TIME: Duration = Duration::from_millis(800);

/// The outcome of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackOutcome {
    /// It is to be accepted, so that WeChat does not repeat it.
    Accepted(Accepted),
    /// Its signature does not verify.
    Forged,
    /// WeChat signed it wrongly on purpose, to see whether signatures are verified. It is to be
    /// refused, but it is no attack.
    Probe,
    /// It verifies, but does not match what it is about. Nothing was changed.
    Mismatch(Mismatch),
    /// It verifies, but cannot be read.
    Unreadable,
    /// It could not be settled yet; WeChat must repeat it.
    RetryLater,
}

/// Why a callback is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It changed something, which is committed.
    Applied,
    /// It reported what was known.
    AlreadyKnown,
    /// It matches what it is about, and contradicts its final state. Nothing was changed; to repeat
    /// it would change nothing either.
    Contradiction(Contradiction),
    /// It is about no order, refund or withdrawal of ours.
    UnknownSubject,
    /// It is an event that we do not handle.
    Unhandled,
    /// Somebody made it up in WeChat's console, as a test.
    Mock,
}

/// How a callback contradicts the final state of its order, refund or withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error("the order is paid here, and reported as unpaid or closed")]
    UnpaidAfterPayment,
    #[error("the order is paid here, and the push about its payment does not match it: {0}")]
    MismatchAfterPayment(Mismatch),
    #[error("the refund is done here, and reported as refused or stuck")]
    RefusedAfterRefund,
    #[error("the refund is refused here and its coins are returned, and it is reported as done")]
    RefundedAfterRefusal,
    #[error("the refund is refused here, and reported as stuck")]
    StuckAfterRefusal,
    #[error("the withdrawal is paid here, and its transfer is reported as failed")]
    FailedAfterPayout,
    #[error("the withdrawal's income is returned here, and its transfer is reported as paid")]
    PaidAfterReturn,
}

/// Whether a report about a refund contradicts its state.
pub(crate) const fn refund_contradiction(
    state: RefundState,
    report: ReportedRefund,
) -> Option<Contradiction> {
    match (state, report) {
        (RefundState::Done, ReportedRefund::Refused | ReportedRefund::Stuck) => {
            Some(Contradiction::RefusedAfterRefund)
        }
        (RefundState::Refused, ReportedRefund::Done) => Some(Contradiction::RefundedAfterRefusal),
        (RefundState::Refused, ReportedRefund::Stuck) => Some(Contradiction::StuckAfterRefusal),
        (RefundState::Done, ReportedRefund::Done | ReportedRefund::Pending)
        | (RefundState::Refused, ReportedRefund::Refused | ReportedRefund::Pending)
        | (RefundState::Requested, _) => None,
    }
}

/// Whether a report about a transfer contradicts the state of its withdrawal.
pub(crate) const fn transfer_contradiction(
    state: WithdrawalState,
    report: TransferState,
) -> Option<Contradiction> {
    match (state, report) {
        (WithdrawalState::Paid, TransferState::Fail | TransferState::Cancelled) => {
            Some(Contradiction::FailedAfterPayout)
        }
        (
            WithdrawalState::Rejected | WithdrawalState::Failed | WithdrawalState::Expired,
            TransferState::Success,
        ) => Some(Contradiction::PaidAfterReturn),
        _ => None,
    }
}

/// The outcome of a callback about a refund that was settled just now. `found` is the state in
/// which the refund was found: another callback, or the poller, may have settled it first.
pub(crate) const fn settled_refund_outcome(
    found: RefundState,
    report: ReportedRefund,
) -> CallbackOutcome {
    match found {
        RefundState::Requested => CallbackOutcome::Accepted(Accepted::Applied),
        RefundState::Done | RefundState::Refused => {
            settled_outcome(refund_contradiction(found, report))
        }
    }
}

/// The outcome of a callback about something that is settled: known, or a contradiction.
pub(crate) const fn settled_outcome(contradiction: Option<Contradiction>) -> CallbackOutcome {
    CallbackOutcome::Accepted(match contradiction {
        Some(contradiction) => Accepted::Contradiction(contradiction),
        None => Accepted::AlreadyKnown,
    })
}

/// Waits for a query of a provider as long as a callback may take. `None`: it takes longer. It then
/// goes on in the background, so that its result is known when WeChat repeats the callback.
pub(crate) async fn within_query_time<T: Send + 'static>(
    query: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    match tokio::time::timeout(QUERY_TIME, spawn(query)).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(panic)) => {
            tracing::error!(%panic, "a query of a provider panicked");
            None
        }
        Err(_elapsed) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_contradicts_a_settled_refund_when_the_money_went_the_other_way() {
        use ReportedRefund::{Done, Pending, Refused, Stuck};

        let table = [
            (RefundState::Requested, [None, None, None, None]),
            (
                RefundState::Done,
                [
                    None,
                    Some(Contradiction::RefusedAfterRefund),
                    Some(Contradiction::RefusedAfterRefund),
                    None,
                ],
            ),
            (
                RefundState::Refused,
                [
                    Some(Contradiction::RefundedAfterRefusal),
                    None,
                    Some(Contradiction::StuckAfterRefusal),
                    None,
                ],
            ),
        ];
        for (state, expected) in table {
            let found =
                [Done, Refused, Stuck, Pending].map(|report| refund_contradiction(state, report));
            assert_eq!(found, expected, "{state:?}");
        }
    }

    #[test]
    fn report_contradicts_a_final_withdrawal_when_the_money_went_the_other_way() {
        use TransferState::{Cancelled, Fail, InProgress, Success, WaitUserConfirm};

        let failed = Some(Contradiction::FailedAfterPayout);
        let paid = Some(Contradiction::PaidAfterReturn);
        for number in 1..=9 {
            let state = WithdrawalState::from_number(number).unwrap();
            let expected = match state {
                WithdrawalState::Paid => [None, failed, failed, None, None],
                WithdrawalState::Rejected | WithdrawalState::Failed | WithdrawalState::Expired => {
                    [paid, None, None, None, None]
                }
                _ => [None; 5],
            };
            let found = [Success, Fail, Cancelled, InProgress, WaitUserConfirm]
                .map(|report| transfer_contradiction(state, report));
            assert_eq!(found, expected, "{state:?}");
        }
    }
}
