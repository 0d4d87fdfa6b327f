//! Load at a given rate, to see how long answers take when the server has time to spare.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep_until};

use crate::client::Client;
use crate::operations::Operation;
use crate::options::CLIENTS;

/// Performs an operation so often a second, from all clients together. Returns how long each took,
/// in milliseconds and ascending. What is late because the one before took long counts as waiting.
pub(crate) async fn run_paced(
    url: &str,
    operation: &Operation,
    per_second: f64,
    duration: Duration,
) -> Vec<f64> {
    let interval = Duration::from_secs_f64(CLIENTS as f64 / per_second);
    let begin = Instant::now() + Duration::from_millis(100);
    let clients = operation
        .load
        .tracks
        .iter()
        .enumerate()
        .map(|(number, track)| {
            let first = begin + interval.mul_f64(number as f64 / CLIENTS as f64);
            run_client(url, operation, track, (first, begin + duration), interval)
        });
    let mut times: Vec<f64> = join_all(clients).await.concat();
    times.sort_by(f64::total_cmp);
    times
}

async fn run_client(
    url: &str,
    operation: &Operation,
    track: &[String],
    (first, end): (Instant, Instant),
    interval: Duration,
) -> Vec<f64> {
    let mut client = Client::connect(url).await;
    let mut times = Vec::new();
    let mut due = first;
    for group in track.chunks(operation.requests).cycle() {
        if due >= end {
            break;
        }
        sleep_until(due).await;
        for request in group {
            client.send(request).await;
        }
        times.push(due.elapsed().as_secs_f64() * 1e3);
        due += interval;
    }
    times
}

/// The value below which this part of the times lies.
pub(crate) fn percentile(times: &[f64], part: f64) -> f64 {
    let at = (times.len() as f64 * part) as usize;
    times[at.min(times.len() - 1)]
}
