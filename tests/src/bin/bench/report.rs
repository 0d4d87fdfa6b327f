//! The tables and the JSON file.

use std::collections::BTreeMap;

use qlive_store::testing::Engine;
use serde_json::{Map, Value, json};

use crate::goals::{Goal, goals, growth_goals};
use crate::options::{CLIENTS, Options};
use crate::server::OUTPUT;

/// Everything that was measured.
pub(crate) struct Report {
    /// In the order in which they were first measured.
    rows: Vec<Row>,
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
            "| {:<26} | {engine:<8} | {:>6} | {:>9} | {ratio:>5} | {:>6} | {:>6} | {:>6} | {:>6} | \
             {:>6} | {:>6} | {:>5} | {:>5} | {:>5} |",
            self.name,
            text("per_second", 0),
            text("reference", 0),
            text("p50_ms", 1),
            text("p99_ms", 1),
            text("p999_ms", 1),
            text("half_p50_ms", 1),
            text("half_p99_ms", 1),
            text("half_p999_ms", 1),
            text("statements", 1),
            text("server_cpu", 2),
            text("database_cpu", 2),
        )
    }
}

/// The heads of the columns of [`Row::line`]. The first latencies are at full load, the others at
/// half of it; the CPU times are seconds for a thousand operations.
const HEADINGS: &str = "
| operation                  | database | second | reference | ratio |    p50 |    p99 |  p99.9 \
|    p50 |    p99 |  p99.9 | trips | serve |    db |
| -------------------------- | -------- | -----: | --------: | ----: | -----: | -----: | -----: | \
-----: | -----: | -----: | ----: | ----: | ----: |";

impl Report {
    pub(crate) fn new() -> Self {
        println!("{HEADINGS}");
        Self { rows: Vec::new() }
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

    /// What was measured of an operation on an engine.
    pub(crate) fn find(&self, engine: Engine, name: &str) -> Option<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.engine == engine && row.name == name)
    }

    /// The median of a number of an operation.
    pub(crate) fn median(&self, engine: Engine, name: &str, number: &str) -> Option<f64> {
        self.find(engine, name)?.median(number)
    }

    /// The median rates of what was measured.
    pub(crate) fn rates(&self) -> impl Iterator<Item = (Engine, &str, f64)> {
        let rows = self.rows.iter();
        rows.filter_map(|row| Some((row.engine, &*row.name, row.median("per_second")?)))
    }

    /// Prints the medians and the goals, and writes the file. Returns whether all goals are
    /// reached.
    pub(crate) fn finish(&self, options: &Options) -> bool {
        println!("\nMedians of {} runs:\n{HEADINGS}", options.runs);
        for row in &self.rows {
            if row.median("per_second").is_some() {
                println!("{}", row.line(|number| row.median(number), row.ratio()));
            }
        }
        self.write_file(options);
        let mut goals = goals(self, options);
        if options.scale == 10 {
            let smaller = std::fs::read_to_string(file(1)).unwrap_or_default();
            let smaller = serde_json::from_str(&smaller).unwrap_or_default();
            goals.extend(growth_goals(self, &smaller));
        }
        println!("\n| goal | {:<52} | measured |    bound |", "of");
        println!("| ---- | {:-<52} | -------: | -------: |", "");
        for goal in &goals {
            println!("{}", goal.line());
        }
        goals.iter().all(Goal::is_reached)
    }

    fn write_file(&self, options: &Options) {
        let rows = self.rows.iter().map(|row| {
            let (mut runs, mut medians) = (Map::new(), Map::new());
            for (name, values) in &row.numbers {
                runs.insert((*name).to_owned(), json!(values));
                medians.insert((*name).to_owned(), json!(row.median(name)));
            }
            let engine = format!("{:?}", row.engine);
            json!({"engine": engine, "name": row.name, "medians": medians, "runs": runs})
        });
        let rows: Vec<Value> = rows.collect();
        let report = json!({
            "scale": options.scale,
            "runs": options.runs,
            "seconds": options.duration.as_secs(),
            "clients": CLIENTS,
            "rows": rows,
        });
        std::fs::create_dir_all(OUTPUT).unwrap();
        let file = file(options.scale);
        std::fs::write(&file, format!("{report:#}\n")).unwrap();
        println!("\nEvery number of every run: {file}");
    }
}

/// The file with the numbers at a scale.
fn file(scale: i64) -> String {
    format!("{OUTPUT}/report-{scale}.json")
}
