//! Sending a batch of gifts in one transaction.

use std::collections::{BTreeSet, HashMap};

use qlive_ledger::{EntryBatch, IdempotencyKey, NewOutcome, StoredOutcomes};
use qlive_ledger::{find_outcomes, store_outcomes};
use qlive_store::{Conn, StoreError, TransactionError as _};
use qlive_types::{Coins, Moment, UserId};
use serde::{Deserialize, Serialize};

use crate::GiftsError;
use crate::batch_rows::BatchRows;
use crate::decided_gift::{DecidedGift, insert_records};
use crate::request::{PendingGift, SendGiftOutcome};
use crate::shares::Shares;

/// What to do about balances that another transaction has locked. Gifts that move them are left
/// out, so that a transaction waits for no lock while it holds others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locking {
    /// Wait for none.
    LeaveOut,
    /// Wait for those of this user before any other is locked.
    WaitFor(UserId),
}

/// What became of a gift of a batch.
#[derive(Debug)]
pub(crate) enum GiftResult {
    /// Sent or refused, as this is answered after the commit.
    Decided(Result<SendGiftOutcome, GiftsError>),
    /// Left out: another transaction has locked the balances of this user.
    LeftOut(UserId),
}

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

/// Decides the gifts one after the other, each by the balances as those before it left them, and
/// writes them, by a number of statements that does not depend on theirs. A refused gift refuses no
/// other one.
///
/// # Errors
/// A failure of the store, which fails the whole batch.
pub(crate) fn send_batch(
    conn: &mut Conn,
    now: Moment,
    gifts: &[&PendingGift],
    locking: Locking,
    notify_rooms: bool,
) -> Result<Vec<GiftResult>, GiftsError> {
    if gifts.is_empty() {
        return Ok(Vec::new());
    }
    // Before anything is read: whoever was muted or blocked while this waited is refused.
    if let Locking::WaitFor(user) = locking {
        EntryBatch::lock(conn, [user])?;
    }
    let rows = BatchRows::load(conn, now, gifts)?;
    let users = gifts.iter().flat_map(|gift| rows.users_of(&gift.request));
    let (entries, held) = EntryBatch::lock_unheld(conn, users)?;
    // After the balances of the givers are locked: whoever sent the same request before has
    // committed.
    let outcomes = find_outcomes(conn, gifts.iter().filter_map(|gift| gift.key.as_ref()))?;
    let mut batch = Batch {
        now,
        rows: &rows,
        entries,
        held,
        left_out: HashMap::new(),
        outcomes,
        decided: Vec::new(),
        new_outcomes: Vec::new(),
    };
    let results: Result<Vec<_>, _> = gifts.iter().map(|gift| batch.process(gift)).collect();
    let results = results?;
    batch.write(conn, now, notify_rooms)?;
    Ok(results)
}

/// The gifts of a batch that are decided, and what the next one is decided by.
struct Batch<'a> {
    now: Moment,
    rows: &'a BatchRows,
    entries: EntryBatch,
    /// Users whose balances another transaction has locked.
    held: BTreeSet<UserId>,
    /// The givers of whom a gift was left out, and because of whom.
    left_out: HashMap<UserId, UserId>,
    outcomes: StoredOutcomes,
    decided: Vec<DecidedGift<'a>>,
    /// A key, its outcome, and the position of the entry.
    new_outcomes: Vec<(&'a IdempotencyKey, String, Option<usize>)>,
}

impl<'a> Batch<'a> {
    fn process(&mut self, gift: &'a PendingGift) -> Result<GiftResult, GiftsError> {
        if let Some(user) = self.held_user(gift) {
            // The later gifts of the giver follow it, so that they are paid in their order.
            self.left_out.insert(gift.request.giver, user);
            return Ok(GiftResult::LeftOut(user));
        }
        match self.decide(gift) {
            Err(failure) if failure.store_error().is_some() => Err(failure),
            decided => Ok(GiftResult::Decided(decided)),
        }
    }

    /// The user because of whom a gift is left out.
    fn held_user(&self, gift: &PendingGift) -> Option<UserId> {
        if let Some(user) = self.left_out.get(&gift.request.giver) {
            return Some(*user);
        }
        let mut users = self.rows.users_of(&gift.request);
        users.find(|user| self.held.contains(user))
    }

    /// Sends or refuses a gift. Only an error of the store leaves something changed.
    fn decide(&mut self, pending: &'a PendingGift) -> Result<SendGiftOutcome, GiftsError> {
        let request = &pending.request;
        if let Some(outcome) = self.stored_outcome(pending)? {
            return Ok(outcome);
        }
        let rows = self.rows;
        let gift = rows.gifts.get(&request.gift);
        let gift = gift.ok_or(GiftsError::UnknownGift)?;
        let receiver = rows.profiles.get(&request.receiver);
        let receiver = receiver.ok_or(GiftsError::UnknownReceiver)?;
        let cost = gift.price.checked_mul(request.num).ok();
        let cost = cost.ok_or(GiftsError::BadNumber)?;
        let shared_room = rows.shared_room(request);
        let is_in = |live| shared_room.is_some_and(|room| room.about.live == live);
        if request.live.is_some_and(|live| !is_in(live)) {
            return Err(GiftsError::NotInRoom);
        }
        if rows.is_muted(request, self.now) {
            return Err(GiftsError::Muted);
        }
        if rows.is_blocked(request) {
            return Err(GiftsError::Blocked);
        }
        let giver = rows.profiles.get(&request.giver);
        let giver = giver.ok_or(StoreError::Corrupt("a giver without an account"))?;
        let before = self.entries.balances(request.giver)?;
        let Some(spending) = before.plan_spending(cost) else {
            return Ok(SendGiftOutcome::InsufficientGold {
                gold: before.gold()?,
                income: before.income,
            });
        };
        let host = rows.host(request);
        let mut decided = DecidedGift {
            request,
            gift,
            giver,
            receiver,
            cost,
            shared_room,
            host,
            shares: Shares::of(cost, pending.rates, host.is_some())?,
            entry: None,
        };
        if let Some(entry) = decided.ledger_entry(&self.entries, spending)? {
            decided.entry = Some(self.entries.add(entry)?);
        }
        self.finish(pending, decided)
    }

    /// Adds a decided gift, whose coins have moved. Returns the giver's balances after it.
    fn finish(
        &mut self,
        pending: &'a PendingGift,
        decided: DecidedGift<'a>,
    ) -> Result<SendGiftOutcome, GiftsError> {
        let after = self.entries.balances(decided.request.giver)?;
        // Neither fails: the gift has only taken gold away.
        let gold = after.gold().ok();
        let outcome = StoredOutcome {
            gold: gold.ok_or(StoreError::Corrupt("ledger_balances"))?,
            income: after.income,
        };
        if let Some(key) = &pending.key {
            let json = serde_json::to_string(&outcome).ok();
            let json = json.ok_or(StoreError::Corrupt("the outcome of a gift"))?;
            self.outcomes.add(key, &json);
            self.new_outcomes.push((key, json, decided.entry));
        }
        self.decided.push(decided);
        Ok(outcome.into())
    }

    /// The outcome of the same request, if it was answered before or is earlier in the batch.
    fn stored_outcome(&self, gift: &PendingGift) -> Result<Option<SendGiftOutcome>, GiftsError> {
        let Some(key) = &gift.key else {
            return Ok(None);
        };
        let Some(json) = self.outcomes.find(key)? else {
            return Ok(None);
        };
        let stored: StoredOutcome = serde_json::from_str(json)
            .ok()
            .ok_or(StoreError::Corrupt("the outcome of a gift"))?;
        Ok(Some(stored.into()))
    }

    fn write(self, conn: &mut Conn, now: Moment, notify_rooms: bool) -> Result<(), GiftsError> {
        let ids = self.entries.write(conn, now)?;
        // While the balances are locked for which concurrent gifts contend: so the messages of a
        // room have the order in which the gifts were paid.
        if notify_rooms {
            let messages = self.decided.iter().filter_map(DecidedGift::message);
            let messages: Vec<_> = messages.collect();
            qlive_outbox::enqueue_all(conn, now, &messages)?;
        }
        insert_records(conn, now, &self.decided, &ids)?;
        let outcomes = self.new_outcomes.into_iter();
        let outcomes = outcomes.map(|(key, outcome, entry)| NewOutcome {
            key: key.clone(),
            outcome,
            entry: entry.and_then(|position| ids.get(position).copied()),
        });
        Ok(store_outcomes(conn, now, outcomes.collect())?)
    }
}
