//! Attacks a server that may open 1,024 files while other users use it, and fails when they notice:
//! `hostile [sqlite|postgres]...`, by default SQLite. Linux only.
//!
//! The attackers come from other loopback addresses than the users. The bounds are in `report.rs`.

mod attack;
mod floods;
mod pipelines;
mod proc_stats;
mod report;
mod run;
mod slow;
mod target;
mod users;

use std::process::ExitCode;

use qlive_store::testing::Engine;

/// How many files this program opens at the same time, most of them connections of attackers.
const OWN_FILES: u64 = 12_000;

fn main() -> ExitCode {
    let Some(engines) = engines() else {
        eprintln!("usage: hostile [sqlite|postgres]...");
        return ExitCode::FAILURE;
    };
    let files = rlimit::increase_nofile_limit(OWN_FILES).unwrap_or(0);
    if files < OWN_FILES {
        eprintln!("only {files} of {OWN_FILES} files may be open: the attacks are smaller");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let attackers = attack::attackers_runtime();
    let passed = runtime.block_on(async {
        let mut passed = true;
        for engine in engines {
            passed &= run::attack_server(engine, attackers.handle()).await;
        }
        passed
    });
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The engines that the arguments name. `None` when one is unknown.
fn engines() -> Option<Vec<Engine>> {
    let engine = |name: String| match name.as_str() {
        "sqlite" => Some(Engine::Sqlite),
        "postgres" => Some(Engine::Postgres),
        _ => None,
    };
    let named: Option<Vec<Engine>> = std::env::args().skip(1).map(engine).collect();
    named.map(|named| {
        if named.is_empty() {
            vec![Engine::Sqlite]
        } else {
            named
        }
    })
}
