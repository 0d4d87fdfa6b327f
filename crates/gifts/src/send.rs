//! Sending a gift.

use qlive_ledger::{IdempotencyKey, NewIncome, find_outcome, load_balances, store_outcome};
use qlive_rooms::shared_room;
use qlive_store::{Conn, StoreError};
use qlive_types::{Coins, Moment};
use serde::{Deserialize, Serialize};

use crate::decided_gift::DecidedGift;
use crate::request::{SendGift, SendGiftOutcome};
use crate::shares::{Rates, Shares};
use crate::{Gifts, GiftsError, catalogue};

/// How often `Db::write` is called for one gift while it ends with `StoreError::Busy`. Many gifts
/// of one giver at the same time can conflict more often than one `Db::write` retries: when the
/// gold is used up and the income is spent next, each of them has to be decided again.
const MAX_ATTEMPTS: u32 = 4;

/// The outcome of a sent gift, as it is stored under the idempotency key.
#[derive(Serialize, Deserialize)]
struct StoredOutcome {
    gold: Coins,
    income: Coins,
}

impl From<StoredOutcome> for SendGiftOutcome {
    fn from(stored: StoredOutcome) -> Self {
        Self::Sent {
            gold: stored.gold,
            income: stored.income,
        }
    }
}

impl Gifts {
    /// Sends a gift: moves the coins, records the gift and announces it in the room that both are
    /// in, in one transaction.
    ///
    /// A request id that was used for the same gift before returns the outcome of that gift and
    /// changes nothing. [`SendGiftOutcome::InsufficientGold`] is not stored: such a request can
    /// succeed later.
    ///
    /// # Errors
    /// Every variant of [`GiftsError`] but `PastTheEnd` and `BadField`.
    pub async fn send(&self, request: SendGift) -> Result<SendGiftOutcome, GiftsError> {
        if request.giver == request.receiver {
            return Err(GiftsError::SelfGift);
        }
        if !(1..=SendGift::MAX_NUM).contains(&request.num) {
            return Err(GiftsError::BadNumber);
        }
        let rates = Rates::from_configs(&*self.configs.snapshot().await?);
        let (now, notify_rooms) = (self.clock.now(), self.notify_rooms);
        let mut attempt = 1;
        let result = loop {
            let request = request.clone();
            let result = self
                .db
                .write(move |conn| send_in_transaction(conn, now, &request, rates, notify_rooms))
                .await;
            let is_busy = matches!(result, Err(GiftsError::Store(StoreError::Busy)));
            if !is_busy || attempt == MAX_ATTEMPTS {
                break result;
            }
            attempt += 1;
        };
        self.outbox.wake();
        result
    }
}

/// Decides a gift and writes it, unless its request was answered before. The debts of the giver,
/// the receiver and the host may change until the balances are locked; the ledger refuses the
/// entry then, and the transaction runs again.
fn send_in_transaction(
    conn: &mut Conn,
    now: Moment,
    request: &SendGift,
    rates: Rates,
    notify_rooms: bool,
) -> Result<SendGiftOutcome, GiftsError> {
    let key = request.idempotency_key();
    if let Some(outcome) = find_stored_outcome(conn, key.as_ref())? {
        return Ok(outcome);
    }
    let gift = catalogue::find_enabled(conn, request.gift)?.ok_or(GiftsError::UnknownGift)?;
    let receiver =
        qlive_users::find_user(conn, request.receiver)?.ok_or(GiftsError::UnknownReceiver)?;
    let cost = gift
        .price
        .checked_mul(request.num)
        .ok()
        .ok_or(GiftsError::BadNumber)?;
    let shared_room = shared_room(conn, request.giver, request.receiver)?;
    let is_in = |live| shared_room.is_some_and(|room| room.about.live == live);
    if request.live.is_some_and(|live| !is_in(live)) {
        return Err(GiftsError::NotInRoom);
    }
    let before = load_balances(conn, request.giver)?;
    let Some(spending) = before.plan_spending(cost) else {
        // The same request, sent twice, may have spent the gold after the first look at its key.
        let refused = SendGiftOutcome::InsufficientGold {
            gold: before.gold()?,
            income: before.income,
        };
        return Ok(find_stored_outcome(conn, key.as_ref())?.unwrap_or(refused));
    };
    let host = shared_room
        .map(|room| room.host)
        .filter(|host| ![request.giver, request.receiver].contains(host));
    let shares = Shares::of(cost, rates, host.is_some())?;
    let receiver_income = load_balances(conn, request.receiver)?.plan_income(shares.receiver);
    let host_income = match host {
        Some(host) => load_balances(conn, host)?.plan_income(shares.host),
        None => NewIncome::default(),
    };
    let decided = DecidedGift {
        request,
        gift: &gift,
        receiver: &receiver,
        cost,
        spending,
        shared_room,
        host,
        shares,
        receiver_income,
        host_income,
    };
    write_gift(conn, now, &decided, key.as_ref(), notify_rooms)
}

/// Writes everything about a decided gift. Returns the giver's balances after it.
fn write_gift(
    conn: &mut Conn,
    now: Moment,
    decided: &DecidedGift<'_>,
    key: Option<&IdempotencyKey>,
    notify_rooms: bool,
) -> Result<SendGiftOutcome, GiftsError> {
    let entry = decided.post_ledger_entry(conn, now)?;
    // After the entry, whose rows concurrent gifts contend for: so the messages of a room have the
    // order in which the gifts were paid.
    if notify_rooms {
        decided.enqueue_message(conn, now)?;
    }
    decided.insert_record(conn, now, entry)?;
    // Loaded again, now that the rows are locked: no other gift can change them before the commit.
    let after = load_balances(conn, decided.request.giver)?;
    let outcome = StoredOutcome {
        gold: after.gold()?,
        income: after.income,
    };
    if let Some(key) = key {
        let json = serde_json::to_string(&outcome)
            .ok()
            .ok_or(StoreError::Corrupt("the outcome of a gift"))?;
        store_outcome(conn, now, key, &json, entry)?;
    }
    Ok(outcome.into())
}

/// The outcome that is stored under the idempotency key of a request.
fn find_stored_outcome(
    conn: &mut Conn,
    key: Option<&IdempotencyKey>,
) -> Result<Option<SendGiftOutcome>, GiftsError> {
    let Some(key) = key else {
        return Ok(None);
    };
    let Some(json) = find_outcome(conn, key)? else {
        return Ok(None);
    };
    let stored: StoredOutcome = serde_json::from_str(&json)
        .ok()
        .ok_or(StoreError::Corrupt("the outcome of a gift"))?;
    Ok(Some(stored.into()))
}
