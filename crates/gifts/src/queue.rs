//! [`GiftQueue`]: the gifts of this process that wait for a batch.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qlive_types::UserId;
use tokio::sync::oneshot;

use crate::GiftsError;
use crate::request::{PendingGift, SendGiftOutcome};

/// The most gifts of one batch. Their rows, about twelve a gift, are written by a few statements,
/// so a larger batch saves little and makes its gifts wait.
pub(crate) const MAX_BATCH: usize = 128;
/// The most gifts that wait. More would wait longer than a client does.
const MAX_QUEUED: usize = 4_096;
/// How many batches a gift is left out of before it waits for the balances that it needs.
const MAX_LEFT_OUT: u32 = 3;

/// What is answered to a request.
pub(crate) type Answer = Result<SendGiftOutcome, GiftsError>;

/// A gift, and where its answer goes.
#[derive(Debug)]
pub(crate) struct QueuedGift {
    pub(crate) gift: Arc<PendingGift>,
    answer: oneshot::Sender<Answer>,
    /// How many batches it was left out of.
    left_out: u32,
}

impl QueuedGift {
    pub(crate) fn new(gift: PendingGift) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        let queued = Self {
            gift: Arc::new(gift),
            answer,
            left_out: 0,
        };
        (queued, answered)
    }

    pub(crate) fn giver(&self) -> UserId {
        self.gift.request.giver
    }

    /// Whether nobody waits for the answer any longer.
    pub(crate) fn is_given_up(&self) -> bool {
        self.answer.is_closed()
    }

    /// Answers the request, unless nobody waits for the answer any longer.
    pub(crate) fn answer(self, answer: Answer) {
        // The client went away: what was done is found by its request id.
        drop(self.answer.send(answer));
    }
}

/// The queue is full.
#[derive(Debug)]
pub(crate) struct QueueFull;

/// The gifts of this process that wait for a batch, in the order in which they came.
///
/// One batch runs at a time. Gifts whose balances another transaction has locked for several
/// batches leave it and wait by the user who has these balances, so that all others go on; the
/// later gifts of their givers follow them.
#[derive(Debug, Default)]
pub(crate) struct GiftQueue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: VecDeque<QueuedGift>,
    is_running: bool,
    /// Gifts that wait for locked balances, by the user who has these balances.
    waiting: HashMap<UserId, VecDeque<QueuedGift>>,
    /// The givers of gifts that wait so: for whose balances, and how many gifts.
    waiting_givers: HashMap<UserId, (UserId, usize)>,
}

impl GiftQueue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a gift. Returns whether no batch runs, so that the caller has to start one.
    pub(crate) fn push(&self, gift: QueuedGift) -> Result<bool, QueueFull> {
        let mut state = self.state();
        let waiting = state.waiting.values().map(VecDeque::len).sum::<usize>();
        if state.next.len() + waiting >= MAX_QUEUED {
            return Err(QueueFull);
        }
        state.next.push_back(gift);
        Ok(!std::mem::replace(&mut state.is_running, true))
    }

    /// Takes the gifts of the next batch.
    pub(crate) fn take_batch(&self) -> Vec<QueuedGift> {
        let mut state = self.state();
        let mut batch = Vec::new();
        while batch.len() < MAX_BATCH
            && let Some(gift) = state.next.pop_front()
        {
            if gift.is_given_up() {
                continue;
            }
            match state.waiting_givers.get(&gift.giver()).copied() {
                Some((user, _)) => {
                    state.wait_for(user, gift);
                }
                None => batch.push(gift),
            }
        }
        batch
    }

    /// Puts gifts back that were left out of a batch, each because of this user. Returns the users
    /// for whose balances somebody has to wait from now on.
    pub(crate) fn put_back(&self, gifts: Vec<(QueuedGift, UserId)>) -> Vec<UserId> {
        let mut state = self.state();
        let mut started = Vec::new();
        let mut again = Vec::new();
        for (mut gift, user) in gifts {
            gift.left_out += 1;
            let waits = match state.waiting_givers.get(&gift.giver()) {
                Some((user, _)) => Some(*user),
                None => (gift.left_out >= MAX_LEFT_OUT).then_some(user),
            };
            match waits {
                Some(user) => started.extend(state.wait_for(user, gift).then_some(user)),
                None => again.push(gift),
            }
        }
        for gift in again.into_iter().rev() {
            state.next.push_front(gift);
        }
        started
    }

    /// Ends the run of batches if no gift is left. Returns whether it did.
    pub(crate) fn finish(&self) -> bool {
        let mut state = self.state();
        state.is_running = !state.next.is_empty();
        !state.is_running
    }

    /// Ends a run of batches that failed. Dropped requests are answered as unavailable.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.is_running = false;
        state.next.clear();
    }

    /// Takes gifts that wait for the balances of this user.
    pub(crate) fn take_waiting(&self, user: UserId) -> Vec<QueuedGift> {
        let mut state = self.state();
        let Some(waiting) = state.waiting.get_mut(&user) else {
            return Vec::new();
        };
        let count = waiting.len().min(MAX_BATCH);
        waiting.drain(..count).collect()
    }

    /// Notes that gifts of these givers were taken, and puts those back that were left out. Returns
    /// whether none is left that waits for the balances of this user, so that nobody has to wait
    /// for them any longer.
    pub(crate) fn finish_waiting(
        &self,
        user: UserId,
        givers: Vec<UserId>,
        left_out: Vec<QueuedGift>,
    ) -> bool {
        let mut state = self.state();
        for gift in left_out.into_iter().rev() {
            let giver = state.waiting_givers.entry(gift.giver());
            giver.or_insert((user, 0)).1 += 1;
            // Before the later gifts of its giver.
            state.waiting.entry(user).or_default().push_front(gift);
        }
        for giver in givers {
            if let Entry::Occupied(mut entry) = state.waiting_givers.entry(giver) {
                entry.get_mut().1 -= 1;
                if entry.get().1 == 0 {
                    entry.remove();
                }
            }
        }
        let is_done = state.waiting.get(&user).is_none_or(VecDeque::is_empty);
        if is_done {
            state.waiting.remove(&user);
        }
        is_done
    }

    /// Ends waiting for the balances of this user after a failure.
    pub(crate) fn abandon_waiting(&self, user: UserId) {
        let mut state = self.state();
        state.waiting.remove(&user);
        state.waiting_givers.retain(|_, (waits, _)| *waits != user);
    }
}

impl State {
    /// Lets a gift wait for the balances of this user. Returns whether it is the first one.
    fn wait_for(&mut self, user: UserId, gift: QueuedGift) -> bool {
        let giver = self.waiting_givers.entry(gift.giver());
        giver.or_insert((user, 0)).1 += 1;
        match self.waiting.entry(user) {
            Entry::Occupied(mut waiting) => {
                waiting.get_mut().push_back(gift);
                false
            }
            Entry::Vacant(vacant) => {
                vacant.insert(VecDeque::from([gift]));
                true
            }
        }
    }
}
