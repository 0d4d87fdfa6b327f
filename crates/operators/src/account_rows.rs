//! The rows of accounts.

use diesel::prelude::*;
use qlive_store::schema::operators;
use qlive_store::{Conn, OperatorName, StoreError};
use qlive_types::Moment;

use crate::Role;

/// The most characters of a name.
pub(crate) const LONGEST_NAME: usize = 100;

/// The owner who operates a sandbox.
pub(crate) const SANDBOX_OWNER: &str = "sandbox";

/// The account of an operator, as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorAccount {
    pub id: i64,
    pub name: OperatorName,
    pub role: Role,
    /// Whether a password was set. Without one only a link logs in.
    pub has_password: bool,
    pub has_authenticator: bool,
    pub disabled_at: Option<Moment>,
    pub last_login_at: Option<Moment>,
    pub created_at: Moment,
}

impl OperatorAccount {
    /// Whether it is the account of whoever comes by the link to a sandbox.
    #[must_use]
    pub fn is_sandbox_owner(&self) -> bool {
        self.name.as_str() == SANDBOX_OWNER
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = operators)]
pub(crate) struct OperatorRow {
    pub(crate) id: i64,
    name: String,
    role: i32,
    pub(crate) password_hash: String,
    pub(crate) totp_secret: String,
    pub(crate) totp_step: i64,
    disabled_at: Option<i64>,
    last_login_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<&OperatorRow> for OperatorAccount {
    type Error = StoreError;

    fn try_from(row: &OperatorRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            name: OperatorName::parse(&row.name)
                .map_err(|_empty| StoreError::Corrupt("operators.name"))?,
            role: Role::from_number(row.role).ok_or(StoreError::Corrupt("operators.role"))?,
            has_password: !row.password_hash.is_empty(),
            has_authenticator: !row.totp_secret.is_empty(),
            disabled_at: row.disabled_at.map(Moment::from_millis),
            last_login_at: row.last_login_at.map(Moment::from_millis),
            created_at: Moment::from_millis(row.created_at),
        })
    }
}

/// The row of an account.
pub(crate) fn find(conn: &mut Conn, id: i64) -> Result<Option<OperatorRow>, StoreError> {
    Ok(operators::table
        .find(id)
        .select(OperatorRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// The row of the account with this name.
pub(crate) fn find_by_name(
    conn: &mut Conn,
    name: &OperatorName,
) -> Result<Option<OperatorRow>, StoreError> {
    Ok(operators::table
        .filter(operators::compared_name.eq(name.compared()))
        .select(OperatorRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// Inserts an account without a password.
pub(crate) fn insert(
    conn: &mut Conn,
    now: Moment,
    name: &OperatorName,
    role: Role,
) -> Result<i64, StoreError> {
    Ok(diesel::insert_into(operators::table)
        .values((
            operators::name.eq(name.as_str()),
            operators::compared_name.eq(name.compared()),
            operators::role.eq(role.number()),
            operators::password_hash.eq(""),
            operators::totp_secret.eq(""),
            operators::totp_step.eq(0),
            operators::created_at.eq(now.millis()),
        ))
        .returning(operators::id)
        .get_result(conn)?)
}
