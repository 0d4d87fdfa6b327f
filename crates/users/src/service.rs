//! [`Users`]: the service. Its methods are in the files of their subjects.

use std::sync::Arc;

use qlive_ledger::Balances;
use qlive_outbox::Outbox;
use qlive_store::{Db, GroupedRead};
use qlive_types::{Clock, UserId, WebAddressRules};

use crate::check_history::CheckHistory;
use crate::like_rows::find_likes;
use crate::profile_rows::find_with_balances;
use crate::{KnownTokens, Profile, UserSigSigner, WechatGateway};

/// The users. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) gateway: WechatGateway,
    pub(crate) signer: UserSigSigner,
    pub(crate) outbox: Outbox,
    pub(crate) address_rules: WebAddressRules,
    pub(crate) check_history: Arc<CheckHistory>,
    pub(crate) known_tokens: Arc<KnownTokens>,
    pub(crate) profiles: GroupedRead<UserId, (Profile, Balances)>,
    pub(crate) likes: GroupedRead<(UserId, UserId), bool>,
}

impl Users {
    /// Users stored in `db`, who log in through `gateway`.
    #[must_use]
    pub fn new(
        db: Db,
        clock: Clock,
        gateway: WechatGateway,
        signer: UserSigSigner,
        outbox: Outbox,
    ) -> Self {
        Self {
            profiles: GroupedRead::new("profiles", db.clone(), find_with_balances),
            likes: GroupedRead::new("likes", db.clone(), find_likes),
            db,
            clock,
            gateway,
            signer,
            outbox,
            address_rules: WebAddressRules::default(),
            check_history: Arc::default(),
            known_tokens: Arc::default(),
        }
    }

    /// The tokens that this instance knows.
    #[must_use]
    pub fn known_tokens(&self) -> &KnownTokens {
        &self.known_tokens
    }

    /// The same users, whose pictures may be where `rules` allow.
    #[must_use]
    pub fn with_address_rules(self, rules: WebAddressRules) -> Self {
        Self {
            address_rules: rules,
            ..self
        }
    }
}
