//! [`Gifts`]: the service. Its methods are in the files of their subjects.

use std::sync::Arc;
use std::time::Duration;

use qlive_configs::Configs;
use qlive_outbox::Outbox;
use qlive_store::Db;
use qlive_types::{Cached, Clock, WebAddressRules};

use crate::CatalogueGift;

/// How old the catalogue may be that is shown, and so how late this instance notices a change by
/// another. Sending a gift reads it as it is.
const CATALOGUE_AGE: Duration = Duration::from_secs(1);

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
    /// The gifts that can be sent, the cheapest first.
    pub(crate) catalogue: Arc<Cached<Vec<CatalogueGift>>>,
}

impl Gifts {
    /// Gifts stored in `db`. With `notify_rooms` each gift within a room is announced in it.
    #[must_use]
    pub fn new(db: Db, clock: Clock, configs: Configs, outbox: Outbox, notify_rooms: bool) -> Self {
        Self {
            db,
            clock,
            configs,
            outbox,
            notify_rooms,
            catalogue: Arc::new(Cached::new(CATALOGUE_AGE)),
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
