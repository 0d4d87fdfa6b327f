//! Prints a UserSig, for other implementations to read: `usersig APP KEY ACCOUNT SECONDS`.
#![expect(
    clippy::print_stdout,
    reason = "a command answers the person who typed it"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "no clock of the house is wired here"
)]

use qlive_tencent::im::user_sig;
use secrecy::ExposeSecret as _;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [app, key, account, seconds] = arguments.as_slice() else {
        eprintln!("usersig APP KEY ACCOUNT SECONDS");
        std::process::exit(2);
    };
    let (Ok(app), Ok(seconds)) = (app.parse(), seconds.parse()) else {
        eprintln!("APP and SECONDS are numbers");
        std::process::exit(2);
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let sig = user_sig(
        app,
        &key.clone().into(),
        account,
        i64::try_from(now).unwrap_or(0),
        seconds,
    );
    println!("{}", sig.expose_secret());
}
