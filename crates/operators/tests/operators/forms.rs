//! Keys of forms.

use qlive_operators::{Operators, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;

use crate::support::Desk;

on_both!(key_is_claimed_once, key_that_is_none_is_not_claimed);

async fn key_is_claimed_once(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    for _ in 0..5 {
        let key = Operators::new_form_key();
        let claims = (0..4).map(|_| {
            let (operators, session, key) = (desk.operators.clone(), session.clone(), key.clone());
            tokio::spawn(async move { operators.claim_form(&session, &key).await })
        });
        let claims: Vec<_> = claims.collect();
        let mut claimed = 0;
        for claim in claims {
            claimed += usize::from(claim.await.unwrap().unwrap());
        }
        assert_eq!(claimed, 1);
        assert!(!desk.operators.claim_form(&session, &key).await.unwrap());
    }
}

async fn key_that_is_none_is_not_claimed(db: TestDb) {
    let desk = Desk::new(&db);
    let session = desk.new_session("fei", Role::Finance).await;
    for key in ["", "abc", &"g".repeat(32), &"a".repeat(33)] {
        assert!(
            !desk.operators.claim_form(&session, key).await.unwrap(),
            "{key}"
        );
    }
}
