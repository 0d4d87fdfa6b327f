//! Figures by host: what was given in the rooms of each.

use std::collections::BTreeMap;

use qlive_gifts::HostSum;
use qlive_types::UserId;

use super::list::empty;
use crate::csv::csv;
use crate::format;
use crate::http::{Failure, Visit};
use crate::texts::Texts;
use crate::view::{Cell, Column, Row, Table};

/// The names of the columns, in their order.
const fn labels(t: &'static Texts) -> [&'static str; 5] {
    let p = &t.pages;
    [p.host, p.nickname, p.count, p.gold_given, p.host_income]
}

async fn nicknames(visit: &Visit, sums: &[HostSum]) -> Result<BTreeMap<UserId, String>, Failure> {
    let hosts = sums.iter().map(|sum| sum.host).collect();
    Ok(visit.state.services.users.nicknames(hosts).await?)
}

/// The table of the sums.
pub(super) async fn table(visit: &Visit, sums: &[HostSum]) -> Result<Table, Failure> {
    let t = visit.t();
    let names = nicknames(visit, sums).await?;
    let row = |sum: &HostSum| {
        let number = |amount| Cell::Number(format::grouped(amount));
        let name = names.get(&sum.host).cloned().unwrap_or_default();
        Row::new(vec![
            Cell::Link(sum.host.to_string(), format!("/users/{}", sum.host)),
            Cell::Text(name),
            number(sum.gifts),
            number(sum.coins),
            number(sum.host_income),
        ])
    };
    let [host, nickname, gifts, coins, income] = labels(t);
    Ok(Table {
        caption: String::new(),
        columns: vec![
            Column::text(host),
            Column::text(nickname),
            Column::number(gifts),
            Column::number(coins),
            Column::number(income),
        ],
        rows: sums.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_host_figures),
    })
}

/// The same as a file.
pub(super) async fn file(visit: &Visit, sums: &[HostSum]) -> Result<String, Failure> {
    let names = nicknames(visit, sums).await?;
    let rows = sums.iter().map(|sum| {
        vec![
            sum.host.to_string(),
            names.get(&sum.host).cloned().unwrap_or_default(),
            sum.gifts.to_string(),
            sum.coins.to_string(),
            sum.host_income.to_string(),
        ]
    });
    Ok(csv(&labels(visit.t()), &rows.collect::<Vec<_>>()))
}
