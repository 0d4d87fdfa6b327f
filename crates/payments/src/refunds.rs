//! The row of a refund, and the coins that go with it.

use diesel::prelude::*;
use qlive_ledger::{Account, Code, Entry, Kind, Purpose, Request, post, purse, remember};
use qlive_store::schema::{orders, refunds};
use qlive_store::{Conn, StoreError, or_contended};
use qlive_types::{Coins, Fen, Moment};

use crate::order;
use crate::refund::{News, Sold, Standing, State, Taken, decide, give_back, take};
use crate::schedule::{Asked, LEASE};
use crate::store::{self, Order};
use crate::{PaymentsError, Provider};

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundShown {
    pub out_trade_no: String,
    /// Ours: the number that we chose. The platform's: the number that it chose.
    pub number: String,
    pub ours: bool,
    pub fen: Fen,
    pub taken: Taken,
    pub state: State,
    pub created_at: Moment,
    pub done_at: Option<Moment>,
    pub(crate) provider: Provider,
    pub(crate) asked: Asked,
    /// How its order stood at xpay before this was first asked for. Without one it was not asked for.
    pub(crate) before: Option<Standing>,
}

type Columns = (
    (String, i32, String, bool, i64),
    (i64, i64, i64),
    (i32, i64, Option<i64>),
    (i64, i32),
    (Option<i64>, Option<bool>),
);
type Selection = (
    (
        refunds::out_trade_no,
        refunds::provider,
        refunds::number,
        refunds::ours,
        refunds::fen,
    ),
    (
        refunds::from_bought,
        refunds::from_granted,
        refunds::from_debt,
    ),
    (refunds::state, refunds::created_at, refunds::done_at),
    (refunds::asked_at, refunds::asks),
    (refunds::left_before, refunds::failed_before),
);
const COLUMNS: Selection = (
    (
        refunds::out_trade_no,
        refunds::provider,
        refunds::number,
        refunds::ours,
        refunds::fen,
    ),
    (
        refunds::from_bought,
        refunds::from_granted,
        refunds::from_debt,
    ),
    (refunds::state, refunds::created_at, refunds::done_at),
    (refunds::asked_at, refunds::asks),
    (refunds::left_before, refunds::failed_before),
);

fn refund(columns: Columns) -> Result<RefundShown, StoreError> {
    let (
        order,
        (bought, granted, owed),
        (state, created_at, done_at),
        (asked_at, asks),
        (left, failed),
    ) = columns;
    let (out_trade_no, provider, number, ours, fen) = order;
    let coins = |amount| {
        Coins::new(amount)
            .ok()
            .ok_or(StoreError::Corrupt("refunds"))
    };
    Ok(RefundShown {
        out_trade_no,
        number,
        ours,
        fen: Fen::new(fen)
            .ok()
            .ok_or(StoreError::Corrupt("refunds.fen"))?,
        taken: Taken {
            bought: coins(bought)?,
            granted: coins(granted)?,
            owed: coins(owed)?,
        },
        state: State::from_number(state).ok_or(StoreError::Corrupt("refunds.state"))?,
        created_at: Moment::from_millis(created_at),
        done_at: done_at.map(Moment::from_millis),
        provider: Provider::from_number(provider).ok_or(StoreError::Corrupt("refunds.provider"))?,
        asked: Asked::stored(asks, asked_at, created_at),
        before: left
            .zip(failed)
            .map(|(left, failed)| Standing { left, failed }),
    })
}

/// A refund by its number at a provider.
pub(crate) fn find(
    conn: &mut Conn,
    provider: Provider,
    number: &str,
) -> Result<Option<RefundShown>, StoreError> {
    let row: Option<Columns> = refunds::table
        .filter(
            refunds::provider
                .eq(provider.number())
                .and(refunds::number.eq(number)),
        )
        .select(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(refund).transpose()
}

/// All refunds of an order, the oldest first.
pub(crate) fn of_order(conn: &mut Conn, no: &str) -> Result<Vec<RefundShown>, StoreError> {
    let rows: Vec<Columns> = refunds::table
        .filter(refunds::out_trade_no.eq(no))
        .order(refunds::id)
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(refund).collect()
}

/// Our refunds whose time has come.
pub(crate) fn due(
    conn: &mut Conn,
    now: Moment,
    limit: i64,
) -> Result<Vec<RefundShown>, StoreError> {
    let rows: Vec<Columns> = refunds::table
        .filter(refunds::due_at.le(now.millis()))
        .order(refunds::due_at)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(refund).collect()
}

/// Takes a refund up for a question, unless somebody else has.
pub(crate) fn claim(
    conn: &mut Conn,
    refund: &RefundShown,
    now: Moment,
) -> Result<bool, StoreError> {
    let free = refunds::table
        .filter(
            refunds::provider
                .eq(refund.provider.number())
                .and(refunds::number.eq(&refund.number)),
        )
        .filter(
            refunds::asks
                .eq(refund.asked.times)
                .and(refunds::state.eq(State::Asked.number())),
        );
    let claimed = diesel::update(free)
        .set((
            refunds::asked_at.eq(now.millis()),
            refunds::due_at.eq(Some(now.after(LEASE).millis())),
            refunds::asks.eq(refunds::asks + 1),
        ))
        .execute(conn)?;
    Ok(claimed == 1)
}

/// Writes down how the order stood, before a refund is first asked for at xpay. False when somebody did so before.
pub(crate) fn note_before(
    conn: &mut Conn,
    refund: &RefundShown,
    standing: Standing,
) -> Result<bool, StoreError> {
    let this = refunds::table.filter(
        refunds::provider
            .eq(refund.provider.number())
            .and(refunds::number.eq(&refund.number)),
    );
    let noted = diesel::update(this.filter(refunds::left_before.is_null()))
        .set((
            refunds::left_before.eq(standing.left),
            refunds::failed_before.eq(standing.failed),
        ))
        .execute(conn)?;
    Ok(noted == 1)
}

/// What an order was sold for, and what went back of it or is about to.
pub(crate) fn sold(conn: &mut Conn, order: &Order) -> Result<Sold, PaymentsError> {
    let mut sold = Sold {
        gold: order.gold,
        fen: order.price,
        refunded_gold: Coins::ZERO,
        refunded_fen: Fen::default(),
    };
    for refund in of_order(conn, &order.out_trade_no)?
        .into_iter()
        .filter(|refund| refund.state != State::Refused)
    {
        let Taken {
            bought,
            granted,
            owed,
        } = refund.taken;
        sold.refunded_fen = sold.refunded_fen.plus(refund.fen)?;
        sold.refunded_gold = sold.refunded_gold.plus(bought)?.plus(granted)?.plus(owed)?;
    }
    Ok(sold)
}

/// A refund to be recorded.
pub(crate) struct New<'a> {
    pub(crate) number: &'a str,
    pub(crate) fen: Fen,
    pub(crate) ours: bool,
    pub(crate) reason: &'a str,
}

/// Takes a refund's coins and writes it down, ours to be asked for at once.
pub(crate) fn record(
    conn: &mut Conn,
    now: Moment,
    order: &Order,
    new: &New<'_>,
) -> Result<(), PaymentsError> {
    let unfit = |_| PaymentsError::NotRefundable("more than is left of it");
    // First, since it makes two refunds of one order wait for each other.
    let left = orders::table
        .find(&order.out_trade_no)
        .filter(orders::state.eq(order::State::Paid.number()));
    let left = left.filter(orders::refunded_fen.le(order.price.get() - new.fen.get()));
    let noted = diesel::update(left)
        .set(orders::refunded_fen.eq(orders::refunded_fen + new.fen.get()))
        .execute(conn)?;
    if noted == 0 {
        // Somebody who brought the same news may have been faster.
        let known = find(conn, order.provider, new.number)?.is_some();
        let unfit = PaymentsError::NotRefundable("more than is left of it");
        return Err(if known {
            StoreError::Contended.into()
        } else {
            unfit
        });
    }
    if new.ours && order.provider == Provider::Virtual && is_under_way(conn, order)? {
        return Err(PaymentsError::RefundUnderWay);
    }
    let coins = sold(conn, order)?.coins_for(new.fen).map_err(unfit)?;
    let taken = take(&purse(conn, order.user)?, coins)?;
    let state = if new.ours { State::Asked } else { State::Done };
    or_contended(
        diesel::insert_into(refunds::table)
            .values((
                (
                    refunds::out_trade_no.eq(&order.out_trade_no),
                    refunds::provider.eq(order.provider.number()),
                ),
                (
                    refunds::number.eq(new.number),
                    refunds::ours.eq(new.ours),
                    refunds::fen.eq(new.fen.get()),
                ),
                (
                    refunds::from_bought.eq(taken.bought.get()),
                    refunds::from_granted.eq(taken.granted.get()),
                ),
                (
                    refunds::from_debt.eq(taken.owed.get()),
                    refunds::state.eq(state.number()),
                ),
                (
                    refunds::reason.eq(new.reason),
                    refunds::created_at.eq(now.millis()),
                ),
                refunds::done_at.eq((!new.ours).then_some(now.millis())),
                (
                    refunds::due_at.eq(new.ours.then_some(now.millis())),
                    refunds::asks.eq(0),
                ),
            ))
            .execute(conn),
    )?;
    if coins.is_zero() {
        // The parts before were rounded up: there is money left to give back, but no coin.
        return Ok(());
    }
    let (from, clearing) = (
        |purpose| Account::User(order.user, purpose),
        Account::System(order.provider.clearing()),
    );
    let entry = Entry::new(Kind::Refund, new.number)
        .moving(from(Purpose::Bought), clearing, taken.bought, Code::Refund)
        .moving(
            from(Purpose::Granted),
            clearing,
            taken.granted,
            Code::Refund,
        )
        .moving(from(Purpose::Debt), clearing, taken.owed, Code::RefundOwed);
    let group = post(conn, now, &entry)?;
    // A recharge that was faster may have brought gold that we did not see: it goes before debt.
    let has = purse(conn, order.user)?;
    let gold_left = !has.bought.is_zero() || !has.granted.is_zero();
    if !taken.owed.is_zero() && gold_left {
        return Err(StoreError::Contended.into());
    }
    let request = Request::new(
        format!("refund:{}:{}", order.provider.name(), new.number),
        &format!("{}|{}", order.out_trade_no, new.fen.get()),
    );
    Ok(remember(conn, now, &request, "taken", Some(group))?)
}

/// Whether a refund of ours of this order is not settled yet.
fn is_under_way(conn: &mut Conn, order: &Order) -> Result<bool, StoreError> {
    let asked: i64 = refunds::table
        .filter(
            refunds::out_trade_no
                .eq(&order.out_trade_no)
                .and(refunds::state.eq(State::Asked.number())),
        )
        .count()
        .get_result(conn)?;
    Ok(asked > 0)
}

/// Writes what the machine decides on news of our own refund.
pub(crate) fn advance(
    conn: &mut Conn,
    now: Moment,
    refund: &RefundShown,
    news: News,
) -> Result<(), PaymentsError> {
    let decision = decide(refund.state, news);
    if decision.state == refund.state && !decision.ask {
        return Ok(());
    }
    let before = refunds::table
        .filter(
            refunds::provider
                .eq(refund.provider.number())
                .and(refunds::number.eq(&refund.number)),
        )
        .filter(refunds::state.eq(refund.state.number()));
    let done = (decision.state != State::Asked).then_some(now.millis());
    let due = decision.ask.then(|| refund.asked.again_at().millis());
    let changed = diesel::update(before)
        .set((
            refunds::state.eq(decision.state.number()),
            refunds::done_at.eq(done),
            refunds::due_at.eq(due),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(StoreError::Contended.into());
    }
    if decision.give_back {
        returned(conn, now, refund)
    } else {
        Ok(())
    }
}

/// Gives the coins of a refused refund back.
fn returned(conn: &mut Conn, now: Moment, refund: &RefundShown) -> Result<(), PaymentsError> {
    diesel::update(orders::table.find(&refund.out_trade_no))
        .set(orders::refunded_fen.eq(orders::refunded_fen - refund.fen.get()))
        .execute(conn)?;
    if refund.taken == Taken::default() {
        return Ok(());
    }
    let order = store::find(conn, &refund.out_trade_no)?.ok_or(PaymentsError::UnknownOrder)?;
    let back = give_back(&purse(conn, order.user)?, refund.taken)?;
    let (to, clearing) = (
        |purpose| Account::User(order.user, purpose),
        Account::System(order.provider.clearing()),
    );
    let entry = Entry::new(Kind::RefundReturned, &refund.number)
        .moving(clearing, to(Purpose::Debt), back.debt, Code::DebtPaid)
        .moving(
            clearing,
            to(Purpose::Granted),
            back.granted,
            Code::RefundReturned,
        )
        .moving(
            clearing,
            to(Purpose::Bought),
            back.bought,
            Code::RefundReturned,
        );
    let group = post(conn, now, &entry)?;
    // Another refund that was faster may have left a debt that we did not see: it comes first.
    let to_gold = !back.bought.is_zero() || !back.granted.is_zero();
    if to_gold && !purse(conn, order.user)?.owed.is_zero() {
        return Err(StoreError::Contended.into());
    }
    let request = Request::new(
        format!(
            "refund-returned:{}:{}",
            order.provider.name(),
            refund.number
        ),
        "",
    );
    Ok(remember(conn, now, &request, "returned", Some(group))?)
}
