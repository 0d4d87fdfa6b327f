//! The operations: wire types and handlers, a file per part of the contract.

pub(crate) mod accounts;
pub(crate) mod callbacks;
pub(crate) mod gifts;
pub(crate) mod micro;
pub(crate) mod money_callbacks;
pub(crate) mod openapi;
pub(crate) mod payments;
pub(crate) mod public;
pub(crate) mod rooms;
pub(crate) mod wallet;
mod wire;
pub(crate) mod withdrawals;
