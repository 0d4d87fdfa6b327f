//! The numbers under which the providers know orders, refunds and transfers.

use qlive_types::{Moment, random};

/// Draws the number of a new order (`out_trade_no`).
pub(crate) fn new_order_number(now: Moment) -> String {
    draw('Q', now)
}

/// Draws the number of a new refund (`out_refund_no`).
pub(crate) fn new_refund_number(now: Moment) -> String {
    draw('R', now)
}

/// Draws the number of a new transfer (`out_bill_no`).
pub(crate) fn new_bill_number(now: Moment) -> String {
    draw('W', now)
}

/// A letter, date and time in Shanghai, and 12 random hex digits: 27 letters and digits, which
/// every provider accepts.
fn draw(letter: char, now: Moment) -> String {
    let shanghai = now.shanghai();
    let time: String = shanghai.chars().filter(char::is_ascii_digit).collect();
    format!("{letter}{time}{}", random::hex(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_has_27_letters_and_digits_and_is_never_drawn_twice() {
        let now = Moment::from_millis(1_790_000_000_000);
        let drawn = [
            new_order_number(now),
            new_refund_number(now),
            new_bill_number(now),
        ];
        for (number, letter) in drawn.iter().zip(['Q', 'R', 'W']) {
            assert_eq!(number.len(), 27, "{number}");
            assert!(number.starts_with(letter), "{number}");
            assert!(
                number.bytes().all(|b| b.is_ascii_alphanumeric()),
                "{number}"
            );
        }
        assert_ne!(new_order_number(now), drawn[0]);
    }
}
