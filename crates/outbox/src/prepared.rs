//! Prepares rows for their attempts: looks up what they need and fixes the texts of messages.

use std::collections::{BTreeMap, BTreeSet};

use qlive_store::{Conn, StoreError};
use qlive_types::{LiveId, Moment, UserId, random};
use serde_json::json;

use crate::delivery::{BroadcastRef, Delivery};
use crate::group_seq::{current_seqs, take_seqs};
use crate::lookup::{AccountProfile, Lookup, RoomProfile};
use crate::message::applicant_counts_text;
use crate::plan::LiveBroadcasts;
use crate::queue::{SavedAttempt, WaitingRow, save_attempts};

/// How long IM keeps a direct message for a client that is offline, in seconds: as long as an
/// invitation is valid.
const INVITATION_SECS: u32 = 60;

/// A delivery with everything that its call needs.
#[derive(Debug)]
pub(crate) enum PreparedDelivery {
    GroupMessage {
        row: WaitingRow,
        room: RoomProfile,
        custom: String,
    },
    DirectMessage {
        row: WaitingRow,
        to: UserId,
        custom: String,
        lifetime_secs: u32,
    },
    ImportAccount {
        user: UserId,
        account: AccountProfile,
    },
    UpdateAccountProfile {
        user: UserId,
        account: AccountProfile,
    },
    EndLogin {
        user: UserId,
    },
    CreateGroup {
        live: LiveId,
        room: RoomProfile,
    },
    UpdateGroupProfile {
        room: RoomProfile,
    },
    DropStream {
        user: UserId,
    },
    ForbidStream {
        user: UserId,
    },
    ResumeStream {
        user: UserId,
    },
}

/// Why there is nothing to call for.
pub(crate) type NotNeeded = &'static str;

const NO_ROOM: NotNeeded = "no such room";
const NO_USER: NotNeeded = "no such user";

/// What the deliveries of some rows need of rooms and accounts.
#[derive(Default)]
pub(crate) struct Lookups {
    rooms: BTreeMap<LiveId, RoomProfile>,
    counts: BTreeMap<LiveId, [i64; 4]>,
    accounts: BTreeMap<UserId, AccountProfile>,
    on_stage: BTreeMap<UserId, Moment>,
}

impl Lookups {
    /// Looks everything up that these rows need, by one statement or two for each kind of fact.
    pub(crate) fn load<'a>(
        conn: &mut Conn,
        lookup: &dyn Lookup,
        rows: impl Iterator<Item = &'a WaitingRow>,
    ) -> Result<Self, StoreError> {
        let (mut lives, mut counted) = (BTreeSet::new(), BTreeSet::new());
        let (mut users, mut streaming) = (BTreeSet::new(), BTreeSet::new());
        for row in rows {
            lives.extend(row.delivery.about().map(|about| about.live));
            match &row.delivery {
                Delivery::SendApplicantCounts { about } => {
                    counted.insert(about.live);
                }
                Delivery::CreateGroup { live } | Delivery::UpdateGroupProfile { live } => {
                    lives.insert(*live);
                }
                Delivery::ImportAccount { user }
                | Delivery::UpdateAccountProfile { user }
                | Delivery::EndLogin { user } => {
                    users.insert(*user);
                }
                Delivery::DropStream { user } => {
                    streaming.insert(*user);
                }
                Delivery::SendGroupMessage { .. }
                | Delivery::SendDirectMessage { .. }
                | Delivery::ForbidStream { .. }
                | Delivery::ResumeStream { .. } => {}
            }
        }
        let mut lookups = Self::default();
        if !lives.is_empty() {
            lookups.rooms = lookup.find_rooms(conn, &lives)?;
        }
        if !counted.is_empty() {
            lookups.counts = lookup.applicant_counts(conn, &counted)?;
        }
        if !users.is_empty() {
            lookups.accounts = lookup.find_accounts(conn, &users)?;
        }
        if !streaming.is_empty() {
            lookups.on_stage = lookup.on_stage_since(conn, &streaming)?;
        }
        Ok(lookups)
    }

    /// The broadcasts that are live now.
    pub(crate) fn live_broadcasts(&self) -> LiveBroadcasts {
        let live = |(live, room): (&LiveId, &RoomProfile)| Some((*live, room.broadcast?));
        self.rooms.iter().filter_map(live).collect()
    }

    fn room(&self, live: LiveId) -> Result<RoomProfile, NotNeeded> {
        self.rooms.get(&live).cloned().ok_or(NO_ROOM)
    }

    fn account(&self, user: UserId) -> Result<AccountProfile, NotNeeded> {
        self.accounts.get(&user).cloned().ok_or(NO_USER)
    }
}

/// Prepares the delivery of `row`. A message has neither a number nor the data beside its text
/// yet: see [`number_messages`].
///
/// # Errors
/// The reason, if there is nothing to call for.
pub(crate) fn prepare_delivery(
    lookups: &Lookups,
    mut row: WaitingRow,
) -> Result<PreparedDelivery, NotNeeded> {
    match row.delivery.clone() {
        Delivery::SendGroupMessage { about, message } => {
            let room = lookups.room(about.live)?;
            if row.seq.is_none() {
                row.content = Some(message.text());
            }
            let custom = String::new();
            Ok(PreparedDelivery::GroupMessage { row, room, custom })
        }
        Delivery::SendDirectMessage { about, to, message } => {
            let text = message.text(lookups.room(about.live)?.group.as_str());
            Ok(prepare_direct_message(row, to, text, INVITATION_SECS))
        }
        Delivery::SendApplicantCounts { about } => {
            let room = lookups.room(about.live)?;
            let counts = lookups.counts.get(&about.live).copied().unwrap_or_default();
            let text = applicant_counts_text(room.group.as_str(), counts);
            // Lifetime 0: only for a host who is online.
            Ok(prepare_direct_message(row, room.host, text, 0))
        }
        Delivery::ImportAccount { user } => {
            let account = lookups.account(user)?;
            Ok(PreparedDelivery::ImportAccount { user, account })
        }
        Delivery::UpdateAccountProfile { user } => {
            let account = lookups.account(user)?;
            Ok(PreparedDelivery::UpdateAccountProfile { user, account })
        }
        Delivery::EndLogin { user } => {
            lookups.account(user)?;
            Ok(PreparedDelivery::EndLogin { user })
        }
        Delivery::CreateGroup { live } => {
            let room = lookups.room(live)?;
            Ok(PreparedDelivery::CreateGroup { live, room })
        }
        Delivery::UpdateGroupProfile { live } => {
            let room = lookups.room(live)?;
            Ok(PreparedDelivery::UpdateGroupProfile { room })
        }
        Delivery::DropStream { user } => {
            // A user who came back on stage since is allowed to publish the stream that runs now.
            let since = lookups.on_stage.get(&user);
            if since.is_some_and(|since| *since >= row.created_at) {
                return Err("on stage again");
            }
            Ok(PreparedDelivery::DropStream { user })
        }
        Delivery::ForbidStream { user } => Ok(PreparedDelivery::ForbidStream { user }),
        Delivery::ResumeStream { user } => Ok(PreparedDelivery::ResumeStream { user }),
    }
}

/// Prepares a message to one account.
fn prepare_direct_message(
    mut row: WaitingRow,
    to: UserId,
    text: String,
    lifetime_secs: u32,
) -> PreparedDelivery {
    if row.content.as_ref().is_some_and(|before| *before != text) {
        // A text that changed since the last attempt, for instance the counts of applicants, is
        // another message and not its repetition.
        row.random = random::u32();
    }
    row.content = Some(text);
    PreparedDelivery::DirectMessage {
        row,
        to,
        custom: String::new(),
        lifetime_secs,
    }
}

/// Numbers the group messages that have no number yet, in this order; stores all messages, so that
/// a repeated attempt sends the same; and writes the data beside their texts.
pub(crate) fn number_messages<'a>(
    conn: &mut Conn,
    deliveries: impl Iterator<Item = &'a mut PreparedDelivery>,
) -> Result<(), StoreError> {
    let mut to_groups = Vec::new();
    let mut to_accounts = Vec::new();
    for delivery in deliveries {
        match delivery {
            PreparedDelivery::GroupMessage { row, custom, .. } => {
                to_groups.extend(row.delivery.about().map(|about| (about, row, custom)));
            }
            PreparedDelivery::DirectMessage { row, custom, .. } => {
                to_accounts.extend(row.delivery.about().map(|about| (about, row, custom)));
            }
            _ => {}
        }
    }
    let mut new_messages = BTreeMap::<LiveId, i64>::new();
    for (about, row, _) in &to_groups {
        if row.seq.is_none() {
            *new_messages.entry(about.live).or_default() += 1;
        }
    }
    let mut last_seqs = take_seqs(conn, &new_messages)?;
    let mut attempts = Vec::new();
    // From the last one to the first, since the last number of each room is known.
    for (about, row, custom) in to_groups.into_iter().rev() {
        let seq = match (row.seq, last_seqs.get_mut(&about.live)) {
            (Some(seq), _) => seq,
            (None, Some(last)) => {
                let seq = *last;
                *last -= 1;
                seq
            }
            (None, None) => return Err(StoreError::Corrupt("outbox_seqs.seq")),
        };
        row.seq = Some(seq);
        *custom = custom_data(row, about, seq);
        attempts.push(attempt(row, Some((about.live, seq))));
    }
    let lives = to_accounts.iter().map(|(about, _, _)| about.live).collect();
    let seqs = current_seqs(conn, &lives)?;
    for (about, row, custom) in to_accounts {
        let seq = seqs.get(&about.live).copied().unwrap_or(0);
        *custom = custom_data(row, about, seq);
        attempts.push(attempt(row, None));
    }
    save_attempts(conn, attempts)
}

fn attempt(row: &WaitingRow, numbered: Option<(LiveId, i64)>) -> SavedAttempt {
    SavedAttempt {
        id: row.id,
        random: row.random,
        numbered,
        content: row.content.clone().unwrap_or_default(),
    }
}

/// The data beside the text, by which a client drops messages that are outdated or repeated.
fn custom_data(row: &WaitingRow, about: BroadcastRef, seq: i64) -> String {
    let mut custom = json!({
        "id": row.id,
        "seq": seq,
        "live_id": about.live,
        "broadcast_id": about.broadcast,
        "at": row.created_at,
    });
    if let (Some(fields), Some(reason)) = (custom.as_object_mut(), row.delivery.reason()) {
        fields.insert("reason".into(), reason.into());
    }
    custom.to_string()
}
