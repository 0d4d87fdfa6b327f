//! The phases of an attack, one after the other against the same server process.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use qlive_store::testing::{Engine, TestDb};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::attack::{Attack, Origin};
use crate::proc_stats::{connections_from, open_files, peak_memory};
use crate::report::{Measured, print_headings};
use crate::target::Target;
use crate::users::Users;
use crate::{floods, pipelines, slow};

/// How long each attack lasts.
const PHASE: Duration = Duration::from_secs(4);
/// How often an attack is made until every bound is kept. The machine may be busy with something
/// else; what the server does wrong, it does again.
const ATTEMPTS: u32 = 2;
/// How long the server may keep connections of an attack that has ended.
const RECOVERY: Duration = Duration::from_secs(20);
/// How many more files than before the attacks may be open afterwards: new connections of users
/// and to the database.
const SPARE_FILES: usize = 24;
/// How many connections of each slow kind are held during all phases.
const HELD: usize = 5;
/// Where the held connections come from.
const HOLDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 200);
/// How long the server may take to close the held connections after the last phase.
const RELEASE: Duration = Duration::from_secs(30);

/// Starts the attackers of a phase.
type Start = fn(&Arc<Attack>) -> JoinSet<()>;

/// An attack, with the name that the report shows.
type Phase = (&'static str, Start);

/// Every attack, and the time before them.
const PHASES: [Phase; 11] = [
    ("no attack", |_| JoinSet::new()),
    ("slow heads", |attack| slow::send_slow_heads(attack, 1_100)),
    ("slow bodies", |attack| {
        slow::send_slow_bodies(attack, 1_100)
    }),
    ("slow bodies, many", |attack| {
        slow::send_slow_bodies(attack, 9_500)
    }),
    ("unread answers", |attack| {
        slow::leave_answers_unread(attack, 1_500)
    }),
    ("pipelined health checks", pipelines::send_health_checks),
    (
        "pipelined forged callbacks",
        pipelines::send_forged_callbacks,
    ),
    ("pipelined above the limit", pipelines::send_above_the_limit),
    ("flood of logins", floods::send_logins),
    ("flood of forged callbacks", floods::send_forged_callbacks),
    ("flood of refused requests", floods::send_refused_requests),
];

/// Attacks a server on this engine and prints the report. The attackers run on `attackers`. Returns
/// whether every bound was kept.
pub(crate) async fn attack_server(engine: Engine, attackers: &Handle) -> bool {
    let Some(db) = TestDb::fresh(engine).await else {
        return true;
    };
    let target = Target::start(db).await;
    let users = Users::start(&target);
    // Connections to the database and of the users are opened before anything is compared.
    sleep(Duration::from_secs(1)).await;
    let files_before = open_files(target.process.id());
    println!("{engine:?}: the server has {files_before} files open before the attacks");
    print_headings();
    let attack = Arc::new(Attack::new(&target, Origin::One(HOLDER)));
    let held = {
        let _entered = attackers.enter();
        slow::hold_each_kind(&attack, HELD)
    };
    let mut breaches = Vec::new();
    for phase in PHASES {
        // While slow connections are held, they are no leftover of a phase.
        let allowed = files_before + SPARE_FILES + 3 * HELD;
        for attempt in 1..=ATTEMPTS {
            let measured = run_phase(&target, &users, phase, attackers, allowed).await;
            measured.print();
            let breached = measured.breaches();
            if breached.is_empty() {
                break;
            }
            if attempt == ATTEMPTS {
                breaches.extend(breached);
            }
        }
    }
    breaches.extend(wait_for_release(&target).await);
    drop((held, users));
    report_breaches(engine, &breaches);
    target.app.close().await;
    breaches.is_empty()
}

/// Waits until the server has closed the held connections. Returns the breach when it does not.
async fn wait_for_release(target: &Target) -> Option<String> {
    let started = Instant::now();
    loop {
        let left = connections_from(HOLDER, target.address);
        if left == 0 {
            return None;
        }
        if started.elapsed() > RELEASE {
            return Some(format!("{left} slow connections are held to the end"));
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn run_phase(
    target: &Target,
    users: &Users,
    (name, start): Phase,
    attackers: &Handle,
    allowed_files: usize,
) -> Measured {
    let log_before = target.process.log_bytes();
    drop(users.take_calls_before(Instant::now()).await);
    let attack = Arc::new(Attack::new(target, Origin::Many));
    let attackers = {
        let _entered = attackers.enter();
        start(&attack)
    };
    let most_open_files = watch_open_files(target.process.id()).await;
    let ended = Instant::now();
    drop(attackers);
    let recovery = wait_for_files(target, allowed_files).await;
    let login_answered = target.answers_a_login().await;
    let calls = users.take_calls_before(ended).await;
    let late_calls = users.take_calls_before(Instant::now()).await.into_iter();
    Measured {
        name,
        attack: (
            attack.counts.connections.load(Ordering::Relaxed),
            attack.counts.requests.load(Ordering::Relaxed),
        ),
        served: attack.counts.served.load(Ordering::Relaxed),
        calls,
        late_failures: late_calls.filter_map(|call| call.failure).collect(),
        peak_memory_mib: peak_memory(target.process.id()),
        log_bytes: target.process.log_bytes() - log_before,
        most_open_files,
        recovery,
        login_answered,
    }
}

/// Waits until the phase ends. Returns how many files the process had open at most.
async fn watch_open_files(pid: u32) -> usize {
    let started = Instant::now();
    let mut most = 0;
    while started.elapsed() < PHASE {
        most = most.max(open_files(pid));
        sleep(Duration::from_millis(100)).await;
    }
    most
}

/// Waits until the server has at most so many files open. Returns how long that took.
async fn wait_for_files(target: &Target, allowed: usize) -> Option<Duration> {
    let started = Instant::now();
    while open_files(target.process.id()) > allowed {
        if started.elapsed() > RECOVERY {
            return None;
        }
        sleep(Duration::from_millis(50)).await;
    }
    Some(started.elapsed())
}

fn report_breaches(engine: Engine, breaches: &[String]) {
    if breaches.is_empty() {
        println!("{engine:?}: every bound was kept.");
    }
    for breach in breaches {
        println!("{engine:?}: {breach}");
    }
}
