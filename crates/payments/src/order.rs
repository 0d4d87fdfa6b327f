//! An order, as a pure machine: what is so, given what was so and what a provider said.

/// Where an order is. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits to be paid.
    Created,
    /// Paid and credited; for good.
    Paid,
    /// No longer offered. Not final: a payment that comes all the same is credited.
    Closed,
}

impl State {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Created => 1,
            Self::Paid => 2,
            Self::Closed => 3,
        }
    }

    pub(crate) const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Created),
            2 => Some(Self::Paid),
            3 => Some(Self::Closed),
            _ => None,
        }
    }
}

/// How old an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// It is on offer.
    Fresh,
    /// Its offer is over.
    Expired,
    /// Its offer is over for so long that the last look at it was had.
    Old,
}

/// What a provider said of it, once it was held against the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Paid, with the right amount.
    Paid,
    /// Known, not paid.
    Unpaid,
    /// Closed, and not to be paid any more.
    Closed,
    /// Not known.
    Missing,
    /// The provider would not take the order.
    Refused,
    /// No answer, or none that is clear.
    Unclear,
}

/// What to do next about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is settled, as far as we are concerned.
    Rest,
    /// Ask again, as the schedule says.
    Ask,
    /// Have the provider close it, then ask.
    Close,
    /// Ask once more, a day after its offer ended, for a payment that nobody told us of.
    LastLook,
}

/// What is so, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub state: State,
    /// Whether the coins are to be credited: in the one step to paid, and only there.
    pub credit: bool,
    pub next: Next,
}

/// Decides. Whatever is not a clear word leaves the order as it is.
#[must_use]
pub const fn decide(state: State, age: Age, news: News) -> Decision {
    const fn so(state: State, next: Next) -> Decision {
        Decision {
            state,
            credit: false,
            next,
        }
    }
    match (state, news) {
        (State::Paid, _) => so(State::Paid, Next::Rest),
        (State::Created | State::Closed, News::Paid) => Decision {
            state: State::Paid,
            credit: true,
            next: Next::Rest,
        },
        (State::Created, News::Closed | News::Refused) => so(State::Closed, Next::Rest),
        (State::Created, News::Unclear) => so(State::Created, Next::Ask),
        (State::Created, News::Unpaid | News::Missing) if matches!(age, Age::Fresh) => {
            so(State::Created, Next::Ask)
        }
        (State::Created, News::Unpaid) => so(State::Created, Next::Close),
        (State::Created, News::Missing) | (State::Closed, News::Unpaid | News::Missing)
            if matches!(age, Age::Old) =>
        {
            so(State::Closed, Next::Rest)
        }
        (State::Created, News::Missing) => so(State::Closed, Next::LastLook),
        (State::Closed, News::Unclear) => so(State::Closed, Next::Ask),
        (State::Closed, News::Unpaid | News::Missing) => so(State::Closed, Next::LastLook),
        (State::Closed, News::Closed | News::Refused) => so(State::Closed, Next::Rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATES: [State; 3] = [State::Created, State::Paid, State::Closed];
    const AGES: [Age; 3] = [Age::Fresh, Age::Expired, Age::Old];
    const NEWS: [News; 6] = [
        News::Paid,
        News::Unpaid,
        News::Closed,
        News::Missing,
        News::Refused,
        News::Unclear,
    ];

    fn every() -> impl Iterator<Item = (State, Age, News)> {
        STATES.into_iter().flat_map(|state| {
            AGES.into_iter()
                .flat_map(move |age| NEWS.map(move |news| (state, age, news)))
        })
    }

    #[test]
    fn numbers_are_stored() {
        assert_eq!(STATES.map(State::number), [1, 2, 3]);
        assert_eq!(
            [1, 2, 3, 4].map(State::from_number),
            [
                Some(State::Created),
                Some(State::Paid),
                Some(State::Closed),
                None
            ]
        );
    }

    #[test]
    fn a_payment_credits_an_order_in_any_unpaid_state_and_only_then() {
        for (state, age, news) in every() {
            let decision = decide(state, age, news);
            let paid_now = state != State::Paid && news == News::Paid;
            assert_eq!(decision.credit, paid_now, "{state:?} {age:?} {news:?}");
            assert_eq!(
                decision.state == State::Paid,
                paid_now || state == State::Paid
            );
        }
    }

    #[test]
    fn an_unclear_answer_decides_nothing_and_is_asked_again() {
        for (state, age, _) in every() {
            let decision = decide(state, age, News::Unclear);
            assert_eq!((decision.state, decision.credit), (state, false));
            assert_eq!(decision.next == Next::Ask, state != State::Paid);
        }
    }

    #[test]
    fn an_order_on_offer_is_closed_only_by_the_providers_word() {
        let closes = |age, news| decide(State::Created, age, news).state == State::Closed;
        assert_eq!(
            NEWS.map(|news| closes(Age::Fresh, news)),
            [false, false, true, false, true, false]
        );
        assert_eq!(
            NEWS.map(|news| closes(Age::Expired, news)),
            [false, false, true, true, true, false]
        );
    }

    #[test]
    fn what_follows_is_as_written() {
        let next = |state, age, news| decide(state, age, news).next;
        assert_eq!(next(State::Created, Age::Fresh, News::Unpaid), Next::Ask);
        assert_eq!(
            next(State::Created, Age::Fresh, News::Missing),
            Next::Ask,
            "its client may not have asked yet"
        );
        assert_eq!(
            next(State::Created, Age::Expired, News::Unpaid),
            Next::Close
        );
        assert_eq!(
            next(State::Created, Age::Expired, News::Missing),
            Next::LastLook
        );
        for news in [News::Unpaid, News::Missing] {
            assert_eq!(
                next(State::Closed, Age::Expired, news),
                Next::LastLook,
                "whoever asks before it does not spoil it"
            );
            assert_eq!(next(State::Closed, Age::Old, news), Next::Rest);
        }
        assert_eq!(next(State::Created, Age::Old, News::Unpaid), Next::Close);
        assert_eq!(next(State::Created, Age::Old, News::Missing), Next::Rest);
        for news in [News::Closed, News::Refused] {
            assert_eq!(next(State::Closed, Age::Expired, news), Next::Rest);
        }
        for news in NEWS {
            assert_eq!(next(State::Paid, Age::Fresh, news), Next::Rest);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_said_in_whatever_order_credits_once(news in proptest::collection::vec(0..6_usize, 0..40)) {
            let (mut state, mut credits, mut paid) = (State::Created, 0, false);
            for (at, index) in news.into_iter().enumerate() {
                let said = NEWS[index];
                let decision = decide(state, if at < 10 { Age::Fresh } else { Age::Expired }, said);
                credits += u32::from(decision.credit);
                paid |= said == News::Paid;
                state = decision.state;
            }
            prop_assert_eq!(credits, u32::from(paid));
            prop_assert_eq!(state == State::Paid, paid);
        }
    }
}
