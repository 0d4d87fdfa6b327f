//! What a sandbox starts with: a matchmaker, gifts, blocks and configs.

use anyhow::Context as _;
use qlive_app::{SANDBOX_APP, Services};
use qlive_gifts::NewGift;
use qlive_payments::NewBlock;
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, Fen};
use qlive_users::Registration;
use serde_json::{Value, json};

/// The gifts of the catalogue: name, price in coins, effect.
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

/// The blocks of gold that can be bought: coins, and their price in fen.
const BLOCKS: [(i64, i64); 6] = [
    (60, 600),
    (10, 100),
    (300, 3_000),
    (980, 9_800),
    (1_980, 19_800),
    (6_480, 64_800),
];

/// Registers the matchmaker `host` and creates gifts, blocks and configs, unless there are any
/// from an earlier start. Their pictures are the server's own.
///
/// # Errors
/// When the sandbox or the database fails.
pub(crate) async fn create_seeds(
    services: &Services,
    sandbox_url: &str,
    server_url: &str,
) -> anyhow::Result<()> {
    let by = Operator::new("seed", "沙盒的初始数据")?;
    let registration = matchmaker_registration(sandbox_url, server_url).await?;
    let host = services.users.register(registration).await?.user;
    if services.users.profile(host).await?.matchmaker {
        return Ok(());
    }
    services.rooms.grant_matchmaker(by.clone(), host).await?;
    create_configs(services, &by, server_url).await?;
    create_gifts(services, &by, server_url).await?;
    create_blocks(services, &by).await
}

/// The registration of the matchmaker, with the profile that the sandbox encrypts for them.
async fn matchmaker_registration(
    sandbox_url: &str,
    server_url: &str,
) -> anyhow::Result<Registration> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let avatar = format!("{server_url}/pictures/faces/host.svg");
    let query = [
        ("code", "host"),
        ("nickname", "红娘"),
        ("gender", "2"),
        ("avatar", &avatar),
    ];
    let request = http.get(format!("{sandbox_url}/sandbox/profile"));
    let profile: Value = request.query(&query).send().await?.json().await?;
    let field = |name: &str| {
        let text = profile.get(name).and_then(Value::as_str);
        text.map(str::to_owned).context("an encrypted profile")
    };
    Ok(Registration {
        app_id: SANDBOX_APP.into(),
        code: "host".into(),
        sealed: Some((field("encryptedData")?, field("iv")?)),
        token: None,
    })
}

async fn create_configs(
    services: &Services,
    by: &Operator,
    server_url: &str,
) -> anyhow::Result<()> {
    let configs = &services.configs;
    let picture = format!("{server_url}/pictures/banner.svg");
    let share = json!({"title": "优质好男人都在这里等你！", "src": picture});
    configs
        .add(by.clone(), "PROGRAM_SHARE".into(), share.to_string())
        .await?;
    configs
        .set(by.clone(), "INDEX_BANNER".into(), picture)
        .await?;
    configs
        .add(by.clone(), "FORBIDDEN_WORDS".into(), "加微信".into())
        .await?;
    Ok(())
}

async fn create_gifts(services: &Services, by: &Operator, server_url: &str) -> anyhow::Result<()> {
    for (name, price, effect) in GIFTS {
        let gift = NewGift {
            name: name.into(),
            price: Coins::new(price)?,
            image: format!("{server_url}/pictures/gifts/{effect}.svg"),
            effect: effect.into(),
        };
        services.gifts.add(by.clone(), gift).await?;
    }
    Ok(())
}

async fn create_blocks(services: &Services, by: &Operator) -> anyhow::Result<()> {
    for (gold, fen) in BLOCKS {
        let block = NewBlock {
            gold: Coins::new(gold)?,
            price: Fen::new(fen)?,
            product_id: Some(format!("gold_{gold}")),
        };
        services.payments.add_block(by.clone(), block).await?;
    }
    Ok(())
}
