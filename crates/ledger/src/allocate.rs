//! Splits a payment from several accounts over several receivers.

use qlive_types::Coins;

use crate::account::Account;
use crate::entry::{Transfer, TransferCode};
use crate::error::LedgerError;

/// Allocates the coins of `sources` to `sinks`, each in the given order, with the fewest possible
/// transfers. Does not access the database.
///
/// # Errors
/// [`LedgerError::Unbalanced`] if the sources and the sinks have different sums.
pub fn allocate(
    sources: &[(Account, Coins)],
    sinks: &[(Account, Coins, TransferCode)],
) -> Result<Vec<Transfer>, LedgerError> {
    let mut next_sources = sources
        .iter()
        .copied()
        .filter(|(_, amount)| !amount.is_zero());
    let mut source = next_sources.next();
    let mut transfers = Vec::new();
    for (to, amount, code) in sinks {
        let mut missing = *amount;
        while !missing.is_zero() {
            let (from, available) = source.ok_or(LedgerError::Unbalanced)?;
            let amount = available.min(missing);
            transfers.push(Transfer {
                from,
                to: *to,
                amount,
                code: code.number(),
            });
            missing = missing.checked_sub(amount)?;
            let rest = available.checked_sub(amount)?;
            source = if rest.is_zero() {
                next_sources.next()
            } else {
                Some((from, rest))
            };
        }
    }
    if source.is_some() {
        Err(LedgerError::Unbalanced)
    } else {
        Ok(transfers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{BalanceKind, SystemAccount};
    use qlive_types::UserId;

    fn coins(amount: i64) -> Coins {
        Coins::new(amount).unwrap()
    }

    fn user(kind: BalanceKind) -> Account {
        Account::User(UserId::new(10_000_001).unwrap(), kind)
    }

    #[test]
    fn sources_fill_sinks_in_order() {
        let (granted, bought) = (user(BalanceKind::Granted), user(BalanceKind::Bought));
        let (platform, income) = (
            Account::System(SystemAccount::Platform),
            user(BalanceKind::Income),
        );
        let sinks = [
            (income, coins(5), TransferCode::GiftReceived),
            (platform, coins(5), TransferCode::GiftPlatform),
        ];
        let transfers = allocate(
            &[
                (granted, coins(3)),
                (user(BalanceKind::Held), coins(0)),
                (bought, coins(7)),
            ],
            &sinks,
        )
        .unwrap();
        let transfers: Vec<_> = transfers
            .iter()
            .map(|t| (t.from, t.to, t.amount.get(), t.code))
            .collect();
        let (received, share) = (
            TransferCode::GiftReceived.number(),
            TransferCode::GiftPlatform.number(),
        );
        assert_eq!(
            transfers,
            [
                (granted, income, 3, received),
                (bought, income, 2, received),
                (bought, platform, 5, share)
            ]
        );
        assert_eq!(allocate(&[], &[]).unwrap(), []);
    }

    #[test]
    fn different_sums_are_unbalanced() {
        let bought = user(BalanceKind::Bought);
        let sinks = [(
            user(BalanceKind::Income),
            coins(10),
            TransferCode::GiftReceived,
        )];
        for sum in [9, 11] {
            let allocated = allocate(&[(bought, coins(sum))], &sinks);
            assert!(
                matches!(allocated, Err(LedgerError::Unbalanced)),
                "{sum}: {allocated:?}"
            );
        }
    }
}
