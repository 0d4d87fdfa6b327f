//! Settling what a provider replied about a refund that we requested.

use diesel::prelude::*;
use qlive_ledger::{
    Account, BalanceKind, Entry, EntryKind, IdempotencyKey, TransferCode, load_balances,
    post_entry, store_outcome,
};
use qlive_store::schema::{orders, refunds};
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;

use crate::error::PaymentsError;
use crate::orders::row::find_order;
use crate::providers::provider::Provider;
use crate::refunds::amounts::{CoinsTakenBack, split_coins_returned};
use crate::refunds::row::{OrderRefund, find_refund, refund_with_number};
use crate::refunds::state::{RefundReply, RefundState, decide_refund};
use crate::service::Payments;

impl Payments {
    /// Settles a reply about a refund that we requested, in a transaction of its own. Returns the
    /// state in which it found the refund; a settled one stays as it is.
    pub(crate) async fn settle_refund_reply(
        &self,
        provider: Provider,
        number: &str,
        reply: RefundReply,
    ) -> Result<RefundState, PaymentsError> {
        let (now, number) = (self.clock.now(), number.to_owned());
        self.db
            .write(move |conn| match find_refund(conn, provider, &number)? {
                Some(refund) => {
                    settle_refund(conn, now, &refund, reply)?;
                    Ok(refund.state)
                }
                None => Err(PaymentsError::UnknownOrder),
            })
            .await
    }
}

/// Decides what a reply changes, and writes it.
fn settle_refund(
    conn: &mut Conn,
    now: Moment,
    refund: &OrderRefund,
    reply: RefundReply,
) -> Result<(), PaymentsError> {
    let decision = decide_refund(refund.state, reply);
    if decision.state == refund.state && !decision.query_again {
        return Ok(());
    }
    let unchanged = refund_with_number(refund.provider, &refund.number)
        .filter(refunds::state.eq(refund.state.number()));
    let done_at = (decision.state != RefundState::Requested).then_some(now.millis());
    let next_query_at = decision
        .query_again
        .then(|| refund.queries.next_query_at(now).millis());
    let changed = diesel::update(unchanged)
        .set((
            refunds::state.eq(decision.state.number()),
            refunds::done_at.eq(done_at),
            refunds::next_query_at.eq(next_query_at),
        ))
        .execute(conn)?;
    if changed == 0 {
        return Err(StoreError::Contended.into());
    }
    if decision.return_coins {
        return_coins(conn, now, refund)?;
    }
    Ok(())
}

/// Returns the coins of a refused refund to the buyer.
fn return_coins(conn: &mut Conn, now: Moment, refund: &OrderRefund) -> Result<(), PaymentsError> {
    diesel::update(orders::table.find(&refund.out_trade_no))
        .set(orders::refunded_fen.eq(orders::refunded_fen - refund.fen.get()))
        .execute(conn)?;
    if refund.coins == CoinsTakenBack::default() {
        return Ok(());
    }
    let order = find_order(conn, &refund.out_trade_no)?.ok_or(PaymentsError::UnknownOrder)?;
    let back = split_coins_returned(&load_balances(conn, order.user)?, refund.coins)?;
    let clearing = Account::System(order.provider.clearing_account());
    let mut entry = Entry::new(EntryKind::RefundReturned, &refund.number);
    for (kind, coins, code) in [
        (BalanceKind::Debt, back.debt, TransferCode::DebtPaid),
        (
            BalanceKind::Granted,
            back.granted,
            TransferCode::RefundReturned,
        ),
        (
            BalanceKind::Bought,
            back.bought,
            TransferCode::RefundReturned,
        ),
    ] {
        entry = entry.with_transfer(clearing, Account::User(order.user, kind), coins, code);
    }
    let entry_id = post_entry(conn, now, &entry)?;
    // A concurrent refund may have left a debt that was not visible above. Debt is paid first, so
    // run the transaction again.
    let has_gold = !back.bought.is_zero() || !back.granted.is_zero();
    if has_gold && !load_balances(conn, order.user)?.debt.is_zero() {
        return Err(StoreError::Contended.into());
    }
    let key = IdempotencyKey::new(
        format!(
            "refund-returned:{}:{}",
            order.provider.name(),
            refund.number
        ),
        "",
    );
    store_outcome(conn, now, &key, "coins_returned", Some(entry_id))?;
    Ok(())
}
