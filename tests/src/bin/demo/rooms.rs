//! Sections about rooms and mics.

use futures_util::future::join_all;
use qlive_tests::wait_until;
use qlive_types::Gender;
use serde_json::{Value, json};

use crate::demo::{Demo, check, print_heading, print_step};

impl Demo {
    pub(crate) async fn ten_users_compete_for_each_mic(&self) {
        print_heading("Ten users apply for each mic, and all try to take it at once");
        let live = &self.stage.live;
        for (users, word) in [(&self.men, "man"), (&self.women, "woman")] {
            let applicants = &users[..10];
            for answer in join_all(applicants.iter().map(|client| client.apply(live))).await {
                answer.ok();
            }
            let answers = join_all(applicants.iter().map(|client| client.accept(live))).await;
            let answers: Vec<Value> = answers.into_iter().map(|answer| answer.ok()).collect();
            let is_won = |answer: &&Value| answer["code"] == "success";
            let is_lost = |answer: &&Value| answer["error_msg"] == "抢麦失败";
            let won = answers.iter().filter(is_won).count();
            let lost = answers.iter().filter(is_lost).count();
            check(
                (won, lost) == (1, 9),
                &format!("one {word} has the mic, nine receive 抢麦失败"),
            );
        }
        let stage = self.view_stage().await;
        check(
            stage["male"]["play_url"].is_string() && stage["female"]["play_url"].is_string(),
            "both seats have a stream to play",
        );
        self.check_seat_messages("reset on, once for each seat", &["on 1", "on 2"])
            .await;
    }

    pub(crate) async fn host_replaces_a_guest(&self) {
        print_heading("The host takes the man off the mic and invites another");
        let (host, live) = (&self.stage.host, &self.stage.live);
        let removed = self.user_on_mic(&self.men).await;
        let taken_off = host.leave_mic(live, &removed, Gender::Male).await;
        taken_off.ok();
        check(
            self.view_stage().await["male"] == json!({}),
            "the seat is free",
        );
        removed.apply(live).await.ok();
        removed.accept(live).await.refused(409, "not_admitted");
        print_step("the removed guest applies again, but now needs an invitation");
        let invited = &self.men[12];
        host.invite(live, invited).await.ok();
        check(
            invited.accept(live).await.ok()["code"] == "success",
            "another user is invited and takes the mic",
        );
        self.app.wait_for_outbox().await;
        let to_removed = self.app.messages_to(&removed).await;
        let is_kickout = |message: &Value| message["message"]["type"] == "kickout";
        check(
            to_removed.iter().any(is_kickout),
            "the removed guest received KICKOUT",
        );
        let to_host = self.app.messages_to(host).await;
        let is_accept = |message: &Value| message["message"]["content"]["data"] == "accept";
        check(
            to_host.iter().any(is_accept),
            "the host received the acceptance of the invitation",
        );
        self.check_seat_messages("reset off, reset on", &["on 1", "on 2", "off 1", "on 1"])
            .await;
    }

    pub(crate) async fn two_guests_lose_their_connection(&self) {
        print_heading("Both guests lose their IM connection; one reconnects");
        let man = self.user_on_mic(&self.men).await;
        let woman = self.user_on_mic(&self.women).await;
        for client in [&man, &woman] {
            let lost = json!({"im": "lost"});
            self.app.simulate_client(client, lost).await;
        }
        let stage = self.view_stage().await;
        check(
            stage["male"] != json!({}) && stage["female"] != json!({}),
            "both keep their seats for a minute",
        );
        let back = json!({"im": "back"});
        self.app.simulate_client(&woman, back).await;
        self.app.advance(61);
        wait_until("the man has lost the seat", || async {
            self.view_stage().await["male"] == json!({})
        })
        .await;
        print_step("after a minute the man has lost the seat");
        check(
            self.view_stage().await["female"]["user_id"] == woman.user_id.as_str(),
            "the woman, who reconnected, keeps the seat",
        );
        self.check_seat_messages(
            "reset off for the man's seat only",
            &["on 1", "on 2", "off 1", "on 1", "off 1"],
        )
        .await;
    }

    pub(crate) async fn second_room_opens(&self) {
        print_heading("A second room opens, and two men move there");
        let host = self.app.matchmaker("aunt").await;
        let second = self.app.open_stage_of(host).await;
        for client in &self.men[13..] {
            let view = client.enter(&second.live).await.ok();
            assert_eq!(view["user_type"], 1);
        }
        let first_counts = self.view_stage().await["num_list"].clone();
        let view = second.host.enter(&second.live).await.ok();
        let second_counts = view["num_list"].clone();
        check(
            first_counts[1] == json!(12) && second_counts[1] == json!(2),
            "twelve men are in the first room, two in the second, nobody in both",
        );
        self.app.advance(2);
        let list = self.men[0].get("get_livelist/", json!({})).await.ok();
        check(
            list.as_array().unwrap().len() == 2 && list[0]["id"] == self.stage.live,
            "the list has both rooms, the one with more viewers first",
        );
        second.host.end(&second.live).await.ok();
        check(
            self.men[13].user_type().await == 0,
            "the second room ends, and its viewers are in no room",
        );
    }

    pub(crate) async fn broadcast_ends(self) {
        print_heading("The host ends the broadcast");
        self.stage.host.end(&self.stage.live).await.ok();
        let mut places = 0;
        let viewers = self.men.iter().chain(&self.women);
        for client in viewers.chain([&self.stage.host]) {
            places += client.user_type().await;
        }
        check(places == 0, "no user is in the room");
        self.app.wait_for_outbox().await;
        let messages = self.app.group_messages(&self.stage.group).await;
        check(
            messages.last().unwrap()["message"]["type"] == "over",
            "the IM group received OVER",
        );
        self.check_ledger().await;
        let parked = self.app.services.outbox.stats().await.unwrap().parked;
        check(parked == 0, "every message was delivered or is obsolete");
        let metrics = self.app.page("/metrics").await;
        let is_failure =
            |line: &str| line.starts_with("qlive_requests_total") && line.contains("status=\"5");
        check(
            !metrics.lines().any(is_failure),
            "no request of the demo was answered with status 5xx",
        );
        self.app.close().await;
    }
}
