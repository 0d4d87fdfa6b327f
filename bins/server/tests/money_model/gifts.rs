//! Grants, gifts and reversals.

use std::time::Duration;

use qlive_tests::gifts;
use qlive_types::{EntryId, random};
use reqwest::Method;
use serde_json::json;

use crate::scenario::{GivenGift, Scenario};

impl Scenario {
    pub(crate) async fn grant(&mut self, user: usize, coins: i64) {
        self.app.grant(&self.clients[user], coins).await;
        self.model.grant(user, coins);
        self.record_last_entry().await;
    }

    pub(crate) async fn give(&mut self, giver: usize, receiver: usize, coins: i64, kill: bool) {
        let request_id = self.new_request_id();
        if kill {
            self.kill_during_gift(giver, receiver, coins, &request_id)
                .await;
        }
        let extra = json!({"request_id": request_id});
        let answer = self.clients[giver]
            .give(&self.clients[receiver], gifts::ROSE, coins, extra)
            .await
            .ok();
        let is_given = self.model.give(giver, receiver, coins);
        let balances = self.model.balances[giver];
        assert_eq!(answer["code"], if is_given { "success" } else { "failed" });
        assert_eq!(answer["gold"], balances.bought + balances.granted);
        if is_given {
            self.gifts.push(GivenGift {
                giver,
                receiver,
                coins,
                request_id,
                answer,
            });
            self.record_last_entry().await;
        }
    }

    /// Sends a gift, kills the server at a random moment meanwhile, and starts it again.
    async fn kill_during_gift(
        &mut self,
        giver: usize,
        receiver: usize,
        coins: i64,
        request_id: &str,
    ) {
        let path = format!(
            "qlive_gift/push_gift/?user_id={}&gift_id={}&num={coins}&request_id={request_id}",
            self.clients[receiver].user_id,
            gifts::ROSE
        );
        let request = self.clients[giver].request(Method::GET, &path);
        let sending = tokio::spawn(request.send());
        let micros = u64::try_from(random::within(0..=12_000)).unwrap();
        self.process.kill_after(Duration::from_micros(micros)).await;
        drop(sending.await);
        self.process.spawn(&self.app).await;
    }

    pub(crate) async fn repeat_gift(&mut self, gift: usize) {
        let Some(at) = gift.checked_rem(self.gifts.len()) else {
            return;
        };
        let gift = self.gifts[at].clone();
        let extra = json!({"request_id": gift.request_id});
        let repeated = self.clients[gift.giver]
            .give(&self.clients[gift.receiver], gifts::ROSE, gift.coins, extra)
            .await
            .ok();
        assert_eq!(
            repeated, gift.answer,
            "a repeated gift has the first answer"
        );
    }

    pub(crate) async fn reverse_entry(&mut self, entry: usize) {
        let Some(at) = entry.checked_rem(self.entries.len()) else {
            return;
        };
        let users = &self.app.services.users;
        let operator = self.app.operator();
        let reversal = users.reverse_entry(operator, self.entries[at]).await;
        assert_eq!(reversal.is_ok(), self.model.reverse(at), "{reversal:?}");
    }

    /// Records the ledger id of the model's latest entry.
    async fn record_last_entry(&mut self) {
        let last = self.app.last_entry_id().await;
        self.entries.push(EntryId::new(last));
    }
}
