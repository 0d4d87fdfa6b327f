//! `check-config`: what a configuration will and will not do, without starting anything.

use crate::house::check_keys;
use crate::settings::{Mode, Provider, Settings};

/// Lines for the operator. An error when the server would not start.
pub fn check(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    match settings.mode()? {
        Mode::Sandbox => {
            notes.push("sandbox: WeChat, WeChat Pay, IM and CSS are played on this machine".into())
        }
        Mode::Real => {
            let apps: Vec<&str> = settings.wechat.apps.keys().map(String::as_str).collect();
            notes.push(format!("real: WeChat apps {}", apps.join(", ")));
            let (im, live) = (settings.im()?, settings.live()?);
            if im.callback_token.is_none() {
                notes.push("[im] callback_token is missing: every IM callback is refused, so losses go unseen".into());
            }
            if live.callback_key.is_none() {
                notes.push(
                    "[live] callback_key is missing: every stream callback is refused".into(),
                );
            }
            if live.secret_id.is_none() || live.secret_key.is_none() {
                notes.push(
                    "[live] secret_id or secret_key is missing: streams of those put off stage are not cut".into(),
                );
            }
            notes.extend(money(settings)?);
            if settings.server.public_url.is_empty() {
                notes.push(
                    "[server] public_url is missing: links point to the listen address".into(),
                );
            }
        }
    }
    if !settings.limits.enabled {
        notes.push("[limits] are off".into());
    } else if settings.server.trusted_proxies.is_empty() {
        notes.push(
            "no trusted_proxies: calls from private addresses are not limited per address".into(),
        );
    }
    Ok(notes)
}

/// What can be bought and paid out, and how.
fn money(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    match settings.provider()? {
        None => notes.push("no [wechat_pay] and no [virtual_payment]: nobody can buy gold".into()),
        Some(Provider::Virtual) => notes.push("new orders go to virtual payment".into()),
        Some(Provider::WechatPay) => notes.push("new orders go to WeChat Pay".into()),
    }
    check_keys(settings)?;
    if let Some(pay) = &settings.wechat_pay {
        if !pay
            .verify_keys
            .iter()
            .any(|key| key.id.starts_with("PUB_KEY_ID_"))
        {
            notes.push("[[wechat_pay.verify_keys]] has no PUB_KEY_ID_: certificates are fetched from WeChat".into());
        }
        if !settings.public_url().starts_with("https://") {
            notes.push("[server] public_url is not https: WeChat Pay sends no notices, only the sweeper asks".into());
        }
    }
    if settings.virtual_payment.is_some() && settings.wechat.push.is_none() {
        notes.push("[wechat.push] is missing: virtual payments are only found by asking".into());
    }
    if settings.payouts.transfer_scene_id.is_empty() {
        notes.push("[payouts] transfer_scene_id is missing: income cannot be withdrawn".into());
    }
    Ok(notes)
}
