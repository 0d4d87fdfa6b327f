//! What Linux says about processes.

/// How many ticks of the CPU counters are a second. It is 100 on every Linux.
const TICKS: f64 = 100.0;

/// The CPU counters of a process.
struct Counters {
    parent: u32,
    own: u64,
    /// Of children that have ended.
    children: u64,
}

fn counters(process: u32) -> Option<Counters> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in parentheses and may contain spaces. The first field after it is the state.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Counters {
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        children: number(13)? + number(14)?,
    })
}

/// The CPU time that a process has used itself, in seconds.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    counters(process).map_or(0.0, |counters| counters.own as f64 / TICKS)
}

/// The CPU time that the children of a process have used, in seconds; also those that have ended.
pub(crate) fn cpu_seconds_of_family(process: u32) -> f64 {
    let ended = counters(process).map_or(0, |counters| counters.children);
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let running = processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(counters)
        .filter(|counters| counters.parent == process)
        .map(|counters| counters.own);
    (ended + running.sum::<u64>()) as f64 / TICKS
}

/// The most memory that the process has used at a time, in MiB.
pub(crate) fn peak_memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
