//! The notices of a provider about an order or a withdrawal.

use qlive_payments::{NoticeKind, NoticeResult, ReceivedNotice};

use super::list::empty;
use crate::format;
use crate::texts::Texts;
use crate::view::{Cell, Column, Row, Table, Tone};

/// Each notice, and what became of it.
pub(super) fn notices_table(t: &'static Texts, notices: &[ReceivedNotice]) -> Table {
    let (p, n) = (&t.pages, &t.notices);
    let row = |notice: &ReceivedNotice| {
        let kind = match notice.kind {
            NoticeKind::Payment => n.notice_payment,
            NoticeKind::Refund => n.notice_refund,
            NoticeKind::Transfer => n.notice_transfer,
            NoticeKind::Complaint => n.notice_complaint,
        };
        let (result, tone) = match notice.result {
            NoticeResult::Applied => (n.notice_applied, Tone::Good),
            NoticeResult::Known => (n.notice_known, Tone::Quiet),
            NoticeResult::Contradiction => (n.notice_contradiction, Tone::Bad),
            NoticeResult::Mismatch => (n.notice_mismatch, Tone::Bad),
            NoticeResult::Retry => (n.notice_retry, Tone::Warn),
        };
        Row::new(vec![
            Cell::Time(format::time(notice.at)),
            Cell::Text(kind.to_owned()),
            Cell::Badge(result.to_owned(), tone),
        ])
    };
    Table {
        caption: n.notices.to_owned(),
        columns: vec![
            Column::text(p.time),
            Column::text(p.kind),
            Column::text(n.notice_result),
        ],
        rows: notices.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, n.no_notices),
    }
}
