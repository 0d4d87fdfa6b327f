//! The records of sent gifts.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use qlive_store::schema::gifts_sent;
use qlive_store::{Conn, StoreError, first_since};
use qlive_types::{EntryId, LiveId, Moment, Page, UserId};

use crate::{Gifts, GiftsError};

/// The record of a sent gift, with the name and price that the gift had at that time.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = gifts_sent)]
pub struct SentGift {
    pub id: i64,
    #[diesel(column_name = giver_id)]
    pub giver: i64,
    #[diesel(column_name = receiver_id)]
    pub receiver: i64,
    /// The room that giver and receiver were both in.
    #[diesel(column_name = room_id)]
    pub room: Option<i64>,
    /// The broadcast of that room.
    #[diesel(column_name = broadcast_id)]
    pub broadcast: Option<i64>,
    /// The entry of the ledger, if it cost anything.
    #[diesel(column_name = entry_id)]
    pub entry: Option<i64>,
    /// The host of that room, if they got a share.
    #[diesel(column_name = host_id)]
    pub host: Option<i64>,
    pub gift_id: i64,
    pub name: String,
    pub price: i64,
    pub num: i64,
    pub cost: i64,
    pub receiver_share: i64,
    pub host_share: i64,
    at: i64,
}

impl SentGift {
    /// When the gift was sent.
    #[must_use]
    pub const fn at(&self) -> Moment {
        Moment::from_millis(self.at)
    }
}

/// Whose gifts are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentGiftFilter {
    /// Those that a user gave.
    Giver(UserId),
    /// Those that a user received.
    Receiver(UserId),
    /// Those in a room.
    Room(LiveId),
}

/// How many gifts a list for operators shows at once.
const ROWS: i64 = 50;

impl Gifts {
    /// The gift that an entry of the ledger is about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sent_by_entry(&self, entry: EntryId) -> Result<Option<SentGift>, GiftsError> {
        self.db
            .read(move |conn| {
                Ok(gifts_sent::table
                    .filter(gifts_sent::entry_id.eq(entry.get()))
                    .select(SentGift::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await
    }

    /// The sent gift with this number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sent(&self, id: i64) -> Result<Option<SentGift>, GiftsError> {
        self.db
            .read(move |conn| {
                Ok(gifts_sent::table
                    .find(id)
                    .select(SentGift::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await
    }

    /// The first 50 gifts that a user gave at a moment or later, the earliest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn given_since(
        &self,
        giver: UserId,
        since: Moment,
    ) -> Result<Vec<SentGift>, GiftsError> {
        self.db
            .read(move |conn| {
                Ok(gifts_sent::table
                    .filter(gifts_sent::giver_id.eq(giver.get()))
                    .filter(gifts_sent::at.ge(since.millis()))
                    .order((gifts_sent::at, gifts_sent::id))
                    .limit(ROWS)
                    .select(SentGift::as_select())
                    .load(conn)?)
            })
            .await
    }

    /// The coins that were given since a moment in each of these rooms in which any were. The
    /// moment is a recent one: the gifts since then are read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn given_in_rooms(
        &self,
        rooms: Vec<LiveId>,
        since: Moment,
    ) -> Result<BTreeMap<LiveId, i64>, GiftsError> {
        if rooms.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.db
            .read(move |conn| {
                let first = first_sent_since(conn, since)?;
                let rooms: Vec<i64> = rooms.into_iter().map(LiveId::get).collect();
                let sums: Vec<(Option<i64>, i64)> = gifts_sent::table
                    .filter(gifts_sent::room_id.eq_any(rooms))
                    .filter(gifts_sent::id.ge(first))
                    .filter(gifts_sent::at.ge(since.millis()))
                    .group_by(gifts_sent::room_id)
                    .select((
                        gifts_sent::room_id,
                        sql::<BigInt>("CAST(SUM(cost) AS BIGINT)"),
                    ))
                    .load(conn)?;
                let sums = sums.into_iter();
                Ok(sums
                    .filter_map(|(room, coins)| Some((LiveId::new(room?), coins)))
                    .collect())
            })
            .await
    }

    /// At most 50 sent gifts with a number below `before`, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_sent(
        &self,
        filter: SentGiftFilter,
        before: Option<i64>,
    ) -> Result<Vec<SentGift>, GiftsError> {
        self.db
            .read(move |conn| {
                let query = gifts_sent::table
                    .filter(gifts_sent::id.lt(before.unwrap_or(i64::MAX)))
                    .order(gifts_sent::id.desc())
                    .limit(ROWS)
                    .select(SentGift::as_select())
                    .into_boxed();
                Ok(match filter {
                    SentGiftFilter::Giver(user) => given_before(conn, user, before)?,
                    SentGiftFilter::Receiver(user) => query
                        .filter(gifts_sent::receiver_id.eq(user.get()))
                        .load(conn)?,
                    SentGiftFilter::Room(live) => query
                        .filter(gifts_sent::room_id.eq(live.get()))
                        .load(conn)?,
                })
            })
            .await
    }

    /// A page of the sent gifts, the latest first. With `user` only those that they gave or
    /// received, with `room` only those in that room.
    ///
    /// # Errors
    /// When the database fails.
    #[expect(
        clippy::disallowed_methods,
        reason = "a list for operators, whose pages end at 1,000"
    )]
    pub async fn list_sent(
        &self,
        user: Option<UserId>,
        room: Option<LiveId>,
        page: Page,
    ) -> Result<Vec<SentGift>, GiftsError> {
        self.db
            .read(move |conn| {
                let mut query = gifts_sent::table.into_boxed();
                if let Some(user) = user.map(UserId::get) {
                    let is_giver = gifts_sent::giver_id.eq(user);
                    query = query.filter(is_giver.or(gifts_sent::receiver_id.eq(user)));
                }
                if let Some(room) = room.map(LiveId::get) {
                    query = query.filter(gifts_sent::room_id.eq(room));
                }
                Ok(query
                    .order(gifts_sent::id.desc())
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select(SentGift::as_select())
                    .load(conn)?)
            })
            .await
    }
}

/// The number from which on gifts may be from a moment or later.
fn first_sent_since(conn: &mut Conn, since: Moment) -> Result<i64, StoreError> {
    let last: Option<i64> = gifts_sent::table
        .order(gifts_sent::id.desc())
        .select(gifts_sent::id)
        .first(conn)
        .optional()?;
    first_since(last.unwrap_or(0), since, |from| {
        let next = gifts_sent::table
            .filter(gifts_sent::id.ge(from))
            .order(gifts_sent::id)
            .select((gifts_sent::id, gifts_sent::at))
            .first(conn);
        Ok(next.optional()?)
    })
}

/// The gifts that a user gave before another one of theirs, the latest first.
fn given_before(
    conn: &mut Conn,
    giver: UserId,
    before: Option<i64>,
) -> Result<Vec<SentGift>, GiftsError> {
    let mut query = gifts_sent::table
        .filter(gifts_sent::giver_id.eq(giver.get()))
        .order((gifts_sent::at.desc(), gifts_sent::id.desc()))
        .limit(ROWS)
        .select(SentGift::as_select())
        .into_boxed();
    if let Some(before) = before {
        let at: Option<i64> = gifts_sent::table
            .find(before)
            .select(gifts_sent::at)
            .first(conn)
            .optional()?;
        let at = at.unwrap_or(i64::MAX);
        let is_earlier = gifts_sent::at.lt(at).or(gifts_sent::id.lt(before));
        query = query.filter(gifts_sent::at.le(at)).filter(is_earlier);
    }
    Ok(query.load(conn)?)
}
