//! A gift that will be sent: its coins, its record and its message.

use diesel::prelude::*;
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, NewIncome, Spending, SystemAccount, TransferCode,
    allocate, post_entry,
};
use qlive_outbox::{Delivery, GiftMessage, GroupMessage};
use qlive_rooms::SharedRoom;
use qlive_store::schema::gifts_sent;
use qlive_store::{Conn, StoreError};
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
    pub(crate) receiver: &'a Profile,
    pub(crate) cost: Coins,
    pub(crate) spending: Spending,
    pub(crate) shared_room: Option<SharedRoom>,
    /// The host of the shared room, if they get a share.
    pub(crate) host: Option<UserId>,
    pub(crate) shares: Shares,
    /// The parts of the shares that pay debts.
    pub(crate) receiver_income: NewIncome,
    pub(crate) host_income: NewIncome,
}

impl DecidedGift<'_> {
    /// Posts the ledger entry. Returns `None` for a gift that costs nothing.
    pub(crate) fn post_ledger_entry(
        &self,
        conn: &mut Conn,
        now: Moment,
    ) -> Result<Option<EntryId>, GiftsError> {
        let giver = |kind| Account::User(self.request.giver, kind);
        let sources = [
            (giver(BalanceKind::Granted), self.spending.granted),
            (giver(BalanceKind::Bought), self.spending.bought),
            (giver(BalanceKind::Income), self.spending.income),
        ];
        let share = |user, share: NewIncome, code| {
            [
                (Account::User(user, BalanceKind::Debt), share.debt, code),
                (Account::User(user, BalanceKind::Income), share.income, code),
            ]
        };
        let (receiver, received) = (self.request.receiver, TransferCode::GiftReceived);
        let mut destinations = share(receiver, self.receiver_income, received).to_vec();
        if let Some(host) = self.host {
            destinations.extend(share(host, self.host_income, TransferCode::GiftHosted));
        }
        destinations.push((
            Account::System(SystemAccount::Platform),
            self.shares.platform,
            TransferCode::GiftPlatform,
        ));
        let transfers = allocate(&sources, &destinations)?;
        if transfers.is_empty() {
            return Ok(None);
        }
        let entry = Entry::new(EntryKind::Gift, self.gift.id.to_string()).with_transfers(transfers);
        Ok(Some(post_entry(conn, now, &entry)?))
    }

    /// Inserts the record of the gift.
    pub(crate) fn insert_record(
        &self,
        conn: &mut Conn,
        now: Moment,
        entry: Option<EntryId>,
    ) -> Result<(), StoreError> {
        let broadcast = self.shared_room.map(|room| room.about);
        diesel::insert_into(gifts_sent::table)
            .values((
                gifts_sent::giver_id.eq(self.request.giver.get()),
                gifts_sent::receiver_id.eq(self.request.receiver.get()),
                gifts_sent::room_id.eq(broadcast.map(|about| about.live.get())),
                gifts_sent::broadcast_id.eq(broadcast.map(|about| about.broadcast.get())),
                gifts_sent::host_id.eq(self.host.map(UserId::get)),
                (
                    gifts_sent::gift_id.eq(self.gift.id),
                    gifts_sent::name.eq(&self.gift.name),
                    gifts_sent::price.eq(self.gift.price.get()),
                ),
                (
                    gifts_sent::num.eq(self.request.num),
                    gifts_sent::cost.eq(self.cost.get()),
                ),
                gifts_sent::receiver_share.eq(self.shares.receiver.get()),
                gifts_sent::host_share.eq(self.shares.host.get()),
                gifts_sent::entry_id.eq(entry.map(EntryId::get)),
                gifts_sent::at.eq(now.millis()),
            ))
            .execute(conn)?;
        Ok(())
    }

    /// Inserts the message to the shared room into the outbox, if there is such a room.
    pub(crate) fn enqueue_message(&self, conn: &mut Conn, now: Moment) -> Result<(), StoreError> {
        let Some(room) = self.shared_room else {
            return Ok(());
        };
        let giver = qlive_users::find_user(conn, self.request.giver)?
            .ok_or(StoreError::Corrupt("a giver without an account"))?;
        let message = GroupMessage::Gift(GiftMessage {
            gift_id: self.gift.id,
            gift_title: self.gift.name.clone(),
            gift_num: self.request.num,
            gift_image: self.gift.image.clone(),
            effect: self.gift.effect.clone(),
            user_id: giver.user,
            nickname: giver.nickname,
            to_user_id: self.receiver.user,
            to_nickname: self.receiver.nickname.clone(),
        });
        let about = room.about;
        qlive_outbox::enqueue(conn, now, &Delivery::SendGroupMessage { about, message })
    }
}
