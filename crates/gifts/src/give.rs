//! Giving: one transaction of coins, record and message.

use diesel::prelude::*;
use qlive_configs::Configs;
use qlive_ledger::{
    Account, Code, Entry, Kind, Purpose, Request, Spending, System, flow, post, purse, recall,
    remember,
};
use qlive_outbox::{Effect, Gift as ToldGift, Office, Words};
use qlive_rooms::{Company, company};
use qlive_store::schema::gifts_sent;
use qlive_store::{Conn, Db, StoreError};
use qlive_types::{Clock, Coins, EntryId, LiveId, Moment, UserId};
use qlive_users::Profile;
use serde::{Deserialize, Serialize};

use crate::GiftsError;
use crate::catalogue::{self, CatalogueGift};
use crate::shares::{Rates, Shares};

/// How often a gift that met too many others is tried anew. Where a purse goes from one kind
/// of coins to the next, each of many gifts at once has to decide again.
const ROUNDS: u32 = 4;

/// The gifts of the house. Cheap to clone.
#[derive(Clone)]
pub struct Gifts {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    configs: Configs,
    office: Office,
    /// Whether we tell the room; else clients do it themselves.
    tells: bool,
}

/// Somebody gives something to somebody.
#[derive(Debug, Clone)]
pub struct Giving {
    pub giver: UserId,
    pub receiver: UserId,
    pub gift: i64,
    pub num: i64,
    /// The room both must be in.
    pub live: Option<LiveId>,
    /// Unique among the giver's: asked twice, it is given once.
    pub request_id: Option<String>,
}

/// What became of it, with what the giver has afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    Sent {
        gold: Coins,
        income: Coins,
    },
    /// The purse is too small; nothing moved.
    Refused {
        gold: Coins,
        income: Coins,
    },
}

/// The answer kept under a request id.
#[derive(Serialize, Deserialize)]
struct Outcome {
    gold: Coins,
    income: Coins,
}

impl Giving {
    /// The most of a gift at once.
    pub const MOST: i64 = 9_999;

    fn request(&self) -> Option<Request> {
        let id = self.request_id.as_ref()?;
        let live = self.live.map_or(0, LiveId::get);
        let input = format!("{}|{}|{}|{live}", self.receiver, self.gift, self.num);
        Some(Request::new(format!("gift:{}:{id}", self.giver), &input))
    }
}

impl Gifts {
    #[must_use]
    pub fn new(db: Db, clock: Clock, configs: Configs, office: Office, tells: bool) -> Self {
        Self {
            db,
            clock,
            configs,
            office,
            tells,
        }
    }

    /// Gives. Under a request id that was used before, the first success is
    /// answered again and nothing moves; a refusal for want of gold is not kept.
    pub async fn give(&self, giving: Giving) -> Result<Given, GiftsError> {
        if giving.giver == giving.receiver {
            return Err(GiftsError::ToOneself);
        }
        if !(1..=Giving::MOST).contains(&giving.num) {
            return Err(GiftsError::BadNumber);
        }
        let rates = Rates::of(&*self.configs.snapshot().await?);
        let (now, tells) = (self.clock.now(), self.tells);
        for _ in 1..ROUNDS {
            let this = giving.clone();
            match self
                .db
                .write(move |conn| once(conn, now, &this, rates, tells))
                .await
            {
                Err(GiftsError::Store(StoreError::Busy)) => {}
                other => {
                    self.office.wake();
                    return other;
                }
            }
        }
        let given = self
            .db
            .write(move |conn| once(conn, now, &giving, rates, tells))
            .await?;
        self.office.wake();
        Ok(given)
    }
}

/// Gives, unless this very request was answered before.
fn once(
    conn: &mut Conn,
    now: Moment,
    giving: &Giving,
    rates: Rates,
    tells: bool,
) -> Result<Given, GiftsError> {
    let request = giving.request();
    if let Some(given) = kept(conn, request.as_ref())? {
        return Ok(given);
    }
    let gift = catalogue::find(conn, giving.gift)?.ok_or(GiftsError::UnknownGift)?;
    let receiver = qlive_users::find(conn, giving.receiver)?.ok_or(GiftsError::UnknownReceiver)?;
    let cost = gift
        .price
        .times(giving.num)
        .ok()
        .ok_or(GiftsError::BadNumber)?;
    let company = company(conn, giving.giver, giving.receiver)?;
    if giving
        .live
        .is_some_and(|live| company.is_none_or(|company| company.about.live != live))
    {
        return Err(GiftsError::NotInRoom);
    }
    let had = purse(conn, giving.giver)?;
    let Some(spending) = had.spend(cost) else {
        // This very request may have been faster, from another connection, and emptied the purse.
        let refused = Given::Refused {
            gold: had.gold()?,
            income: had.income,
        };
        return Ok(kept(conn, request.as_ref())?.unwrap_or(refused));
    };
    let host = company
        .map(|company| company.host)
        .filter(|host| ![giving.giver, giving.receiver].contains(host));
    let shares = Shares::of(cost, rates, host.is_some())?;
    let deal = Deal {
        giving,
        gift: &gift,
        cost,
        spending,
        company,
        host,
        shares,
    };
    let group = pay(conn, now, &deal)?;
    // After what gifts contend for: then rooms hear of them in the order in which they were paid.
    if tells {
        tell(conn, now, &deal, &receiver)?;
    }
    record(conn, now, &deal, group)?;
    // Read again under the lock of what was moved, so that it is true of this very moment.
    let has = purse(conn, giving.giver)?;
    let left = Outcome {
        gold: has.gold()?,
        income: has.income,
    };
    if let Some(request) = request {
        let outcome = serde_json::to_string(&left)
            .ok()
            .ok_or(StoreError::Corrupt("a gift's outcome"))?;
        remember(conn, now, &request, &outcome, group)?;
    }
    Ok(Given::Sent {
        gold: left.gold,
        income: left.income,
    })
}

/// What this request was answered before.
fn kept(conn: &mut Conn, request: Option<&Request>) -> Result<Option<Given>, GiftsError> {
    let Some(request) = request else {
        return Ok(None);
    };
    let Some(outcome) = recall(conn, request)? else {
        return Ok(None);
    };
    let kept: Outcome = serde_json::from_str(&outcome)
        .ok()
        .ok_or(StoreError::Corrupt("a gift's outcome"))?;
    Ok(Some(Given::Sent {
        gold: kept.gold,
        income: kept.income,
    }))
}

/// A gift decided upon, before anything of it is written.
struct Deal<'a> {
    giving: &'a Giving,
    gift: &'a CatalogueGift,
    cost: Coins,
    spending: Spending,
    company: Option<Company>,
    /// The host who has a share.
    host: Option<UserId>,
    shares: Shares,
}

/// Moves the coins. A gift for nothing moves none.
fn pay(conn: &mut Conn, now: Moment, deal: &Deal<'_>) -> Result<Option<EntryId>, GiftsError> {
    let from = |purpose| Account::User(deal.giving.giver, purpose);
    let sources = [
        (from(Purpose::Granted), deal.spending.granted),
        (from(Purpose::Bought), deal.spending.bought),
        (from(Purpose::Income), deal.spending.income),
    ];
    let income = |user| Account::User(user, Purpose::Income);
    let mut sinks = vec![(
        income(deal.giving.receiver),
        deal.shares.receiver,
        Code::GiftReceived,
    )];
    sinks.extend(
        deal.host
            .map(|host| (income(host), deal.shares.host, Code::GiftHosted)),
    );
    sinks.push((
        Account::System(System::House),
        deal.shares.house,
        Code::GiftHouse,
    ));
    let transfers = flow(&sources, &sinks)?;
    if transfers.is_empty() {
        return Ok(None);
    }
    let entry = Entry::new(Kind::Gift, deal.gift.id.to_string()).with(transfers);
    Ok(Some(post(conn, now, &entry)?))
}

fn record(
    conn: &mut Conn,
    now: Moment,
    deal: &Deal<'_>,
    group: Option<EntryId>,
) -> Result<(), StoreError> {
    let Deal {
        giving,
        gift,
        shares,
        ..
    } = deal;
    diesel::insert_into(gifts_sent::table)
        .values((
            gifts_sent::giver_id.eq(giving.giver.get()),
            gifts_sent::receiver_id.eq(giving.receiver.get()),
            gifts_sent::room_id.eq(deal.company.map(|company| company.about.live.get())),
            gifts_sent::broadcast_id.eq(deal.company.map(|company| company.about.broadcast.get())),
            gifts_sent::host_id.eq(deal.host.map(UserId::get)),
            (
                gifts_sent::gift_id.eq(gift.id),
                gifts_sent::name.eq(&gift.name),
                gifts_sent::price.eq(gift.price.get()),
            ),
            (
                gifts_sent::num.eq(giving.num),
                gifts_sent::cost.eq(deal.cost.get()),
            ),
            gifts_sent::receiver_share.eq(shares.receiver.get()),
            gifts_sent::host_share.eq(shares.host.get()),
            gifts_sent::group_id.eq(group.map(EntryId::get)),
            gifts_sent::at.eq(now.millis()),
        ))
        .execute(conn)?;
    Ok(())
}

/// Tells the room that both are in, if there is one.
fn tell(
    conn: &mut Conn,
    now: Moment,
    deal: &Deal<'_>,
    receiver: &Profile,
) -> Result<(), StoreError> {
    let Some(company) = deal.company else {
        return Ok(());
    };
    let (giver, gift) = (deal.giving.giver, deal.gift);
    let profile =
        qlive_users::find(conn, giver)?.ok_or(StoreError::Corrupt("a giver without an account"))?;
    let words = Words::Gift(ToldGift {
        gift_id: gift.id,
        gift_title: gift.name.clone(),
        gift_num: deal.giving.num,
        gift_image: gift.image.clone(),
        effect: gift.effect.clone(),
        user_id: giver,
        nickname: profile.nickname,
        to_user_id: receiver.user,
        to_nickname: receiver.nickname.clone(),
    });
    qlive_outbox::post(
        conn,
        now,
        &Effect::Group {
            about: company.about,
            words,
        },
    )
}
