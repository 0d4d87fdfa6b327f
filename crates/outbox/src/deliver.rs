//! Delivering one row: the call it stands for, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use qlive_store::{Conn, Db, StoreError};
use qlive_tencent::css::{CssApi, CssError};
use qlive_tencent::im::{C2c, GroupMessage, GroupProfile, Im, ImError, Portrait, Priority, Remedy};
use qlive_types::{Clock, LiveId, Moment, UserId, random, text};
use serde_json::json;

use crate::effect::{Effect, Subject, Words, num_text};
use crate::facts::{Account, Facts, Room};
use crate::queue::{self, Row};

/// How long IM keeps a C2C message for a client that is away: as long as an invitation stands.
const C2C_LIFETIME_SECS: u32 = 60;
/// How long a banned stream stays refused: the longest that CSS takes. Until then an unban lifts it.
const FORBID: Duration = Duration::from_secs(90 * 86_400);
/// The most bytes of a group's name.
const GROUP_NAME_BYTES: usize = 30;
/// What a group is called when IM does not like the host's name.
const PLAIN_NAME: &str = "qlive";

/// Everything a delivery talks to. CSS is optional: without its credentials streams are not cut.
pub struct Outside {
    pub im: Arc<Im>,
    pub css: Option<CssApi>,
    pub facts: Arc<dyn Facts>,
}

/// What became of a try.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Told,
    Untold(&'static str),
    Parked(String),
    Later(String),
}

/// A row made ready: its text fixed, its people looked up.
pub(crate) enum Ready {
    Group {
        row: Row,
        room: Room,
        about: Subject,
    },
    C2c {
        row: Row,
        to: UserId,
        custom: String,
        lifetime_secs: u32,
    },
    Account {
        effect: Effect,
        user: UserId,
        account: Account,
    },
    MakeGroup {
        live: LiveId,
        room: Room,
    },
    GroupProfile {
        room: Room,
    },
    Stream {
        effect: Effect,
        user: UserId,
    },
    /// There is nothing left to tell it about.
    Nothing(&'static str),
}

/// Looks up what the row needs and fixes what it says. Runs inside a transaction.
pub(crate) fn prepare(conn: &mut Conn, facts: &dyn Facts, row: Row) -> Result<Ready, StoreError> {
    match row.effect.clone() {
        Effect::Group { about, words } => {
            let Some(room) = facts.room(conn, about.live)? else {
                return Ok(Ready::Nothing("no such room"));
            };
            let row = fix_group(conn, row, about, &words)?;
            Ok(Ready::Group { row, room, about })
        }
        Effect::Num { about } => {
            let Some(room) = facts.room(conn, about.live)? else {
                return Ok(Ready::Nothing("no such room"));
            };
            let text = num_text(room.group.as_str(), facts.num_list(conn, about.live)?);
            prepare_c2c(conn, row, about, room.host, text, 0)
        }
        Effect::C2c { about, to, signal } => {
            let Some(room) = facts.room(conn, about.live)? else {
                return Ok(Ready::Nothing("no such room"));
            };
            prepare_c2c(
                conn,
                row,
                about,
                to,
                signal.text(room.group.as_str()),
                C2C_LIFETIME_SECS,
            )
        }
        effect @ (Effect::ImportAccount { user }
        | Effect::Portrait { user }
        | Effect::KickLogin { user }) => Ok(match facts.account(conn, user)? {
            Some(account) => Ready::Account {
                effect,
                user,
                account,
            },
            None => Ready::Nothing("no such user"),
        }),
        Effect::MakeGroup { live } => Ok(match facts.room(conn, live)? {
            Some(room) => Ready::MakeGroup { live, room },
            None => Ready::Nothing("no such room"),
        }),
        Effect::GroupProfile { live } => Ok(match facts.room(conn, live)? {
            Some(room) => Ready::GroupProfile { room },
            None => Ready::Nothing("no such room"),
        }),
        Effect::DropStream { user }
            if facts
                .on_stage_since(conn, user)?
                .is_some_and(|since| since >= row.created_at) =>
        {
            // He came back on stage since: the stream that runs now is his right.
            Ok(Ready::Nothing("on stage again"))
        }
        effect @ (Effect::DropStream { user }
        | Effect::ForbidStream { user }
        | Effect::ResumeStream { user }) => Ok(Ready::Stream { effect, user }),
    }
}

/// Numbers a message of the group and fixes its text, once.
fn fix_group(
    conn: &mut Conn,
    mut row: Row,
    about: Subject,
    words: &Words,
) -> Result<Row, StoreError> {
    if row.seq.is_none() {
        row.seq = Some(queue::next_seq(conn, about.live)?);
        row.content = Some(words.text());
    }
    queue::fix(conn, &row, Some(about.live))?;
    Ok(row)
}

fn prepare_c2c(
    conn: &mut Conn,
    mut row: Row,
    about: Subject,
    to: UserId,
    text: String,
    lifetime_secs: u32,
) -> Result<Ready, StoreError> {
    if row.content.as_ref().is_some_and(|before| *before != text) {
        // A count that changed since the last try is another message, not its double.
        row.random = random::u32();
    }
    row.content = Some(text);
    queue::fix(conn, &row, None)?;
    let seq = queue::current_seq(conn, about.live)?;
    let custom = custom_data(&row, about, seq);
    Ok(Ready::C2c {
        row,
        to,
        custom,
        lifetime_secs,
    })
}

/// What travels beside the text, so that a client can drop what is old or doubled.
pub(crate) fn custom_data(row: &Row, about: Subject, seq: i64) -> String {
    let mut custom = json!({
        "id": row.id,
        "seq": seq,
        "live_id": about.live,
        "broadcast_id": about.broadcast,
        "at": row.created_at,
    });
    if let (Some(fields), Some(reason)) = (custom.as_object_mut(), row.effect.reason()) {
        fields.insert("reason".into(), reason.into());
    }
    custom.to_string()
}

impl Outside {
    /// Makes the call. No transaction is open here.
    pub(crate) async fn deliver(&self, ready: &Ready, db: &Db, clock: &Clock) -> Outcome {
        match ready {
            Ready::Nothing(why) => Outcome::Untold(why),
            Ready::Group { row, room, about } => self.group(row, room, *about, clock).await,
            Ready::C2c {
                row,
                to,
                custom,
                lifetime_secs,
            } => self.c2c(row, *to, custom, *lifetime_secs, db, clock).await,
            Ready::Account {
                effect,
                user,
                account,
            } => self.account(effect, *user, account, clock).await,
            Ready::MakeGroup { live, room } => self.make_group(*live, room, db, clock).await,
            Ready::GroupProfile { room } => {
                let shown = group_name(&room.name);
                let profile = group_profile(room, &shown);
                let first = self.im.modify_group(&profile, clock.now().secs()).await;
                if needs(&first, Remedy::MakeGroup) {
                    return outcome(self.create(room, clock).await);
                }
                outcome(first)
            }
            Ready::Stream { effect, user } => self.stream(effect, *user, clock).await,
        }
    }

    async fn group(&self, row: &Row, room: &Room, about: Subject, clock: &Clock) -> Outcome {
        let priority = match &row.effect {
            Effect::Group {
                words: Words::Gift(_),
                ..
            } => Priority::Normal,
            _ => Priority::High,
        };
        let custom = custom_data(row, about, row.seq.unwrap_or(0));
        let message = GroupMessage {
            group: room.group.as_str(),
            text: row.content.as_deref().unwrap_or_default(),
            custom: &custom,
            priority,
            random: row.random,
        };
        let first = self.im.send_group(&message, clock.now().secs()).await;
        if !needs(&first, Remedy::MakeGroup) {
            return outcome(first);
        }
        match self.create(room, clock).await {
            Ok(()) => outcome(self.im.send_group(&message, clock.now().secs()).await),
            failed => outcome(failed),
        }
    }

    async fn c2c(
        &self,
        row: &Row,
        to: UserId,
        custom: &str,
        lifetime_secs: u32,
        db: &Db,
        clock: &Clock,
    ) -> Outcome {
        let account = to.to_string();
        let message = C2c {
            to: &account,
            text: row.content.as_deref().unwrap_or_default(),
            custom,
            lifetime_secs,
            random: row.random,
        };
        let first = self.im.send_c2c(&message, clock.now().secs()).await;
        if !needs(&first, Remedy::ImportAccount) {
            return outcome(first);
        }
        let facts = Arc::clone(&self.facts);
        let known = match db.read(move |conn| facts.account(conn, to)).await {
            Ok(Some(known)) => known,
            Ok(None) => return Outcome::Untold("no such user"),
            Err(fault) => return Outcome::Later(fault.to_string()),
        };
        match self.import(&account, &known, clock).await {
            Ok(()) => outcome(self.im.send_c2c(&message, clock.now().secs()).await),
            failed => outcome(failed),
        }
    }

    async fn account(
        &self,
        effect: &Effect,
        user: UserId,
        account: &Account,
        clock: &Clock,
    ) -> Outcome {
        let name = user.to_string();
        let now = clock.now().secs();
        match effect {
            Effect::ImportAccount { .. } => {
                return outcome(self.import(&name, account, clock).await);
            }
            Effect::KickLogin { .. } => {
                let kicked = self.im.kick(&name, now).await;
                // An account that IM never saw has no login to end.
                return if needs(&kicked, Remedy::ImportAccount) {
                    Outcome::Told
                } else {
                    outcome(kicked)
                };
            }
            _ => {}
        }
        let portrait = Portrait {
            account: &name,
            nickname: &account.nickname,
            face_url: &account.face_url,
            male: account.gender == qlive_types::Gender::Male,
        };
        let first = self.im.set_portrait(&portrait, now).await;
        if !needs(&first, Remedy::ImportAccount) {
            return outcome(first);
        }
        match self.import(&name, account, clock).await {
            Ok(()) => outcome(self.im.set_portrait(&portrait, now).await),
            failed => outcome(failed),
        }
    }

    async fn import(&self, name: &str, account: &Account, clock: &Clock) -> Result<(), ImError> {
        self.im
            .import_account(
                name,
                &account.nickname,
                &account.face_url,
                clock.now().secs(),
            )
            .await
    }

    async fn make_group(&self, live: LiveId, room: &Room, db: &Db, clock: &Clock) -> Outcome {
        let made = self.create(room, clock).await;
        if made.is_ok() {
            let facts = Arc::clone(&self.facts);
            if let Err(fault) = db.write(move |conn| facts.group_made(conn, live)).await {
                return Outcome::Later(fault.to_string());
            }
        }
        outcome(made)
    }

    /// Makes the group under the host's name, or under a plain one when IM refuses that.
    async fn create(&self, room: &Room, clock: &Clock) -> Result<(), ImError> {
        let shown = group_name(&room.name);
        let now = clock.now().secs();
        let first = self
            .im
            .create_group(&group_profile(room, &shown), now)
            .await;
        if !needs(&first, Remedy::None) {
            return first;
        }
        let plain = GroupProfile {
            group: room.group.as_str(),
            name: PLAIN_NAME,
            face_url: "",
        };
        self.im.create_group(&plain, now).await
    }

    async fn stream(&self, effect: &Effect, user: UserId, clock: &Clock) -> Outcome {
        let Some(css) = &self.css else {
            return Outcome::Untold("no cloud credentials");
        };
        let now = clock.now();
        let date = now.utc();
        let at = (now.secs(), date.get(..10).unwrap_or_default());
        let stream = user.to_string();
        let done = match effect {
            Effect::ForbidStream { .. } => css.forbid_stream(&stream, &resume_time(now), at).await,
            Effect::ResumeStream { .. } => css.resume_stream(&stream, at).await,
            _ => css.drop_stream(&stream, at).await,
        };
        match done {
            Ok(()) => Outcome::Told,
            Err(error @ CssError::Refused { .. }) if error.is_permanent() => {
                Outcome::Parked(error.to_string())
            }
            Err(error) => Outcome::Later(error.to_string()),
        }
    }
}

/// A group's name: the host's, as far as it fits.
fn group_name(name: &str) -> String {
    match text::bytes(name, GROUP_NAME_BYTES) {
        cut if cut.is_empty() => PLAIN_NAME.to_owned(),
        cut => cut,
    }
}

fn resume_time(now: Moment) -> String {
    now.after(FORBID).utc()
}

fn group_profile<'a>(room: &'a Room, name: &'a str) -> GroupProfile<'a> {
    GroupProfile {
        group: room.group.as_str(),
        name,
        face_url: &room.face_url,
    }
}

fn needs(result: &Result<(), ImError>, remedy: Remedy) -> bool {
    result.as_ref().is_err_and(|error| error.remedy() == remedy)
}

fn outcome(result: Result<(), ImError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Told,
        Err(error) => match error.remedy() {
            Remedy::Later | Remedy::NewSignature => Outcome::Later(error.to_string()),
            Remedy::ImportAccount | Remedy::MakeGroup | Remedy::None => {
                Outcome::Parked(error.to_string())
            }
        },
    }
}
