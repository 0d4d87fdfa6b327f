//! Complaints that WeChat has passed on.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::Action;
use qlive_payments::Complaint;

use super::list::empty;
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::view::{Cell, Column, Frame, Page, PageTemplate, Row, Section, Table};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/complaints", web::get().to(list));
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewComplaints, "").await?;
    let t = visit.t();
    let before = visit.cursor().map(|(id, _)| id);
    let found = visit
        .state
        .services
        .payments
        .search_complaints(before)
        .await?;
    let row = |(_, complaint): &(i64, Complaint)| {
        let order = &complaint.out_trade_no;
        Row::new(vec![
            Cell::Text(complaint.complained_at.clone()),
            Cell::Link(order.clone(), format!("/orders/{order}")),
            Cell::Code(format::masked(&complaint.openid)),
            Cell::Code(complaint.wechat_request_id.clone()),
        ])
    };
    let mut page = Page::new(t.pages.complaints_title);
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.complained_at),
            Column::text(t.pages.number),
            Column::text(t.pages.openid),
            Column::text(t.pages.request),
        ],
        rows: found.iter().map(row).collect(),
        older: visit.older(&found, |(id, _)| id.to_string()),
        newest: visit.newest(),
        empty: empty(t, false, t.pages.no_complaints),
    }));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/complaints").await?,
        page,
    })
}
