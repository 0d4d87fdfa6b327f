//! What was given, by whom, to whom and where.

use diesel::prelude::*;
use qlive_ledger::{Offence, offender};
use qlive_store::schema::gifts_sent;
use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, Page, UserId};

use crate::{Gifts, GiftsError};

/// A gift that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Record {
    pub id: i64,
    pub giver: i64,
    pub receiver: i64,
    pub room: Option<i64>,
    pub host: Option<i64>,
    pub name: String,
    pub price: i64,
    pub num: i64,
    pub cost: i64,
    pub receiver_share: i64,
    pub host_share: i64,
    at: i64,
}

impl Record {
    #[must_use]
    pub const fn at(&self) -> Moment {
        Moment::from_millis(self.at)
    }
}

impl Gifts {
    /// A page of what was given or received by a user, or in a room, the latest first.
    pub async fn sent(
        &self,
        user: Option<UserId>,
        room: Option<LiveId>,
        page: Page,
    ) -> Result<Vec<Record>, GiftsError> {
        self.db
            .read(move |conn| {
                let mut chosen = gifts_sent::table.into_boxed();
                if let Some(user) = user.map(UserId::get) {
                    chosen = chosen.filter(
                        gifts_sent::giver_id
                            .eq(user)
                            .or(gifts_sent::receiver_id.eq(user)),
                    );
                }
                if let Some(room) = room.map(LiveId::get) {
                    chosen = chosen.filter(gifts_sent::room_id.eq(room));
                }
                Ok(chosen
                    .order(gifts_sent::id.desc())
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select((
                        gifts_sent::id,
                        gifts_sent::giver_id,
                        gifts_sent::receiver_id,
                        gifts_sent::room_id,
                        gifts_sent::host_id,
                        gifts_sent::name,
                        gifts_sent::price,
                        gifts_sent::num,
                        gifts_sent::cost,
                        gifts_sent::receiver_share,
                        gifts_sent::host_share,
                        gifts_sent::at,
                    ))
                    .load(conn)?)
            })
            .await
    }
}

/// Every gift has its coins, from whom and to whom its record says; every entry of a gift has its record.
const RULES: [&str; 3] = [
    "SELECT 'gift ' || s.id || ': its entry does not move its cost' AS what FROM gifts_sent s
        LEFT JOIN ledger_groups g ON g.id = s.group_id
        WHERE s.cost > 0 AND (g.id IS NULL OR g.kind <> 3 OR g.total <> s.cost
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_transfers t WHERE t.group_id = s.group_id
                AND t.debit IN (s.giver_id * 10 + 1, s.giver_id * 10 + 2, s.giver_id * 10 + 3)) <> s.cost)
        ORDER BY s.id LIMIT 1",
    "SELECT 'gift ' || s.id || ': its shares are not where its record says' AS what FROM gifts_sent s
        WHERE s.cost > 0 AND ((SELECT COALESCE(SUM(t.amount), 0) FROM ledger_transfers t WHERE t.group_id = s.group_id
                AND t.code = 4 AND t.credit = s.receiver_id * 10 + 3) <> s.receiver_share
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_transfers t WHERE t.group_id = s.group_id
                AND t.code = 5 AND t.credit = COALESCE(s.host_id, 0) * 10 + 3) <> s.host_share)
        ORDER BY s.id LIMIT 1",
    "SELECT 'entry ' || g.id || ': it is a gift without a record' AS what FROM ledger_groups g
        LEFT JOIN gifts_sent s ON s.group_id = g.id WHERE g.kind = 3 AND s.id IS NULL ORDER BY g.id LIMIT 1",
];

/// The first gift that its coins do not bear out.
pub fn audit(conn: &mut Conn) -> Result<Option<Offence>, StoreError> {
    for rule in RULES {
        if let Some(found) = offender(conn, rule)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
