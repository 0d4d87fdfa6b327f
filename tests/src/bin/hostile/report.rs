//! What was measured in each phase, and the bounds that it must keep.

use std::time::Duration;

use crate::users::Call;

/// The longest time within which 99 of 100 calls of users are answered.
const MAX_P99: Duration = Duration::from_millis(100);
/// The most memory of the server, in MiB.
const MAX_MEMORY_MIB: u64 = 300;
/// The most bytes that the server logs in one phase besides [`MAX_LINE_BYTES`] for each request of
/// an attacker that succeeds: how many do depends on the machine.
const MAX_LOG_BYTES: u64 = 128 << 10;
/// The most bytes of the line that the access log has for a request that succeeds.
const MAX_LINE_BYTES: u64 = 160;

/// What was measured in one phase.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// Connections and requests of the attackers.
    pub(crate) attack: (u64, u64),
    /// How many of these requests succeeded.
    pub(crate) served: u64,
    pub(crate) calls: Vec<Call>,
    /// Calls that failed after the phase.
    pub(crate) late_failures: Vec<String>,
    pub(crate) peak_memory_mib: u64,
    pub(crate) log_bytes: u64,
    pub(crate) most_open_files: usize,
    /// How long it took until the server had no more files open than before. `None` when it
    /// had more at the end.
    pub(crate) recovery: Option<Duration>,
    pub(crate) login_answered: bool,
}

/// Prints the headings of [`Measured::print`].
pub(crate) fn print_headings() {
    println!(
        "{:<28} {:>7} {:>8} | {:>5} {:>7} {:>7} {:>7} {:>6} | {:>7} {:>7} {:>6} {:>8}",
        "phase",
        "conns",
        "requests",
        "calls",
        "p50 ms",
        "p99 ms",
        "max ms",
        "failed",
        "RSS MiB",
        "log KiB",
        "files",
        "recovery"
    );
}

impl Measured {
    /// Prints one line.
    pub(crate) fn print(&self) {
        let recovery = self.recovery.map_or("never".to_owned(), |recovery| {
            format!("{:.1} s", recovery.as_secs_f64())
        });
        println!(
            "{:<28} {:>7} {:>8} | {:>5} {:>7.1} {:>7.1} {:>7.1} {:>6} | {:>7} {:>7} {:>6} {:>8}",
            self.name,
            self.attack.0,
            self.attack.1,
            self.calls.len(),
            millis(self.percentile(50)),
            millis(self.percentile(99)),
            millis(self.percentile(100)),
            self.failures().count(),
            self.peak_memory_mib,
            self.log_bytes / 1024,
            self.most_open_files,
            recovery
        );
    }

    /// The bounds that were not kept, a line each.
    pub(crate) fn breaches(&self) -> Vec<String> {
        let p99 = self.percentile(99);
        let failures: Vec<&str> = self.failures().collect();
        let mut breaches = Vec::new();
        let mut expect = |holds: bool, breach: String| {
            if !holds {
                breaches.push(format!("{}: {breach}", self.name));
            }
        };
        expect(!self.calls.is_empty(), "no call of a user ended".into());
        expect(
            p99 < MAX_P99,
            format!(
                "p99 is {:.1} ms, the slowest was {}",
                millis(p99),
                self.slowest()
            ),
        );
        expect(
            failures.is_empty(),
            format!(
                "{} failures, the first: {}",
                failures.len(),
                failures.first().unwrap_or(&"")
            ),
        );
        expect(
            self.peak_memory_mib < MAX_MEMORY_MIB,
            format!("the server used {} MiB", self.peak_memory_mib),
        );
        expect(
            self.log_bytes < MAX_LOG_BYTES + MAX_LINE_BYTES * self.served,
            format!(
                "the server logged {} KiB, and {} requests succeeded",
                self.log_bytes / 1024,
                self.served
            ),
        );
        expect(
            self.recovery.is_some(),
            "the server keeps files open afterwards".into(),
        );
        expect(self.login_answered, "a login afterwards failed".into());
        breaches
    }

    /// The path of the slowest call.
    fn slowest(&self) -> &str {
        let slowest = self.calls.iter().max_by_key(|call| call.took);
        slowest.map_or("none", |call| &call.path)
    }

    /// What went wrong in calls of users, in the phase and after it.
    fn failures(&self) -> impl Iterator<Item = &str> {
        let failures = self.calls.iter().filter_map(|call| call.failure.as_deref());
        failures.chain(self.late_failures.iter().map(String::as_str))
    }

    /// The time within which so many of a hundred calls were answered.
    fn percentile(&self, percent: usize) -> Duration {
        let mut times: Vec<Duration> = self.calls.iter().map(|call| call.took).collect();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(rank).copied().unwrap_or_default()
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
