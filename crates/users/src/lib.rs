//! Users: registration, login and tokens, profiles, likes and wallets.
//!
//! Architecture invariant: nothing here knows rooms. An operation on a user and a room at once (a
//! ban, a role, a change of gender) is a method of `rooms`, which calls the functions of this
//! crate that take a connection.

mod access_tokens;
mod authentication_changes;
mod blocked_users;
mod check_history;
mod credentials;
mod directory;
mod erasure;
mod error;
mod hash;
mod known_tokens;
mod like_rows;
mod likes;
mod login;
mod name_check;
mod notes;
mod profile;
mod profile_change;
mod profile_rows;
mod register;
mod reports;
mod search;
mod service;
mod session;
mod token_refresh;
pub mod tokens;
mod user_sessions;
mod user_sig;
mod wallet;
mod wechat_gateway;

pub use access_tokens::AccessTokenStatus;
pub use authentication_changes::{
    AuthenticationChange, delete_authentication_changes, load_authentication_changes,
    newest_authentication_change, record_authentication_change,
};
pub use blocked_users::{blocks_between, is_blocked};
pub use credentials::Credentials;
pub use directory::{Ban, UserSummary, lift_ended_ban, set_ban, set_matchmaker};
pub use erasure::{ErasureRequest, decide_erasure, erase, erased_users};
pub use error::{UsersError, WechatCallError};
pub use known_tokens::{KnownToken, KnownTokens};
pub use name_check::NameCheck;
pub use notes::UserNote;
pub use profile::Profile;
pub use profile_change::{ProfileChange, UnvalidatedProfileChange, apply_profile_change};
pub use profile_rows::{find_user, find_users};
pub use register::Registration;
pub use reports::{NewReport, Report, ReportFilter, ReportKind};
pub use search::{UserFilter, UsersAfter};
pub use service::Users;
pub use tokens::AuthenticatedUser;
pub use user_sessions::UserSession;
pub use user_sig::UserSigSigner;
pub use wallet::Applicant;
pub use wechat_gateway::{UncheckedNames, WechatApps, WechatGateway};
