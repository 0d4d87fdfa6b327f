//! A lookup in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use qlive_outbox::{AccountProfile, Lookup, RoomProfile};
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, GroupId, LiveId, Moment, UserId};

use super::deliveries::{BROADCAST, LIVE, user};

/// What the lookup answers. Cheap to clone; clones share the state.
#[derive(Clone)]
pub(crate) struct TestLookup(Arc<Mutex<State>>);

pub(crate) struct State {
    pub(crate) rooms: BTreeMap<LiveId, RoomProfile>,
    pub(crate) counts: [i64; 4],
    pub(crate) accounts: BTreeMap<UserId, AccountProfile>,
    pub(crate) on_stage: BTreeMap<UserId, Moment>,
    /// The user whose account cannot be read.
    pub(crate) faulty_account: Option<UserId>,
    /// The rooms whose groups were recorded as created.
    pub(crate) groups_created: Vec<LiveId>,
}

impl TestLookup {
    /// Room 1 with the host 1 and a live broadcast, and the accounts of users 1 to 3.
    pub(crate) fn new() -> Self {
        let room = RoomProfile {
            group: GroupId::new("group-1"),
            host: user(1),
            host_name: "host".into(),
            face_url: "https://example.com/1.png".into(),
            broadcast: Some(BROADCAST),
        };
        let account = |number: i64| AccountProfile {
            nickname: format!("user {number}"),
            face_url: format!("https://example.com/{number}.png"),
            gender: Gender::Male,
        };
        Self(Arc::new(Mutex::new(State {
            rooms: BTreeMap::from([(LIVE, room)]),
            counts: [0; 4],
            accounts: (1..=3)
                .map(|number| (user(number), account(number)))
                .collect(),
            on_stage: BTreeMap::new(),
            faulty_account: None,
            groups_created: Vec::new(),
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Changes room 1.
    pub(crate) fn change_room(&self, change: impl FnOnce(&mut RoomProfile)) {
        change(self.state().rooms.get_mut(&LIVE).unwrap());
    }

    /// Changes the account of a user.
    pub(crate) fn change_account(&self, user: UserId, change: impl FnOnce(&mut AccountProfile)) {
        change(self.state().accounts.get_mut(&user).unwrap());
    }
}

/// The values of these keys.
fn select<K: Ord + Copy, V: Clone>(all: &BTreeMap<K, V>, keys: &BTreeSet<K>) -> BTreeMap<K, V> {
    let found = keys.iter().filter_map(|key| Some((*key, all.get(key)?)));
    found.map(|(key, value)| (key, value.clone())).collect()
}

impl Lookup for TestLookup {
    fn find_rooms(
        &self,
        _: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, RoomProfile>, StoreError> {
        Ok(select(&self.state().rooms, lives))
    }

    fn applicant_counts(
        &self,
        _: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<BTreeMap<LiveId, [i64; 4]>, StoreError> {
        let counts = self.state().counts;
        Ok(lives.iter().map(|live| (*live, counts)).collect())
    }

    fn find_accounts(
        &self,
        _: &mut Conn,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, AccountProfile>, StoreError> {
        let state = self.state();
        if state
            .faulty_account
            .is_some_and(|user| users.contains(&user))
        {
            return Err(StoreError::Corrupt("users.gender"));
        }
        Ok(select(&state.accounts, users))
    }

    fn on_stage_since(
        &self,
        _: &mut Conn,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, Moment>, StoreError> {
        Ok(select(&self.state().on_stage, users))
    }

    fn mark_groups_created(
        &self,
        _: &mut Conn,
        lives: &BTreeSet<LiveId>,
    ) -> Result<(), StoreError> {
        self.state().groups_created.extend(lives);
        Ok(())
    }
}
