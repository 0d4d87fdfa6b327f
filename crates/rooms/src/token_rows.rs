//! Reading tokens, with what depends on their users.

use diesel::prelude::*;
use qlive_store::schema::{members, tokens, users};
use qlive_store::{Conn, StoreError};
use qlive_types::Moment;
use qlive_users::KnownToken;
use qlive_users::tokens::{TokenHash, TokenRow};

/// A stored token, and the membership of its user if they are in a room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FoundToken {
    token: TokenRow,
    member: Option<MemberRow>,
}

#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = members)]
struct MemberRow {
    im_grace_until: Option<i64>,
    last_active_at: i64,
}

impl FoundToken {
    /// What is known of the token; `None` when it has expired.
    pub(crate) fn known_token(&self, now: Moment) -> Result<Option<KnownToken>, StoreError> {
        let active_at = self.member.map(|member| member.last_active_at);
        let authenticated = self.token.authenticate(now)?;
        Ok(authenticated.map(|(caller, used_at)| {
            KnownToken::new(caller, used_at, active_at.map(Moment::from_millis))
        }))
    }

    /// Whether the grace period of an IM disconnect runs for the user.
    pub(crate) fn grace_runs(&self) -> bool {
        let member = self.member.as_ref();
        member.is_some_and(|member| member.im_grace_until.is_some())
    }
}

/// The tokens with these hashes, in one statement.
pub(crate) fn find_tokens(
    conn: &mut Conn,
    hashes: &[TokenHash],
) -> Result<Vec<(TokenHash, FoundToken)>, StoreError> {
    let found = tokens::table
        .inner_join(users::table)
        .left_join(members::table.on(members::user_id.eq(tokens::user_id)))
        .select((
            tokens::hash,
            (
                tokens::user_id,
                tokens::created_at,
                tokens::used_at,
                users::banned_at,
            ),
            Option::<MemberRow>::as_select(),
        ));
    let rows: Vec<(String, TokenRow, Option<MemberRow>)> = match hashes {
        // A statement for one key is prepared once.
        [hash] => found.filter(tokens::hash.eq(hash.stored())).load(conn)?,
        _ => {
            let stored = hashes.iter().map(TokenHash::stored);
            found.filter(tokens::hash.eq_any(stored)).load(conn)?
        }
    };
    let tokens = rows.into_iter().map(|(hash, token, member)| {
        let hash = TokenHash::from_stored(&hash).ok_or(StoreError::Corrupt("tokens.hash"))?;
        Ok((hash, FoundToken { token, member }))
    });
    tokens.collect()
}
