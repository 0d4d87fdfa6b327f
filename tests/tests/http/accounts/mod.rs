//! Accounts: registration, login, tokens, profiles, likes, bans.

mod bans;
mod likes;
mod login;
mod profile;
mod register;
mod tokens;
