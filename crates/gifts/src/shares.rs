//! Who gets what of a gift's price.

use qlive_configs::{Rate, Snapshot};
use qlive_types::{Coins, TooMany};

/// The parts of a price that operators set. Together they are at most the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    pub receiver: Rate,
    pub host: Rate,
}

impl Rates {
    pub(crate) fn of(configs: &Snapshot) -> Self {
        Self {
            receiver: configs.exchange_rate(),
            host: configs.host_rate(),
        }
    }
}

/// A price divided. The three come to the price by construction: the house has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    pub receiver: Coins,
    pub host: Coins,
    pub house: Coins,
}

impl Shares {
    /// Divides a cost, each share rounded down. Without a host who takes part, his share is the house's.
    pub fn of(cost: Coins, rates: Rates, with_host: bool) -> Result<Self, TooMany> {
        let part = |rate: Rate| cost.portion(rate.ten_thousandths(), Rate::SCALE);
        let receiver = part(rates.receiver)?;
        let host = if with_host {
            part(rates.host)?
        } else {
            Coins::ZERO
        };
        let house = cost.minus(receiver)?.minus(host)?;
        Ok(Self {
            receiver,
            host,
            house,
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
        (shares.receiver.get(), shares.host.get(), shares.house.get())
    }

    #[test]
    fn shares_round_down_and_the_house_has_the_rest() {
        assert_eq!(shares(99, rates("0.5", "0.1"), true), (49, 9, 41));
        assert_eq!(shares(99, rates("0.5", "0.1"), false), (49, 0, 50));
        assert_eq!(shares(1, rates("0.5", "0.5"), true), (0, 0, 1));
        assert_eq!(shares(0, rates("1", "0"), true), (0, 0, 0));
        assert_eq!(
            shares(Coins::MAX.get(), rates("1", "0"), true),
            (Coins::MAX.get(), 0, 0)
        );
        // 0.29 of 100 is 28 in floating point.
        assert_eq!(shares(100, rates("0.29", "0.71"), true), (29, 71, 0));
    }

    proptest! {
        #[test]
        fn shares_come_to_the_cost(cost in 0..=Coins::MAX.get(), receiver in 0..=10_000_i64, host in 0..=10_000_i64, with_host: bool) {
            let host = host.min(10_000 - receiver);
            let rate = |parts: i64| Rate::parse(&format!("{}.{:04}", parts / 10_000, parts % 10_000)).unwrap();
            let rates = Rates { receiver: rate(receiver), host: rate(host) };
            let (r, h, house) = shares(cost, rates, with_host);
            prop_assert_eq!(r + h + house, cost);
            let exact = |parts: i64| i64::try_from(i128::from(cost) * i128::from(parts) / 10_000).unwrap();
            prop_assert_eq!((r, h), (exact(receiver), if with_host { exact(host) } else { 0 }));
        }
    }
}
