//! What the project promises of its speed, and whether a run shows it.

use qlive_store::testing::Engine;
use serde_json::Value;

use crate::engine_run::{MESSAGES, MESSAGES_OF_TWO, SERVER};
use crate::options::Options;
use crate::report::Report;

/// Reads whose answer is the same for everybody.
const SHARED_READS: [&str; 4] = ["live list", "gift list", "blocks", "configs"];
/// Reads about a user.
const OWN_READS: [&str; 3] = ["user state", "user info", "like state"];
const GIFTS: [&str; 2] = ["gift to many", "gift to one host"];

/// A promise and what was measured.
pub(crate) struct Goal {
    what: String,
    measured: f64,
    bound: f64,
    is_least: bool,
}

impl Goal {
    pub(crate) fn is_reached(&self) -> bool {
        if self.is_least {
            self.measured >= self.bound
        } else {
            self.measured <= self.bound
        }
    }

    /// A line of the table.
    pub(crate) fn line(&self) -> String {
        let sign = if self.is_least { '≥' } else { '≤' };
        let verdict = if self.is_reached() { "pass" } else { "FAIL" };
        let decimals = if self.bound < 20.0 { 2 } else { 0 };
        format!(
            "| {verdict} | {:<52} | {:>8.decimals$} | {sign} {:>6.decimals$} |",
            self.what, self.measured, self.bound
        )
    }
}

/// The goals of the engines in the options. Without a number a goal is not reached; those of what
/// was left out on purpose are missing.
pub(crate) fn goals(report: &Report, options: &Options) -> Vec<Goal> {
    let mut goals = Vec::new();
    for engine in options.engines.iter().copied() {
        add_ratios(report, engine, &mut goals);
        add_tails(report, engine, &mut goals);
        add_messages(report, engine, &mut goals);
        let mut most = |what: &str, number: &str, bound: f64| {
            goals.push(Goal {
                what: format!("{engine:?}: {what}"),
                measured: report.median(engine, SERVER, number).unwrap_or(f64::NAN),
                bound,
                is_least: false,
            });
        };
        most("MiB resident", "peak_mib", 80.0);
        most("ms from the start to ready", "start_ms", 200.0);
    }
    if options.measures_all() {
        return goals;
    }
    goals.retain(|goal| !goal.measured.is_nan());
    goals
}

fn add_ratios(report: &Report, engine: Engine, goals: &mut Vec<Goal>) {
    let mut least = |what: String, measured: Option<f64>, bound: f64| {
        goals.push(Goal {
            what: format!("{engine:?}: {what}"),
            measured: measured.unwrap_or(f64::NAN),
            bound,
            is_least: true,
        });
    };
    let ratio = |name: &str| report.find(engine, name)?.ratio();
    for name in SHARED_READS {
        least(format!("{name} / bare actix"), ratio(name), 0.5);
    }
    let rate = |name: &str| report.median(engine, name, "per_second");
    let to_host = rate(GIFTS[1]).zip(rate(GIFTS[0]));
    let to_host = to_host.map(|(to_host, to_many)| to_host / to_many);
    least("gift to one host / gift to many".to_owned(), to_host, 0.8);
    if engine == Engine::Sqlite {
        let what = "gift to many / one transaction a gift".to_owned();
        least(what, ratio(GIFTS[0]), 3.0);
        return;
    }
    for name in OWN_READS {
        least(format!("{name} / pgbench"), ratio(name), 0.35);
    }
    for name in ["enter + leave", "apply + accept + leave mic"] {
        least(format!("{name} / pgbench"), ratio(name), 0.6);
    }
    let what = "gift to many / pgbench, one transaction a gift".to_owned();
    least(what, ratio(GIFTS[0]), 1.0);
}

/// The worst p99 of all reads and of all gifts.
fn add_tails(report: &Report, engine: Engine, goals: &mut Vec<Goal>) {
    let reads: Vec<&str> = SHARED_READS.into_iter().chain(OWN_READS).collect();
    for (what, names, number, bound) in [
        ("reads at full load", &reads[..], "p99_ms", 20.0),
        ("gifts at full load", &GIFTS[..], "p99_ms", 60.0),
        ("reads at half load", &reads[..], "half_p99_ms", 10.0),
        ("gifts at half load", &GIFTS[..], "half_p99_ms", 50.0),
    ] {
        let times = names.iter().map(|name| {
            let measured = report.median(engine, name, number);
            (measured.unwrap_or(f64::NAN), name)
        });
        // A number that is missing is the worst.
        let worst = times.max_by(|(one, _), (other, _)| one.total_cmp(other));
        goals.extend(worst.map(|(measured, name)| Goal {
            what: format!("{engine:?}: p99 ms of {what} ({name})"),
            measured,
            bound,
            is_least: false,
        }));
    }
}

fn add_messages(report: &Report, engine: Engine, goals: &mut Vec<Goal>) {
    let mut add = |what: &str, measured: Option<f64>, bound, is_least| {
        goals.push(Goal {
            what: format!("{engine:?}: {what}"),
            measured: measured.unwrap_or(f64::NAN),
            bound,
            is_least,
        });
    };
    let one = report.median(engine, MESSAGES, "per_second");
    add("messages delivered a second", one, 2_000.0, true);
    // SQLite belongs to one instance.
    let names = match engine {
        Engine::Postgres => &[MESSAGES, MESSAGES_OF_TWO][..],
        Engine::Sqlite => &[MESSAGES],
    };
    for name in names {
        for number in ["undelivered", "out_of_order"] {
            let measured = report.median(engine, name, number);
            let what = format!("{name}: {}", number.replace('_', " "));
            add(&what, measured, 0.0, false);
        }
    }
    if engine == Engine::Postgres {
        let two = report.median(engine, MESSAGES_OF_TWO, "per_second");
        let ratio = two.zip(one).map(|(two, one)| two / one);
        add("messages of two instances / of one", ratio, 1.7, true);
    }
}

/// How every operation compares with the same one in `smaller`, the report of a tenth of the crowd.
/// What that report lacks has not reached its goal.
pub(crate) fn growth_goals(report: &Report, smaller: &Value) -> Vec<Goal> {
    let goals = report.rates().map(|(engine, name, now)| {
        let mut rows = smaller["rows"].as_array().into_iter().flatten();
        let engine = format!("{engine:?}");
        let before = rows.find(|row| row["name"] == name && row["engine"] == *engine);
        let before = before.and_then(|row| row["medians"]["per_second"].as_f64());
        Goal {
            what: format!("{engine}: {name} / with a tenth of the crowd"),
            measured: now / before.unwrap_or(f64::NAN),
            bound: 0.7,
            is_least: true,
        }
    });
    goals.collect()
}
