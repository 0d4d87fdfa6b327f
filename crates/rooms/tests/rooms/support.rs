//! A matchmaker with a room, against the sandbox, and readers of what stands in the database.

use std::sync::atomic::{AtomicI64, Ordering};

use diesel::prelude::*;
use qlive_outbox::{Delivery, DirectMessage, GroupMessage};
use qlive_rooms::{AcceptOutcome, MatchmakerEnterOutcome, Rooms, RoomsError, VisitNumber};
use qlive_store::schema::{
    broadcast_log, broadcasts, invitation_required, members, outbox, rooms, users,
};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError};
use qlive_tencent::im::ImCallback;
use qlive_testing::TestServices;
use qlive_types::{Gender, LiveId, UserId};
use qlive_users::Registration;
use serde_json::{Value, json};

/// The row of a user in a room.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = members)]
pub(crate) struct MemberRow {
    pub(crate) room_id: i64,
    pub(crate) broadcast_id: i64,
    pub(crate) gender: i32,
    pub(crate) state: i32,
    pub(crate) visit: i64,
    pub(crate) entered_at: i64,
    pub(crate) seated_at: Option<i64>,
    pub(crate) invited_until: Option<i64>,
    pub(crate) invited_by_us: bool,
    pub(crate) im_grace_until: Option<i64>,
    pub(crate) stream_grace_until: Option<i64>,
    pub(crate) last_active_at: i64,
    pub(crate) stream_sequence: Option<String>,
}

/// The services, and a matchmaker whose room is ready for broadcasts.
pub(crate) struct TestRoom {
    pub(crate) services: TestServices,
    pub(crate) host: UserId,
    pub(crate) live: LiveId,
    /// The id of the last outbox row that [`TestRoom::new_deliveries`] returned.
    last_row: AtomicI64,
}

impl TestRoom {
    /// The matchmaker has not started a broadcast yet.
    pub(crate) async fn idle(db: TestDb) -> Self {
        Self::idle_on(TestServices::start(db).await).await
    }

    async fn idle_on(services: TestServices) -> Self {
        let host = services.matchmaker("host").await;
        let live = make_room_ready(&services, host).await;
        let room = Self {
            services,
            host,
            live,
            last_row: AtomicI64::new(0),
        };
        room.new_deliveries().await;
        room
    }

    /// The room is live.
    pub(crate) async fn live(db: TestDb) -> Self {
        let room = Self::idle(db).await;
        room.start_broadcast().await;
        room
    }

    /// The room is live, with these settings in `[rooms]` and `[im]`.
    pub(crate) async fn live_with(
        db: TestDb,
        admission: &str,
        signal_sender: &str,
        stream_start_secs: u64,
    ) -> Self {
        let (admission, signal_sender) = (json!(admission), json!(signal_sender));
        let services = TestServices::start_with(db, |settings| {
            settings.rooms.admission = serde_json::from_value(admission).unwrap();
            settings.rooms.stream_start_secs = stream_start_secs;
            settings.im.speaks = serde_json::from_value(signal_sender).unwrap();
        })
        .await;
        let room = Self::idle_on(services).await;
        room.start_broadcast().await;
        room
    }

    pub(crate) fn rooms(&self) -> &Rooms {
        &self.services.services.rooms
    }

    pub(crate) async fn start_broadcast(&self) -> VisitNumber {
        enter_as_host(self.rooms(), self.host).await
    }

    /// A user who is in no room.
    pub(crate) async fn outsider(&self, name: &str, gender: Gender) -> UserId {
        self.services.user(name, gender).await
    }

    /// A user whose nickname and gender are unknown.
    pub(crate) async fn user_without_profile(&self, name: &str) -> UserId {
        let registration = Registration {
            app_id: self.app_id(),
            code: name.into(),
            sealed: None,
            token: None,
        };
        let users = &self.services.services.users;
        users.register(registration).await.unwrap().user
    }

    pub(crate) async fn viewer(&self, name: &str, gender: Gender) -> UserId {
        let user = self.outsider(name, gender).await;
        self.rooms().enter(user, self.live).await.unwrap();
        user
    }

    pub(crate) async fn applicant(&self, name: &str, gender: Gender) -> UserId {
        let user = self.viewer(name, gender).await;
        self.rooms().apply(user, self.live, None).await.unwrap();
        user
    }

    pub(crate) async fn guest_on_mic(&self, name: &str, gender: Gender) -> UserId {
        let user = self.applicant(name, gender).await;
        self.take_mic(user).await;
        user
    }

    pub(crate) async fn take_mic(&self, user: UserId) {
        let outcome = self.rooms().accept(user, self.live, None).await.unwrap();
        assert!(matches!(outcome, AcceptOutcome::Won { .. }));
    }

    pub(crate) fn app_id(&self) -> String {
        let apps = &self.services.settings.wechat.apps;
        apps.keys().next().unwrap().clone()
    }

    pub(crate) fn now(&self) -> i64 {
        self.services.clock.now().millis()
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.services.services.db.read(query).await.unwrap()
    }

    pub(crate) async fn member(&self, user: UserId) -> Option<MemberRow> {
        self.read(move |conn| {
            Ok(members::table
                .find(user.get())
                .select(MemberRow::as_select())
                .get_result(conn)
                .optional()?)
        })
        .await
    }

    /// The user's number in `members.state`, 0 if they are in no room.
    pub(crate) async fn user_type(&self, user: UserId) -> i32 {
        self.member(user).await.map_or(0, |member| member.state)
    }

    pub(crate) async fn needs_invitation(&self, user: UserId) -> bool {
        self.read(move |conn| {
            let rows = invitation_required::table
                .filter(invitation_required::user_id.eq(user.get()))
                .count()
                .get_result::<i64>(conn)?;
            Ok(rows == 1)
        })
        .await
    }

    /// How many broadcasts and members there are.
    pub(crate) async fn live_rows(&self) -> (i64, i64) {
        self.read(|conn| {
            let broadcasts = broadcasts::table.count().get_result(conn)?;
            Ok((broadcasts, members::table.count().get_result(conn)?))
        })
        .await
    }

    /// The reasons of the broadcasts that ended in this room.
    pub(crate) async fn end_reasons(&self) -> Vec<String> {
        let live = self.live;
        self.read(move |conn| {
            Ok(broadcast_log::table
                .filter(broadcast_log::room_id.eq(live.get()))
                .order(broadcast_log::broadcast_id)
                .select(broadcast_log::reason)
                .load(conn)?)
        })
        .await
    }

    pub(crate) async fn group_name(&self) -> String {
        let live = self.live;
        self.read(move |conn| {
            Ok(rooms::table
                .find(live.get())
                .select(rooms::group_id)
                .get_result(conn)?)
        })
        .await
    }

    pub(crate) async fn visits(&self, user: UserId) -> i64 {
        self.read(move |conn| {
            Ok(users::table
                .find(user.get())
                .select(users::visits)
                .get_result(conn)?)
        })
        .await
    }

    /// What was written to the outbox since the last call, oldest first.
    pub(crate) async fn new_deliveries(&self) -> Vec<String> {
        let after = self.last_row.load(Ordering::SeqCst);
        let rows: Vec<(i64, String)> = self
            .read(move |conn| {
                Ok(outbox::table
                    .filter(outbox::id.gt(after))
                    .order(outbox::id)
                    .select((outbox::id, outbox::delivery))
                    .load(conn)?)
            })
            .await;
        if let Some((last, _)) = rows.last() {
            self.last_row.store(*last, Ordering::SeqCst);
        }
        rows.iter()
            .map(|(_, delivery)| describe(&serde_json::from_str(delivery).unwrap()))
            .collect()
    }

    /// Checks what was written to the outbox since the last call.
    #[track_caller]
    pub(crate) fn assert_deliveries<'a>(
        &'a self,
        expected: &'a [String],
    ) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            assert_eq!(self.new_deliveries().await, expected, "at {caller}");
        }
    }

    /// IM loses the user's connection, or has it back. IM sends no callback.
    pub(crate) async fn set_connected(&self, user: UserId, connected: bool) {
        let path = format!("/sandbox/clients/{user}");
        let im = if connected { "back" } else { "lost" };
        let body = json!({"im": im, "told": false});
        assert!(self.services.sandbox_post(&path, body).await < 300);
    }
}

/// A delivery in a few words.
fn describe(delivery: &Delivery) -> String {
    match delivery {
        Delivery::SendGroupMessage { message, .. } => match message {
            GroupMessage::SeatTaken { content, .. } => {
                format!("seat taken {}", content["user_id"].as_str().unwrap())
            }
            GroupMessage::SeatFreed { user_id, .. } => format!("seat freed {user_id}"),
            GroupMessage::Over { reason } => format!("over {reason}"),
            GroupMessage::Gift(_) => "gift".into(),
        },
        Delivery::SendDirectMessage { to, message, .. } => match message {
            DirectMessage::Invite { .. } => format!("invite {to}"),
            DirectMessage::Kickout { reason } => format!("kickout {to} {reason}"),
            DirectMessage::Warning { text } => format!("warning {to} {text}"),
            DirectMessage::Response { user_id, response } => {
                let data: Value = serde_json::to_value(response).unwrap();
                format!("response of {user_id} to {to}: {}", data.as_str().unwrap())
            }
        },
        Delivery::SendApplicantCounts { .. } => "num".into(),
        Delivery::ImportAccount { user } => format!("import account {user}"),
        Delivery::UpdateAccountProfile { user } => format!("update account {user}"),
        Delivery::CreateGroup { .. } => "create group".into(),
        Delivery::UpdateGroupProfile { .. } => "update group".into(),
        Delivery::EndLogin { user } => format!("end login {user}"),
        Delivery::DropStream { user } => format!("drop stream {user}"),
        Delivery::ForbidStream { user } => format!("forbid stream {user}"),
        Delivery::ResumeStream { user } => format!("resume stream {user}"),
    }
}

/// Owned strings, for [`TestRoom::assert_deliveries`].
#[macro_export]
macro_rules! deliveries {
    ($($text:literal),* $(,)?) => { &[$(format!($text)),*] };
}

/// Marks the IM group of a matchmaker's room as created, and returns the room.
pub(crate) async fn make_room_ready(services: &TestServices, host: UserId) -> LiveId {
    let room: i64 = services
        .services
        .db
        .write(move |conn| {
            Ok::<_, StoreError>(
                diesel::update(rooms::table.filter(rooms::host_id.eq(host.get())))
                    .set(rooms::group_ready.eq(true))
                    .returning(rooms::id)
                    .get_result(conn)?,
            )
        })
        .await
        .unwrap();
    LiveId::new(room)
}

/// Starts or resumes the broadcast of a matchmaker.
pub(crate) async fn enter_as_host(rooms: &Rooms, host: UserId) -> VisitNumber {
    match rooms.matchmaker_enter(host).await.unwrap() {
        MatchmakerEnterOutcome::Live { visit, .. } => visit,
        MatchmakerEnterOutcome::Banned => panic!("the matchmaker is banned"),
    }
}

/// The variant of an error, such as `NotInRoom`, or `Ok`.
pub(crate) fn outcome<T>(result: Result<T, RoomsError>) -> String {
    match result {
        Ok(_) => "Ok".into(),
        Err(error) => format!("{error:?}"),
    }
}

/// IM's callback that an account's connection broke at this time.
pub(crate) fn disconnected(user: UserId, at: i64) -> ImCallback {
    ImCallback::StateChange {
        account: user.to_string(),
        state: qlive_tencent::im::ConnectionState::Disconnected,
        at_ms: at,
    }
}

/// IM's callback that an account logged in at this time.
pub(crate) fn logged_in(user: UserId, at: i64) -> ImCallback {
    ImCallback::StateChange {
        account: user.to_string(),
        state: qlive_tencent::im::ConnectionState::Connected,
        at_ms: at,
    }
}
