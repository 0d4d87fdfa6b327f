//! An evening at qlive, played over HTTP as mini-programs would, on a fresh
//! server. Every step is checked; the first that differs ends it with status 101.

mod money;

use std::time::Duration;

use futures_util::future::join_all;
use qlive_server::Settings;
use qlive_store::testing::{Engine, TestDb};
use qlive_tests::{House, Phone, eventually};
use qlive_types::Gender;
use serde_json::{Value, json};

#[tokio::main]
async fn main() {
    // A database in a temporary folder, gone when this ends.
    let db = TestDb::fresh(Engine::Sqlite)
        .await
        .expect("a temporary folder");
    let mut settings = Settings::default();
    settings.server.listen = ([127, 0, 0, 1], 0).into();
    settings.sandbox.listen = ([127, 0, 0, 1], 0).into();
    settings.database.url = db.url.clone().into();
    let evening = Evening::open(House::with_settings(settings).await).await;
    evening.the_mics_are_raced_for().await;
    evening.the_host_puts_a_guest_down().await;
    evening.one_client_comes_back_and_one_does_not().await;
    evening.a_forged_message_is_refused().await;
    evening.a_second_room_opens().await;
    evening.im_is_gone_for_an_hour().await;
    evening.gold_is_bought_both_ways().await;
    evening.a_notice_is_lost().await;
    evening.gifts_are_given().await;
    evening.a_refund_comes_after_spending().await;
    evening.income_is_paid_out().await;
    evening.it_ends().await;
    println!("\nEverything was as it should be.");
}

struct Evening {
    house: House,
    host: Phone,
    live: Value,
    group: String,
    men: Vec<Phone>,
    women: Vec<Phone>,
}

fn chapter(title: &str) {
    println!("\n== {title}");
}

fn says(line: &str) {
    println!("   {line}");
}

/// Checks a step and tells it.
#[track_caller]
fn expect(so: bool, line: &str) {
    assert!(so, "not so: {line}");
    says(line);
}

impl Evening {
    async fn open(house: House) -> Self {
        chapter("A matchmaker opens her room, and thirty people come");
        says(&format!(
            "server at {}, sandbox at {}",
            house.url, house.sandbox
        ));
        let host = house.host().await;
        let room = host.open_room().await;
        house.play(&host, json!({"stream": "start"})).await;
        expect(
            room["status"] == "ok",
            &format!(
                "room {} is live, its IM group is {}",
                room["live_id"], room["group_id"]
            ),
        );
        let crowd = |gender: Gender, name: &'static str| {
            let house = &house;
            async move {
                let mut crowd = Vec::new();
                for number in 1..=15 {
                    crowd.push(house.guest(&format!("{name}{number}"), gender).await);
                }
                crowd
            }
        };
        let (men, women) = (
            crowd(Gender::Male, "man").await,
            crowd(Gender::Female, "woman").await,
        );
        let live = room["live_id"].clone();
        join_all(men.iter().chain(&women).map(|phone| phone.enter(&live)))
            .await
            .into_iter()
            .for_each(|seen| drop(seen.ok()));
        let numbers = host.enter(&live).await.ok()["num_list"].clone();
        expect(
            numbers == json!([0, 15, 0, 15]),
            "fifteen men and fifteen women watch",
        );
        let group = room["group_id"].as_str().unwrap().to_owned();
        Self {
            house,
            host,
            live,
            group,
            men,
            women,
        }
    }

    async fn the_mics_are_raced_for(&self) {
        chapter("Ten apply for each mic, and race for it");
        for (crowd, word) in [(&self.men, "man"), (&self.women, "woman")] {
            join_all(crowd[..10].iter().map(|phone| phone.apply(&self.live)))
                .await
                .into_iter()
                .for_each(|done| drop(done.ok()));
            let tries = join_all(crowd[..10].iter().map(|phone| phone.accept(&self.live))).await;
            let answers: Vec<Value> = tries.into_iter().map(|answer| answer.ok()).collect();
            let won = answers
                .iter()
                .filter(|answer| answer["code"] == "success")
                .count();
            let lost = answers
                .iter()
                .filter(|answer| answer["error_msg"] == "抢麦失败")
                .count();
            expect(
                (won, lost) == (1, 9),
                &format!("one {word} has the mic, nine read 抢麦失败"),
            );
        }
        let stage = self.stage().await;
        expect(
            stage["male"]["play_url"].is_string() && stage["female"]["play_url"].is_string(),
            "both seats show a stream to play",
        );
        self.told("reset on, once for each seat", &["on 1", "on 2"])
            .await;
    }

    async fn the_host_puts_a_guest_down(&self) {
        chapter("The host puts the man down and invites another");
        let man = self.on_mic(&self.men).await;
        self.host.off_mic(&self.live, &man, Gender::Male).await.ok();
        expect(self.stage().await["male"] == json!({}), "his seat is free");
        man.apply(&self.live).await.ok();
        man.accept(&self.live).await.refused(409, "not_admitted");
        says("he applies again, but now needs an invitation");
        let other = &self.men[12];
        self.host.invite(&self.live, other).await.ok();
        expect(
            other.accept(&self.live).await.ok()["code"] == "success",
            "another is invited and takes the mic",
        );
        self.house.delivered().await;
        let heard = self.house.told(&man).await;
        expect(
            heard
                .iter()
                .any(|told| told["message"]["type"] == "kickout"),
            "the first was told KICKOUT",
        );
        let heard = self.house.told(&self.host).await;
        expect(
            heard
                .iter()
                .any(|told| told["message"]["content"]["data"] == "accept"),
            "the host was told that her guest accepted",
        );
        self.told("reset off, reset on", &["on 1", "on 2", "off 1", "on 1"])
            .await;
    }

    async fn one_client_comes_back_and_one_does_not(&self) {
        chapter("Two guests lose their connection; one comes back");
        let (man, woman) = (self.on_mic(&self.men).await, self.on_mic(&self.women).await);
        self.house.play(&man, json!({"im": "lost"})).await;
        self.house.play(&woman, json!({"im": "lost"})).await;
        let stage = self.stage().await;
        expect(
            stage["male"] != json!({}) && stage["female"] != json!({}),
            "both keep their seats for a minute",
        );
        self.house.play(&woman, json!({"im": "back"})).await;
        self.house.advance(61);
        eventually("the man is gone", || async {
            self.stage().await["male"] == json!({})
        })
        .await;
        says("a minute later the man is gone");
        expect(
            self.stage().await["female"]["user_id"] == woman.user_id.as_str(),
            "the woman, who came back, is not",
        );
        self.told(
            "reset off for him alone",
            &["on 1", "on 2", "off 1", "on 1", "off 1"],
        )
        .await;
    }

    async fn a_forged_message_is_refused(&self) {
        chapter("A viewer tries to end the show with a message of his own");
        let over = json!({"type": "over", "content": ""}).to_string();
        let forged = json!({"from": self.men[5].user_id, "group": self.group, "text": over});
        expect(
            !self.house.say(forged).await,
            "IM asked us, and the message did not go out",
        );
        let hello = json!({"type": "message", "content": "hello"}).to_string();
        let comment = json!({"from": self.men[5].user_id, "group": self.group, "text": hello});
        expect(self.house.say(comment).await, "his comment did");
    }

    async fn a_second_room_opens(&self) {
        chapter("A second room opens, and some move over");
        let other = self.house.matchmaker("aunt").await;
        let room = other.open_room().await;
        for phone in &self.men[13..] {
            let seen = phone.enter(&room["live_id"]).await.ok();
            assert_eq!(seen["user_type"], 1);
        }
        let here = self.stage().await["num_list"].clone();
        let there = other.enter(&room["live_id"]).await.ok()["num_list"].clone();
        expect(
            here[1] == json!(12) && there[1] == json!(2),
            "twelve men here, two there, nobody in both",
        );
        self.house.advance(2);
        let list = self.men[0].get("get_livelist/", json!({})).await.ok();
        expect(
            list.as_array().unwrap().len() == 2 && list[0]["id"] == self.live,
            "the list shows both, the fullest first",
        );
        other.end(&room["live_id"]).await.ok();
        expect(
            self.men[13].user_type().await == 0,
            "the second room ends, and everybody there is out",
        );
    }

    async fn im_is_gone_for_an_hour(&self) {
        chapter("IM is gone for a while; the evening goes on");
        self.house.delivered().await;
        let before = self.house.story(&self.group).await.len();
        self.house
            .fault(json!({"path": "/v4/", "status": 503}))
            .await;
        let started = std::time::Instant::now();
        let woman = self.on_mic(&self.women).await;
        self.host
            .off_mic(&self.live, &woman, Gender::Female)
            .await
            .ok();
        for man in &self.men[10..12] {
            man.apply(&self.live).await.ok();
            assert_eq!(man.accept(&self.live).await.ok()["code"], "success");
            man.off_mic(&self.live, man, Gender::Male).await.ok();
        }
        let last = &self.men[11];
        last.apply(&self.live).await.ok();
        last.accept(&self.live).await.ok();
        expect(
            started.elapsed() < Duration::from_secs(5),
            "nobody waits for IM",
        );
        self.house.advance(120);
        self.house.no_faults().await;
        self.house.advance(60);
        self.house.delivered().await;
        let story = self.house.story(&self.group).await;
        says(&format!(
            "afterwards the room is told: {}",
            story[before..].join(", ")
        ));
        let mut after = story[before..].to_vec();
        after.sort();
        expect(
            after == ["off 2", "on 1"],
            "one reset a seat: the present, not the history",
        );
    }

    async fn it_ends(self) {
        chapter("The host says good night");
        self.host.end(&self.live).await.ok();
        let mut present = 0;
        for phone in self.men.iter().chain(&self.women).chain([&self.host]) {
            present += phone.user_type().await;
        }
        expect(present == 0, "nobody is left in the room");
        self.house.delivered().await;
        let last = self.house.told_group(&self.group).await.pop().unwrap();
        expect(last["message"]["type"] == "over", "the room was told OVER");
        self.the_books_are_proved().await;
        let parked = self.house.parts.office.stats().await.unwrap().parked;
        expect(parked == 0, "nothing is left untold");
        let metrics = self
            .house
            .http
            .get(format!("{}/metrics", self.house.url))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let failed = metrics
            .lines()
            .any(|line| line.starts_with("qlive_requests_total") && line.contains("status=\"5"));
        expect(!failed, "no answer of the whole evening was a 5xx");
        self.house.close().await;
    }

    async fn stage(&self) -> Value {
        self.host.enter(&self.live).await.ok()
    }

    /// Which of these has the mic.
    async fn on_mic(&self, crowd: &[Phone]) -> Phone {
        let stage = self.stage().await;
        let seated = |phone: &&Phone| {
            ["male", "female"]
                .iter()
                .any(|seat| stage[seat]["user_id"] == phone.user_id.as_str())
        };
        crowd
            .iter()
            .find(seated)
            .expect("somebody on the mic")
            .clone()
    }

    /// What IM was told of the seats so far.
    async fn told(&self, line: &str, story: &[&str]) {
        self.house.delivered().await;
        let told: Vec<String> = self
            .house
            .story(&self.group)
            .await
            .into_iter()
            .filter(|told| told.starts_with("o"))
            .collect();
        assert_eq!(told, story, "{line}");
        says(&format!("IM was told: {line}"));
    }
}
