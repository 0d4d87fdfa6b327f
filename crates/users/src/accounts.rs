//! Logging in and registering.

use diesel::prelude::*;
use qlive_outbox::{Effect, Office};
use qlive_store::schema::users;
use qlive_store::{Conn, Db, StoreError, or_contended};
use qlive_tencent::wechat::{Session, UserInfo, decrypt_user_info};
use qlive_types::{Clock, Gender, Moment, UserId, random, text};
use secrecy::{ExposeSecret as _, SecretString};

use crate::gateway::{recall, remember};
use crate::profile::is_face_url;
use crate::{Gateway, Signer, UsersError, tokens};

/// What WeChat calls everybody since it hides names from mini-programs.
const ANONYMOUS: &str = "微信用户";
const DEFAULT_AGE: i32 = 25;
/// Shanghai.
const DEFAULT_AREA: &str = "310100";

/// The accounts of the house. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) gateway: Gateway,
    pub(crate) signer: Signer,
    office: Office,
}

/// What lets a client act as a user.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: UserId,
    pub token: SecretString,
    /// Empty for a banned user.
    pub user_sig: SecretString,
    pub sdk_app_id: u32,
}

/// A request to register.
#[derive(Clone)]
pub struct Registration {
    pub app_id: String,
    pub code: String,
    /// `encryptedData` and `iv`, both or neither.
    pub sealed: Option<(String, String)>,
    /// A token the client still holds.
    pub token: Option<SecretString>,
}

impl Users {
    #[must_use]
    pub fn new(db: Db, clock: Clock, gateway: Gateway, signer: Signer, office: Office) -> Self {
        Self {
            db,
            clock,
            gateway,
            signer,
            office,
        }
    }

    /// Logs in by a WeChat code. `None`: nobody is registered under that openid.
    pub async fn login(
        &self,
        app_id: String,
        code: String,
        token: Option<SecretString>,
    ) -> Result<Option<Credentials>, UsersError> {
        let session = self
            .gateway
            .exchange(&app_id, &code)
            .await?
            .ok_or(UsersError::InvalidCode)?;
        let now = self.clock.now();
        let found = self
            .db
            .write(move |conn| {
                remember(conn, &app_id, &code, &session, now)?;
                let Some((user, banned)) = by_openid(conn, &app_id, &session.openid)? else {
                    return Ok(None);
                };
                diesel::update(users::table.find(user.get()))
                    .set(users::last_login_at.eq(Some(now.millis())))
                    .execute(conn)?;
                Ok::<_, UsersError>(Some((
                    user,
                    banned,
                    tokens::issue(conn, user, token.as_ref(), now)?,
                )))
            })
            .await?;
        Ok(found.map(|(user, banned, token)| self.credentials(user, banned, token)))
    }

    /// Registers, or answers with the account that this openid already has.
    pub async fn register(&self, request: Registration) -> Result<Credentials, UsersError> {
        let (session, known_key) = self.open_session(&request).await?;
        let info = match &request.sealed {
            None => None,
            Some((encrypted, iv)) => Some(unseal(
                &session,
                known_key.as_ref(),
                &request.app_id,
                encrypted,
                iv,
            )?),
        };
        let now = self.clock.now();
        let (user, banned, token) = self
            .db
            .write(move |conn| {
                let (user, banned) = match by_openid(conn, &request.app_id, &session.openid)? {
                    Some(known) => known,
                    None => (
                        create(conn, &request.app_id, &session.openid, info.as_ref(), now)?,
                        false,
                    ),
                };
                let token = tokens::issue(conn, user, request.token.as_ref(), now)?;
                Ok::<_, UsersError>((user, banned, token))
            })
            .await?;
        self.office.wake();
        Ok(self.credentials(user, banned, token))
    }

    /// Refuses a nickname that WeChat finds risky.
    pub async fn check_name(&self, user: UserId, name: &str) -> Result<(), UsersError> {
        let profile = self.profile(user).await?;
        self.gateway
            .check_text(
                &self.db,
                &self.clock,
                &profile.app_id,
                &profile.openid,
                name,
            )
            .await
    }

    /// A UserSig for `user` and when it ends.
    #[must_use]
    pub fn sign(&self, user: UserId) -> (SecretString, Moment) {
        self.signer.sign(user, self.clock.now())
    }

    /// The session behind a code, and the key that was known before it. A code
    /// that login has just used still serves.
    async fn open_session(
        &self,
        request: &Registration,
    ) -> Result<(Session, Option<SecretString>), UsersError> {
        let now = self.clock.now();
        let (app, code) = (request.app_id.clone(), request.code.clone());
        match self.gateway.exchange(&app, &code).await? {
            Some(session) => {
                let kept = session.clone();
                let known = self
                    .db
                    .write(move |conn| remember(conn, &app, &code, &kept, now))
                    .await?;
                Ok((session, known))
            }
            None => {
                let recalled = self
                    .db
                    .read(move |conn| recall(conn, &app, &code, now))
                    .await?;
                recalled.ok_or(UsersError::InvalidCode)
            }
        }
    }

    fn credentials(&self, user: UserId, banned: bool, token: SecretString) -> Credentials {
        let user_sig = if banned {
            SecretString::default()
        } else {
            self.sign(user).0
        };
        Credentials {
            user,
            token,
            user_sig,
            sdk_app_id: self.signer.sdk_app_id,
        }
    }
}

/// Opens the data with this code's key, else with the last one known.
fn unseal(
    session: &Session,
    known_key: Option<&SecretString>,
    app_id: &str,
    encrypted: &str,
    iv: &str,
) -> Result<UserInfo, UsersError> {
    let info = [Some(&session.session_key), known_key]
        .into_iter()
        .flatten()
        .find_map(|key| decrypt_user_info(key.expose_secret(), iv, encrypted, app_id).ok())
        .ok_or(UsersError::DecryptFailed)?;
    match &info.open_id {
        Some(openid) if *openid != session.openid => Err(UsersError::DecryptFailed),
        _ => Ok(info),
    }
}

fn by_openid(
    conn: &mut Conn,
    app_id: &str,
    openid: &str,
) -> Result<Option<(UserId, bool)>, StoreError> {
    let row: Option<(i64, Option<i64>)> = users::table
        .filter(users::app_id.eq(app_id).and(users::openid.eq(openid)))
        .select((users::id, users::banned_at))
        .get_result(conn)
        .optional()?;
    row.map(|(id, banned_at)| {
        let user = UserId::new(id).ok_or(StoreError::Corrupt("users.id"))?;
        Ok((user, banned_at.is_some()))
    })
    .transpose()
}

/// Inserts a user. An openid or a number that was taken meanwhile runs the whole transaction again.
fn create(
    conn: &mut Conn,
    app_id: &str,
    openid: &str,
    info: Option<&UserInfo>,
    now: Moment,
) -> Result<UserId, StoreError> {
    let id = random::within(UserId::MIN..=UserId::MAX);
    let user = UserId::new(id).ok_or(StoreError::Corrupt("a drawn user id"))?;
    let known_gender = info.and_then(|info| Gender::from_number(info.gender));
    let gender = known_gender.unwrap_or(Gender::Male);
    let known_name = info
        .map(|info| text::nickname(&info.nick_name))
        .filter(|name| !name.is_empty() && name != ANONYMOUS && !text::has_control(name));
    let face_url = info
        .map(|info| info.avatar_url.as_str())
        .filter(|url| is_face_url(url))
        .unwrap_or_default();
    let height = match gender {
        Gender::Male => 180,
        Gender::Female => 165,
    };
    let row = (
        (
            users::id.eq(id),
            users::app_id.eq(app_id),
            users::openid.eq(openid),
        ),
        (
            users::nickname.eq(known_name.as_deref().unwrap_or(ANONYMOUS)),
            users::name_known.eq(known_name.is_some()),
        ),
        (
            users::gender.eq(gender.number()),
            users::gender_known.eq(known_gender.is_some()),
        ),
        (
            users::age.eq(DEFAULT_AGE),
            users::height.eq(height),
            users::area.eq(DEFAULT_AREA),
        ),
        (
            users::face_url.eq(face_url),
            users::matchmaker.eq(false),
            users::entries.eq(0_i64),
        ),
        users::created_at.eq(now.millis()),
    );
    or_contended(diesel::insert_into(users::table).values(row).execute(conn))?;
    qlive_outbox::post(conn, now, &Effect::ImportAccount { user })?;
    Ok(user)
}
