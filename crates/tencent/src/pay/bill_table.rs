//! Reading a trade bill as a table, before its cells mean anything.
//!
//! Vendor's page: 交易账单详细说明 ("Trade bill format"), pay.weixin.qq.com. Every cell begins with a
//! backtick, and nothing is quoted or escaped, although product names and 商户数据包 are free text. So
//! a cell ends where a comma and a backtick follow, and a row ends where a line break, a backtick
//! and a date follow.
//!
//! What free text can still make ambiguous: a product name or 商户数据包 that contains a comma and
//! a backtick, or a line that begins as rows do. Only these two columns are free text, and they are
//! neighbours, so the columns before them are counted from the left and those after them from the
//! right; the text between them goes to both columns as it comes. A row that lacks cells, or whose
//! needed cells contain separators, is an error that names its line. A text that imitates the end
//! of its own row and a whole new one cannot be recognized; only sellers under the same merchant
//! can write one.
//!
//! A spreadsheet that saved a bill has quoted the cells that need it. Such a bill is read as CSV.

use encoding_rs::GBK;

/// The first heading of the summary.
const SUMMARY: &str = "总交易单数";
/// The columns of free text: the product's name, and what the seller attached to the order.
const TEXT_COLUMNS: [&str; 2] = ["商品名称", "商户数据包"];

/// A bill that cannot be read: the line, counted from 1, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the bill: {reason}")]
pub struct BillError {
    pub line: usize,
    pub reason: String,
}

impl BillError {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

/// The rows of a bill, without its summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillTable {
    pub headings: Vec<String>,
    pub rows: Vec<TableRow>,
}

/// A row: as many cells as there are headings, without their backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The line at which it begins, counted from 1.
    pub line: usize,
    pub cells: Vec<String>,
}

/// The headings of a bill, and the rest of it.
pub(super) struct BillParts<'a> {
    pub(super) headings: Vec<String>,
    rest: &'a str,
    /// The line at which the rest begins.
    first_line: usize,
}

/// The text of a row, which may have several lines.
struct RowText {
    line: usize,
    text: String,
    /// The cells after the last line break that looks like the begin of a row.
    cells_of_last_chunk: usize,
}

/// Decodes a bill: UTF-8 with or without a byte order mark, else GBK. Bytes that are neither, for
/// example of a text that was cut off inside a character, become U+FFFD.
#[must_use]
pub fn decode_bill(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // The headings tell the encoding; a cell may be damaged.
    let headings = bytes.split(|byte| *byte == b'\n').next();
    if headings.is_some_and(|headings| std::str::from_utf8(headings).is_ok()) {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        GBK.decode_without_bom_handling(bytes).0.into_owned()
    }
}

/// Splits off the headings.
pub(super) fn split_headings(text: &str) -> Result<BillParts<'_>, BillError> {
    let text = text.trim_start_matches('\u{feff}');
    let body = text.trim_start();
    if body.is_empty() {
        return Err(BillError::new(1, "it is empty"));
    }
    let skipped = count_breaks(text) - count_breaks(body);
    let (line, rest) = body.split_once('\n').unwrap_or((body, ""));
    let clean = |cell: &str| {
        let cell = cell.trim().trim_matches('"');
        cell.trim_start_matches('`').trim().to_owned()
    };
    let mut headings: Vec<String> = line.split(',').map(clean).collect();
    while headings.last().is_some_and(String::is_empty) {
        headings.pop();
    }
    Ok(BillParts {
        headings,
        rest,
        first_line: skipped + 2,
    })
}

impl BillParts<'_> {
    /// Reads the rows. The cells of the columns `plain` are numbers, names of states and amounts:
    /// when one of them contains a separator, the cells were not separated rightly.
    pub(super) fn read_rows(&self, plain: &[usize]) -> Result<Vec<TableRow>, BillError> {
        let rows = split_summary(self.rest).ok_or_else(|| {
            let line = self.first_line + count_breaks(self.rest.trim_end());
            BillError::new(line, "it ends before its summary")
        })?;
        let is_plain = |row: &TableRow| {
            plain.iter().all(|column| {
                let cell = row.cells.get(*column);
                cell.is_some_and(|cell| !cell.contains([',', '`', '"', '\n', '\r']))
            })
        };
        let checked = |rows: Vec<TableRow>| match rows.iter().find(|row| !is_plain(row)) {
            Some(row) => Err(BillError::new(row.line, "its cells cannot be separated")),
            None => Ok(rows),
        };
        let count = count_of_summary(self.rest);
        let as_sent = self.read_backticked(rows).and_then(checked);
        if as_sent.as_ref().is_ok_and(|rows| count == Some(rows.len())) {
            return as_sent;
        }
        let as_saved = self.read_spreadsheet(rows).and_then(checked);
        let Err(error) = as_sent else {
            // A quoted text with a line break can make two rows of a spreadsheet look like one.
            return match as_saved {
                Ok(rows) if count == Some(rows.len()) => Ok(rows),
                _ => as_sent,
            };
        };
        match as_saved {
            Ok(rows) => Ok(rows),
            Err(_) if rows.contains('`') => Err(error),
            Err(error) => Err(error),
        }
    }

    /// Reads rows as WeChat Pay sends them.
    fn read_backticked(&self, rows: &str) -> Result<Vec<TableRow>, BillError> {
        let columns = self.headings.len();
        let mut read = Vec::new();
        for part in self.group_lines(rows)? {
            let cells: Vec<String> = part
                .text
                .trim_end_matches(['\r', '\n'])
                .strip_prefix('`')
                .unwrap_or_default()
                .split(",`")
                .map(str::to_owned)
                .collect();
            let count = cells.len();
            let cells = match self.text_column() {
                _ if count == columns => Some(cells),
                Some(before) if count > columns => self.join_texts(cells, before, &part),
                _ => None,
            };
            let cells = cells.ok_or_else(|| {
                let reason = format!("it has {count} cells, and there are {columns} headings");
                BillError::new(part.line, reason)
            })?;
            read.push(TableRow {
                line: part.line,
                cells,
            });
        }
        Ok(read)
    }

    /// Groups the lines of each row. A row begins at a line that begins with a backtick and a date,
    /// and has the cells before the columns of text. All other lines belong to a text.
    fn group_lines(&self, rows: &str) -> Result<Vec<RowText>, BillError> {
        let mut chunks: Vec<(usize, String)> = Vec::new();
        for (index, line) in rows.split_inclusive('\n').enumerate() {
            let number = self.first_line + index;
            match chunks.last_mut() {
                _ if begins_row(line) => chunks.push((number, line.to_owned())),
                Some((_, chunk)) => chunk.push_str(line),
                None if line.trim().is_empty() => {}
                None => return Err(BillError::new(number, "it does not begin with a backtick")),
            }
        }
        let mut parts: Vec<RowText> = Vec::new();
        for (line, text) in chunks {
            let cells = count_cells(&text);
            let begins = self.text_column().is_none_or(|before| cells > before);
            match parts.last_mut() {
                Some(part) if !begins => {
                    part.text.push_str(&text);
                    part.cells_of_last_chunk = cells;
                }
                _ => parts.push(RowText {
                    line,
                    text,
                    cells_of_last_chunk: cells,
                }),
            }
        }
        Ok(parts)
    }

    /// The first of the two columns of text, when they are neighbours.
    fn text_column(&self) -> Option<usize> {
        let [name, attached] = TEXT_COLUMNS;
        let first = self.headings.iter().position(|heading| heading == name)?;
        let next = self.headings.get(first + 1)?;
        (next == attached).then_some(first)
    }

    /// Joins the cells into which a text with a comma and a backtick was split. `None` when the end
    /// of the row lacks cells.
    fn join_texts(
        &self,
        mut cells: Vec<String>,
        before: usize,
        part: &RowText,
    ) -> Option<Vec<String>> {
        let after = self.headings.len().checked_sub(before + 2)?;
        if part.cells_of_last_chunk <= after {
            return None;
        }
        let tail = cells.split_off(cells.len().checked_sub(after)?);
        let mut texts = cells.split_off(before);
        let last = texts.pop()?;
        cells.push(texts.join(",`"));
        cells.push(last);
        cells.extend(tail);
        Some(cells)
    }

    /// Reads rows as a spreadsheet saved them: CSV with quoted cells. A text with a comma that the
    /// spreadsheet took for two cells is joined again, since its second part has no backtick.
    fn read_spreadsheet(&self, rows: &str) -> Result<Vec<TableRow>, BillError> {
        let columns = self.headings.len();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(rows.as_bytes());
        let mut read = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                BillError::new(self.line_of(line), "it is not CSV")
            })?;
            let line = self.line_of(record.position().map_or(0, csv::Position::line));
            let mut cells: Vec<String> = Vec::new();
            let has_backticks = record.get(0).is_some_and(|cell| cell.starts_with('`'));
            for cell in &record {
                match cells.last_mut() {
                    Some(last) if has_backticks && !cell.starts_with('`') => {
                        last.push(',');
                        last.push_str(cell);
                    }
                    _ => cells.push(cell.strip_prefix('`').unwrap_or(cell).to_owned()),
                }
            }
            // A spreadsheet gives all lines the same number of cells.
            while cells.len() > columns && cells.last().is_some_and(String::is_empty) {
                cells.pop();
            }
            if cells.len() != columns {
                let count = cells.len();
                let reason = format!("it has {count} cells, and there are {columns} headings");
                return Err(BillError::new(line, reason));
            }
            read.push(TableRow { line, cells });
        }
        Ok(read)
    }

    /// The line of the bill at a line of its rows, which is counted from 1.
    fn line_of(&self, line: u64) -> usize {
        self.first_line + usize::try_from(line).unwrap_or(1).saturating_sub(1)
    }
}

/// The rows before the summary, which is the last two lines: headings and totals.
fn split_summary(rest: &str) -> Option<&str> {
    let (before_totals, _) = rest.trim_end().rsplit_once('\n')?;
    let before_totals = before_totals.trim_end();
    let start = before_totals.rfind('\n').map_or(0, |at| at + 1);
    let (rows, headings) = before_totals.split_at_checked(start)?;
    let first = headings.trim_start_matches(['"', '`']);
    first.starts_with(SUMMARY).then_some(rows)
}

/// The number of rows according to the summary.
fn count_of_summary(rest: &str) -> Option<usize> {
    let (_, totals) = rest.trim_end().rsplit_once('\n')?;
    let first = totals.split(',').next()?;
    first.trim_matches(['"', '`']).parse().ok()
}

/// Whether a line begins with a backtick and a date, as rows do.
fn begins_row(line: &str) -> bool {
    let Some(date) = line.strip_prefix('`') else {
        return false;
    };
    let mut bytes = date.bytes();
    bytes.by_ref().take(4).filter(u8::is_ascii_digit).count() == 4 && bytes.next() == Some(b'-')
}

fn count_cells(text: &str) -> usize {
    text.matches(",`").count() + 1
}

fn count_breaks(text: &str) -> usize {
    text.matches('\n').count()
}
