//! Settling a report about an order: the one place where an order changes its state and is
//! credited.

use diesel::prelude::*;
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, IdempotencyKey, TransferCode, load_balances,
    post_entry, store_outcome,
};
use qlive_store::schema::orders;
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;

use crate::daily_money::forget_stored_days;
use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::report::{OrderReport, Payment};
use crate::orders::row::{Order, find_order, set_delivery_notice_due};
use crate::orders::state::{NextStep, OrderDecision, OrderState, decide_order};
use crate::providers::provider::Provider;
use crate::service::Payments;

/// What a report has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettleOutcome {
    UnknownOrder,
    /// The report does not match the order. Nothing was changed.
    Mismatch(Mismatch),
    /// The state of the order now, and whether this very report credited it.
    Settled {
        state: OrderState,
        credited: bool,
        next: NextStep,
    },
}

impl Payments {
    /// Settles a report about an order in a transaction of its own.
    pub(crate) async fn settle_report(
        &self,
        number: &str,
        report: OrderReport,
    ) -> Result<SettleOutcome, PaymentsError> {
        let (now, number) = (self.clock.now(), number.to_owned());
        self.db
            .write(move |conn| settle_order(conn, now, &number, &report))
            .await
    }
}

/// Decides what a report changes, and writes it in the caller's transaction.
fn settle_order(
    conn: &mut Conn,
    now: Moment,
    number: &str,
    report: &OrderReport,
) -> Result<SettleOutcome, PaymentsError> {
    let Some(order) = find_order(conn, number)? else {
        return Ok(SettleOutcome::UnknownOrder);
    };
    let (status, payment) = report.status_and_payment();
    if let Some(payment) = payment {
        if let Some(mismatch) = find_mismatch(conn, payment, &order)? {
            return Ok(SettleOutcome::Mismatch(mismatch));
        }
        if payment.has_unrecorded_refund(&order) {
            // It is credited all the same; the report of the refund takes the coins back.
            tracing::error!(
                order = number,
                "the provider refunded part of an order, and no refund is recorded; \
                 if its report is lost, an operator must import it"
            );
        }
    }
    let decision = decide_order(order.state, order.age(now), status);
    match payment {
        Some(payment) if decision.credit => credit_order(conn, now, &order, payment)?,
        // WeChat knows of the delivery when it sent a push. When a query reports that it still
        // waits for the delivery, our notification did not reach it.
        Some(payment) if payment.delivery_notice_due != order.delivery_notice_due => {
            let due_at = payment.delivery_notice_due.then_some(now);
            set_delivery_notice_due(conn, number, due_at)?;
        }
        Some(_) => {}
        None if order.state == OrderState::Paid => {}
        None => update_unpaid_order(conn, now, &order, decision)?,
    }
    Ok(SettleOutcome::Settled {
        state: decision.state,
        credited: decision.credit,
        next: decision.next,
    })
}

/// Why the payment is not this order's: it does not match, or it has paid another order.
fn find_mismatch(
    conn: &mut Conn,
    payment: &Payment,
    order: &Order,
) -> Result<Option<Mismatch>, StoreError> {
    if let Some(mismatch) = payment.mismatch(order) {
        return Ok(Some(mismatch));
    }
    if order.state == OrderState::Paid {
        // Virtual payment has several numbers for one payment, and reports now one, now another.
        let is_same = order.provider == Provider::Virtual
            || order.transaction_id.as_deref() == Some(payment.transaction_id.as_str());
        return Ok((!is_same).then_some(Mismatch::PaidByOtherTransaction));
    }
    let of_other_order = orders::table
        .filter(orders::provider.eq(payment.provider.number()))
        .filter(orders::transaction_id.eq(&payment.transaction_id))
        .filter(orders::out_trade_no.ne(&order.out_trade_no));
    let count: i64 = of_other_order.count().get_result(conn)?;
    Ok((count > 0).then_some(Mismatch::TransactionOfOtherOrder))
}

/// Credits an order exactly once: the state that was read guards the update, and an idempotency key
/// guards the entry.
fn credit_order(
    conn: &mut Conn,
    now: Moment,
    order: &Order,
    payment: &Payment,
) -> Result<(), PaymentsError> {
    let number = &order.out_trade_no;
    let paid_at = payment.paid_at.unwrap_or(now);
    let unchanged = orders::table
        .find(number)
        .filter(orders::state.eq(order.state.number()));
    let changed = diesel::update(unchanged)
        .set((
            orders::state.eq(OrderState::Paid.number()),
            orders::transaction_id.eq(Some(&payment.transaction_id)),
            orders::paid_at.eq(Some(paid_at.millis())),
            orders::delivery_notice_due.eq(payment.delivery_notice_due),
            orders::next_query_at.eq(payment.delivery_notice_due.then_some(now.millis())),
            orders::query_count.eq(0),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(StoreError::Contended.into());
    }
    forget_stored_days(conn, now, paid_at)?;
    let balances = load_balances(conn, order.user)?;
    let clearing = Account::System(order.provider.clearing_account());
    let user = |kind| Account::User(order.user, kind);
    let debt = balances.debt.min(order.gold);
    let bought = order.gold.checked_sub(debt)?;
    let entry = Entry::new(EntryKind::Recharge, number)
        .with_transfer(
            clearing,
            user(BalanceKind::Debt),
            debt,
            TransferCode::DebtPaid,
        )
        .with_transfer(
            clearing,
            user(BalanceKind::Bought),
            bought,
            TransferCode::Recharge,
        );
    let entry_id = post_entry(conn, now, &entry)?;
    // A concurrent refund may have left a debt that was not visible above. Debt is paid before gold
    // is credited, so run the transaction again.
    if !bought.is_zero() && !load_balances(conn, order.user)?.debt.is_zero() {
        return Err(StoreError::Contended.into());
    }
    let key = IdempotencyKey::new(
        format!("recharge:{number}"),
        &format!("{}|{}", order.gold, order.price.get()),
    );
    store_outcome(conn, now, &key, &payment.transaction_id, Some(entry_id))?;
    Ok(())
}

/// Writes the state of an unpaid order, and when to query next.
fn update_unpaid_order(
    conn: &mut Conn,
    now: Moment,
    order: &Order,
    decision: OrderDecision,
) -> Result<(), StoreError> {
    let next_query_at = match decision.next {
        NextStep::Nothing => None,
        NextStep::Query | NextStep::Close => Some(order.queries.next_query_at(now)),
        NextStep::LastCheck => Some(order.next_check_at(now)),
    };
    let unchanged = orders::table
        .find(&order.out_trade_no)
        .filter(orders::state.eq(order.state.number()));
    let changed = diesel::update(unchanged)
        .set((
            orders::state.eq(decision.state.number()),
            orders::next_query_at.eq(next_query_at.map(Moment::millis)),
        ))
        .execute(conn)?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Contended)
    }
}
