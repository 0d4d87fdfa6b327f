//! The measurements on one engine, one after the other.

use std::time::{Duration, Instant};

use qlive_store::testing::Engine;

use crate::bare_server::BareServer;
use crate::client::Client;
use crate::crowd::Crowd;
use crate::database::Database;
use crate::operations::{Kind, Operation, operations};
use crate::options::Options;
use crate::report::{Report, Row};
use crate::server::Server;
use crate::stand_in::StandIn;
use crate::wrk::run_wrk;

/// How long an operation runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long the work that a measurement left is waited for.
const QUIET_TIMEOUT: Duration = Duration::from_secs(20);

/// What is measured against.
struct Target<'a> {
    database: &'a Database,
    server: Server,
    options: &'a Options,
}

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
    for _ in 0..options.runs {
        let target = Target {
            database: &database,
            server: Server::start(&database, &stand_in).await,
            options,
        };
        let start = target.server.start.as_secs_f64() * 1e3;
        for operation in operations(crowd) {
            if options.includes(operation.name) {
                let row = report.row(engine, operation.name);
                measure_operation(&target, &operation, row).await;
                row.print_last();
            }
        }
        let whole = report.row(engine, "server");
        whole.add("start_ms", start);
        whole.add("peak_mib", target.server.peak_memory());
        target.server.stop();
    }
}

async fn measure_operation(target: &Target<'_>, operation: &Operation, row: &mut Row) {
    let (server, database) = (&target.server, target.database);
    wait_until_quiet(database).await;
    Crowd::refresh_activity(database).await;
    let answer = first_answer(server, operation).await;
    run_wrk(&server.url, &operation.load, WARM_UP).await;
    let gifts_before = database.number("SELECT COUNT(*) FROM gifts_sent").await;
    database.reset_statements().await;
    let cpu_before = (server.cpu_seconds(), database.cpu_seconds());
    let measured = run_wrk(&server.url, &operation.load, target.options.duration).await;
    let cpu = (
        server.cpu_seconds() - cpu_before.0,
        database.cpu_seconds() - cpu_before.1,
    );
    let statements = database.statements().await;
    let done = measured.requests / operation.requests as f64;
    row.add("per_second", done / measured.seconds);
    row.add("p50_ms", measured.p50);
    row.add("p99_ms", measured.p99);
    row.add("p999_ms", measured.p999);
    row.add("server_cpu", cpu.0 / done * 1e3);
    if let Some(statements) = statements {
        row.add("statements", statements as f64 / done);
        row.add("database_cpu", cpu.1 / done * 1e3);
    }
    if operation.kind == Kind::Gift {
        let gifts = database.number("SELECT COUNT(*) FROM gifts_sent").await - gifts_before;
        assert!(gifts as f64 >= done, "{gifts} of {done} gifts were given");
    }
    if operation.kind == Kind::SharedRead {
        let bare = BareServer::start(&answer);
        run_wrk(&bare.url, &operation.load, WARM_UP).await;
        let measured = run_wrk(&bare.url, &operation.load, target.options.duration).await;
        row.add("reference", measured.requests / measured.seconds);
    }
}

/// The body of the answer to the first request of an operation.
async fn first_answer(server: &Server, operation: &Operation) -> String {
    let mut client = Client::connect(&server.url).await;
    let answer = client.send(&operation.load.tracks[0][0]).await;
    String::from_utf8(answer).unwrap()
}

/// Waits until the server has delivered and sealed what the measurement before left to do, so that
/// it does not count for the next one. What takes too long is taken from it.
async fn wait_until_quiet(database: &Database) {
    let started = Instant::now();
    let left = "SELECT (SELECT COUNT(*) FROM outbox WHERE status = 0)
        + (SELECT COUNT(*) FROM ledger_entries) - (SELECT COUNT(*) FROM ledger_chain)";
    loop {
        let rows = database.number(left).await;
        if rows == 0 {
            return;
        }
        if started.elapsed() > QUIET_TIMEOUT {
            println!("  {rows} messages and entries are left by the measurement before");
            let skip = "UPDATE outbox SET status = 2, done_at = created_at, detail = 'bench'
                WHERE status = 0";
            database.execute(skip.to_owned()).await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
