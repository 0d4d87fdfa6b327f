//! The mic: one pure function that decides what every event does to one
//! person in one room. It reads no clock and no database; it never fails but
//! by a [`Refusal`], which changes nothing.

use std::time::Duration;

use qlive_types::{Gender, Moment};

/// How long an invitation stands.
pub const INVITATION: Duration = Duration::from_secs(60);

/// Where a person is in a room. The seat of [`Place::OnMic`] is that of his gender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    Out,
    Watching,
    Applied,
    OnMic,
    Hosting,
}

/// An open invitation to the mic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Invitation {
    pub until: Moment,
    /// Whether `invite_micro` made it, so that the host hears from us what becomes of it.
    pub by_us: bool,
}

/// All that a decision about one person rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    pub place: Place,
    pub gender: Gender,
    /// Whether his name and gender are his own.
    pub ready: bool,
    pub invitation: Option<Invitation>,
    /// Put down or declined by the host: needs an invitation until this broadcast ends.
    pub barred: bool,
    /// Somebody else has the seat of his gender.
    pub seat_taken: bool,
    /// His stream runs.
    pub pushing: bool,
    /// The end of the grace after IM lost him.
    pub im_grace: Option<Moment>,
    /// The end of the grace after his stream stopped.
    pub stream_grace: Option<Moment>,
}

/// Who may take a free seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Admission {
    /// Who applied or was invited.
    #[default]
    Applied,
    /// Only who was invited.
    Invited,
    /// Whoever is present.
    Open,
}

/// The settings that a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    pub admission: Admission,
    pub guest_grace: Duration,
    pub host_grace: Duration,
}

/// What happens to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// He enters, or comes back into the room he is in.
    Enter,
    Apply,
    /// He takes the mic.
    Accept,
    /// He withdraws his application or turns an invitation down.
    Refuse,
    /// He leaves the mic and stays in the room.
    LeaveMic,
    /// The host puts him down from the mic.
    PutDown,
    /// The host invites him, through us or from his own client.
    Invite {
        by_us: bool,
    },
    /// Time passed: is his invitation over?
    InvitationDue,
    /// The host declines his application.
    Decline,
    Leave,
    Banned,
    /// The broadcast ends.
    Ended,
    /// IM lost his connection.
    ImLost,
    /// He left the IM group.
    GroupLeft,
    /// He was heard of: a call of his, or a login at IM.
    Heard,
    StreamStarted,
    StreamStopped,
    /// A grace ended; `connected` is what IM says of him.
    GraceDue {
        connected: bool,
    },
    /// His stream did not start in time.
    StreamMissing,
}

/// What the outside must be told, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    SeatTaken,
    SeatFreed,
    /// The host's list of applicants changed.
    Num,
    /// Tell the guest that the host put him down.
    Kickout,
    Invite {
        until: Moment,
    },
    Response(Answer),
    CutStream,
    ForbidStream,
    /// The host is gone: end the broadcast.
    EndBroadcast,
}

/// What became of an invitation that we sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    Accept,
    Reject,
    Timeout,
}

/// Why an event is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    NotInRoom,
    OnMic,
    Hosting,
    NotAdmitted,
    SeatTaken,
    ProfileIncomplete,
}

/// What an event comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub next: Standing,
    pub effects: Vec<Effect>,
}

impl Standing {
    /// Somebody who is not in the room.
    #[must_use]
    pub const fn out(gender: Gender, ready: bool) -> Self {
        Self {
            place: Place::Out,
            gender,
            ready,
            invitation: None,
            barred: false,
            seat_taken: false,
            pushing: false,
            im_grace: None,
            stream_grace: None,
        }
    }

    fn invited(&self, now: Moment) -> bool {
        self.invitation
            .is_some_and(|invitation| now < invitation.until)
    }

    /// What the host hears of our invitation when it is cleared now: `answer`, or that it had lapsed before.
    fn response(&self, answer: Option<Answer>, now: Moment) -> Option<Effect> {
        let ours = self.invitation.filter(|invitation| invitation.by_us)?;
        let answer = if now < ours.until {
            answer
        } else {
            Some(Answer::Timeout)
        };
        answer.map(Effect::Response)
    }

    fn admitted(&self, admission: Admission, now: Moment) -> bool {
        let by_mode = match admission {
            Admission::Open => true,
            Admission::Applied => self.place == Place::Applied,
            Admission::Invited => false,
        };
        self.invited(now) || (by_mode && !self.barred)
    }

    /// Whether his gender may change: not while a seat hangs on it.
    #[must_use]
    pub fn may_change_gender(&self, now: Moment) -> bool {
        match self.place {
            Place::Out | Place::Hosting => true,
            Place::Watching => !self.invited(now),
            Place::Applied | Place::OnMic => false,
        }
    }

    fn stays(self) -> Step {
        Step {
            next: self,
            effects: Vec::new(),
        }
    }

    fn becomes(self, effects: Vec<Effect>) -> Step {
        Step {
            next: self,
            effects,
        }
    }

    /// Off the mic, still in the room: seat and stream are no more his.
    const fn off_mic(self) -> Self {
        Self {
            place: Place::Watching,
            pushing: false,
            stream_grace: None,
            ..self
        }
    }

    const fn gone(self) -> Self {
        let nobody = Self::out(self.gender, self.ready);
        Self {
            barred: self.barred,
            seat_taken: self.seat_taken,
            ..nobody
        }
    }
}

/// Decides what `event` does to `state`.
pub fn step(state: &Standing, event: Event, rules: &Rules, now: Moment) -> Result<Step, Refusal> {
    match event {
        Event::Enter => Ok(enter(state)),
        Event::Apply => apply(state),
        Event::Accept => accept(state, rules.admission, now),
        Event::Refuse => refuse(state, now),
        Event::LeaveMic => Ok(leave_mic(state)),
        Event::PutDown => Ok(put_down(state)),
        Event::Invite { by_us } => invite(state, by_us, now),
        Event::InvitationDue => Ok(invitation_due(state, now)),
        Event::Decline => Ok(decline(state, now)),
        Event::Leave => Ok(leave(state, now)),
        Event::Banned => Ok(banned(state, now)),
        Event::Ended => Ok(ended(state)),
        Event::ImLost => Ok(im_lost(state, rules, now)),
        Event::GroupLeft => Ok(group_left(state, rules, now)),
        Event::Heard => Ok(heard(state)),
        Event::StreamStarted => Ok(stream_started(state)),
        Event::StreamStopped => Ok(stream_stopped(state, rules, now)),
        Event::GraceDue { connected } => Ok(grace_due(state, connected, now)),
        Event::StreamMissing => Ok(stream_missing(state)),
    }
}

fn enter(state: &Standing) -> Step {
    match state.place {
        Place::Out => Standing {
            place: Place::Watching,
            ..*state
        }
        .becomes(vec![Effect::Num]),
        Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => heard(state),
    }
}

fn apply(state: &Standing) -> Result<Step, Refusal> {
    match state.place {
        Place::Out => Err(Refusal::NotInRoom),
        Place::OnMic => Err(Refusal::OnMic),
        Place::Hosting => Err(Refusal::Hosting),
        Place::Watching | Place::Applied if !state.ready => Err(Refusal::ProfileIncomplete),
        Place::Watching => Ok(Standing {
            place: Place::Applied,
            ..*state
        }
        .becomes(vec![Effect::Num])),
        Place::Applied => Ok(state.stays()),
    }
}

fn accept(state: &Standing, admission: Admission, now: Moment) -> Result<Step, Refusal> {
    match state.place {
        Place::Out => Err(Refusal::NotInRoom),
        Place::Hosting => Err(Refusal::Hosting),
        Place::OnMic => Ok(state.stays()),
        Place::Watching | Place::Applied => {
            if !state.ready {
                return Err(Refusal::ProfileIncomplete);
            }
            if !state.admitted(admission, now) {
                return Err(Refusal::NotAdmitted);
            }
            if state.seat_taken {
                return Err(Refusal::SeatTaken);
            }
            let mut effects = vec![Effect::SeatTaken, Effect::Num];
            effects.extend(state.response(Some(Answer::Accept), now));
            Ok(Standing {
                place: Place::OnMic,
                invitation: None,
                ..*state
            }
            .becomes(effects))
        }
    }
}

fn refuse(state: &Standing, now: Moment) -> Result<Step, Refusal> {
    match state.place {
        Place::OnMic => Err(Refusal::OnMic),
        Place::Out | Place::Hosting => Ok(state.stays()),
        Place::Watching if state.invitation.is_none() => Ok(state.stays()),
        Place::Watching | Place::Applied => {
            let mut effects = vec![Effect::Num];
            effects.extend(state.response(Some(Answer::Reject), now));
            Ok(Standing {
                place: Place::Watching,
                invitation: None,
                ..*state
            }
            .becomes(effects))
        }
    }
}

fn leave_mic(state: &Standing) -> Step {
    match state.place {
        Place::OnMic => state
            .off_mic()
            .becomes(vec![Effect::SeatFreed, Effect::Num]),
        Place::Out | Place::Watching | Place::Applied | Place::Hosting => state.stays(),
    }
}

fn put_down(state: &Standing) -> Step {
    match state.place {
        Place::OnMic => Standing {
            barred: true,
            ..state.off_mic()
        }
        .becomes(vec![
            Effect::SeatFreed,
            Effect::Num,
            Effect::Kickout,
            Effect::CutStream,
        ]),
        Place::Out | Place::Watching | Place::Applied | Place::Hosting => state.stays(),
    }
}

fn invite(state: &Standing, by_us: bool, now: Moment) -> Result<Step, Refusal> {
    match state.place {
        Place::Out => Err(Refusal::NotInRoom),
        Place::OnMic => Err(Refusal::OnMic),
        Place::Hosting => Err(Refusal::Hosting),
        Place::Watching | Place::Applied if state.seat_taken => Err(Refusal::SeatTaken),
        Place::Watching | Place::Applied => {
            let until = now.after(INVITATION);
            // The host still waits to hear from us when ours was open before his client's.
            let ours = by_us
                || state
                    .invitation
                    .is_some_and(|open| open.by_us && now < open.until);
            let effects = if by_us {
                vec![Effect::Invite { until }]
            } else {
                Vec::new()
            };
            Ok(Standing {
                invitation: Some(Invitation { until, by_us: ours }),
                ..*state
            }
            .becomes(effects))
        }
    }
}

fn invitation_due(state: &Standing, now: Moment) -> Step {
    match state.invitation {
        Some(invitation) if invitation.until <= now => {
            let effects = state.response(None, now).into_iter().collect();
            Standing {
                invitation: None,
                ..*state
            }
            .becomes(effects)
        }
        Some(_) | None => state.stays(),
    }
}

fn decline(state: &Standing, now: Moment) -> Step {
    match state.place {
        Place::Applied => {
            let effects = [Effect::Num]
                .into_iter()
                .chain(state.response(None, now))
                .collect();
            Standing {
                place: Place::Watching,
                invitation: None,
                barred: true,
                ..*state
            }
            .becomes(effects)
        }
        Place::Out | Place::Watching | Place::OnMic | Place::Hosting => state.stays(),
    }
}

fn leave(state: &Standing, now: Moment) -> Step {
    match state.place {
        Place::Out => state.stays(),
        Place::Watching | Place::Applied => state.gone().becomes(
            [Effect::Num]
                .into_iter()
                .chain(state.response(None, now))
                .collect(),
        ),
        Place::OnMic => state.gone().becomes(vec![Effect::SeatFreed, Effect::Num]),
        Place::Hosting => state
            .gone()
            .becomes(vec![Effect::EndBroadcast, Effect::CutStream]),
    }
}

fn banned(state: &Standing, now: Moment) -> Step {
    let mut step = leave(state, now);
    step.effects.push(Effect::ForbidStream);
    step
}

/// OVER alone tells the room; only the streams on stage are cut.
fn ended(state: &Standing) -> Step {
    match state.place {
        Place::Out => state.stays(),
        Place::Watching | Place::Applied => state.gone().becomes(Vec::new()),
        Place::OnMic | Place::Hosting => state.gone().becomes(vec![Effect::CutStream]),
    }
}

fn grace(state: &Standing, rules: &Rules, now: Moment) -> Moment {
    match state.place {
        Place::Hosting => now.after(rules.host_grace),
        Place::Out | Place::Watching | Place::Applied | Place::OnMic => {
            now.after(rules.guest_grace)
        }
    }
}

fn im_lost(state: &Standing, rules: &Rules, now: Moment) -> Step {
    match state.place {
        Place::Out => state.stays(),
        // A second loss does not prolong the grace of the first.
        _ if state.im_grace.is_some() => state.stays(),
        Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => Standing {
            im_grace: Some(grace(state, rules, now)),
            ..*state
        }
        .stays(),
    }
}

fn group_left(state: &Standing, rules: &Rules, now: Moment) -> Step {
    match state.place {
        Place::Out => state.stays(),
        Place::Watching | Place::Applied => leave(state, now),
        Place::OnMic | Place::Hosting => im_lost(state, rules, now),
    }
}

fn heard(state: &Standing) -> Step {
    Standing {
        im_grace: None,
        ..*state
    }
    .stays()
}

fn stream_started(state: &Standing) -> Step {
    match state.place {
        Place::OnMic | Place::Hosting => Standing {
            pushing: true,
            im_grace: None,
            stream_grace: None,
            ..*state
        }
        .stays(),
        // Whoever is not on stage has no business pushing.
        Place::Out | Place::Watching | Place::Applied => state.becomes(vec![Effect::CutStream]),
    }
}

fn stream_stopped(state: &Standing, rules: &Rules, now: Moment) -> Step {
    match state.place {
        Place::OnMic | Place::Hosting if state.pushing => Standing {
            pushing: false,
            stream_grace: Some(grace(state, rules, now)),
            ..*state
        }
        .stays(),
        Place::Out | Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => {
            state.stays()
        }
    }
}

fn grace_due(state: &Standing, connected: bool, now: Moment) -> Step {
    let over = |grace: Option<Moment>| grace.is_some_and(|until| until <= now);
    if over(state.stream_grace) {
        return leave(state, now);
    }
    match (over(state.im_grace), connected || state.pushing) {
        (false, _) => state.stays(),
        (true, true) => heard(state),
        (true, false) => leave(state, now),
    }
}

fn stream_missing(state: &Standing) -> Step {
    match state.place {
        Place::OnMic if !state.pushing && state.stream_grace.is_none() => leave_mic(state),
        Place::Out | Place::Watching | Place::Applied | Place::OnMic | Place::Hosting => {
            state.stays()
        }
    }
}
