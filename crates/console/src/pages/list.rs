//! What lists have in common: where they go on.

use std::collections::BTreeMap;

use qlive_operators::Action;
use qlive_types::{LiveId, Moment, UserId};

use crate::http::{Failure, Visit};
use crate::texts::Texts;
use crate::view::{Button, Cell, Empty, Filter, Section, Tone};

/// How many rows a list has when it may go on.
pub(super) const ROWS: usize = 50;
/// The same for a call that takes the number.
pub(super) const LIMIT: i64 = 50;

impl Visit {
    /// A parameter of the query, when it is there and not empty.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let value = self.untrimmed_query(name)?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn untrimmed_query(&self, name: &str) -> Option<String> {
        let (_, query) = self.path.split_once('?')?;
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
        let mut pairs = pairs.into_iter();
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The filter that a text of the query is.
    pub(super) fn text_filter(
        &self,
        name: &'static str,
        label: &'static str,
        hint: &'static str,
    ) -> Filter {
        let value = self.query(name).unwrap_or_default();
        Filter::Text {
            name,
            label,
            value,
            hint,
        }
    }

    /// The filter that a day of the query is.
    pub(super) fn day_filter(&self, name: &'static str, label: &'static str) -> Filter {
        let value = self.query(name).unwrap_or_default();
        Filter::Day { name, label, value }
    }

    /// The same page with another value of a parameter; without it when there is none.
    pub(super) fn with_query(&self, name: &str, value: Option<&str>) -> String {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let dropped = [name, "done", "again"];
        let mut kept: Vec<(String, String)> = pairs
            .into_iter()
            .filter(|(key, _)| !dropped.contains(&key.as_str()))
            .collect();
        if let Some(value) = value {
            kept.push((name.to_owned(), value.to_owned()));
        }
        let query = serde_urlencoded::to_string(kept).unwrap_or_default();
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        }
    }

    /// Where a list goes on after its last row, when it is full.
    pub(super) fn older<T>(&self, rows: &[T], cursor: impl Fn(&T) -> String) -> Option<String> {
        let last = rows.last().filter(|_| rows.len() >= ROWS)?;
        Some(self.with_query("after", Some(&cursor(last))))
    }

    /// The button that exports a list as it is filtered, for those who may.
    pub(super) fn export_button(&self, list: &str) -> Vec<Button> {
        let filtered = self.with_query("after", None);
        let query = filtered.split_once('?').map_or("", |(_, query)| query);
        let href = if query.is_empty() {
            format!("/export/{list}")
        } else {
            format!("/export/{list}?{query}")
        };
        let button = self.button(Action::ExportList, self.t().actions.export, href);
        button.into_iter().collect()
    }

    /// What a page of an object belongs to: the object, or on its own page what is above it.
    pub(super) fn back(
        &self,
        title: &str,
        itself: String,
        above: (String, String),
    ) -> (String, String) {
        if self.path.split('?').next() == Some(itself.as_str()) {
            above
        } else {
            (title.to_owned(), itself)
        }
    }

    /// The button that leads to the form of an action, for those who may. Every such button is made
    /// here, by the table of roles.
    pub(super) fn button(
        &self,
        action: Action,
        label: impl Into<String>,
        href: impl Into<String>,
    ) -> Option<Button> {
        self.session
            .may(action)
            .then(|| Button::of(action, label, href))
    }

    /// Where the first rows of a list are, when these are others.
    pub(super) fn newest(&self) -> Option<String> {
        self.query("after").map(|_| self.with_query("after", None))
    }

    /// The cursor of a list: a whole number and, after a dot, what else the list needs.
    pub(super) fn cursor(&self) -> Option<(i64, String)> {
        let after = self.untrimmed_query("after")?;
        let (first, rest) = after.split_once('.').unwrap_or((&after, ""));
        Some((first.parse().ok()?, rest.to_owned()))
    }
}

/// The filters of a list as they are read from the URL.
pub(super) struct Filters<'v> {
    visit: &'v Visit,
    is_unreadable: bool,
}

impl<'v> Filters<'v> {
    pub(super) const fn new(visit: &'v Visit) -> Self {
        Self {
            visit,
            is_unreadable: false,
        }
    }

    /// A filter, unless it is empty. One that cannot be read is left out.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let typed = self.visit.query(name)?;
        let read = parse(&typed);
        self.is_unreadable |= read.is_none();
        read
    }

    /// What the page says when a filter was left out.
    pub(super) fn note(&self) -> Option<Section> {
        self.is_unreadable.then(|| Section::Note {
            text: self.visit.t().pages.filter_unreadable.to_owned(),
            tone: Tone::Warn,
        })
    }
}

/// Where the search for a number or a name is. Nothing that is searched for is longer than what the
/// box takes.
pub(super) fn search_path(words: &str) -> String {
    let words: String = words.chars().take(200).collect();
    let query = serde_urlencoded::to_string([("q", words)]);
    format!("/search?{}", query.unwrap_or_default())
}

/// The nicknames of the users of a list.
pub(super) struct Names(BTreeMap<UserId, String>);

impl Names {
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(
        visit: &Visit,
        users: impl Iterator<Item = UserId>,
    ) -> Result<Self, Failure> {
        let users = users.collect();
        Ok(Self(visit.state.services.users.nicknames(users).await?))
    }

    /// A user by name, with a link; by number if the name is unknown or empty.
    pub(super) fn link(&self, user: UserId) -> Cell {
        user_link(user, self.0.get(&user).map(String::as_str))
    }

    /// The name of a user; the number if the name is unknown or empty.
    pub(super) fn name(&self, user: UserId) -> String {
        let name = self.0.get(&user).filter(|name| !name.is_empty());
        name.cloned().unwrap_or_else(|| user.to_string())
    }
}

/// The form that ends the broadcast of a room that was running at a moment.
pub(super) fn end_path(live: LiveId, seen_at: Moment) -> String {
    format!("/rooms/{live}/end?seen={}", seen_at.millis())
}

/// A user by name, with a link; by number if the name is unknown or empty.
pub(super) fn user_link(user: UserId, name: Option<&str>) -> Cell {
    let shown = shown_name(user, name.unwrap_or_default());
    Cell::Link(shown, format!("/users/{user}"))
}

/// A nickname, or the number of a user who has none: a link must have a text.
pub(super) fn shown_name(user: UserId, nickname: &str) -> String {
    if nickname.is_empty() {
        user.to_string()
    } else {
        nickname.to_owned()
    }
}

/// What a list without rows says: that the filter finds nothing, or what to do.
pub(super) fn empty(t: &'static Texts, is_filtered: bool, text: &str) -> Empty {
    if is_filtered {
        Empty {
            text: t.pages.no_match.to_owned(),
            next: Some(Button::new(t.frame.clear_filter, "?")),
        }
    } else {
        Empty {
            text: text.to_owned(),
            next: None,
        }
    }
}
