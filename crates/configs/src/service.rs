//! [`Configs`]: reading with a cache, and changes by operators.

use std::sync::Arc;

use diesel::prelude::*;
use qlive_store::audit_log::{self, Operator};
use qlive_store::schema::configs;
use qlive_store::{
    Conn, Db, Recent, StoreError, key_violation_as_contention, serialize_transactions,
};
use qlive_types::{Clock, Moment, WebAddressRules};
use serde_json::{Value, json};

use crate::{ConfigError, Snapshot, keys};

/// The configs. Cheap to clone.
#[derive(Clone)]
pub struct Configs {
    db: Db,
    clock: Clock,
    recent: Recent<Snapshot>,
    address_rules: WebAddressRules,
}

impl Configs {
    /// Configs stored in `db`.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            recent: Recent::new(clock.clone()),
            db,
            clock,
            address_rules: WebAddressRules::default(),
        }
    }

    /// The same configs, whose addresses may be where `rules` allow.
    #[must_use]
    pub fn with_address_rules(self, rules: WebAddressRules) -> Self {
        Self {
            address_rules: rules,
            ..self
        }
    }

    /// The current values, at most one second old.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>, ConfigError> {
        let db = self.db.clone();
        self.recent
            .get(|| async move { db.read_one(load_snapshot).await })
            .await
    }

    /// The value that [`Configs::set`] would store for the text that an operator typed.
    ///
    /// # Errors
    /// Those of [`Configs::set`], by the values of this moment.
    pub async fn preview(&self, key: &str, typed: &str) -> Result<Value, ConfigError> {
        let value = keys::parse(key, typed, &self.address_rules)?;
        let snapshot = self.snapshot().await?;
        snapshot.with(key, value.clone()).validate()?;
        Ok(value)
    }

    /// Sets a key to the text that an operator typed.
    ///
    /// # Errors
    /// [`ConfigError::BadKey`] or [`ConfigError::BadValue`], or when the database fails.
    pub async fn set(&self, by: Operator, key: String, typed: String) -> Result<(), ConfigError> {
        let value = keys::parse(&key, &typed, &self.address_rules)?;
        self.change(by, "configs set", key, move |_| Ok(Some(value.clone())))
            .await
    }

    /// The same, if the value, or the default in place of none, is still `expected`.
    ///
    /// # Errors
    /// [`ConfigError::Changed`] when it is not; else those of [`Configs::set`].
    pub async fn replace(
        &self,
        by: Operator,
        key: String,
        expected: Value,
        typed: String,
    ) -> Result<(), ConfigError> {
        let value = keys::parse(&key, &typed, &self.address_rules)?;
        let default = keys::default_value(&key);
        self.change(by, "configs set", key, move |current| {
            if current.or(default.clone()) == Some(expected.clone()) {
                Ok(Some(value.clone()))
            } else {
                Err(ConfigError::Changed)
            }
        })
        .await
    }

    /// Appends an item to a list.
    ///
    /// # Errors
    /// [`ConfigError::BadValue`] when the key holds no list, or when the database fails.
    pub async fn add(&self, by: Operator, key: String, typed: String) -> Result<(), ConfigError> {
        let (name, rules) = (key.clone(), self.address_rules.clone());
        self.change(by, "configs add", key, move |current| {
            let item = keys::parse_list_item(&name, &typed, current.as_ref())?;
            let mut list = keys::stored_items(&name, current.as_ref());
            list.push(item);
            keys::parse(&name, &json!(list).to_string(), &rules).map(Some)
        })
        .await
    }

    /// Removes a stored value. A known key then has its default again.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] when no value is stored, or when the database fails.
    pub async fn remove(&self, by: Operator, key: String) -> Result<(), ConfigError> {
        self.change(by, "configs remove", key, |current| match current {
            Some(_) => Ok(None),
            None => Err(ConfigError::Unknown),
        })
        .await
    }

    /// Replaces the stored value by what `decide` returns for it, `None` for no value, and records
    /// the change in the audit log.
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
                // Values of two keys depend on each other.
                serialize_transactions(conn, "configs")?;
                let stored = find_text(conn, &key)?;
                let value = decide(stored.as_deref().map(parse_stored).transpose()?)?;
                replace_value(conn, now, &key, stored.as_deref(), value.as_ref())?;
                load_snapshot(conn)?.validate()?;
                let after = value.map(|value| value.to_string());
                let values = (
                    stored.as_deref().unwrap_or_default(),
                    after.as_deref().unwrap_or_default(),
                );
                audit_log::record_change(conn, now, &by, (action, &key), values)?;
                Ok::<_, ConfigError>(())
            })
            .await?;
        self.recent.forget();
        Ok(())
    }
}

fn load_snapshot(conn: &mut Conn) -> Result<Snapshot, ConfigError> {
    let rows: Vec<(String, String)> = configs::table
        .select((configs::key, configs::value))
        .order(configs::key)
        .load(conn)?;
    let parsed = rows
        .into_iter()
        .map(|(key, text)| Ok((key, parse_stored(&text)?)));
    Ok(Snapshot::new(
        parsed.collect::<Result<Vec<_>, StoreError>>()?,
    ))
}

fn find_text(conn: &mut Conn, key: &str) -> Result<Option<String>, StoreError> {
    let text = configs::table.find(key).select(configs::value);
    Ok(text.get_result(conn).optional()?)
}

/// Writes a value, `None` for no value, unless the stored text is no longer the one that was read.
fn replace_value(
    conn: &mut Conn,
    now: Moment,
    key: &str,
    stored: Option<&str>,
    value: Option<&Value>,
) -> Result<(), StoreError> {
    let fields = value.map(|value| {
        (
            configs::value.eq(value.to_string()),
            configs::updated_at.eq(now.millis()),
        )
    });
    let as_read = configs::table
        .find(key)
        .filter(configs::value.eq(stored.unwrap_or_default()));
    let rows = match (stored, fields) {
        (Some(_), Some(fields)) => diesel::update(as_read).set(fields).execute(conn)?,
        (Some(_), None) => diesel::delete(as_read).execute(conn)?,
        (None, Some(fields)) => key_violation_as_contention(
            diesel::insert_into(configs::table)
                .values((configs::key.eq(key), fields))
                .execute(conn),
        )?,
        (None, None) => return Ok(()),
    };
    if rows == 0 {
        return Err(StoreError::Contended);
    }
    Ok(())
}

fn parse_stored(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text)
        .ok()
        .ok_or(StoreError::Corrupt("configs.value is not JSON"))
}
