//! What the server and the operators' command-line tool share: the settings, the services built
//! from them, `check-config` and the audit of the whole database.
//!
//! Architecture invariants: no HTTP server and no actix here, no SQL, no domain rule.

mod audit;
mod base_path;
mod check_config;
mod evidence;
mod export;
mod open;
mod sandbox_credentials;
mod services;
mod settings;
mod timeline;

pub use audit::AuditResult;
pub use base_path::BASE_PATH;
pub use check_config::check;
pub use evidence::{AskProvider, Evidence, GivenGift};
pub use open::{open_database, open_services, open_services_without_migrating};
pub use sandbox_credentials::SandboxCredentials;
pub use services::Services;
pub use settings::{
    ConsoleSection, DatabaseSection, ImSection, LimitsSection, LiveSection, LogFormat, Mode,
    PaymentsSection, PayoutsSection, Pem, PushSection, ReportInfo, RoomsSection, SANDBOX_APP,
    SandboxSection, ServerSection, Settings, VerifyKey, VirtualPaymentSection, WechatPaySection,
    WechatSection,
};
pub use timeline::{Happened, Timeline, TimelineCursor, TimelineFilter, TimelineList};

pub use qlive_ledger::AuditError;
/// Values of settings that are types of the domain crates.
pub use qlive_payments::Provider;
pub use qlive_rooms::{Admission, SignalSender};
pub use qlive_users::UncheckedNames;
