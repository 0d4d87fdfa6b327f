//! [`GiftSender`]: sends the gifts that wait together, batch by batch.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qlive_outbox::Outbox;
use qlive_store::{Db, StoreError, TransactionError as _, operation};
use qlive_types::{Clock, UserId};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::GiftsError;
use crate::batch::{GiftResult, Locking, send_batch};
use crate::queue::{Answer, GiftQueue, QueuedGift};
use crate::request::PendingGift;

/// The share of the connections that all batches use.
const OPERATION: &str = "gifts";
/// How long a request waits for its answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How many transactions wait for locked balances at a time. Few, so that a connection of the share
/// is left for the other gifts.
const MAX_WAITING: usize = 2;
/// The pause before gifts are tried again that wait for the balances of one user, when others have
/// locked those of another.
const LEFT_OUT_PAUSE: Duration = Duration::from_millis(20);

/// Sends the gifts that wait together. Cheap to clone.
#[derive(Clone)]
pub(crate) struct GiftSender {
    db: Db,
    clock: Clock,
    outbox: Outbox,
    notify_rooms: bool,
    queue: Arc<GiftQueue>,
    waiting: Arc<Semaphore>,
    /// Where batches run: not on the runtime of the request that starts one, which may end before
    /// the requests that wait for the batch.
    runtime: Option<Handle>,
}

/// The gifts of a transaction. They are taken when it has begun, so that those that came in the
/// meantime belong to it.
#[derive(Default)]
struct Taken {
    gifts: Vec<QueuedGift>,
    /// Nobody waits for the transaction any longer.
    is_abandoned: bool,
}

impl GiftSender {
    pub(crate) fn new(db: Db, clock: Clock, outbox: Outbox, notify_rooms: bool) -> Self {
        Self {
            db,
            clock,
            outbox,
            notify_rooms,
            queue: Arc::default(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            runtime: Handle::try_current().ok(),
        }
    }

    /// Sends a gift with the others that wait. It is answered after the commit. When the caller
    /// stops waiting, the gift is sent nevertheless if its batch has begun.
    pub(crate) async fn send(&self, gift: PendingGift) -> Answer {
        let (gift, answered) = QueuedGift::new(gift);
        match self.queue.push(gift) {
            Ok(true) => self.spawn(Self::run_batches(self.clone())),
            Ok(false) => {}
            Err(_) => return Err(unavailable("too many gifts wait")),
        }
        match timeout(ANSWER_LIMIT, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(unavailable("the batch of the gift failed")),
            Err(_) => Err(unavailable("it did not answer in time")),
        }
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let work = operation::run_request(OPERATION, work);
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(work)),
            None => drop(tokio::spawn(work)),
        }
    }

    /// Sends batches until no gift is left.
    async fn run_batches(self) {
        let queue = Arc::clone(&self.queue);
        let mut on_failure = OnFailure::new(move || queue.abandon());
        loop {
            let taken = Arc::new(Mutex::new(Taken::default()));
            let result = self.write(&taken, Locking::LeaveOut).await;
            let mut gifts = abandon(&taken);
            if result.is_err() && gifts.is_empty() {
                gifts = self.queue.take_batch();
            }
            let left_out = self.settle(gifts, result, Locking::LeaveOut).await;
            for user in self.queue.put_back(left_out) {
                self.spawn(Self::run_waiting(self.clone(), user));
            }
            if self.queue.finish() {
                on_failure.disarm();
                return;
            }
        }
    }

    /// Sends the gifts that wait for the balances of this user, until there are none.
    fn run_waiting(self, user: UserId) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let queue = Arc::clone(&self.queue);
            let mut on_failure = OnFailure::new(move || queue.abandon_waiting(user));
            loop {
                let Ok(_permit) = self.waiting.acquire().await else {
                    return;
                };
                let mut gifts = self.queue.take_waiting(user);
                let givers = gifts.iter().map(QueuedGift::giver).collect();
                gifts.retain(|gift| !gift.is_given_up());
                let (count, locking) = (gifts.len(), Locking::WaitFor(user));
                let (gifts, result) = self.write_gifts(gifts, locking).await;
                let left_out = self.settle(gifts, result, locking).await;
                let nothing_sent = count > 0 && left_out.len() == count;
                let left_out = left_out.into_iter().map(|(gift, _)| gift);
                if self.queue.finish_waiting(user, givers, left_out.collect()) {
                    on_failure.disarm();
                    return;
                }
                if nothing_sent {
                    tokio::time::sleep(LEFT_OUT_PAUSE).await;
                }
            }
        })
    }

    async fn write_gifts(
        &self,
        gifts: Vec<QueuedGift>,
        locking: Locking,
    ) -> (Vec<QueuedGift>, Result<Vec<GiftResult>, GiftsError>) {
        let is_abandoned = false;
        let taken = Arc::new(Mutex::new(Taken {
            gifts,
            is_abandoned,
        }));
        let result = self.write(&taken, locking).await;
        (abandon(&taken), result)
    }

    /// Runs the transaction of a batch: of the gifts in `taken`, or if there are none of those that
    /// wait when it has begun.
    async fn write(
        &self,
        taken: &Arc<Mutex<Taken>>,
        locking: Locking,
    ) -> Result<Vec<GiftResult>, GiftsError> {
        let (taken, queue) = (Arc::clone(taken), Arc::clone(&self.queue));
        let (clock, notify_rooms) = (self.clock.clone(), self.notify_rooms);
        let change = move |conn: &mut _| {
            let mut batch = lock(&taken);
            if batch.is_abandoned {
                return Err(unavailable("nobody waits for the batch any longer"));
            }
            if batch.gifts.is_empty() && locking == Locking::LeaveOut {
                batch.gifts = queue.take_batch();
            }
            let gifts = batch.gifts.iter();
            let gifts: Vec<Arc<PendingGift>> =
                gifts.map(|queued| Arc::clone(&queued.gift)).collect();
            drop(batch);
            let gifts: Vec<&PendingGift> = gifts.iter().map(AsRef::as_ref).collect();
            send_batch(conn, clock.now(), &gifts, locking, notify_rooms)
        };
        let result = self.db.write(change).await;
        self.outbox.wake();
        result
    }

    /// Answers the gifts of a batch, and returns those that were left out. A batch that failed for
    /// another reason than an outage is tried gift by gift, so that one gift cannot fail the
    /// others. After an outage the database is not asked again: whether the batch was committed
    /// may be unknown, and a gift without a request id must not be sent twice.
    async fn settle(
        &self,
        gifts: Vec<QueuedGift>,
        result: Result<Vec<GiftResult>, GiftsError>,
        locking: Locking,
    ) -> Vec<(QueuedGift, UserId)> {
        let mut left_out = Vec::new();
        match result {
            Err(failure) if gifts.len() > 1 && !is_outage(&failure) => {
                self.write_one_by_one(gifts, locking, &mut left_out).await;
            }
            result => answer(gifts, result, &mut left_out),
        }
        left_out
    }

    /// Sends gifts, each in a transaction of its own, until there is an outage.
    async fn write_one_by_one(
        &self,
        gifts: Vec<QueuedGift>,
        locking: Locking,
        left_out: &mut Vec<(QueuedGift, UserId)>,
    ) {
        let mut rest = gifts.into_iter();
        while let Some(gift) = rest.next() {
            if gift.is_given_up() {
                continue;
            }
            if let Some(user) = left_out_giver(left_out, gift.giver()) {
                left_out.push((gift, user));
                continue;
            }
            let (gifts, result) = self.write_gifts(vec![gift], locking).await;
            let outage = result.as_ref().err().filter(|failure| is_outage(failure));
            let outage = outage.map(reason_of);
            answer(gifts, result, left_out);
            if let Some(outage) = outage {
                answer(rest.collect(), Err(unavailable(&outage)), left_out);
                return;
            }
        }
    }
}

/// Answers gifts, and collects those that were left out.
fn answer(
    gifts: Vec<QueuedGift>,
    result: Result<Vec<GiftResult>, GiftsError>,
    left_out: &mut Vec<(QueuedGift, UserId)>,
) {
    match result {
        Ok(results) => {
            for (gift, result) in gifts.into_iter().zip(results) {
                match result {
                    GiftResult::Decided(answer) => gift.answer(answer),
                    GiftResult::LeftOut(user) => left_out.push((gift, user)),
                }
            }
        }
        Err(failure) => {
            let mut failures = same_failures(failure, gifts.len());
            for gift in gifts {
                gift.answer(failures.next().unwrap_or_else(|| Err(unavailable(""))));
            }
        }
    }
}

/// The failure of a batch, for each of its gifts.
fn same_failures(failure: GiftsError, count: usize) -> impl Iterator<Item = Answer> {
    let reason = reason_of(&failure);
    let others = std::iter::repeat_with(move || unavailable(&reason));
    std::iter::once(failure).chain(others).take(count).map(Err)
}

/// The user because of whom an earlier gift of this giver was left out.
fn left_out_giver(left_out: &[(QueuedGift, UserId)], giver: UserId) -> Option<UserId> {
    let earlier = left_out.iter().find(|(gift, _)| gift.giver() == giver);
    earlier.map(|(_, user)| *user)
}

fn is_outage(failure: &GiftsError) -> bool {
    matches!(failure.store_error(), Some(StoreError::Unavailable(_)))
}

/// What [`unavailable`] takes to name the same failure.
fn reason_of(failure: &GiftsError) -> String {
    match failure.store_error() {
        Some(StoreError::Unavailable(reason)) => reason.clone(),
        _ => failure.to_string(),
    }
}

fn unavailable(text: &str) -> GiftsError {
    StoreError::Unavailable(text.to_owned()).into()
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the gifts of a transaction that has ended, or that nobody waits for any longer.
fn abandon(taken: &Mutex<Taken>) -> Vec<QueuedGift> {
    let mut taken = lock(taken);
    taken.is_abandoned = true;
    std::mem::take(&mut taken.gifts)
}

/// Does something when it is dropped, as by a panic, unless it is disarmed.
struct OnFailure<F: FnMut()> {
    work: F,
    is_armed: bool,
}

impl<F: FnMut()> OnFailure<F> {
    const fn new(work: F) -> Self {
        Self {
            work,
            is_armed: true,
        }
    }

    const fn disarm(&mut self) {
        self.is_armed = false;
    }
}

impl<F: FnMut()> Drop for OnFailure<F> {
    fn drop(&mut self) {
        if self.is_armed {
            (self.work)();
        }
    }
}
