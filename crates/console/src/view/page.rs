//! [`Page`]: the page of an object or a list.

use std::borrow::Cow;

use askama::Template;
use qlive_operators::Action;

use super::frame::Frame;
use crate::format;
use crate::texts::Texts;

/// How something is coloured; the text says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
    Quiet,
}

impl Tone {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }
}

/// What is in a cell of a table, or is a fact.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Text(String),
    /// An amount, right-aligned.
    Number(String),
    /// A number that is copied: of an order, a user, a payment.
    Code(String),
    /// The text and where it leads.
    Link(String, String),
    Badge(String, Tone),
    /// A time in Shanghai.
    Time(String),
    /// The address of a picture; empty for a placeholder. The name beside it says whose it is.
    /// Texts below each other, all of them shown.
    Lines(Vec<String>),
    Face(String),
    /// The address of a picture that is looked at; empty for a placeholder.
    Picture(String),
    Empty,
}

impl Cell {
    /// A picture of somebody or something.
    pub(crate) fn face(address: &str) -> Self {
        Self::Face(format::picture(address).to_owned())
    }

    /// A picture that an operator must look at.
    pub(crate) fn picture(address: &str) -> Self {
        Self::Picture(format::picture(address).to_owned())
    }
}

/// A column of a table.
pub(crate) struct Column {
    pub(crate) label: &'static str,
    /// Whether its cells are amounts.
    pub(crate) is_number: bool,
}

impl Column {
    pub(crate) const fn text(label: &'static str) -> Self {
        Self {
            label,
            is_number: false,
        }
    }

    pub(crate) const fn number(label: &'static str) -> Self {
        Self {
            label,
            is_number: true,
        }
    }
}

/// A row of a table.
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// Buttons at its end.
    pub(crate) buttons: Vec<Button>,
    /// Its number, if it can be chosen with others.
    pub(crate) id: Option<i64>,
    /// Whether it sums the others up.
    pub(crate) is_total: bool,
}

impl Row {
    pub(crate) const fn new(cells: Vec<Cell>) -> Self {
        Self {
            cells,
            buttons: Vec::new(),
            id: None,
            is_total: false,
        }
    }

    pub(crate) fn with_buttons(mut self, buttons: Vec<Button>) -> Self {
        self.buttons = buttons;
        self
    }
}

/// What a table without rows says: why, and what to do next.
pub(crate) struct Empty {
    pub(crate) text: String,
    pub(crate) next: Option<Button>,
}

/// A table, perhaps a page of a longer one.
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Where the rows after these are.
    pub(crate) older: Option<String>,
    /// Where the first rows are, when these are others.
    pub(crate) newest: Option<String>,
    pub(crate) empty: Empty,
}

impl Table {
    /// Whether some row has buttons, and so all have a place for them.
    fn has_buttons(&self) -> bool {
        self.rows.iter().any(|row| !row.buttons.is_empty())
    }

    /// Whether some row can be chosen, and so all have a place for it.
    fn has_choice(&self) -> bool {
        self.rows.iter().any(|row| row.id.is_some())
    }

    /// The cells of a row with their columns.
    fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(&row.cells)
    }

    /// Whether its rows are compared with each other, so that they stay rows on a narrow screen.
    fn is_grid(&self) -> bool {
        let numbers = self.columns.iter().filter(|column| column.is_number);
        numbers.count() > 4
    }

    /// Whether it goes on where it ends here, and is not only the start of another page.
    fn goes_on(&self) -> bool {
        let older = self.older.as_deref().unwrap_or_default();
        older.contains("after=") || older.contains("page=")
    }
}

/// A fact about an object.
pub(crate) struct Fact {
    pub(crate) label: &'static str,
    pub(crate) value: Cell,
}

/// A link that looks like a button.
#[derive(Clone)]
pub(crate) struct Button {
    pub(crate) label: String,
    pub(crate) href: String,
    /// See [`Action::is_danger`].
    pub(crate) is_danger: bool,
    /// Whether it opens a form, which a dialog can show, and not a page.
    pub(crate) is_form: bool,
    /// The key that presses it while its row is chosen.
    pub(crate) key: Option<char>,
}

impl Button {
    pub(crate) fn page(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            is_form: false,
            ..Self::new(label, href)
        }
    }

    /// The button that leads to the form of an action.
    pub(crate) fn of(action: Action, label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            is_danger: action.is_danger(),
            ..Self::new(label, href)
        }
    }

    pub(crate) fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
            is_danger: false,
            is_form: true,
            key: None,
        }
    }
}

/// A choice of a filter.
pub(crate) struct Choice {
    pub(crate) value: Cow<'static, str>,
    pub(crate) label: Cow<'static, str>,
}

impl Choice {
    pub(crate) fn new(
        value: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

/// A filter of a list. All filters of a page are one form, whose fields are in the URL.
pub(crate) enum Filter {
    Choice {
        name: &'static str,
        label: &'static str,
        chosen: String,
        choices: Vec<Choice>,
    },
    Text {
        name: &'static str,
        label: &'static str,
        value: String,
        hint: &'static str,
    },
    Day {
        name: &'static str,
        label: &'static str,
        value: String,
    },
}

/// A bar of a chart, in the units of its picture.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) shown: String,
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) height: i64,
}

/// A chart of bars, 720 wide and 160 high. The table beside it says the same.
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) bars: Vec<Bar>,
    /// How wide a bar is.
    pub(crate) width: i64,
    /// The largest value.
    pub(crate) top: String,
    pub(crate) first: String,
    pub(crate) last: String,
}

impl Chart {
    const WIDTH: i64 = 720;
    const HEIGHT: i64 = 160;

    /// Bars for values with their labels; `show` says how a value is written.
    pub(crate) fn new(title: &str, values: &[(String, i64)], show: impl Fn(i64) -> String) -> Self {
        let count = i64::try_from(values.len()).unwrap_or(1).max(1);
        let step = (Self::WIDTH / count).max(2);
        let top = values.iter().map(|(_, value)| *value).max().unwrap_or(0);
        let mut x = 0;
        let mut bars = Vec::with_capacity(values.len());
        for (label, value) in values {
            let height = if top > 0 {
                // A value above zero is never without a bar.
                let scaled = i128::from(*value) * i128::from(Self::HEIGHT) / i128::from(top);
                i64::try_from(scaled)
                    .unwrap_or(0)
                    .max(i64::from(*value > 0))
            } else {
                0
            };
            bars.push(Bar {
                label: label.clone(),
                shown: show(*value),
                x,
                y: Self::HEIGHT - height,
                height,
            });
            x += step;
        }
        Self {
            title: title.to_owned(),
            width: (step - step / 4).max(1),
            top: show(top),
            first: values
                .first()
                .map_or(String::new(), |(label, _)| label.clone()),
            last: values
                .last()
                .map_or(String::new(), |(label, _)| label.clone()),
            bars,
        }
    }
}

/// Whether something went through a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepState {
    Past,
    Now,
    Later,
}

/// A state that something goes through.
pub(crate) struct Step {
    pub(crate) label: &'static str,
    /// When, or how much; may be empty.
    pub(crate) detail: String,
    pub(crate) state: StepState,
}

/// A part of a page.
pub(crate) enum Section {
    /// The states that something goes through.
    Steps(Vec<Step>),
    Facts {
        title: &'static str,
        facts: Vec<Fact>,
    },
    Table(Table),
    /// Charts with a bar for each value, beside each other where there is room.
    Charts(Vec<Chart>),
    /// A paragraph, for instance what is wrong.
    Note {
        text: String,
        tone: Tone,
    },
}

/// The page of an object or a list.
pub(crate) struct Page {
    pub(crate) title: String,
    pub(crate) badges: Vec<(String, Tone)>,
    pub(crate) lead: String,
    pub(crate) face: Option<String>,
    pub(crate) buttons: Vec<Button>,
    /// What is done seldom, behind a button of its own.
    pub(crate) more: Vec<Button>,
    pub(crate) filters: Vec<Filter>,
    /// Whether a filter is set, so that it can be cleared.
    pub(crate) is_filtered: bool,
    pub(crate) sections: Vec<Section>,
    /// What it belongs to, and where that is.
    pub(crate) back: Option<(String, String)>,
    /// Whether it shows something that goes on, so that it is asked for again every few seconds.
    pub(crate) is_running: bool,
    /// What is done to the rows that are chosen.
    pub(crate) choosing: Option<Button>,
}

impl Page {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            badges: Vec::new(),
            lead: String::new(),
            face: None,
            buttons: Vec::new(),
            more: Vec::new(),
            filters: Vec::new(),
            is_filtered: false,
            sections: Vec::new(),
            back: None,
            choosing: None,
            is_running: false,
        }
    }
}

impl Page {
    /// Whether it shows a part of an object, which has a page of its own.
    fn is_part(&self) -> bool {
        let above = self.back.as_ref();
        above.is_some_and(|(label, _)| *label == self.title)
    }

    /// Its title; that of a part of an object names the part too.
    fn full_title(&self) -> String {
        let mut captions = self.sections.iter().filter_map(|section| match section {
            Section::Table(table) if !table.caption.is_empty() => Some(&table.caption),
            _ => None,
        });
        match captions.next_back().filter(|_| self.is_part()) {
            Some(part) => format!("{} · {part}", self.title),
            None => self.title.clone(),
        }
    }

    /// Whether the filters are shown before the section with this number: the first one, but the
    /// table where the facts of an object precede it.
    fn filters_come_before(&self, section: usize) -> bool {
        let is_table = |section: &Section| matches!(section, Section::Table(_));
        let place = if self.is_part() {
            self.sections.iter().position(is_table)
        } else {
            Some(0)
        };
        !self.filters.is_empty() && place == Some(section)
    }
}

/// A page in its frame.
#[derive(Template)]
#[template(path = "page.html")]
pub(crate) struct PageTemplate {
    pub(crate) frame: Frame,
    pub(crate) page: Page,
}

impl PageTemplate {
    fn t(&self) -> &'static Texts {
        self.frame.t
    }
}
