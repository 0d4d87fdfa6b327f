//! What Linux says about a process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The most memory that the process has used at a time, in MiB.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(folder(pid).join("status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// How many files and connections the process has open.
pub(crate) fn open_files(pid: u32) -> usize {
    std::fs::read_dir(folder(pid).join("fd")).map_or(0, Iterator::count)
}

/// How many connections from `source` the server at `address` has accepted and not closed.
///
/// A line of `/proc/net/tcp` has, in hexadecimal, the local and the remote address and the state,
/// then other columns, the tenth of which is the inode: 0 while nobody has accepted the connection.
pub(crate) fn connections_from(source: Ipv4Addr, address: SocketAddr) -> usize {
    const ESTABLISHED: &str = "01";
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let port = format!(":{:04X}", address.port());
    // An address is written as the number that its bytes are in memory.
    let source = format!("{:08X}:", u32::from_ne_bytes(source.octets()));
    let is_wanted = |line: &&str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        columns.len() > 9
            && columns[1].ends_with(&port)
            && columns[2].starts_with(&source)
            && columns[3] == ESTABLISHED
            && columns[9] != "0"
    };
    table.lines().filter(is_wanted).count()
}

fn folder(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}
