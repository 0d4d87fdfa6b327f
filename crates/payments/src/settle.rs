//! The one way in which news of a payment becomes what is so.

use std::sync::Arc;

use diesel::prelude::*;
use qlive_configs::Configs;
use qlive_ledger::{Account, Code, Entry, Kind, Purpose, Request, post, purse, remember};
use qlive_store::schema::orders;
use qlive_store::{Conn, Db, StoreError};
use qlive_types::{Clock, Moment};
use qlive_users::Users;
use tokio::sync::Mutex;

use crate::certificates::Refreshed;
use crate::order::{News, Next, State, decide};
use crate::payouts::PayoutRules;
use crate::store::{self, Order};
use crate::{PaymentsError, Provider, Providers};

/// Recharge, refunds and payouts of the house. Cheap to clone.
#[derive(Clone)]
pub struct Payments {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) users: Users,
    pub(crate) configs: Configs,
    pub(crate) providers: Providers,
    pub(crate) payouts: Option<PayoutRules>,
    /// Where WeChat Pay sends its notices.
    pub(crate) notify_url: String,
    /// One fetch of certificates at a time.
    pub(crate) refreshed: Arc<Mutex<Refreshed>>,
}

impl Payments {
    #[must_use]
    pub fn new(
        (db, clock): (Db, Clock),
        users: Users,
        configs: Configs,
        providers: Providers,
        payouts: Option<PayoutRules>,
        notify_url: String,
    ) -> Self {
        Self {
            db,
            clock,
            users,
            configs,
            providers,
            payouts,
            notify_url,
            refreshed: Arc::default(),
        }
    }

    /// Settles news of an order, whoever brought it.
    pub(crate) async fn settle(&self, no: &str, seen: Seen) -> Result<Settled, PaymentsError> {
        let (now, no) = (self.clock.now(), no.to_owned());
        self.db
            .write(move |conn| settle(conn, now, &no, &seen))
            .await
    }
}

/// What a provider said of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Paid(Payment),
    Unpaid,
    Closed,
    Missing,
    Refused,
    Unclear,
}

/// A payment as a provider tells of it. It counts only when it fits its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) provider: Provider,
    pub(crate) app_id: String,
    pub(crate) transaction_id: String,
    pub(crate) fen: i64,
    pub(crate) currency: String,
    /// By the provider's clock, when it told.
    pub(crate) at: Option<Moment>,
    /// Whether the provider waits to hear that the goods were provided.
    pub(crate) provision_due: bool,
    /// At least so many fen of it went back, as far as is told.
    pub(crate) gone: i64,
}

impl Payment {
    /// Whether more of it went back than is on record: then the news of a refund got lost.
    pub(crate) fn is_refunded_unheard(&self, order: &Order) -> bool {
        self.gone > order.refunded.get()
    }

    /// Why this is not a payment of that order.
    fn unfit(&self, order: &Order) -> Option<&'static str> {
        if self.provider != order.provider {
            Some("another provider's")
        } else if self.app_id != order.app_id {
            Some("another app's")
        } else if self.currency != "CNY" {
            Some("another currency")
        } else if self.fen != order.price.get() {
            Some("another amount")
        } else if self.transaction_id.is_empty() {
            Some("without a number")
        } else {
            None
        }
    }
}

/// What came of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    UnknownOrder,
    /// It does not fit the order; nothing moved.
    Unfit(&'static str),
    /// What is so now, and whether this very news credited the order.
    So {
        state: State,
        credited: bool,
        next: Next,
    },
}

/// Decides on news and writes what follows, all in the caller's transaction.
pub(crate) fn settle(
    conn: &mut Conn,
    now: Moment,
    no: &str,
    seen: &Seen,
) -> Result<Settled, PaymentsError> {
    let Some(order) = store::find(conn, no)? else {
        return Ok(Settled::UnknownOrder);
    };
    let (news, payment) = match seen {
        Seen::Paid(payment) => match unfit(conn, payment, &order)? {
            Some(why) => return Ok(Settled::Unfit(why)),
            None => (News::Paid, Some(payment)),
        },
        Seen::Unpaid => (News::Unpaid, None),
        Seen::Closed => (News::Closed, None),
        Seen::Missing => (News::Missing, None),
        Seen::Refused => (News::Refused, None),
        Seen::Unclear => (News::Unclear, None),
    };
    if payment.is_some_and(|payment| payment.is_refunded_unheard(&order)) {
        // It is credited all the same, as the contract wants; its refund's own news takes the coins.
        tracing::error!(
            order = no,
            "money of an order went back; if its news is lost, a person must look"
        );
    }
    let decision = decide(order.state, order.age(now), news);
    match payment {
        Some(payment) if decision.credit => credit(conn, now, &order, payment)?,
        // Who told us by a push knows what we know; who still waits when asked never heard our answer.
        Some(payment) => provide(conn, now, &order, payment.provision_due)?,
        None if order.state == State::Paid => {}
        None => advance(conn, &order, decision.state, decision.next)?,
    }
    Ok(Settled::So {
        state: decision.state,
        credited: decision.credit,
        next: decision.next,
    })
}

/// Whether the payment is not this order's, or is another order's already.
fn unfit(
    conn: &mut Conn,
    payment: &Payment,
    order: &Order,
) -> Result<Option<&'static str>, StoreError> {
    if let Some(why) = payment.unfit(order) {
        return Ok(Some(why));
    }
    if order.state == State::Paid {
        // xpay has several numbers for one payment, and tells now this one, now that.
        let same = order.provider == Provider::Virtual;
        let same = same || order.transaction_id.as_deref() == Some(payment.transaction_id.as_str());
        return Ok((!same).then_some("paid under another number"));
    }
    let others: i64 = orders::table
        .filter(orders::provider.eq(payment.provider.number()))
        .filter(
            orders::transaction_id
                .eq(&payment.transaction_id)
                .and(orders::out_trade_no.ne(&order.out_trade_no)),
        )
        .count()
        .get_result(conn)?;
    Ok((others > 0).then_some("another order's"))
}

/// Credits an order, once: the state is guarded, and so is the request key.
fn credit(
    conn: &mut Conn,
    now: Moment,
    order: &Order,
    payment: &Payment,
) -> Result<(), PaymentsError> {
    let no = &order.out_trade_no;
    let before = orders::table
        .find(no)
        .filter(orders::state.eq(order.state.number()));
    let changed = diesel::update(before)
        .set((
            orders::state.eq(State::Paid.number()),
            orders::transaction_id.eq(Some(&payment.transaction_id)),
            orders::paid_at.eq(Some(payment.at.unwrap_or(now).millis())),
            orders::provision_due.eq(payment.provision_due),
            orders::due_at.eq(payment.provision_due.then_some(now.millis())),
            orders::asks.eq(0),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(StoreError::Contended.into());
    }
    let has = purse(conn, order.user)?;
    let clearing = Account::System(order.provider.clearing());
    let to = |purpose| Account::User(order.user, purpose);
    let debt = has.owed.min(order.gold);
    let bought = order.gold.minus(debt)?;
    let entry = Entry::new(Kind::Recharge, no)
        .moving(clearing, to(Purpose::Debt), debt, Code::DebtPaid)
        .moving(clearing, to(Purpose::Bought), bought, Code::Recharge);
    let group = post(conn, now, &entry)?;
    // A refund that was faster may have left a debt that we did not see: it comes first.
    if !bought.is_zero() && !purse(conn, order.user)?.owed.is_zero() {
        return Err(StoreError::Contended.into());
    }
    let request = Request::new(
        format!("recharge:{no}"),
        &format!("{}|{}", order.gold, order.price.get()),
    );
    Ok(remember(
        conn,
        now,
        &request,
        &payment.transaction_id,
        Some(group),
    )?)
}

/// Notes whether the provider is still to hear that a paid order's goods were provided.
fn provide(conn: &mut Conn, now: Moment, order: &Order, due: bool) -> Result<(), StoreError> {
    if order.provision_due == due {
        return Ok(());
    }
    diesel::update(orders::table.find(&order.out_trade_no))
        .set((
            orders::provision_due.eq(due),
            orders::due_at.eq(due.then_some(now.millis())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes the state of an unpaid order, and when to ask next.
fn advance(conn: &mut Conn, order: &Order, state: State, next: Next) -> Result<(), StoreError> {
    let due = match next {
        Next::Rest => None,
        Next::Ask | Next::Close => Some(order.asked.again_at()),
        Next::LastLook => Some(order.last_look_at()),
    };
    let before = orders::table
        .find(&order.out_trade_no)
        .filter(orders::state.eq(order.state.number()));
    let changed = diesel::update(before)
        .set((
            orders::state.eq(state.number()),
            orders::due_at.eq(due.map(Moment::millis)),
        ))
        .execute(conn)?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Contended)
    }
}

/// Notes that a paid order's goods were told to be provided.
pub(crate) fn provided(conn: &mut Conn, no: &str) -> Result<(), StoreError> {
    diesel::update(orders::table.find(no))
        .set((
            orders::provision_due.eq(false),
            orders::due_at.eq(None::<i64>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts the next question about a paid order off.
pub(crate) fn provide_later(conn: &mut Conn, no: &str) -> Result<(), StoreError> {
    let Some(order) = store::find(conn, no)? else {
        return Ok(());
    };
    diesel::update(
        orders::table
            .find(no)
            .filter(orders::provision_due.eq(true)),
    )
    .set(orders::due_at.eq(Some(order.asked.again_at().millis())))
    .execute(conn)?;
    Ok(())
}
