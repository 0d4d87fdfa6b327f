//! Registration with a WeChat code.

use diesel::prelude::*;
use qlive_outbox::Delivery;
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError, key_violation_as_contention};
use qlive_tencent::wechat::{UserInfo, decrypt_user_info};
use qlive_types::{Gender, Moment, UserId, random, text};
use secrecy::{ExposeSecret as _, SecretString};

use crate::directory::find_by_openid;
use crate::session::{ExchangedCode, mark_code_of_new_user, may_repeat_registration};
use crate::{Credentials, Users, UsersError, tokens};

/// The name that WeChat gives every user since it hides their names from mini-programs.
const ANONYMOUS: &str = "微信用户";
const DEFAULT_AGE: i32 = 25;
/// Shanghai.
const DEFAULT_AREA: &str = "310100";

/// A request to register.
#[derive(Clone)]
pub struct Registration {
    pub app_id: String,
    /// A WeChat login code. The client may have logged in with it in the last five minutes.
    pub code: String,
    /// `encryptedData` and `iv` of `wx.getUserInfo`.
    pub sealed: Option<(String, String)>,
    /// A token that the client still has.
    pub token: Option<SecretString>,
}

impl Users {
    /// Registers a user and imports them into IM, or logs in the user who has this openid already.
    ///
    /// # Errors
    /// [`UsersError::InvalidCode`], also for a code that was used before when the user was
    /// registered already; [`UsersError::DecryptFailed`], and the errors of WeChat and of
    /// the database.
    pub async fn register(&self, request: Registration) -> Result<Credentials, UsersError> {
        let exchanged = self
            .exchange_or_find_code(&request.app_id, &request.code)
            .await?;
        let info = match &request.sealed {
            None => None,
            Some((encrypted, iv)) => Some(decrypt(&exchanged, &request.app_id, encrypted, iv)?),
        };
        let info = info.map(|info| self.known_profile(&info));
        let now = self.clock.now();
        let (user, is_banned, token) = self
            .db
            .write(move |conn| {
                let (app_id, openid) = (&request.app_id, &exchanged.session.openid);
                let (user, is_banned) = match find_by_openid(conn, app_id, openid)? {
                    Some(_)
                        if !exchanged.is_fresh
                            && !may_repeat_registration(conn, app_id, &request.code, now)? =>
                    {
                        return Err(UsersError::InvalidCode);
                    }
                    Some(registered) => registered,
                    None => {
                        let user = insert_user(conn, app_id, openid, info.as_ref(), now)?;
                        mark_code_of_new_user(conn, app_id, &request.code)?;
                        (user, false)
                    }
                };
                let token = tokens::reuse_or_issue(conn, user, request.token.as_ref(), now)?;
                Ok::<_, UsersError>((user, is_banned, token))
            })
            .await?;
        self.known_tokens.forget(user);
        self.outbox.wake();
        Ok(self.credentials(user, is_banned, token))
    }

    /// What the user data says that can be used. What may not be shown counts as not given.
    fn known_profile(&self, info: &UserInfo) -> KnownProfile {
        KnownProfile {
            nickname: text::displayable_part(&info.nick_name)
                .and_then(|name| text::nickname(&name))
                .filter(|name| name != ANONYMOUS),
            gender: Gender::from_number(info.gender),
            face_url: self.address_rules.parse(&info.avatar_url),
        }
    }
}

/// What is known of a new user from WeChat.
#[derive(Clone, Default)]
struct KnownProfile {
    nickname: Option<String>,
    gender: Option<Gender>,
    face_url: Option<String>,
}

/// Decrypts the user data with the session key of the code, otherwise with the other known key:
/// the client may have encrypted it before it got the code.
fn decrypt(
    exchanged: &ExchangedCode,
    app_id: &str,
    encrypted: &str,
    iv: &str,
) -> Result<UserInfo, UsersError> {
    let session = &exchanged.session;
    let info = [Some(&session.session_key), exchanged.other_key.as_ref()]
        .into_iter()
        .flatten()
        .find_map(|key| decrypt_user_info(key.expose_secret(), iv, encrypted, app_id).ok())
        .ok_or(UsersError::DecryptFailed)?;
    match &info.open_id {
        Some(openid) if *openid != session.openid => Err(UsersError::DecryptFailed),
        _ => Ok(info),
    }
}

/// Inserts a user under a random id, and the delivery that imports them into IM. Contention when
/// the id or the openid exists already: the transaction then runs again.
fn insert_user(
    conn: &mut Conn,
    app_id: &str,
    openid: &str,
    info: Option<&KnownProfile>,
    now: Moment,
) -> Result<UserId, StoreError> {
    let id = random::within(UserId::MIN..=UserId::MAX);
    let user = UserId::new(id).ok_or(StoreError::Corrupt("a random user id"))?;
    let known = info.cloned().unwrap_or_default();
    let gender = known.gender.unwrap_or(Gender::Male);
    let default_height = match gender {
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
            users::nickname.eq(known.nickname.as_deref().unwrap_or(ANONYMOUS)),
            users::name_known.eq(known.nickname.is_some()),
        ),
        (
            users::gender.eq(gender.number()),
            users::gender_known.eq(known.gender.is_some()),
        ),
        (
            users::age.eq(DEFAULT_AGE),
            users::height.eq(default_height),
            users::area.eq(DEFAULT_AREA),
        ),
        (
            users::face_url.eq(known.face_url.unwrap_or_default()),
            users::matchmaker.eq(false),
            users::visits.eq(0_i64),
        ),
        users::created_at.eq(now.millis()),
    );
    key_violation_as_contention(diesel::insert_into(users::table).values(row).execute(conn))?;
    qlive_outbox::enqueue(conn, now, &Delivery::ImportAccount { user })?;
    Ok(user)
}
