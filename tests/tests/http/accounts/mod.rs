//! Accounts: registration, login, tokens, profiles, likes, bans.

mod access_tokens;
mod bans;
mod content_check;
mod erasure;
mod known_callers;
mod likes;
mod login;
mod profile;
mod profile_calls;
mod profile_text;
mod register;
mod safety;
mod tokens;
