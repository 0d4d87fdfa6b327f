//! What the rows of a trade bill mean.
//!
//! Vendor's pages: 申请交易账单 ("Requesting a trade bill") and 交易账单详细说明 ("Trade bill format"),
//! pay.weixin.qq.com, bill type ALL. The bill of a day lists the payments of that day, and the
//! refunds that WeChat Pay accepted that day, whenever they are done. The status of a refund is the
//! one at which the bill was made.

use super::bill_table::{BillError, BillTable, TableRow, split_headings};

/// A payment or a refund in a bill. Amounts are yuan, as written in the bill.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BillRow {
    /// The line at which it begins, counted from 1.
    pub line: usize,
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

/// The positions of the columns that are needed.
struct Columns {
    transaction_id: usize,
    out_trade_no: usize,
    trade_state: usize,
    order_yuan: usize,
    refund_id: usize,
    out_refund_no: usize,
    refund_yuan: usize,
    refund_state: usize,
}

impl Columns {
    /// Finds the columns by their headings. Bills of merchants from before 2018 have other headings
    /// of the amounts.
    fn find(headings: &[String]) -> Result<Self, BillError> {
        let mut missing = Vec::new();
        let mut twice = Vec::new();
        let mut position = |name: &'static str| {
            let mut found = headings.iter().enumerate();
            let first = found.by_ref().find(|(_, heading)| *heading == name);
            if found.any(|(_, heading)| heading == name) {
                twice.push(name);
            }
            first.map_or_else(
                || {
                    missing.push(name);
                    0
                },
                |(index, _)| index,
            )
        };
        let (order, refund) = if headings.iter().any(|heading| heading == "总金额") {
            ("总金额", "退款金额")
        } else {
            ("订单金额", "申请退款金额")
        };
        let columns = Self {
            transaction_id: position("微信订单号"),
            out_trade_no: position("商户订单号"),
            trade_state: position("交易状态"),
            order_yuan: position(order),
            refund_id: position("微信退款单号"),
            out_refund_no: position("商户退款单号"),
            refund_yuan: position(refund),
            refund_state: position("退款状态"),
        };
        let problem = |problem: &str, names: &[&str]| {
            BillError::new(1, format!("{problem} the heading {}", names.join(", ")))
        };
        if !missing.is_empty() {
            return Err(problem(
                "it is no bill of type ALL, since it lacks",
                &missing,
            ));
        }
        if !twice.is_empty() {
            return Err(problem("it has twice", &twice));
        }
        Ok(columns)
    }

    const fn all(&self) -> [usize; 8] {
        [
            self.transaction_id,
            self.out_trade_no,
            self.trade_state,
            self.order_yuan,
            self.refund_id,
            self.out_refund_no,
            self.refund_yuan,
            self.refund_state,
        ]
    }

    fn row(&self, row: &TableRow) -> BillRow {
        let cell = |column: usize| {
            let cell = row.cells.get(column);
            cell.map(|cell| cell.trim().to_owned()).unwrap_or_default()
        };
        BillRow {
            line: row.line,
            transaction_id: cell(self.transaction_id),
            out_trade_no: cell(self.out_trade_no),
            trade_state: cell(self.trade_state),
            order_yuan: cell(self.order_yuan),
            refund_id: cell(self.refund_id),
            out_refund_no: cell(self.out_refund_no),
            refund_yuan: cell(self.refund_yuan),
            refund_state: cell(self.refund_state),
        }
    }
}

/// Parses a whole bill. Columns are found by their headings, so additional columns are ignored.
///
/// # Errors
/// Fails when a heading is missing, a row cannot be read in exactly one way, or the summary at the
/// end is missing, which means that the bill is incomplete.
pub fn parse_bill(text: &str) -> Result<Vec<BillRow>, BillError> {
    let table = read_bill_table(text)?;
    let columns = Columns::find(&table.headings)?;
    Ok(table.rows.iter().map(|row| columns.row(row)).collect())
}

/// Reads a whole bill as a table, with the cells of all columns.
///
/// # Errors
/// Those of [`parse_bill`].
pub fn read_bill_table(text: &str) -> Result<BillTable, BillError> {
    let parts = split_headings(text)?;
    let needed = Columns::find(&parts.headings)?.all();
    let rows = parts.read_rows(&needed)?;
    Ok(BillTable {
        headings: parts.headings,
        rows,
    })
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
            line: 2,
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

    /// The bill with this product name and this text of the seller in its first row.
    fn bill_with(name: &str, attached: &str) -> String {
        BILL.replace("`say \"60\" gold,`,", &format!("`{name},`{attached},"))
    }

    #[test]
    fn free_text_does_not_disturb_its_row_or_the_next() {
        let expected = parse_bill(BILL).unwrap();
        for text in [
            "a,b",
            ",",
            "\"",
            "\"a",
            "a\"\"b,\"",
            ",\"`a\",",
            "a\nb",
            "a\r\nb\r\n\r\nc",
            "a,`b",
            "`",
            "``,``",
            "a\n`b",
            "a\n`2026-11-23 10:00:00,`wx1",
            ",`,`,`,`,`,`,`",
            ",`,`,`,`,`,`,`\n`2026-11-23 10:00:00,`",
            "\n`2026-\n`2026-\n`2026-,`\n`2026-",
            "总交易单数",
            "\n总交易单数,应结订单总金额\n`9,`9",
            "\u{feff}\u{202e}\u{fffd}",
        ] {
            for bill in [
                bill_with(text, ""),
                bill_with("", text),
                bill_with(text, text),
            ] {
                let mut rows = parse_bill(&bill).unwrap();
                rows[1].line = expected[1].line;
                assert_eq!(rows, expected, "{text:?}");
            }
        }
    }

    #[test]
    fn quoted_text_with_a_date_does_not_join_its_row_to_the_one_before() {
        let (headings, rows) = BILL.split_once("\r\n").unwrap();
        let (first, rest) = rows.split_once("\r\n").unwrap();
        let second = first
            .replace("`Q1", "`Q2")
            .replace("`say \"60\" gold,`,", "\"`a,b\",\"`a\n`2026-11-23\",");
        let (_, summary) = rest.split_once("\r\n").unwrap();
        let rows = parse_bill(&format!("{headings}\r\n{first}\r\n{second}\r\n{summary}"));
        let numbers: Vec<String> = rows
            .unwrap()
            .into_iter()
            .map(|row| row.out_trade_no)
            .collect();
        assert_eq!(numbers, ["Q1", "Q2"]);
    }

    #[test]
    fn both_generations_of_headings_are_read() {
        let old = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,\
            交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,微信退款单号,商户退款单号,\
            退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率\r\n\
            `2018-05-07 10:45:37,`wx1,`1488511392,`0,`,`4200001,`Q1,`o1,`NATIVE,`SUCCESS,`CFT,\
            `CNY,`6.00,`0.00,`0,`0,`0.00,`0.00,`,`,`gold,`3496--32,`0.00000,`0.60%\r\n\
            `2018-05-07 10:54:45,`wx1,`1488511392,`0,`,`4200001,`Q1,`o1,`NATIVE,`REFUND,`CFT,\
            `CNY,`0.00,`0.00,`5030001,`R1,`3.00,`0.00,`ORIGINAL,`SUCCESS,`gold,`3496--32,\
            `0.00000,`0.60%\r\n\
            总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\r\n\
            `2,`6.00,`3.00,`0.00,`0\r\n";
        assert_eq!(parse_bill(old).unwrap(), parse_bill(BILL).unwrap());
    }

    #[test]
    fn missing_and_repeated_headings_are_named() {
        for (heading, other) in [
            ("交易状态", "状态"),
            ("退款状态", "状态"),
            ("商户退款单号", "退款单号"),
            ("微信订单号", "微信支付订单号"),
            ("微信退款单号", "微信支付退款单号"),
            ("商户订单号", "订单号"),
            ("订单金额", "金额"),
            ("申请退款金额", "申请金额"),
        ] {
            let renamed = BILL.replacen(&format!(",{heading},"), &format!(",{other},"), 1);
            assert_ne!(renamed, BILL);
            let error = error_text(&renamed);
            assert!(error.contains(heading), "{heading}: {error}");
        }
        let two = BILL
            .replacen("交易状态", "x", 1)
            .replacen("退款状态", "y", 1);
        assert!(error_text(&two).contains("交易状态, 退款状态"));
        let repeated = BILL.replacen("设备号", "交易状态", 1);
        assert!(error_text(&repeated).contains("twice"));
    }

    #[test]
    fn bill_that_a_spreadsheet_saved_is_read() {
        let expected = parse_bill(BILL).unwrap();
        let quoted = BILL.replace(
            "`say \"60\" gold,`,",
            "\"`say \"\"60\"\", gold\",\"`a\nb\",",
        );
        let mut rows = parse_bill(&quoted).unwrap();
        rows[1].line = expected[1].line;
        assert_eq!(rows, expected, "the cells that need it are quoted");
        let all_quoted: String = BILL
            .replace("say \"60\" gold", "gold")
            .lines()
            .map(|line| {
                let cells: Vec<String> = line
                    .trim_start_matches('\u{feff}')
                    .split(',')
                    .map(|cell| format!("\"{cell}\""))
                    .collect();
                format!("{}\n", cells.join(","))
            })
            .collect();
        assert_eq!(parse_bill(&all_quoted).unwrap(), expected);
        let without_backticks = all_quoted.replace('`', "");
        assert_eq!(parse_bill(&without_backticks).unwrap(), expected);
        let padded = BILL
            .replace("say \"60\" gold", "a, b\",\"c")
            .replace("`6.00,`3.00\r\n", "`6.00,`3.00,,,,,,,,,,,,,,,,,,,,\r\n");
        assert_eq!(parse_bill(&padded).unwrap(), expected);
    }

    #[test]
    fn bill_in_gbk_is_decoded() {
        use crate::pay::bill_table::decode_bill;

        let (gbk, _, _) = encoding_rs::GBK.encode(BILL.trim_start_matches('\u{feff}'));
        assert_eq!(decode_bill(&gbk), BILL.trim_start_matches('\u{feff}'));
        assert_eq!(
            decode_bill(BILL.as_bytes()),
            BILL.trim_start_matches('\u{feff}')
        );
        // A product name that was cut off inside a character does not change the encoding.
        let mut cut_off = bill_with("X", "").into_bytes();
        let at = cut_off.iter().position(|byte| *byte == b'X').unwrap();
        cut_off[at] = 0xe5;
        let rows = parse_bill(&decode_bill(&cut_off)).unwrap();
        assert_eq!(rows, parse_bill(BILL).unwrap());
    }

    #[test]
    fn row_that_cannot_be_read_names_its_line() {
        for (part, other, line) in [
            ("`ORIGINAL,", "", 3),
            ("`JSAPI,`SUCCESS,", "`SUCCESS,", 2),
            ("`1900000001,`0,`,`4200001", "`1900000001,`0,`4200001", 2),
            ("`2026-11-23 10:00:00,", "", 2),
            (
                "`4200001,`Q1,`o1,`JSAPI,`REFUND",
                "`4200001,`Q,1,`o1,`JSAPI,`REFUND",
                3,
            ),
        ] {
            let bill = BILL.replacen(part, other, 1);
            assert_ne!(bill, BILL);
            assert_eq!(parse_bill(&bill).unwrap_err().line, line, "{part}");
        }
        let shifted = BILL.replace("`JSAPI,`REFUND,", "`JSAPI,`RE,FUND,");
        assert_eq!(parse_bill(&shifted).unwrap_err().line, 3);
    }
}
