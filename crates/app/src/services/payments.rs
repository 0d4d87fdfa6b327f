//! What payments are configured with: the clients of the providers, and the rules of withdrawals.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use qlive_configs::Configs;
use qlive_payments::{Payments, Providers, WithdrawalRules};
use qlive_store::Db;
use qlive_tencent::HttpClient;
use qlive_tencent::pay::{Merchant, PayClient, PlatformKeys};
use qlive_tencent::wechat::push::MessagePush;
use qlive_tencent::xpay::{XpayClient, XpayConfig};
use qlive_types::{Clock, Fen, random};
use qlive_users::Users;
use secrecy::ExposeSecret as _;

use crate::base_path::BASE_PATH;
use crate::settings::{PayoutsSection, Settings, VirtualPaymentSection, WechatPaySection};

/// The length of a nonce in bytes; in hexadecimal it has twice as many characters.
const NONCE_BYTES: usize = 16;
const SECS_PER_DAY: u64 = 86_400;

pub(super) fn payments(
    settings: &Settings,
    http: &HttpClient,
    (db, clock): (&Db, &Clock),
    users: &Users,
    configs: &Configs,
) -> anyhow::Result<Payments> {
    let notify_url = format!("{}{BASE_PATH}pay_notify/", settings.public_url());
    Ok(Payments::new(
        (db.clone(), clock.clone()),
        users.clone(),
        configs.clone(),
        providers(settings, http)?,
        withdrawal_rules(&settings.payouts)?,
        Fen::new(settings.payments.second_operator_above_fen)
            .context("[payments] second_operator_above_fen")?,
        notify_url,
    ))
}

/// Checks that every key of the settings can be read and is one.
///
/// # Errors
/// Names the setting of the first key that is not.
pub(crate) fn check_keys(settings: &Settings) -> anyhow::Result<()> {
    providers(settings, &HttpClient::new()?)?;
    if let Some(push) = &settings.wechat.push {
        MessagePush::new(&push.appid, push.token.clone(), &push.encoding_aes_key)
            .context("[wechat.push]")?;
    }
    Ok(())
}

fn providers(settings: &Settings, http: &HttpClient) -> anyhow::Result<Providers> {
    let wechat_pay = settings.wechat_pay.as_ref();
    let wechat_pay = wechat_pay
        .map(|section| wechat_pay_client(section, http))
        .transpose()?;
    let virtual_payment = settings.virtual_payment.as_ref();
    let api_url = &settings.wechat.api_url;
    Ok(Providers {
        wechat_pay: wechat_pay.map(Arc::new),
        xpay: virtual_payment
            .map(|section| XpayClient::new(http.clone(), api_url, virtual_payment_config(section))),
        chosen: settings.provider()?,
    })
}

fn virtual_payment_config(section: &VirtualPaymentSection) -> XpayConfig {
    XpayConfig {
        app_id: section.appid.clone(),
        offer_id: section.offer_id.clone(),
        app_key: section.app_key.clone(),
        env: section.env,
    }
}

fn wechat_pay_client(section: &WechatPaySection, http: &HttpClient) -> anyhow::Result<PayClient> {
    let private_key = section.private_key.read();
    let private_key = private_key.context("[wechat_pay] private_key_path")?;
    let merchant = Merchant::new(
        &section.mchid,
        &section.merchant_serial,
        &private_key,
        section.api_v3_key.clone(),
    )
    .context("[wechat_pay]")?;
    let keys = PlatformKeys::default();
    for verify_key in &section.verify_keys {
        let pem = verify_key.key.read();
        let pem = pem.context("[wechat_pay] verify_keys")?;
        keys.add(&verify_key.id, pem.expose_secret())
            .context("[wechat_pay] verify_keys")?;
    }
    let nonce = || random::hex(NONCE_BYTES);
    Ok(PayClient::new(
        http.clone(),
        &section.api_url,
        merchant,
        keys,
        nonce,
    ))
}

/// The rules of withdrawals. None: there are no withdrawals.
fn withdrawal_rules(payouts: &PayoutsSection) -> anyhow::Result<Option<WithdrawalRules>> {
    if payouts.transfer_scene_id.is_empty() {
        return Ok(None);
    }
    let infos = payouts.report_infos.iter();
    let infos = infos.map(|info| (info.info_type.clone(), info.info_content.clone()));
    Ok(Some(WithdrawalRules {
        scene_id: payouts.transfer_scene_id.clone(),
        remark: payouts.remark.clone(),
        report_infos: infos.collect(),
        min_age: Duration::from_secs(payouts.min_age_days.saturating_mul(SECS_PER_DAY)),
        second_approval_above: Fen::new(payouts.second_operator_above_fen)
            .context("[payouts] second_operator_above_fen")?,
    }))
}
