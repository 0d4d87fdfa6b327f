//! What is remembered of callers, and their activity, while other instances change something.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use qlive_rooms::{Activity, AuthenticationWorker, Rooms};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_types::{Gender, UserId};
use qlive_users::Registration;
use secrecy::SecretString;

use crate::support::{TestRoom, disconnected, logged_in};

on_both!(
    call_before_the_last_of_two_disconnects_does_not_end_its_grace,
    call_after_a_disconnect_ends_its_grace_whatever_the_clocks,
    activity_counts_from_its_own_moment,
);

/// A user in a room whom an instance knows, while a second instance handles the callbacks.
struct KnownCaller {
    room: TestRoom,
    user: UserId,
    token: SecretString,
    second: Rooms,
    worker: AuthenticationWorker,
}

impl KnownCaller {
    async fn start(db: TestDb) -> Self {
        let room = TestRoom::live(db).await;
        let user = room.guest_on_mic("bob", Gender::Male).await;
        let token = log_in(&room, "bob").await;
        let mut caller = Self {
            worker: room.services.services.authentication_worker(),
            second: room.services.second_instance().rooms,
            room,
            user,
            token,
        };
        caller.worker.read_changes().await.unwrap();
        caller.call().await;
        caller.wait().await;
        caller
    }

    async fn call(&self) {
        call(&self.room, &self.token).await;
    }

    /// Another instance learns that the connection is lost.
    async fn disconnect(&self) {
        self.wait().await;
        let callback = disconnected(self.user, self.room.now());
        let handled = self.second.handle_im_callback(callback, false).await;
        handled.unwrap();
        assert!(self.grace_runs().await);
        self.wait().await;
    }

    async fn wait(&self) {
        self.room.services.clock.advance(Duration::from_millis(50));
    }

    async fn grace_runs(&self) -> bool {
        let member = self.room.member(self.user).await.unwrap();
        member.im_grace_until.is_some()
    }

    /// Writes a moment into the changes, as an instance with a wrong clock does.
    async fn set_changes(&self, difference: i64) {
        let at = self.room.now() + difference;
        let set = format!("UPDATE authentication_changes SET at = {at}");
        let db = &self.room.services.services.db;
        db.write(move |conn| Ok::<_, qlive_store::StoreError>(conn.batch_execute(&set)?))
            .await
            .unwrap();
    }
}

async fn log_in(room: &TestRoom, name: &str) -> SecretString {
    let registration = Registration {
        app_id: room.app_id(),
        code: format!("{name}.again"),
        sealed: None,
        token: None,
    };
    let users = &room.services.services.users;
    users.register(registration).await.unwrap().token
}

async fn call(room: &TestRoom, token: &SecretString) {
    let caller = room.rooms().authenticate(token.clone(), Activity::Record);
    assert!(caller.await.unwrap().is_some());
}

async fn call_before_the_last_of_two_disconnects_does_not_end_its_grace(db: TestDb) {
    let mut caller = KnownCaller::start(db).await;
    caller.disconnect().await;
    caller.call().await;
    caller.wait().await;
    let back = logged_in(caller.user, caller.room.now());
    caller.second.handle_im_callback(back, false).await.unwrap();
    caller.disconnect().await;
    caller.worker.read_changes().await.unwrap();
    assert!(caller.grace_runs().await);
    caller.call().await;
    assert!(!caller.grace_runs().await, "the next call ends it");
}

async fn call_after_a_disconnect_ends_its_grace_whatever_the_clocks(db: TestDb) {
    let mut caller = KnownCaller::start(db).await;
    let hour = 3_600_000;
    // The clock of the other instance is slow: calls of before do not count.
    caller.call().await;
    caller.wait().await;
    caller.worker.read_changes().await.unwrap();
    caller.disconnect().await;
    caller.set_changes(-hour).await;
    caller.worker.read_changes().await.unwrap();
    assert!(caller.grace_runs().await);
    caller.call().await;
    assert!(!caller.grace_runs().await);
    // And those since then do.
    caller.call().await;
    caller.disconnect().await;
    caller.set_changes(-hour).await;
    caller.call().await;
    caller.worker.read_changes().await.unwrap();
    assert!(!caller.grace_runs().await);
}

/// Ann's activity is recorded together with that of Eve, who calls later.
async fn activity_counts_from_its_own_moment(db: TestDb) {
    let room = TestRoom::live(db).await;
    let mut tokens = Vec::new();
    let mut users = Vec::new();
    for (name, gender) in [
        ("bob", Gender::Male),
        ("ann", Gender::Female),
        ("eve", Gender::Female),
    ] {
        users.push(room.viewer(name, gender).await);
        tokens.push(log_in(&room, name).await);
    }
    room.services.advance(120);
    let lock = room.services.services.db.write(|conn| {
        conn.batch_execute("UPDATE tokens SET used_at = used_at")?;
        std::thread::sleep(Duration::from_millis(400));
        Ok::<_, qlive_store::StoreError>(())
    });
    let calls = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let bob = call(&room, &tokens[0]);
        let ann = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            call(&room, &tokens[1]).await;
        };
        let eve = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            room.services.advance(20);
            call(&room, &tokens[2]).await;
        };
        tokio::join!(bob, ann, eve);
    };
    let (locked, ()) = tokio::join!(lock, calls);
    locked.unwrap();
    let mut active = Vec::new();
    for user in users {
        active.push(room.member(user).await.unwrap().last_active_at);
    }
    let between = active[2] - active[1];
    assert!((20_000..25_000).contains(&between), "{active:?}");
}
