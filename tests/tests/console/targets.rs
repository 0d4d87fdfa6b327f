//! What actions are done to: a fresh one each time.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use qlive_operators::Action;
use qlive_outbox::{Delivery, Status, enqueue};
use qlive_store::StoreError;
use qlive_tests::{TestApp, TestConsole, order_number};
use qlive_types::Gender;
use serde_json::json;

/// The form of an action on a fresh target: its path, and the fields besides reason and proof.
pub(crate) struct Target {
    pub(crate) path: String,
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl Target {
    fn new(path: String) -> Self {
        Self {
            path,
            fields: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter();
        fields
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }
}

/// Makes a fresh target of an action. `n` makes names unique.
pub(crate) async fn make(app: &TestApp, console: &TestConsole, action: Action, n: usize) -> Target {
    match action {
        Action::EndBroadcast => broadcast_target(app, n).await,
        Action::RevealUser
        | Action::ExportUser
        | Action::EraseUser
        | Action::BanUser
        | Action::UnbanUser
        | Action::GrantMatchmaker
        | Action::RevokeMatchmaker
        | Action::GrantGold
        | Action::WarnUser
        | Action::MuteUser
        | Action::UnmuteUser
        | Action::EndUserSessions
        | Action::NoteUser => user_target(app, action, n).await,
        Action::RemoveFromRoom
        | Action::PutOffMic
        | Action::CloseReport
        | Action::CloseComment
        | Action::CloseScreenshot => report_target(app, action, n).await,
        Action::ReverseEntry
        | Action::QueryOrder
        | Action::ExportEvidence
        | Action::AnswerComplaint
        | Action::RefundOrder
        | Action::ImportRefund
        | Action::ApproveWithdrawal
        | Action::RejectWithdrawal => money_target(app, action, n).await,
        Action::AddGift
        | Action::EditGift
        | Action::DisableGift
        | Action::EnableGift
        | Action::AddBlock
        | Action::EditBlock
        | Action::DisableBlock
        | Action::EnableBlock => sale_target(app, action, n).await,
        Action::SetConfig | Action::SetRate => config_target(action, n),
        Action::Reconcile => Target::new("/reconcile/run".to_owned()).with("day", "2020-01-05"),
        Action::ExplainDifference | Action::SignOff => day_target(app, action, n).await,
        Action::AuditLedger => Target::new("/ledger/audit/run".to_owned()),
        Action::ExportList => Target::new("/export/orders".to_owned())
            .with("from", "2026-01-01")
            .with("until", "2026-01-02"),
        Action::ExportFigures => {
            Target::new("/figures/export/day/2026-11-01/2026-11-28".to_owned())
        }
        Action::RetryDelivery => Target::new(format!("/health/outbox/{}/retry", parked(app).await)),
        Action::AddOperator => Target::new("/operators/add".to_owned())
            .with("name", format!("new {n}"))
            .with("role", "support"),
        Action::SetOperatorRole
        | Action::ResetOperator
        | Action::EndOperatorSessions
        | Action::DisableOperator
        | Action::EnableOperator => operator_target(console, action, n).await,
        other => panic!("{other:?} is no form"),
    }
}

fn config_target(action: Action, n: usize) -> Target {
    if action == Action::SetRate {
        let path = "/configs/HOST_RATE/set-rate".to_owned();
        return Target::new(path).with("value", format!("0.0{n:02}"));
    }
    let value = format!("https://pictures.example.com/{n}.png");
    Target::new("/configs/INDEX_BANNER/set".to_owned()).with("value", value)
}

async fn broadcast_target(app: &TestApp, n: usize) -> Target {
    let user = app.guest(&format!("end-{n}"), Gender::Female).await;
    let rooms = &app.services.rooms;
    let granted = rooms.grant_matchmaker(app.operator(), user.id()).await;
    granted.unwrap();
    app.wait_for_outbox().await;
    let live = app.open_stage_of(user).await.live;
    Target::new(format!("/rooms/{live}/end"))
}

async fn report_target(app: &TestApp, action: Action, n: usize) -> Target {
    let user = app.guest(&format!("reported-{n}"), Gender::Male).await;
    if action == Action::RemoveFromRoom {
        let stage = app.open_stage().await;
        user.enter(&stage.live).await.ok();
        return Target::new(format!("/rooms/{}/remove/{}", stage.live, user.id()));
    }
    if action == Action::PutOffMic {
        let host = app.matchmaker(&format!("host-{n}")).await;
        let live = app.open_stage_of(host).await.live;
        user.enter(&live).await.ok();
        user.take_mic(&live).await;
        return Target::new(format!("/rooms/{live}/put-off-mic/{}", user.id()));
    }
    if action == Action::CloseComment {
        app.execute_sql(&format!(
            "INSERT INTO comments (room_id, user_id, text, at, word, closed_by, decision) \
             VALUES (1, {}, 'buy here', {}, 'buy', '', '')",
            user.id(),
            app.clock.now().millis()
        ))
        .await;
        let rooms = &app.services.rooms;
        let open = rooms.comments(qlive_rooms::CommentFilter::Open, None).await;
        return Target::new(format!("/moderation/{}/close", open.unwrap()[0].id));
    }
    if action == Action::CloseScreenshot {
        app.simulate_client(&user, json!({"stream": "judged"}))
            .await;
        let rooms = &app.services.rooms;
        let open = rooms.screenshots(qlive_rooms::ScreenshotFilter::Open, None);
        return Target::new(format!("/screenshots/{}/close", open.await.unwrap()[0].id));
    }
    let reporter = app.guest(&format!("reporter-{n}"), Gender::Female).await;
    let body = json!({"user_id": user.user_id, "kind": "abuse", "text": "shouts"});
    reporter.post("qlive_user/report/", body).await.ok();
    let open = qlive_users::ReportFilter::Open;
    let newest = app.services.users.reports(open, None).await.unwrap();
    Target::new(format!("/reports/{}/close", newest[0].id))
}

async fn day_target(app: &TestApp, action: Action, n: usize) -> Target {
    let day = format!("2020-02-{:02}/{n}", n % 28 + 1).replace('/', "-");
    app.execute_sql(&format!(
        "INSERT INTO reconciliations (day, ran_at, ran_by, signed_by) VALUES ('{day}', 1, 'x', '')"
    ))
    .await;
    if action == Action::SignOff {
        return Target::new(format!("/reconcile/{day}/sign"));
    }
    app.execute_sql(&format!(
        "INSERT INTO bill_differences (id, day, kind, number, explained_by, explanation) \
         VALUES ({n}, '{day}', 'not_in_bill', 'Q{n}', '', '')"
    ))
    .await;
    Target::new(format!("/reconcile/differences/{n}/explain"))
}

async fn money_target(app: &TestApp, action: Action, n: usize) -> Target {
    match action {
        Action::ReverseEntry => {
            let user = app.guest(&format!("entry-{n}"), Gender::Male).await;
            app.grant(&user, 5).await;
            Target::new(format!("/ledger/{}/reverse", app.last_entry_id().await))
        }
        Action::ImportRefund => {
            let (_, order) = app.buyer(&format!("import-{n}"), 1).await;
            // Notices of what was done before may be on their way.
            for _ in 0..3 {
                app.lose_next_notice("/pay_notify/").await;
            }
            app.refund_at_platform(&order, 100).await;
            app.clear_faults().await;
            let refunds = app.sandbox_state().await["refunds"].clone();
            let number = order_number(&order);
            let (refund, _) = refunds
                .as_object()
                .unwrap()
                .iter()
                .find(|(_, refund)| refund["out_trade_no"] == number)
                .unwrap();
            Target::new(format!("/orders/{number}/import-refund")).with("refund", refund)
        }
        Action::QueryOrder => {
            let user = app.guest(&format!("query-{n}"), Gender::Male).await;
            let order = user.create_order(1).await;
            app.pay_without_notice(&order).await;
            Target::new(format!("/orders/{}/query", order_number(&order)))
        }
        Action::RefundOrder => {
            let (_, order) = app.buyer(&format!("order-{n}"), 1).await;
            Target::new(format!("/orders/{}/refund", order_number(&order))).with("amount", "1.00")
        }
        Action::AnswerComplaint => {
            Target::new(format!("/complaints/{}/answer", complaint(app, n).await))
        }
        Action::ExportEvidence => {
            let (_, order) = app.buyer(&format!("charged-{n}"), 1).await;
            Target::new(format!("/orders/{}/why/export", order_number(&order)))
        }
        Action::ApproveWithdrawal => {
            Target::new(format!("/withdrawals/{}/approve", withdrawal(app, n).await))
        }
        _ => Target::new(format!("/withdrawals/{}/reject", withdrawal(app, n).await)),
    }
}

async fn user_target(app: &TestApp, action: Action, n: usize) -> Target {
    let user = app.guest(&format!("user-{n}"), Gender::Female).await;
    let (id, rooms, by) = (user.id(), &app.services.rooms, app.operator());
    match action {
        Action::RevealUser => Target::new(format!("/users/{id}/reveal")),
        Action::ExportUser => Target::new(format!("/users/{id}/export")),
        Action::EraseUser => Target::new(format!("/users/{id}/erase")),
        Action::BanUser => Target::new(format!("/users/{id}/ban")).with("length", "86400"),
        Action::MuteUser => Target::new(format!("/users/{id}/mute")).with("length", "600"),
        Action::UnmuteUser => {
            let minute = Duration::from_secs(60);
            rooms.mute_everywhere(by, id, minute).await.unwrap();
            Target::new(format!("/users/{id}/unmute"))
        }
        Action::WarnUser => {
            let stage = app.open_stage().await;
            user.enter(&stage.live).await.ok();
            Target::new(format!("/users/{id}/warn")).with("text", "please be kind")
        }
        Action::EndUserSessions => Target::new(format!("/users/{id}/end-sessions")),
        Action::NoteUser => Target::new(format!("/users/{id}/note")).with("text", "speaks kindly"),
        Action::UnbanUser => {
            rooms.ban(by, id).await.unwrap();
            Target::new(format!("/users/{id}/unban"))
        }
        Action::GrantMatchmaker => Target::new(format!("/users/{id}/grant")),
        Action::RevokeMatchmaker => {
            rooms.grant_matchmaker(by, id).await.unwrap();
            Target::new(format!("/users/{id}/revoke"))
        }
        _ => Target::new(format!("/users/{id}/gold")).with("amount", "7"),
    }
}

async fn sale_target(app: &TestApp, action: Action, n: usize) -> Target {
    let name = format!("gift {n}");
    match action {
        Action::AddGift => Target::new("/gifts/add".to_owned())
            .with("name", name)
            .with("gold", "3")
            .with("image", "https://pictures.example.com/gift.png"),
        Action::EditGift => {
            let gift = app.add_gift(&name, 3).await;
            Target::new(format!("/gifts/{gift}/edit"))
                .with("name", format!("{name}!"))
                .with("gold", "3")
                .with("image", "https://pictures.example.com/other.png")
                .with("place", "-1")
        }
        Action::DisableGift => {
            let gift = app.add_gift(&name, 3).await;
            Target::new(format!("/gifts/{gift}/disable"))
        }
        Action::EnableGift => {
            let gift = app.add_gift(&name, 3).await;
            let gifts = &app.services.gifts;
            gifts.disable(app.operator(), gift).await.unwrap();
            Target::new(format!("/gifts/{gift}/enable"))
        }
        Action::AddBlock => Target::new("/blocks/add".to_owned())
            .with("gold", "30")
            .with("price", "3.00"),
        _ => {
            let new = qlive_payments::NewBlock {
                gold: qlive_types::Coins::new(30).unwrap(),
                price: qlive_tests::fen(300),
                product_id: None,
            };
            let block = app
                .services
                .payments
                .add_block(app.operator(), new)
                .await
                .unwrap();
            if action == Action::DisableBlock {
                return Target::new(format!("/blocks/{block}/disable"));
            }
            if action == Action::EditBlock {
                return Target::new(format!("/blocks/{block}/edit"))
                    .with("gold", "30")
                    .with("price", "2.50")
                    .with("until", "2030-12-31");
            }
            let payments = &app.services.payments;
            payments.disable_block(app.operator(), block).await.unwrap();
            Target::new(format!("/blocks/{block}/enable"))
        }
    }
}

async fn operator_target(console: &TestConsole, action: Action, n: usize) -> Target {
    let by = || qlive_tests::named_operator("terminal");
    let name = format!("target {n}");
    let added = console
        .operators
        .add(by(), &name, qlive_operators::Role::Support);
    let (id, _) = added.await.unwrap();
    match action {
        Action::SetOperatorRole => {
            Target::new(format!("/operators/{id}/role")).with("role", "auditor")
        }
        Action::ResetOperator => Target::new(format!("/operators/{id}/reset")),
        Action::EndOperatorSessions => Target::new(format!("/operators/{id}/end-sessions")),
        Action::DisableOperator => Target::new(format!("/operators/{id}/disable")),
        _ => {
            console.operators.disable(by(), id).await.unwrap();
            Target::new(format!("/operators/{id}/enable"))
        }
    }
}

/// A complaint that nobody has answered.
async fn complaint(app: &TestApp, n: usize) -> i64 {
    let (_, order) = app.buyer(&format!("complains-{n}"), 1).await;
    let order = order_number(&order);
    app.execute_sql(&format!(
        "INSERT INTO complaints \
         (wechat_request_id, out_trade_no, openid, complained_at, recorded_at) \
         VALUES ('request {n}', '{order}', 'openid', '2026-11-27', 1)"
    ))
    .await;
    let payments = &app.services.payments;
    payments.search_complaints(true, None).await.unwrap()[0].id
}

/// A withdrawal that waits for an operator.
async fn withdrawal(app: &TestApp, n: usize) -> i64 {
    let earner = app.guest(&format!("earner-{n}"), Gender::Female).await;
    let giver = app.guest(&format!("giver-{n}"), Gender::Male).await;
    app.grant(&giver, 1_000).await;
    let gift = app.add_gift(&format!("fortune {n}"), 1_000).await;
    giver.give(&earner, gift, 1, json!({})).await.ok();
    app.advance(8 * 86_400);
    let asked = earner.withdraw(100, &format!("withdrawal-{n}")).await;
    asked["id"].as_i64().unwrap()
}

/// A delivery that IM has refused for good.
async fn parked(app: &TestApp) -> i64 {
    let user = app.guest("parked", Gender::Male).await.id();
    let now = app.clock.now();
    let insert = app.services.db.write(move |conn| {
        enqueue(conn, now, &Delivery::EndLogin { user })?;
        let park = "UPDATE outbox SET status = 3, detail = 'refused' \
                    WHERE id = (SELECT max(id) FROM outbox)";
        Ok::<_, StoreError>(conn.batch_execute(park)?)
    });
    insert.await.unwrap();
    let listed = app.services.outbox.list().await.unwrap();
    let parked = listed.iter().filter(|row| row.status == Status::Parked);
    parked.map(|row| row.id).max().unwrap()
}
