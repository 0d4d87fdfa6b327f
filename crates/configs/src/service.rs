//! Reading, caching and changing configs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use qlive_store::audit::{self, Operator};
use qlive_store::schema::configs;
use qlive_store::{Conn, Db, StoreError, or_contended};
use qlive_types::{Clock, Moment};
use serde_json::{Value, json};

use crate::{ConfigError, Snapshot, keys};

/// How long another instance's change may go unseen here.
const STALE: Duration = Duration::from_secs(1);

/// The configs of the house. Cheap to clone.
#[derive(Clone)]
pub struct Configs {
    db: Db,
    clock: Clock,
    cache: Arc<Mutex<Cached>>,
}

/// The last snapshot, and when it was read.
type Cached = Option<(Moment, Arc<Snapshot>)>;

impl Configs {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            db,
            clock,
            cache: Arc::default(),
        }
    }

    /// The present values, at most a second old.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>, ConfigError> {
        let now = self.clock.now();
        if let Some((read_at, snapshot)) =
            &*self.cache.lock().unwrap_or_else(PoisonError::into_inner)
            && now.since(*read_at) < STALE
        {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(self.db.read(read).await?);
        *self.cache.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((now, Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// Sets a key to what an operator typed.
    pub async fn set(&self, by: Operator, key: String, typed: String) -> Result<(), ConfigError> {
        let value = keys::parse(&key, &typed)?;
        self.change(by, "configs set", key, move |_| Ok(Some(value.clone())))
            .await
    }

    /// Appends an entry to a key that holds a list.
    pub async fn add(&self, by: Operator, key: String, typed: String) -> Result<(), ConfigError> {
        let named = key.clone();
        self.change(by, "configs add", key, move |present| {
            let entry = keys::parse_entry(&named, &typed, present.as_ref())?;
            let mut list = present
                .and_then(|value| value.as_array().cloned())
                .unwrap_or_default();
            list.push(entry);
            keys::parse(&named, &json!(list).to_string()).map(Some)
        })
        .await
    }

    /// Removes a stored value; a known key falls back to its default.
    pub async fn remove(&self, by: Operator, key: String) -> Result<(), ConfigError> {
        self.change(by, "configs remove", key, |present| match present {
            Some(_) => Ok(None),
            None => Err(ConfigError::Unknown),
        })
        .await
    }

    async fn change(
        &self,
        by: Operator,
        action: &'static str,
        key: String,
        decide: impl Fn(Option<Value>) -> Result<Option<Value>, ConfigError> + Send + 'static,
    ) -> Result<(), ConfigError> {
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                let present = stored(conn, &key)?;
                match decide(present)? {
                    Some(value) => store(conn, now, &key, &value)?,
                    None => drop(diesel::delete(configs::table.find(&key)).execute(conn)?),
                }
                read(conn)?.check()?;
                audit::record(conn, now, &by, action, &key)?;
                Ok::<_, ConfigError>(())
            })
            .await?;
        *self.cache.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

fn read(conn: &mut Conn) -> Result<Snapshot, ConfigError> {
    let rows: Vec<(String, String)> = configs::table
        .select((configs::key, configs::value))
        .order(configs::key)
        .load(conn)?;
    let parsed = rows
        .into_iter()
        .map(|(key, text)| Ok((key, json_of(&text)?)));
    Ok(Snapshot::new(
        parsed.collect::<Result<Vec<_>, StoreError>>()?,
    ))
}

fn stored(conn: &mut Conn, key: &str) -> Result<Option<Value>, StoreError> {
    let text: Option<String> = configs::table
        .find(key)
        .select(configs::value)
        .get_result(conn)
        .optional()?;
    text.map(|text| json_of(&text)).transpose()
}

fn store(conn: &mut Conn, now: Moment, key: &str, value: &Value) -> Result<(), StoreError> {
    let fields = (
        configs::value.eq(value.to_string()),
        configs::updated_at.eq(now.millis()),
    );
    if diesel::update(configs::table.find(key))
        .set(fields.clone())
        .execute(conn)?
        == 0
    {
        or_contended(
            diesel::insert_into(configs::table)
                .values((configs::key.eq(key), fields))
                .execute(conn),
        )?;
    }
    Ok(())
}

fn json_of(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text)
        .ok()
        .ok_or(StoreError::Corrupt("configs.value is not JSON"))
}
