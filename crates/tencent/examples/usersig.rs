//! Prints a UserSig, so that another implementation can verify it.
//!
//! Usage: `usersig APP KEY ACCOUNT SECONDS`.
#![expect(clippy::print_stdout, reason = "the UserSig is the output")]
#![expect(
    clippy::disallowed_methods,
    reason = "an example needs no clock that tests can move"
)]

use qlive_tencent::NonEmptySecret;
use qlive_tencent::im::generate_user_sig;
use secrecy::ExposeSecret as _;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [app, key, account, seconds] = arguments.as_slice() else {
        eprintln!("usage: usersig APP KEY ACCOUNT SECONDS");
        std::process::exit(2);
    };
    let (Ok(app), Ok(seconds), Some(key)) =
        (app.parse(), seconds.parse(), NonEmptySecret::new(key))
    else {
        eprintln!("APP and SECONDS must be numbers, and KEY must not be empty");
        std::process::exit(2);
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let now = i64::try_from(now).unwrap_or(0);
    let user_sig = generate_user_sig(app, &key, account, now, seconds);
    println!("{}", user_sig.expose_secret());
}
