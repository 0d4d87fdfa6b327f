//! `check-config`: what a configuration will and will not do. Nothing is started or opened.

use qlive_payments::Provider;
use qlive_users::UncheckedNames;

use crate::services::check_keys;
use crate::settings::{Mode, ServerSection, Settings, WechatPaySection};

/// Returns one line for each thing that the configuration will or will not do.
///
/// # Errors
/// When the server would not start with it.
pub fn check(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut notes = match settings.mode()? {
        Mode::Sandbox => vec![sandbox_note(settings)],
        Mode::Real => check_real_mode(settings)?,
    };
    if !settings.limits.enabled {
        notes.push("[limits] are off".into());
    } else if settings.server.trusted_proxies.is_empty() {
        notes.push(trusted_proxies_note(settings.limits.connections_per_ip));
    }
    notes.extend(internal_listen_note(&settings.server).map(str::to_owned));
    Ok(notes)
}

fn sandbox_note(settings: &Settings) -> String {
    let where_it_runs = settings.sandbox.join.map_or_else(
        || "on this machine".to_owned(),
        |address| format!("by the process that listens on {address}"),
    );
    format!("sandbox: WeChat, WeChat Pay, IM and CSS are simulated {where_it_runs}")
}

fn trusted_proxies_note(connections_per_ip: u32) -> String {
    let bound = if connections_per_ip == 0 {
        String::new()
    } else {
        format!(
            ", but one private address may open only {connections_per_ip} connections: \
             list your proxy in server.trusted_proxies"
        )
    };
    format!("no trusted_proxies: requests from private addresses are not limited by address{bound}")
}

/// What is worth saying about the pages for operators.
fn internal_listen_note(server: &ServerSection) -> Option<&'static str> {
    match server.internal_listen {
        Some(address) if address.ip().is_loopback() => None,
        Some(_) => Some(
            "[server] internal_listen is not a loopback address: \
             /metrics, /openapi.json and /docs need no token",
        ),
        None if server.listen.ip().is_loopback() => None,
        None => {
            Some("[server] internal_listen is missing: /metrics, /openapi.json and /docs are off")
        }
    }
}

fn check_real_mode(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut apps: Vec<&str> = settings.wechat.apps.keys().map(String::as_str).collect();
    apps.sort_unstable();
    let mut notes = vec![format!("real: WeChat apps {}", apps.join(", "))];
    if settings.wechat.content_check && settings.wechat.unchecked == UncheckedNames::Pass {
        notes.push("[wechat] unchecked is pass: names that WeChat cannot check are shown".into());
    }
    if settings.im()?.callback_token.is_none() {
        notes.push(
            "[im] callback_token is missing: every IM callback is refused, \
             so disconnects are not seen"
                .into(),
        );
    }
    let live = settings.live()?;
    if live.callback_key.is_none() {
        notes.push("[live] callback_key is missing: every stream callback is refused".into());
    }
    if live.play_key.is_none() {
        notes.push("[live] play_key is missing: play URLs are not signed".into());
    }
    if live.secret_id.is_none() || live.secret_key.is_none() {
        notes.push(
            "[live] secret_id or secret_key is missing: \
             streams of users taken off the stage are not cut"
                .into(),
        );
    }
    notes.extend(check_payments(settings)?);
    if settings.server.public_url.is_empty() {
        notes.push("[server] public_url is missing: links point to the listen address".into());
    }
    Ok(notes)
}

/// What can be bought and withdrawn, and how.
fn check_payments(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut notes = vec![
        match settings.provider()? {
            None => "no [wechat_pay] and no [virtual_payment]: nobody can buy gold",
            Some(Provider::Virtual) => "new orders go to virtual payment",
            Some(Provider::WechatPay) => "new orders go to WeChat Pay",
        }
        .to_owned(),
    ];
    check_keys(settings)?;
    if let Some(wechat_pay) = &settings.wechat_pay {
        if !has_public_key(wechat_pay) {
            notes.push(
                "[[wechat_pay.verify_keys]] has no PUB_KEY_ID_: \
                 certificates are fetched from WeChat"
                    .into(),
            );
        }
        if !settings.is_public_over_https() {
            notes.push(
                "[server] public_url is not https: WeChat Pay sends no notices, \
                 and payments are found by polling only"
                    .into(),
            );
        }
    }
    if settings.virtual_payment.is_some() && settings.wechat.push.is_none() {
        notes.push("[wechat.push] is missing: virtual payments are found by polling only".into());
    }
    if settings.payouts.transfer_scene_id.is_empty() {
        notes.push("[payouts] transfer_scene_id is missing: income cannot be withdrawn".into());
    }
    Ok(notes)
}

fn has_public_key(wechat_pay: &WechatPaySection) -> bool {
    let mut keys = wechat_pay.verify_keys.iter();
    keys.any(|key| key.id.starts_with("PUB_KEY_ID_"))
}
