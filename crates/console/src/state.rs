//! What every request of the console uses.

use std::io;

use qlive_app::Services;
use qlive_files::EmbeddedFiles;
use qlive_operators::Operators;
use qlive_store::Recent;
use qlive_types::{Moment, TrustedProxies};

use crate::assets;
use crate::http::Failure;
use crate::ledger_audits::LedgerAuditLog;
use crate::settings::ConsoleSettings;

/// What waits for an operator.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Waiting {
    /// Refunds that another operator must confirm.
    pub(crate) refunds: i64,
    /// Withdrawals in review.
    pub(crate) withdrawals: i64,
    /// Reports that nobody has closed.
    pub(crate) reports: i64,
    /// Complaints that nobody has answered.
    pub(crate) complaints: i64,
    /// Refused comments that nobody has looked at.
    pub(crate) comments: i64,
    /// Screenshots that nobody has looked at.
    pub(crate) screenshots: i64,
    /// Differences to the bill that nobody has explained.
    pub(crate) differences: i64,
    /// Accounts that another operator must decide to erase.
    pub(crate) erasures: i64,
    /// Deliveries that IM refused for good.
    pub(crate) parked: i64,
}

/// The state that all requests share.
pub(crate) struct State {
    pub(crate) services: Services,
    pub(crate) operators: Operators,
    /// Whether the money and the people are a sandbox's.
    pub(crate) is_sandbox: bool,
    /// How operators reach the console, without a trailing slash; may be empty.
    pub(crate) public_url: String,
    pub(crate) proxies: TrustedProxies,
    pub(crate) files: EmbeddedFiles,
    pub(crate) ledger_audits: LedgerAuditLog,
    waiting: Recent<Waiting>,
}

impl State {
    pub(crate) fn new(services: Services, settings: ConsoleSettings) -> io::Result<Self> {
        let operators = Operators::new(services.db.clone(), services.clock.clone());
        Ok(Self {
            waiting: Recent::new(services.clock.clone()),
            services,
            operators,
            is_sandbox: settings.is_sandbox,
            public_url: settings.public_url.trim_end_matches('/').to_owned(),
            proxies: TrustedProxies::new(&settings.trusted_proxies),
            files: assets::read()?,
            ledger_audits: LedgerAuditLog::default(),
        })
    }

    /// What waits for an operator, as it was at most a second ago.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn waiting(&self) -> Result<Waiting, Failure> {
        let services = self.services.clone();
        let read = || async move {
            let withdrawals = services.payments.count_withdrawals_to_review().await?;
            let refunds = services.payments.refund_requests().await?.len();
            let reports = services.users.count_open_reports().await?;
            let complaints = services.payments.count_open_complaints().await?;
            let comments = services.rooms.count_open_comments().await?;
            let screenshots = services.rooms.count_open_screenshots().await?;
            let differences = services.payments.count_unexplained().await?;
            let erasures = services.users.erasure_requests().await?.len();
            let parked = services.outbox.count_parked().await?;
            Ok::<_, qlive_payments::PaymentsError>(Waiting {
                refunds: i64::try_from(refunds).unwrap_or(i64::MAX),
                withdrawals,
                reports,
                complaints,
                comments,
                screenshots,
                differences,
                erasures: i64::try_from(erasures).unwrap_or(i64::MAX),
                parked,
            })
        };
        Ok(*self.waiting.get(read).await?)
    }

    pub(crate) fn now(&self) -> Moment {
        self.services.clock.now()
    }
}
