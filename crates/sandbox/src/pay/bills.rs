//! Certificates and bills.

use actix_web::{HttpRequest, HttpResponse, web};
use qlive_types::{Moment, random};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::{answer, is_signed, refuse, seal, text};
use crate::world::World;

/// The present certificate, sealed.
pub(super) async fn certificates(world: web::Data<World>, request: HttpRequest) -> HttpResponse {
    answer(&world, &request, b"", |_| {
        let papers = &world.drawer.papers;
        let now = world.clock.now();
        let row = json!({
            "serial_no": papers.certificate_serial,
            "effective_time": now.rfc3339(),
            "expire_time": now.after(std::time::Duration::from_secs(1825 * 86_400)).rfc3339(),
            "encrypt_certificate": seal(&world, "certificate", &papers.certificate),
        });
        (200, json!({"data": [row]}))
    })
    .await
}

/// Where a day's bill is, and its digest.
pub(super) async fn tradebill(world: web::Data<World>, request: HttpRequest) -> HttpResponse {
    answer(&world, &request, b"", |_| {
        let Some(day) = day_of(request.query_string()) else {
            return refuse(400, "PARAM_ERROR");
        };
        let Some(bill) = bill(&world, &day) else {
            return refuse(400, "NO_STATEMENT_EXIST");
        };
        let (token, digest) = (random::hex(8), hex::encode(Sha1::digest(&bill)));
        let url = format!("{}/v3/billdownload/file?token={token}", world.base);
        world.state().bills.insert(token, bill);
        (
            200,
            json!({"hash_type": "SHA1", "hash_value": digest, "download_url": url}),
        )
    })
    .await
}

/// The file itself comes unsigned, and as it was announced.
pub(super) async fn download(world: web::Data<World>, request: HttpRequest) -> HttpResponse {
    if !is_signed(&world, &request, b"") {
        return HttpResponse::Unauthorized()
            .json(json!({"code": "SIGN_ERROR", "message": "sandbox"}));
    }
    let tampered = world
        .fault(request.path())
        .await
        .is_some_and(|fault| fault.tampered);
    let announced = world
        .state()
        .bills
        .get(request.query_string().trim_start_matches("token="))
        .cloned();
    let Some(mut bill) = announced else {
        return HttpResponse::NotFound().finish();
    };
    if tampered {
        bill.push_str("`and more\r\n");
    }
    HttpResponse::Ok().content_type("text/plain").body(bill)
}

fn day_of(query: &str) -> Option<String> {
    let day = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("bill_date="))?;
    Moment::parse_day(day).map(|_| day.to_owned())
}

/// The trade bill of a day, type ALL, in WeChat's form. There is none of a day without trade.
fn bill(world: &World, day: &str) -> Option<String> {
    const HEADINGS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    const SUMMARY: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    let state = world.state();
    let (mut rows, mut paid, mut refunded) = (Vec::new(), 0, 0);
    for (no, order) in &state.orders {
        let Some(at) = order.paid_at.filter(|at| at.shanghai().starts_with(day)) else {
            continue;
        };
        paid += order.total();
        let openid = order
            .asked
            .pointer("/payer/openid")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let (fen, goods) = (yuan(order.total()), text(&order.asked, "description"));
        let (who, what) = (
            [order.transaction_id.as_str(), no, openid],
            [fen.as_str(), "0.00", "0", "0", "0.00", "0.00", "", ""],
        );
        rows.push((
            at,
            row(
                world,
                at,
                who,
                "SUCCESS",
                what,
                [goods, "", "0.00000", "0.60%", &fen, "0.00", ""],
            ),
        ));
    }
    for (no, refund) in &state.refunds {
        if !refund.made_at.shanghai().starts_with(day) || refund.status == "CLOSED" {
            continue;
        }
        refunded += refund.fen();
        let fen = yuan(refund.fen());
        let who = [
            refund.transaction_id.as_str(),
            text(&refund.asked, "out_trade_no"),
            "",
        ];
        let what = [
            "0.00",
            "0.00",
            refund.refund_id.as_str(),
            no,
            &fen,
            "0.00",
            "ORIGINAL",
            refund.status,
        ];
        rows.push((
            refund.made_at,
            row(
                world,
                refund.made_at,
                who,
                "REFUND",
                what,
                ["", "", "0.00000", "0.60%", "0.00", &fen, ""],
            ),
        ));
    }
    if rows.is_empty() {
        return None;
    }
    rows.sort();
    let lines: String = rows.iter().map(|(_, line)| format!("{line}\r\n")).collect();
    let (count, paid, refunded) = (rows.len().to_string(), yuan(paid), yuan(refunded));
    let totals = cells([
        count.as_str(),
        &paid,
        &refunded,
        "0.00",
        "0.00000",
        &paid,
        &refunded,
    ]);
    Some(format!(
        "\u{feff}{HEADINGS}\r\n{lines}{SUMMARY}\r\n{totals}\r\n"
    ))
}

/// A row of a bill: when and for whom, who paid what, what became of it, the rest.
fn row(
    world: &World,
    at: Moment,
    who: [&str; 3],
    state: &str,
    what: [&str; 8],
    rest: [&str; 7],
) -> String {
    let (at, accounts) = (when(at), &world.accounts);
    let first = [at.as_str(), &accounts.app_id, &accounts.mchid, "0", ""];
    let state = ["JSAPI", state, "OTHERS", "CNY"];
    cells(
        first
            .into_iter()
            .chain(who)
            .chain(state)
            .chain(what)
            .chain(rest),
    )
}

/// Cells as WeChat writes them: each behind a backtick, so that no spreadsheet rounds a number.
fn cells<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| format!("`{cell}")).collect();
    cells.join(",")
}

fn when(at: Moment) -> String {
    at.shanghai().replace('T', " ")
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
