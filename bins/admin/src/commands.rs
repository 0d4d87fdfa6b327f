//! The commands: each is one call of a domain crate.

mod blocks;
mod gifts;
mod ledger;
mod orders;
mod withdrawals;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use qlive_server::Parts;
use qlive_store::audit::Operator;
use qlive_types::{LiveId, Page, UserId};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Accounts.
    #[command(subcommand)]
    Users(Users),
    /// What operators change while it runs.
    #[command(subcommand)]
    Configs(Configs),
    /// Live rooms.
    #[command(subcommand)]
    Rooms(Rooms),
    /// The catalogue of gifts, and what was given.
    #[command(subcommand)]
    Gifts(gifts::Gifts),
    /// What can be bought.
    #[command(subcommand)]
    Blocks(blocks::Blocks),
    /// Recharges, refunds, and WeChat's bill.
    #[command(subcommand)]
    Orders(orders::Orders),
    /// Income on its way out.
    #[command(subcommand)]
    Withdrawals(withdrawals::Withdrawals),
    /// Coins.
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// What the outside is yet to be told.
    #[command(subcommand)]
    Outbox(Outbox),
}

#[derive(Subcommand)]
pub(crate) enum Users {
    /// A page of users, the newest first.
    List {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// One user.
    Show { id: String },
    /// Make a user a matchmaker.
    GrantMatchmaker { id: String },
    /// Take the role back; a live broadcast ends.
    RevokeMatchmaker { id: String },
    /// Ban a user, at once.
    Ban {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Lift a ban.
    Unban { id: String },
}

#[derive(Subcommand)]
pub(crate) enum Configs {
    /// Every key and its value.
    List,
    /// Set a key.
    Set { key: String, value: String },
    /// Append to a key that holds a list.
    Add { key: String, value: String },
    /// Remove a key; a known one falls back to its default.
    Remove { key: String },
}

#[derive(Subcommand)]
pub(crate) enum Rooms {
    /// A page of live rooms, the fullest first.
    List {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// End a broadcast.
    End { id: i64 },
}

#[derive(Subcommand)]
pub(crate) enum Outbox {
    /// What was refused for good, and what waits.
    List,
    /// Try again what was refused.
    Retry { id: i64 },
}

impl Command {
    pub(crate) async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::Users(command) => command.run(parts, by).await,
            Self::Configs(command) => command.run(parts, by).await,
            Self::Rooms(command) => command.run(parts, by).await,
            Self::Gifts(command) => command.run(parts, by).await,
            Self::Blocks(command) => command.run(parts, by).await,
            Self::Orders(command) => command.run(parts, by).await,
            Self::Withdrawals(command) => command.run(parts, by).await,
            Self::Ledger(command) => command.run(parts, by).await,
            Self::Outbox(command) => command.run(parts, by).await,
        }
    }
}

fn user(id: &str) -> anyhow::Result<UserId> {
    UserId::parse(id).context("a user id has eight digits")
}

fn page(number: i64) -> anyhow::Result<Page> {
    Page::new(number).context("pages count from 1")
}

fn done() -> Value {
    json!("done")
}

impl Users {
    async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::List { page: number } => {
                let users = parts.users.list(page(number)?).await?;
                Ok(users.iter().map(listed).collect())
            }
            Self::Show { id } => show(parts, user(&id)?).await,
            Self::GrantMatchmaker { id } => {
                parts.rooms.grant_matchmaker(by, user(&id)?).await?;
                Ok(done())
            }
            Self::RevokeMatchmaker { id } => {
                parts.rooms.revoke_matchmaker(by, user(&id)?).await?;
                Ok(done())
            }
            Self::Ban { id, reason } => {
                parts
                    .rooms
                    .ban(Operator { reason, ..by }, user(&id)?)
                    .await?;
                Ok(done())
            }
            Self::Unban { id } => {
                parts.rooms.unban(by, user(&id)?).await?;
                Ok(done())
            }
        }
    }
}

fn listed(user: &qlive_users::Listed) -> Value {
    json!({
        "user_id": user.user.to_string(),
        "nickname": user.nickname,
        "gender": user.gender.number(),
        "matchmaker": user.matchmaker,
        "banned": user.banned,
        "created_at": user.created_at.shanghai(),
    })
}

async fn show(parts: &Parts, user: UserId) -> anyhow::Result<Value> {
    let profile = parts.users.profile(user).await?;
    let here = parts.rooms.whereabouts(user).await?;
    Ok(json!({
        "user_id": user.to_string(),
        "app_id": profile.app_id,
        "openid": profile.openid,
        "nickname": profile.nickname,
        "gender": profile.gender.number(),
        "age": profile.age,
        "height": profile.height,
        "area": profile.area,
        "face_url": profile.face_url,
        "profile_ready": profile.ready,
        "matchmaker": profile.matchmaker,
        "banned_at": profile.banned_at.map(qlive_types::Moment::shanghai),
        "last_login_at": profile.last_login_at.map(qlive_types::Moment::shanghai),
        "created_at": profile.created_at.shanghai(),
        "live_id": here.as_ref().map(|here| here.live),
        "user_type": here.map_or(0, |here| here.user_type),
    }))
}

impl Configs {
    async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        let configs = &parts.configs;
        match self {
            Self::List => return Ok(Value::Object(configs.snapshot().await?.all().clone())),
            Self::Set { key, value } => configs.set(by, key, value).await?,
            Self::Add { key, value } => configs.add(by, key, value).await?,
            Self::Remove { key } => configs.remove(by, key).await?,
        }
        Ok(done())
    }
}

impl Rooms {
    async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::List { page: number } => {
                let rooms = parts.rooms.live_list(page(number)?).await?;
                let row = |room: &qlive_rooms::LiveRoom| json!({"live_id": room.live, "group_id": room.group, "name": room.name, "audience": room.audience});
                Ok(rooms.iter().map(row).collect())
            }
            Self::End { id } => {
                parts.rooms.end_by_operator(by, LiveId::new(id)).await?;
                Ok(done())
            }
        }
    }
}

impl Outbox {
    async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::List => Ok(serde_json::to_value(parts.office.list().await?)?),
            Self::Retry { id } => {
                if !parts.office.retry(by, id).await? {
                    bail!("no parked row has the number {id}")
                }
                Ok(done())
            }
        }
    }
}
