//! What to do with the waiting rows of a lane: one pure function.
//!
//! While IM answers, every row is told in its turn. After an outage the room
//! is told its present state, not its history: what is true no more is
//! recorded as not told, with the reason.

use std::collections::BTreeMap;
use std::time::Duration;

use qlive_types::{BroadcastId, LiveId, Moment};

use crate::effect::{Effect, Gift, Signal, Words};
use crate::queue::Row;

/// A row waiting longer than this, or one that failed before, means that there was an outage.
const ARREARS: Duration = Duration::from_secs(10);
/// A gift older than this is no news.
const GIFT_NEWS: Duration = Duration::from_secs(30);

/// What is to happen to the rows of a lane now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The row to deliver next, with what it absorbed.
    pub(crate) next: Option<Row>,
    /// Rows that will not be told, and why.
    pub(crate) untold: Vec<(i64, &'static str)>,
}

/// The broadcast that is live now in each room that a lane speaks of.
pub(crate) type LiveNow = BTreeMap<LiveId, BroadcastId>;

/// Decides. `rows` are the lane's waiting rows, oldest first.
pub(crate) fn plan(rows: &[Row], live: &LiveNow, now: Moment) -> Plan {
    let arrears = rows
        .iter()
        .any(|row| row.attempts > 0 || now.since(row.created_at) >= ARREARS);
    let mut plan = Plan::default();
    for (index, row) in rows.iter().enumerate() {
        let later = rows.get(index + 1..).unwrap_or_default();
        if let Some(why) = outdated(row, later, live, arrears, now) {
            plan.untold.push((row.id, why));
            continue;
        }
        if row.due_at > now {
            return plan;
        }
        let (next, absorbed) = merge(row, later);
        plan.untold
            .extend(absorbed.into_iter().map(|id| (id, "merged")));
        plan.next = Some(next);
        return plan;
    }
    plan
}

/// Why a row need not be told any more.
fn outdated(
    row: &Row,
    later: &[Row],
    live: &LiveNow,
    arrears: bool,
    now: Moment,
) -> Option<&'static str> {
    let about = row.effect.about()?;
    let live = live.get(&about.live);
    let replaced = live.is_some_and(|live| *live != about.broadcast);
    let ended = live != Some(&about.broadcast);
    match &row.effect {
        Effect::Group {
            words: Words::Over { .. },
            ..
        } => (arrears && replaced).then_some("a new broadcast is live"),
        Effect::Group {
            words: Words::SeatTaken { gender, .. } | Words::SeatFreed { gender, .. },
            ..
        } => {
            if arrears && ended {
                Some("the broadcast is over")
            } else if arrears && later.iter().any(|other| changes_seat(other, *gender)) {
                Some("the seat changed again")
            } else {
                None
            }
        }
        Effect::Group {
            words: Words::Gift(_),
            ..
        } => (now.since(row.created_at) >= GIFT_NEWS).then_some("older than 30 s"),
        Effect::Num { .. } => ended.then_some("the broadcast is over"),
        Effect::C2c {
            signal: Signal::Invite { until },
            ..
        } => {
            if *until <= now {
                Some("the invitation expired")
            } else {
                ended.then_some("the broadcast is over")
            }
        }
        Effect::C2c {
            signal: Signal::Kickout { .. } | Signal::Response { .. },
            ..
        } => ended.then_some("the broadcast is over"),
        _ => None,
    }
}

fn changes_seat(row: &Row, seat: i32) -> bool {
    match &row.effect {
        Effect::Group {
            words: Words::SeatTaken { gender, .. } | Words::SeatFreed { gender, .. },
            ..
        } => *gender == seat,
        _ => false,
    }
}

/// Lets a row absorb what waits behind it. A gift that was tried before is
/// told as it was then: IM drops a double only when its text is the same.
fn merge(row: &Row, later: &[Row]) -> (Row, Vec<i64>) {
    let mut merged = row.clone();
    let mut absorbed = Vec::new();
    for other in later {
        match (&mut merged.effect, &other.effect) {
            // The count is taken when it is sent, so it speaks for them all.
            (Effect::Num { .. }, Effect::Num { .. }) => absorbed.push(other.id),
            (
                Effect::Group {
                    words: Words::Gift(gift),
                    ..
                },
                Effect::Group {
                    words: Words::Gift(another),
                    ..
                },
            ) if row.content.is_none() && other.content.is_none() && same_gift(gift, another) => {
                gift.gift_num = gift.gift_num.saturating_add(another.gift_num);
                absorbed.push(other.id);
            }
            _ => {}
        }
    }
    (merged, absorbed)
}

fn same_gift(one: &Gift, other: &Gift) -> bool {
    one.gift_id == other.gift_id
        && one.user_id == other.user_id
        && one.to_user_id == other.to_user_id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::Subject;
    use qlive_types::UserId;

    const BROADCAST: BroadcastId = BroadcastId::new(5);
    const START: i64 = 1_000_000;

    fn about() -> Subject {
        Subject {
            live: LiveId::new(1),
            broadcast: BROADCAST,
        }
    }

    fn user(number: i64) -> UserId {
        UserId::new(10_000_000 + number).unwrap()
    }

    fn rows(effects: Vec<Effect>) -> Vec<Row> {
        let row = |(id, effect)| Row {
            id,
            effect,
            created_at: Moment::from_millis(START),
            due_at: Moment::from_millis(START),
            random: 1,
            seq: None,
            content: None,
            attempts: 0,
        };
        (1..).zip(effects).map(row).collect()
    }

    fn group(words: Words) -> Effect {
        Effect::Group {
            about: about(),
            words,
        }
    }

    fn on(gender: i32) -> Effect {
        group(Words::SeatTaken {
            gender,
            content: serde_json::Value::Null,
        })
    }

    fn off(gender: i32) -> Effect {
        group(Words::SeatFreed {
            gender,
            user_id: user(1),
        })
    }

    fn over() -> Effect {
        group(Words::Over {
            reason: "end".into(),
        })
    }

    fn gift(giver: i64, num: i64) -> Effect {
        group(Words::Gift(Gift {
            gift_id: 1,
            gift_title: String::new(),
            gift_num: num,
            gift_image: String::new(),
            effect: String::new(),
            user_id: user(giver),
            nickname: String::new(),
            to_user_id: user(9),
            to_nickname: String::new(),
        }))
    }

    fn live(broadcast: impl Into<Option<BroadcastId>>) -> LiveNow {
        broadcast
            .into()
            .map(|broadcast| (LiveId::new(1), broadcast))
            .into_iter()
            .collect()
    }

    /// The ids told, in order, when nothing else happens; and those not told.
    fn drained(
        mut rows: Vec<Row>,
        live: Option<BroadcastId>,
        after_secs: u64,
    ) -> (Vec<i64>, Vec<i64>) {
        let now = Moment::from_millis(START).after(Duration::from_secs(after_secs));
        let (mut told, mut untold) = (Vec::new(), Vec::new());
        loop {
            let plan = plan(&rows, &self::live(live), now);
            untold.extend(plan.untold.iter().map(|(id, _)| *id));
            let Some(next) = &plan.next else {
                return (told, untold);
            };
            told.push(next.id);
            rows.retain(|row| row.id != next.id && !untold.contains(&row.id));
        }
    }

    #[test]
    fn while_im_answers_everything_is_told_in_order() {
        let rows = rows(vec![on(1), off(1), on(1), over()]);
        assert_eq!(drained(rows, None, 1), (vec![1, 2, 3, 4], vec![]));
    }

    #[test]
    fn after_an_outage_each_seat_is_told_once() {
        let rows = rows(vec![on(1), off(1), on(2), on(1), off(2)]);
        assert_eq!(
            drained(rows, Some(BROADCAST), 3600),
            (vec![4, 5], vec![1, 2, 3])
        );
    }

    #[test]
    fn a_failed_try_means_an_outage_too() {
        let mut rows = rows(vec![on(1), off(1)]);
        rows[0].attempts = 1;
        assert_eq!(drained(rows, Some(BROADCAST), 1), (vec![2], vec![1]));
    }

    #[test]
    fn over_alone_says_that_the_seats_are_empty() {
        let rows = rows(vec![on(1), off(1), over()]);
        assert_eq!(drained(rows.clone(), None, 3600), (vec![3], vec![1, 2]));
        assert_eq!(
            drained(rows.clone(), Some(BroadcastId::new(6)), 3600),
            (vec![], vec![1, 2, 3])
        );
        assert_eq!(
            drained(rows, Some(BroadcastId::new(6)), 1),
            (vec![1, 2, 3], vec![]),
            "no outage, all in order"
        );
    }

    #[test]
    fn nums_become_one_and_end_with_the_broadcast() {
        let rows = rows(vec![Effect::Num { about: about() }; 3]);
        assert_eq!(
            drained(rows.clone(), Some(BROADCAST), 1),
            (vec![1], vec![2, 3])
        );
        assert_eq!(drained(rows, None, 1), (vec![], vec![1, 2, 3]));
    }

    #[test]
    fn nothing_is_told_before_it_is_due() {
        let mut rows = rows(vec![Effect::Num { about: about() }]);
        rows[0].due_at = Moment::from_millis(START + 300);
        assert_eq!(
            plan(&rows, &live(BROADCAST), Moment::from_millis(START + 299)),
            Plan::default()
        );
        assert!(
            plan(&rows, &live(BROADCAST), Moment::from_millis(START + 300))
                .next
                .is_some()
        );
    }

    #[test]
    fn waiting_gifts_of_one_hand_become_one() {
        let mut rows = rows(vec![gift(1, 2), gift(2, 1), gift(1, 3)]);
        let merged = plan(&rows, &live(BROADCAST), Moment::from_millis(START));
        assert_eq!(merged.untold, vec![(3, "merged")]);
        assert_eq!(merged.next.unwrap().effect, gift(1, 5));
        rows[0].content = Some("as told before".into());
        let kept = plan(&rows, &live(BROADCAST), Moment::from_millis(START));
        assert_eq!(kept.untold, vec![]);
        assert_eq!(kept.next.unwrap().effect, gift(1, 2));
    }

    #[test]
    fn old_news_is_not_told() {
        assert_eq!(
            drained(rows(vec![gift(1, 1)]), Some(BROADCAST), 29),
            (vec![1], vec![])
        );
        assert_eq!(
            drained(rows(vec![gift(1, 1)]), Some(BROADCAST), 30),
            (vec![], vec![1])
        );
        let c2c = |signal| {
            rows(vec![Effect::C2c {
                about: about(),
                to: user(1),
                signal,
            }])
        };
        let invite = c2c(Signal::Invite {
            until: Moment::from_millis(START + 60_000),
        });
        assert_eq!(
            drained(invite.clone(), Some(BROADCAST), 59),
            (vec![1], vec![])
        );
        assert_eq!(drained(invite, Some(BROADCAST), 60), (vec![], vec![1]));
        let kickout = c2c(Signal::Kickout {
            reason: "host".into(),
        });
        assert_eq!(
            drained(kickout.clone(), Some(BROADCAST), 3600),
            (vec![1], vec![])
        );
        assert_eq!(drained(kickout, None, 0), (vec![], vec![1]));
    }
}
