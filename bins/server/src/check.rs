//! `check-config`: what a configuration will and will not do, without starting anything.

use crate::settings::{Mode, Settings};

/// Lines for the operator. An error when the server would not start.
pub fn check(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    match settings.mode()? {
        Mode::Sandbox => notes.push("sandbox: WeChat, IM and CSS are played on this machine".into()),
        Mode::Real => {
            let apps: Vec<&str> = settings.wechat.apps.keys().map(String::as_str).collect();
            notes.push(format!("real: WeChat apps {}", apps.join(", ")));
            let (im, live) = (settings.im()?, settings.live()?);
            if im.callback_token.is_none() {
                notes.push("[im] callback_token is missing: every IM callback is refused, so losses go unseen".into());
            }
            if live.callback_key.is_none() {
                notes.push("[live] callback_key is missing: every stream callback is refused".into());
            }
            if live.secret_id.is_none() || live.secret_key.is_none() {
                notes.push(
                    "[live] secret_id or secret_key is missing: streams of those put off stage are not cut".into(),
                );
            }
            if settings.server.public_url.is_empty() {
                notes.push("[server] public_url is missing: links point to the listen address".into());
            }
        }
    }
    if !settings.limits.enabled {
        notes.push("[limits] are off".into());
    } else if settings.server.trusted_proxies.is_empty() {
        notes.push("no trusted_proxies: calls from private addresses are not limited per address".into());
    }
    Ok(notes)
}
