//! `rooms`: live rooms.

use clap::Subcommand;
use qlive_app::Services;
use qlive_operators::Action;
use qlive_rooms::LiveRoom;
use qlive_store::audit_log::Operator;
use qlive_types::LiveId;
use serde_json::{Value, json};

use super::arguments::{done, parse_page};

#[derive(Subcommand)]
pub(crate) enum RoomsCommand {
    /// A page of live rooms, those with the most users first.
    List {
        #[arg(long, default_value_t = 1)]
        page: i64,
    },
    /// End a broadcast.
    End { id: i64 },
}

impl RoomsCommand {
    /// What it does, in the table of roles.
    pub(super) const fn action(&self) -> Action {
        match self {
            Self::List { .. } => Action::ViewRooms,
            Self::End { .. } => Action::EndBroadcast,
        }
    }

    pub(super) async fn run(self, services: &Services, by: Operator) -> anyhow::Result<Value> {
        match self {
            Self::List { page } => {
                let page = services.rooms.live_list(parse_page(page)?).await?;
                Ok(page.rooms.iter().map(live_room_json).collect())
            }
            Self::End { id } => {
                services
                    .rooms
                    .end_by_operator(by, LiveId::new(id), None)
                    .await?;
                Ok(done())
            }
        }
    }
}

fn live_room_json(room: &LiveRoom) -> Value {
    json!({
        "live_id": room.live,
        "group_id": room.group,
        "name": room.name,
        "audience": room.audience,
    })
}
