//! The row of a person who is present, and its way to and from the machine's [`Standing`].

use std::time::Duration;

use diesel::prelude::*;
use qlive_outbox::Subject;
use qlive_store::schema::{barred, members, users};
use qlive_store::{Conn, StoreError, or_contended};
use qlive_types::{BroadcastId, Gender, LiveId, Moment, UserId};

use crate::error::RoomsError;
use crate::mic::{Invitation, Place, Standing};
use crate::presence::Presence;

/// The number of a place in the contract and in the database.
pub(crate) const fn user_type(place: Place, gender: Gender) -> i32 {
    match (place, gender) {
        (Place::Out, _) => 0,
        (Place::Watching, _) => 1,
        (Place::Applied, _) => 2,
        (Place::OnMic, Gender::Male) => 3,
        (Place::OnMic, Gender::Female) => 4,
        (Place::Hosting, _) => 5,
    }
}

/// The numbers of those on stage.
pub(crate) const ON_STAGE: [i32; 3] = [3, 4, 5];
/// How much longer than an invitation his client may answer it.
const RESPONSE_SLACK: Duration = Duration::from_secs(10);
/// The number of the host.
pub(crate) const HOST: i32 = 5;

/// A person present in a live room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) about: Subject,
    pub(crate) entry: Presence,
    pub(crate) entered_at: Moment,
    /// When we last heard of him, to the minute.
    pub(crate) heard_at: Moment,
    pub(crate) changed_at: Moment,
    /// Until when his client may answer an invitation through IM.
    pub(crate) response_until: Moment,
    pub(crate) im_event_at: i64,
    pub(crate) stream_sequence: Option<String>,
    pub(crate) stream_event_at: i64,
    pub(crate) standing: Standing,
    version: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = members)]
struct Row {
    user_id: i64,
    broadcast_id: i64,
    room_id: i64,
    gender: i32,
    state: i32,
    entry: i64,
    version: i64,
    entered_at: i64,
    invited_until: Option<i64>,
    invited_by_us: bool,
    im_grace_until: Option<i64>,
    stream_grace_until: Option<i64>,
    heard_at: i64,
    changed_at: i64,
    response_until: i64,
    im_event_at: i64,
    stream_sequence: Option<String>,
    stream_event_at: i64,
}

/// The member row of a user, wherever he is.
pub(crate) fn load(conn: &mut Conn, user: UserId) -> Result<Option<Member>, StoreError> {
    let found: Option<(Row, bool, bool)> = members::table
        .inner_join(users::table)
        .filter(members::user_id.eq(user.get()))
        .select((Row::as_select(), users::name_known, users::gender_known))
        .get_result(conn)
        .optional()?;
    let Some((row, name_known, gender_known)) = found else {
        return Ok(None);
    };
    let barred: i64 = barred::table
        .find((row.broadcast_id, row.user_id))
        .count()
        .get_result(conn)?;
    let seat = if row.gender == Gender::Male.number() {
        3
    } else {
        4
    };
    let others_seated: i64 = members::table
        .filter(
            members::broadcast_id
                .eq(row.broadcast_id)
                .and(members::state.eq(seat)),
        )
        .filter(members::user_id.ne(row.user_id))
        .count()
        .get_result(conn)?;
    row.member(name_known && gender_known, barred > 0, others_seated > 0)
        .map(Some)
}

impl Row {
    fn member(self, ready: bool, barred: bool, seat_taken: bool) -> Result<Member, StoreError> {
        let gender =
            Gender::from_number(self.gender.into()).ok_or(StoreError::Corrupt("members.gender"))?;
        let place = match self.state {
            1 => Place::Watching,
            2 => Place::Applied,
            3 | 4 => Place::OnMic,
            HOST => Place::Hosting,
            _ => return Err(StoreError::Corrupt("members.state")),
        };
        let pushing = self.stream_sequence.is_some() && self.stream_grace_until.is_none();
        let by_us = self.invited_by_us;
        let invitation = self.invited_until.map(|until| Invitation {
            until: Moment::from_millis(until),
            by_us,
        });
        Ok(Member {
            user: UserId::new(self.user_id).ok_or(StoreError::Corrupt("members.user_id"))?,
            about: Subject {
                live: LiveId::new(self.room_id),
                broadcast: BroadcastId::new(self.broadcast_id),
            },
            entry: Presence::new(self.entry),
            entered_at: Moment::from_millis(self.entered_at),
            heard_at: Moment::from_millis(self.heard_at),
            changed_at: Moment::from_millis(self.changed_at),
            response_until: Moment::from_millis(self.response_until),
            im_event_at: self.im_event_at,
            stream_sequence: self.stream_sequence,
            stream_event_at: self.stream_event_at,
            standing: Standing {
                place,
                gender,
                ready,
                invitation,
                barred,
                seat_taken,
                // While the grace of a stream runs, the push of that sequence has stopped.
                pushing,
                im_grace: self.im_grace_until.map(Moment::from_millis),
                stream_grace: self.stream_grace_until.map(Moment::from_millis),
            },
            version: self.version,
        })
    }
}

/// The row of somebody who enters. Somebody who enters elsewhere at the same
/// moment, or a broadcast that ends, runs the whole transaction again.
pub(crate) fn insert(
    conn: &mut Conn,
    user: UserId,
    about: Subject,
    standing: &Standing,
    now: Moment,
) -> Result<Presence, RoomsError> {
    // A ban, a revoked role or a new gender changes the same row: either it sees him in the room, or we see it here.
    let (entry, gender, banned_at, matchmaker): (i64, i32, Option<i64>, bool) =
        diesel::update(users::table.find(user.get()))
            .set(users::entries.eq(users::entries + 1))
            .returning((
                users::entries,
                users::gender,
                users::banned_at,
                users::matchmaker,
            ))
            .get_result(conn)?;
    if banned_at.is_some() {
        return Err(RoomsError::Banned);
    }
    if gender != standing.gender.number() {
        return Err(StoreError::Contended.into());
    }
    if standing.place == Place::Hosting && !matchmaker {
        return Err(RoomsError::NotMatchmaker);
    }
    let row = (
        (
            members::user_id.eq(user.get()),
            members::broadcast_id.eq(about.broadcast.get()),
        ),
        (
            members::room_id.eq(about.live.get()),
            members::gender.eq(standing.gender.number()),
        ),
        (
            members::state.eq(user_type(standing.place, standing.gender)),
            members::entry.eq(entry),
        ),
        (
            members::version.eq(0_i64),
            members::entered_at.eq(now.millis()),
            members::invited_by_us.eq(false),
        ),
        (
            members::heard_at.eq(now.millis()),
            members::im_event_at.eq(0_i64),
            members::stream_event_at.eq(0_i64),
        ),
        (
            members::response_until.eq(0_i64),
            members::changed_at.eq(now.millis()),
        ),
    );
    or_contended(
        diesel::insert_into(members::table)
            .values(row)
            .execute(conn),
    )?;
    Ok(Presence::new(entry))
}

impl Member {
    /// Writes where he stands now, or removes him, if nobody changed his row since it was read.
    pub(crate) fn save(
        &self,
        conn: &mut Conn,
        next: &Standing,
        now: Moment,
    ) -> Result<(), StoreError> {
        if next.barred && !self.standing.barred {
            // First: this takes the broadcast's key, as whoever ends it does before he touches members.
            let row = (
                barred::broadcast_id.eq(self.about.broadcast.get()),
                barred::user_id.eq(self.user.get()),
            );
            or_contended(diesel::insert_into(barred::table).values(row).execute(conn))?;
        }
        let read = members::table
            .filter(members::user_id.eq(self.user.get()))
            .filter(
                members::entry
                    .eq(self.entry.get())
                    .and(members::version.eq(self.version)),
            );
        let changed = if next.place == Place::Out {
            diesel::delete(read).execute(conn)?
        } else {
            or_contended(
                diesel::update(read)
                    .set(self.columns(next, now))
                    .execute(conn),
            )?
        };
        if changed == 1 {
            Ok(())
        } else {
            Err(StoreError::Contended)
        }
    }

    fn columns(&self, next: &Standing, now: Moment) -> Columns<'_> {
        let was_on_mic = self.standing.place == Place::OnMic;
        let on_stage = matches!(next.place, Place::OnMic | Place::Hosting);
        Columns {
            gender: next.gender.number(),
            state: user_type(next.place, next.gender),
            version: self.version + 1,
            invited_until: Some(next.invitation.map(|invitation| invitation.until.millis())),
            invited_by_us: next.invitation.is_some_and(|invitation| invitation.by_us),
            im_grace_until: Some(next.im_grace.map(Moment::millis)),
            stream_grace_until: Some(next.stream_grace.map(Moment::millis)),
            seated_at: match (was_on_mic, next.place) {
                (false, Place::OnMic) => Some(Some(now.millis())),
                (true, Place::OnMic) => None,
                _ => Some(None),
            },
            stream_sequence: Some(self.stream_sequence.as_deref().filter(|_| on_stage)),
            response_until: next
                .invitation
                .map(|invitation| invitation.until.after(RESPONSE_SLACK).millis()),
            changed_at: now.millis(),
        }
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = members)]
struct Columns<'a> {
    gender: i32,
    state: i32,
    version: i64,
    invited_until: Option<Option<i64>>,
    invited_by_us: bool,
    im_grace_until: Option<Option<i64>>,
    stream_grace_until: Option<Option<i64>>,
    seated_at: Option<Option<i64>>,
    stream_sequence: Option<Option<&'a str>>,
    response_until: Option<i64>,
    changed_at: i64,
}

/// Notes that a member was heard of, where nothing hangs on it.
pub(crate) fn note_heard(conn: &mut Conn, user: UserId, now: Moment) -> Result<(), StoreError> {
    diesel::update(members::table.find(user.get()))
        .set(members::heard_at.eq(now.millis()))
        .execute(conn)?;
    Ok(())
}

/// Notes the time of an event of IM. Whoever decided without it decides again.
pub(crate) fn note_im_event(conn: &mut Conn, user: UserId, at: i64) -> Result<(), StoreError> {
    diesel::update(
        members::table
            .find(user.get())
            .filter(members::im_event_at.lt(at)),
    )
    .set((
        members::im_event_at.eq(at),
        members::version.eq(members::version + 1),
    ))
    .execute(conn)?;
    Ok(())
}

/// The same for an event of his stream.
pub(crate) fn note_stream_event(conn: &mut Conn, user: UserId, at: i64) -> Result<(), StoreError> {
    diesel::update(
        members::table
            .find(user.get())
            .filter(members::stream_event_at.lt(at)),
    )
    .set((
        members::stream_event_at.eq(at),
        members::version.eq(members::version + 1),
    ))
    .execute(conn)?;
    Ok(())
}
