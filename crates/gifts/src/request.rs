//! A request to send a gift, and its outcome.

use qlive_ledger::IdempotencyKey;
use qlive_types::{Coins, LiveId, UserId};

use crate::shares::Rates;

/// A request to send a gift.
#[derive(Debug, Clone)]
pub struct SendGift {
    pub giver: UserId,
    pub receiver: UserId,
    /// The id of a gift of the catalogue.
    pub gift: i64,
    /// How many of it, from 1 to [`SendGift::MAX_NUM`].
    pub num: i64,
    /// If set, giver and receiver must both be in this room.
    pub live: Option<LiveId>,
    /// Unique among the giver's requests. A repeated request gets the outcome of the first one.
    pub request_id: Option<String>,
}

/// A request that waits for its batch.
#[derive(Debug)]
pub(crate) struct PendingGift {
    pub(crate) request: SendGift,
    pub(crate) key: Option<IdempotencyKey>,
    /// The rates at the time of the request.
    pub(crate) rates: Rates,
}

impl PendingGift {
    pub(crate) fn new(request: SendGift, rates: Rates) -> Self {
        Self {
            key: request.idempotency_key(),
            request,
            rates,
        }
    }
}

/// The outcome of a request, with the giver's balances after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendGiftOutcome {
    /// The gift was sent.
    Sent { gold: Coins, income: Coins },
    /// The giver has too little gold and income. Nothing changed.
    InsufficientGold { gold: Coins, income: Coins },
}

impl SendGift {
    /// The most of a gift in one request.
    pub const MAX_NUM: i64 = 9_999;

    fn idempotency_key(&self) -> Option<IdempotencyKey> {
        let request_id = self.request_id.as_ref()?;
        let live = self.live.map_or(0, LiveId::get);
        let input = format!("{}|{}|{}|{live}", self.receiver, self.gift, self.num);
        Some(IdempotencyKey::new(
            format!("gift:{}:{request_id}", self.giver),
            &input,
        ))
    }
}
