//! What pages lead to: all of them and their forms, as each role, and with hostile texts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use qlive_operators::{Action, Role};
use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{OperatorBrowser, Reply, TestApp, TestConsole};
use qlive_types::Gender;

use crate::targets;

on_both!(
    links_are_those_that_the_role_may_open,
    hostile_texts_stay_texts_on_every_page,
    hostile_words_of_a_request_stay_texts,
);

/// How many pages of a kind are read.
const OF_A_KIND: usize = 3;

/// An app in which there is something of everything.
pub(crate) async fn full_app(app: &TestApp, console: &TestConsole) {
    app.set_config("EXCHANGE_RATE", "0.5").await;
    let mut actions = Action::ALL.to_vec();
    actions.retain(|action| !action.is_view());
    // A withdrawal waits for days, after which what was recorded earlier is deleted.
    let takes_days =
        |action: &Action| [Action::ApproveWithdrawal, Action::RejectWithdrawal].contains(action);
    actions.sort_by_key(|action| !takes_days(action));
    for (n, action) in actions.into_iter().enumerate() {
        targets::make(app, console, action, n).await;
    }
    app.buyer("buyer", 1).await;
    app.open_stage_of(app.matchmaker("walk-host").await).await;
}

/// A path with what names an object left out, and the names of its parameters.
fn kind_of(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kind = |segment: &str| {
        let names_something = segment.bytes().any(|byte| byte.is_ascii_digit());
        if names_something { "#" } else { segment }.to_owned()
    };
    let segments: Vec<String> = path.split('/').map(kind).collect();
    let mut names: Vec<&str> = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap())
        .collect();
    names.sort_unstable();
    format!("{}?{}", segments.join("/"), names.join("&"))
}

/// The links of a page to other pages of the console.
fn links_of(text: &str) -> impl Iterator<Item = String> {
    let links = text.split("href=\"").skip(1);
    let links = links.map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
    links.filter(|link| link.starts_with('/') && !link.starts_with("/assets/"))
}

/// What an operator reaches by links: by kind, the pages with their paths.
async fn crawl(operator: &OperatorBrowser) -> BTreeMap<String, Vec<(String, Reply)>> {
    let mut found: BTreeMap<String, Vec<(String, Reply)>> = BTreeMap::new();
    let mut waiting = VecDeque::from(["/".to_owned(), "/account".to_owned()]);
    while let Some(path) = waiting.pop_front() {
        let pages = found.entry(kind_of(&path)).or_default();
        if pages.len() >= OF_A_KIND || pages.iter().any(|(known, _)| *known == path) {
            continue;
        }
        let reply = operator.get(&path).await;
        waiting.extend(links_of(&reply.text));
        pages.push((path, reply));
    }
    found
}

async fn links_are_those_that_the_role_may_open(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    full_app(&app, &console).await;
    let owner = console.operator("olga", Role::Owner).await;
    let all = crawl(&owner).await;
    assert!(all.len() > 90, "{:?}", all.keys());
    for role in Role::ALL {
        let operator = console.operator(role.name(), role).await;
        let seen = crawl(&operator).await;
        for (path, reply) in seen.values().flatten() {
            let is_shown = [200, 303].contains(&reply.status);
            assert!(is_shown, "{role:?} {path}: {}", reply.status);
        }
        let path_of = |kind: &str| kind.split('?').next().unwrap().to_owned();
        let paths: BTreeSet<String> = seen.keys().map(|kind| path_of(kind)).collect();
        for (kind, pages) in all
            .iter()
            .filter(|(kind, _)| !paths.contains(&path_of(kind)))
        {
            for (path, _) in pages {
                let reply = operator.get(path).await;
                assert_eq!(
                    reply.status, 403,
                    "{role:?} finds no link to {kind}: {path}"
                );
            }
        }
    }
}

/// Texts that a page must show as they are.
const HOSTILE: &str = "<script>alert(1)</script> \"><img src=x onerror=alert(1)> \
    ' onmouseover='alert(1) {{7*7}}<!-- \u{202e}gpj.exe\u{2066} =cmd|' /C calc'!A0";

/// The texts that people and other systems write, by table.
const WRITTEN: [(&str, &[&str]); 14] = [
    ("users", &["nickname", "area", "ban_reason"]),
    ("comments", &["text", "decision"]),
    ("reports", &["text", "decision"]),
    ("user_notes", &["text"]),
    ("erasure_requests", &["reason"]),
    ("refund_requests", &["reason"]),
    ("judged_screenshots", &["label", "decision"]),
    ("bill_differences", &["number", "explanation"]),
    ("reconciliations", &["ran_by"]),
    ("gifts", &["name", "effect"]),
    ("rooms", &["group_id"]),
    ("withdrawals", &["detail"]),
    (
        "complaints",
        &["wechat_request_id", "complained_at", "answer"],
    ),
    ("outbox", &["detail"]),
];
/// The addresses of pictures.
const PICTURES: [(&str, &str); 4] = [
    ("users", "face_url"),
    ("rooms", "cover"),
    ("gifts", "image"),
    ("judged_screenshots", "url"),
];

/// Writes a text into every row, past the checks of the API.
async fn write_everywhere(app: &TestApp, text: &str) {
    let text = text.replace('\'', "''");
    for (table, columns) in WRITTEN {
        for column in columns {
            // A column of unique texts gets the number of the row too.
            let id = match table {
                "rooms" => " || id",
                _ => "",
            };
            app.execute_sql(&format!("UPDATE {table} SET {column} = '{text}'{id}"))
                .await;
        }
    }
    for (table, column) in PICTURES {
        app.execute_sql(&format!(
            "UPDATE {table} SET {column} = 'javascript:alert(1)'"
        ))
        .await;
    }
}

/// Whether an element that holds a text keeps its direction to itself.
fn is_isolated(page: &str, at: usize) -> bool {
    let (before, _) = page.split_at(at);
    let tag = before.rsplit('<').next().unwrap();
    let is_attribute = !tag.contains('>');
    is_attribute
        || ["bdi>", "title>", "option"]
            .iter()
            .any(|name| tag.starts_with(name))
        || tag.split('>').next().unwrap().contains("dir=\"auto\"")
        || tag.split('>').next().unwrap().contains("dir=\"ltr\"")
}

async fn hostile_texts_stay_texts_on_every_page(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    full_app(&app, &console).await;
    write_everywhere(&app, &format!("{HOSTILE} {}", "长".repeat(10_000))).await;
    let owner = console.operator("olga", Role::Owner).await;
    let mut shown = 0;
    for (path, reply) in crawl(&owner).await.values().flatten() {
        assert!(
            [200, 303].contains(&reply.status),
            "{path}: {}",
            reply.status
        );
        assert_harmless(path, &reply.text);
        for (at, _) in reply.text.match_indices("\u{202e}gpj") {
            assert!(
                is_isolated(&reply.text, at),
                "{path}: {}",
                near(&reply.text, at)
            );
            shown += 1;
        }
    }
    assert!(shown > 40, "{shown}");
}

/// What surrounds a place of a page.
fn near(page: &str, at: usize) -> String {
    let (before, after) = page.split_at(at);
    let before: String = before.chars().rev().take(200).collect();
    let before: String = before.chars().rev().collect();
    format!("{before}…{}", after.chars().take(40).collect::<String>())
}

fn assert_harmless(path: &str, page: &str) {
    let text = page.to_lowercase();
    for tag in [
        "<script>alert",
        "<img src=x",
        "onmouseover='alert",
        "src=\"javascript:",
        "href=\"javascript:",
    ] {
        assert!(!text.contains(tag), "{path}: {tag}");
    }
}

async fn hostile_words_of_a_request_stay_texts(db: TestDb) {
    let app = TestApp::start(db).await;
    let console = TestConsole::start(&app, false);
    let owner = console.operator("olga", Role::Owner).await;
    let user = app.guest("bob", Gender::Male).await.id();
    let path = format!("/users/{user}/ban");
    for reason in [HOSTILE, "=cmd|' /C calc'!A0", "＝1+1", "@SUM(1)", "-1+1"] {
        let mut filled = owner.fill_in(&path, &[("length", "0")]).await;
        filled.retain(|(name, _)| name != "reason");
        filled.push((
            "reason".to_owned(),
            reason.replace(['\u{202e}', '\u{2066}'], ""),
        ));
        let sent = owner.submit(&path, &filled).await;
        assert_eq!(sent.status, 303, "{reason}: {}", sent.text);
    }
    for words in [HOSTILE.to_owned(), "长".repeat(1_000), "长".repeat(7_000)] {
        for page in [
            "/search?q",
            "/audit?action",
            "/audit?who",
            "/orders?user",
            "/users?nickname",
        ] {
            let (path, name) = page.split_once('?').unwrap();
            let query = serde_urlencoded::to_string([(name, words.as_str())]).unwrap();
            let path = format!("{path}?{query}");
            let reply = owner.get(&path).await;
            assert!(
                [200, 414].contains(&reply.status),
                "{page}: {}",
                reply.status
            );
            assert_harmless(page, &reply.text);
        }
    }
    let today = app.clock.now().shanghai();
    let today = today.split('T').next().unwrap();
    let file = owner
        .act("/export/audit", &[("from", today), ("until", today)])
        .await;
    assert!(file.text.contains("calc"), "{}", file.text);
    for cell in file.text.split(['\n', ',']) {
        let runs = ["\"=", "\"＝", "\"@", "\"-1+"]
            .iter()
            .any(|begin| cell.starts_with(begin));
        assert!(!runs, "{cell}");
    }
}
