//! Pages of a listing: eight rows each, numbered from one.

/// A page of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page(i64);

impl Page {
    /// The number of rows on a page.
    pub const ROWS: i64 = 8;
    /// The first page.
    pub const FIRST: Self = Self(1);
    const LAST: i64 = 1 << 31;

    /// The page with this number; `None` unless it is from 1 to 2^31.
    #[must_use]
    pub fn new(number: i64) -> Option<Self> {
        (1..=Self::LAST).contains(&number).then_some(Self(number))
    }

    /// The page number, from 1.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The rows on this page of a listing; none past its end.
    #[must_use]
    pub fn of<T>(self, rows: &[T]) -> &[T] {
        let start = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let rows = rows.get(start..).unwrap_or_default();
        let size = usize::try_from(Self::ROWS).unwrap_or(0);
        rows.get(..size).unwrap_or(rows)
    }

    /// The number of rows before this page.
    #[must_use]
    pub const fn offset(self) -> i64 {
        // At most 2^31 × 8, which fits into 64 bits.
        (self.0 - 1) * Self::ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_numbers_start_at_one() {
        assert_eq!(Page::new(1).map(Page::offset), Some(0));
        assert_eq!(Page::new(3).map(Page::offset), Some(16));
        assert_eq!(Page::new(1 << 31).map(Page::offset), Some(17_179_869_176));
        let rows: Vec<i64> = (0..10).collect();
        let page = |number: i64| Page::new(number).unwrap().of(&rows);
        assert_eq!((page(1), page(2)), (&rows[..8], &rows[8..]));
        assert!(page(3).is_empty() && page(1 << 31).is_empty());
        for wrong in [0, -1, (1 << 31) + 1, i64::MAX] {
            assert_eq!(Page::new(wrong), None);
        }
    }
}
