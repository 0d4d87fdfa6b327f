//! What pages are made of. Every page but a few is a [`Page`]: facts, tables, actions, in the same
//! places everywhere.

mod frame;
mod notice;
mod page;
mod plain;

pub(crate) use frame::Frame;
pub(crate) use page::{
    Button, Cell, Chart, Choice, Column, Empty, Fact, Filter, Page, PageTemplate, Row, Section,
    Step, StepState, Table, Tone,
};
pub(crate) use plain::{PlainBody, PlainPage};
