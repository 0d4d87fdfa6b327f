//! Reading orders: for their buyers, for operators and for metrics.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use qlive_store::schema::orders;
use qlive_store::{StoreError, count_up_to};
use qlive_types::{Fen, Moment, Page, UserId};

use crate::error::PaymentsError;
use crate::orders::row::{Order, OrderRow, find_order};
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::service::Payments;

/// How many orders a buyer sees.
const LATEST: i64 = 20;
/// The longest that a client may wait for a payment, in seconds.
const WAIT_LIMIT_SECS: u64 = 5;
/// How often a waiting client's order is read.
const READ_INTERVAL: Duration = Duration::from_millis(200);
/// From this age on, the notice of an unpaid order is late, and the provider is queried.
const NOTICE_LATE_AFTER: Duration = Duration::from_secs(3);

/// Which orders an operator wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderFilter {
    pub user: Option<UserId>,
    pub state: Option<OrderState>,
}

/// Which orders an operator searches for.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderSearch {
    pub user: Option<UserId>,
    pub state: Option<OrderState>,
    pub provider: Option<Provider>,
    /// Created at this moment or later.
    pub from: Option<Moment>,
    /// Created before this moment.
    pub until: Option<Moment>,
    /// Of which something was refunded.
    pub refunded: bool,
    /// At this price or a higher one.
    pub least: Option<Fen>,
    /// At this price or a lower one.
    pub most: Option<Fen>,
}

/// Where a list of orders goes on: after the order with this number, created then.
pub type OrdersAfter = (Moment, String);

/// How many orders a search shows at once.
const ROWS: i64 = 50;

impl Payments {
    /// At most 50 orders, the latest first, after the one that is named.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_orders(
        &self,
        search: OrderSearch,
        after: Option<OrdersAfter>,
    ) -> Result<Vec<Order>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut query = orders::table
                    .order((orders::created_at.desc(), orders::out_trade_no.desc()))
                    .limit(ROWS)
                    .select(OrderRow::as_select())
                    .into_boxed();
                if let Some(user) = search.user {
                    query = query.filter(orders::user_id.eq(user.get()));
                }
                if let Some(state) = search.state {
                    query = query.filter(orders::state.eq(state.number()));
                }
                if let Some(provider) = search.provider {
                    query = query.filter(orders::provider.eq(provider.number()));
                }
                if let Some(from) = search.from {
                    query = query.filter(orders::created_at.ge(from.millis()));
                }
                if let Some(until) = search.until {
                    query = query.filter(orders::created_at.lt(until.millis()));
                }
                if search.refunded {
                    // As the partial index has it.
                    query = query.filter(sql::<Bool>("orders.refunded_fen > 0"));
                }
                if let Some(least) = search.least {
                    query = query.filter(orders::fen.ge(least.get()));
                }
                if let Some(most) = search.most {
                    query = query.filter(orders::fen.le(most.get()));
                }
                if let Some((at, number)) = &after {
                    let is_earlier = orders::created_at.lt(at.millis());
                    query = query
                        .filter(orders::created_at.le(at.millis()))
                        .filter(is_earlier.or(orders::out_trade_no.lt(number)));
                }
                let rows: Vec<OrderRow> = query.load(conn)?;
                let orders: Result<_, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok(orders?)
            })
            .await
    }

    /// The order that a provider's number of a payment is about.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`]; else when the database fails.
    pub async fn order_of_transaction(&self, transaction: &str) -> Result<Order, PaymentsError> {
        let transaction = transaction.to_owned();
        self.db
            .read(move |conn| {
                let row: Option<OrderRow> = orders::table
                    .filter(orders::provider.eq_any(Provider::ALL.map(Provider::number)))
                    .filter(orders::transaction_id.eq(&transaction))
                    .select(OrderRow::as_select())
                    .first(conn)
                    .optional()?;
                let row = row.ok_or(PaymentsError::UnknownOrder)?;
                Ok(Order::try_from(row)?)
            })
            .await
    }

    /// Returns an order of this user. While it is not paid, waits up to `wait_secs` seconds (at
    /// most 5), then queries the provider when the notice is late.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`] when the user has no such order; else when the database
    /// fails.
    pub async fn wait_for_order(
        &self,
        user: UserId,
        number: &str,
        wait_secs: u64,
    ) -> Result<Order, PaymentsError> {
        let wait = Duration::from_secs(wait_secs.min(WAIT_LIMIT_SECS));
        let until = tokio::time::Instant::now() + wait;
        let mut order = self.order_of_user(user, number).await?;
        while order.state != OrderState::Paid && tokio::time::Instant::now() < until {
            tokio::time::sleep(READ_INTERVAL).await;
            order = self.order_of_user(user, number).await?;
        }
        let is_late = self
            .clock
            .now()
            .is_past(order.created_at, NOTICE_LATE_AFTER);
        if order.state != OrderState::Paid && is_late {
            self.query_early(&order).await?;
            order = self.order_of_user(user, number).await?;
        }
        Ok(order)
    }

    async fn order_of_user(&self, user: UserId, number: &str) -> Result<Order, PaymentsError> {
        let order = self.order(number).await?;
        if order.user == user {
            Ok(order)
        } else {
            Err(PaymentsError::UnknownOrder)
        }
    }

    /// Returns any order.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownOrder`]; else when the database fails.
    pub async fn order(&self, number: &str) -> Result<Order, PaymentsError> {
        let number = number.to_owned();
        self.db
            .read(move |conn| find_order(conn, &number)?.ok_or(PaymentsError::UnknownOrder))
            .await
    }

    /// The last 20 orders of a user, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orders_of(&self, user: UserId) -> Result<Vec<Order>, PaymentsError> {
        let filter = OrderFilter {
            user: Some(user),
            state: None,
        };
        self.load_orders(filter, 0, LATEST).await
    }

    /// A page of orders, the latest first, for operators.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orders(
        &self,
        filter: OrderFilter,
        page: Page,
    ) -> Result<Vec<Order>, PaymentsError> {
        self.load_orders(filter, page.offset(), Page::ROWS).await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a list for operators, whose pages end at 1,000"
    )]
    async fn load_orders(
        &self,
        filter: OrderFilter,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Order>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut query = orders::table.into_boxed();
                if let Some(user) = filter.user {
                    query = query.filter(orders::user_id.eq(user.get()));
                }
                if let Some(state) = filter.state {
                    query = query.filter(orders::state.eq(state.number()));
                }
                let rows: Vec<OrderRow> = query
                    .order((orders::created_at.desc(), orders::out_trade_no.desc()))
                    .offset(offset)
                    .limit(limit)
                    .select(OrderRow::as_select())
                    .load(conn)?;
                let orders: Result<Vec<Order>, StoreError> =
                    rows.into_iter().map(TryInto::try_into).collect();
                Ok(orders?)
            })
            .await
    }

    /// How many orders wait to be paid, and when the oldest of them was created.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_orders(&self) -> Result<(i64, Option<Moment>), PaymentsError> {
        self.waiting_orders_up_to(i64::MAX).await
    }

    /// The same, counting at most `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_orders_up_to(
        &self,
        most: i64,
    ) -> Result<(i64, Option<Moment>), PaymentsError> {
        self.db
            .read(move |conn| {
                // As the partial index has it: with a number in place of a parameter.
                let created = format!("orders.state = {}", OrderState::Created.number());
                let oldest: Option<i64> = orders::table
                    .filter(sql::<Bool>(&created))
                    .select(diesel::dsl::min(orders::created_at))
                    .get_result(conn)?;
                let count = count_up_to(conn, &format!("orders WHERE {created}"), most)?;
                Ok((count, oldest.map(Moment::from_millis)))
            })
            .await
    }
}
