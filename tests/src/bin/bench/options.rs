//! What is measured: the arguments and the environment variables.

use std::time::Duration;

use qlive_store::testing::Engine;

/// How many connections send requests at the same time.
pub(crate) const CLIENTS: usize = 32;

/// The choices of the caller.
pub(crate) struct Options {
    pub(crate) engines: Vec<Engine>,
    /// Whether the program fails when a goal is not reached.
    pub(crate) check: bool,
    /// `SCALE`: how many thousand rooms are live; 1 by default.
    pub(crate) scale: i64,
    /// `RUNS`: how often everything is measured. The report has the medians.
    pub(crate) runs: usize,
    /// `SECS`: how long each measurement lasts.
    pub(crate) duration: Duration,
    /// `AUDIT`: whether the audit runs at the end, which takes many minutes.
    pub(crate) audit: bool,
    /// `ONLY`: words, separated by commas; what has none of them in its name is not measured.
    only: Vec<String>,
}

impl Options {
    /// Reads the arguments and the environment. `None` when an argument is unknown, and when goals
    /// are to be checked of which only some are measured.
    ///
    /// # Panics
    /// When an environment variable is no number.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self {
            engines: Vec::new(),
            check: false,
            scale: number_of("SCALE", 1),
            runs: usize::try_from(number_of("RUNS", 1)).unwrap(),
            duration: Duration::from_secs(number_of("SECS", 5).unsigned_abs()),
            audit: number_of("AUDIT", 0) > 0,
            only: only(),
        };
        for argument in arguments {
            match argument.as_str() {
                "--check" => options.check = true,
                "sqlite" => options.engines.push(Engine::Sqlite),
                "postgres" => options.engines.push(Engine::Postgres),
                _ => return None,
            }
        }
        if options.engines.is_empty() {
            options.engines = vec![Engine::Postgres, Engine::Sqlite];
        }
        (options.measures_all() || !options.check).then_some(options)
    }

    /// Whether nothing is left out.
    pub(crate) fn measures_all(&self) -> bool {
        self.only.is_empty()
    }

    /// Whether this is to be measured.
    pub(crate) fn includes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()))
    }
}

fn number_of(variable: &str, default: i64) -> i64 {
    std::env::var(variable).map_or(default, |text| {
        let number = text.parse();
        number.unwrap_or_else(|_| panic!("{variable} is no number: {text}"))
    })
}

fn only() -> Vec<String> {
    let words = std::env::var("ONLY").unwrap_or_default();
    let words = words.split(',').map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
