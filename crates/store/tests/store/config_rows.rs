//! Rows of the table `configs`, which the tests write and count.

use diesel::prelude::*;
use qlive_store::schema::configs;
use qlive_store::testing::TestDb;
use qlive_store::{Conn, StoreError};

pub(crate) fn insert(conn: &mut Conn, key: &str, value: &str) -> QueryResult<usize> {
    diesel::insert_into(configs::table)
        .values((
            configs::key.eq(key),
            configs::value.eq(value),
            configs::updated_at.eq(1),
        ))
        .execute(conn)
}

pub(crate) fn update(conn: &mut Conn, key: &str, value: &str) -> QueryResult<usize> {
    diesel::update(configs::table.find(key))
        .set(configs::value.eq(value))
        .execute(conn)
}

pub(crate) async fn count(db: &TestDb) -> i64 {
    db.db
        .read(|conn| Ok::<_, StoreError>(configs::table.count().get_result(conn)?))
        .await
        .unwrap()
}
