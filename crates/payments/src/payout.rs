//! A payout, as a pure machine.

use qlive_tencent::pay::TransferState;

/// Where a payout is. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for an operator.
    Review,
    /// One operator approved; it takes another.
    ApprovedOnce,
    /// To be sent, or sent without a clear answer.
    Approved,
    /// The user has to confirm it in his client.
    Confirm,
    /// WeChat moves the money.
    UnderWay,
    Paid,
    Rejected,
    Failed,
    /// The user did not confirm in time.
    Expired,
}

impl State {
    const ALL: [Self; 9] = [
        Self::Review,
        Self::ApprovedOnce,
        Self::Approved,
        Self::Confirm,
        Self::UnderWay,
        Self::Paid,
        Self::Rejected,
        Self::Failed,
        Self::Expired,
    ];

    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Review => 1,
            Self::ApprovedOnce => 2,
            Self::Approved => 3,
            Self::Confirm => 4,
            Self::UnderWay => 5,
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

    /// Whether WeChat has been asked to pay it, or is to be.
    #[must_use]
    pub const fn is_at_wechat(self) -> bool {
        matches!(self, Self::Approved | Self::Confirm | Self::UnderWay)
    }

    /// Its name for clients.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Review | Self::ApprovedOnce => "review",
            Self::Confirm => "confirm",
            Self::Approved | Self::UnderWay => "paying",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// What happens to a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An operator approves. Above the limit it takes a second one, who must not be the first.
    Approve {
        second_needed: bool,
        same_as_first: bool,
    },
    /// An operator rejects. What WeChat was to pay only when it is certain that it never took it.
    Reject { never_taken: bool },
    /// WeChat tells where the transfer is, and whether it failed for want of the user's confirmation.
    Told { state: TransferState, overdue: bool },
    /// WeChat refused to take it for good, and knows nothing under its number.
    Refused,
    /// No clear answer.
    Unclear,
}

/// What becomes of the income that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// It stays held.
    Stays,
    /// It is paid out.
    Goes,
    /// It comes back to the user.
    Returns,
}

/// What is so, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub state: State,
    pub held: Held,
}

/// Why an operator may not do what he wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is past review.
    Decided,
    /// A second approval needs another name.
    SameOperator,
}

/// Decides. Only WeChat's clear word moves what it was asked to pay.
pub const fn decide(state: State, event: Event) -> Result<Decision, Refusal> {
    const fn so(state: State, held: Held) -> Result<Decision, Refusal> {
        Ok(Decision { state, held })
    }
    match (state, event) {
        (
            State::Review,
            Event::Approve {
                second_needed: true,
                ..
            },
        ) => so(State::ApprovedOnce, Held::Stays),
        (State::Review, Event::Approve { .. }) => so(State::Approved, Held::Stays),
        (
            State::ApprovedOnce,
            Event::Approve {
                same_as_first: true,
                ..
            },
        ) => Err(Refusal::SameOperator),
        (State::ApprovedOnce, Event::Approve { .. }) => so(State::Approved, Held::Stays),
        (State::Review | State::ApprovedOnce, Event::Reject { .. })
        | (State::Approved, Event::Reject { never_taken: true }) => {
            so(State::Rejected, Held::Returns)
        }
        (_, Event::Approve { .. } | Event::Reject { .. }) => Err(Refusal::Decided),
        (
            State::Approved | State::Confirm | State::UnderWay,
            Event::Told {
                state: told,
                overdue,
            },
        ) => match told {
            TransferState::WaitUserConfirm => so(State::Confirm, Held::Stays),
            TransferState::UnderWay => so(State::UnderWay, Held::Stays),
            TransferState::Success => so(State::Paid, Held::Goes),
            TransferState::Fail if overdue => so(State::Expired, Held::Returns),
            TransferState::Fail | TransferState::Cancelled => so(State::Failed, Held::Returns),
        },
        (State::Approved, Event::Refused) => so(State::Failed, Held::Returns),
        (_, Event::Told { .. } | Event::Refused | Event::Unclear) => so(state, Held::Stays),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOLD: [TransferState; 5] = [
        TransferState::WaitUserConfirm,
        TransferState::UnderWay,
        TransferState::Success,
        TransferState::Fail,
        TransferState::Cancelled,
    ];

    fn events() -> Vec<Event> {
        let mut events = vec![Event::Refused, Event::Unclear];
        for flag in [false, true] {
            events.push(Event::Reject { never_taken: flag });
            for other in [false, true] {
                events.push(Event::Approve {
                    second_needed: flag,
                    same_as_first: other,
                });
            }
            events.extend(TOLD.map(|state| Event::Told {
                state,
                overdue: flag,
            }));
        }
        events
    }

    #[test]
    fn numbers_and_names_are_stored_and_shown() {
        for (at, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(state.number()), Ok(at + 1));
            assert_eq!(State::from_number(state.number()), Some(state));
        }
        assert_eq!(State::from_number(10), None);
        let at_wechat: Vec<State> = State::ALL
            .into_iter()
            .filter(|state| state.is_at_wechat())
            .collect();
        assert_eq!(
            at_wechat,
            [State::Approved, State::Confirm, State::UnderWay]
        );
        let names = State::ALL.map(State::name);
        assert_eq!(
            names,
            [
                "review", "review", "paying", "confirm", "paying", "paid", "rejected", "failed",
                "expired"
            ]
        );
        assert_eq!(
            State::ALL.map(State::is_final),
            [false, false, false, false, false, true, true, true, true]
        );
    }

    #[test]
    fn above_the_limit_it_takes_two() {
        let approve = |second_needed, same_as_first| Event::Approve {
            second_needed,
            same_as_first,
        };
        let to = |state, event| decide(state, event).map(|decision| decision.state);
        assert_eq!(
            to(State::Review, approve(false, false)),
            Ok(State::Approved)
        );
        assert_eq!(
            to(State::Review, approve(true, false)),
            Ok(State::ApprovedOnce)
        );
        assert_eq!(
            to(State::ApprovedOnce, approve(true, true)),
            Err(Refusal::SameOperator)
        );
        assert_eq!(
            to(State::ApprovedOnce, approve(true, false)),
            Ok(State::Approved)
        );
        for state in [
            State::Approved,
            State::Confirm,
            State::UnderWay,
            State::Paid,
            State::Rejected,
            State::Failed,
            State::Expired,
        ] {
            assert_eq!(to(state, approve(false, false)), Err(Refusal::Decided));
            assert_eq!(
                to(state, Event::Reject { never_taken: false }),
                Err(Refusal::Decided)
            );
            let reject = decide(state, Event::Reject { never_taken: true });
            assert_eq!(reject.is_ok(), state == State::Approved, "{state:?}");
        }
        let rejected = Ok(Decision {
            state: State::Rejected,
            held: Held::Returns,
        });
        for state in [State::Review, State::ApprovedOnce] {
            assert_eq!(
                decide(state, Event::Reject { never_taken: false }),
                rejected
            );
        }
        assert_eq!(
            decide(State::Approved, Event::Reject { never_taken: true }),
            rejected
        );
    }

    #[test]
    fn wechats_word_moves_what_was_sent() {
        for state in [State::Approved, State::Confirm, State::UnderWay] {
            let told = |word, overdue| {
                decide(
                    state,
                    Event::Told {
                        state: word,
                        overdue,
                    },
                )
                .unwrap()
            };
            assert_eq!(
                told(TransferState::WaitUserConfirm, false),
                Decision {
                    state: State::Confirm,
                    held: Held::Stays
                }
            );
            assert_eq!(
                told(TransferState::UnderWay, false),
                Decision {
                    state: State::UnderWay,
                    held: Held::Stays
                }
            );
            assert_eq!(
                told(TransferState::Success, false),
                Decision {
                    state: State::Paid,
                    held: Held::Goes
                }
            );
            assert_eq!(
                told(TransferState::Fail, false),
                Decision {
                    state: State::Failed,
                    held: Held::Returns
                }
            );
            assert_eq!(
                told(TransferState::Fail, true),
                Decision {
                    state: State::Expired,
                    held: Held::Returns
                }
            );
            assert_eq!(
                told(TransferState::Cancelled, true),
                Decision {
                    state: State::Failed,
                    held: Held::Returns
                }
            );
        }
    }

    #[test]
    fn a_refusal_counts_only_before_wechat_took_it() {
        for state in State::ALL {
            let decision = decide(state, Event::Refused).unwrap();
            let expected = if state == State::Approved {
                State::Failed
            } else {
                state
            };
            assert_eq!(
                (decision.state, decision.held == Held::Returns),
                (expected, state == State::Approved)
            );
            assert_eq!(
                decide(state, Event::Unclear),
                Ok(Decision {
                    state,
                    held: Held::Stays
                })
            );
        }
    }

    #[test]
    fn nothing_unsent_is_moved_by_wechat_and_nothing_final_by_anybody() {
        for state in State::ALL {
            for event in events() {
                let Ok(decision) = decide(state, event) else {
                    continue;
                };
                if state.is_final()
                    || (matches!(state, State::Review | State::ApprovedOnce)
                        && matches!(event, Event::Told { .. }))
                {
                    assert_eq!(
                        decision,
                        Decision {
                            state,
                            held: Held::Stays
                        },
                        "{state:?} {event:?}"
                    );
                }
                assert_eq!(
                    decision.held == Held::Goes,
                    decision.state == State::Paid && state != State::Paid
                );
            }
        }
    }

    proptest! {
        #[test]
        fn held_income_leaves_once_one_way_or_the_other(choices in proptest::collection::vec(0..18_usize, 0..60)) {
            let events = events();
            let (mut state, mut left) = (State::Review, 0);
            for choice in choices {
                if let Some(event) = events.get(choice) && let Ok(decision) = decide(state, *event) {
                    left += u32::from(decision.held != Held::Stays);
                    state = decision.state;
                }
            }
            prop_assert_eq!(left, u32::from(state.is_final()));
        }
    }
}
