//! Trade bills of WeChat Pay.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use qlive_tencent::pay::{BillError, BillRow, parse_bill};
use qlive_types::testing::{hostile_text, in_bounded_time};

use crate::pieces::BILL_PIECES;

fn parse(bill: &str) -> Result<Vec<BillRow>, BillError> {
    in_bounded_time(|| parse_bill(bill))
}

/// The columns of a bill of type ALL.
const HEADINGS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,\
    用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,\
    商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,\
    订单金额,申请退款金额,费率备注";
const SUMMARY: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,\
    订单总金额,申请退款总金额\r\n`2,`6.00,`3.00,`0.00,`0.02000,`6.00,`3.00\r\n";

type Field = fn(&BillRow) -> &str;

/// The columns that are read, and what [`BillRow`] has of them.
const READ: [(&str, Field); 8] = [
    ("微信订单号", |row| &row.transaction_id),
    ("商户订单号", |row| &row.out_trade_no),
    ("交易状态", |row| &row.trade_state),
    ("订单金额", |row| &row.order_yuan),
    ("微信退款单号", |row| &row.refund_id),
    ("商户退款单号", |row| &row.out_refund_no),
    ("申请退款金额", |row| &row.refund_yuan),
    ("退款状态", |row| &row.refund_state),
];

/// The cells of a row in the columns that are read.
type Cells = [String; 8];

fn cells() -> impl Strategy<Value = Cells> {
    let id = || "[A-Za-z0-9_*-]{1,32}";
    let yuan = || (0..1_000_000_u32).prop_map(|fen| format!("{}.{:02}", fen / 100, fen % 100));
    let state = || "SUCCESS|REFUND|REVOKED";
    (id(), id(), state(), yuan(), id(), id(), yuan(), state()).prop_map(<[_; 8]>::from)
}

fn cell<'a>(row: &'a Cells, heading: &str) -> &'a str {
    match READ.iter().position(|(name, _)| *name == heading) {
        Some(column) => &row[column],
        None if heading == "商品名称" => "say \"60\" gold",
        None => "",
    }
}

/// Writes a bill, its columns rotated by some places.
fn write_bill(rows: &[Cells], rotation: usize, mark: bool) -> String {
    let mut headings: Vec<&str> = HEADINGS.split(',').collect();
    let places = rotation % headings.len();
    headings.rotate_left(places);
    let mut bill = if mark { "\u{feff}" } else { "" }.to_owned();
    bill += &headings.join(",");
    bill += "\r\n";
    for row in rows {
        let cells: Vec<String> = headings
            .iter()
            .map(|heading| format!("`{}", cell(row, heading)))
            .collect();
        bill += &cells.join(",");
        bill += "\r\n";
    }
    bill + SUMMARY
}

proptest! {
    #[test]
    fn any_text_is_read_or_an_error(text in hostile_text(BILL_PIECES)) {
        drop(parse(&text));
    }

    #[test]
    fn any_text_within_a_bill_is_read_or_an_error(
        rows in vec(cells(), 0..4),
        text in hostile_text(BILL_PIECES),
        at: Index,
    ) {
        let bill = write_bill(&rows, 0, false);
        let boundaries: Vec<usize> = bill.char_indices().map(|(at, _)| at).collect();
        let (before, after) = bill.split_at(boundaries[at.index(boundaries.len())]);
        drop(parse(&format!("{before}{text}{after}")));
    }

    #[test]
    fn written_bill_is_read_unchanged(
        rows in vec(cells(), 0..20),
        rotation in 0..27_usize,
        mark: bool,
    ) {
        let read = parse(&write_bill(&rows, rotation, mark)).unwrap();
        let read: Vec<Cells> = read
            .iter()
            .map(|row| READ.map(|(_, field)| field(row).to_owned()))
            .collect();
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn bill_that_ends_before_its_summary_is_never_read(rows in vec(cells(), 0..4), at: Index) {
        let bill = write_bill(&rows, 0, false);
        let whole = bill.len() - SUMMARY.len();
        let boundaries: Vec<usize> = bill.char_indices().map(|(at, _)| at).collect();
        let cut = boundaries[at.index(boundaries.len())].min(whole);
        prop_assert!(parse(&bill[..cut]).is_err(), "{}", &bill[..cut]);
    }
}
