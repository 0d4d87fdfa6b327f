//! Recording a new refund: its row, and the entry that takes its coins back, in one transaction.

use diesel::prelude::*;
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, IdempotencyKey, TransferCode, load_balances,
    post_entry, store_outcome,
};
use qlive_store::schema::{orders, refunds};
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::{Coins, Fen, Moment};

use crate::error::PaymentsError;
use crate::mismatch::Mismatch;
use crate::orders::row::Order;
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::refunds::amounts::{CoinsTakenBack, OrderAmounts, split_coins_taken_back};
use crate::refunds::row::{find_refund, find_refunds_of_order, has_requested_refund};
use crate::refunds::state::RefundState;

/// A refund to be recorded.
pub(crate) struct NewRefund<'a> {
    pub(crate) number: &'a str,
    pub(crate) fen: Fen,
    pub(crate) requested_by_us: bool,
    pub(crate) reason: &'a str,
}

/// Records a refund and takes its coins back. A refund that we requested is due for the poller at
/// once; one that the platform made is done.
pub(crate) fn record_refund(
    conn: &mut Conn,
    now: Moment,
    order: &Order,
    new: &NewRefund<'_>,
) -> Result<(), PaymentsError> {
    // First, since this update makes two refunds of one order wait for each other.
    reserve_amount(conn, order, new)?;
    if new.requested_by_us
        && order.provider == Provider::Virtual
        && has_requested_refund(conn, &order.out_trade_no)?
    {
        return Err(PaymentsError::RefundUnderWay);
    }
    let coins = order_amounts(conn, order)?
        .coins_for(new.fen)
        .ok()
        .ok_or(PaymentsError::NotRefundable(Mismatch::MoreThanLeft))?;
    let taken = split_coins_taken_back(&load_balances(conn, order.user)?, coins)?;
    insert_refund(conn, now, order, new, taken)?;
    if coins.is_zero() {
        // The coins of earlier parts were rounded up: there is money left to refund, but no coin.
        return Ok(());
    }
    take_coins_back(conn, now, order, new, taken)
}

/// Adds the amount to what was refunded of the order.
fn reserve_amount(
    conn: &mut Conn,
    order: &Order,
    new: &NewRefund<'_>,
) -> Result<(), PaymentsError> {
    let enough_left = orders::table
        .find(&order.out_trade_no)
        .filter(orders::state.eq(OrderState::Paid.number()))
        .filter(orders::refunded_fen.le(order.price.get() - new.fen.get()));
    let reserved = diesel::update(enough_left)
        .set(orders::refunded_fen.eq(orders::refunded_fen + new.fen.get()))
        .execute(conn)?;
    if reserved == 1 {
        return Ok(());
    }
    // A concurrent transaction may have recorded this very refund.
    if find_refund(conn, order.provider, new.number)?.is_some() {
        return Err(StoreError::Contended.into());
    }
    Err(PaymentsError::NotRefundable(Mismatch::MoreThanLeft))
}

/// What the order was sold for, and what of it was refunded or requested to be.
fn order_amounts(conn: &mut Conn, order: &Order) -> Result<OrderAmounts, PaymentsError> {
    let mut amounts = OrderAmounts {
        gold: order.gold,
        fen: order.price,
        refunded_gold: Coins::ZERO,
        refunded_fen: Fen::default(),
    };
    for refund in find_refunds_of_order(conn, &order.out_trade_no)? {
        if refund.state != RefundState::Refused {
            let coins = refund.coins.total()?;
            amounts.refunded_fen = amounts.refunded_fen.checked_add(refund.fen)?;
            amounts.refunded_gold = amounts.refunded_gold.checked_add(coins)?;
        }
    }
    Ok(amounts)
}

fn insert_refund(
    conn: &mut Conn,
    now: Moment,
    order: &Order,
    new: &NewRefund<'_>,
    taken: CoinsTakenBack,
) -> Result<(), StoreError> {
    let (state, done_at, next_query_at) = if new.requested_by_us {
        (RefundState::Requested, None, Some(now.millis()))
    } else {
        (RefundState::Done, Some(now.millis()), None)
    };
    let request = (
        refunds::out_trade_no.eq(&order.out_trade_no),
        refunds::provider.eq(order.provider.number()),
        refunds::number.eq(new.number),
        refunds::requested_by_us.eq(new.requested_by_us),
        refunds::fen.eq(new.fen.get()),
        refunds::reason.eq(new.reason),
    );
    let coins = (
        refunds::from_bought.eq(taken.bought.get()),
        refunds::from_granted.eq(taken.granted.get()),
        refunds::from_debt.eq(taken.debt.get()),
    );
    let progress = (
        refunds::state.eq(state.number()),
        refunds::created_at.eq(now.millis()),
        refunds::done_at.eq(done_at),
        refunds::next_query_at.eq(next_query_at),
        refunds::queried_at.eq(0_i64),
        refunds::query_count.eq(0),
    );
    key_violation_as_contention(
        diesel::insert_into(refunds::table)
            .values((request, coins, progress))
            .execute(conn),
    )?;
    Ok(())
}

/// Posts the entry that takes the coins back.
fn take_coins_back(
    conn: &mut Conn,
    now: Moment,
    order: &Order,
    new: &NewRefund<'_>,
    taken: CoinsTakenBack,
) -> Result<(), PaymentsError> {
    let clearing = Account::System(order.provider.clearing_account());
    let mut entry = Entry::new(EntryKind::Refund, new.number);
    for (kind, coins, code) in [
        (BalanceKind::Bought, taken.bought, TransferCode::Refund),
        (BalanceKind::Granted, taken.granted, TransferCode::Refund),
        (BalanceKind::Debt, taken.debt, TransferCode::RefundDebt),
    ] {
        entry = entry.with_transfer(Account::User(order.user, kind), clearing, coins, code);
    }
    let entry_id = post_entry(conn, now, &entry)?;
    // A concurrent recharge may have brought gold that was not visible above. Gold is taken before
    // debt is made, so run the transaction again.
    let balances = load_balances(conn, order.user)?;
    let has_gold = !balances.bought.is_zero() || !balances.granted.is_zero();
    if !taken.debt.is_zero() && has_gold {
        return Err(StoreError::Contended.into());
    }
    let key = IdempotencyKey::new(
        format!("refund:{}:{}", order.provider.name(), new.number),
        &format!("{}|{}", order.out_trade_no, new.fen.get()),
    );
    store_outcome(conn, now, &key, "coins_taken_back", Some(entry_id))?;
    Ok(())
}
