//! What a sandbox starts with, so that a stranger finds a house to play in.

use anyhow::Context as _;
use qlive_gifts::NewGift;
use qlive_payments::NewBlock;
use qlive_sandbox::Accounts;
use qlive_store::audit::Operator;
use qlive_types::{Coins, Fen};
use qlive_users::Registration;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::house::Parts;
use crate::settings::Settings;
use crate::settings::mode::SANDBOX_APP;

/// The gifts that can be given: name, price in coins, effect.
const GIFTS: [(&str, i64, &str); 9] = [
    ("点赞", 0, "like"),
    ("玫瑰", 1, "rose"),
    ("棒棒糖", 5, "lollipop"),
    ("巧克力", 10, "chocolate"),
    ("泰迪熊", 52, "bear"),
    ("香水", 99, "perfume"),
    ("钻戒", 520, "ring"),
    ("跑车", 1_314, "car"),
    ("城堡", 5_200, "castle"),
];

/// What can be bought: coins, and fen for them.
const BLOCKS: [(i64, i64); 6] = [
    (60, 600),
    (10, 100),
    (300, 3_000),
    (980, 9_800),
    (1_980, 19_800),
    (6_480, 64_800),
];

/// The sandbox's side of the accounts that `settings` holds our side of.
pub(crate) fn accounts(settings: &Settings, callback_base: String) -> anyhow::Result<Accounts> {
    let (im, live) = (settings.im()?, settings.live()?);
    let secret = |secret: &Option<secrecy::SecretString>| {
        secret
            .as_ref()
            .map(|secret| secret.expose_secret().to_owned())
            .unwrap_or_default()
    };
    let pay = settings
        .wechat_pay
        .as_ref()
        .context("the sandbox's merchant")?;
    let xpay = settings
        .virtual_payment
        .as_ref()
        .context("the sandbox's virtual payment")?;
    let push = settings
        .wechat
        .push
        .as_ref()
        .context("the sandbox's message push")?;
    let app_secret = settings
        .wechat
        .apps
        .get(SANDBOX_APP)
        .context("the sandbox's app")?;
    Ok(Accounts {
        app_id: SANDBOX_APP.into(),
        app_secret: app_secret.expose_secret().to_owned(),
        sdk_app_id: im.sdk_app_id,
        im_key: im.secret_key.expose_secret().to_owned(),
        im_admin: im.admin.clone(),
        im_callback_token: secret(&im.callback_token),
        live_callback_key: secret(&live.callback_key),
        live_push_domain: live.push_domain.clone(),
        cloud_secret_id: live.secret_id.clone().unwrap_or_default(),
        cloud_secret_key: secret(&live.secret_key),
        mchid: pay.mchid.clone(),
        merchant_serial: pay.merchant_serial.clone(),
        api_v3_key: pay.api_v3_key.expose_secret().to_owned(),
        offer_id: xpay.offer_id.clone(),
        app_key: xpay.app_key.expose_secret().to_owned(),
        xpay_env: xpay.env,
        push_token: push.token.expose_secret().to_owned(),
        push_aes_key: push.encoding_aes_key.expose_secret().to_owned(),
        callback_base,
    })
}

/// Registers the matchmaker `host` and sets some configs, once.
pub(crate) async fn plant(parts: &Parts, sandbox_url: &str) -> anyhow::Result<()> {
    let by = Operator {
        name: "seed".into(),
        reason: "a sandbox starts with a matchmaker".into(),
    };
    let url =
        format!("{sandbox_url}/sandbox/profile?code=host&nickname=%E7%BA%A2%E5%A8%98&gender=2");
    let sealed: Value = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .get(url)
        .send()
        .await?
        .json()
        .await?;
    let field = |name: &str| {
        sealed
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .context("a sealed profile")
    };
    let registration = Registration {
        app_id: SANDBOX_APP.into(),
        code: "host".into(),
        sealed: Some((field("encryptedData")?, field("iv")?)),
        token: None,
    };
    let host = parts.users.register(registration).await?.user;
    if parts.users.profile(host).await?.matchmaker {
        return Ok(());
    }
    parts.rooms.grant_matchmaker(by.clone(), host).await?;
    let share = r#"{"title": "优质好男人都在这里等你！", "src": "https://example.com/share.png"}"#;
    parts
        .configs
        .add(by.clone(), "PROGRAM_SHARE".into(), share.into())
        .await?;
    parts
        .configs
        .set(
            by.clone(),
            "INDEX_BANNER".into(),
            "https://example.com/banner.png".into(),
        )
        .await?;
    for (name, price, effect) in GIFTS {
        let image = format!("https://example.com/gifts/{effect}.png");
        let gift = NewGift {
            name: name.into(),
            price: Coins::new(price)?,
            image,
            effect: effect.into(),
        };
        parts.gifts.add(by.clone(), gift).await?;
    }
    for (gold, fen) in BLOCKS {
        let product_id = Some(format!("gold_{gold}"));
        let block = NewBlock {
            gold: Coins::new(gold)?,
            price: Fen::new(fen)?,
            product_id,
        };
        parts.payments.add_block(by.clone(), block).await?;
    }
    Ok(())
}
