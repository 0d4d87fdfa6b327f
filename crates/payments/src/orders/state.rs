//! The pure state machine of an order: its next state, from its state and what its provider
//! reported.

/// The state of an order. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// Not paid yet.
    Created,
    /// Paid and credited. Final.
    Paid,
    /// No longer offered. Not final: a payment that is reported later is credited.
    Closed,
}

impl OrderState {
    const ALL: [Self; 3] = [Self::Created, Self::Paid, Self::Closed];

    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Created => 1,
            Self::Paid => 2,
            Self::Closed => 3,
        }
    }

    pub(crate) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// The age of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderAge {
    /// It can still be paid.
    Open,
    /// It can no longer be paid by its buyer; the last check is still to come.
    Expired,
    /// The time of the last check is over.
    Old,
}

/// The status of an order that a provider reported, after the report was matched with the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportedStatus {
    /// Paid, and the payment matches the order.
    Paid,
    /// Known to the provider, and not paid.
    Unpaid,
    /// Closed: it can no longer be paid.
    Closed,
    /// Not known to the provider.
    NotFound,
    /// The provider refused the order when it was created.
    Refused,
    /// No answer, or none that is clear.
    Unclear,
}

/// What has to be done with an order next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// Nothing.
    Nothing,
    /// Query the provider again, after the next wait of the schedule.
    Query,
    /// Have the provider close it, then query again.
    Close,
    /// Query once more, a day after it expired, in case a payment was never reported.
    LastCheck,
}

/// The new state of an order, and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderDecision {
    pub(crate) state: OrderState,
    /// Whether the coins must be credited: only in the one transition to [`OrderState::Paid`].
    pub(crate) credit: bool,
    pub(crate) next: NextStep,
}

impl OrderDecision {
    const fn without_credit(state: OrderState, next: NextStep) -> Self {
        Self {
            state,
            credit: false,
            next,
        }
    }
}

/// Decides what a report changes. An unclear report changes nothing.
pub(crate) const fn decide_order(
    state: OrderState,
    age: OrderAge,
    report: ReportedStatus,
) -> OrderDecision {
    use OrderState::{Closed, Created, Paid};

    let (state, next) = match (state, report) {
        (Created | Closed, ReportedStatus::Paid) => {
            return OrderDecision {
                state: Paid,
                credit: true,
                next: NextStep::Nothing,
            };
        }
        (Paid, _) => (Paid, NextStep::Nothing),
        (Created | Closed, ReportedStatus::Closed | ReportedStatus::Refused) => {
            (Closed, NextStep::Nothing)
        }
        (Created | Closed, ReportedStatus::Unclear) => (state, NextStep::Query),
        (Created, ReportedStatus::Unpaid | ReportedStatus::NotFound)
            if matches!(age, OrderAge::Open) =>
        {
            (Created, NextStep::Query)
        }
        (Created, ReportedStatus::Unpaid) => (Created, NextStep::Close),
        (Created, ReportedStatus::NotFound)
        | (Closed, ReportedStatus::Unpaid | ReportedStatus::NotFound)
            if matches!(age, OrderAge::Old) =>
        {
            (Closed, NextStep::Nothing)
        }
        (Created, ReportedStatus::NotFound)
        | (Closed, ReportedStatus::Unpaid | ReportedStatus::NotFound) => {
            (Closed, NextStep::LastCheck)
        }
    };
    OrderDecision::without_credit(state, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AGES: [OrderAge; 3] = [OrderAge::Open, OrderAge::Expired, OrderAge::Old];
    const REPORTS: [ReportedStatus; 6] = [
        ReportedStatus::Paid,
        ReportedStatus::Unpaid,
        ReportedStatus::Closed,
        ReportedStatus::NotFound,
        ReportedStatus::Refused,
        ReportedStatus::Unclear,
    ];

    fn all_inputs() -> impl Iterator<Item = (OrderState, OrderAge, ReportedStatus)> {
        OrderState::ALL.into_iter().flat_map(|state| {
            AGES.into_iter()
                .flat_map(move |age| REPORTS.map(move |report| (state, age, report)))
        })
    }

    #[test]
    fn stored_numbers_are_fixed() {
        assert_eq!(OrderState::ALL.map(OrderState::number), [1, 2, 3]);
        assert_eq!(
            [1, 2, 3, 4].map(OrderState::from_number),
            [
                Some(OrderState::Created),
                Some(OrderState::Paid),
                Some(OrderState::Closed),
                None
            ]
        );
    }

    #[test]
    fn payment_credits_an_unpaid_order_and_nothing_else_does() {
        for (state, age, report) in all_inputs() {
            let decision = decide_order(state, age, report);
            let paid_now = state != OrderState::Paid && report == ReportedStatus::Paid;
            assert_eq!(decision.credit, paid_now, "{state:?} {age:?} {report:?}");
            assert_eq!(
                decision.state == OrderState::Paid,
                paid_now || state == OrderState::Paid
            );
        }
    }

    #[test]
    fn unclear_report_changes_nothing_and_is_followed_by_a_query() {
        for (state, age, _) in all_inputs() {
            let decision = decide_order(state, age, ReportedStatus::Unclear);
            assert_eq!((decision.state, decision.credit), (state, false));
            assert_eq!(decision.next == NextStep::Query, state != OrderState::Paid);
        }
    }

    #[test]
    fn open_order_is_closed_only_when_the_provider_closed_or_refused_it() {
        let closes = |age, report| {
            decide_order(OrderState::Created, age, report).state == OrderState::Closed
        };
        assert_eq!(
            REPORTS.map(|report| closes(OrderAge::Open, report)),
            [false, false, true, false, true, false]
        );
        assert_eq!(
            REPORTS.map(|report| closes(OrderAge::Expired, report)),
            [false, false, true, true, true, false]
        );
    }

    #[test]
    fn next_step_follows_from_state_age_and_report() {
        use OrderAge::{Expired, Old, Open};
        use OrderState::{Closed, Created, Paid};
        use ReportedStatus::{NotFound, Refused, Unpaid};

        let next = |state, age, report| decide_order(state, age, report).next;
        assert_eq!(next(Created, Open, Unpaid), NextStep::Query);
        assert_eq!(
            next(Created, Open, NotFound),
            NextStep::Query,
            "the client may not have opened the payment yet"
        );
        assert_eq!(next(Created, Expired, Unpaid), NextStep::Close);
        assert_eq!(next(Created, Expired, NotFound), NextStep::LastCheck);
        for report in [Unpaid, NotFound] {
            assert_eq!(
                next(Closed, Expired, report),
                NextStep::LastCheck,
                "an earlier query does not replace the last check"
            );
            assert_eq!(next(Closed, Old, report), NextStep::Nothing);
        }
        assert_eq!(next(Created, Old, Unpaid), NextStep::Close);
        assert_eq!(next(Created, Old, NotFound), NextStep::Nothing);
        for report in [ReportedStatus::Closed, Refused] {
            assert_eq!(next(Closed, Expired, report), NextStep::Nothing);
        }
        for report in REPORTS {
            assert_eq!(next(Paid, Open, report), NextStep::Nothing);
        }
    }

    proptest! {
        #[test]
        fn any_sequence_of_reports_credits_at_most_once(
            reports in proptest::collection::vec(0..6_usize, 0..40)
        ) {
            let (mut state, mut credits, mut paid) = (OrderState::Created, 0, false);
            for (at, index) in reports.into_iter().enumerate() {
                let report = REPORTS[index];
                let age = if at < 10 { OrderAge::Open } else { OrderAge::Expired };
                let decision = decide_order(state, age, report);
                credits += u32::from(decision.credit);
                paid |= report == ReportedStatus::Paid;
                state = decision.state;
            }
            prop_assert_eq!(credits, u32::from(paid));
            prop_assert_eq!(state == OrderState::Paid, paid);
        }
    }
}
