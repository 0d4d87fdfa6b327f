//! Parsing of trade bills.
//!
//! Vendor's page: 申请交易账单 ("Requesting a trade bill"), pay.weixin.qq.com, bill type ALL. A
//! bill is CSV with Chinese headings; every cell starts with a backtick, and the last two lines are
//! a summary.

use std::collections::HashMap;

use csv::StringRecord;

/// A payment or a refund in a bill. Amounts are yuan, as written in the bill.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BillRow {
    pub transaction_id: String,
    pub out_trade_no: String,
    /// `SUCCESS` for a payment, `REFUND` or `REVOKED` for a refund.
    pub trade_state: String,
    /// The amount of the payment.
    pub order_yuan: String,
    pub refund_id: String,
    pub out_refund_no: String,
    pub refund_yuan: String,
    /// For example `SUCCESS`, `PROCESSING` or `FAIL`.
    pub refund_state: String,
}

/// A bill that cannot be parsed: the line, counted from 1, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the bill: {reason}")]
pub struct BillError {
    line: usize,
    reason: &'static str,
}

/// The heading of the column with the merchant's order number.
const OUT_TRADE_NO: &str = "商户订单号";
/// The first heading of the summary.
const SUMMARY: &str = "总交易单数";

/// Parses a whole bill. Columns are found by their headings, so additional columns are ignored.
///
/// # Errors
/// Fails when the text is not CSV, a column or a cell is missing, or the summary at the end is
/// missing, which means that the bill is incomplete.
pub fn parse_bill(text: &str) -> Result<Vec<BillRow>, BillError> {
    let error_at = |line: usize, reason: &'static str| BillError { line, reason };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quoting(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut records = reader
        .records()
        .enumerate()
        .map(|(index, record)| match record {
            Ok(record) => Ok((index + 1, record)),
            Err(_) => Err(error_at(index + 1, "it is not CSV")),
        });
    let (_, headings) = records.next().ok_or_else(|| error_at(1, "it is empty"))??;
    let columns: HashMap<&str, usize> = headings
        .iter()
        .enumerate()
        .map(|(index, heading)| (strip_backtick(heading), index))
        .collect();
    if !columns.contains_key(OUT_TRADE_NO) {
        return Err(error_at(1, "it has no column 商户订单号"));
    }
    let mut rows = Vec::new();
    for record in records {
        let (line, record) = record?;
        if record.get(0).map(strip_backtick) == Some(SUMMARY) {
            return Ok(rows);
        }
        if record.len() != headings.len() {
            let reason = "the number of cells differs from the number of headings";
            return Err(error_at(line, reason));
        }
        rows.push(parse_row(&columns, &record));
    }
    Err(error_at(rows.len() + 2, "it ends before its summary"))
}

fn parse_row(columns: &HashMap<&str, usize>, record: &StringRecord) -> BillRow {
    let cell = |heading: &str| {
        columns
            .get(heading)
            .and_then(|index| record.get(*index))
            .map(strip_backtick)
            .unwrap_or_default()
            .to_owned()
    };
    BillRow {
        transaction_id: cell("微信订单号"),
        out_trade_no: cell(OUT_TRADE_NO),
        trade_state: cell("交易状态"),
        order_yuan: cell("订单金额"),
        refund_id: cell("微信退款单号"),
        out_refund_no: cell("商户退款单号"),
        refund_yuan: cell("申请退款金额"),
        refund_state: cell("退款状态"),
    }
}

fn strip_backtick(cell: &str) -> &str {
    cell.trim().trim_start_matches('`').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BILL: &str = "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,\
        商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,\
        微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,\
        商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n\
        `2026-11-23 10:00:00,`wx1,`1900000001,`0,`,`4200001,`Q1,`o1,`JSAPI,`SUCCESS,`OTHERS,\
        `CNY,`6.00,`0.00,`0,`0,`0.00,`0.00,`,`,`say \"60\" gold,`,`0.04000,`0.60%,`6.00,`0.00,\
        `\r\n\
        `2026-11-23 11:00:00,`wx1,`1900000001,`0,`,`4200001,`Q1,`o1,`JSAPI,`REFUND,`OTHERS,\
        `CNY,`0.00,`0.00,`5030001,`R1,`3.00,`0.00,`ORIGINAL,`SUCCESS,`gold,`,`-0.02000,`0.60%,\
        `0.00,`3.00,`\r\n\
        总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,\
        申请退款总金额\r\n\
        `2,`6.00,`3.00,`0.00,`0.02000,`6.00,`3.00\r\n";

    fn error_text(bill: &str) -> String {
        parse_bill(bill).unwrap_err().to_string()
    }

    #[test]
    fn payments_and_refunds_are_parsed() {
        let rows = parse_bill(BILL).unwrap();
        let payment = BillRow {
            transaction_id: "4200001".into(),
            out_trade_no: "Q1".into(),
            trade_state: "SUCCESS".into(),
            order_yuan: "6.00".into(),
            refund_id: "0".into(),
            out_refund_no: "0".into(),
            refund_yuan: "0.00".into(),
            refund_state: String::new(),
        };
        assert_eq!((rows.len(), &rows[0]), (2, &payment));
        let refund = &rows[1];
        assert_eq!(
            (
                refund.out_refund_no.as_str(),
                refund.refund_yuan.as_str(),
                refund.refund_state.as_str()
            ),
            ("R1", "3.00", "SUCCESS")
        );
    }

    #[test]
    fn incomplete_bill_is_an_error() {
        let (without_summary, _) = BILL.split_once("总交易单数").unwrap();
        assert!(error_text(without_summary).contains("before its summary"));
        assert!(error_text("").contains("empty"));
        assert!(error_text("a,b\r\n1,2\r\n").contains("商户订单号"));
        assert!(error_text(&BILL.replace("`gold,", "")).contains("line 3"));
    }
}
