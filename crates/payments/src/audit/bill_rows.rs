//! What a row of a bill says, and rows that say nothing that is known.

use qlive_tencent::pay::BillRow;
use qlive_types::Fen;

use crate::audit::difference::{Difference, DifferenceKind};
use crate::error::PaymentsError;

/// An amount of a row.
pub(crate) fn parse_amount(row: &BillRow, yuan: &str) -> Result<Fen, PaymentsError> {
    let line = row.line;
    Fen::parse_yuan(yuan).ok_or_else(|| {
        PaymentsError::Bill(format!(
            "line {line} of the bill: the amount is invalid: {yuan}"
        ))
    })
}

/// The difference for a row whose state is not known. It is named by its line.
pub(crate) fn unknown_row(row: &BillRow) -> Difference {
    Difference {
        kind: DifferenceKind::UnknownRow,
        number: format!("line {} ({})", row.line, row.out_trade_no),
        bill: None,
        recorded: None,
    }
}
