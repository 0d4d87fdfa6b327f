//! A lookup in memory.

use std::collections::BTreeMap;
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

impl Lookup for TestLookup {
    fn find_room(&self, _: &mut Conn, live: LiveId) -> Result<Option<RoomProfile>, StoreError> {
        Ok(self.state().rooms.get(&live).cloned())
    }

    fn applicant_counts(&self, _: &mut Conn, _: LiveId) -> Result<[i64; 4], StoreError> {
        Ok(self.state().counts)
    }

    fn find_account(
        &self,
        _: &mut Conn,
        user: UserId,
    ) -> Result<Option<AccountProfile>, StoreError> {
        Ok(self.state().accounts.get(&user).cloned())
    }

    fn on_stage_since(&self, _: &mut Conn, user: UserId) -> Result<Option<Moment>, StoreError> {
        Ok(self.state().on_stage.get(&user).copied())
    }

    fn mark_group_created(&self, _: &mut Conn, live: LiveId) -> Result<(), StoreError> {
        self.state().groups_created.push(live);
        Ok(())
    }
}
