//! Sending a gift.

use crate::request::{PendingGift, SendGift, SendGiftOutcome};
use crate::shares::Rates;
use crate::{Gifts, GiftsError};

impl Gifts {
    /// Sends a gift: moves the coins, records the gift and announces it in the room that both are
    /// in, in one transaction, which the gifts that wait at the same time share.
    ///
    /// A request id that was used for the same gift before returns the outcome of that gift and
    /// changes nothing. [`SendGiftOutcome::InsufficientGold`] is not stored: such a request can
    /// succeed later.
    ///
    /// # Errors
    /// Every variant of [`GiftsError`] but `PastTheEnd` and `BadField`.
    pub async fn send(&self, request: SendGift) -> Result<SendGiftOutcome, GiftsError> {
        if request.giver == request.receiver {
            return Err(GiftsError::SelfGift);
        }
        if !(1..=SendGift::MAX_NUM).contains(&request.num) {
            return Err(GiftsError::BadNumber);
        }
        let rates = Rates::from_configs(&*self.configs.snapshot().await?);
        self.sender.send(PendingGift::new(request, rates)).await
    }
}
