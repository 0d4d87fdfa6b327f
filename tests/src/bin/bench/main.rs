//! Measures operations of the release server beside references in the same run, and the pages of
//! the console:
//!
//! - `bench [--check] [sqlite|postgres]...`, by default both;
//! - `bench console [--check] [sqlite|postgres]...`.
//!
//! `docs/benchmarks.md` explains the numbers and the environment variables.

mod bare_server;
mod client;
mod console;
mod console_crowd;
mod crowd;
mod database;
mod engine_run;
mod goals;
mod ledger_fill;
mod measure;
mod messages;
mod operations;
mod options;
mod paced;
mod pgbench;
mod postgres;
mod proc_stats;
mod references;
mod report;
mod server;
mod sqlite_gifts;
mod stand_in;
mod statements;
mod wrk;

use std::process::ExitCode;

use crate::options::Options;
use crate::report::Report;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "bare-server").is_some() {
        bare_server::serve(&arguments.next().unwrap());
        return ExitCode::SUCCESS;
    }
    let of_console = arguments.next_if(|first| first == "console").is_some();
    let Some(options) = Options::parse(arguments) else {
        eprintln!("usage: bench [console] [--check] [sqlite|postgres]..., --check without ONLY");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    if of_console {
        let reached = runtime.block_on(console::measure_console(&options));
        return if reached || !options.check {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let mut report = Report::new();
    runtime.block_on(async {
        for engine in options.engines.clone() {
            engine_run::measure_engine(engine, &options, &mut report).await;
        }
    });
    let reached = report.finish(&options);
    if options.check && !reached {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
