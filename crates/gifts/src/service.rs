//! [`Gifts`]: the service. Its methods are in the files of their subjects.

use std::sync::Arc;
use std::time::Duration;

use qlive_configs::Configs;
use qlive_outbox::Outbox;
use qlive_store::Db;
use qlive_types::{Cached, Clock, WebAddressRules};

use crate::CatalogueGift;
use crate::sender::GiftSender;

/// How old the catalogue may be that is shown, and so how late this instance notices a change by
/// another. Sending a gift reads it as it is.
const CATALOGUE_AGE: Duration = Duration::from_secs(1);

/// The gifts. Cheap to clone.
#[derive(Clone)]
pub struct Gifts {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) configs: Configs,
    pub(crate) sender: GiftSender,
    pub(crate) address_rules: WebAddressRules,
    /// The gifts that can be sent, the cheapest first.
    pub(crate) catalogue: Arc<Cached<Vec<CatalogueGift>>>,
}

impl Gifts {
    /// Gifts stored in `db`. With `notify_rooms` the server sends the message about a gift to the
    /// room; otherwise clients do. Gifts are sent on the runtime in which this is called.
    #[must_use]
    pub fn new(db: Db, clock: Clock, configs: Configs, outbox: Outbox, notify_rooms: bool) -> Self {
        Self {
            sender: GiftSender::new(db.clone(), clock.clone(), outbox, notify_rooms),
            db,
            clock,
            configs,
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
