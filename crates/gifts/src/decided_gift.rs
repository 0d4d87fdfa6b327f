//! A gift that will be sent: its coins, its record and its message.

use qlive_ledger::{
    Account, BalanceKind, Entry, EntryBatch, EntryKind, NewIncome, Spending, SystemAccount,
    TransferCode, allocate,
};
use qlive_outbox::{Delivery, GiftMessage, GroupMessage};
use qlive_rooms::SharedRoom;
use qlive_store::{Column, Conn, StoreError, insert_rows};
use qlive_types::{Coins, EntryId, Moment, UserId};
use qlive_users::Profile;

use crate::CatalogueGift;
use crate::GiftsError;
use crate::request::SendGift;
use crate::shares::Shares;

/// A gift of which everything is decided and nothing is written yet.
pub(crate) struct DecidedGift<'a> {
    pub(crate) request: &'a SendGift,
    pub(crate) gift: &'a CatalogueGift,
    pub(crate) giver: &'a Profile,
    pub(crate) receiver: &'a Profile,
    pub(crate) cost: Coins,
    pub(crate) shared_room: Option<SharedRoom>,
    /// The host of the shared room, if they get a share.
    pub(crate) host: Option<UserId>,
    pub(crate) shares: Shares,
    /// The position of the ledger entry in its batch. `None` for a gift that costs nothing.
    pub(crate) entry: Option<usize>,
}

impl DecidedGift<'_> {
    /// The ledger entry, by the balances as the gifts before this one left them. `None` for a gift
    /// that costs nothing.
    pub(crate) fn ledger_entry(
        &self,
        balances: &EntryBatch,
        spending: Spending,
    ) -> Result<Option<Entry>, GiftsError> {
        if self.cost.is_zero() {
            return Ok(None);
        }
        let giver = |kind| Account::User(self.request.giver, kind);
        let sources = [
            (giver(BalanceKind::Granted), spending.granted),
            (giver(BalanceKind::Bought), spending.bought),
            (giver(BalanceKind::Income), spending.income),
        ];
        let share = |user, share: NewIncome, code| {
            [
                (Account::User(user, BalanceKind::Debt), share.debt, code),
                (Account::User(user, BalanceKind::Income), share.income, code),
            ]
        };
        let receiver = self.receiver.user;
        let received = balances
            .balances(receiver)?
            .plan_income(self.shares.receiver);
        let mut destinations = share(receiver, received, TransferCode::GiftReceived).to_vec();
        if let Some(host) = self.host {
            let hosted = balances.balances(host)?.plan_income(self.shares.host);
            destinations.extend(share(host, hosted, TransferCode::GiftHosted));
        }
        destinations.push((
            Account::System(SystemAccount::Platform),
            self.shares.platform,
            TransferCode::GiftPlatform,
        ));
        let transfers = allocate(&sources, &destinations)?;
        let subject = self.gift.id.to_string();
        Ok(Some(
            Entry::new(EntryKind::Gift, subject).with_transfers(transfers),
        ))
    }

    /// The message to the shared room, if there is such a room.
    pub(crate) fn message(&self) -> Option<Delivery> {
        let about = self.shared_room?.about;
        let message = GroupMessage::Gift(GiftMessage {
            gift_id: self.gift.id,
            gift_title: self.gift.name.clone(),
            gift_num: self.request.num,
            gift_image: self.gift.image.clone(),
            effect: self.gift.effect.clone(),
            user_id: self.giver.user,
            nickname: self.giver.nickname.clone(),
            to_user_id: self.receiver.user,
            to_nickname: self.receiver.nickname.clone(),
        });
        Some(Delivery::SendGroupMessage { about, message })
    }
}

/// Inserts the records of gifts. `entries` are the ids of the entries of their batch.
pub(crate) fn insert_records(
    conn: &mut Conn,
    now: Moment,
    gifts: &[DecidedGift<'_>],
    entries: &[EntryId],
) -> Result<(), StoreError> {
    let number =
        |value: fn(&DecidedGift<'_>) -> i64| -> Column { gifts.iter().map(value).collect() };
    let optional = |value: fn(&DecidedGift<'_>) -> Option<i64>| -> Column {
        gifts.iter().map(value).collect()
    };
    let entry_of = |gift: &DecidedGift<'_>| {
        let id = gift.entry.and_then(|position| entries.get(position));
        id.map(|id| id.get())
    };
    let columns = [
        ("giver_id", number(|gift| gift.request.giver.get())),
        ("receiver_id", number(|gift| gift.request.receiver.get())),
        (
            "room_id",
            optional(|gift| gift.shared_room.map(|room| room.about.live.get())),
        ),
        (
            "broadcast_id",
            optional(|gift| gift.shared_room.map(|room| room.about.broadcast.get())),
        ),
        ("host_id", optional(|gift| gift.host.map(UserId::get))),
        ("gift_id", number(|gift| gift.gift.id)),
        (
            "name",
            gifts.iter().map(|gift| gift.gift.name.clone()).collect(),
        ),
        ("price", number(|gift| gift.gift.price.get())),
        ("num", number(|gift| gift.request.num)),
        ("cost", number(|gift| gift.cost.get())),
        ("receiver_share", number(|gift| gift.shares.receiver.get())),
        ("host_share", number(|gift| gift.shares.host.get())),
        ("entry_id", gifts.iter().map(entry_of).collect()),
        ("at", gifts.iter().map(|_| now.millis()).collect()),
    ];
    insert_rows(conn, "gifts_sent", &columns)?;
    Ok(())
}
