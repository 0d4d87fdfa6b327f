//! The services, built from the settings.

mod payments;
mod rooms;

use std::sync::Arc;

use qlive_configs::Configs;
use qlive_gifts::Gifts;
use qlive_ledger::{ChainSealer, ChainSumWorker, LedgerBrowser};
use qlive_outbox::{Dispatcher, ImLimits, Outbox, OutboxWorker};
use qlive_payments::{DailyMoneyWorker, PaymentPoller, Payments};
use qlive_rooms::{
    AuthenticationWorker, CommentWorker, OutboxLookup, Rooms, SignalSender, TimeoutWorker,
};
use qlive_store::{Db, LastSeen, LastSeenWorker};
use qlive_tencent::HttpClient;
use qlive_tencent::css::CssClient;
use qlive_tencent::im::ImClient;
use qlive_tencent::wechat::WechatClient;
use qlive_types::{Clock, WebAddressRules, random};
use qlive_users::{UserSigSigner, Users, WechatGateway};

use crate::settings::Settings;

pub(crate) use payments::check_keys;

/// The services of all domain crates on one database, and what their workers need. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub db: Db,
    pub clock: Clock,
    pub users: Users,
    pub rooms: Rooms,
    pub gifts: Gifts,
    pub payments: Payments,
    pub configs: Configs,
    pub outbox: Outbox,
    pub ledger: LedgerBrowser,
    im: Arc<ImClient>,
    im_limits: ImLimits,
    /// None: no cloud API key is configured, so no stream is cut.
    css: Option<CssClient>,
    /// When callbacks of each kind and audits were last seen.
    pub last_seen: LastSeen,
}

impl Services {
    /// Builds the services. Nothing is called and no worker is started.
    ///
    /// # Errors
    /// When a required section is missing, or a key cannot be read.
    pub fn new(settings: &Settings, db: Db, clock: Clock) -> anyhow::Result<Self> {
        let http = HttpClient::new()?;
        let (im_section, live) = (settings.im()?, settings.live()?);
        let outbox = Outbox::new(db.clone(), clock.clone());
        let address_rules = address_rules(settings);
        let configs =
            Configs::new(db.clone(), clock.clone()).with_address_rules(address_rules.clone());
        let gateway = WechatGateway::new(
            WechatClient::new(http.clone(), &settings.wechat.api_url),
            settings.wechat.apps.clone(),
            settings
                .wechat
                .content_check
                .then_some(settings.wechat.unchecked),
        );
        let signer = UserSigSigner {
            sdk_app_id: im_section.sdk_app_id,
            key: settings.im_secret_key()?.clone(),
        };
        let users = Users::new(db.clone(), clock.clone(), gateway, signer, outbox.clone())
            .with_address_rules(address_rules.clone());
        let im_account = rooms::im_account(im_section, settings.im_secret_key()?);
        let im = Arc::new(ImClient::new(http.clone(), im_account, random::u32));
        let rooms = Rooms::new(
            users.clone(),
            configs.clone(),
            (db.clone(), clock.clone(), outbox.clone()),
            Arc::clone(&im),
            rooms::streams(live),
            rooms::room_settings(&settings.rooms, im_section, live, address_rules.clone()),
        );
        let gifts = Gifts::new(
            db.clone(),
            clock.clone(),
            configs.clone(),
            outbox.clone(),
            im_section.speaks == SignalSender::Server,
        )
        .with_address_rules(address_rules);
        let payments = payments::payments(settings, &http, (&db, &clock), &users, &configs)?;
        let last_seen = LastSeen::new(db.clone(), clock.clone());
        Ok(Self {
            ledger: LedgerBrowser::new(db.clone()),
            db,
            clock,
            users,
            rooms,
            gifts,
            payments,
            configs,
            outbox,
            im,
            im_limits: rooms::im_limits(im_section),
            css: rooms::css_api(http, live),
            last_seen,
        })
    }

    /// The worker that delivers what is in the outbox.
    #[must_use]
    pub fn outbox_worker(&self) -> OutboxWorker {
        let deliverer = Dispatcher {
            im: Arc::clone(&self.im),
            css: self.css.clone(),
            lookup: Arc::new(OutboxLookup),
        };
        let (db, clock) = (self.db.clone(), self.clock.clone());
        OutboxWorker::new(db, clock, deliverer, &self.outbox, self.im_limits)
    }

    /// The worker that ends grace periods, invitations and seats without a stream.
    #[must_use]
    pub fn timeout_worker(&self) -> TimeoutWorker {
        TimeoutWorker::new(self.rooms.clone())
    }

    /// The worker that keeps comments, for some days.
    #[must_use]
    pub fn comment_worker(&self) -> CommentWorker {
        CommentWorker::new(self.rooms.clone())
    }

    /// The worker that notices what others change about the callers that this instance knows.
    #[must_use]
    pub fn authentication_worker(&self) -> AuthenticationWorker {
        AuthenticationWorker::new(self.rooms.clone())
    }

    /// The worker that queries providers about orders, refunds and withdrawals that wait.
    #[must_use]
    pub fn payment_poller(&self) -> PaymentPoller {
        PaymentPoller::new(self.payments.clone())
    }

    /// The worker that stores the yuan of the days that are over.
    #[must_use]
    pub fn daily_money_worker(&self) -> DailyMoneyWorker {
        DailyMoneyWorker::new(self.payments.clone())
    }

    /// The worker that adds what is chained to the sums of each day.
    #[must_use]
    pub fn chain_sum_worker(&self) -> ChainSumWorker {
        let sums = vec![qlive_ledger::DAILY_SUMS, qlive_gifts::DAILY_HOST_SUMS];
        ChainSumWorker::new(self.db.clone(), sums)
    }

    /// The worker that writes when callbacks were last seen.
    #[must_use]
    pub fn last_seen_worker(&self) -> LastSeenWorker {
        LastSeenWorker::new(self.last_seen.clone())
    }

    /// The worker that adds new ledger entries to the hash chain.
    #[must_use]
    pub fn chain_sealer(&self) -> ChainSealer {
        ChainSealer::new(self.db.clone(), self.clock.clone())
    }
}

/// Where pictures may be: on public hosts, and against a sandbox also on its own and the server's.
fn address_rules(settings: &Settings) -> WebAddressRules {
    if settings.is_sandbox() {
        WebAddressRules::with_own_origins(&[&settings.public_url(), &settings.wechat.api_url])
    } else {
        WebAddressRules::default()
    }
}
