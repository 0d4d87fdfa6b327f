//! The trade bill of a day: its announcement and its download.

use actix_web::{HttpRequest, HttpResponse, web};
use qlive_types::Moment;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::json::text;
use crate::state::SandboxState;
use crate::wechat_pay::exchange::respond_signed;
use crate::wechat_pay::orders::record::Order;
use crate::wechat_pay::refunds::record::Refund;
use crate::wechat_pay::reply::Reply;
use crate::wechat_pay::signature::is_signed_request;

/// The headings of a bill of type ALL.
const HEADINGS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,\
    用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,\
    商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,\
    订单金额,申请退款金额,费率备注";
/// The headings of the totals.
const TOTALS_HEADINGS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,\
    手续费总金额,订单总金额,申请退款总金额";

/// `GET /v3/bill/tradebill`: where to download the bill of a day, and its digest.
pub(crate) async fn announce_bill(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
) -> HttpResponse {
    respond_signed(&sandbox, &request, b"", |_| {
        let Some(day) = bill_date(request.query_string()) else {
            return Reply::error(400, "PARAM_ERROR");
        };
        let Some(bill) = write_bill(&sandbox, day) else {
            return Reply::error(400, "NO_STATEMENT_EXIST");
        };
        let digest = hex::encode(Sha1::digest(&bill));
        let token = sandbox.records().bills.add(bill);
        let url = format!("{}/v3/billdownload/file?token={token}", sandbox.url);
        Reply::ok(json!({"hash_type": "SHA1", "hash_value": digest, "download_url": url}))
    })
    .await
}

/// `GET /v3/billdownload/file`: the bill as it was announced. The answer is not signed.
pub(crate) async fn download_bill(
    sandbox: web::Data<SandboxState>,
    request: HttpRequest,
) -> HttpResponse {
    if !is_signed_request(&sandbox, &request, b"") {
        return HttpResponse::Unauthorized()
            .json(json!({"code": "SIGN_ERROR", "message": "sandbox"}));
    }
    let fault = sandbox.apply_fault(request.path()).await;
    let token = request.query_string().trim_start_matches("token=");
    let Some(mut bill) = sandbox.records().bills.get(token) else {
        return HttpResponse::NotFound().finish();
    };
    if fault.is_some_and(|fault| fault.tampered) {
        bill.push_str("`and more\r\n");
    }
    HttpResponse::Ok().content_type("text/plain").body(bill)
}

fn bill_date(query: &str) -> Option<&str> {
    let day = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("bill_date="))?;
    Moment::parse_day(day).map(|_| day)
}

/// The bill of a day in Shanghai, in WeChat Pay's format; `None` when nothing was paid or refunded.
fn write_bill(sandbox: &SandboxState, day: &str) -> Option<String> {
    let records = sandbox.records();
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
    if rows.is_empty() {
        return None;
    }
    rows.sort();
    let lines: String = rows.iter().map(|(_, row)| format!("{row}\r\n")).collect();
    let (count, paid, refunded) = (rows.len().to_string(), yuan(paid), yuan(refunded));
    let totals = join_cells([
        count.as_str(),
        &paid,
        &refunded,
        "0.00",
        "0.00000",
        &paid,
        &refunded,
    ]);
    Some(format!(
        "\u{feff}{HEADINGS}\r\n{lines}{TOTALS_HEADINGS}\r\n{totals}\r\n"
    ))
}

fn payment_row(sandbox: &SandboxState, order: &Order, at: Moment) -> String {
    let openid = order
        .request
        .pointer("/payer/openid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let total = yuan(order.total());
    BillRow {
        at,
        transaction_id: &order.transaction_id,
        out_trade_no: text(&order.request, "out_trade_no"),
        openid,
        state: "SUCCESS",
        amounts: [&total, "0.00", "0", "0", "0.00", "0.00", "", ""],
        description: text(&order.request, "description"),
        order_amount: &total,
        refund_amount: "0.00",
    }
    .write(sandbox)
}

fn refund_row(sandbox: &SandboxState, refund: &Refund) -> String {
    let amount = yuan(refund.amount());
    let out_refund_no = text(&refund.request, "out_refund_no");
    BillRow {
        at: refund.created_at,
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
        order_amount: "0.00",
        refund_amount: &amount,
    }
    .write(sandbox)
}

/// The columns of a row that are not the same in all rows.
struct BillRow<'a> {
    at: Moment,
    transaction_id: &'a str,
    out_trade_no: &'a str,
    openid: &'a str,
    state: &'a str,
    /// The eight columns from the settled amount to the refund's status.
    amounts: [&'a str; 8],
    description: &'a str,
    order_amount: &'a str,
    refund_amount: &'a str,
}

impl BillRow<'_> {
    fn write(&self, sandbox: &SandboxState) -> String {
        let config = &sandbox.config;
        let at = self.at.shanghai().replace('T', " ");
        let merchant = [at.as_str(), &config.app_id, &config.mchid, "0", ""];
        let trade = [self.transaction_id, self.out_trade_no, self.openid];
        let state = ["JSAPI", self.state, "OTHERS", "CNY"];
        let (total, refund) = (self.order_amount, self.refund_amount);
        let rest = [self.description, "", "0.00000", "0.60%", total, refund, ""];
        join_cells(
            merchant
                .into_iter()
                .chain(trade)
                .chain(state)
                .chain(self.amounts)
                .chain(rest),
        )
    }
}

/// Joins cells as WeChat Pay does: each begins with a backtick, so that no spreadsheet reads long
/// numbers as numbers and rounds them.
fn join_cells<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| format!("`{cell}")).collect();
    cells.join(",")
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
