//! The form of a trade bill: its headings, its encoding, and how its cells are written.

use encoding_rs::GBK;
use serde::Deserialize;

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

/// The form of bills, and what else they list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BillForm {
    headings: Headings,
    encoding: Encoding,
    /// Whether cells are quoted as a spreadsheet quotes them when it saves the bill.
    quoted: bool,
    /// Sales of other sellers under the same merchant, at noon of each day.
    pub(super) other_sales: Vec<OtherSale>,
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
pub(super) struct OtherSale {
    pub(super) description: String,
    pub(super) attach: String,
}

impl BillForm {
    /// A bill with these rows and totals.
    pub(super) fn write(&self, mut rows: Vec<Vec<String>>, mut totals: Vec<String>) -> Vec<u8> {
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
