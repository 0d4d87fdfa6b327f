//! What the gifts of a batch need to know, loaded by one query each.

use std::collections::{BTreeSet, HashMap, HashSet};

use qlive_rooms::{MutedGivers, SharedRoom, SharedRooms};
use qlive_store::{Conn, StoreError};
use qlive_types::{Moment, UserId};
use qlive_users::{Profile, blocks_between, find_users};

use crate::CatalogueGift;
use crate::gift_row::find_sold;
use crate::request::{PendingGift, SendGift};

/// The rows that decide the gifts of a batch.
pub(crate) struct BatchRows {
    /// The gifts that are not disabled.
    pub(crate) gifts: HashMap<i64, CatalogueGift>,
    pub(crate) profiles: HashMap<UserId, Profile>,
    rooms: SharedRooms,
    muted: MutedGivers,
    /// Of each pair the first blocks the second.
    blocks: HashSet<(UserId, UserId)>,
}

impl BatchRows {
    pub(crate) fn load(
        conn: &mut Conn,
        now: Moment,
        gifts: &[&PendingGift],
    ) -> Result<Self, StoreError> {
        let requests = gifts.iter().map(|gift| &gift.request);
        let ids: BTreeSet<i64> = requests.clone().map(|request| request.gift).collect();
        let users: BTreeSet<UserId> = requests
            .flat_map(|request| [request.giver, request.receiver])
            .collect();
        Ok(Self {
            gifts: find_sold(conn, now, ids)?,
            profiles: find_users(conn, users.clone())?,
            muted: MutedGivers::load(conn, users.clone())?,
            blocks: blocks_between(conn, users.clone())?,
            rooms: SharedRooms::load(conn, users)?,
        })
    }

    /// The room that giver and receiver are both in.
    pub(crate) fn shared_room(&self, request: &SendGift) -> Option<SharedRoom> {
        self.rooms.of(request.giver, request.receiver)
    }

    /// Whether the giver may not give now: muted in that room or everywhere.
    pub(crate) fn is_muted(&self, request: &SendGift, now: Moment) -> bool {
        let host = self.shared_room(request).map(|room| room.host);
        self.muted.refuse(request.giver, host, now)
    }

    /// Whether the receiver blocks the giver.
    pub(crate) fn is_blocked(&self, request: &SendGift) -> bool {
        self.blocks.contains(&(request.receiver, request.giver))
    }

    /// The host of the shared room, if they get a share: not as the giver or the receiver.
    pub(crate) fn host(&self, request: &SendGift) -> Option<UserId> {
        let host = self.shared_room(request)?.host;
        (![request.giver, request.receiver].contains(&host)).then_some(host)
    }

    /// The users whose balances a gift moves or shows.
    pub(crate) fn users_of(&self, request: &SendGift) -> impl Iterator<Item = UserId> {
        let is_paid = self
            .gifts
            .get(&request.gift)
            .is_some_and(|gift| !gift.price.is_zero());
        let receiver = self.profiles.get(&request.receiver);
        let others = [receiver.map(|profile| profile.user), self.host(request)];
        let others = others.into_iter().flatten().filter(move |_| is_paid);
        [request.giver].into_iter().chain(others)
    }
}
