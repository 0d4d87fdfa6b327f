//! Tables as CSV ("Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180),
//! for spreadsheets.

/// A table as CSV, with a mark by which spreadsheets read it as UTF-8.
pub(crate) fn csv(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = "\u{FEFF}".to_owned();
    push_line(&mut text, head.iter().copied());
    for row in rows {
        push_line(&mut text, row.iter().map(String::as_str));
    }
    text
}

fn push_line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push('"');
        if is_formula(cell) || is_long_number(cell) {
            text.push('\'');
        }
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

/// Whether a spreadsheet would run a cell. A number is none, with or without a sign.
fn is_formula(cell: &str) -> bool {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let rest = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let is_number = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    begins && !is_number
}

/// Whether a spreadsheet would round a cell: it keeps 15 digits of a number.
fn is_long_number(cell: &str) -> bool {
    cell.len() > 15 && cell.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_lines_end_as_spreadsheets_expect() {
        let rows = vec![vec!["a,b".to_owned(), "say \"hi\"\nthere".to_owned()]];
        let expected = "\u{FEFF}\"x\",\"y\"\r\n\"a,b\",\"say \"\"hi\"\"\nthere\"\r\n";
        assert_eq!(csv(&["x", "y"], &rows), expected);
    }

    #[test]
    fn formulas_are_texts_and_numbers_stay_numbers() {
        for formula in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3+cmd",
            "@SUM(A1)",
            "\t=1",
            "＝1+1",
            "-",
        ] {
            assert!(is_formula(formula), "{formula:?}");
        }
        assert!(is_long_number("4200001234202611271234567890"));
        assert!(!is_long_number("123456789012345"));
        for plain in ["-12.50", "+7", "0", "2026-11-27", "小明", ""] {
            assert!(!is_formula(plain), "{plain:?}");
        }
    }
}
