//! The content of a trade bill, from what was paid and refunded.

use std::time::Duration;

use qlive_types::Moment;
use serde_json::Value;

use crate::json::text;
use crate::state::SandboxState;
use crate::wechat_pay::bill_form::OtherSale;
use crate::wechat_pay::orders::record::Order;
use crate::wechat_pay::refunds::record::Refund;

/// When the other sellers sell, after midnight.
const NOON: Duration = Duration::from_secs(12 * 3_600);

/// The bill of a day in Shanghai, in WeChat Pay's format; `None` when nothing was paid or refunded.
/// A refund is listed on the day on which it was requested, with its status now.
pub(crate) fn write_bill(sandbox: &SandboxState, day: &str) -> Option<Vec<u8>> {
    let records = sandbox.records();
    let form = &records.bill_form;
    let (mut rows, mut paid, mut refunded) = (Vec::new(), 0, 0);
    for order in records.orders.iter() {
        if let Some(at) = order.paid_at.filter(|at| at.shanghai().starts_with(day)) {
            paid += order.total();
            rows.push((at, payment_row(sandbox, order, at)));
        }
    }
    for refund in records.refunds.iter() {
        if refund.created_at.shanghai().starts_with(day) && refund.status != "CLOSED" {
            refunded += refund.amount();
            rows.push((refund.created_at, refund_row(sandbox, refund)));
        }
    }
    let noon = Moment::parse_day(day)?.after(NOON);
    for (index, sale) in form.other_sales.iter().enumerate() {
        paid += 100;
        rows.push((noon, other_row(sandbox, noon, index, sale)));
    }
    if rows.is_empty() {
        return None;
    }
    rows.sort();
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(_, row)| row).collect();
    let (count, paid, refunded) = (rows.len().to_string(), yuan(paid), yuan(refunded));
    let totals = [
        &count, &paid, &refunded, "0.00", "0.00000", &paid, &refunded,
    ];
    Some(form.write(rows, totals.map(str::to_owned).to_vec()))
}

fn payment_row(sandbox: &SandboxState, order: &Order, at: Moment) -> Vec<String> {
    let openid = order
        .request
        .pointer("/payer/openid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let total = yuan(order.total());
    BillRow {
        at: &shown(at),
        transaction_id: &order.transaction_id,
        out_trade_no: text(&order.request, "out_trade_no"),
        openid,
        state: "SUCCESS",
        amounts: [&total, "0.00", "0", "0", "0.00", "0.00", "", ""],
        description: text(&order.request, "description"),
        attach: "",
        order_amount: &total,
        refund_amount: "0.00",
    }
    .cells(sandbox)
}

fn refund_row(sandbox: &SandboxState, refund: &Refund) -> Vec<String> {
    let amount = yuan(refund.amount());
    let out_refund_no = text(&refund.request, "out_refund_no");
    BillRow {
        at: &shown(refund.created_at),
        transaction_id: &refund.transaction_id,
        out_trade_no: text(&refund.request, "out_trade_no"),
        openid: "",
        state: "REFUND",
        amounts: [
            "0.00",
            "0.00",
            &refund.refund_id,
            out_refund_no,
            &amount,
            "0.00",
            "ORIGINAL",
            refund.status,
        ],
        description: "",
        attach: "",
        order_amount: "0.00",
        refund_amount: &amount,
    }
    .cells(sandbox)
}

fn other_row(sandbox: &SandboxState, at: Moment, index: usize, sale: &OtherSale) -> Vec<String> {
    BillRow {
        at: &shown(at),
        transaction_id: &format!("4200009{index:04}"),
        out_trade_no: &format!("other-{index}"),
        openid: "other",
        state: "SUCCESS",
        amounts: ["1.00", "0.00", "0", "0", "0.00", "0.00", "", ""],
        description: &sale.description,
        attach: &sale.attach,
        order_amount: "1.00",
        refund_amount: "0.00",
    }
    .cells(sandbox)
}

/// The columns of a row that are not the same in all rows.
struct BillRow<'a> {
    at: &'a str,
    transaction_id: &'a str,
    out_trade_no: &'a str,
    openid: &'a str,
    state: &'a str,
    /// The eight columns from the settled amount to the refund's status.
    amounts: [&'a str; 8],
    description: &'a str,
    attach: &'a str,
    order_amount: &'a str,
    refund_amount: &'a str,
}

impl BillRow<'_> {
    fn cells(&self, sandbox: &SandboxState) -> Vec<String> {
        let config = &sandbox.config;
        let merchant = [self.at, &config.app_id, &config.mchid, "0", ""];
        let trade = [self.transaction_id, self.out_trade_no, self.openid];
        let state = ["JSAPI", self.state, "OTHERS", "CNY"];
        let (total, refund) = (self.order_amount, self.refund_amount);
        let texts = [self.description, self.attach];
        let rest = ["0.00000", "0.60%", total, refund, ""];
        let cells = merchant.into_iter().chain(trade).chain(state);
        let cells = cells.chain(self.amounts).chain(texts).chain(rest);
        cells.map(str::to_owned).collect()
    }
}

/// A time as bills show it.
fn shown(at: Moment) -> String {
    at.shanghai().replace('T', " ")
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
