//! A user's wallet: balances and history from the ledger, and corrections by operators.

use std::collections::BTreeMap;

use qlive_ledger::{
    Account, BalanceKind, Balances, Entry, EntryKind, HistoryEntry, HistoryFilter, HistoryPart,
    SystemAccount, TransferCode, load_balances, load_debts, load_history, post_entry,
    reverse_entry, search_history,
};
use qlive_store::audit_log::{self, Operator};
use qlive_types::{Coins, EntryId, Moment, Page, UserId};

use crate::profile_rows::find_users;
use crate::{Profile, Users, UsersError, find_user};

/// How many movements an operator sees at once.
const MOVEMENTS: i64 = 50;

/// A user as a list of withdrawals shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    pub nickname: String,
    pub created_at: Moment,
    /// What they owe after refunds.
    pub debt: Coins,
}

impl Users {
    /// The balances of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn balances(&self, user: UserId) -> Result<Balances, UsersError> {
        self.db
            .read_one(move |conn| Ok(load_balances(conn, user)?))
            .await
    }

    /// Who these users are, as far as a list of their withdrawals shows it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applicants(
        &self,
        users: Vec<UserId>,
    ) -> Result<BTreeMap<UserId, Applicant>, UsersError> {
        self.db
            .read(move |conn| {
                let debts = load_debts(conn, &users)?;
                let found = find_users(conn, users)?.into_iter();
                let applicant = |(user, profile): (UserId, Profile)| {
                    let applicant = Applicant {
                        nickname: profile.nickname,
                        created_at: profile.created_at,
                        debt: debts.get(&user).copied().unwrap_or(Coins::ZERO),
                    };
                    (user, applicant)
                };
                Ok(found.map(applicant).collect())
            })
            .await
    }

    /// How many movements a user's balances have had, and a page of them, the latest first.
    ///
    /// # Errors
    /// The errors of the ledger and of the database.
    pub async fn wallet(
        &self,
        user: UserId,
        page: Page,
    ) -> Result<(i64, Vec<HistoryEntry>), UsersError> {
        self.db
            .read(move |conn| Ok(load_history(conn, user, page)?))
            .await
    }

    /// At most 50 movements of a user's balances before the one with this number, the latest first.
    ///
    /// # Errors
    /// The errors of the ledger and of the database.
    pub async fn movements(
        &self,
        user: UserId,
        filter: HistoryFilter,
        below: Option<i64>,
    ) -> Result<HistoryPart, UsersError> {
        let below = below.unwrap_or(i64::MAX);
        self.db
            .read(move |conn| Ok(search_history(conn, user, filter, below, MOVEMENTS)?))
            .await
    }

    /// Grants gold to a user, as an entry of the ledger and a row of the audit log.
    ///
    /// # Errors
    /// [`UsersError::UnknownUser`]; the errors of the ledger and of the database.
    pub async fn grant_gold(
        &self,
        by: Operator,
        user: UserId,
        amount: Coins,
    ) -> Result<EntryId, UsersError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                find_user(conn, user)?.ok_or(UsersError::UnknownUser)?;
                let entry = Entry::new(EntryKind::Grant, &by.reason).with_transfer(
                    Account::System(SystemAccount::Grants),
                    Account::User(user, BalanceKind::Granted),
                    amount,
                    TransferCode::Grant,
                );
                let id = post_entry(conn, now, &entry)?;
                let subject = format!("{user}: {amount} coins");
                audit_log::record(conn, now, &by, "ledger credit", &subject)?;
                Ok(id)
            })
            .await
    }

    /// Reverses a grant or a gift by a new entry of the ledger, and records it in the audit log.
    /// Returns the new entry.
    ///
    /// # Errors
    /// The errors of the ledger, for instance when the coins were spent since, and of the database.
    pub async fn reverse_entry(&self, by: Operator, entry: EntryId) -> Result<EntryId, UsersError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let reversal = reverse_entry(conn, now, entry, &by.reason)?;
                audit_log::record(conn, now, &by, "ledger reverse", &entry.to_string())?;
                Ok::<_, UsersError>(reversal)
            })
            .await
    }
}
