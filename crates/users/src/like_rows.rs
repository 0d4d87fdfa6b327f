//! Reading likes.

use std::collections::HashSet;

use diesel::prelude::*;
use qlive_store::schema::{likes, users};
use qlive_store::{Conn, Found, StoreError};
use qlive_types::UserId;

/// Whether users like users, for pairs of who likes and who is liked, in one statement. Leaves out
/// the pairs of which the liked one does not exist.
pub(crate) fn find_likes(
    conn: &mut Conn,
    pairs: &[(UserId, UserId)],
) -> Result<Found<(UserId, UserId), bool>, StoreError> {
    let is_of_row = likes::liked_id.eq(users::id);
    let columns = (users::id, likes::user_id.nullable());
    let rows: Vec<(i64, Option<i64>)> = match pairs {
        // A statement for one key is prepared once.
        [(user, liked)] => users::table
            .left_join(likes::table.on(is_of_row.and(likes::user_id.eq(user.get()))))
            .filter(users::id.eq(liked.get()))
            .select(columns)
            .load(conn)?,
        _ => {
            let likers = pairs.iter().map(|(user, _)| user.get());
            let liked = pairs.iter().map(|(_, liked)| liked.get());
            users::table
                .left_join(likes::table.on(is_of_row.and(likes::user_id.eq_any(likers))))
                .filter(users::id.eq_any(liked))
                .select(columns)
                .load(conn)?
        }
    };
    let existing: HashSet<i64> = rows.iter().map(|(liked, _)| *liked).collect();
    let likes: HashSet<(i64, i64)> = rows
        .iter()
        .filter_map(|(liked, user)| user.map(|user| (user, *liked)))
        .collect();
    let found = pairs
        .iter()
        .filter(|(_, liked)| existing.contains(&liked.get()))
        .map(|pair| (*pair, likes.contains(&(pair.0.get(), pair.1.get()))));
    Ok(found.collect())
}
