//! What the project promises of its speed, and whether a run shows it.

use qlive_store::testing::Engine;
use serde_json::Value;

use crate::engine_run::{MESSAGES, MESSAGES_OF_TWO, SERVER};
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

/// The goals of which this report has the numbers.
pub(crate) fn goals(report: &Report) -> Vec<Goal> {
    let mut goals = Vec::new();
    for engine in [Engine::Postgres, Engine::Sqlite] {
        add_ratios(report, engine, &mut goals);
        add_tails(report, engine, &mut goals);
        add_messages(report, engine, &mut goals);
        let mut most = |what: &str, number: &str, bound: f64| {
            goals.extend(report.median(engine, SERVER, number).map(|measured| Goal {
                what: format!("{engine:?}: {what}"),
                measured,
                bound,
                is_least: false,
            }));
        };
        most("MiB resident", "peak_mib", 80.0);
        most("ms from the start to ready", "start_ms", 200.0);
    }
    goals
}

fn add_ratios(report: &Report, engine: Engine, goals: &mut Vec<Goal>) {
    let mut least = |what: String, measured: Option<f64>, bound: f64| {
        goals.extend(measured.map(|measured| Goal {
            what: format!("{engine:?}: {what}"),
            measured,
            bound,
            is_least: true,
        }));
    };
    // Without its reference an operation has not reached its goal.
    let ratio = |name: &str| Some(report.find(engine, name)?.ratio().unwrap_or(f64::NAN));
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
        let times = names
            .iter()
            .filter_map(|name| Some((report.median(engine, name, number)?, name)));
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
    let Some(one) = report.median(engine, MESSAGES, "per_second") else {
        return;
    };
    let goal = |what: &str, measured, bound, is_least| Goal {
        what: format!("{engine:?}: {what}"),
        measured,
        bound,
        is_least,
    };
    goals.push(goal("messages delivered a second", one, 2_000.0, true));
    for name in [MESSAGES, MESSAGES_OF_TWO] {
        for number in ["skipped", "out_of_order"] {
            let measured = report.median(engine, name, number);
            let what = format!("{name}: {}", number.replace('_', " "));
            goals.extend(measured.map(|measured| goal(&what, measured, 0.0, false)));
        }
    }
    let two = report.median(engine, MESSAGES_OF_TWO, "per_second");
    let what = "messages of two instances / of one";
    goals.extend(two.map(|two| goal(what, two / one, 1.7, true)));
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
