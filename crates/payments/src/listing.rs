//! Orders as their buyers and operators see them.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit::{self, Operator};
use qlive_store::schema::orders;
use qlive_types::{Moment, Page, UserId};

use crate::order::State;
use crate::settle::{Seen, Settled};
use crate::store::{self, Order, Row};
use crate::{Payments, PaymentsError};

/// How many orders a buyer is shown.
const LATEST: i64 = 20;
/// The longest a client may wait for news.
const WAIT_LIMIT: u64 = 5;
/// How often it is looked whether there is news.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A notice that did not come for so long is late.
const LATE: Duration = Duration::from_secs(3);

/// Which orders an operator wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ordered {
    pub user: Option<UserId>,
    pub state: Option<State>,
}

impl Payments {
    /// One of the user's own orders. While it is not paid, waits up to so many
    /// seconds for news, and asks the provider when a notice is late.
    pub async fn order_of(
        &self,
        user: UserId,
        no: &str,
        wait_secs: u64,
    ) -> Result<Order, PaymentsError> {
        let until = tokio::time::Instant::now() + Duration::from_secs(wait_secs.min(WAIT_LIMIT));
        let mut order = self.own(user, no).await?;
        while order.state != State::Paid && tokio::time::Instant::now() < until {
            tokio::time::sleep(LOOK_EVERY).await;
            order = self.own(user, no).await?;
        }
        if order.state != State::Paid && self.clock.now().since(order.created_at) >= LATE {
            self.look_into(&order).await?;
            order = self.own(user, no).await?;
        }
        Ok(order)
    }

    async fn own(&self, user: UserId, no: &str) -> Result<Order, PaymentsError> {
        let order = self.order(no).await?;
        if order.user == user {
            Ok(order)
        } else {
            Err(PaymentsError::UnknownOrder)
        }
    }

    /// Any order.
    pub async fn order(&self, no: &str) -> Result<Order, PaymentsError> {
        let no = no.to_owned();
        self.db
            .read(move |conn| store::find(conn, &no)?.ok_or(PaymentsError::UnknownOrder))
            .await
    }

    /// The user's last orders, the latest first.
    pub async fn orders_of(&self, user: UserId) -> Result<Vec<Order>, PaymentsError> {
        self.list(
            Ordered {
                user: Some(user),
                state: None,
            },
            0,
            LATEST,
        )
        .await
    }

    /// A page of orders, the latest first, for operators.
    pub async fn orders(&self, which: Ordered, page: Page) -> Result<Vec<Order>, PaymentsError> {
        self.list(which, page.offset(), Page::ROWS).await
    }

    async fn list(
        &self,
        which: Ordered,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Order>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut chosen = orders::table.into_boxed();
                if let Some(user) = which.user {
                    chosen = chosen.filter(orders::user_id.eq(user.get()));
                }
                if let Some(state) = which.state {
                    chosen = chosen.filter(orders::state.eq(state.number()));
                }
                let rows: Vec<Row> = chosen
                    .order((orders::created_at.desc(), orders::out_trade_no.desc()))
                    .offset(offset)
                    .limit(limit)
                    .select(Row::as_select())
                    .load(conn)?;
                Ok(rows
                    .into_iter()
                    .map(TryInto::try_into)
                    .collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Asks the provider about an order now, for an operator. An error unless it gave a clear answer that fits
    /// and tells of no refund that is not on record here. WeChat Pay does not tell how much went back: of its
    /// orders that shows only while no refund is on record; afterwards the bill alone tells.
    pub async fn query(&self, by: Operator, no: &str) -> Result<Order, PaymentsError> {
        let before = self.order(no).await?;
        if before.state != State::Paid {
            let (now, named) = (self.clock.now(), no.to_owned());
            self.db
                .write(move |conn| {
                    Ok::<_, PaymentsError>(store::claim_early(conn, &named, now, now)?)
                })
                .await?;
        }
        let seen = self.ask(&before).await;
        let doubt = match (&seen, before.state) {
            (Seen::Unclear, _) => Some("it gave no clear answer"),
            (Seen::Paid(payment), _) if payment.is_refunded_unheard(&before) => Some(
                "it gave money back of which nothing is on record here; ask about that refund by its number",
            ),
            (Seen::Unpaid | Seen::Closed | Seen::Missing | Seen::Refused, State::Paid) => {
                Some("the order is paid here, but not there")
            }
            _ => None,
        };
        if let Settled::Unfit(why) = self.settle(no, seen).await? {
            return Err(PaymentsError::ProviderSilent(format!(
                "what was paid does not fit: {why}"
            )));
        }
        if let Some(doubt) = doubt {
            return Err(PaymentsError::ProviderSilent(doubt.to_owned()));
        }
        let after = self.order(no).await?;
        if after.state != before.state {
            let (now, changed) = (self.clock.now(), format!("{no} is {}", after.shown_state()));
            self.db
                .write(move |conn| {
                    Ok::<_, PaymentsError>(audit::record(conn, now, &by, "orders query", &changed)?)
                })
                .await?;
        }
        Ok(after)
    }

    /// How many orders wait to be paid, and when the oldest of them was made.
    pub async fn waiting(&self) -> Result<(i64, Option<Moment>), PaymentsError> {
        self.db
            .read(|conn| {
                let created = orders::table.filter(orders::state.eq(State::Created.number()));
                let oldest: Option<i64> = created
                    .select(diesel::dsl::min(orders::created_at))
                    .get_result(conn)?;
                Ok((
                    created.count().get_result(conn)?,
                    oldest.map(Moment::from_millis),
                ))
            })
            .await
    }
}
