//! Sections about messages in the room's IM group.

use std::time::{Duration, Instant};

use qlive_types::Gender;
use serde_json::{Value, json};

use crate::demo::{Demo, check, print_heading, print_step};

impl Demo {
    pub(crate) async fn viewer_forges_a_message(&self) {
        print_heading("A viewer tries to end the broadcast with a forged message");
        let send = async |text: Value| {
            let message = json!({
                "from": self.men[5].user_id,
                "group": self.stage.group,
                "text": text.to_string(),
            });
            self.app.send_client_message(message).await
        };
        let forged = json!({"type": "over", "content": ""});
        check(
            !send(forged).await,
            "the server's answer to IM's callback blocks the message",
        );
        let comment = json!({"type": "message", "content": "hello"});
        check(send(comment).await, "a comment of the same viewer is sent");
    }

    pub(crate) async fn im_is_unavailable(&self) {
        print_heading("IM is unavailable for two minutes; the broadcast continues");
        let (host, live) = (&self.stage.host, &self.stage.live);
        let before = self.group_messages().await.len();
        let outage = json!({"path": "/v4/", "status": 503});
        self.app.add_fault(outage).await;
        let started = Instant::now();
        let woman = self.user_on_mic(&self.women).await;
        let taken_off = host.leave_mic(live, &woman, Gender::Female).await;
        taken_off.ok();
        for man in &self.men[10..12] {
            man.apply(live).await.ok();
            assert_eq!(man.accept(live).await.ok()["code"], "success");
            man.leave_mic(live, man, Gender::Male).await.ok();
        }
        let last = &self.men[11];
        last.apply(live).await.ok();
        last.accept(live).await.ok();
        check(
            started.elapsed() < Duration::from_secs(5),
            "no request waits for IM",
        );
        self.app.advance(120);
        self.app.clear_faults().await;
        self.app.advance(60);
        let mut messages = self.group_messages().await.split_off(before);
        print_step(&format!(
            "afterwards the IM group receives: {}",
            messages.join(", ")
        ));
        messages.sort();
        check(
            messages == ["off 2", "on 1"],
            "one reset per seat: the current state, not each change",
        );
    }
}
