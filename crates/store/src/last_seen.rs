//! When something last happened: a callback of each kind, an audit. Instances and the console share
//! it through the database; it decides nothing.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use qlive_types::{Clock, Moment};
use tokio_util::sync::CancellationToken;

use crate::schema::last_seen;
use crate::worker::{BackgroundWorker, RoundOutcome, run_worker};
use crate::{Conn, Db, StoreError};

/// A later moment is never replaced by an earlier one.
const WRITE: &str = "INSERT INTO last_seen (name, seen_at, detail) VALUES ($1, $2, $3) \
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, detail = excluded.detail \
    WHERE last_seen.seen_at <= excluded.seen_at";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub name: String,
    /// When it last happened.
    pub at: Moment,
    /// What its writer says of it; may be empty.
    pub detail: String,
}

/// What happened last. Clones share it.
#[derive(Clone)]
pub struct LastSeen {
    db: Db,
    clock: Clock,
    /// What happened since the last write, in the order in which rows are locked.
    noted: Arc<Mutex<BTreeMap<String, Moment>>>,
}

impl LastSeen {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            db,
            clock,
            noted: Arc::default(),
        }
    }

    /// Notes that something happened now. A worker writes it within some seconds.
    pub fn note(&self, name: &str) {
        let now = self.clock.now();
        let mut noted = self.lock();
        match noted.get_mut(name) {
            Some(at) => *at = now,
            None => {
                noted.insert(name.to_owned(), now);
            }
        }
    }

    /// Writes at once that something happened now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(&self, name: &str, detail: String) -> Result<(), StoreError> {
        let (name, now) = (name.to_owned(), self.clock.now());
        self.db
            .write(move |conn| write(conn, &name, now, &detail))
            .await
    }

    /// Everything that happened, by its name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<Seen>, StoreError> {
        self.db
            .read(|conn| {
                let rows: Vec<(String, i64, String)> = last_seen::table
                    .order(last_seen::name)
                    .select((last_seen::name, last_seen::seen_at, last_seen::detail))
                    .load(conn)?;
                let seen = rows.into_iter().map(|(name, at, detail)| Seen {
                    name,
                    at: Moment::from_millis(at),
                    detail,
                });
                Ok(seen.collect())
            })
            .await
    }

    /// Writes what was noted. After a failure it is noted still.
    async fn write_noted(&self) -> Result<(), StoreError> {
        let noted = mem::take(&mut *self.lock());
        if noted.is_empty() {
            return Ok(());
        }
        let rows = noted.clone();
        let written = self
            .db
            .write(move |conn| {
                for (name, at) in &rows {
                    write(conn, name, *at, "")?;
                }
                Ok::<_, StoreError>(())
            })
            .await;
        if written.is_err() {
            let mut later = self.lock();
            for (name, at) in noted {
                later.entry(name).or_insert(at);
            }
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Moment>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(conn: &mut Conn, name: &str, at: Moment, detail: &str) -> Result<(), StoreError> {
    sql_query(WRITE)
        .bind::<Text, _>(name)
        .bind::<BigInt, _>(at.millis())
        .bind::<Text, _>(detail)
        .execute(conn)?;
    Ok(())
}

/// The background worker that writes what is noted.
pub struct LastSeenWorker(LastSeen);

impl LastSeenWorker {
    /// Makes a worker; it does nothing until [`LastSeenWorker::run`].
    #[must_use]
    pub const fn new(last_seen: LastSeen) -> Self {
        Self(last_seen)
    }

    /// Works until `stop` is cancelled; writes what is noted then.
    pub async fn run(mut self, stop: CancellationToken) {
        run_worker(&mut self, &stop).await;
        if let Err(error) = self.0.write_noted().await {
            tracing::warn!(%error, "when callbacks were last seen is not written");
        }
    }
}

impl BackgroundWorker for LastSeenWorker {
    const NAME: &'static str = "last seen";
    const INTERVAL: Duration = Duration::from_secs(2);
    type Error = StoreError;

    async fn run_round(&mut self, _: &CancellationToken) -> Result<RoundOutcome, StoreError> {
        self.0.write_noted().await?;
        Ok(RoundOutcome::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_both;
    use crate::testing::TestDb;

    on_both!(later_moment_is_kept, noted_moments_are_written_once_stopped);

    async fn shown(last_seen: &LastSeen) -> Vec<(String, i64, String)> {
        let all = last_seen.all().await.unwrap();
        all.into_iter()
            .map(|seen| (seen.name, seen.at.millis(), seen.detail))
            .collect()
    }

    async fn later_moment_is_kept(test: TestDb) {
        let clock = Clock::system();
        let one = LastSeen::new(test.db.clone(), clock.clone());
        one.record("audit", "good".to_owned()).await.unwrap();
        let first = clock.now();
        let behind = Clock::system();
        behind.set_back(Duration::from_secs(60));
        let other = LastSeen::new(test.db.clone(), behind);
        other.record("audit", "old".to_owned()).await.unwrap();
        let kept = shown(&one).await;
        assert_eq!((kept.len(), kept[0].2.as_str()), (1, "good"));
        assert!(kept[0].1 <= first.millis());
        clock.advance(Duration::from_secs(60));
        one.record("audit", "better".to_owned()).await.unwrap();
        assert_eq!(shown(&other).await[0].2, "better");
    }

    async fn noted_moments_are_written_once_stopped(test: TestDb) {
        let clock = Clock::system();
        let last_seen = LastSeen::new(test.db.clone(), clock.clone());
        last_seen.note("pay");
        clock.advance(Duration::from_secs(5));
        last_seen.note("pay");
        last_seen.note("im");
        assert_eq!(shown(&last_seen).await, []);
        let stop = CancellationToken::new();
        stop.cancel();
        LastSeenWorker::new(last_seen.clone()).run(stop).await;
        let written = shown(&last_seen).await;
        let names: Vec<&str> = written.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["im", "pay"]);
        assert!(written[1].1 >= clock.now().before(Duration::from_secs(2)).millis());
    }
}
