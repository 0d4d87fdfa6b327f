//! Why somebody was charged: from the order to the message that showed the gift.

use anyhow::Context as _;
use qlive_gifts::SentGift;
use qlive_ledger::{BrowsedEntry, EntryFilter, EntryKind, EntryRange};
use qlive_outbox::RoomMessage;
use qlive_payments::{Comparison, Order, OrderRefund, ProviderRecord, ReportedRefunds};
use qlive_types::{EntryId, LiveId, Moment};
use serde_json::{Value, json};

use crate::export::{gift_json, order_json};
use crate::services::Services;

/// The most entries about one number that are shown. There is one of each kind, as a rule.
const MOST_ENTRIES: i64 = 50;

/// Whether the provider of an order is asked what it says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskProvider {
    Yes,
    No,
}

/// What proves a charge.
#[derive(Debug, Default)]
pub struct Evidence {
    pub order: Option<Order>,
    /// What the provider says about the order now, and whether that is the same, if it was asked.
    pub provider: Option<(ProviderRecord, Comparison)>,
    pub refunds: Vec<OrderRefund>,
    /// The entries of the ledger, the earliest first.
    pub entries: Vec<BrowsedEntry>,
    /// The gifts that the coins went to; of an order the first 50 after it was paid.
    pub gifts: Vec<GivenGift>,
}

/// A gift with the messages about it.
#[derive(Debug)]
pub struct GivenGift {
    pub gift: SentGift,
    /// The messages are kept for three days.
    pub messages: Vec<RoomMessage>,
}

impl Services {
    /// What proves the charge of an order, and what its coins were spent on.
    ///
    /// # Errors
    /// When there is no such order, or the database fails.
    pub async fn evidence_of_order(
        &self,
        number: &str,
        ask: AskProvider,
    ) -> anyhow::Result<Evidence> {
        let (order, provider) = match ask {
            AskProvider::Yes => {
                let (order, record, compared) = self.payments.provider_record(number).await?;
                (order, Some((record, compared)))
            }
            AskProvider::No => (self.payments.order(number).await?, None),
        };
        let refunds = self.payments.refunds_of(number).await?;
        let mut subjects = vec![(EntryKind::Recharge, number.to_owned())];
        for refund in &refunds {
            subjects.push((EntryKind::Refund, refund.number.clone()));
            subjects.push((EntryKind::RefundReturned, refund.number.clone()));
        }
        let mut entries = Vec::new();
        for (kind, subject) in subjects {
            let about = EntryFilter::Subject(kind, subject);
            entries.extend(
                self.ledger
                    .entries(about, EntryRange::ALL, None, MOST_ENTRIES)
                    .await?,
            );
        }
        let given = match order.paid_at {
            Some(paid_at) => self.gifts.given_since(order.user, paid_at).await?,
            None => Vec::new(),
        };
        let mut gifts = Vec::new();
        for gift in given {
            if let Some(entry) = gift.entry {
                entries.push(self.ledger.entry(EntryId::new(entry)).await?);
            }
            gifts.push(self.given_gift(gift).await?);
        }
        self.add_reversals(&mut entries).await?;
        Ok(Evidence {
            order: Some(order),
            provider,
            refunds,
            entries,
            gifts,
        })
    }

    /// Adds the entries that gave coins of these back.
    async fn add_reversals(&self, entries: &mut Vec<BrowsedEntry>) -> anyhow::Result<()> {
        let ids = entries.iter().map(|entry| entry.id).collect();
        for reversal in self.ledger.reversals(ids).await?.into_values() {
            entries.push(self.ledger.entry(reversal).await?);
        }
        Ok(())
    }

    /// What an entry of the ledger is about: the order with all that belongs to it, or the gift.
    ///
    /// # Errors
    /// When there is no such entry, or the database fails.
    pub async fn evidence_of_entry(
        &self,
        id: EntryId,
        ask: AskProvider,
    ) -> anyhow::Result<Evidence> {
        let entry = self.ledger.entry(id).await.context("the entry")?;
        match entry.kind {
            EntryKind::Recharge => return self.evidence_of_order(&entry.subject, ask).await,
            EntryKind::Refund | EntryKind::RefundReturned => {
                let order = self.payments.order_of_refund(&entry.subject).await?;
                return self.evidence_of_order(&order.out_trade_no, ask).await;
            }
            _ => {}
        }
        let gift = self.gifts.sent_by_entry(id).await?;
        let mut gifts = Vec::new();
        if let Some(gift) = gift {
            gifts.push(self.given_gift(gift).await?);
        }
        let mut entries = vec![entry];
        self.add_reversals(&mut entries).await?;
        Ok(Evidence {
            entries,
            gifts,
            ..Evidence::default()
        })
    }

    async fn given_gift(&self, gift: SentGift) -> anyhow::Result<GivenGift> {
        let messages = match gift.room {
            Some(room) => {
                let found = self.outbox.room_messages_at(LiveId::new(room), gift.at());
                let mut found = found.await?;
                found.retain(|message| is_about(&message.message, &gift));
                found
            }
            None => Vec::new(),
        };
        Ok(GivenGift { gift, messages })
    }
}

/// Whether a message is the one about a gift. Gifts that are sent at once have their messages at
/// the same moment. A message that waited long may count later gifts of the same kind too.
fn is_about(message: &Value, gift: &SentGift) -> bool {
    let content = |name: &str| message.get("content").and_then(|content| content.get(name));
    message.get("type") == Some(&json!("gift"))
        && content("user_id") == Some(&json!(gift.giver.to_string()))
        && content("to_user_id") == Some(&json!(gift.receiver.to_string()))
        && content("gift_id") == Some(&json!(gift.gift_id))
        && content("gift_num")
            .and_then(Value::as_i64)
            .is_some_and(|num| num >= gift.num)
}

impl Evidence {
    /// All of it as one document, to be handed over.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "order": self.order.as_ref().map(order_json),
            "provider": self.provider.as_ref().map(provider_json),
            "refunds": self.refunds.iter().map(refund_json).collect::<Value>(),
            "entries": self.entries.iter().map(entry_json).collect::<Value>(),
            "gifts": self.gifts.iter().map(given_json).collect::<Value>(),
        })
    }
}

fn provider_json((record, comparison): &(ProviderRecord, Comparison)) -> Value {
    let (state, payment) = match record {
        ProviderRecord::Paid(payment) => ("paid", Some(payment)),
        ProviderRecord::Unpaid => ("unpaid", None),
        ProviderRecord::Closed => ("closed", None),
        ProviderRecord::NotFound => ("not found", None),
        ProviderRecord::Unclear => ("no clear answer", None),
    };
    let compared = match comparison {
        Comparison::Agrees => "the same",
        Comparison::RefundPending => "the same but for a refund under way",
        Comparison::Differs(_) => "differs",
        Comparison::Unclear => "unknown",
    };
    let refunded = payment.map(|payment| match payment.refunded {
        ReportedRefunds::Fen(fen) => json!(fen),
        ReportedRefunds::Some => json!("some"),
        ReportedRefunds::NotReported => Value::Null,
    });
    json!({
        "state": state,
        "compared": compared,
        "transaction_id": payment.map(|payment| &payment.transaction_id),
        "fen": payment.map(|payment| payment.fen),
        "paid_at": payment.and_then(|payment| payment.paid_at).map(Moment::shanghai),
        "refunded_fen": refunded,
    })
}

fn refund_json(refund: &OrderRefund) -> Value {
    json!({
        "number": refund.number,
        "amount": refund.fen.yuan(),
        "requested_by_us": refund.requested_by_us,
        "created_at": refund.created_at.shanghai(),
        "done_at": refund.done_at.map(Moment::shanghai),
    })
}

fn entry_json(entry: &BrowsedEntry) -> Value {
    let transfers = entry.transfers.iter().map(|transfer| {
        json!({
            "from": transfer.from.number(),
            "to": transfer.to.number(),
            "coins": transfer.amount.get(),
        })
    });
    json!({
        "id": entry.id.get(),
        "at": entry.at.shanghai(),
        "kind": entry.kind.name(),
        "about": entry.subject,
        "reverses": entry.reverses.map(EntryId::get),
        "transfers": transfers.collect::<Value>(),
        "chain_position": entry.sealed.as_ref().map(|(position, _)| position),
        "hash": entry.sealed.as_ref().map(|(_, hash)| hash),
    })
}

fn given_json(given: &GivenGift) -> Value {
    let messages = given.messages.iter().map(|message| {
        json!({
            "seq": message.seq,
            "message": message.message,
            "delivered_at": message.done_at.map(Moment::shanghai),
        })
    });
    json!({
        "gift": gift_json(&given.gift),
        "messages": messages.collect::<Value>(),
    })
}
