//! What the refusals of the domain crates say to an operator.

use qlive_configs::{ConfigError, ValueFault};
use qlive_gifts::GiftsError;
use qlive_ledger::{AuditError, LedgerError};
use qlive_operators::OperatorsError;
use qlive_payments::{Mismatch, PaymentsError};
use qlive_rooms::RoomsError;
use qlive_store::StoreError;
use qlive_users::UsersError;

use crate::http::Failure;
use crate::texts::{FailureTexts, fill};

/// An error of a domain crate.
pub(crate) trait DomainError: std::error::Error + 'static {
    /// What it says to an operator; `None` for a failure of the database.
    fn explain(&self, t: &FailureTexts) -> Option<String>;

    /// The failure of the database in it.
    fn store_error(self) -> Option<StoreError>;

    /// Whether it says that something does not exist.
    fn is_unknown(&self) -> bool {
        false
    }
}

/// The page that is answered in place of the one that was asked for.
pub(crate) fn failure_of(error: impl DomainError) -> Failure {
    if error.is_unknown() {
        return Failure::NotFound;
    }
    let text = error.to_string();
    match error.store_error() {
        Some(error) => error.into(),
        None => {
            tracing::error!(error = text, "a page cannot be made");
            Failure::Internal
        }
    }
}

impl<E: DomainError> From<E> for Failure {
    fn from(error: E) -> Self {
        failure_of(error)
    }
}

/// Why an action was not done.
pub(crate) enum Refusal {
    /// What the operator is shown, beside the form.
    Explained(String),
    Failure(Failure),
}

/// Turns the error of an action into what the operator is shown.
pub(crate) fn refuse(error: impl DomainError, t: &FailureTexts) -> Refusal {
    match error.explain(t) {
        Some(text) => Refusal::Explained(text),
        None => Refusal::Failure(failure_of(error)),
    }
}

impl DomainError for UsersError {
    fn explain(&self, t: &FailureTexts) -> Option<String> {
        match self {
            Self::UnknownUser => Some(t.unknown_user.to_owned()),
            Self::UnknownReport => Some(t.wrong_state.to_owned()),
            Self::SameOperator => Some(t.same_operator.to_owned()),
            Self::OpenWithdrawal => Some(t.open_withdrawal.to_owned()),
            Self::Erased => Some(t.user_erased.to_owned()),
            Self::BadField(name) => Some(fill(t.bad_field, &[name])),
            Self::Ledger(error) => error.explain(t),
            Self::Store(_) => None,
            other => Some(fill(t.other, &[&other.to_string()])),
        }
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownUser | Self::UnknownReport)
    }
}

impl DomainError for RoomsError {
    fn explain(&self, t: &FailureTexts) -> Option<String> {
        match self {
            Self::UnknownRoom => Some(t.unknown_room.to_owned()),
            Self::UnknownComment | Self::UnknownScreenshot => Some(t.wrong_state.to_owned()),
            Self::NotLive => Some(t.not_live.to_owned()),
            Self::NotInRoom => Some(t.not_in_room.to_owned()),
            Self::Users(error) => error.explain(t),
            Self::Configs(error) => error.explain(t),
            Self::Store(_) => None,
            other => Some(fill(t.other, &[&other.to_string()])),
        }
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Users(error) => error.store_error(),
            Self::Configs(error) => error.store_error(),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(
            self,
            Self::UnknownRoom
                | Self::UnknownComment
                | Self::UnknownScreenshot
                | Self::Users(UsersError::UnknownUser)
        )
    }
}

impl DomainError for LedgerError {
    fn explain(&self, t: &FailureTexts) -> Option<String> {
        match self {
            Self::InsufficientBalance | Self::InDebt => Some(t.insufficient.to_owned()),
            Self::AmountOutOfRange => Some(t.amount.to_owned()),
            Self::UnknownEntry | Self::NotReversible => Some(t.not_reversible.to_owned()),
            Self::Store(_) => None,
            other => Some(fill(t.other, &[&other.to_string()])),
        }
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownEntry)
    }
}

impl DomainError for AuditError {
    fn explain(&self, _t: &FailureTexts) -> Option<String> {
        match self {
            Self::Violation(violation) => Some(violation.0.clone()),
            Self::Store(_) => None,
        }
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Violation(_) => None,
        }
    }
}

impl DomainError for GiftsError {
    fn explain(&self, t: &FailureTexts) -> Option<String> {
        match self {
            Self::UnknownGift => Some(t.unknown_gift.to_owned()),
            Self::BadField(name) => Some(fill(t.bad_field, &[name])),
            Self::Ledger(error) => error.explain(t),
            Self::Configs(error) => error.explain(t),
            Self::Store(_) => None,
            other => Some(fill(t.other, &[&other.to_string()])),
        }
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Ledger(error) => error.store_error(),
            Self::Configs(error) => error.store_error(),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownGift)
    }
}

impl DomainError for PaymentsError {
    fn explain(&self, t: &FailureTexts) -> Option<String> {
        let text = match self {
            Self::UnknownOrder => t.unknown_order,
            Self::UnknownBlock => t.unknown_block,
            Self::UnknownWithdrawal => t.unknown_withdrawal,
            Self::AlreadyDecided | Self::NotPaid | Self::QueryUnderWay | Self::RefundUnderWay => {
                t.wrong_state
            }
            Self::SameOperator => t.second_operator,
            Self::Unexplained => t.unexplained,
            Self::Bill(_) => t.bad_bill,
            Self::NotRefundable(mismatch) => match mismatch {
                Mismatch::MoreThanLeft => t.refund_too_much,
                Mismatch::RefundNotDone => t.refund_not_done,
                Mismatch::RequestedByUs => t.refund_is_ours,
                _ => t.refund_elsewhere,
            },
            Self::ProviderSilent(_) => t.provider,
            Self::BadField(name) => return Some(fill(t.bad_field, &[name])),
            Self::Ledger(error) => return error.explain(t),
            Self::Users(error) => return error.explain(t),
            Self::Configs(error) => return error.explain(t),
            Self::Store(_) => return None,
            other => return Some(fill(t.other, &[&other.to_string()])),
        };
        Some(text.to_owned())
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Ledger(error) => error.store_error(),
            Self::Users(error) => error.store_error(),
            Self::Configs(error) => error.store_error(),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(
            self,
            Self::UnknownOrder
                | Self::UnknownBlock
                | Self::UnknownWithdrawal
                | Self::UnknownComplaint
                | Self::UnknownDay
                | Self::UnknownDifference
        )
    }
}

const fn value_fault(t: &FailureTexts, fault: ValueFault) -> &'static str {
    match fault {
        ValueFault::TooLong => t.value_too_long,
        ValueFault::BadText => t.value_bad_text,
        ValueFault::NoArray => t.value_no_array,
        ValueFault::NoWords => t.value_no_words,
        ValueFault::NoObject => t.value_no_object,
        ValueFault::NoRate => t.value_no_rate,
        ValueFault::NoAddress => t.value_no_address,
        ValueFault::NoList => t.value_no_list,
        ValueFault::SharesAboveOne => t.value_shares,
    }
}

impl DomainError for ConfigError {
    fn explain(&self, t: &FailureTexts) -> Option<String> {
        match self {
            Self::BadKey | Self::Unknown => Some(t.unknown_key.to_owned()),
            Self::Changed => Some(t.changed_meanwhile.to_owned()),
            Self::BadValue(fault) => Some(value_fault(t, *fault).to_owned()),
            Self::Store(_) => None,
        }
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl DomainError for OperatorsError {
    fn explain(&self, t: &FailureTexts) -> Option<String> {
        match self {
            Self::NameTaken => Some(t.name_taken.to_owned()),
            Self::LastOwner => Some(t.last_owner.to_owned()),
            Self::EmptyName(_) => Some(t.empty_name.to_owned()),
            Self::LongName => Some(t.long_name.to_owned()),
            Self::LinkNeeded => Some(t.link_needed.to_owned()),
            Self::Store(_) => None,
            other => Some(fill(t.other, &[&other.to_string()])),
        }
    }

    fn store_error(self) -> Option<StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownOperator)
    }
}
