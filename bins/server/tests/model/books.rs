//! The model: what everybody has, worked out with plain numbers.

/// Something that happens. People and things are named by their numbers, taken modulo how many there are.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Somebody orders a block.
    Order {
        who: usize,
        block: i64,
        wechat: bool,
    },
    /// An order is paid; its notice is plain, lost, doubled, behind a probe, met by a server
    /// that is gone, late, or overtaken by the next.
    Pay {
        order: usize,
        how: u8,
    },
    /// A notice or a push that is not to be believed.
    Forge {
        order: usize,
        how: u8,
    },
    /// An operator has the provider asked.
    Ask {
        order: usize,
    },
    Grant {
        who: usize,
        coins: i64,
    },
    /// A gift; one in six fates is that the server is killed in the middle and the client tries again.
    Gift {
        who: usize,
        to: usize,
        num: i64,
        fate: u8,
    },
    /// A gift is asked for again under its request id.
    Repeat {
        gift: usize,
    },
    Refund {
        order: usize,
        fen: i64,
        ours: bool,
    },
    Reverse {
        entry: usize,
    },
    /// A withdrawal that is left in review, rejected, confirmed, or fails.
    Withdraw {
        who: usize,
        income: i64,
        fate: u8,
    },
    Kill,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Purse {
    pub(crate) bought: i64,
    pub(crate) granted: i64,
    pub(crate) income: i64,
    pub(crate) held: i64,
    pub(crate) owed: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) who: usize,
    pub(crate) wechat: bool,
    pub(crate) gold: i64,
    pub(crate) fen: i64,
    pub(crate) paid: bool,
    pub(crate) credited: bool,
    pub(crate) refunded_fen: i64,
    pub(crate) refunded_gold: i64,
}

/// What can be taken back: changes by person, with the house's.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) changes: Vec<(usize, Purse)>,
    pub(crate) house: i64,
    pub(crate) grants: i64,
    pub(crate) reversed: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    pub(crate) purses: [Purse; 3],
    pub(crate) orders: Vec<Order>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) house: i64,
    pub(crate) grants: i64,
    pub(crate) paid_out: i64,
    pub(crate) wechat_pay: i64,
    pub(crate) xpay: i64,
}

impl Books {
    fn clear(&mut self, order: &Order, by: i64) {
        if order.wechat {
            self.wechat_pay += by;
        } else {
            self.xpay += by;
        }
    }

    pub(crate) fn credit(&mut self, at: usize) {
        let order = &mut self.orders[at];
        if std::mem::replace(&mut order.credited, true) {
            return;
        }
        let order = order.clone();
        let purse = &mut self.purses[order.who];
        let debt = purse.owed.min(order.gold);
        purse.owed -= debt;
        purse.bought += order.gold - debt;
        self.clear(&order, -order.gold);
    }

    pub(crate) fn grant(&mut self, who: usize, coins: i64) {
        self.purses[who].granted += coins;
        self.grants -= coins;
        let change = Purse {
            granted: coins,
            ..Purse::default()
        };
        self.entries.push(Entry {
            changes: vec![(who, change)],
            house: 0,
            grants: -coins,
            reversed: false,
        });
    }

    /// Half of the cost is the receiver's. False when the purse is too small.
    pub(crate) fn gift(&mut self, who: usize, to: usize, cost: i64) -> bool {
        let had = self.purses[who];
        if had.granted + had.bought + had.income < cost {
            return false;
        }
        let granted = had.granted.min(cost);
        let bought = had.bought.min(cost - granted);
        let income = cost - granted - bought;
        let (share, house) = (cost / 2, cost - cost / 2);
        let gave = Purse {
            granted: -granted,
            bought: -bought,
            income: -income,
            ..Purse::default()
        };
        let got = Purse {
            income: share,
            ..Purse::default()
        };
        let entry = Entry {
            changes: vec![(who, gave), (to, got)],
            house,
            grants: 0,
            reversed: false,
        };
        self.apply(&entry, 1);
        self.entries.push(entry);
        true
    }

    /// Whether an entry can be taken back now; if so it is.
    pub(crate) fn reverse(&mut self, at: usize) -> bool {
        let entry = self.entries[at].clone();
        let enough = entry.changes.iter().all(|(who, change)| {
            let has = self.purses[*who];
            has.granted >= change.granted
                && has.bought >= change.bought
                && has.income >= change.income
        });
        if entry.reversed || !enough {
            return false;
        }
        self.apply(&entry, -1);
        self.entries[at].reversed = true;
        true
    }

    fn apply(&mut self, entry: &Entry, sign: i64) {
        for (who, change) in &entry.changes {
            let purse = &mut self.purses[*who];
            purse.granted += sign * change.granted;
            purse.bought += sign * change.bought;
            purse.income += sign * change.income;
        }
        self.house += sign * entry.house;
        self.grants += sign * entry.grants;
    }

    /// Whether so much of an order can be refunded; if so it is.
    pub(crate) fn refund(&mut self, at: usize, fen: i64) -> bool {
        let order = &mut self.orders[at];
        if !order.credited || fen > order.fen - order.refunded_fen {
            return false;
        }
        let part = (order.gold * fen + order.fen - 1) / order.fen;
        let coins = part.min(order.gold - order.refunded_gold);
        order.refunded_fen += fen;
        order.refunded_gold += coins;
        let order = order.clone();
        let purse = &mut self.purses[order.who];
        let bought = purse.bought.min(coins);
        let granted = purse.granted.min(coins - bought);
        purse.bought -= bought;
        purse.granted -= granted;
        purse.owed += coins - bought - granted;
        self.clear(&order, coins);
        true
    }
}
