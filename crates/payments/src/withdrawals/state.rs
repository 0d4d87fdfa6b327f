//! The pure state machine of a withdrawal.

use qlive_tencent::pay::TransferState;

/// The state of a withdrawal. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalState {
    /// Waits for an operator.
    InReview,
    /// One operator approved; a second one must.
    ApprovedOnce,
    /// Approved: the transfer is to be requested, or was requested without a clear answer.
    Approved,
    /// The user must confirm the transfer in WeChat.
    AwaitingConfirmation,
    /// WeChat moves the money.
    Transferring,
    /// Final.
    Paid,
    /// Rejected by an operator. Final.
    Rejected,
    /// WeChat refused the transfer, or it failed. Final.
    Failed,
    /// The user did not confirm in time. Final.
    Expired,
}

impl WithdrawalState {
    const ALL: [Self; 9] = [
        Self::InReview,
        Self::ApprovedOnce,
        Self::Approved,
        Self::AwaitingConfirmation,
        Self::Transferring,
        Self::Paid,
        Self::Rejected,
        Self::Failed,
        Self::Expired,
    ];

    /// The states in which WeChat was asked, or is to be asked, to pay.
    pub(crate) const AT_WECHAT: [Self; 3] = [
        Self::Approved,
        Self::AwaitingConfirmation,
        Self::Transferring,
    ];

    /// The states that are not final.
    pub(crate) const OPEN: [Self; 5] = [
        Self::InReview,
        Self::ApprovedOnce,
        Self::Approved,
        Self::AwaitingConfirmation,
        Self::Transferring,
    ];

    /// The final states in which the held income was returned.
    pub(crate) const RETURNED: [Self; 3] = [Self::Rejected, Self::Failed, Self::Expired];

    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::InReview => 1,
            Self::ApprovedOnce => 2,
            Self::Approved => 3,
            Self::AwaitingConfirmation => 4,
            Self::Transferring => 5,
            Self::Paid => 6,
            Self::Rejected => 7,
            Self::Failed => 8,
            Self::Expired => 9,
        }
    }

    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// Whether nothing changes it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Paid | Self::Rejected | Self::Failed | Self::Expired
        )
    }

    /// Whether WeChat was asked, or is to be asked, to pay.
    #[must_use]
    pub fn is_at_wechat(self) -> bool {
        Self::AT_WECHAT.contains(&self)
    }

    /// Its name for clients and operators.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InReview | Self::ApprovedOnce => "review",
            Self::AwaitingConfirmation => "confirm",
            Self::Approved | Self::Transferring => "paying",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// What operators do to a withdrawal, or WeChat reports about its transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithdrawalEvent {
    /// An operator approves it. Above the limit of a week a second operator must approve too, who
    /// must not be the first one.
    Approve {
        second_required: bool,
        same_operator: bool,
    },
    /// An operator rejects it. `never_accepted`: WeChat is known not to have the transfer.
    Reject { never_accepted: bool },
    /// WeChat reports the state of the transfer. `overdue`: it failed because the user did not
    /// confirm in time.
    Transfer { state: TransferState, overdue: bool },
    /// WeChat refused the transfer for good, and does not know its number.
    TransferRefused,
    /// No clear answer.
    Unclear,
}

/// What becomes of the income that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeldIncome {
    StaysHeld,
    PaidOut,
    /// It is the user's income again.
    Returned,
}

/// The new state of a withdrawal, and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WithdrawalDecision {
    pub(crate) state: WithdrawalState,
    pub(crate) held: HeldIncome,
}

/// Why an operator's decision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReviewRefusal {
    /// The withdrawal is no longer in review.
    AlreadyDecided,
    /// The second approval needs another operator.
    SameOperator,
}

/// Decides what an event changes. Once WeChat was asked to pay, only a clear report of WeChat
/// changes the state.
pub(crate) const fn decide_withdrawal(
    state: WithdrawalState,
    event: WithdrawalEvent,
) -> Result<WithdrawalDecision, ReviewRefusal> {
    use WithdrawalEvent::{Approve, Reject, Transfer, TransferRefused, Unclear};
    use WithdrawalState::{
        Approved, ApprovedOnce, AwaitingConfirmation, Failed, InReview, Rejected, Transferring,
    };

    let (state, held) = match (state, event) {
        (
            InReview,
            Approve {
                second_required, ..
            },
        ) if second_required => (ApprovedOnce, HeldIncome::StaysHeld),
        (ApprovedOnce, Approve { same_operator, .. }) if same_operator => {
            return Err(ReviewRefusal::SameOperator);
        }
        (InReview | ApprovedOnce, Approve { .. }) => (Approved, HeldIncome::StaysHeld),
        (InReview | ApprovedOnce, Reject { .. })
        | (
            Approved,
            Reject {
                never_accepted: true,
            },
        ) => (Rejected, HeldIncome::Returned),
        (_, Approve { .. } | Reject { .. }) => return Err(ReviewRefusal::AlreadyDecided),
        (
            Approved | AwaitingConfirmation | Transferring,
            Transfer {
                state: reported,
                overdue,
            },
        ) => after_transfer_report(reported, overdue),
        (Approved, TransferRefused) => (Failed, HeldIncome::Returned),
        (_, Transfer { .. } | TransferRefused | Unclear) => (state, HeldIncome::StaysHeld),
    };
    Ok(WithdrawalDecision { state, held })
}

const fn after_transfer_report(
    reported: TransferState,
    overdue: bool,
) -> (WithdrawalState, HeldIncome) {
    match reported {
        TransferState::WaitUserConfirm => {
            (WithdrawalState::AwaitingConfirmation, HeldIncome::StaysHeld)
        }
        TransferState::InProgress => (WithdrawalState::Transferring, HeldIncome::StaysHeld),
        TransferState::Success => (WithdrawalState::Paid, HeldIncome::PaidOut),
        TransferState::Fail if overdue => (WithdrawalState::Expired, HeldIncome::Returned),
        TransferState::Fail | TransferState::Cancelled => {
            (WithdrawalState::Failed, HeldIncome::Returned)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRANSFER_STATES: [TransferState; 5] = [
        TransferState::WaitUserConfirm,
        TransferState::InProgress,
        TransferState::Success,
        TransferState::Fail,
        TransferState::Cancelled,
    ];

    fn all_events() -> Vec<WithdrawalEvent> {
        let mut events = vec![WithdrawalEvent::TransferRefused, WithdrawalEvent::Unclear];
        for flag in [false, true] {
            events.push(reject(flag));
            events.extend([false, true].map(|same_operator| approve(flag, same_operator)));
            events.extend(TRANSFER_STATES.map(|state| WithdrawalEvent::Transfer {
                state,
                overdue: flag,
            }));
        }
        events
    }

    const fn approve(second_required: bool, same_operator: bool) -> WithdrawalEvent {
        WithdrawalEvent::Approve {
            second_required,
            same_operator,
        }
    }

    const fn reject(never_accepted: bool) -> WithdrawalEvent {
        WithdrawalEvent::Reject { never_accepted }
    }

    const fn decision(state: WithdrawalState, held: HeldIncome) -> WithdrawalDecision {
        WithdrawalDecision { state, held }
    }

    #[test]
    fn stored_numbers_and_names_are_fixed() {
        for (at, state) in WithdrawalState::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(state.number()), Ok(at + 1));
            assert_eq!(WithdrawalState::from_number(state.number()), Some(state));
        }
        assert_eq!(WithdrawalState::from_number(10), None);
        assert_eq!(
            WithdrawalState::ALL.map(WithdrawalState::name),
            [
                "review", "review", "paying", "confirm", "paying", "paid", "rejected", "failed",
                "expired"
            ]
        );
    }

    #[test]
    fn withdrawal_is_in_review_at_wechat_or_final() {
        assert_eq!(
            WithdrawalState::ALL.map(WithdrawalState::is_at_wechat),
            [false, false, true, true, true, false, false, false, false]
        );
        assert_eq!(
            WithdrawalState::ALL.map(WithdrawalState::is_final),
            [false, false, false, false, false, true, true, true, true]
        );
    }

    #[test]
    fn amount_above_the_limit_needs_two_operators() {
        use WithdrawalState::{Approved, ApprovedOnce, InReview};

        let after = |state, event| decide_withdrawal(state, event).map(|decision| decision.state);
        assert_eq!(after(InReview, approve(false, false)), Ok(Approved));
        assert_eq!(after(InReview, approve(true, false)), Ok(ApprovedOnce));
        assert_eq!(
            after(ApprovedOnce, approve(true, true)),
            Err(ReviewRefusal::SameOperator)
        );
        assert_eq!(after(ApprovedOnce, approve(true, false)), Ok(Approved));
    }

    #[test]
    fn withdrawal_past_review_is_not_decided_again() {
        let past_review = WithdrawalState::ALL.into_iter().skip(2);
        for state in past_review {
            for event in [approve(false, false), reject(false)] {
                assert_eq!(
                    decide_withdrawal(state, event),
                    Err(ReviewRefusal::AlreadyDecided)
                );
            }
            let rejected = decide_withdrawal(state, reject(true));
            assert_eq!(
                rejected.is_ok(),
                state == WithdrawalState::Approved,
                "{state:?}"
            );
        }
    }

    #[test]
    fn rejection_returns_the_income() {
        let rejected = Ok(decision(WithdrawalState::Rejected, HeldIncome::Returned));
        for state in [WithdrawalState::InReview, WithdrawalState::ApprovedOnce] {
            assert_eq!(decide_withdrawal(state, reject(false)), rejected);
        }
        assert_eq!(
            decide_withdrawal(WithdrawalState::Approved, reject(true)),
            rejected
        );
    }

    #[test]
    fn transfer_report_moves_a_withdrawal_that_is_at_wechat() {
        use HeldIncome::{PaidOut, Returned, StaysHeld};
        use WithdrawalState::{AwaitingConfirmation, Expired, Failed, Paid, Transferring};

        for state in WithdrawalState::AT_WECHAT {
            for (reported, overdue, expected) in [
                (
                    TransferState::WaitUserConfirm,
                    false,
                    decision(AwaitingConfirmation, StaysHeld),
                ),
                (
                    TransferState::InProgress,
                    false,
                    decision(Transferring, StaysHeld),
                ),
                (TransferState::Success, false, decision(Paid, PaidOut)),
                (TransferState::Fail, false, decision(Failed, Returned)),
                (TransferState::Fail, true, decision(Expired, Returned)),
                (TransferState::Cancelled, true, decision(Failed, Returned)),
            ] {
                let event = WithdrawalEvent::Transfer {
                    state: reported,
                    overdue,
                };
                assert_eq!(
                    decide_withdrawal(state, event),
                    Ok(expected),
                    "{reported:?}"
                );
            }
        }
    }

    #[test]
    fn refusal_counts_only_before_wechat_accepted_the_transfer() {
        for state in WithdrawalState::ALL {
            let expected = if state == WithdrawalState::Approved {
                decision(WithdrawalState::Failed, HeldIncome::Returned)
            } else {
                decision(state, HeldIncome::StaysHeld)
            };
            assert_eq!(
                decide_withdrawal(state, WithdrawalEvent::TransferRefused),
                Ok(expected)
            );
            assert_eq!(
                decide_withdrawal(state, WithdrawalEvent::Unclear),
                Ok(decision(state, HeldIncome::StaysHeld))
            );
        }
    }

    #[test]
    fn reports_change_nothing_in_review_and_nothing_changes_a_final_state() {
        for state in WithdrawalState::ALL {
            for event in all_events() {
                let Ok(after) = decide_withdrawal(state, event) else {
                    continue;
                };
                let in_review = matches!(
                    state,
                    WithdrawalState::InReview | WithdrawalState::ApprovedOnce
                );
                let is_report = matches!(event, WithdrawalEvent::Transfer { .. });
                if state.is_final() || (in_review && is_report) {
                    assert_eq!(
                        after,
                        decision(state, HeldIncome::StaysHeld),
                        "{state:?} {event:?}"
                    );
                }
                assert_eq!(
                    after.held == HeldIncome::PaidOut,
                    after.state == WithdrawalState::Paid && state != WithdrawalState::Paid
                );
                assert_eq!(
                    after.held == HeldIncome::Returned,
                    WithdrawalState::RETURNED.contains(&after.state) && !state.is_final()
                );
            }
        }
    }

    proptest! {
        #[test]
        fn held_income_is_paid_out_or_returned_exactly_once(
            choices in proptest::collection::vec(0..18_usize, 0..60)
        ) {
            let events = all_events();
            let (mut state, mut moves) = (WithdrawalState::InReview, 0);
            for choice in choices {
                if let Some(event) = events.get(choice)
                    && let Ok(decision) = decide_withdrawal(state, *event)
                {
                    moves += u32::from(decision.held != HeldIncome::StaysHeld);
                    state = decision.state;
                }
            }
            prop_assert_eq!(moves, u32::from(state.is_final()));
        }
    }
}
