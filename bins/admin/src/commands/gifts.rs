//! `gifts`: the catalogue, and what was given.

use clap::Subcommand;
use qlive_gifts::{NewGift, Record};
use qlive_server::Parts;
use qlive_store::audit::Operator;
use qlive_types::{Coins, LiveId};
use serde_json::{Value, json};

use super::{done, page, user};

#[derive(Subcommand)]
pub(crate) enum Gifts {
    /// The whole catalogue, disabled gifts too.
    List,
    /// Add a gift; its number is answered.
    Add {
        #[arg(long)]
        name: String,
        /// Its price in coins; 0 is free.
        #[arg(long)]
        gold: i64,
        #[arg(long)]
        image: String,
        /// What clients play when it is given.
        #[arg(long, default_value = "")]
        effect: String,
    },
    /// Take a gift out of the catalogue.
    Disable { id: i64 },
    /// A page of what was given, the latest first: by or to a user, or in a room.
    Sent {
        #[arg(long)]
        user: Option<String>,
        #[arg(long)]
        room: Option<i64>,
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
}

impl Gifts {
    pub(super) async fn run(self, parts: &Parts, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::List => Ok(parts
                .gifts
                .list()
                .await?
                .iter()
                .map(|gift| {
                    json!({"id": gift.id, "name": gift.name, "gold": gift.price, "image": gift.image,
                        "effect": gift.effect, "enabled": gift.enabled})
                })
                .collect()),
            Self::Add { name, gold, image, effect } => {
                let gift = NewGift { name, price: Coins::new(gold)?, image, effect };
                Ok(json!({"id": parts.gifts.add(by, gift).await?}))
            }
            Self::Disable { id } => {
                parts.gifts.disable(by, id).await?;
                Ok(done())
            }
            Self::Sent { user: id, room, page: number } => {
                let user = id.as_deref().map(user).transpose()?;
                let sent = parts.gifts.sent(user, room.map(LiveId::new), page(number)?).await?;
                Ok(sent.iter().map(record).collect())
            }
        }
    }
}

fn record(record: &Record) -> Value {
    json!({"id": record.id, "at": record.at().shanghai(), "giver": record.giver.to_string(),
        "receiver": record.receiver.to_string(), "room": record.room, "host": record.host.map(|host| host.to_string()),
        "name": record.name, "price": record.price, "num": record.num, "cost": record.cost,
        "receiver_share": record.receiver_share, "host_share": record.host_share})
}
