//! Wiring of money: the providers, made of settings.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use qlive_configs::Configs;
use qlive_payments::{Payments, PayoutRules, Provider, Providers};
use qlive_sandbox::Papers;
use qlive_store::Db;
use qlive_tencent::Http;
use qlive_tencent::pay::{Keys, Merchant, Pay};
use qlive_tencent::wechat::push::Push;
use qlive_tencent::xpay::{Xpay, XpayAccount};
use qlive_types::{Clock, Fen, random};
use qlive_users::Users;
use secrecy::ExposeSecret as _;

use crate::http::routes::BASE;
use crate::settings::{self, Settings};

/// How long a sandbox may take to say who it is.
const SANDBOX_ANSWERS: Duration = Duration::from_secs(2);
/// Bytes of a nonce; twice as many characters.
const NONCE_BYTES: usize = 16;

/// The papers of the sandbox that runs at `url`. One that does not run has none
/// to show, and nobody to call either: those drawn here serve as well.
pub(super) async fn papers_of(url: &str) -> anyhow::Result<Papers> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(SANDBOX_ANSWERS)
        .build()?;
    match http.get(format!("{url}/sandbox/papers")).send().await {
        Ok(answer) => Ok(answer.json().await.context("the sandbox's papers")?),
        Err(_) => Ok(Papers::drawn()?),
    }
}

pub(super) fn payments(
    settings: &Settings,
    http: &Http,
    (db, clock): (&Db, &Clock),
    users: &Users,
    configs: &Configs,
) -> anyhow::Result<Payments> {
    let notify_url = format!("{}{BASE}pay_notify/", settings.public_url());
    let (providers, rules) = (providers(settings, http)?, payout_rules(settings)?);
    Ok(Payments::new(
        (db.clone(), clock.clone()),
        users.clone(),
        configs.clone(),
        providers,
        rules,
        notify_url,
    ))
}

/// Whether every key of the settings can be read and is one.
pub(crate) fn check_keys(settings: &Settings) -> anyhow::Result<()> {
    providers(settings, &Http::new()?)?;
    if let Some(push) = &settings.wechat.push {
        Push::new(&push.appid, push.token.clone(), &push.encoding_aes_key)
            .context("[wechat.push]")?;
    }
    Ok(())
}

fn providers(settings: &Settings, http: &Http) -> anyhow::Result<Providers> {
    let wechat_pay = settings
        .wechat_pay
        .as_ref()
        .map(|pay| client(pay, http))
        .transpose()?;
    let xpay = settings.virtual_payment.as_ref().map(|xpay| {
        let account = XpayAccount {
            app_id: xpay.appid.clone(),
            offer_id: xpay.offer_id.clone(),
            app_key: xpay.app_key.clone(),
            env: xpay.env,
        };
        Xpay::new(http.clone(), &settings.wechat.api_url, account)
    });
    let chosen = settings.provider()?.map(|provider| match provider {
        settings::Provider::Virtual => Provider::Virtual,
        settings::Provider::WechatPay => Provider::WechatPay,
    });
    Ok(Providers {
        wechat_pay: wechat_pay.map(Arc::new),
        xpay,
        chosen,
    })
}

fn client(pay: &settings::WechatPay, http: &Http) -> anyhow::Result<Pay> {
    let key = pay
        .private_key
        .read()
        .context("[wechat_pay] private_key_path")?;
    let merchant = Merchant::new(
        &pay.mchid,
        &pay.merchant_serial,
        &key,
        pay.api_v3_key.clone(),
    )
    .context("[wechat_pay]")?;
    let keys = Keys::default();
    for key in &pay.verify_keys {
        let pem = key.key.read().context("[wechat_pay] verify_keys")?;
        keys.add(&key.id, pem.expose_secret())
            .context("[wechat_pay] verify_keys")?;
    }
    Ok(Pay::new(http.clone(), &pay.api_url, merchant, keys, || {
        random::hex(NONCE_BYTES)
    }))
}

fn payout_rules(settings: &Settings) -> anyhow::Result<Option<PayoutRules>> {
    let payouts = &settings.payouts;
    if payouts.transfer_scene_id.is_empty() {
        return Ok(None);
    }
    let infos = payouts
        .report_infos
        .iter()
        .map(|info| (info.info_type.clone(), info.info_content.clone()));
    Ok(Some(PayoutRules {
        scene_id: payouts.transfer_scene_id.clone(),
        remark: payouts.remark.clone(),
        report_infos: infos.collect(),
        min_age: Duration::from_secs(payouts.min_age_days.saturating_mul(86_400)),
        second_above: Fen::new(payouts.second_operator_above_fen)
            .context("[payouts] second_operator_above_fen")?,
    }))
}
