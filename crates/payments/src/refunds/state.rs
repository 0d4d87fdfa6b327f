//! The pure state machine of a refund that we requested.

/// The state of a refund. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// Its coins are taken back; the provider has not confirmed that the money was refunded.
    Requested,
    /// The money was refunded. Final.
    Done,
    /// The provider refused it, and the coins are returned. Final.
    Refused,
}

impl RefundState {
    const ALL: [Self; 3] = [Self::Requested, Self::Done, Self::Refused];

    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Requested => 1,
            Self::Done => 2,
            Self::Refused => 3,
        }
    }

    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// What a provider replied about a refund that we requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundReply {
    Done,
    Refused,
    /// Accepted and not finished, or no clear answer.
    Pending,
}

/// What a provider reports about a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportedRefund {
    Done,
    Refused,
    /// A person must act in the merchant console.
    Stuck,
    Pending,
}

impl ReportedRefund {
    /// What it means for a refund that is not settled.
    pub(crate) const fn reply(self) -> RefundReply {
        match self {
            Self::Done => RefundReply::Done,
            Self::Refused => RefundReply::Refused,
            Self::Stuck | Self::Pending => RefundReply::Pending,
        }
    }
}

/// The new state of a refund, and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefundDecision {
    pub(crate) state: RefundState,
    /// Whether the coins are returned to the buyer.
    pub(crate) return_coins: bool,
    /// Whether the provider is queried again.
    pub(crate) query_again: bool,
}

/// Decides what a reply changes. A final state stays; a reply that contradicts it shows when the
/// bill is reconciled.
pub(crate) const fn decide_refund(state: RefundState, reply: RefundReply) -> RefundDecision {
    match (state, reply) {
        (RefundState::Requested, RefundReply::Done) => RefundDecision {
            state: RefundState::Done,
            return_coins: false,
            query_again: false,
        },
        (RefundState::Requested, RefundReply::Refused) => RefundDecision {
            state: RefundState::Refused,
            return_coins: true,
            query_again: false,
        },
        (RefundState::Requested, RefundReply::Pending) => RefundDecision {
            state: RefundState::Requested,
            return_coins: false,
            query_again: true,
        },
        (RefundState::Done | RefundState::Refused, _) => RefundDecision {
            state,
            return_coins: false,
            query_again: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(state: RefundState, return_coins: bool, query_again: bool) -> RefundDecision {
        RefundDecision {
            state,
            return_coins,
            query_again,
        }
    }

    #[test]
    fn stored_numbers_are_fixed() {
        assert_eq!(RefundState::ALL.map(RefundState::number), [1, 2, 3]);
        assert_eq!(
            [0, 1, 2, 3].map(RefundState::from_number),
            [
                None,
                Some(RefundState::Requested),
                Some(RefundState::Done),
                Some(RefundState::Refused)
            ]
        );
    }

    #[test]
    fn final_state_stays() {
        for reply in [
            RefundReply::Done,
            RefundReply::Refused,
            RefundReply::Pending,
        ] {
            for state in [RefundState::Done, RefundState::Refused] {
                assert_eq!(decide_refund(state, reply), decision(state, false, false));
            }
        }
    }

    #[test]
    fn requested_refund_follows_the_reply() {
        let decide = |reply| decide_refund(RefundState::Requested, reply);
        assert_eq!(
            decide(RefundReply::Pending),
            decision(RefundState::Requested, false, true)
        );
        assert_eq!(
            decide(RefundReply::Done),
            decision(RefundState::Done, false, false)
        );
        assert_eq!(
            decide(RefundReply::Refused),
            decision(RefundState::Refused, true, false)
        );
    }
}
