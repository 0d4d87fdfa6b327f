//! What each role may do: every role and every action of the table.

use qlive_operators::{Action, AuditFilter, Confirmation, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestConsole};
use reqwest::Method;

use crate::targets::{self, Target};

on_both!(
    every_role_does_what_it_may_once_and_nothing_else,
    every_role_sees_the_pages_that_it_may,
    every_form_needs_its_origin_a_session_and_a_fresh_code,
);

/// How often the audit log says that an operator did this.
async fn times(console: &TestConsole, who: &str, action: &str) -> usize {
    let filter = AuditFilter {
        who: Some(who.to_owned()),
        action: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    console
        .operators
        .audit_log(filter, None, 1_000)
        .await
        .unwrap()
        .len()
}

fn actions() -> impl Iterator<Item = Action> {
    let all = Action::ALL.iter().copied();
    all.filter(|action| !action.is_view())
}

async fn every_role_does_what_it_may_once_and_nothing_else(db: TestDb) {
    let app = TestApp::start(db).await;
    app.set_config("EXCHANGE_RATE", "0.5").await;
    let console = TestConsole::start(&app, false);
    let mut count = 0;
    for role in Role::ALL {
        for action in actions() {
            count += 1;
            let target = targets::make(&app, &console, action, count).await;
            // Sessions end after an idle half hour, and some targets take days to make.
            let name = format!("{} {count}", role.name());
            let operator = console.operator(&name, role).await;
            if action.roles().contains(&role) {
                assert_acts_once(&console, &operator, action, &target, &name).await;
            } else {
                assert_refused(&console, &operator, action, &target, &name).await;
            }
        }
    }
    assert_everything_recorded_has_a_name(&console).await;
    app.audit().await;
}

/// Names in the audit log are texts of the language, not those that are stored.
async fn assert_everything_recorded_has_a_name(console: &TestConsole) {
    let auditor = console.operator("names", Role::Auditor).await;
    let log = auditor.get("/audit").await.text;
    let (_, options) = log.split_once("<select name=\"action\">").unwrap();
    let (options, _) = options.split_once("</select>").unwrap();
    let mut named = 0;
    for option in options.split("<option value=\"").skip(2) {
        let (stored, rest) = option.split_once('"').unwrap();
        let label = rest.split(['>', '<']).nth(1).unwrap();
        assert!(!label.contains(stored), "{stored} is shown as {label}");
        assert!(!label.is_ascii(), "{stored} is shown as {label}");
        named += 1;
    }
    assert!(named > 40, "{named}");
}

async fn assert_acts_once(
    console: &TestConsole,
    operator: &OperatorBrowser,
    action: Action,
    target: &Target,
    name: &str,
) {
    let filled = operator.fill_in(&target.path, &target.fields()).await;
    let first = operator.submit(&target.path, &filled).await;
    assert!(
        [200, 303].contains(&first.status),
        "{name} {action:?}: {}",
        first.text
    );
    assert_eq!(
        times(console, name, action.recorded_as()).await,
        1,
        "{name} {action:?}"
    );
    // What was done may not be possible again; the form itself must not be accepted again.
    let again = operator.submit(&target.path, &filled).await;
    let is_repeated = again.status == 303 && again.location.ends_with("again=1");
    assert!(
        is_repeated || again.status == 404,
        "{name} {action:?}: {again:?}"
    );
    assert_eq!(
        times(console, name, action.recorded_as()).await,
        1,
        "{name} {action:?}"
    );
}

async fn assert_refused(
    console: &TestConsole,
    operator: &OperatorBrowser,
    action: Action,
    target: &Target,
    name: &str,
) {
    let form = operator.get(&target.path).await;
    assert_eq!(form.status, 403, "{name} {action:?}");
    let key = qlive_operators::Operators::new_form_key();
    let mut fields = target.fields();
    fields.extend([("key", key.as_str()), ("reason", "a test")]);
    let sent = operator.post(&target.path, &fields).await;
    assert_eq!(sent.status, 403, "{name} {action:?}");
    assert_eq!(
        times(console, name, action.recorded_as()).await,
        0,
        "{name} {action:?}"
    );
    let refusals = times(console, name, &format!("refused: {}", action.name())).await;
    assert_eq!(refusals, 2, "{name} {action:?}");
}

async fn every_role_sees_the_pages_that_it_may(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let (user, order) = app.buyer("bob", 1).await;
    let stage = app.open_stage().await;
    let user = format!("/users/{}", user.id());
    let order = format!("/orders/{}", order["out_trade_no"].as_str().unwrap());
    let room = format!("/rooms/{}", stage.live);
    let pages = [
        (Action::ViewNow, "/"),
        (Action::ViewRooms, "/rooms"),
        (Action::ViewRooms, &room),
        (Action::ViewUsers, "/users"),
        (Action::ViewUsers, &user),
        (Action::ViewReports, "/reports"),
        (Action::ViewComments, "/moderation"),
        (Action::ViewScreenshots, "/screenshots"),
        (Action::ViewOrders, "/orders"),
        (Action::ViewOrders, &order),
        (Action::ViewWithdrawals, "/withdrawals"),
        (Action::ViewLedger, "/ledger"),
        (Action::ViewLedger, "/ledger/1"),
        (Action::ViewLedger, "/ledger/audit"),
        (Action::ViewReconciliations, "/reconcile"),
        (Action::ViewFigures, "/figures"),
        (Action::ViewComplaints, "/complaints"),
        (Action::ViewGifts, "/gifts"),
        (Action::ViewConfigs, "/configs"),
        (Action::ViewAudit, "/audit"),
        (Action::ViewHealth, "/health"),
        (Action::ViewOperators, "/operators"),
    ];
    for view in Action::ALL.iter().filter(|action| action.is_view()) {
        assert!(
            pages.iter().any(|(action, _)| action == view),
            "{view:?} has no page here"
        );
    }
    for role in Role::ALL {
        let operator = console.operator_without_code(role.name(), role).await;
        for (action, path) in pages {
            let expected = if action.roles().contains(&role) {
                200
            } else {
                403
            };
            let reply = operator.get(path).await;
            assert_eq!(reply.status, expected, "{role:?} {path}: {}", reply.text);
        }
    }
}

async fn every_form_needs_its_origin_a_session_and_a_fresh_code(db: TestDb) {
    let app = TestApp::start(db).await;
    app.set_config("EXCHANGE_RATE", "0.5").await;
    let console = TestConsole::start(&app, false);
    let stranger = console.browser();
    for (n, action) in actions().enumerate() {
        let target = targets::make(&app, &console, action, n).await;
        // A code that was accepted counts for a while.
        let owner = console.operator(&format!("owner {n}"), Role::Owner).await;
        app.advance(6 * 60);
        let filled = owner.fill_in(&target.path, &target.fields()).await;
        let recorded = app.audit_log().await.len();
        let fields: Vec<(&str, &str)> = filled
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let evil = [("sec-fetch-site", "cross-site")];
        let sent = owner.send(Method::POST, &target.path, &fields, &evil);
        assert_eq!(sent.await.status, 403, "{action:?} from another site");
        let sent = stranger.submit(&target.path, &filled).await;
        let answer = (sent.status, sent.location.as_str());
        assert_eq!(answer, (303, "/login"), "{action:?} without a session");
        if action.confirmation() == Confirmation::Proof {
            for code in ["", "000000", "not a code"] {
                let mut unproved = filled.clone();
                for (name, value) in &mut unproved {
                    if name == "code" {
                        code.clone_into(value);
                    }
                }
                assert!(
                    unproved.iter().any(|(name, _)| name == "code"),
                    "{action:?}"
                );
                let sent = owner.submit(&target.path, &unproved).await;
                assert_eq!(sent.status, 422, "{action:?} with the code {code:?}");
            }
        }
        assert_eq!(app.audit_log().await.len(), recorded, "{action:?}");
    }
    for path in [
        "/account/password",
        "/account/authenticator",
        "/account/sessions/end",
        "/logout",
        "/login",
        "/login/code",
        "/language",
        "/link/0000",
    ] {
        let evil = [("sec-fetch-site", "cross-site")];
        let sent = stranger.send(Method::POST, path, &[], &evil).await;
        assert_eq!(sent.status, 403, "{path}");
    }
}
