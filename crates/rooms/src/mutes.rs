//! Mutes: a muted user's comments are not delivered, and their gifts are refused for longer.

use std::collections::HashMap;
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit_log::Operator;
use qlive_store::schema::mutes;
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{LiveId, Moment, UserId};
use qlive_users::UsersError;

use crate::bans::until;
use crate::error::RoomsError;
use crate::operators::Change;
use crate::room::find_room;
use crate::service::Rooms;

/// The longest mute.
pub const LONGEST_MUTE: Duration = Duration::from_secs(86_400);
/// In place of a host, for a mute that holds everywhere.
const EVERYWHERE: i64 = 0;

/// A mute of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mute {
    /// In whose rooms it holds; `None`: everywhere.
    pub host: Option<UserId>,
    pub muted_until: Moment,
    /// Until when the user's gifts are refused.
    pub gifts_until: Moment,
}

impl Mute {
    /// Whether gifts of the user are refused at this moment, which is longer than comments are. A
    /// mute that was made before the clock was set back holds for neither; see
    /// [`Moment::running`].
    fn refuses_gifts(&self, now: Moment) -> bool {
        let (_, last) = now.running(LONGEST_MUTE);
        now < self.gifts_until && self.muted_until.millis() <= last
    }
}

type MuteRow = (i64, i64, i64, i64);

const MUTE_COLUMNS: (
    mutes::user_id,
    mutes::host_id,
    mutes::muted_until,
    mutes::gifts_until,
) = (
    mutes::user_id,
    mutes::host_id,
    mutes::muted_until,
    mutes::gifts_until,
);

/// A mute, and whose it is.
fn read_mute(
    (user, host, muted_until, gifts_until): MuteRow,
) -> Result<(UserId, Mute), StoreError> {
    let user = UserId::new(user).ok_or(StoreError::Corrupt("mutes.user_id"))?;
    let mute = Mute {
        host: UserId::new(host),
        muted_until: Moment::from_millis(muted_until),
        gifts_until: Moment::from_millis(gifts_until),
    };
    Ok((user, mute))
}

impl Rooms {
    /// Mutes a user in all rooms of the host of this room, or lifts that with a length of zero.
    ///
    /// # Errors
    /// [`RoomsError::UnknownRoom`], [`RoomsError::NotHost`], [`RoomsError::Hosting`] for the host
    /// themself, [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn mute(
        &self,
        host: UserId,
        live: LiveId,
        user: UserId,
        length: Duration,
    ) -> Result<(), RoomsError> {
        let context = self.context();
        let gifts_length = self.gifts_length(length);
        self.db
            .write(move |conn| {
                let room = find_room(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
                if room.host != host {
                    return Err(RoomsError::NotHost);
                }
                if user == host {
                    return Err(RoomsError::Hosting);
                }
                let lengths = (length, gifts_length);
                set_mute(conn, context.now, user, host.get(), lengths)
            })
            .await
    }

    /// Mutes a user everywhere, or lifts that with a length of zero. Comments and gifts that a mute
    /// refuses for longer already stay refused for so long.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`], or a failure of the store.
    pub async fn mute_everywhere(
        &self,
        by: Operator,
        user: UserId,
        length: Duration,
    ) -> Result<(), RoomsError> {
        let lengths = (length, self.gifts_length(length));
        let action = if length.is_zero() {
            "users unmute"
        } else {
            "users mute"
        };
        let subject = user.to_string();
        self.operate_and_say(by, action, subject, move |conn, context| {
            let now = context.now;
            let held = held_mute(conn, now, user, EVERYWHERE)?;
            let before = held.map(|mute| mute.muted_until);
            let (mut comments, mut gifts) = lengths;
            if let Some(mute) = held.filter(|_| !length.is_zero()) {
                comments = comments.max(mute.muted_until.since(now));
                gifts = gifts.max(mute.gifts_until.since(now));
            }
            set_mute(conn, now, user, EVERYWHERE, (comments, gifts))?;
            let after = (!length.is_zero()).then(|| now.after(comments));
            let [before, after] = [before, after].map(|end| end.map_or_else(String::new, until));
            Ok(Change { before, after })
        })
        .await
    }

    /// The mutes of a user that hold now.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn mutes_of(&self, user: UserId) -> Result<Vec<Mute>, RoomsError> {
        let now = self.clock.now();
        self.db
            .read(move |conn| {
                let rows: Vec<MuteRow> = mutes::table
                    .filter(mutes::user_id.eq(user.get()))
                    .select(MUTE_COLUMNS)
                    .load(conn)?;
                let read: Result<Vec<_>, StoreError> = rows.into_iter().map(read_mute).collect();
                let held = read?.into_iter().map(|(_, mute)| mute);
                Ok(held.filter(|mute| mute.refuses_gifts(now)).collect())
            })
            .await
    }

    /// How many times as long as their comments the gifts of a muted user are refused.
    #[must_use]
    pub fn mute_gift_factor(&self) -> u32 {
        self.settings.mute_gift_factor.max(1)
    }

    fn gifts_length(&self, length: Duration) -> Duration {
        length.saturating_mul(self.mute_gift_factor())
    }
}

fn set_mute(
    conn: &mut Conn,
    now: Moment,
    user: UserId,
    host: i64,
    (length, gifts_length): (Duration, Duration),
) -> Result<(), RoomsError> {
    qlive_users::find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
    let row = mutes::table.find((user.get(), host));
    diesel::delete(row).execute(conn)?;
    delete_ended_mutes(conn, now)?;
    if length.is_zero() {
        return Ok(());
    }
    let values = (
        mutes::user_id.eq(user.get()),
        mutes::host_id.eq(host),
        mutes::muted_until.eq(now.after(length.min(LONGEST_MUTE)).millis()),
        mutes::gifts_until.eq(now.after(gifts_length).millis()),
    );
    let insert = diesel::insert_into(mutes::table).values(values);
    key_violation_as_contention(insert.execute(conn))?;
    Ok(())
}

/// A mute of which at least the part for gifts holds now.
fn held_mute(
    conn: &mut Conn,
    now: Moment,
    user: UserId,
    host: i64,
) -> Result<Option<Mute>, StoreError> {
    let row: Option<MuteRow> = mutes::table
        .find((user.get(), host))
        .select(MUTE_COLUMNS)
        .first(conn)
        .optional()?;
    let mute = row.map(read_mute).transpose()?.map(|(_, mute)| mute);
    Ok(mute.filter(|mute| mute.refuses_gifts(now)))
}

/// Whether a user's comments are refused in the rooms of a host; without one, to anybody.
pub(crate) fn is_muted(
    conn: &mut Conn,
    now: Moment,
    user: UserId,
    host: Option<UserId>,
) -> Result<bool, StoreError> {
    let (first, last) = now.running(LONGEST_MUTE);
    let hosts = [EVERYWHERE, host.map_or(EVERYWHERE, UserId::get)];
    let held: i64 = mutes::table
        .filter(mutes::user_id.eq(user.get()))
        .filter(mutes::host_id.eq_any(hosts))
        .filter(mutes::muted_until.between(first, last))
        .count()
        .get_result(conn)?;
    Ok(held > 0)
}

/// The mutes of some users, which refuse their gifts.
#[derive(Debug, Default)]
pub struct MutedGivers(HashMap<(UserId, Option<UserId>), Mute>);

impl MutedGivers {
    /// Loads the mutes of these users.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn load(
        conn: &mut Conn,
        users: impl IntoIterator<Item = UserId>,
    ) -> Result<Self, StoreError> {
        let ids: Vec<i64> = users.into_iter().map(UserId::get).collect();
        let found = mutes::table
            .filter(mutes::user_id.eq_any(ids))
            .select(MUTE_COLUMNS);
        // One array on PostgreSQL, whatever the number of users.
        let rows: Vec<MuteRow> = match conn {
            Conn::Pg(conn) => found.load(conn)?,
            Conn::Sqlite(conn) => found.load(conn)?,
        };
        let entry = |row| {
            let (user, mute) = read_mute(row)?;
            Ok(((user, mute.host), mute))
        };
        let held: Result<_, StoreError> = rows.into_iter().map(entry).collect();
        Ok(Self(held?))
    }

    /// Whether the gifts of a user are refused now in the rooms of a host, or, without one, to
    /// anybody.
    #[must_use]
    pub fn refuse(&self, user: UserId, host: Option<UserId>, now: Moment) -> bool {
        let mut held = [None, host]
            .into_iter()
            .filter_map(|host| self.0.get(&(user, host)));
        held.any(|mute| mute.refuses_gifts(now))
    }
}

/// Deletes mutes that have ended.
fn delete_ended_mutes(conn: &mut Conn, now: Moment) -> Result<(), StoreError> {
    diesel::delete(mutes::table.filter(mutes::gifts_until.lt(now.millis()))).execute(conn)?;
    Ok(())
}
