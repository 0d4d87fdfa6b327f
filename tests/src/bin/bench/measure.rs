//! The measurement of one operation.

use std::time::{Duration, Instant};

use crate::bare_server::BareServer;
use crate::client::Client;
use crate::crowd::Crowd;
use crate::database::Database;
use crate::operations::{Kind, Operation};
use crate::options::Options;
use crate::paced::{percentile, run_paced};
use crate::report::Row;
use crate::server::{OUTPUT, Server};
use crate::wrk::{Measured, run_wrk};

/// How long an operation runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long the messages that a measurement left are waited for.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the entries that it left are waited for.
const SEAL_TIMEOUT: Duration = Duration::from_secs(120);

/// What is measured against.
pub(crate) struct Target<'a> {
    pub(crate) crowd: Crowd,
    pub(crate) database: &'a Database,
    pub(crate) server: Server,
    pub(crate) options: &'a Options,
}

impl Target<'_> {
    /// Measures an operation at full load, its bare reference, and the operation at half load.
    pub(crate) async fn measure(&self, operation: &Operation, row: &mut Row) {
        wait_until_quiet(self.database).await;
        Crowd::refresh_activity(self.database).await;
        let answer = self.first_answer(operation).await;
        run_wrk(&self.server.url, &operation.load, WARM_UP).await;
        // A run ends in the middle of what a client does.
        self.crowd.restore(self.database).await;
        let per_second = self.measure_peak(operation, row).await;
        if operation.kind == Kind::SharedRead {
            let bare = BareServer::start(&answer);
            run_wrk(&bare.url, &operation.load, WARM_UP).await;
            let measured = run_wrk(&bare.url, &operation.load, self.options.duration).await;
            row.add("reference", measured.requests / measured.seconds);
        }
        wait_until_quiet(self.database).await;
        self.crowd.restore(self.database).await;
        let (url, duration) = (&self.server.url, self.options.duration);
        let times = run_paced(url, operation, per_second / 2.0, duration).await;
        row.add("half_p50_ms", percentile(&times, 0.5));
        row.add("half_p99_ms", percentile(&times, 0.99));
        row.add("half_p999_ms", percentile(&times, 0.999));
        self.crowd.restore(self.database).await;
    }

    /// Measures an operation at full load, and what it costs. Returns how often it is done a
    /// second.
    async fn measure_peak(&self, operation: &Operation, row: &mut Row) -> f64 {
        let (server, database) = (&self.server, self.database);
        let gifts_before = count_gifts(database).await;
        database.reset_statements().await;
        let before = (server.cpu_seconds(), database.cpu_seconds());
        let measured = run_wrk(&server.url, &operation.load, self.options.duration).await;
        let server_cpu = server.cpu_seconds() - before.0;
        let database_cpu = database.cpu_seconds() - before.1;
        let statements = database.statements().await;
        let Measured { p50, p99, p999, .. } = measured;
        let done = measured.requests / operation.requests as f64;
        row.add("per_second", done / measured.seconds);
        row.add("p50_ms", p50);
        row.add("p99_ms", p99);
        row.add("p999_ms", p999);
        row.add("server_cpu", server_cpu / done * 1e3);
        if let Some(statements) = statements {
            row.add("statements", statements as f64 / done);
            self.note_statements(operation).await;
            row.add("database_cpu", database_cpu / done * 1e3);
        }
        if operation.kind == Kind::Gift {
            let gifts = count_gifts(database).await - gifts_before;
            assert!(gifts as f64 >= done, "{gifts} of {done} gifts were given");
        }
        done / measured.seconds
    }

    /// Writes the slowest statements of an operation to a file, for whoever makes it faster.
    async fn note_statements(&self, operation: &Operation) {
        let name = operation.name.replace(' ', "-");
        let statements = self.database.slowest_statements().await;
        std::fs::write(format!("{OUTPUT}/statements-{name}.txt"), statements).unwrap();
    }

    /// The body of the answer to the first request of an operation.
    async fn first_answer(&self, operation: &Operation) -> String {
        let mut client = Client::connect(&self.server.url).await;
        let mut answers = Vec::new();
        for request in operation.example() {
            answers.push(client.send(request).await);
        }
        String::from_utf8(answers.swap_remove(0)).unwrap()
    }
}

async fn count_gifts(database: &Database) -> i64 {
    database.number("SELECT COUNT(*) FROM gifts_sent").await
}

/// Waits until the server has delivered and sealed what the measurement before left to do, so that
/// it does not count for the next one. Messages that take too long are marked as skipped.
pub(crate) async fn wait_until_quiet(database: &Database) {
    let begun = Instant::now();
    let messages = "SELECT COUNT(*) FROM outbox WHERE status = 0";
    while database.number(messages).await > 0 {
        if begun.elapsed() > DELIVERY_TIMEOUT {
            skip_messages(database).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let entries = "SELECT (SELECT COUNT(*) FROM ledger_entries)
        - (SELECT COUNT(*) FROM ledger_chain)";
    while database.number(entries).await > 0 && begun.elapsed() < SEAL_TIMEOUT {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Takes the waiting messages from the server.
pub(crate) async fn skip_messages(database: &Database) {
    let skip = "UPDATE outbox SET status = 2, done_at = created_at, detail = 'bench'
        WHERE status = 0";
    database.execute(skip.to_owned()).await;
}
