//! The HTTP server of qlive.
//!
//! A handler extracts the caller and a typed input, calls one method of a
//! domain crate, and maps its answer to the wire.
//!
//! Architecture invariants: no SQL and no rule lives here. Every answer but a
//! success comes out of the one table in [`http::error`]. The caller stands in
//! each handler's signature.

mod api;
mod application;
mod check;
mod house;
pub mod http;
mod logging;
mod metrics;
mod seeds;
mod settings;

pub use application::Application;
pub use check::check;
pub use house::{Parts, operators_house};
pub use http::routes::{Access, BASE, Operation, operations};
pub use logging::init as init_logging;
pub use settings::{
    Admission as AdmissionSetting, Mode, Pem, Provider as ProviderSetting, Settings,
    Speaks as SpeaksSetting,
};
