//! The actions, and how they are drawn at random.

use proptest::prelude::*;
use proptest::sample::select;

/// An action. Users, orders, gifts and entries are given by a number, which is taken modulo how
/// many there are.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// A user orders a block, by WeChat Pay or by virtual payment.
    CreateOrder {
        user: usize,
        block: i64,
        by_wechat_pay: bool,
    },
    /// An order is paid.
    Pay { order: usize, notice: Notice },
    /// A forged notice or push about an order arrives.
    Forge { order: usize, forgery: Forgery },
    /// An operator queries an order.
    QueryOrder { order: usize },
    /// An operator grants gold.
    Grant { user: usize, coins: i64 },
    /// A user gives roses to the user `distance` places further. The server may be killed
    /// meanwhile; the client then sends the request again.
    Give {
        user: usize,
        distance: usize,
        coins: i64,
        kill: bool,
    },
    /// A gift is requested again under its request id.
    RepeatGift { gift: usize },
    /// An operator, or the platform itself, refunds a part of an order.
    Refund {
        order: usize,
        fen: i64,
        by_operator: bool,
    },
    /// An operator reverses a ledger entry.
    ReverseEntry { entry: usize },
    /// A user requests a withdrawal.
    Withdraw {
        user: usize,
        income: i64,
        outcome: WithdrawalOutcome,
    },
    /// The server is killed and started again.
    Restart,
}

/// What happens to the notice of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    Normal,
    Lost,
    Doubled,
    /// WeChat Pay first sends a notice with an invalid signature.
    Probe,
    /// The server is not running when the notice is sent; WeChat repeats it.
    ServerDown,
    Late,
    /// The notice of a payment that follows arrives first.
    Reordered,
}

const NOTICES: [Notice; 7] = [
    Notice::Normal,
    Notice::Lost,
    Notice::Doubled,
    Notice::Probe,
    Notice::ServerDown,
    Notice::Late,
    Notice::Reordered,
];

/// What is wrong with a forged notice of WeChat Pay, or a forged push of virtual payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgery {
    TamperedNotice,
    OldNotice,
    NoticeOfAnotherAmount,
    NoticeOfAnotherMerchant,
    PushOfAnotherBuyer,
    PushOfAnotherPrice,
}

const FORGERIES: [Forgery; 6] = [
    Forgery::TamperedNotice,
    Forgery::OldNotice,
    Forgery::NoticeOfAnotherAmount,
    Forgery::NoticeOfAnotherMerchant,
    Forgery::PushOfAnotherBuyer,
    Forgery::PushOfAnotherPrice,
];

/// What becomes of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithdrawalOutcome {
    InReview,
    Rejected,
    Paid,
    Failed,
}

const WITHDRAWAL_OUTCOMES: [WithdrawalOutcome; 4] = [
    WithdrawalOutcome::InReview,
    WithdrawalOutcome::Rejected,
    WithdrawalOutcome::Paid,
    WithdrawalOutcome::Failed,
];

/// Any action, the likelier ones with a larger weight.
pub(crate) fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => create_order(),
        6 => (0..12_usize, select(&NOTICES[..]))
            .prop_map(|(order, notice)| Action::Pay { order, notice }),
        2 => (0..12_usize, select(&FORGERIES[..]))
            .prop_map(|(order, forgery)| Action::Forge { order, forgery }),
        2 => (0..12_usize).prop_map(|order| Action::QueryOrder { order }),
        2 => (0..3_usize, 1..40_i64).prop_map(|(user, coins)| Action::Grant { user, coins }),
        9 => give(),
        2 => (0..12_usize).prop_map(|gift| Action::RepeatGift { gift }),
        3 => refund(),
        2 => (0..30_usize).prop_map(|entry| Action::ReverseEntry { entry }),
        4 => withdraw(),
        1 => Just(Action::Restart),
    ]
}

fn create_order() -> impl Strategy<Value = Action> {
    let drawn = (0..3_usize, 1..=2_i64, any::<bool>());
    drawn.prop_map(|(user, block, by_wechat_pay)| Action::CreateOrder {
        user,
        block,
        by_wechat_pay,
    })
}

fn give() -> impl Strategy<Value = Action> {
    // The server is killed during one of six gifts.
    let kill = (0..6_u8).prop_map(|number| number == 0);
    let drawn = (0..3_usize, 1..3_usize, 1..30_i64, kill);
    drawn.prop_map(|(user, distance, coins, kill)| Action::Give {
        user,
        distance,
        coins,
        kill,
    })
}

fn refund() -> impl Strategy<Value = Action> {
    let drawn = (0..12_usize, 1..700_i64, any::<bool>());
    drawn.prop_map(|(order, fen, by_operator)| Action::Refund {
        order,
        fen,
        by_operator,
    })
}

fn withdraw() -> impl Strategy<Value = Action> {
    let drawn = (0..3_usize, 1..60_i64, select(&WITHDRAWAL_OUTCOMES[..]));
    drawn.prop_map(|(user, income, outcome)| Action::Withdraw {
        user,
        income,
        outcome,
    })
}
