//! Reading withdrawals: for their users and for operators.

use diesel::prelude::*;
use qlive_store::StoreError;
use qlive_store::schema::withdrawals;
use qlive_types::{Moment, Page, UserId};

use crate::error::PaymentsError;
use crate::service::Payments;
use crate::withdrawals::review_summary::{ReviewSummary, load_review_summary};
use crate::withdrawals::row::{Withdrawal, WithdrawalRow, find_withdrawal};
use crate::withdrawals::state::WithdrawalState;

/// How many withdrawals a user sees.
const LATEST: i64 = 20;

fn from_rows(rows: Vec<WithdrawalRow>) -> Result<Vec<Withdrawal>, StoreError> {
    rows.into_iter().map(TryInto::try_into).collect()
}

/// How many withdrawals a list for operators shows at once.
const ROWS: i64 = 50;

impl Payments {
    /// At most 50 withdrawals with a number below `before`, the latest first. With `state` only
    /// those in that state.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_withdrawals(
        &self,
        state: Option<WithdrawalState>,
        before: Option<i64>,
    ) -> Result<Vec<Withdrawal>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut query = withdrawals::table
                    .order(withdrawals::id.desc())
                    .limit(ROWS)
                    .select(WithdrawalRow::as_select())
                    .into_boxed();
                if let Some(state) = state {
                    query = query.filter(withdrawals::state.eq(state.number()));
                }
                if let Some(before) = before {
                    query = query.filter(withdrawals::id.lt(before));
                }
                Ok(from_rows(query.load(conn)?)?)
            })
            .await
    }

    /// At most 50 withdrawals that wait for an operator and have a number above `after`, the one
    /// that waits longest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdrawals_to_review(
        &self,
        after: Option<i64>,
    ) -> Result<Vec<Withdrawal>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut found = Vec::new();
                for state in [WithdrawalState::InReview, WithdrawalState::ApprovedOnce] {
                    let rows = withdrawals::table
                        .filter(withdrawals::state.eq(state.number()))
                        .filter(withdrawals::id.gt(after.unwrap_or(0)))
                        .order(withdrawals::id)
                        .limit(ROWS)
                        .select(WithdrawalRow::as_select())
                        .load(conn)?;
                    found.extend(from_rows(rows)?);
                }
                found.sort_by_key(|withdrawal| withdrawal.id);
                found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
                Ok(found)
            })
            .await
    }

    /// At most 50 withdrawals of a span of time, the latest first; those after the one with this
    /// time and number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdrawals_between(
        &self,
        (from, until): (Moment, Moment),
        after: Option<(Moment, i64)>,
    ) -> Result<Vec<Withdrawal>, PaymentsError> {
        self.db
            .read(move |conn| {
                let mut query = withdrawals::table
                    .filter(withdrawals::created_at.ge(from.millis()))
                    .filter(withdrawals::created_at.lt(until.millis()))
                    .order((withdrawals::created_at.desc(), withdrawals::id.desc()))
                    .limit(ROWS)
                    .select(WithdrawalRow::as_select())
                    .into_boxed();
                if let Some((at, id)) = after {
                    let is_earlier = withdrawals::created_at.lt(at.millis());
                    query = query
                        .filter(withdrawals::created_at.le(at.millis()))
                        .filter(is_earlier.or(withdrawals::id.lt(id)));
                }
                Ok(from_rows(query.load(conn)?)?)
            })
            .await
    }

    /// How many withdrawals wait for an operator, counted up to 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_withdrawals_to_review(&self) -> Result<i64, PaymentsError> {
        let waiting = [WithdrawalState::InReview, WithdrawalState::ApprovedOnce];
        self.db
            .read(move |conn| {
                let ids: Vec<i64> = withdrawals::table
                    .filter(withdrawals::state.eq_any(waiting.map(WithdrawalState::number)))
                    .limit(1_000)
                    .select(withdrawals::id)
                    .load(conn)?;
                Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
            })
            .await
    }

    /// Returns a withdrawal of this user.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownWithdrawal`] when the user has no such withdrawal; else when the
    /// database fails.
    pub async fn withdrawal_of(&self, user: UserId, id: i64) -> Result<Withdrawal, PaymentsError> {
        let found = self
            .db
            .read(move |conn| Ok::<_, PaymentsError>(find_withdrawal(conn, id)?))
            .await?;
        found
            .filter(|withdrawal| withdrawal.user == user)
            .ok_or(PaymentsError::UnknownWithdrawal)
    }

    /// The last 20 withdrawals of a user, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withdrawals_of(&self, user: UserId) -> Result<Vec<Withdrawal>, PaymentsError> {
        self.db
            .read(move |conn| {
                let rows: Vec<WithdrawalRow> = withdrawals::table
                    .filter(withdrawals::user_id.eq(user.get()))
                    .order(withdrawals::id.desc())
                    .limit(LATEST)
                    .select(WithdrawalRow::as_select())
                    .load(conn)?;
                Ok(from_rows(rows)?)
            })
            .await
    }

    /// A page of all withdrawals, those in review first, for operators. Those that have not ended
    /// come with the summary for a review.
    ///
    /// # Errors
    /// When the database fails.
    #[expect(
        clippy::disallowed_methods,
        reason = "a list for operators, whose pages end at 1,000"
    )]
    pub async fn withdrawals(
        &self,
        page: Page,
    ) -> Result<Vec<(Withdrawal, Option<ReviewSummary>)>, PaymentsError> {
        let now = self.clock.now();
        self.db
            .read(move |conn| {
                let rows: Vec<WithdrawalRow> = withdrawals::table
                    .order((withdrawals::state, withdrawals::id))
                    .offset(page.offset())
                    .limit(Page::ROWS)
                    .select(WithdrawalRow::as_select())
                    .load(conn)?;
                let mut listed = Vec::with_capacity(rows.len());
                for withdrawal in from_rows(rows)? {
                    let summary = if withdrawal.state.is_final() {
                        None
                    } else {
                        Some(load_review_summary(conn, now, &withdrawal)?)
                    };
                    listed.push((withdrawal, summary));
                }
                Ok(listed)
            })
            .await
    }

    /// Any withdrawal, with the summary for a review.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownWithdrawal`]; else when the database fails.
    pub async fn withdrawal_to_review(
        &self,
        id: i64,
    ) -> Result<(Withdrawal, ReviewSummary), PaymentsError> {
        let now = self.clock.now();
        self.db
            .read(move |conn| {
                let withdrawal =
                    find_withdrawal(conn, id)?.ok_or(PaymentsError::UnknownWithdrawal)?;
                let summary = load_review_summary(conn, now, &withdrawal)?;
                Ok((withdrawal, summary))
            })
            .await
    }
}
