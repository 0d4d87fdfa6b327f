//! What touches an account and a room at once: profile, ban, role; and an operator's end of a room.

use diesel::prelude::*;
use qlive_outbox::{Effect as Told, post};
use qlive_store::audit::{self, Operator};
use qlive_store::schema::rooms;
use qlive_store::{Conn, StoreError, or_contended};
use qlive_types::{Gender, LiveId, UserId, random};
use qlive_users::{ProfileChange, UsersError};

use crate::act::act;
use crate::error::RoomsError;
use crate::member;
use crate::mic::{Event, Standing};
use crate::settings::{House, Rooms};
use crate::{broadcast, room};

impl Rooms {
    /// Changes a profile, all or nothing. A gender changes only while no seat hangs on it.
    pub async fn update_profile(
        &self,
        user: UserId,
        change: ProfileChange,
    ) -> Result<(), RoomsError> {
        if let Some(name) = change.nickname() {
            self.users.check_name(user, name).await?;
        }
        let house = self.house();
        self.db
            .write(move |conn| {
                // First, since it locks the row that an entry into a room changes too.
                qlive_users::apply(conn, user, &change)?;
                if let Some(gender) = change.gender() {
                    change_gender(conn, &house, user, gender)?;
                }
                post(conn, house.now, &Told::Portrait { user })?;
                if let Some(room) = room::of_host(conn, user)? {
                    post(conn, house.now, &Told::GroupProfile { live: room.live })?;
                }
                Ok::<_, RoomsError>(())
            })
            .await?;
        self.office.wake();
        Ok(())
    }

    /// Bans a user: at once out of his room, off IM, his stream refused.
    pub async fn ban(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        self.operate(by, "users ban", user.to_string(), move |conn, house| {
            if !qlive_users::set_ban(conn, user, Some(house.now))? {
                return Err(UsersError::UnknownUser.into());
            }
            match member::load(conn, user)? {
                Some(member) => drop(act(conn, house, &member, Event::Banned)?),
                // A push URL outlives the stay in a room.
                None => post(conn, house.now, &Told::ForbidStream { user })?,
            }
            Ok(post(conn, house.now, &Told::KickLogin { user })?)
        })
        .await
    }

    /// Lifts a ban.
    pub async fn unban(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        self.operate(by, "users unban", user.to_string(), move |conn, house| {
            if !qlive_users::set_ban(conn, user, None)? {
                return Err(UsersError::UnknownUser.into());
            }
            Ok(post(conn, house.now, &Told::ResumeStream { user })?)
        })
        .await
    }

    /// Makes a user a matchmaker; his room and its group are asked for.
    pub async fn grant_matchmaker(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        self.operate(
            by,
            "users grant-matchmaker",
            user.to_string(),
            move |conn, house| {
                if !qlive_users::set_matchmaker(conn, user, true)? {
                    return Err(UsersError::UnknownUser.into());
                }
                let live = match room::of_host(conn, user)? {
                    Some(room) => room.live,
                    None => make_room(conn, house, user)?,
                };
                Ok(post(conn, house.now, &Told::MakeGroup { live })?)
            },
        )
        .await
    }

    /// Takes the role back; a live broadcast of his ends.
    pub async fn revoke_matchmaker(&self, by: Operator, user: UserId) -> Result<(), RoomsError> {
        self.operate(
            by,
            "users revoke-matchmaker",
            user.to_string(),
            move |conn, house| {
                if !qlive_users::set_matchmaker(conn, user, false)? {
                    return Err(UsersError::UnknownUser.into());
                }
                match room::of_host(conn, user)?.and_then(|room| room.about()) {
                    Some(about) => broadcast::end(conn, house, about, "revoked"),
                    None => Ok(()),
                }
            },
        )
        .await
    }

    /// Ends a live room.
    pub async fn end_by_operator(&self, by: Operator, live: LiveId) -> Result<(), RoomsError> {
        self.operate(by, "rooms end", live.to_string(), move |conn, house| {
            let room = room::find(conn, live)?.ok_or(RoomsError::UnknownRoom)?;
            broadcast::end(
                conn,
                house,
                room.about().ok_or(RoomsError::NotLive)?,
                "operator",
            )
        })
        .await
    }

    async fn operate(
        &self,
        by: Operator,
        action: &'static str,
        subject: String,
        work: impl Fn(&mut Conn, &House) -> Result<(), RoomsError> + Send + 'static,
    ) -> Result<(), RoomsError> {
        let house = self.house();
        self.db
            .write(move |conn| {
                work(conn, &house)?;
                Ok::<_, RoomsError>(audit::record(conn, house.now, &by, action, &subject)?)
            })
            .await?;
        self.office.wake();
        Ok(())
    }
}

fn change_gender(
    conn: &mut Conn,
    house: &House,
    user: UserId,
    gender: Gender,
) -> Result<(), RoomsError> {
    let Some(member) = member::load(conn, user)?.filter(|member| member.standing.gender != gender)
    else {
        return Ok(());
    };
    if !member.standing.may_change_gender(house.now) {
        return Err(RoomsError::GenderLocked);
    }
    let next = Standing {
        gender,
        ..member.standing
    };
    member.save(conn, &next, house.now)?;
    Ok(post(
        conn,
        house.now,
        &Told::Num {
            about: member.about,
        },
    )?)
}

fn make_room(conn: &mut Conn, house: &House, host: UserId) -> Result<LiveId, StoreError> {
    let row = (
        rooms::host_id.eq(host.get()),
        rooms::group_id.eq(format!("qlive{}", random::hex(8))),
        rooms::cover.eq(""),
        rooms::group_ready.eq(false),
        rooms::created_at.eq(house.now.millis()),
    );
    let id: i64 = or_contended(
        diesel::insert_into(rooms::table)
            .values(row)
            .returning(rooms::id)
            .get_result(conn),
    )?;
    Ok(LiveId::new(id))
}
