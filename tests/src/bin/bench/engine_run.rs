//! The measurements on one engine, one after the other.

use std::time::Instant;

use qlive_store::testing::Engine;

use crate::crowd::Crowd;
use crate::database::Database;
use crate::measure::{Target, skip_messages, wait_until_quiet};
use crate::messages::measure_messages;
use crate::operations::{Operation, operations};
use crate::options::Options;
use crate::pgbench::{Script, run_pgbench};
use crate::references::{captured_script, written_script};
use crate::report::Report;
use crate::server::{Server, WITHOUT_IM_LIMITS};
use crate::sqlite_gifts::give_gifts;
use crate::stand_in::StandIn;

/// The names of the rows that are no operation.
pub(crate) const MESSAGES: &str = "messages delivered";
pub(crate) const MESSAGES_OF_TWO: &str = "messages, two instances";
pub(crate) const SERVER: &str = "server";

/// Measures everything on an engine that the options name.
pub(crate) async fn measure_engine(engine: Engine, options: &Options, report: &mut Report) {
    let Some(database) = Database::fresh(engine).await else {
        println!("{engine:?} is skipped: this machine does not have it");
        return;
    };
    let crowd = Crowd::new(options.scale);
    let started = Instant::now();
    crowd.fill(&database).await;
    println!("{engine:?}: filled in {} s", started.elapsed().as_secs());
    let stand_in = StandIn::start();
    // The first start of all brings the files into memory.
    Server::start(&database, &stand_in).await.stop();
    let all = operations(crowd);
    let wanted: Vec<Operation> = all
        .into_iter()
        .filter(|operation| options.includes(operation.name))
        .collect();
    let mut scripts = Vec::new();
    for run in 0..options.runs {
        let target = Target {
            crowd,
            database: &database,
            server: Server::start(&database, &stand_in).await,
            options,
        };
        measure_server(&target, &wanted, report).await;
        if run == 0 {
            scripts = prepare_scripts(&target, &wanted).await;
        }
        wait_until_quiet(&database).await;
        target.server.stop();
        measure_deliveries(&database, &stand_in, options, report).await;
        measure_references(&database, &scripts, options, report).await;
        if let Engine::Sqlite = engine
            && options.includes("gift to many")
        {
            let rate = give_gifts(&database.url, options.duration).await;
            report.row(engine, "gift to many").add("reference", rate);
        }
        skip_messages(&database).await;
        crowd.restore(&database).await;
        database.settle().await;
    }
    if options.audit {
        database.audit().await;
    }
}

/// Measures the operations, and the process that performed them.
async fn measure_server(target: &Target<'_>, operations: &[Operation], report: &mut Report) {
    let engine = target.database.engine;
    for operation in operations {
        let row = report.row(engine, operation.name);
        target.measure(operation, row).await;
        row.print_last();
    }
    let row = report.row(engine, SERVER);
    row.add("start_ms", target.server.start.as_secs_f64() * 1e3);
    row.add("peak_mib", target.server.peak_memory());
}

/// Measures the delivery of messages by one instance, and on PostgreSQL by two.
async fn measure_deliveries(
    database: &Database,
    stand_in: &StandIn,
    options: &Options,
    report: &mut Report,
) {
    let duration = options.duration;
    let two = options.includes(MESSAGES_OF_TWO) && database.engine == Engine::Postgres;
    if !options.includes(MESSAGES) && !two {
        return;
    }
    let first = Server::start_with(database, stand_in, WITHOUT_IM_LIMITS).await;
    if options.includes(MESSAGES) {
        let row = report.row(database.engine, MESSAGES);
        measure_messages(database, stand_in, duration, row).await;
        row.print_last();
    }
    if two {
        wait_until_quiet(database).await;
        let second = Server::start_with(database, stand_in, WITHOUT_IM_LIMITS).await;
        let row = report.row(database.engine, MESSAGES_OF_TWO);
        measure_messages(database, stand_in, duration, row).await;
        row.print_last();
        second.stop();
    }
    wait_until_quiet(database).await;
    first.stop();
}

/// The scripts of the operations that have one, with their names.
async fn prepare_scripts(
    target: &Target<'_>,
    operations: &[Operation],
) -> Vec<(&'static str, Script)> {
    let (crowd, database, server) = (target.crowd, target.database, &target.server);
    let mut scripts = Vec::new();
    if database.engine == Engine::Sqlite {
        return scripts;
    }
    for Operation { name, .. } in operations {
        scripts.extend(written_script(name, crowd).map(|script| (*name, script)));
    }
    for operation in operations {
        let (name, requests) = (operation.name, operation.example());
        wait_until_quiet(database).await;
        let script = captured_script(name, requests, crowd, database, server).await;
        scripts.extend(script.map(|script| (name, script)));
    }
    scripts
}

/// Measures the scripts while no server runs.
async fn measure_references(
    database: &Database,
    scripts: &[(&'static str, Script)],
    options: &Options,
    report: &mut Report,
) {
    let Some(postgres) = &database.postgres else {
        return;
    };
    for (name, script) in scripts {
        let row = report.row(database.engine, name);
        match run_pgbench(postgres, script, options.duration).await {
            Ok(rate) => row.add("reference", rate),
            Err(error) => println!("no reference of {name}: {error}\n{}", script.text),
        }
    }
}
