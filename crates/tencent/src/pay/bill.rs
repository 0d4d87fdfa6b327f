//! The trade bill (`/v3/bill/tradebill`, type ALL): CSV with Chinese headings,
//! every cell behind a backtick, a summary at the end.

use std::collections::HashMap;

/// A payment or refund in a bill. Amounts in yuan, as written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BillRow {
    pub transaction_id: String,
    pub out_trade_no: String,
    /// `SUCCESS` for a payment, `REFUND` (or `REVOKED`) for money that went back.
    pub trade_state: String,
    /// What the payment came to.
    pub order_yuan: String,
    pub refund_id: String,
    pub out_refund_no: String,
    pub refund_yuan: String,
    /// `SUCCESS`, `PROCESSING`, `FAIL`, …
    pub refund_state: String,
}

/// A bill that cannot be read, and why.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the bill: {why}")]
pub struct UnreadableBill {
    line: usize,
    why: &'static str,
}

/// The headings of the columns that are used.
const ORDER: &str = "商户订单号";
const SUMMARY: &str = "总交易单数";

/// Reads a whole bill. Every column is found by its heading, so that more of them do no harm.
pub fn parse_bill(text: &str) -> Result<Vec<BillRow>, UnreadableBill> {
    let unreadable = |line: usize, why: &'static str| UnreadableBill { line, why };
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quoting(false)
        .from_reader(text.as_bytes());
    let mut records = reader
        .records()
        .enumerate()
        .map(|(at, record)| match record {
            Ok(record) => Ok((at + 1, record)),
            Err(_) => Err(unreadable(at + 1, "it is not CSV")),
        });
    let (_, headings) = records
        .next()
        .ok_or_else(|| unreadable(1, "it is empty"))??;
    let columns: HashMap<&str, usize> = headings
        .iter()
        .enumerate()
        .map(|(at, name)| (cell(name), at))
        .collect();
    if !columns.contains_key(ORDER) {
        return Err(unreadable(1, "it has no column 商户订单号"));
    }
    let mut rows = Vec::new();
    for record in records {
        let (line, record) = record?;
        if record.get(0).map(cell) == Some(SUMMARY) {
            return Ok(rows);
        }
        if record.len() != headings.len() {
            return Err(unreadable(
                line,
                "it has another number of cells than there are headings",
            ));
        }
        let of = |name: &str| {
            columns
                .get(name)
                .and_then(|at| record.get(*at))
                .map(cell)
                .unwrap_or_default()
                .to_owned()
        };
        rows.push(BillRow {
            transaction_id: of("微信订单号"),
            out_trade_no: of(ORDER),
            trade_state: of("交易状态"),
            order_yuan: of("订单金额"),
            refund_id: of("微信退款单号"),
            out_refund_no: of("商户退款单号"),
            refund_yuan: of("申请退款金额"),
            refund_state: of("退款状态"),
        });
    }
    Err(unreadable(rows.len() + 2, "it ends before its summary"))
}

fn cell(text: &str) -> &str {
    text.trim().trim_start_matches('`').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BILL: &str = "\u{feff}交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n\
`2026-11-23 10:00:00,`wx1,`1900000001,`0,`,`4200001,`Q1,`o1,`JSAPI,`SUCCESS,`OTHERS,`CNY,`6.00,`0.00,`0,`0,`0.00,`0.00,`,`,`say \"60\" gold,`,`0.04000,`0.60%,`6.00,`0.00,`\r\n\
`2026-11-23 11:00:00,`wx1,`1900000001,`0,`,`4200001,`Q1,`o1,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`5030001,`R1,`3.00,`0.00,`ORIGINAL,`SUCCESS,`gold,`,`-0.02000,`0.60%,`0.00,`3.00,`\r\n\
总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n\
`2,`6.00,`3.00,`0.00,`0.02000,`6.00,`3.00\r\n";

    #[test]
    fn payments_and_refunds_are_read() {
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
        let refund = (
            rows[1].out_refund_no.as_str(),
            rows[1].refund_yuan.as_str(),
            rows[1].refund_state.as_str(),
        );
        assert_eq!(refund, ("R1", "3.00", "SUCCESS"));
    }

    #[test]
    fn half_a_bill_is_none() {
        let (rows, _) = BILL.split_once("总交易单数").unwrap();
        assert!(
            parse_bill(rows)
                .unwrap_err()
                .to_string()
                .contains("before its summary")
        );
        assert!(parse_bill("").unwrap_err().to_string().contains("empty"));
        assert!(
            parse_bill("a,b\r\n1,2\r\n")
                .unwrap_err()
                .to_string()
                .contains("商户订单号")
        );
        assert!(
            parse_bill(&BILL.replace("`gold,", ""))
                .unwrap_err()
                .to_string()
                .contains("line 3")
        );
    }
}
