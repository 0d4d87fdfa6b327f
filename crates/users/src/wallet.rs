//! A user's wallet: balances and history from the ledger, and corrections by operators.

use qlive_ledger::{
    Account, BalanceKind, Balances, Entry, EntryKind, HistoryEntry, SystemAccount, TransferCode,
    load_balances, load_history, load_history_below, post_entry, reverse_entry,
};
use qlive_store::audit_log::{self, Operator};
use qlive_types::{Coins, EntryId, Page, UserId};

use crate::{Users, UsersError, find_user};

/// How many movements an operator sees at once.
const MOVEMENTS: i64 = 50;

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
        below: Option<i64>,
    ) -> Result<Vec<HistoryEntry>, UsersError> {
        let below = below.unwrap_or(i64::MAX);
        self.db
            .read(move |conn| Ok(load_history_below(conn, user, below, MOVEMENTS)?))
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
