//! What the tests of several subjects use.

use diesel::prelude::*;
use qlive_gifts::{GiftsError, NewGift, SendGift, SendGiftOutcome, SentGift};
use qlive_store::schema::{gifts_sent, ledger_entries, outbox, rooms};
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError};
use qlive_testing::TestServices;
use qlive_types::{Coins, Gender, LiveId, Page, UserId};

/// Two users and the services.
pub(crate) struct Pair {
    pub(crate) test: TestServices,
    pub(crate) giver: UserId,
    pub(crate) receiver: UserId,
}

impl Pair {
    /// Registers a giver with this much gold, and a receiver with none.
    pub(crate) async fn start(db: TestDb, gold: i64) -> Self {
        Self::with(TestServices::start(db).await, gold).await
    }

    pub(crate) async fn with(test: TestServices, gold: i64) -> Self {
        let giver = test.user("bob", Gender::Male).await;
        let receiver = test.user("alice", Gender::Female).await;
        if gold > 0 {
            test.grant(giver, gold).await;
        }
        Self {
            test,
            giver,
            receiver,
        }
    }

    /// Adds a gift of this price to the catalogue.
    pub(crate) async fn gift(&self, price: i64) -> i64 {
        let gift = NewGift {
            name: format!("gift of {price}"),
            price: coins(price),
            image: "https://example.com/gift.png".into(),
            effect: "effect".into(),
        };
        let gifts = &self.test.services.gifts;
        gifts.add(self.test.operator(), gift).await.unwrap()
    }

    /// A request from the giver to the receiver without a room and without a request id.
    pub(crate) fn request(&self, gift: i64, num: i64) -> SendGift {
        SendGift {
            giver: self.giver,
            receiver: self.receiver,
            gift,
            num,
            live: None,
            request_id: None,
        }
    }

    pub(crate) async fn send(&self, request: SendGift) -> Result<SendGiftOutcome, GiftsError> {
        self.test.services.gifts.send(request).await
    }

    /// Gold and income of a user.
    pub(crate) async fn balances(&self, user: UserId) -> (i64, i64) {
        let balances = self.test.services.users.balances(user).await.unwrap();
        (balances.gold().unwrap().get(), balances.income.get())
    }

    /// The latest records of gifts.
    pub(crate) async fn records(&self) -> Vec<SentGift> {
        let gifts = &self.test.services.gifts;
        gifts.list_sent(None, None, Page::FIRST).await.unwrap()
    }

    /// How many gifts are recorded.
    pub(crate) async fn records_count(&self) -> usize {
        let count: i64 = self
            .read(|conn| gifts_sent::table.count().get_result(conn))
            .await;
        usize::try_from(count).unwrap()
    }

    /// Sets a rate in the configs.
    pub(crate) async fn set_rate(&self, key: &str, rate: &str) {
        let configs = &self.test.services.configs;
        let set = configs.set(self.test.operator(), key.into(), rate.into());
        set.await.unwrap();
    }

    /// Registers a matchmaker, starts their broadcast and returns them with their room.
    pub(crate) async fn live_room(&self, name: &str) -> (UserId, LiveId) {
        let host = self.test.matchmaker(name).await;
        // Creates the IM group, without which no broadcast starts.
        self.test.deliver_outbox().await;
        let entered = self.test.services.rooms.matchmaker_enter(host).await;
        entered.map(drop).unwrap();
        let room: i64 = self
            .read(move |conn| {
                let of_host = rooms::table.filter(rooms::host_id.eq(host.get()));
                of_host.select(rooms::id).get_result(conn)
            })
            .await;
        (host, LiveId::new(room))
    }

    pub(crate) async fn enter(&self, user: UserId, live: LiveId) {
        let entered = self.test.services.rooms.enter(user, live).await;
        entered.map(drop).unwrap();
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> T {
        let db = &self.test.services.db;
        let read = db.read(|conn| Ok::<_, StoreError>(query(conn)?));
        read.await.unwrap()
    }

    /// The messages about gifts in the outbox, as JSON.
    pub(crate) async fn gift_messages(&self) -> Vec<String> {
        let deliveries: Vec<String> = self
            .read(|conn| {
                outbox::table
                    .order(outbox::id)
                    .select(outbox::delivery)
                    .load(conn)
            })
            .await;
        let is_gift = |delivery: &String| delivery.contains("gift_title");
        deliveries.into_iter().filter(is_gift).collect()
    }

    /// How many entries the ledger has.
    pub(crate) async fn entry_count(&self) -> i64 {
        self.read(|conn| ledger_entries::table.count().get_result(conn))
            .await
    }

    /// Asserts that ledger and records agree.
    pub(crate) async fn assert_audit_passes(&self) {
        self.test.services.audit().await.unwrap();
    }
}

pub(crate) fn coins(amount: i64) -> Coins {
    Coins::new(amount).unwrap()
}

/// The outcome of a sent gift that leaves the giver this much.
pub(crate) fn sent(gold: i64, income: i64) -> SendGiftOutcome {
    SendGiftOutcome::Sent {
        gold: coins(gold),
        income: coins(income),
    }
}

/// The outcome for a giver who has only this much.
pub(crate) fn insufficient(gold: i64, income: i64) -> SendGiftOutcome {
    SendGiftOutcome::InsufficientGold {
        gold: coins(gold),
        income: coins(income),
    }
}
