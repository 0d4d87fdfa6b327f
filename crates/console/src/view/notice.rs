//! [`Notice`]: what has just been done, and how it is undone.

use qlive_configs::is_rate;
use qlive_operators::{Action, AuditFilter, AuditRecord};

use crate::http::{Failure, Visit};
use crate::texts::fill;

/// What the top of a page says after an action.
pub(crate) struct Notice {
    pub(crate) text: String,
    /// Where the form is that undoes it, if that is harmless.
    pub(crate) undo: Option<String>,
}

impl Notice {
    /// What the query says has just been done: only something that this operator did.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(visit: &Visit) -> Result<Option<Self>, Failure> {
        let f = &visit.t().frame;
        let plain = |text: &str| Self {
            text: text.to_owned(),
            undo: None,
        };
        if visit.query("again").is_some() {
            return Ok(Some(plain(f.already_done)));
        }
        let Some(id) = visit.query("done").and_then(|id| id.parse::<i64>().ok()) else {
            return Ok(None);
        };
        if id == 0 {
            return Ok(Some(plain(f.done_unrecorded)));
        }
        let operators = &visit.state.operators;
        let Some(record) = operators.own_record(&visit.session, id).await? else {
            return Ok(None);
        };
        let mut undo = undo(visit, &record);
        if undo.is_some() && !is_last(visit, &record).await? {
            undo = None;
        }
        Ok(Some(Self {
            text: fill(f.done, &[&id.to_string()]),
            undo,
        }))
    }
}

/// Whether neither the same nor its opposite was done to it since: undoing would undo that too.
async fn is_last(visit: &Visit, record: &AuditRecord) -> Result<bool, Failure> {
    let operators = &visit.state.operators;
    for action in related(&record.action) {
        let about = AuditFilter {
            action: Some(action.to_owned()),
            subject: Some(record.subject.clone()),
            ..AuditFilter::default()
        };
        let last = operators.audit_log(about, None, 1).await?;
        if last.first().is_some_and(|last| last.id > record.id) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is done by an action that can be undone, and its opposite.
fn related(action: &str) -> Vec<&str> {
    let pairs = [
        ["users ban", "users unban"],
        ["users mute", "users unmute"],
        ["users grant-matchmaker", "users revoke-matchmaker"],
        ["gifts disable", "gifts enable"],
        ["blocks disable", "blocks enable"],
    ];
    let pair = pairs.into_iter().find(|pair| pair.contains(&action));
    pair.map_or_else(|| vec![action], Vec::from)
}

/// Where what a record says is undone, for those who may.
fn undo(visit: &Visit, record: &AuditRecord) -> Option<String> {
    let subject = record.subject.as_str();
    // Undoing what changed nothing, or an earlier ban, would do more than that.
    let was_nothing = record.before.is_empty();
    let is_changed = record.before != record.after;
    let (action, href) = match record.action.as_str() {
        "users ban" if was_nothing => (Action::UnbanUser, format!("/users/{subject}/unban")),
        "users mute" if was_nothing => (Action::UnmuteUser, format!("/users/{subject}/unmute")),
        "users grant-matchmaker" if is_changed => {
            (Action::RevokeMatchmaker, format!("/users/{subject}/revoke"))
        }
        "users revoke-matchmaker" if is_changed => {
            (Action::GrantMatchmaker, format!("/users/{subject}/grant"))
        }
        "gifts disable" => (Action::EnableGift, format!("/gifts/{subject}/enable")),
        "gifts enable" => (Action::DisableGift, format!("/gifts/{subject}/disable")),
        "blocks disable" => (Action::EnableBlock, format!("/blocks/{subject}/enable")),
        "blocks enable" => (Action::DisableBlock, format!("/blocks/{subject}/disable")),
        "configs set" if is_rate(subject) => (Action::SetRate, earlier(record, "set-rate")?),
        "configs set" => (Action::SetConfig, earlier(record, "set")?),
        _ => return None,
    };
    visit.session.may(action).then_some(href)
}

/// The form of a config with the value that it had before.
fn earlier(record: &AuditRecord, path: &str) -> Option<String> {
    let before: serde_json::Value = serde_json::from_str(&record.before).ok()?;
    let before = before
        .as_str()
        .map_or_else(|| before.to_string(), str::to_owned);
    let query = serde_urlencoded::to_string([("value", before)]).ok()?;
    Some(format!("/configs/{}/{path}?{query}", record.subject))
}
