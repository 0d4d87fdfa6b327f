//! The model: the balances of all accounts, computed with plain numbers.

/// The balances of a user, in coins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ModelBalances {
    pub(crate) bought: i64,
    pub(crate) granted: i64,
    pub(crate) income: i64,
    pub(crate) held: i64,
    pub(crate) debt: i64,
}

/// The most withdrawals of a user that have not ended.
pub(crate) const OPEN_WITHDRAWALS: usize = 3;

/// An order of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelOrder {
    pub(crate) user: usize,
    pub(crate) by_wechat_pay: bool,
    pub(crate) gold: i64,
    pub(crate) fen: i64,
    pub(crate) is_paid: bool,
    pub(crate) is_credited: bool,
    pub(crate) refunded_fen: i64,
    pub(crate) refunded_gold: i64,
}

/// A ledger entry that can be reversed: how it changed the balances of users and of the system
/// accounts `platform` and `grants`.
#[derive(Debug, Clone)]
pub(crate) struct ModelEntry {
    changes: Vec<(usize, ModelBalances)>,
    platform: i64,
    grants: i64,
    is_reversed: bool,
}

/// All accounts, orders and reversible entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelLedger {
    pub(crate) balances: [ModelBalances; 3],
    /// How many withdrawals of each user have not ended.
    pub(crate) open_withdrawals: [usize; 3],
    pub(crate) orders: Vec<ModelOrder>,
    pub(crate) entries: Vec<ModelEntry>,
    pub(crate) platform: i64,
    pub(crate) grants: i64,
    pub(crate) paid_out: i64,
    pub(crate) wechat_pay: i64,
    pub(crate) virtual_payment: i64,
}

impl ModelLedger {
    /// Adds coins to the account of the order's provider.
    fn add_to_provider(&mut self, order: &ModelOrder, coins: i64) {
        if order.by_wechat_pay {
            self.wechat_pay += coins;
        } else {
            self.virtual_payment += coins;
        }
    }

    /// Credits an order, unless it was credited before. Debt is paid first.
    pub(crate) fn credit(&mut self, at: usize) {
        let order = &mut self.orders[at];
        if std::mem::replace(&mut order.is_credited, true) {
            return;
        }
        let order = order.clone();
        let balances = &mut self.balances[order.user];
        let debt = balances.debt.min(order.gold);
        balances.debt -= debt;
        balances.bought += order.gold - debt;
        self.add_to_provider(&order, -order.gold);
    }

    /// Grants gold to a user.
    pub(crate) fn grant(&mut self, user: usize, coins: i64) {
        let change = ModelBalances {
            granted: coins,
            ..ModelBalances::default()
        };
        let entry = ModelEntry {
            changes: vec![(user, change)],
            platform: 0,
            grants: -coins,
            is_reversed: false,
        };
        self.apply(&entry, 1);
        self.entries.push(entry);
    }

    /// Gives a gift; half of the cost pays the receiver's debt, and what is left is income. Returns
    /// false, and changes nothing, when the giver has too few coins; income of a giver with a debt
    /// does not count.
    pub(crate) fn give(&mut self, giver: usize, receiver: usize, cost: i64) -> bool {
        let before = self.balances[giver];
        let spendable_income = if before.debt == 0 { before.income } else { 0 };
        if before.granted + before.bought + spendable_income < cost {
            return false;
        }
        let granted = before.granted.min(cost);
        let bought = before.bought.min(cost - granted);
        let income = cost - granted - bought;
        let receiver_share = cost / 2;
        let spent = ModelBalances {
            granted: -granted,
            bought: -bought,
            income: -income,
            ..ModelBalances::default()
        };
        let debt_paid = self.balances[receiver].debt.min(receiver_share);
        let received = ModelBalances {
            income: receiver_share - debt_paid,
            debt: -debt_paid,
            ..ModelBalances::default()
        };
        let entry = ModelEntry {
            changes: vec![(giver, spent), (receiver, received)],
            platform: cost - receiver_share,
            grants: 0,
            is_reversed: false,
        };
        self.apply(&entry, 1);
        self.entries.push(entry);
        true
    }

    /// Reverses an entry. Returns false, and changes nothing, when it was reversed before or a user
    /// no longer has the coins.
    pub(crate) fn reverse(&mut self, at: usize) -> bool {
        let entry = self.entries[at].clone();
        let has_coins = entry.changes.iter().all(|(user, change)| {
            let balances = self.balances[*user];
            balances.granted >= change.granted
                && balances.bought >= change.bought
                && balances.income >= change.income
        });
        if entry.is_reversed || !has_coins {
            return false;
        }
        self.apply(&entry, -1);
        self.entries[at].is_reversed = true;
        true
    }

    /// Applies an entry (`sign` 1) or its opposite (`sign` -1).
    fn apply(&mut self, entry: &ModelEntry, sign: i64) {
        for (user, change) in &entry.changes {
            let balances = &mut self.balances[*user];
            balances.granted += sign * change.granted;
            balances.bought += sign * change.bought;
            balances.income += sign * change.income;
            balances.debt += sign * change.debt;
        }
        self.platform += sign * entry.platform;
        self.grants += sign * entry.grants;
    }

    /// Refunds a part of an order. The coins are taken from bought, then from granted gold; the
    /// rest becomes debt. Returns false, and changes nothing, when less of the order is left.
    pub(crate) fn refund(&mut self, at: usize, fen: i64) -> bool {
        let order = &mut self.orders[at];
        if !order.is_credited || fen > order.fen - order.refunded_fen {
            return false;
        }
        let rounded_up = (order.gold * fen + order.fen - 1) / order.fen;
        let coins = rounded_up.min(order.gold - order.refunded_gold);
        order.refunded_fen += fen;
        order.refunded_gold += coins;
        let order = order.clone();
        let balances = &mut self.balances[order.user];
        let bought = balances.bought.min(coins);
        let granted = balances.granted.min(coins - bought);
        balances.bought -= bought;
        balances.granted -= granted;
        balances.debt += coins - bought - granted;
        self.add_to_provider(&order, coins);
        true
    }
}
