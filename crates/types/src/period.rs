//! [`Period`]: from when until when something holds.

use crate::Moment;

/// From when until when something holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// From this moment on; `None`: since ever.
    pub from: Option<Moment>,
    /// Until before this moment; `None`: for ever.
    pub until: Option<Moment>,
}

impl Period {
    /// The period between two columns with milliseconds.
    #[must_use]
    pub fn from_millis(from: Option<i64>, until: Option<i64>) -> Self {
        Self {
            from: from.map(Moment::from_millis),
            until: until.map(Moment::from_millis),
        }
    }

    /// Whether it ends after it begins.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.from
            .zip(self.until)
            .is_none_or(|(from, until)| from < until)
    }

    #[must_use]
    pub fn contains(&self, at: Moment) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_before_its_end() {
        let at = Moment::from_millis;
        let always = Period::default();
        assert!(always.is_valid() && always.contains(at(5)));
        let some = Period::from_millis(Some(3), Some(5));
        let held: Vec<i64> = (0..8).filter(|&ms| some.contains(at(ms))).collect();
        assert_eq!(held, [3, 4]);
        assert!(some.is_valid() && !Period::from_millis(Some(3), Some(3)).is_valid());
    }
}
