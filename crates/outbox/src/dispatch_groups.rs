//! The calls to IM for the groups of rooms: creation, profile, messages.

use qlive_tencent::im::{GroupProfile, GroupTextMessage, ImError, MessagePriority, Recovery};
use qlive_types::{Clock, text};

use crate::attempt::AttemptOutcome;
use crate::delivery::Delivery;
use crate::dispatcher::Dispatcher;
use crate::lookup::RoomProfile;
use crate::message::GroupMessage;
use crate::queue::WaitingRow;

/// The most bytes of the name of a group.
const GROUP_NAME_BYTES: usize = 30;
/// The name of a group if the host has none, or if IM refuses theirs.
const DEFAULT_GROUP_NAME: &str = "qlive";

impl Dispatcher {
    /// Sends a message to a group; creates the group first if IM does not have it.
    pub(crate) async fn send_group_message(
        &self,
        row: &WaitingRow,
        room: &RoomProfile,
        custom: &str,
        clock: &Clock,
    ) -> AttemptOutcome {
        let priority = match &row.delivery {
            Delivery::SendGroupMessage {
                message: GroupMessage::Gift(_),
                ..
            } => MessagePriority::Normal,
            _ => MessagePriority::High,
        };
        let message = GroupTextMessage {
            group_id: room.group.as_str(),
            text: row.content.as_deref().unwrap_or_default(),
            custom_data: custom,
            priority,
            random: row.random,
        };
        let first = self
            .im
            .send_group_message(&message, clock.now().secs())
            .await;
        if !needs(&first, Recovery::CreateGroup) {
            return AttemptOutcome::of_im(first);
        }
        if let Err(error) = self.create_group(room, clock).await {
            return AttemptOutcome::of_im(Err(error));
        }
        AttemptOutcome::of_im(
            self.im
                .send_group_message(&message, clock.now().secs())
                .await,
        )
    }

    /// Updates the profile of a group; creates the group if IM does not have it.
    pub(crate) async fn update_group_profile(
        &self,
        room: &RoomProfile,
        clock: &Clock,
    ) -> AttemptOutcome {
        let name = group_name(&room.host_name);
        let profile = group_profile(room, &name);
        let updated = self.im.modify_group(&profile, clock.now().secs()).await;
        if needs(&updated, Recovery::CreateGroup) {
            return AttemptOutcome::of_im(self.create_group(room, clock).await);
        }
        AttemptOutcome::of_im(updated)
    }

    /// Creates the group of a room.
    pub(crate) async fn create_group_of_room(
        &self,
        room: &RoomProfile,
        clock: &Clock,
    ) -> AttemptOutcome {
        AttemptOutcome::of_im(self.create_group(room, clock).await)
    }

    /// Creates a group with the name of the host, or with the default name if IM refuses that.
    async fn create_group(&self, room: &RoomProfile, clock: &Clock) -> Result<(), ImError> {
        let name = group_name(&room.host_name);
        let now = clock.now().secs();
        let created = self.im.create_group(&group_profile(room, &name), now).await;
        if !needs(&created, Recovery::Impossible) {
            return created;
        }
        let default_profile = GroupProfile {
            group_id: room.group.as_str(),
            name: DEFAULT_GROUP_NAME,
            face_url: "",
        };
        self.im.create_group(&default_profile, now).await
    }
}

/// The name of the host, truncated to the bytes that IM accepts.
fn group_name(host_name: &str) -> String {
    let name = text::truncate_bytes(host_name, GROUP_NAME_BYTES);
    if name.is_empty() {
        DEFAULT_GROUP_NAME.to_owned()
    } else {
        name
    }
}

fn group_profile<'a>(room: &'a RoomProfile, name: &'a str) -> GroupProfile<'a> {
    GroupProfile {
        group_id: room.group.as_str(),
        name,
        face_url: &room.face_url,
    }
}

fn needs(result: &Result<(), ImError>, remedy: Recovery) -> bool {
    result
        .as_ref()
        .is_err_and(|error| error.recovery() == remedy)
}
