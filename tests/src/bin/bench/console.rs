//! `bench console`: how long the pages of the console take with everything in the database that
//! grows. The console is that of the release server, in a process of its own.

use std::time::{Duration, Instant};

use qlive_operators::{Operators, Role};
use qlive_store::audit_log::Operator;
use qlive_store::testing::Engine;
use qlive_types::Clock;
use reqwest::header::COOKIE;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::console_crowd::{DAYS, Extent};
use crate::crowd::{Crowd, FIRST_USER, SEATS};
use crate::database::Database;
use crate::ledger_fill::ENTRIES_PER_ROOM;
use crate::options::Options;
use crate::paced::percentile;
use crate::server::{OUTPUT, Server};
use crate::stand_in::StandIn;

/// How often each page is asked for.
const REQUESTS: i64 = 100;
/// Requests before them that are not measured.
const WARM_UP: i64 = 3;
/// What 95 of 100 requests of every page must be faster than.
const GOAL_MILLIS: f64 = 300.0;
/// How long the sums of the ledger may take to catch up with what was filled in.
const CATCH_UP: Duration = Duration::from_secs(1_800);

/// A page, and its address when it is asked for the `n`th time.
type Page = (&'static str, fn(Extent, i64) -> String);

/// Every page. The numbers go through everything, so that no two requests read the same rows.
const PAGES: &[Page] = &[
    ("now", |_, _| "/".into()),
    ("rooms", |_, _| "/rooms".into()),
    ("rooms: older", |all, n| {
        format!("/rooms?after={}", room(all, n))
    }),
    ("room", |all, n| format!("/rooms/{}", room(all, n))),
    ("room: people", |all, n| {
        format!("/rooms/{}/people", room(all, n))
    }),
    ("room: first, full", |_, _| "/rooms/1/people".into()),
    ("room: gifts", |all, n| {
        format!("/rooms/{}/gifts", room(all, n))
    }),
    ("room: past", |all, n| {
        format!("/rooms/{}/past", room(all, n))
    }),
    ("room: timeline", |all, n| {
        format!("/rooms/{}/timeline", room(all, n))
    }),
    ("room: timeline, visits", |all, n| {
        format!("/rooms/{}/timeline?kind=visits", room(all, n))
    }),
    ("room: timeline of a user", |all, n| {
        format!("/rooms/{}/timeline?user={}", room(all, n), guest(all, n))
    }),
    ("room: timeline, earlier", |all, n| {
        format!("/rooms/{}/timeline?until={}", room(all, n), Extent::day(n))
    }),
    ("room: comments", |all, n| {
        format!("/rooms/{}/comments", room(all, n))
    }),
    ("room: end", |all, n| format!("/rooms/{}/end", room(all, n))),
    ("users", |_, _| "/users".into()),
    ("users: older", |all, n| {
        let user = any_user(all, n);
        format!(
            "/users?after={}.{user}",
            Clock::system().now().millis() - n * 1_000_000
        )
    }),
    ("users: nickname", |all, n| {
        format!("/users?nickname=用户{}", any_user(all, n) / 100)
    }),
    ("users: banned", |_, _| "/users?which=banned".into()),
    ("user", |all, n| format!("/users/{}", guest(all, n))),
    ("user: host", |all, n| format!("/users/{}", host(all, n))),
    ("user: wallet", |all, n| {
        format!("/users/{}/wallet", guest(all, n))
    }),
    ("user: given", |all, n| {
        format!("/users/{}/given", guest(all, n))
    }),
    ("user: received", |all, n| {
        format!("/users/{}/received", host(all, n))
    }),
    ("user: comments", |all, n| {
        format!("/users/{}/comments", guest(all, n))
    }),
    ("user: ban", |all, n| {
        format!("/users/{}/ban", guest(all, n))
    }),
    ("reports", |_, _| "/reports".into()),
    ("reports: all", |_, _| "/reports?which=all".into()),
    ("report", |all, n| {
        format!("/reports/{}", 1 + n * 7 % all.reports)
    }),
    ("user: wallet, a rare kind", |all, n| {
        format!("/users/{}/wallet?kind=gift", guest(all, n))
    }),
    ("user: wallet until a day", |all, n| {
        let (user, day) = (guest(all, n), Extent::day(n));
        format!("/users/{user}/wallet?kind=grant&until={day}")
    }),
    ("moderation", |_, _| "/moderation".into()),
    ("moderation: decided", |_, _| {
        "/moderation?which=decided".into()
    }),
    ("moderation: close", |_, _| "/moderation/1,501/close".into()),
    ("screenshots", |_, _| "/screenshots".into()),
    ("screenshots: all", |_, _| "/screenshots?which=all".into()),
    ("user: erase", |all, n| {
        format!("/users/{}/erase", guest(all, n))
    }),
    ("orders", |_, _| "/orders".into()),
    ("orders: paid", |_, _| "/orders?state=paid".into()),
    ("orders: closed", |_, _| "/orders?state=closed".into()),
    ("orders: of a user", |all, n| {
        format!("/orders?user={}", any_user(all, n))
    }),
    ("orders: refunded", |_, _| "/orders?state=refunded".into()),
    ("orders: paid virtually", |_, _| {
        "/orders?state=paid&provider=virtual".into()
    }),
    ("orders: of a day", |_, n| {
        format!("/orders?from={0}&until={0}", Extent::day(n))
    }),
    ("orders: an amount", |_, _| {
        "/orders?least=6.00&most=6.00".into()
    }),
    // All orders of 31 days are read.
    ("orders: no such amount", |_, _| {
        "/orders?least=9999&state=paid".into()
    }),
    ("order", |all, n| format!("/orders/{}", order(all, n))),
    ("order: why", |all, n| {
        format!("/orders/{}/why", order(all, n))
    }),
    ("order: refund", |all, n| {
        format!("/orders/{}/refund", order(all, n))
    }),
    ("withdrawals", |_, _| "/withdrawals".into()),
    ("withdrawals: paid", |_, _| "/withdrawals?state=paid".into()),
    ("withdrawals: waiting", |_, _| {
        "/withdrawals?state=waiting".into()
    }),
    ("withdrawal", |all, n| {
        format!("/withdrawals/{}", 1 + n * 97 % all.withdrawals)
    }),
    ("ledger", |_, _| "/ledger".into()),
    ("ledger: older", |all, n| {
        format!("/ledger?after={}", entry(all, n))
    }),
    ("ledger: a kind", |_, _| "/ledger?kind=recharge".into()),
    ("ledger: a rare kind", |_, _| "/ledger?kind=reversal".into()),
    ("ledger: until a day", |_, n| {
        format!("/ledger?until={}", Extent::day(n))
    }),
    ("ledger: a kind on a day", |_, n| {
        let day = Extent::day(n);
        format!("/ledger?kind=grant&from={day}&until={day}")
    }),
    ("ledger: of a user", |all, n| {
        format!("/ledger?about={}", guest(all, n))
    }),
    ("entry", |all, n| format!("/ledger/{}", entry(all, n))),
    ("entry: why", |all, n| {
        format!("/ledger/{}/why", entry(all, n))
    }),
    ("ledger: audit", |_, _| "/ledger/audit".into()),
    ("reconcile", |_, _| "/reconcile".into()),
    ("reconcile: a day", |_, n| {
        format!("/reconcile/{}", Extent::day(n))
    }),
    ("figures", |_, _| "/figures".into()),
    ("figures: months", |_, _| "/figures?by=month".into()),
    ("figures: hosts", |_, _| "/figures?by=host".into()),
    ("figures: days", |_, n| {
        format!("/figures?until={}&days=90", Extent::day(n))
    }),
    ("figures: hosts of days", |_, n| {
        format!("/figures?by=host&until={}&days=90", Extent::day(n))
    }),
    ("figures: 90 days", |_, _| "/figures?days=90".into()),
    ("complaints", |_, _| "/complaints".into()),
    ("complaints: all", |_, _| "/complaints?which=all".into()),
    ("gifts", |_, _| "/gifts".into()),
    ("configs", |_, _| "/configs".into()),
    ("config", |_, _| "/configs/EXCHANGE_RATE".into()),
    ("audit", |_, _| "/audit".into()),
    ("audit: of an operator", |_, n| {
        format!("/audit?who=operator{}", n % 9)
    }),
    ("audit: an action", |_, _| {
        "/audit?action=users%20ban".into()
    }),
    ("audit: a user", |all, n| {
        format!("/audit?subject={}", any_user(all, n))
    }),
    ("export", |_, _| "/export/audit".into()),
    ("account", |_, _| "/account".into()),
    ("health", |_, _| "/health".into()),
    ("operators", |_, _| "/operators".into()),
    ("search: nickname", |all, n| {
        format!("/search?q=用户{}", any_user(all, n) / 1_000)
    }),
    ("search: nobody", |_, _| "/search?q=zz".into()),
];

fn room(all: Extent, n: i64) -> i64 {
    1 + n * 7_919 % all.crowd.rooms
}

fn guest(all: Extent, n: i64) -> i64 {
    Crowd::user(room(all, n), 1 + n % (SEATS - 1))
}

fn host(all: Extent, n: i64) -> i64 {
    Crowd::user(room(all, n), 0)
}

fn any_user(all: Extent, n: i64) -> i64 {
    FIRST_USER + n * 104_729 % all.users
}

fn order(all: Extent, n: i64) -> String {
    Extent::order(1 + n * 7_919 % (all.orders - 1))
}

fn entry(all: Extent, n: i64) -> i64 {
    1 + n * 104_729 % (ENTRIES_PER_ROOM * all.crowd.rooms)
}

/// Measures every page on each engine that the options name. Returns whether all of them reached
/// the goal.
pub(crate) async fn measure_console(options: &Options) -> bool {
    let mut is_reached = true;
    for engine in options.engines.clone() {
        let crowd = Crowd::new(options.scale);
        is_reached &= measure_pages(engine, crowd, options.audit).await;
    }
    is_reached
}

/// Fills a database and measures every page. Returns whether all of them reached the goal.
async fn measure_pages(engine: Engine, crowd: Crowd, audit: bool) -> bool {
    let Some(database) = Database::fresh(engine).await else {
        println!("{engine:?} is skipped: this machine does not have it");
        return false;
    };
    let all = Extent::of(crowd);
    let started = Instant::now();
    crowd.fill(&database).await;
    all.fill(&database).await;
    println!("{engine:?}: filled in {} s", started.elapsed().as_secs());
    let stand_in = StandIn::start();
    let listen = free_address();
    let section = format!("[console]\nlisten = \"{listen}\"\n");
    let server = Server::start_with(&database, &stand_in, &section).await;
    wait_for_sums(&database).await;
    database.settle().await;
    let session = log_in(&database).await;
    let http = reqwest::Client::new();
    let mut rows = Vec::new();
    let mut is_reached = true;
    println!("| page                   |  p50 ms |  p95 ms |  max ms |   KiB |");
    for (name, path) in PAGES {
        let mut times = Vec::new();
        let mut bytes = 0;
        for n in 0..WARM_UP + REQUESTS {
            let url = format!("http://{listen}{}", path(all, n));
            let begun = Instant::now();
            let request = http.get(&url).header(COOKIE, &session);
            let answer = request.send().await.unwrap();
            let status = answer.status();
            let text = answer.text().await.unwrap();
            assert!(status == 200, "{url}: {status}\n{text}");
            if n >= WARM_UP {
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            bytes = text.len();
        }
        times.sort_by(f64::total_cmp);
        let [p50, p95, most] = [0.5, 0.95, 1.0].map(|part| percentile(&times, part));
        let kib = bytes / 1024;
        println!("| {name:<22} | {p50:>7.1} | {p95:>7.1} | {most:>7.1} | {kib:>5} |");
        is_reached &= p95 < GOAL_MILLIS;
        rows.push(json!({"page": name, "p50_ms": p50, "p95_ms": p95, "max_ms": most}));
    }
    server.stop();
    if audit {
        database.audit().await;
    }
    write_report(engine, all, rows);
    is_reached
}

/// An address of this machine on which nothing listens.
fn free_address() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Waits until the sums by day have everything that was filled in.
async fn wait_for_sums(database: &Database) {
    let begun = Instant::now();
    let behind = "SELECT (SELECT MAX(position) FROM ledger_chain)
        - (SELECT MIN(position) FROM chain_sums)";
    let days = format!("SELECT {} - COUNT(*) FROM daily_money", DAYS - 2);
    while database.number(behind).await > 0 || database.number(&days).await > 0 {
        assert!(begun.elapsed() < CATCH_UP, "the sums do not catch up");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    println!("the sums took {} s", begun.elapsed().as_secs());
}

/// The cookie of an owner who has logged in.
async fn log_in(database: &Database) -> String {
    let operators = Operators::new(database.db.clone(), Clock::system());
    let by = Operator::new("terminal", "the benchmark").unwrap();
    let (_, link) = operators.add(by, "bench", Role::Owner).await.unwrap();
    let accepted = operators.accept_invitation(
        &link,
        "correct horse battery".into(),
        ("127.0.0.1", "bench"),
    );
    let token = accepted.await.unwrap().token;
    format!(
        "{}={}",
        qlive_console::SESSION_COOKIE,
        token.expose_secret()
    )
}

fn write_report(engine: Engine, all: Extent, rows: Vec<Value>) {
    let report = json!({
        "database": format!("{engine:?}"),
        "users": all.users,
        "rooms": all.crowd.rooms,
        "transfers": 2 * ENTRIES_PER_ROOM * all.crowd.rooms,
        "orders": all.orders,
        "gifts": all.gifts,
        "pages": rows,
    });
    let path = std::path::Path::new(OUTPUT).join("console.json");
    std::fs::write(path, serde_json::to_string_pretty(&report).unwrap()).unwrap();
}
