//! Rooms: a live broadcast, its viewers, and what its mini-programs send.

use std::time::Duration;

use qlive_types::Gender;
use serde_json::{Value, json};

use crate::client::{Answer, TestClient};
use crate::test_app::TestApp;

/// A live broadcast with its host.
pub struct Stage {
    pub host: TestClient,
    /// The `live_id` of the room.
    pub live: Value,
    /// The id of the room's IM group.
    pub group: String,
}

impl TestApp {
    /// Opens the room of the seeded matchmaker.
    pub async fn open_stage(&self) -> Stage {
        self.open_stage_of(self.host().await).await
    }

    /// Opens the room of a matchmaker.
    pub async fn open_stage_of(&self, host: TestClient) -> Stage {
        let room = host.open_room().await;
        Stage {
            host,
            live: room["live_id"].clone(),
            group: room["group_id"].as_str().unwrap().to_owned(),
        }
    }

    /// Opens the room of the seeded matchmaker, with the guest `bob` on the male mic.
    pub async fn open_stage_with_bob(&self) -> (Stage, TestClient) {
        let stage = self.open_stage().await;
        let bob = self.guest_on_mic(&stage.live, "bob", Gender::Male).await;
        (stage, bob)
    }

    /// Registers a user who enters the room.
    pub async fn viewer(&self, live: &Value, name: &str, gender: Gender) -> TestClient {
        let client = self.guest(name, gender).await;
        client.enter(live).await.ok();
        client
    }

    /// Registers a user who enters the room and applies for the mic.
    pub async fn applicant(&self, live: &Value, name: &str, gender: Gender) -> TestClient {
        let client = self.viewer(live, name, gender).await;
        client.apply(live).await.ok();
        client
    }

    /// Registers a user who enters the room and takes the mic.
    pub async fn guest_on_mic(&self, live: &Value, name: &str, gender: Gender) -> TestClient {
        let client = self.guest(name, gender).await;
        client.take_mic(live).await;
        client
    }
}

/// What a mini-program sends in and about rooms.
impl TestClient {
    /// Opens the user's own room; the answer has `live_id` and `group_id`.
    pub async fn open_room(&self) -> Value {
        let path = "qlive_room/matchmaker_enter/";
        self.post(path, json!({})).await.ok()
    }

    /// Enters a room.
    pub async fn enter(&self, live: &Value) -> Answer {
        self.get("get_playurl/", json!({"live_id": live})).await
    }

    /// Applies for the mic.
    pub async fn apply(&self, live: &Value) -> Answer {
        let path = "qlive_room/apply_micro/";
        self.post(path, json!({"live_id": live})).await
    }

    /// Takes the mic, which an earlier application or invitation allows.
    pub async fn accept(&self, live: &Value) -> Answer {
        let path = "qlive_room/accept_micro/";
        self.post(path, json!({"live_id": live})).await
    }

    /// Withdraws the own application, or turns an invitation down.
    pub async fn refuse(&self, live: &Value) -> Answer {
        let path = "qlive_room/refuse_micro/";
        self.post(path, json!({"live_id": live})).await
    }

    /// Leaves a room.
    pub async fn leave(&self, live: &Value) -> Answer {
        let path = "qlive_room/leave_room/";
        self.get(path, json!({"live_id": live})).await
    }

    /// Ends the broadcast, as its host.
    pub async fn end(&self, live: &Value) -> Answer {
        let path = "qlive_room/live_end/";
        self.post(path, json!({"live_id": live})).await
    }

    /// Invites a viewer to the mic, as the host.
    pub async fn invite(&self, live: &Value, guest: &Self) -> Answer {
        let body = json!({"live_id": live, "user_id": guest.user_id});
        self.post("qlive_room/invite_micro/", body).await
    }

    /// Declines the application of a viewer, as the host.
    pub async fn decline(&self, live: &Value, guest: &Self) -> Answer {
        let body = json!({"live_id": live, "user_id": guest.user_id});
        self.post("qlive_room/decline_micro/", body).await
    }

    /// Takes `guest` off the mic, as the guest or as the host.
    pub async fn leave_mic(&self, live: &Value, guest: &Self, gender: Gender) -> Answer {
        let query = json!({"live_id": live, "user_id": guest.user_id, "gender": gender.number()});
        self.get("qlive_room/leave_micro/", query).await
    }

    /// Enters a room, applies and takes the mic; returns the answer of `accept_micro`.
    pub async fn take_mic(&self, live: &Value) -> Value {
        self.enter(live).await.ok();
        self.apply(live).await.ok();
        let answer = self.accept(live).await.ok();
        assert_eq!(answer["code"], "success", "{answer}");
        answer
    }

    /// The `user_type` that the server answers: the user's place in a room, 0 outside of rooms.
    /// The request also counts as activity of the user.
    pub async fn user_type(&self) -> i64 {
        let answer = self.get("qlive_user/get_user_state/", json!({})).await.ok();
        answer["user_type"].as_i64().unwrap()
    }

    /// Whether this user is shown a guest on the male mic.
    pub async fn sees_man_on_mic(&self, live: &Value) -> bool {
        self.enter(live).await.ok()["male"] != json!({})
    }
}

/// Waits long enough for the room timeout worker to run once.
pub async fn wait_for_timeout_worker() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}
