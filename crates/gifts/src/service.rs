//! [`Gifts`]: the service. Its methods are in the files of their subjects.

use qlive_configs::Configs;
use qlive_outbox::Outbox;
use qlive_store::{Db, Recent};
use qlive_types::{Clock, WebAddressRules};

use crate::catalogue_page::Catalogue;

/// The gifts. Cheap to clone.
#[derive(Clone)]
pub struct Gifts {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) configs: Configs,
    pub(crate) outbox: Outbox,
    /// Whether the server sends the message about a gift to the room; otherwise clients do.
    pub(crate) notify_rooms: bool,
    pub(crate) address_rules: WebAddressRules,
    /// What is shown of the catalogue. Sending a gift reads it as it is.
    pub(crate) catalogue: Recent<Catalogue>,
}

impl Gifts {
    /// Gifts stored in `db`. With `notify_rooms` each gift within a room is announced in it.
    #[must_use]
    pub fn new(db: Db, clock: Clock, configs: Configs, outbox: Outbox, notify_rooms: bool) -> Self {
        Self {
            catalogue: Recent::new(clock.clone()),
            db,
            clock,
            configs,
            outbox,
            notify_rooms,
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
