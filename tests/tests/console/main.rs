//! The console over HTTP, on both database engines: what each role may do, who is let in, and what
//! the pages show.

mod crawl;
mod desk;
mod docs;
mod filters;
mod guards;
mod login;
mod pages;
mod reviews;
mod roles;
mod rooms;
mod sale_and_configs;
mod status;
mod targets;
mod upgrade;
