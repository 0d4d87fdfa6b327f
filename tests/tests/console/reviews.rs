//! What waits for a decision: several cases at once, and actions that close a case.

use qlive_operators::Role;
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, TestApp, TestClient, TestConsole};
use qlive_types::Gender;

on_both!(
    chosen_cases_are_closed_together,
    action_on_a_user_closes_the_case_it_comes_from,
    case_is_closed_only_by_those_who_may,
);

/// An operator, and a user with cases in all three reviews, numbered from 1.
struct Desk {
    app: TestApp,
    console: TestConsole,
    otto: OperatorBrowser,
    bob: TestClient,
}

impl Desk {
    async fn start(db: TestDb) -> Self {
        let app = TestApp::start(db).await;
        let console = TestConsole::start(&app, false);
        let otto = console.operator("otto", Role::Operator).await;
        let stage = app.open_stage().await;
        let bob = app.viewer(&stage.live, "bob", Gender::Male).await;
        let alice = app.guest("alice", Gender::Female).await;
        let (guilty, harmed) = (&bob.user_id, &alice.user_id);
        for case in 1..=3 {
            app.execute_sql(&format!(
                "INSERT INTO comments (room_id, user_id, text, at, word, closed_by, decision) \
                 VALUES (1, {guilty}, 'comment {case}', {case}, 'vx', '', '')"
            ))
            .await;
            app.execute_sql(&format!(
                "INSERT INTO judged_screenshots \
                 (user_id, label, score, is_blocked, at, closed_by, decision) \
                 VALUES ({guilty}, 'Porn', 9{case}, TRUE, {case}, '', '')"
            ))
            .await;
            app.execute_sql(&format!(
                "INSERT INTO reports \
                 (reporter_id, user_id, kind, text, created_at, closed_by, decision) \
                 VALUES ({harmed}, {guilty}, {case}, 'report {case}', {case}, '', '')"
            ))
            .await;
        }
        Self {
            app,
            console,
            otto,
            bob,
        }
    }

    /// The numbers that can be chosen on a page.
    async fn open(&self, path: &str) -> Vec<i64> {
        let page = self.otto.get(path).await.text;
        let boxes = page.split("name=\"id\" value=\"").skip(1);
        let numbers = boxes.map(|rest| rest.split('"').next().unwrap().parse().unwrap());
        numbers.collect()
    }
}

async fn chosen_cases_are_closed_together(db: TestDb) {
    let desk = Desk::start(db).await;
    let (otto, auditor) = (
        &desk.otto,
        desk.console.operator("ada", Role::Auditor).await,
    );
    for path in ["/moderation", "/screenshots", "/reports"] {
        assert_eq!(desk.open(path).await, [3, 2, 1], "{path}");
        let page = auditor.get(path).await.text;
        assert!(!page.contains("name=\"id\""), "{page}");
        let chosen = otto.get(&format!("{path}/close?id=3&id=1")).await;
        assert_eq!(chosen.location, format!("{path}/3,1/close"));
        let closed = otto.act(&chosen.location, &[]).await;
        assert_eq!(closed.status, 303, "{}", closed.text);
        assert_eq!(desk.open(path).await, [2], "{path}");
        // One of them is open.
        let rest = otto.act(&format!("{path}/1,2/close"), &[]).await;
        assert_eq!(rest.status, 303, "{}", rest.text);
        assert_eq!(desk.open(path).await, [0; 0], "{path}");
        let again = otto.act(&format!("{path}/1,2/close"), &[]).await;
        assert_eq!(again.status, 422, "all of them are closed");
        for none in ["", "?id=", "?id=a&id=1", "?other=1"] {
            let reply = otto.get(&format!("{path}/close{none}")).await;
            assert_eq!(reply.location, path, "{none}");
        }
        let many = ["1"; 51].join(",");
        for none in ["a", "1,", "1,,2", "99", many.as_str()] {
            let reply = otto.get(&format!("{path}/{none}/close")).await;
            assert_eq!(reply.status, 404, "{none}");
        }
    }
    let page = otto.get("/audit?action=comments+close").await.text;
    assert_eq!(page.matches("处理违规发言").count(), 3 + 1, "{page}");
}

async fn action_on_a_user_closes_the_case_it_comes_from(db: TestDb) {
    let desk = Desk::start(db).await;
    let otto = &desk.otto;
    let bob = &desk.bob.user_id;
    for (review, action, fields, decision, undone) in [
        (
            "moderation",
            "warn",
            vec![("text", "注意")],
            "警告: a test",
            false,
        ),
        (
            "moderation",
            "mute",
            vec![("length", "600")],
            "禁言: a test",
            true,
        ),
        (
            "screenshots",
            "ban",
            vec![("length", "86400")],
            "封禁: a test",
            true,
        ),
        // They were muted before.
        (
            "reports",
            "mute",
            vec![("length", "600")],
            "禁言: a test",
            false,
        ),
    ] {
        let list = format!("/{review}");
        let case = desk.open(&list).await[0];
        let path = format!("/users/{bob}/{action}?closes={review}.{case}");
        let page = otto.get(&list).await.text;
        assert!(page.contains(&path), "{path}: {page}");
        let form = otto.get(&path).await.text;
        assert!(form.contains("同时标记为已处理"), "{form}");
        // What is wrong with the form closes nothing.
        let wrong = otto.act(&path, &[("reason", "")]).await;
        assert_eq!(wrong.status, 422);
        assert!(desk.open(&list).await.contains(&case));
        let done = otto.act(&path, &fields).await;
        assert!(done.location.starts_with(&list), "{}", done.text);
        assert!(!desk.open(&list).await.contains(&case), "{path}");
        let after = otto.get(&done.location).await.text;
        let is_undone = after.contains(&format!("button small\" href=\"/users/{bob}/un{action}"));
        assert_eq!(is_undone, undone, "{action}: {after}");
        let kept = match review {
            "moderation" => otto.get(&format!("/users/{bob}/comments")).await,
            "reports" => otto.get(&format!("/reports/{case}")).await,
            _ => otto.get("/screenshots?which=all").await,
        };
        assert!(kept.text.contains(decision), "{decision}: {}", kept.text);
    }
    let bob = desk.app.services.users.profile(desk.bob.id()).await;
    assert!(bob.unwrap().banned_at.is_some());
}

async fn case_is_closed_only_by_those_who_may(db: TestDb) {
    let desk = Desk::start(db).await;
    let sam = desk.console.operator("sam", Role::Support).await;
    let bob = &desk.bob.user_id;
    let path = format!("/users/{bob}/mute?closes=reports.1");
    let reply = sam.get(&path).await;
    assert_eq!(reply.status, 403);
    let alice = desk.app.guest("alice", Gender::Female).await.user_id;
    for (user, case) in [
        (bob, "reports.x"),
        (bob, "reports.99"),
        (bob, "reports"),
        (bob, "rooms.1"),
        // It is about bob.
        (&alice, "reports.1"),
        (&alice, "moderation.1"),
        (&alice, "screenshots.1"),
    ] {
        let path = format!("/users/{user}/mute?closes={case}");
        assert_eq!(desk.otto.get(&path).await.status, 404, "{path}");
        let key = qlive_operators::Operators::new_form_key();
        let fields = [("key", key.as_str()), ("length", "600"), ("reason", "x")];
        assert_eq!(desk.otto.post(&path, &fields).await.status, 404, "{path}");
    }
    assert_eq!(desk.open("/reports").await, [3, 2, 1]);
    let rooms = &desk.app.services.rooms;
    assert!(rooms.mutes_of(desk.bob.id()).await.unwrap().is_empty());
}
