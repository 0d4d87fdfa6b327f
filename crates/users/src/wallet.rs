//! A user's purse, read from the ledger; and what operators do to it.

use qlive_ledger::{
    Account, Code, Entry, Kind, LedgerError, Movement, Purpose, Purse, System, history, post,
    purse, reverse,
};
use qlive_store::audit::{self, Operator};
use qlive_types::{Coins, EntryId, Page, UserId};

use crate::{Users, UsersError, find};

impl Users {
    /// What a user has.
    pub async fn purse(&self, user: UserId) -> Result<Purse, UsersError> {
        self.db.read(move |conn| Ok(purse(conn, user)?)).await
    }

    /// A page of what happened to a user's coins, the latest first, and how much there is in all.
    pub async fn wallet(
        &self,
        user: UserId,
        page: Page,
    ) -> Result<(i64, Vec<Movement>), UsersError> {
        self.db
            .read(move |conn| Ok(history(conn, user, page)?))
            .await
    }

    /// Gives a user gold out of nothing but an operator's reason.
    pub async fn grant_gold(
        &self,
        by: Operator,
        user: UserId,
        amount: Coins,
    ) -> Result<EntryId, UsersError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                find(conn, user)?.ok_or(UsersError::UnknownUser)?;
                let (grants, granted) = (
                    Account::System(System::Grants),
                    Account::User(user, Purpose::Granted),
                );
                let entry = Entry::new(Kind::Grant, &by.reason).moving(
                    grants,
                    granted,
                    amount,
                    Code::Grant,
                );
                let group = post(conn, now, &entry)?;
                audit::record(
                    conn,
                    now,
                    &by,
                    "ledger credit",
                    &format!("{user}: {amount} coins"),
                )?;
                Ok(group)
            })
            .await
    }

    /// Takes a grant or a gift back.
    pub async fn reverse_entry(&self, by: Operator, group: EntryId) -> Result<EntryId, UsersError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let reversal = reverse(conn, now, group, &by.reason)?;
                audit::record(conn, now, &by, "ledger reverse", &group.get().to_string())?;
                Ok::<_, UsersError>(reversal)
            })
            .await
    }
}

impl From<LedgerError> for UsersError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(fault) => Self::Store(fault),
            other => Self::Ledger(other),
        }
    }
}
