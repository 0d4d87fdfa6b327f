//! Withdrawals.

use qlive_tests::wait_until;
use serde_json::Value;

use crate::action::WithdrawalOutcome;
use crate::ledger::OPEN_WITHDRAWALS;
use crate::scenario::Scenario;

/// What a coin of income is worth, in fen.
const COIN_FEN: i64 = 10;
/// The smallest amount that can be withdrawn, in fen.
const MIN_FEN: i64 = 30;

impl Scenario {
    pub(crate) async fn withdraw(&mut self, user: usize, income: i64, outcome: WithdrawalOutcome) {
        let request_id = self.new_request_id();
        let answer = self.clients[user].try_withdraw(income, &request_id).await;
        let balances = &mut self.model.balances[user];
        if income * COIN_FEN < MIN_FEN {
            answer.refused(400, "too_little");
            return;
        }
        let is_full = self.model.open_withdrawals[user] >= OPEN_WITHDRAWALS;
        if is_full || balances.debt > 0 || income > balances.income {
            assert_eq!(answer.status, 409, "{}", answer.body);
            return;
        }
        let withdrawal = answer.ok();
        balances.income -= income;
        balances.held += income;
        match outcome {
            WithdrawalOutcome::InReview => {
                self.model.open_withdrawals[user] += 1;
                return;
            }
            WithdrawalOutcome::Rejected => {
                self.app.reject_withdrawal(&withdrawal).await.unwrap();
            }
            WithdrawalOutcome::Paid => self.transfer(user, &withdrawal, "confirm").await,
            WithdrawalOutcome::Failed => self.transfer(user, &withdrawal, "fail").await,
        }
        let balances = &mut self.model.balances[user];
        balances.held -= income;
        if outcome == WithdrawalOutcome::Paid {
            self.model.paid_out += income;
        } else {
            balances.income += income;
        }
    }

    /// Approves a withdrawal and finishes its transfer.
    async fn transfer(&self, user: usize, withdrawal: &Value, outcome: &str) {
        self.app.approve_withdrawal(withdrawal).await;
        let client = &self.clients[user];
        let id = withdrawal["id"].as_i64().unwrap();
        let payments = &self.app.services.payments;
        let state = async || payments.withdrawal_of(client.id(), id).await.unwrap().state;
        wait_until("the transfer waits for the user", || async {
            state().await.name() == "confirm"
        })
        .await;
        let number = self.app.transfer_number(client, withdrawal).await;
        self.app.finish_transfer(&number, outcome).await;
        assert!(state().await.is_final());
    }
}
