//! [`Payments`]: its fields and constructor. Its methods are in the files of their subjects.

use std::sync::Arc;

use qlive_configs::Configs;
use qlive_store::{Db, Recent};
use qlive_types::{Clock, Fen};
use qlive_users::Users;

use crate::block_rows::BlockList;
use crate::providers::certificates::CertificateRefresher;
use crate::providers::provider::Providers;
use crate::withdrawals::rules::WithdrawalRules;

/// The service of recharges, refunds and withdrawals. Cheap to clone.
#[derive(Clone)]
pub struct Payments {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) users: Users,
    pub(crate) configs: Configs,
    pub(crate) providers: Providers,
    /// `None`: withdrawals are not configured.
    pub(crate) withdrawal_rules: Option<WithdrawalRules>,
    /// Above this two operators must ask for a refund.
    pub(crate) refund_limit: Fen,
    /// Where WeChat Pay sends its notices.
    pub(crate) notify_url: String,
    pub(crate) certificates: Arc<CertificateRefresher>,
    pub(crate) blocks: Recent<BlockList>,
}

impl Payments {
    /// Makes the service. Above `refund_limit` two operators must ask for a refund.
    /// `notify_url` is the public address of the callback `pay_notify/`.
    #[must_use]
    pub fn new(
        (db, clock): (Db, Clock),
        users: Users,
        configs: Configs,
        providers: Providers,
        withdrawal_rules: Option<WithdrawalRules>,
        refund_limit: Fen,
        notify_url: String,
    ) -> Self {
        let blocks = Recent::new(clock.clone());
        Self {
            db,
            clock,
            users,
            configs,
            providers,
            withdrawal_rules,
            refund_limit,
            notify_url,
            certificates: Arc::default(),
            blocks,
        }
    }
}
