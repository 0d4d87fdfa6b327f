//! The notices about an order or a withdrawal: each is kept with what became of it, so that an
//! operator sees whether WeChat sent it, and how often.

use diesel::prelude::*;
use qlive_store::StoreError;
use qlive_store::schema::payment_notices;
use qlive_types::Moment;

use crate::callbacks::outcome::{Accepted, CallbackOutcome};
use crate::error::PaymentsError;
use crate::service::Payments;

/// The most notices that are kept about one thing, besides those that decided something: WeChat
/// repeats one about 15 times, and anybody can send plain pushes.
const MAX_KEPT: i64 = 50;
/// The most with those that decided something.
const MAX_DECISIVE: i64 = 200;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Payment,
    Refund,
    Transfer,
    Complaint,
}

impl NoticeKind {
    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Transfer => "transfer",
            Self::Complaint => "complaint",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let all = [Self::Payment, Self::Refund, Self::Transfer, Self::Complaint];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeResult {
    /// It changed something.
    Applied,
    /// It reported what was known.
    Known,
    /// It contradicts a final state; nothing was changed.
    Contradiction,
    /// It does not match what it is about; nothing was changed.
    Mismatch,
    /// It could not be settled yet, and WeChat must repeat it.
    Retry,
}

impl NoticeResult {
    const ALL: [Self; 5] = [
        Self::Applied,
        Self::Known,
        Self::Contradiction,
        Self::Mismatch,
        Self::Retry,
    ];

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Known => "known",
            Self::Contradiction => "contradiction",
            Self::Mismatch => "mismatch",
            Self::Retry => "retry",
        }
    }

    /// `None`: the notice is about nothing of ours, is a test or is not genuine.
    const fn of(outcome: CallbackOutcome) -> Option<Self> {
        Some(match outcome {
            CallbackOutcome::Accepted(Accepted::Applied) => Self::Applied,
            CallbackOutcome::Accepted(Accepted::AlreadyKnown) => Self::Known,
            CallbackOutcome::Accepted(Accepted::Contradiction(_)) => Self::Contradiction,
            CallbackOutcome::Mismatch(_) => Self::Mismatch,
            CallbackOutcome::RetryLater => Self::Retry,
            CallbackOutcome::Accepted(
                Accepted::UnknownSubject | Accepted::Mock | Accepted::Unhandled,
            )
            | CallbackOutcome::Forged
            | CallbackOutcome::Probe
            | CallbackOutcome::Unreadable => return None,
        })
    }
}

/// A notice that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedNotice {
    pub kind: NoticeKind,
    pub result: NoticeResult,
    pub at: Moment,
}

impl Payments {
    /// Keeps what became of a notice about an order, or about the bill of a withdrawal, and returns
    /// it. It is settled by then: that it cannot be kept is no reason for WeChat to repeat it.
    pub(crate) async fn keep_notice(
        &self,
        kind: NoticeKind,
        subject: &str,
        outcome: CallbackOutcome,
    ) -> CallbackOutcome {
        if let Some(result) = NoticeResult::of(outcome)
            && let Err(error) = self.insert_notice(kind, subject.to_owned(), result).await
        {
            tracing::error!(%error, subject, ?result, "a notice is not kept");
        }
        outcome
    }

    async fn insert_notice(
        &self,
        kind: NoticeKind,
        subject: String,
        result: NoticeResult,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let about = payment_notices::table.filter(payment_notices::subject.eq(&subject));
                let count: i64 = about.count().get_result(conn)?;
                // What decided something is kept whatever came before.
                let is_decisive =
                    matches!(result, NoticeResult::Applied | NoticeResult::Contradiction);
                let most = if is_decisive { MAX_DECISIVE } else { MAX_KEPT };
                if count >= most {
                    return Ok(());
                }
                diesel::insert_into(payment_notices::table)
                    .values((
                        payment_notices::subject.eq(&subject),
                        payment_notices::kind.eq(kind.name()),
                        payment_notices::outcome.eq(result.name()),
                        payment_notices::received_at.eq(now.millis()),
                    ))
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    /// The notices about an order or about the bill of a withdrawal, in the order in which they
    /// were handled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notices_about(&self, subject: &str) -> Result<Vec<ReceivedNotice>, PaymentsError> {
        let subject = subject.to_owned();
        self.db
            .read(move |conn| {
                let rows: Vec<(String, String, i64)> = payment_notices::table
                    .filter(payment_notices::subject.eq(&subject))
                    .order(payment_notices::id)
                    .limit(MAX_DECISIVE)
                    .select((
                        payment_notices::kind,
                        payment_notices::outcome,
                        payment_notices::received_at,
                    ))
                    .load(conn)?;
                let corrupt = || StoreError::Corrupt("payment_notices");
                let notice = |(kind, outcome, at): (String, String, i64)| {
                    let result = NoticeResult::ALL
                        .into_iter()
                        .find(|result| result.name() == outcome);
                    Ok(ReceivedNotice {
                        kind: NoticeKind::parse(&kind).ok_or_else(corrupt)?,
                        result: result.ok_or_else(corrupt)?,
                        at: Moment::from_millis(at),
                    })
                };
                rows.into_iter().map(notice).collect()
            })
            .await
    }
}
