//! [`Gifts`]: the service. Its methods are in the files of their subjects.

use qlive_configs::Configs;
use qlive_outbox::Outbox;
use qlive_store::{Db, Recent};
use qlive_types::{Clock, WebAddressRules};

use crate::catalogue_page::Catalogue;
use crate::sender::GiftSender;

/// The gifts. Cheap to clone.
#[derive(Clone)]
pub struct Gifts {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) configs: Configs,
    pub(crate) sender: GiftSender,
    pub(crate) address_rules: WebAddressRules,
    /// What is shown of the catalogue. Sending a gift reads it as it is.
    pub(crate) catalogue: Recent<Catalogue>,
}

impl Gifts {
    /// Gifts stored in `db`. With `notify_rooms` the server sends the message about a gift to the
    /// room; otherwise clients do. Gifts are sent on the runtime in which this is called.
    #[must_use]
    pub fn new(db: Db, clock: Clock, configs: Configs, outbox: Outbox, notify_rooms: bool) -> Self {
        Self {
            sender: GiftSender::new(db.clone(), clock.clone(), outbox, notify_rooms),
            catalogue: Recent::new(clock.clone()),
            db,
            clock,
            configs,
            address_rules: WebAddressRules::default(),
        }
    }

    /// The same gifts, whose pictures may be where `rules` allow.
    #[must_use]
    pub fn with_address_rules(self, rules: WebAddressRules) -> Self {
        Self {
            address_rules: rules,
            ..self
        }
    }
}
