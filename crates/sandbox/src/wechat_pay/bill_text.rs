//! The content of a trade bill, in the form that was set.

use std::time::Duration;

use encoding_rs::GBK;
use qlive_types::Moment;
use serde::Deserialize;
use serde_json::Value;

use crate::json::text;
use crate::state::SandboxState;
use crate::wechat_pay::orders::record::Order;
use crate::wechat_pay::refunds::record::Refund;

/// The headings of a bill of type ALL.
const HEADINGS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,\
    用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,\
    商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,\
    订单金额,申请退款金额,费率备注";
/// The headings of the totals.
const TOTALS_HEADINGS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,\
    手续费总金额,订单总金额,申请退款总金额";
/// The same in the bills of merchants from before 2018, which lack the last three columns.
const OLD_HEADINGS: &str = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,\
    用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,微信退款单号,\
    商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率";
const OLD_TOTALS_HEADINGS: &str = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额";

/// When the other sellers sell, after midnight.
const NOON: Duration = Duration::from_secs(12 * 3_600);

/// The form of bills, and what else they list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BillForm {
    headings: Headings,
    encoding: Encoding,
    /// Whether cells are quoted as a spreadsheet quotes them when it saves the bill.
    quoted: bool,
    /// Sales of other sellers under the same merchant, at noon of each day.
    other_sales: Vec<OtherSale>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Headings {
    #[default]
    Current,
    Old,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Utf8,
    Gbk,
}

/// The free text of a sale of 1 yuan.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct OtherSale {
    description: String,
    attach: String,
}

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

impl BillForm {
    fn write(&self, mut rows: Vec<Vec<String>>, mut totals: Vec<String>) -> Vec<u8> {
        let (headings, totals_headings) = match self.headings {
            Headings::Current => (HEADINGS, TOTALS_HEADINGS),
            Headings::Old => (OLD_HEADINGS, OLD_TOTALS_HEADINGS),
        };
        let columns = headings.split(',').count();
        rows.iter_mut().for_each(|row| row.truncate(columns));
        totals.truncate(totals_headings.split(',').count());
        let lines: String = rows.iter().map(|row| self.join_cells(row)).collect();
        let totals = self.join_cells(&totals);
        let bill = format!("{headings}\r\n{lines}{totals_headings}\r\n{totals}");
        match self.encoding {
            Encoding::Utf8 => format!("\u{feff}{bill}").into_bytes(),
            Encoding::Gbk => GBK.encode(&bill).0.into_owned(),
        }
    }

    /// Joins the cells of a line as WeChat Pay does: each begins with a backtick, so that no
    /// spreadsheet reads long numbers as numbers and rounds them. Nothing is escaped.
    fn join_cells(&self, cells: &[String]) -> String {
        let cells: Vec<String> = cells.iter().map(|cell| self.write_cell(cell)).collect();
        format!("{}\r\n", cells.join(","))
    }

    fn write_cell(&self, cell: &str) -> String {
        if self.quoted && cell.contains([',', '"', '\r', '\n']) {
            format!("\"`{}\"", cell.replace('"', "\"\""))
        } else {
            format!("`{cell}")
        }
    }
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
