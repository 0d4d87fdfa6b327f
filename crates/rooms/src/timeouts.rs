//! The worker that applies what the passing of time does to rooms: invitations expire, grace
//! periods end, IM is asked about silent members, and mic seats without a stream are freed.
//!
//! Every instance may run it: each change is guarded by the row that it was decided on.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::members;
use qlive_store::worker::{BackgroundWorker, RoundOutcome, run_worker};
use qlive_store::{Conn, StoreError, outside};
use qlive_tencent::im::ImClient;
use qlive_types::{Moment, Tick, UserId};
use tokio_util::sync::CancellationToken;

use crate::error::RoomsError;
use crate::member::{find_member, record_activity};
use crate::mic::{INVITATION_TTL, MicEvent};
use crate::service::Rooms;
use crate::transition::apply_event;

/// The pause between two checks.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// After how long without activity IM is asked about a member. IM sends a disconnect callback once
/// only, so a lost one is found this way.
const MAX_SILENCE: Duration = Duration::from_secs(180);
/// How long IM is not asked after it failed to answer.
const IM_RETRY_PAUSE: Duration = Duration::from_secs(5);
/// The most members of one kind handled in one check.
const BATCH: i64 = 500;

/// The background worker for timeouts.
pub struct TimeoutWorker {
    rooms: Rooms,
    /// IM is not asked before this time.
    im_paused_until: Tick,
}

impl BackgroundWorker for TimeoutWorker {
    const NAME: &'static str = "room timeouts";
    const INTERVAL: Duration = CHECK_INTERVAL;
    type Error = RoomsError;

    async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, RoomsError> {
        self.check_once().await?;
        Ok(RoundOutcome::Done)
    }
}

impl TimeoutWorker {
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self {
            im_paused_until: rooms.clock.tick(),
            rooms,
        }
    }

    /// Checks once a second until `stop` is cancelled. A check that has begun is finished.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
    }

    /// Applies every timeout that is due now. A member whose timeout cannot be applied is logged
    /// and skipped; IM's failure to answer is not an error.
    ///
    /// # Errors
    /// A failure of the store to list what is due.
    pub async fn check_once(&mut self) -> Result<(), RoomsError> {
        self.rooms.lift_ended_bans().await?;
        for (user, event) in self.rooms.db.read(self.due_events()).await? {
            self.rooms.apply_timeout(user, event).await;
        }
        let now = self.rooms.clock.tick();
        if now >= self.im_paused_until && !self.check_connections().await? {
            self.im_paused_until = self.rooms.clock.tick().after(IM_RETRY_PAUSE);
        }
        Ok(())
    }

    /// The query for the events that are due without asking IM.
    fn due_events(
        &self,
    ) -> impl FnOnce(&mut Conn) -> Result<Vec<(UserId, MicEvent)>, StoreError> + Send + 'static
    {
        let now = self.rooms.clock.now();
        let stream_start = self.rooms.settings.stream_start;
        let just_seated = stream_start.map(|limit| now.recent(limit));
        let grace = now.running(self.rooms.settings.rules.longest_grace());
        move |conn| {
            let invitation = now.running(INVITATION_TTL);
            let expired_invitations = members::table
                .filter(outside!(members::invited_until, invitation))
                .order(members::invited_until)
                .select(members::user_id)
                .limit(BATCH)
                .load(conn)?;
            let mut due = with_event(expired_invitations, MicEvent::InvitationDue)?;
            let ended_stream_graces = members::table
                .filter(outside!(members::stream_grace_until, grace))
                .order(members::stream_grace_until)
                .select(members::user_id)
                .limit(BATCH)
                .load(conn)?;
            let grace_due = MicEvent::GraceDue { connected: false };
            due.extend(with_event(ended_stream_graces, grace_due)?);
            if let Some(just_seated) = just_seated {
                let without_stream = members::table
                    .filter(outside!(members::seated_at, just_seated))
                    .filter(members::stream_sequence.is_null())
                    .select(members::user_id)
                    .limit(BATCH)
                    .load(conn)?;
                due.extend(with_event(without_stream, MicEvent::StreamMissing)?);
            }
            Ok(due)
        }
    }

    /// Asks IM about members whose IM grace period has ended and about silent members, and applies
    /// the result. Returns false, having changed nothing, if IM did not answer.
    async fn check_connections(&self) -> Result<bool, RoomsError> {
        let now = self.rooms.clock.now();
        let grace = self.rooms.settings.rules.longest_grace();
        let (disconnected, silent) = self
            .rooms
            .db
            .read(move |conn| members_to_ask_about(conn, now, grace))
            .await?;
        let users: Vec<UserId> = disconnected.iter().chain(&silent).copied().collect();
        let Some(connected) = self.fetch_connected(&users, now).await else {
            return Ok(false);
        };
        for user in disconnected {
            let connected = connected.contains(&user);
            self.rooms
                .apply_timeout(user, MicEvent::GraceDue { connected })
                .await;
        }
        for user in silent {
            let event = if connected.contains(&user) {
                MicEvent::Active
            } else {
                MicEvent::ImDisconnected
            };
            self.rooms.apply_timeout(user, event).await;
        }
        Ok(true)
    }

    /// Asks IM which of these users are connected. `None` if IM did not answer.
    async fn fetch_connected(&self, users: &[UserId], now: Moment) -> Option<Vec<UserId>> {
        let names: Vec<String> = users.iter().map(UserId::to_string).collect();
        let mut connected = Vec::new();
        for batch in names.chunks(ImClient::MAX_QUERIED_ACCOUNTS) {
            match self
                .rooms
                .im
                .query_connected_accounts(batch, now.secs())
                .await
            {
                Ok(accounts) => {
                    connected.extend(accounts.iter().filter_map(|account| UserId::parse(account)));
                }
                Err(error) => {
                    tracing::warn!(%error, "IM did not answer which users are connected");
                    return None;
                }
            }
        }
        Some(connected)
    }
}

impl Rooms {
    /// Applies a timeout to a user in whatever room they are now. A failure is logged, so that it
    /// does not keep the timeouts of the others from being applied.
    async fn apply_timeout(&self, user: UserId, event: MicEvent) {
        let now = self.clock.now();
        let result = self
            .change(move |conn, context| {
                let Some(member) = find_member(conn, user)? else {
                    return Ok(());
                };
                apply_event(conn, context, &member, event)?;
                let im_answered = matches!(
                    event,
                    MicEvent::Active
                        | MicEvent::ImDisconnected
                        | MicEvent::GraceDue { connected: true }
                );
                if im_answered {
                    // So that IM is not asked about the user again at the next check.
                    record_activity(conn, user, context.now)?;
                }
                Ok::<_, RoomsError>(())
            })
            .await;
        if let Err(error) = result {
            tracing::warn!(%error, ?user, ?event, "a timeout was not applied; the next check will");
        }
        if event == MicEvent::ImDisconnected {
            self.forget_caller(user, now).await;
        }
    }
}

/// The members whose IM grace period has ended, and the silent ones.
fn members_to_ask_about(
    conn: &mut Conn,
    now: Moment,
    longest_grace: Duration,
) -> Result<(Vec<UserId>, Vec<UserId>), StoreError> {
    let (grace, active) = (now.running(longest_grace), now.recent(MAX_SILENCE));
    let disconnected = members::table
        .filter(outside!(members::im_grace_until, grace))
        .order(members::im_grace_until)
        .limit(BATCH)
        .select(members::user_id)
        .load(conn)?;
    // Two queries, each of which reads its end of the index. One query for both ends reads all that
    // lies between them.
    let connected = members::table
        .filter(members::im_grace_until.is_null())
        .order(members::last_active_at)
        .limit(BATCH)
        .select(members::user_id);
    let mut silent: Vec<i64> = connected
        .filter(members::last_active_at.lt(active.0))
        .load(conn)?;
    let ahead = connected.filter(members::last_active_at.gt(active.1));
    silent.extend(ahead.load::<i64>(conn)?);
    silent.truncate(usize::try_from(BATCH).unwrap_or(usize::MAX));
    Ok((user_ids(disconnected)?, user_ids(silent)?))
}

fn with_event(ids: Vec<i64>, event: MicEvent) -> Result<Vec<(UserId, MicEvent)>, StoreError> {
    let users = user_ids(ids)?;
    Ok(users.into_iter().map(|user| (user, event)).collect())
}

fn user_ids(ids: Vec<i64>) -> Result<Vec<UserId>, StoreError> {
    ids.into_iter()
        .map(|id| UserId::new(id).ok_or(StoreError::Corrupt("members.user_id")))
        .collect()
}
