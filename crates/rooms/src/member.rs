//! The row of a user in a live room, and its conversion from and to [`MemberState`].

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use qlive_outbox::BroadcastRef;
use qlive_store::schema::{invitation_required, members, users};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{BroadcastId, Gender, LiveId, Moment, UserId};
use qlive_users::record_authentication_change;

use crate::error::RoomsError;
use crate::mic::{INVITATION_TTL, Invitation, MemberState, Place};
use crate::user_type::UserType;
use crate::visit::VisitNumber;

/// For how long after an invitation expired the client of the invited user may still answer it
/// through IM.
const RESPONSE_SLACK: Duration = Duration::from_secs(10);
/// How long an invited user's client may send a response, from the invitation on.
pub(crate) const RESPONSE_TIME: Duration = INVITATION_TTL.saturating_add(RESPONSE_SLACK);

/// A user in a live room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) broadcast: BroadcastRef,
    pub(crate) visit: VisitNumber,
    pub(crate) entered_at: Moment,
    /// When activity of the user was last recorded, which happens about once a minute.
    pub(crate) last_active_at: Moment,
    /// When the state was last written.
    pub(crate) changed_at: Moment,
    /// Until when the user's client may answer an invitation through IM.
    pub(crate) response_until: Moment,
    /// `EventTime` of the newest IM event that was applied, in milliseconds.
    pub(crate) im_event_at: i64,
    /// The `sequence` of the push whose start was applied last; empty when CSS reported none.
    pub(crate) stream_sequence: Option<String>,
    /// When that push started, in Unix seconds.
    pub(crate) stream_started_at: Option<i64>,
    /// The time of the newest stream event that was applied, in Unix seconds.
    pub(crate) stream_event_at: i64,
    /// How many pushes have started whose stop was not reported yet.
    pub(crate) stream_open_pushes: i64,
    pub(crate) state: MemberState,
    version: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = members)]
struct MemberRow {
    user_id: i64,
    broadcast_id: i64,
    room_id: i64,
    gender: i32,
    state: i32,
    visit: i64,
    version: i64,
    entered_at: i64,
    invited_until: Option<i64>,
    invited_by_us: bool,
    im_grace_until: Option<i64>,
    stream_grace_until: Option<i64>,
    last_active_at: i64,
    changed_at: i64,
    response_until: i64,
    im_event_at: i64,
    stream_sequence: Option<String>,
    stream_started_at: Option<i64>,
    stream_event_at: i64,
    stream_open_pushes: i64,
}

/// What a member's state depends on outside their own member row.
struct OtherRows {
    profile_complete: bool,
    needs_invitation: bool,
    seat_occupied: bool,
}

/// The member row of a user, in whatever room they are, with what else their state depends on, in
/// one statement.
pub(crate) fn find_member(conn: &mut Conn, user: UserId) -> Result<Option<Member>, StoreError> {
    let others = diesel::alias!(members as others);
    let (other_room, other_gender) = (
        others.field(members::room_id),
        others.field(members::gender),
    );
    let (other_state, other_user) = (others.field(members::state), others.field(members::user_id));
    // At most one row: a seat of either gender has one guest.
    let is_on_seat_of_member = other_room
        .eq(members::room_id)
        .and(other_gender.eq(members::gender))
        .and(other_state.eq_any(UserType::SEATED))
        .and(other_user.ne(members::user_id));
    let is_of_member = invitation_required::broadcast_id
        .eq(members::broadcast_id)
        .and(invitation_required::user_id.eq(members::user_id));
    let found = members::table
        .inner_join(users::table)
        .left_join(invitation_required::table.on(is_of_member))
        .left_join(others.on(is_on_seat_of_member))
        .filter(members::user_id.eq(user.get()))
        .select((
            MemberRow::as_select(),
            users::name_known,
            users::gender_known,
            invitation_required::user_id.nullable().is_not_null(),
            others.field(members::user_id).nullable().is_not_null(),
        ))
        .get_result::<(MemberRow, bool, bool, bool, bool)>(conn)
        .optional()?;
    let Some((row, name_known, gender_known, needs_invitation, seat_occupied)) = found else {
        return Ok(None);
    };
    let others = OtherRows {
        profile_complete: name_known && gender_known,
        needs_invitation,
        seat_occupied,
    };
    row.into_member(&others).map(Some)
}

impl MemberRow {
    fn gender(&self) -> Result<Gender, StoreError> {
        Gender::from_number(self.gender.into()).ok_or(StoreError::Corrupt("members.gender"))
    }

    fn into_member(self, others: &OtherRows) -> Result<Member, StoreError> {
        let place = UserType::from_number(self.state)
            .map(UserType::place)
            .filter(|place| *place != Place::Outside)
            .ok_or(StoreError::Corrupt("members.state"))?;
        let state = MemberState {
            place,
            gender: self.gender()?,
            profile_complete: others.profile_complete,
            invitation: self.invited_until.map(|until| Invitation {
                until: Moment::from_millis(until),
                by_server: self.invited_by_us,
            }),
            needs_invitation: others.needs_invitation,
            seat_occupied: others.seat_occupied,
            // During the grace period of a stream, the push of that sequence has stopped.
            pushing: self.stream_sequence.is_some() && self.stream_grace_until.is_none(),
            im_grace: self.im_grace_until.map(Moment::from_millis),
            stream_grace: self.stream_grace_until.map(Moment::from_millis),
        };
        Ok(Member {
            user: UserId::new(self.user_id).ok_or(StoreError::Corrupt("members.user_id"))?,
            broadcast: BroadcastRef {
                live: LiveId::new(self.room_id),
                broadcast: BroadcastId::new(self.broadcast_id),
            },
            visit: VisitNumber::new(self.visit),
            entered_at: Moment::from_millis(self.entered_at),
            last_active_at: Moment::from_millis(self.last_active_at),
            changed_at: Moment::from_millis(self.changed_at),
            response_until: Moment::from_millis(self.response_until),
            im_event_at: self.im_event_at,
            stream_sequence: self.stream_sequence,
            stream_started_at: self.stream_started_at,
            stream_event_at: self.stream_event_at,
            stream_open_pushes: self.stream_open_pushes,
            state,
            version: self.version,
        })
    }
}

/// The columns of a user that count when they enter a room.
#[derive(Queryable)]
struct EnteringUserRow {
    visits: i64,
    gender: i32,
    banned_at: Option<i64>,
    matchmaker: bool,
}

/// Inserts the row of a user who enters a room, and counts the visit.
///
/// If the user enters another room at the same time, or the broadcast ends, the insert breaks a
/// key and the whole transaction is run again.
///
/// # Errors
/// [`RoomsError::Banned`] and [`RoomsError::NotMatchmaker`] if an operator was faster.
pub(crate) fn insert_member(
    conn: &mut Conn,
    user: UserId,
    broadcast: BroadcastRef,
    state: &MemberState,
    now: Moment,
) -> Result<VisitNumber, RoomsError> {
    // A ban, a revoked role and a new gender update the same row of `users`. So either their
    // transaction sees the member row, or this one sees their change here.
    let entering: EnteringUserRow = diesel::update(users::table.find(user.get()))
        .set(users::visits.eq(users::visits + 1))
        .returning((
            users::visits,
            users::gender,
            users::banned_at,
            users::matchmaker,
        ))
        .get_result(conn)?;
    if entering.banned_at.is_some() {
        return Err(RoomsError::Banned);
    }
    if entering.gender != state.gender.number() {
        return Err(StoreError::Contended.into());
    }
    if state.place == Place::Hosting && !entering.matchmaker {
        return Err(RoomsError::NotMatchmaker);
    }
    let row = NewMemberRow {
        user_id: user.get(),
        broadcast_id: broadcast.broadcast.get(),
        room_id: broadcast.live.get(),
        gender: state.gender.number(),
        state: UserType::new(state.place, state.gender).number(),
        visit: entering.visits,
        version: 0,
        entered_at: now.millis(),
        invited_by_us: false,
        response_until: 0,
        changed_at: now.millis(),
        last_active_at: now.millis(),
        im_event_at: 0,
        stream_event_at: 0,
        stream_open_pushes: 0,
    };
    key_violation_as_contention(
        diesel::insert_into(members::table)
            .values(row)
            .execute(conn),
    )?;
    Ok(VisitNumber::new(entering.visits))
}

#[derive(Insertable)]
#[diesel(table_name = members)]
struct NewMemberRow {
    user_id: i64,
    broadcast_id: i64,
    room_id: i64,
    gender: i32,
    state: i32,
    visit: i64,
    version: i64,
    entered_at: i64,
    invited_by_us: bool,
    response_until: i64,
    changed_at: i64,
    last_active_at: i64,
    im_event_at: i64,
    stream_event_at: i64,
    stream_open_pushes: i64,
}

impl Member {
    /// Writes the next state, or deletes the row if the user left the room.
    ///
    /// # Errors
    /// [`StoreError::Contended`] if the row has changed since it was read.
    pub(crate) fn save(
        &self,
        conn: &mut Conn,
        next: &MemberState,
        now: Moment,
    ) -> Result<(), StoreError> {
        let row_as_read = members::table
            .filter(members::user_id.eq(self.user.get()))
            .filter(members::visit.eq(self.visit.get()))
            .filter(members::version.eq(self.version));
        let changed = if next.place == Place::Outside {
            diesel::delete(row_as_read).execute(conn)?
        } else {
            key_violation_as_contention(
                diesel::update(row_as_read)
                    .set(self.changes(next, now))
                    .execute(conn),
            )?
        };
        if changed != 1 {
            return Err(StoreError::Contended);
        }
        if next.needs_invitation && !self.state.needs_invitation {
            // After the member row, because this takes the broadcast's key, as a transaction that
            // ends the broadcast does after it deleted the members.
            self.require_invitation(conn)?;
        }
        if next.im_grace.is_some() && self.state.im_grace.is_none() {
            // The next call of the user ends the grace period.
            record_authentication_change(conn, self.user, now)?;
        }
        Ok(())
    }

    /// Records a stream event of the time `at`, and how many pushes are open after it. The version
    /// grows, so that a transaction that decided without this event is run again.
    ///
    /// # Errors
    /// [`StoreError::Contended`] if the row has changed since it was read.
    pub(crate) fn record_stream_event(
        &mut self,
        conn: &mut Conn,
        at: i64,
        open_pushes: i64,
    ) -> Result<(), StoreError> {
        let row_as_read = members::table
            .filter(members::user_id.eq(self.user.get()))
            .filter(members::visit.eq(self.visit.get()))
            .filter(members::version.eq(self.version));
        let changed = diesel::update(row_as_read)
            .set((
                members::stream_event_at.eq(self.stream_event_at.max(at)),
                members::stream_open_pushes.eq(open_pushes),
                members::version.eq(self.version + 1),
            ))
            .execute(conn)?;
        if changed != 1 {
            return Err(StoreError::Contended);
        }
        self.version += 1;
        Ok(())
    }

    fn require_invitation(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let row = (
            invitation_required::broadcast_id.eq(self.broadcast.broadcast.get()),
            invitation_required::user_id.eq(self.user.get()),
        );
        key_violation_as_contention(
            diesel::insert_into(invitation_required::table)
                .values(row)
                .execute(conn),
        )?;
        Ok(())
    }

    fn changes(&self, next: &MemberState, now: Moment) -> MemberChanges<'_> {
        let was_on_mic = self.state.place == Place::OnMic;
        let on_stage = matches!(next.place, Place::OnMic | Place::Hosting);
        MemberChanges {
            gender: next.gender.number(),
            state: UserType::new(next.place, next.gender).number(),
            version: self.version + 1,
            invited_until: Some(next.invitation.map(|invitation| invitation.until.millis())),
            invited_by_us: next.invitation.is_some_and(|open| open.by_server),
            im_grace_until: Some(next.im_grace.map(Moment::millis)),
            stream_grace_until: Some(next.stream_grace.map(Moment::millis)),
            seated_at: match (was_on_mic, next.place) {
                (false, Place::OnMic) => Some(Some(now.millis())),
                (true, Place::OnMic) => None,
                _ => Some(None),
            },
            stream_sequence: Some(self.stream_sequence.as_deref().filter(|_| on_stage)),
            stream_started_at: Some(self.stream_started_at.filter(|_| on_stage)),
            response_until: next
                .invitation
                .map(|invitation| invitation.until.after(RESPONSE_SLACK).millis()),
            changed_at: now.millis(),
        }
    }
}

/// The columns that [`Member::save`] writes. The outer `None` leaves a column as it is.
#[derive(AsChangeset)]
#[diesel(table_name = members)]
struct MemberChanges<'a> {
    gender: i32,
    state: i32,
    version: i64,
    invited_until: Option<Option<i64>>,
    invited_by_us: bool,
    im_grace_until: Option<Option<i64>>,
    stream_grace_until: Option<Option<i64>>,
    seated_at: Option<Option<i64>>,
    stream_sequence: Option<Option<&'a str>>,
    stream_started_at: Option<Option<i64>>,
    response_until: Option<i64>,
    changed_at: i64,
}

/// Records that a member was active now. No decision depends on it, so the version stays.
pub(crate) fn record_activity(
    conn: &mut Conn,
    user: UserId,
    now: Moment,
) -> Result<(), StoreError> {
    record_activities(conn, &BTreeMap::from([(user, now)]))
}

/// Records when members were active, each at a moment of its own, by one statement.
pub(crate) fn record_activities(
    conn: &mut Conn,
    activities: &BTreeMap<UserId, Moment>,
) -> Result<(), StoreError> {
    if activities.is_empty() {
        return Ok(());
    }
    let row = |(user, at): (&UserId, &Moment)| format!("({}, {})", user.get(), at.millis());
    let rows: Vec<_> = activities.iter().map(row).collect();
    sql_query(format!(
        "WITH active (id, at) AS (VALUES {}) \
         UPDATE members SET last_active_at = active.at FROM active WHERE user_id = active.id",
        rows.join(", ")
    ))
    .execute(conn)?;
    Ok(())
}

/// Records the time of the newest IM event. The version grows, so that a transaction that decided
/// without this event is run again.
pub(crate) fn record_im_event(conn: &mut Conn, user: UserId, at: i64) -> Result<(), StoreError> {
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
