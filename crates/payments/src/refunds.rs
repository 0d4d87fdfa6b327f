//! Refunds of orders: those that an operator requests, and those that the platform makes itself.

pub(crate) mod advance;
pub(crate) mod amounts;
pub(crate) mod approval;
pub(crate) mod platform;
pub(crate) mod record;
pub(crate) mod request;
pub(crate) mod row;
pub(crate) mod settle;
pub(crate) mod state;
pub(crate) mod virtual_outcome;
