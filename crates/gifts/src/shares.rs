//! The division of a gift's cost between receiver, host and platform.

use qlive_configs::{Rate, Snapshot};
use qlive_types::{AmountOutOfRange, Coins};

/// The parts of the cost that receiver and host get. Together they are at most one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rates {
    pub(crate) receiver: Rate,
    pub(crate) host: Rate,
}

impl Rates {
    pub(crate) fn from_configs(configs: &Snapshot) -> Self {
        Self {
            receiver: configs.exchange_rate(),
            host: configs.host_rate(),
        }
    }
}

/// A divided cost. The three shares add up to it, because the platform gets the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    pub(crate) receiver: Coins,
    pub(crate) host: Coins,
    pub(crate) platform: Coins,
}

impl Shares {
    /// Divides a cost. The shares of receiver and host are rounded down. Without a host the
    /// platform gets the host's share.
    pub(crate) fn of(cost: Coins, rates: Rates, with_host: bool) -> Result<Self, AmountOutOfRange> {
        let receiver = rates.receiver.of(cost)?;
        let host = if with_host {
            rates.host.of(cost)?
        } else {
            Coins::ZERO
        };
        let platform = cost.checked_sub(receiver)?.checked_sub(host)?;
        Ok(Self {
            receiver,
            host,
            platform,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rates(receiver: &str, host: &str) -> Rates {
        Rates {
            receiver: Rate::parse(receiver).unwrap(),
            host: Rate::parse(host).unwrap(),
        }
    }

    fn shares(cost: i64, rates: Rates, with_host: bool) -> (i64, i64, i64) {
        let shares = Shares::of(Coins::new(cost).unwrap(), rates, with_host).unwrap();
        (
            shares.receiver.get(),
            shares.host.get(),
            shares.platform.get(),
        )
    }

    #[test]
    fn shares_are_rounded_down_and_the_platform_gets_the_rest() {
        assert_eq!(shares(99, rates("0.5", "0.1"), true), (49, 9, 41));
        assert_eq!(shares(99, rates("0.5", "0.1"), false), (49, 0, 50));
        assert_eq!(shares(1, rates("0.5", "0.5"), true), (0, 0, 1));
        assert_eq!(shares(0, rates("1", "0"), true), (0, 0, 0));
        assert_eq!(
            shares(Coins::MAX.get(), rates("1", "0"), true),
            (Coins::MAX.get(), 0, 0)
        );
        // In floating point 0.29 of 100 rounds down to 28.
        assert_eq!(shares(100, rates("0.29", "0.71"), true), (29, 71, 0));
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_cost(
            cost in 0..=Coins::MAX.get(),
            receiver in 0..=Rate::SCALE,
            host in 0..=Rate::SCALE,
            with_host: bool,
        ) {
            let host = host.min(Rate::SCALE - receiver);
            let rate = |parts: i64| {
                let text = format!("{}.{:04}", parts / Rate::SCALE, parts % Rate::SCALE);
                Rate::parse(&text).unwrap()
            };
            let rates = Rates { receiver: rate(receiver), host: rate(host) };
            let exact = |parts: i64| {
                let share = i128::from(cost) * i128::from(parts) / i128::from(Rate::SCALE);
                i64::try_from(share).unwrap()
            };
            let (of_receiver, of_host, of_platform) = shares(cost, rates, with_host);
            prop_assert_eq!(of_receiver + of_host + of_platform, cost);
            prop_assert_eq!(of_receiver, exact(receiver));
            prop_assert_eq!(of_host, if with_host { exact(host) } else { 0 });
        }
    }
}
