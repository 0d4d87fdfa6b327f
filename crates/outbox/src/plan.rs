//! Decides what to do with the waiting rows of a lane, without access to the database.
//!
//! While IM answers, every row is delivered in its turn. After an outage a room gets its present
//! state, not its history: rows that are out of date are skipped, with the reason.

use std::collections::BTreeMap;
use std::time::Duration;

use qlive_types::{BroadcastId, LiveId, Moment};

use crate::delivery::{Delivery, LONGEST_WAIT};
use crate::message::{DirectMessage, GiftMessage, GroupMessage};
use crate::queue::WaitingRow;

/// A row that waits for this long, or one that was attempted before, means that there was an
/// outage.
const OUTAGE_AFTER: Duration = Duration::from_secs(10);
/// A gift that is older than this is not shown any more.
const GIFT_MAX_AGE: Duration = Duration::from_secs(30);

const BROADCAST_OVER: &str = "the broadcast is over";

/// What to do with the rows of a lane now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LanePlan {
    /// The row to deliver next, with the rows that it absorbed. `None` if nothing is due.
    pub(crate) next: Option<WaitingRow>,
    /// The ids of rows to skip, and why.
    pub(crate) skipped: Vec<(i64, &'static str)>,
}

/// The broadcast that is live now in each room that a lane is about.
pub(crate) type LiveBroadcasts = BTreeMap<LiveId, BroadcastId>;

/// Plans a lane. `rows` are its waiting rows, oldest first.
pub(crate) fn plan_lane(rows: &[WaitingRow], live: &LiveBroadcasts, now: Moment) -> LanePlan {
    let after_outage = rows
        .iter()
        .any(|row| row.attempts > 0 || now.since(row.created_at) >= OUTAGE_AFTER);
    let mut plan = LanePlan::default();
    for (index, row) in rows.iter().enumerate() {
        let later = rows.get(index + 1..).unwrap_or_default();
        if let Some(reason) = reason_to_skip(row, later, live, after_outage, now) {
            plan.skipped.push((row.id, reason));
            continue;
        }
        if now.is_waiting(row.due_at, LONGEST_WAIT) {
            if row.delivery.updates_profile() {
                continue;
            }
            return plan;
        }
        let (next, absorbed) = absorb_later_rows(row, later);
        plan.skipped
            .extend(absorbed.into_iter().map(|id| (id, "merged")));
        plan.next = Some(next);
        return plan;
    }
    plan
}

/// Why a row need not be delivered any more; `None` if it must be.
fn reason_to_skip(
    row: &WaitingRow,
    later: &[WaitingRow],
    live: &LiveBroadcasts,
    after_outage: bool,
    now: Moment,
) -> Option<&'static str> {
    let about = row.delivery.about()?;
    let live = live.get(&about.live);
    let ended = live != Some(&about.broadcast);
    match &row.delivery {
        Delivery::SendGroupMessage { message, .. } => match message {
            GroupMessage::Over { .. } => {
                (after_outage && ended && live.is_some()).then_some("a new broadcast is live")
            }
            GroupMessage::SeatTaken { gender, .. } | GroupMessage::SeatFreed { gender, .. } => {
                if after_outage && ended {
                    Some(BROADCAST_OVER)
                } else if after_outage && later.iter().any(|row| changes_seat(row, *gender)) {
                    Some("the seat changed again")
                } else {
                    None
                }
            }
            GroupMessage::Gift(_) => {
                (now.since(row.created_at) >= GIFT_MAX_AGE).then_some("older than 30 s")
            }
        },
        Delivery::SendDirectMessage {
            message: DirectMessage::Invite { until },
            ..
        } if *until <= now => Some("the invitation expired"),
        Delivery::SendDirectMessage { .. } | Delivery::SendApplicantCounts { .. } => {
            ended.then_some(BROADCAST_OVER)
        }
        _ => None,
    }
}

fn changes_seat(row: &WaitingRow, seat: i32) -> bool {
    let Delivery::SendGroupMessage { message, .. } = &row.delivery else {
        return false;
    };
    match message {
        GroupMessage::SeatTaken { gender, .. } | GroupMessage::SeatFreed { gender, .. } => {
            *gender == seat
        }
        GroupMessage::Over { .. } | GroupMessage::Gift(_) => false,
    }
}

/// Merges later rows into a row where one message can replace several. Returns the merged row and
/// the ids of the absorbed ones. A gift that was attempted before stays as it was: IM recognizes a
/// repeated message only by the same text.
fn absorb_later_rows(row: &WaitingRow, later: &[WaitingRow]) -> (WaitingRow, Vec<i64>) {
    let mut merged = row.clone();
    let mut absorbed = Vec::new();
    for other in later {
        match (&mut merged.delivery, &other.delivery) {
            // Applicants are counted and profiles looked up when the call is made, so one call
            // replaces all.
            (Delivery::SendApplicantCounts { .. }, Delivery::SendApplicantCounts { .. })
            | (Delivery::UpdateAccountProfile { .. }, Delivery::UpdateAccountProfile { .. })
            | (Delivery::UpdateGroupProfile { .. }, Delivery::UpdateGroupProfile { .. }) => {
                absorbed.push(other.id);
            }
            (
                Delivery::SendGroupMessage {
                    message: GroupMessage::Gift(gift),
                    ..
                },
                Delivery::SendGroupMessage {
                    message: GroupMessage::Gift(other_gift),
                    ..
                },
            ) if row.content.is_none()
                && other.content.is_none()
                && is_same_gift(gift, other_gift) =>
            {
                gift.gift_num = gift.gift_num.saturating_add(other_gift.gift_num);
                absorbed.push(other.id);
            }
            _ => {}
        }
    }
    (merged, absorbed)
}

/// Whether giver, receiver and gift are the same.
fn is_same_gift(one: &GiftMessage, other: &GiftMessage) -> bool {
    one.gift_id == other.gift_id
        && one.user_id == other.user_id
        && one.to_user_id == other.to_user_id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::BroadcastRef;
    use qlive_types::UserId;

    const BROADCAST: BroadcastId = BroadcastId::new(5);
    const START: i64 = 1_000_000;

    fn about() -> BroadcastRef {
        BroadcastRef {
            live: LiveId::new(1),
            broadcast: BROADCAST,
        }
    }

    fn user(number: i64) -> UserId {
        UserId::new(10_000_000 + number).unwrap()
    }

    fn rows(deliveries: Vec<Delivery>) -> Vec<WaitingRow> {
        let row = |(id, delivery)| WaitingRow {
            id,
            delivery,
            created_at: Moment::from_millis(START),
            due_at: Moment::from_millis(START),
            random: 1,
            seq: None,
            content: None,
            attempts: 0,
        };
        (1..).zip(deliveries).map(row).collect()
    }

    fn group(message: GroupMessage) -> Delivery {
        Delivery::SendGroupMessage {
            about: about(),
            message,
        }
    }

    fn seat_taken(gender: i32) -> Delivery {
        group(GroupMessage::SeatTaken {
            gender,
            content: serde_json::Value::Null,
        })
    }

    fn seat_freed(gender: i32) -> Delivery {
        group(GroupMessage::SeatFreed {
            gender,
            user_id: user(1),
        })
    }

    fn over() -> Delivery {
        group(GroupMessage::Over {
            reason: "end".into(),
        })
    }

    fn gift(giver: i64, num: i64) -> Delivery {
        group(GroupMessage::Gift(GiftMessage {
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

    fn live(broadcast: impl Into<Option<BroadcastId>>) -> LiveBroadcasts {
        broadcast
            .into()
            .map(|broadcast| (LiveId::new(1), broadcast))
            .into_iter()
            .collect()
    }

    /// The ids that are delivered one after the other at one moment, and those that are skipped.
    fn deliver_all(
        mut rows: Vec<WaitingRow>,
        live: Option<BroadcastId>,
        after_secs: u64,
    ) -> (Vec<i64>, Vec<i64>) {
        let now = Moment::from_millis(START).after(Duration::from_secs(after_secs));
        let (mut delivered, mut skipped) = (Vec::new(), Vec::new());
        loop {
            let plan = plan_lane(&rows, &self::live(live), now);
            skipped.extend(plan.skipped.iter().map(|(id, _)| *id));
            let Some(next) = &plan.next else {
                return (delivered, skipped);
            };
            delivered.push(next.id);
            rows.retain(|row| row.id != next.id && !skipped.contains(&row.id));
        }
    }

    #[test]
    fn without_an_outage_everything_is_delivered_in_order() {
        let rows = rows(vec![seat_taken(1), seat_freed(1), seat_taken(1), over()]);
        assert_eq!(deliver_all(rows, None, 1), (vec![1, 2, 3, 4], vec![]));
    }

    #[test]
    fn after_an_outage_only_the_last_change_of_a_seat_is_delivered() {
        let rows = rows(vec![
            seat_taken(1),
            seat_freed(1),
            seat_taken(2),
            seat_taken(1),
            seat_freed(2),
        ]);
        assert_eq!(
            deliver_all(rows, Some(BROADCAST), 3600),
            (vec![4, 5], vec![1, 2, 3])
        );
    }

    #[test]
    fn failed_attempt_counts_as_an_outage() {
        let mut rows = rows(vec![seat_taken(1), seat_freed(1)]);
        rows[0].attempts = 1;
        assert_eq!(deliver_all(rows, Some(BROADCAST), 1), (vec![2], vec![1]));
    }

    #[test]
    fn after_an_outage_over_replaces_the_changes_of_seats() {
        let rows = rows(vec![seat_taken(1), seat_freed(1), over()]);
        assert_eq!(deliver_all(rows.clone(), None, 3600), (vec![3], vec![1, 2]));
        assert_eq!(
            deliver_all(rows.clone(), Some(BroadcastId::new(6)), 3600),
            (vec![], vec![1, 2, 3])
        );
        assert_eq!(
            deliver_all(rows, Some(BroadcastId::new(6)), 1),
            (vec![1, 2, 3], vec![]),
            "no outage, so everything in order"
        );
    }

    #[test]
    fn applicant_counts_are_merged_and_skipped_after_the_broadcast() {
        let rows = rows(vec![Delivery::SendApplicantCounts { about: about() }; 3]);
        assert_eq!(
            deliver_all(rows.clone(), Some(BROADCAST), 1),
            (vec![1], vec![2, 3])
        );
        assert_eq!(deliver_all(rows, None, 1), (vec![], vec![1, 2, 3]));
    }

    #[test]
    fn row_is_not_delivered_before_it_is_due() {
        let mut rows = rows(vec![Delivery::SendApplicantCounts { about: about() }]);
        rows[0].due_at = Moment::from_millis(START + 300);
        assert_eq!(
            plan_lane(&rows, &live(BROADCAST), Moment::from_millis(START + 299)),
            LanePlan::default()
        );
        assert!(
            plan_lane(&rows, &live(BROADCAST), Moment::from_millis(START + 300))
                .next
                .is_some()
        );
    }

    #[test]
    fn waiting_changes_of_a_profile_become_one_and_delay_nothing_else() {
        let update = Delivery::UpdateAccountProfile { user: user(1) };
        let end_login = Delivery::EndLogin { user: user(1) };
        let mut rows = rows(vec![update.clone(), update.clone(), end_login, update]);
        for at in [0, 1, 3] {
            rows[at].due_at = Moment::from_millis(START + 1000);
        }
        let plan = plan_lane(&rows, &live(None), Moment::from_millis(START));
        assert_eq!(
            plan.next.map(|row| row.id),
            Some(3),
            "the login need not wait"
        );
        assert_eq!(plan.skipped, vec![]);
        let plan = plan_lane(&rows, &live(None), Moment::from_millis(START + 1000));
        assert_eq!(plan.next.map(|row| row.id), Some(1));
        assert_eq!(plan.skipped, vec![(2, "merged"), (4, "merged")]);
    }

    #[test]
    fn waiting_gifts_of_one_giver_are_merged_unless_attempted_before() {
        let mut rows = rows(vec![gift(1, 2), gift(2, 1), gift(1, 3)]);
        let merged = plan_lane(&rows, &live(BROADCAST), Moment::from_millis(START));
        assert_eq!(merged.skipped, vec![(3, "merged")]);
        assert_eq!(merged.next.unwrap().delivery, gift(1, 5));
        rows[0].content = Some("as sent before".into());
        let attempted = plan_lane(&rows, &live(BROADCAST), Moment::from_millis(START));
        assert_eq!(attempted.skipped, vec![]);
        assert_eq!(attempted.next.unwrap().delivery, gift(1, 2));
    }

    #[test]
    fn outdated_messages_are_skipped() {
        assert_eq!(
            deliver_all(rows(vec![gift(1, 1)]), Some(BROADCAST), 29),
            (vec![1], vec![])
        );
        assert_eq!(
            deliver_all(rows(vec![gift(1, 1)]), Some(BROADCAST), 30),
            (vec![], vec![1])
        );
        let direct = |message| {
            rows(vec![Delivery::SendDirectMessage {
                about: about(),
                to: user(1),
                message,
            }])
        };
        let invite = direct(DirectMessage::Invite {
            until: Moment::from_millis(START + 60_000),
        });
        assert_eq!(
            deliver_all(invite.clone(), Some(BROADCAST), 59),
            (vec![1], vec![])
        );
        assert_eq!(deliver_all(invite, Some(BROADCAST), 60), (vec![], vec![1]));
        let kickout = direct(DirectMessage::Kickout {
            reason: "host".into(),
        });
        assert_eq!(
            deliver_all(kickout.clone(), Some(BROADCAST), 3600),
            (vec![1], vec![])
        );
        assert_eq!(deliver_all(kickout, None, 0), (vec![], vec![1]));
    }
}
