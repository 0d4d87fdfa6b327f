//! What operators do in the console, and which roles may do it: one table, from which buttons, the
//! guard of each request, the documentation and the tests are made.

use crate::Role;
use crate::role::Role::{Auditor, Finance, Operator, Owner, Support};

/// What is asked of an operator before something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confirmation {
    /// Nothing: it changes nothing, or nothing that matters.
    None,
    /// To confirm, on a page that says what happens to whom: it can be undone.
    Confirm,
    /// A reason too: it hurts people or rooms.
    Reason,
    /// A reason, what is typed (the amount, the name or the end of a number), and a fresh code of
    /// the authenticator: it is about money or roles.
    Proof,
}

const EVERYBODY: &[Role] = &[Owner, Operator, Finance, Support, Auditor];
/// Those who may see personal data.
const PEOPLE: &[Role] = &[Owner, Operator, Finance, Support];
const ROOMS: &[Role] = &[Owner, Operator];
/// Those who help users.
const SUPPORT: &[Role] = &[Owner, Operator, Support];
/// Those who answer questions about a charge.
const HELP: &[Role] = &[Owner, Finance, Support];
const MONEY: &[Role] = &[Owner, Finance];
const OWNER: &[Role] = &[Owner];

/// Declares the actions: name in the code, name in the audit log, confirmation, roles.
macro_rules! actions {
    ($($action:ident $name:literal $confirmation:ident $roles:ident,)+) => {
        /// What an operator does: sees a page, or acts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action {
            $($action,)+
        }

        impl Action {
            /// All actions, as the documentation lists them.
            pub const ALL: &[Self] = &[$(Self::$action,)+];

            /// The name that the audit log and the documentation use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)+
                }
            }

            /// What is asked of the operator before it is done.
            #[must_use]
            pub const fn confirmation(self) -> Confirmation {
                match self {
                    $(Self::$action => Confirmation::$confirmation,)+
                }
            }

            /// The roles that may do it.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self {
                    $(Self::$action => $roles,)+
                }
            }
        }
    };
}

actions! {
    ViewNow "view now" None EVERYBODY,
    ViewRooms "view rooms" None EVERYBODY,
    EndBroadcast "rooms end" Reason ROOMS,
    RemoveFromRoom "rooms remove" Reason ROOMS,
    PutOffMic "rooms put-off-mic" Confirm ROOMS,
    ViewUsers "view users" None EVERYBODY,
    RevealUser "users reveal" Confirm PEOPLE,
    BanUser "users ban" Reason ROOMS,
    UnbanUser "users unban" Confirm ROOMS,
    WarnUser "users warn" Reason ROOMS,
    MuteUser "users mute" Reason ROOMS,
    UnmuteUser "users unmute" Confirm ROOMS,
    EndUserSessions "users end-sessions" Confirm SUPPORT,
    NoteUser "users note" None PEOPLE,
    ExportUser "users export" Reason SUPPORT,
    EraseUser "users erase" Proof ROOMS,
    ViewReports "view reports" None EVERYBODY,
    CloseReport "reports close" Reason ROOMS,
    ViewComments "view comments" None PEOPLE,
    CloseComment "comments close" Reason ROOMS,
    ViewScreenshots "view screenshots" None PEOPLE,
    CloseScreenshot "screenshots close" Reason ROOMS,
    GrantMatchmaker "users grant-matchmaker" Reason ROOMS,
    RevokeMatchmaker "users revoke-matchmaker" Reason ROOMS,
    GrantGold "ledger credit" Proof MONEY,
    ReverseEntry "ledger reverse" Proof MONEY,
    ViewOrders "view orders" None EVERYBODY,
    QueryOrder "orders query" None PEOPLE,
    RefundOrder "orders refund" Proof MONEY,
    ImportRefund "orders import-refund" Reason MONEY,
    ViewWithdrawals "view withdrawals" None EVERYBODY,
    ApproveWithdrawal "withdrawals approve" Proof MONEY,
    RejectWithdrawal "withdrawals reject" Reason MONEY,
    ViewLedger "view ledger" None EVERYBODY,
    AuditLedger "ledger audit" None EVERYBODY,
    ExportEvidence "evidence export" Confirm HELP,
    ViewReconciliations "view reconciliations" None EVERYBODY,
    Reconcile "orders reconcile" None MONEY,
    ExplainDifference "orders explain" Reason MONEY,
    SignOff "orders sign-off" Reason MONEY,
    ViewFigures "view figures" None EVERYBODY,
    ExportFigures "figures export" Confirm MONEY,
    ExportList "lists export" Confirm MONEY,
    ViewComplaints "view complaints" None EVERYBODY,
    AnswerComplaint "complaints answer" Reason HELP,
    ViewGifts "view gifts" None EVERYBODY,
    AddGift "gifts add" Confirm ROOMS,
    EditGift "gifts edit" Confirm ROOMS,
    DisableGift "gifts disable" Confirm ROOMS,
    EnableGift "gifts enable" Confirm ROOMS,
    AddBlock "blocks add" Proof MONEY,
    EditBlock "blocks edit" Proof MONEY,
    DisableBlock "blocks disable" Confirm MONEY,
    EnableBlock "blocks enable" Proof MONEY,
    ViewConfigs "view configs" None EVERYBODY,
    SetConfig "configs set" Reason ROOMS,
    SetRate "configs set-rate" Proof OWNER,
    ViewAudit "view audit" None EVERYBODY,
    ViewHealth "view health" None EVERYBODY,
    RetryDelivery "outbox retry" Confirm ROOMS,
    ViewOperators "view operators" None EVERYBODY,
    AddOperator "operators add" Proof OWNER,
    SetOperatorRole "operators role" Proof OWNER,
    ResetOperator "operators reset" Proof OWNER,
    EndOperatorSessions "operators end-sessions" Confirm OWNER,
    DisableOperator "operators disable" Reason OWNER,
    EnableOperator "operators enable" Proof OWNER,
}

impl Action {
    /// The name under which the audit log records that it was done: that of the command of the
    /// terminal that does the same.
    #[must_use]
    pub const fn recorded_as(self) -> &'static str {
        match self {
            Self::SetRate => Self::SetConfig.name(),
            // Another operator does it.
            Self::EraseUser => "users request-erasure",
            other => other.name(),
        }
    }

    /// Whether it throws somebody out or refuses them, or moves money that nobody asked for. Its
    /// button is red wherever it is.
    #[must_use]
    pub const fn is_danger(self) -> bool {
        matches!(
            self,
            Self::EndBroadcast
                | Self::RemoveFromRoom
                | Self::BanUser
                | Self::EraseUser
                | Self::RevokeMatchmaker
                | Self::GrantGold
                | Self::ReverseEntry
                | Self::RefundOrder
                | Self::ImportRefund
                | Self::RejectWithdrawal
                | Self::ResetOperator
                | Self::DisableOperator
        )
    }

    /// Whether it only shows something.
    #[must_use]
    pub fn is_view(self) -> bool {
        self.name().starts_with("view ")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
    }

    #[test]
    fn owner_may_do_everything_and_an_auditor_changes_nothing() {
        for action in Action::ALL {
            assert!(action.roles().contains(&Owner), "{action:?}");
            let is_harmless = action.confirmation() == Confirmation::None;
            assert!(
                is_harmless || !action.roles().contains(&Auditor),
                "{action:?}"
            );
        }
    }

    #[test]
    fn who_decides_about_money_does_not_decide_about_people() {
        for action in Action::ALL {
            let is_view_or_note = action.confirmation() <= Confirmation::Confirm;
            let both = action.roles().contains(&Operator) && action.roles().contains(&Finance);
            assert!(is_view_or_note || !both, "{action:?}");
        }
    }
}
