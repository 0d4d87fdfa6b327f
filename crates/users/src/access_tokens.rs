//! The stored access tokens of WeChat, which all instances share.

use diesel::prelude::*;
use qlive_store::schema::wechat_access_tokens;
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_types::Moment;
use secrecy::{ExposeSecret as _, SecretString};

/// The access token of an app, if it is still valid at `valid_at`.
pub(crate) fn find_access_token(
    conn: &mut Conn,
    app_id: &str,
    valid_at: Moment,
) -> Result<Option<SecretString>, StoreError> {
    let token: Option<String> = wechat_access_tokens::table
        .find(app_id)
        .filter(wechat_access_tokens::expires_at.gt(valid_at.millis()))
        .select(wechat_access_tokens::token)
        .get_result(conn)
        .optional()?;
    Ok(token.map(Into::into))
}

/// Inserts or replaces the access token of an app.
pub(crate) fn store_access_token(
    conn: &mut Conn,
    app_id: &str,
    token: &SecretString,
    expires_at: Moment,
) -> Result<(), StoreError> {
    let fields = (
        wechat_access_tokens::token.eq(token.expose_secret()),
        wechat_access_tokens::expires_at.eq(expires_at.millis()),
    );
    let updated = diesel::update(wechat_access_tokens::table.find(app_id))
        .set(fields)
        .execute(conn)?;
    if updated == 0 {
        let row = (wechat_access_tokens::app_id.eq(app_id), fields);
        key_violation_as_contention(
            diesel::insert_into(wechat_access_tokens::table)
                .values(row)
                .execute(conn),
        )?;
    }
    Ok(())
}
