//! The keeper: what time does to rooms. Invitations lapse, graces end, silent
//! members are asked about, seats without a stream are freed. Every instance
//! may run one: each change is guarded by the row it was decided on.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::members;
use qlive_store::{Conn, StoreError};
use qlive_tencent::im::Im;
use qlive_types::{Moment, UserId};
use tokio_util::sync::CancellationToken;

use crate::act::act;
use crate::error::RoomsError;
use crate::member;
use crate::mic::Event;
use crate::settings::Rooms;

/// How often the keeper looks.
const TICK: Duration = Duration::from_secs(1);
/// After how long a silent member is asked about. IM does not repeat a lost callback.
const SILENCE: Duration = Duration::from_secs(180);
/// How long it rests from asking after IM gave no answer.
const IM_REST: Duration = Duration::from_secs(5);
/// The most members taken up in one look at one matter.
const BATCH: i64 = 500;

/// The background worker of an instance.
pub struct Keeper {
    rooms: Rooms,
    /// Not to ask IM before this.
    im_rests_until: Moment,
}

impl Keeper {
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self {
            rooms,
            im_rests_until: Moment::from_millis(0),
        }
    }

    /// Works until it is told to stop, and ends the look it is at.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(fault) = self.look().await {
                tracing::warn!(%fault, "the keeper failed and looks again");
            }
            stop.run_until_cancelled(tokio::time::sleep(TICK)).await;
        }
    }

    /// One look at everything that time may have done.
    pub async fn look(&mut self) -> Result<(), RoomsError> {
        for (user, event) in self.rooms.db.read(self.due()).await? {
            self.rooms.due(user, event).await;
        }
        if self.rooms.clock.now() >= self.im_rests_until && !self.ask().await? {
            self.im_rests_until = self.rooms.clock.now().after(IM_REST);
        }
        Ok(())
    }

    /// What is due without asking anybody.
    fn due(
        &self,
    ) -> impl FnOnce(&mut Conn) -> Result<Vec<(UserId, Event)>, StoreError> + Send + 'static {
        let now = self.rooms.clock.now();
        let seated_before = self
            .rooms
            .settings
            .stream_start
            .map(|limit| now.before(limit).millis());
        move |conn| {
            let now = now.millis();
            let mut due = Vec::new();
            let lapsed = members::table
                .filter(members::invited_until.le(now))
                .order(members::invited_until)
                .select(members::user_id);
            due.extend(users(
                lapsed.limit(BATCH).load(conn)?,
                Event::InvitationDue,
            )?);
            let stopped = members::table
                .filter(members::stream_grace_until.le(now))
                .order(members::stream_grace_until)
                .select(members::user_id);
            due.extend(users(
                stopped.limit(BATCH).load(conn)?,
                Event::GraceDue { connected: false },
            )?);
            if let Some(limit) = seated_before {
                let mute = members::table
                    .filter(
                        members::seated_at
                            .le(limit)
                            .and(members::stream_sequence.is_null()),
                    )
                    .select(members::user_id);
                due.extend(users(mute.limit(BATCH).load(conn)?, Event::StreamMissing)?);
            }
            Ok(due)
        }
    }

    /// Asks IM about those whose grace ended and those silent for long. False when IM gave no answer.
    async fn ask(&self) -> Result<bool, RoomsError> {
        let now = self.rooms.clock.now();
        let (lost, silent) = self
            .rooms
            .db
            .read(move |conn| {
                let lost = members::table
                    .filter(members::im_grace_until.le(now.millis()))
                    .order(members::im_grace_until)
                    .limit(BATCH)
                    .select(members::user_id)
                    .load(conn)?;
                let silent = members::table
                    .filter(members::heard_at.le(now.before(SILENCE).millis()))
                    .filter(members::im_grace_until.is_null())
                    .order(members::heard_at)
                    .limit(BATCH)
                    .select(members::user_id)
                    .load(conn)?;
                Ok::<_, StoreError>((ids(lost)?, ids(silent)?))
            })
            .await?;
        let asked: Vec<UserId> = lost.iter().chain(&silent).copied().collect();
        let Some(connected) = self.connected(&asked, now).await else {
            return Ok(false);
        };
        for user in lost {
            self.rooms
                .due(
                    user,
                    Event::GraceDue {
                        connected: connected.contains(&user),
                    },
                )
                .await;
        }
        for user in silent {
            let event = if connected.contains(&user) {
                Event::Heard
            } else {
                Event::ImLost
            };
            self.rooms.due(user, event).await;
        }
        Ok(true)
    }

    /// Who of these is connected; `None` when IM gave no answer, which decides nothing.
    async fn connected(&self, users: &[UserId], now: Moment) -> Option<Vec<UserId>> {
        let names: Vec<String> = users.iter().map(UserId::to_string).collect();
        let mut connected = Vec::new();
        for batch in names.chunks(Im::QUERY_LIMIT) {
            match self.rooms.im.connected(batch, now.secs()).await {
                Ok(accounts) => {
                    connected.extend(accounts.iter().filter_map(|account| UserId::parse(account)))
                }
                Err(error) => {
                    tracing::warn!(%error, "IM does not say who is connected");
                    return None;
                }
            }
        }
        Some(connected)
    }
}

impl Rooms {
    /// Lets a matter of time happen to somebody, wherever he is by now. One
    /// whom it cannot happen to must not keep it from the others.
    async fn due(&self, user: UserId, event: Event) {
        let house = self.house();
        let done = self
            .db
            .write(move |conn| {
                let Some(member) = member::load(conn, user)? else {
                    return Ok(());
                };
                act(conn, &house, &member, event)?;
                if matches!(
                    event,
                    Event::Heard | Event::ImLost | Event::GraceDue { connected: true }
                ) {
                    member::note_heard(conn, user, house.now)?;
                }
                Ok::<_, RoomsError>(())
            })
            .await;
        if let Err(fault) = done {
            tracing::warn!(%fault, ?user, ?event, "a matter of time waits for the next look");
        }
        self.office.wake();
    }
}

fn users(ids: Vec<i64>, event: Event) -> Result<Vec<(UserId, Event)>, StoreError> {
    Ok(self::ids(ids)?
        .into_iter()
        .map(|user| (user, event))
        .collect())
}

fn ids(ids: Vec<i64>) -> Result<Vec<UserId>, StoreError> {
    ids.into_iter()
        .map(|id| UserId::new(id).ok_or(StoreError::Corrupt("members.user_id")))
        .collect()
}
