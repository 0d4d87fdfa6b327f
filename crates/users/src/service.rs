//! [`Users`]: the service. Its methods are in the files of their subjects.

use qlive_outbox::Outbox;
use qlive_store::Db;
use qlive_types::Clock;

use crate::{UserSigSigner, WechatGateway};

/// The users. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) gateway: WechatGateway,
    pub(crate) signer: UserSigSigner,
    pub(crate) outbox: Outbox,
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
            db,
            clock,
            gateway,
            signer,
            outbox,
        }
    }
}
