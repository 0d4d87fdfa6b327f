//! Accounts: login, registration, profiles, likes, and the configs that clients read.

pub(super) mod configs;
pub(super) mod likes;
pub(super) mod login;
pub(super) mod profile;
pub(super) mod safety;
