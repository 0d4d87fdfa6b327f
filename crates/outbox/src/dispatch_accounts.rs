//! The calls to IM for accounts: import, profile, login, direct messages.

use std::collections::BTreeSet;
use std::sync::Arc;

use qlive_store::Db;
use qlive_tencent::im::{C2cTextMessage, ImError, Portrait, Recovery};
use qlive_types::{Clock, Gender, UserId};

use crate::attempt::AttemptOutcome;
use crate::dispatcher::Dispatcher;
use crate::lookup::AccountProfile;
use crate::queue::WaitingRow;

impl Dispatcher {
    pub(crate) async fn import_account(
        &self,
        user: UserId,
        account: &AccountProfile,
        clock: &Clock,
    ) -> Result<(), ImError> {
        let (nickname, face_url) = (&account.nickname, &account.face_url);
        self.im
            .import_account(&user.to_string(), nickname, face_url, clock.now().secs())
            .await
    }

    /// Updates the profile; imports the account first if IM does not know it.
    pub(crate) async fn update_account_profile(
        &self,
        user: UserId,
        account: &AccountProfile,
        clock: &Clock,
    ) -> AttemptOutcome {
        let name = user.to_string();
        let portrait = Portrait {
            account: &name,
            nickname: &account.nickname,
            face_url: &account.face_url,
            male: account.gender == Gender::Male,
        };
        let first = self.im.set_portrait(&portrait, clock.now().secs()).await;
        if !needs_import(&first) {
            return AttemptOutcome::of_im(first);
        }
        if let Err(error) = self.import_account(user, account, clock).await {
            return AttemptOutcome::of_im(Err(error));
        }
        AttemptOutcome::of_im(self.im.set_portrait(&portrait, clock.now().secs()).await)
    }

    /// Ends the login. An account that IM does not know has no login, so that is a success.
    pub(crate) async fn end_login(&self, user: UserId, clock: &Clock) -> AttemptOutcome {
        let result = self
            .im
            .kick_account(&user.to_string(), clock.now().secs())
            .await;
        if needs_import(&result) {
            return AttemptOutcome::Delivered;
        }
        AttemptOutcome::of_im(result)
    }

    /// Sends a message to one account; imports the account first if IM does not know it.
    pub(crate) async fn send_direct_message(
        &self,
        (row, custom): (&WaitingRow, &str),
        to: UserId,
        lifetime_secs: u32,
        db: &Db,
        clock: &Clock,
    ) -> AttemptOutcome {
        let name = to.to_string();
        let message = C2cTextMessage {
            to: &name,
            text: row.content.as_deref().unwrap_or_default(),
            custom_data: custom,
            lifetime_secs,
            random: row.random,
        };
        let first = self.im.send_c2c_message(&message, clock.now().secs()).await;
        if !needs_import(&first) {
            return AttemptOutcome::of_im(first);
        }
        let lookup = Arc::clone(&self.lookup);
        let user = BTreeSet::from([to]);
        let found = db.read(move |conn| lookup.find_accounts(conn, &user)).await;
        let account = match found.map(|mut found| found.remove(&to)) {
            Ok(Some(account)) => account,
            Ok(None) => return AttemptOutcome::Skipped("no such user"),
            Err(error) => return AttemptOutcome::Failed(error.to_string()),
        };
        if let Err(error) = self.import_account(to, &account, clock).await {
            return AttemptOutcome::of_im(Err(error));
        }
        AttemptOutcome::of_im(self.im.send_c2c_message(&message, clock.now().secs()).await)
    }
}

fn needs_import(result: &Result<(), ImError>) -> bool {
    result
        .as_ref()
        .is_err_and(|error| error.recovery() == Recovery::ImportAccount)
}
