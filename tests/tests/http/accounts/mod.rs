//! Accounts: registration, login, tokens, profiles, likes, bans.

mod access_tokens;
mod bans;
mod likes;
mod login;
mod profile;
mod register;
mod tokens;
