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
        for wrong in [0, -1, (1 << 31) + 1, i64::MAX] {
            assert_eq!(Page::new(wrong), None);
        }
    }
}
