//! `gifts`: the catalogue, and the gifts that were given.

use clap::Subcommand;
use qlive_app::Services;
use qlive_gifts::{NewGift, SentGift};
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, LiveId};
use serde_json::{Value, json};

use super::arguments::{done, parse_counted_page, parse_user_id};

#[derive(Subcommand)]
pub(crate) enum GiftsCommand {
    /// The whole catalogue, disabled gifts too.
    List,
    /// Add a gift. Prints its number.
    Add {
        #[arg(long)]
        name: String,
        /// Its price in coins; 0 is free.
        #[arg(long)]
        gold: i64,
        #[arg(long)]
        image: String,
        /// The effect that clients show when it is given.
        #[arg(long, default_value = "")]
        effect: String,
    },
    /// Take a gift out of the catalogue.
    Disable { id: i64 },
    /// Put a gift on sale again.
    Enable { id: i64 },
    /// A page of the gifts given, the latest first: by or to a user, or in a room.
    Sent {
        #[arg(long)]
        user: Option<String>,
        #[arg(long)]
        room: Option<i64>,
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
}

impl GiftsCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List | Self::Sent { .. } => Action::ViewGifts,
            Self::Add { .. } => Action::AddGift,
            Self::Disable { .. } => Action::DisableGift,
            Self::Enable { .. } => Action::EnableGift,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        let gifts = &services.gifts;
        match self {
            Self::List => Ok(gifts
                .list()
                .await?
                .iter()
                .map(|gift| {
                    json!({
                        "id": gift.id,
                        "name": gift.name,
                        "gold": gift.price,
                        "image": gift.image,
                        "effect": gift.effect,
                        "enabled": gift.enabled,
                    })
                })
                .collect()),
            Self::Add {
                name,
                gold,
                image,
                effect,
            } => {
                let gift = NewGift {
                    name,
                    price: Coins::new(gold)?,
                    image,
                    effect,
                };
                Ok(json!({"id": gifts.add(by, gift).await?}))
            }
            Self::Disable { id } => {
                gifts.disable(by, id).await?;
                Ok(done())
            }
            Self::Enable { id } => {
                gifts.enable(by, id).await?;
                Ok(done())
            }
            Self::Sent { user, room, page } => {
                let user = user.as_deref().map(parse_user_id).transpose()?;
                let room = room.map(LiveId::new);
                let sent = gifts
                    .list_sent(user, room, parse_counted_page(page)?)
                    .await?;
                Ok(sent.iter().map(record_json).collect())
            }
        }
    }
}

fn record_json(record: &SentGift) -> Value {
    json!({
        "id": record.id,
        "at": record.at().shanghai(),
        "giver": record.giver.to_string(),
        "receiver": record.receiver.to_string(),
        "room": record.room,
        "host": record.host.map(|host| host.to_string()),
        "name": record.name,
        "price": record.price,
        "num": record.num,
        "cost": record.cost,
        "receiver_share": record.receiver_share,
        "host_share": record.host_share,
    })
}
