//! What a user shows of himself.

use diesel::prelude::*;
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError};
use qlive_tencent::im::user_sig;
use qlive_types::{Gender, Moment, UserId, text};
use secrecy::SecretString;

use crate::UsersError;

/// How long a UserSig given to a client lives: a week.
const USER_SIG_SECS: i64 = 7 * 86_400;
/// The most bytes of a face URL.
const FACE_URL_BYTES: usize = 512;

/// The whole profile. Whose secrets may be shown is for the caller to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub user: UserId,
    pub app_id: String,
    pub openid: String,
    pub nickname: String,
    pub gender: Gender,
    pub age: i32,
    /// Centimetres.
    pub height: i32,
    /// An administrative division code of China.
    pub area: String,
    pub face_url: String,
    pub matchmaker: bool,
    pub banned_at: Option<Moment>,
    pub last_login_at: Option<Moment>,
    pub created_at: Moment,
    /// Whether name and gender are the person's own.
    pub ready: bool,
}

/// Signs users into IM.
#[derive(Clone)]
pub struct Signer {
    pub sdk_app_id: u32,
    pub key: SecretString,
}

impl Signer {
    /// A UserSig for `user` and when it ends.
    #[must_use]
    pub fn sign(&self, user: UserId, now: Moment) -> (SecretString, Moment) {
        let sig = user_sig(
            self.sdk_app_id,
            &self.key,
            &user.to_string(),
            now.secs(),
            USER_SIG_SECS,
        );
        (
            sig,
            Moment::from_millis((now.secs() + USER_SIG_SECS) * 1000),
        )
    }
}

/// What a client wants to change, as it came.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub nickname: Option<String>,
    pub gender: Option<i64>,
    pub age: Option<i64>,
    pub height: Option<i64>,
    pub area: Option<String>,
    pub face_url: Option<String>,
}

/// A change whose every field is within its bounds. Fields that are `None` stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    nickname: Option<String>,
    gender: Option<Gender>,
    age: Option<i32>,
    height: Option<i32>,
    area: Option<String>,
    face_url: Option<String>,
}

impl TryFrom<Draft> for ProfileChange {
    type Error = UsersError;

    fn try_from(draft: Draft) -> Result<Self, UsersError> {
        let within = |value: Option<i64>, range: std::ops::RangeInclusive<i32>, field| {
            value
                .map(|value| {
                    i32::try_from(value)
                        .ok()
                        .filter(|value| range.contains(value))
                        .ok_or(UsersError::BadField(field))
                })
                .transpose()
        };
        let checked = |value: Option<String>, is_good: fn(&str) -> bool, field| match value {
            Some(text) if !is_good(&text) => Err(UsersError::BadField(field)),
            other => Ok(other),
        };
        let gender = draft
            .gender
            .map(|number| Gender::from_number(number).ok_or(UsersError::BadField("gender")));
        Ok(Self {
            nickname: checked(
                draft.nickname.map(|name| text::nickname(&name)),
                is_name,
                "nickname",
            )?,
            gender: gender.transpose()?,
            age: within(draft.age, 18..=99, "age")?,
            height: within(draft.height, 100..=250, "height")?,
            area: checked(draft.area, is_area, "area")?,
            face_url: checked(draft.face_url, is_face_url, "face_url")?,
        })
    }
}

impl ProfileChange {
    /// The gender it sets.
    #[must_use]
    pub const fn gender(&self) -> Option<Gender> {
        self.gender
    }

    /// The text that WeChat should look at.
    #[must_use]
    pub fn nickname(&self) -> Option<&str> {
        self.nickname.as_deref()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !text::has_control(name)
}

fn is_area(area: &str) -> bool {
    (2..=8).contains(&area.len()) && area.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a client may be sent to this address for a picture.
pub(crate) fn is_face_url(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    url.len() <= FACE_URL_BYTES
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !url.contains(char::is_whitespace)
}

/// Writes a change. Whether the gender may change is for `rooms` to decide first.
pub fn apply(conn: &mut Conn, user: UserId, change: &ProfileChange) -> Result<(), StoreError> {
    #[derive(AsChangeset)]
    #[diesel(table_name = users)]
    struct Columns<'a> {
        nickname: Option<&'a str>,
        name_known: Option<bool>,
        gender: Option<i32>,
        gender_known: Option<bool>,
        age: Option<i32>,
        height: Option<i32>,
        area: Option<&'a str>,
        face_url: Option<&'a str>,
    }
    if *change == ProfileChange::default() {
        return Ok(());
    }
    diesel::update(users::table.find(user.get()))
        .set(Columns {
            nickname: change.nickname.as_deref(),
            name_known: change.nickname.as_ref().map(|_| true),
            gender: change.gender.map(Gender::number),
            gender_known: change.gender.map(|_| true),
            age: change.age,
            height: change.height,
            area: change.area.as_deref(),
            face_url: change.face_url.as_deref(),
        })
        .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(draft: Draft) -> Option<&'static str> {
        match ProfileChange::try_from(draft) {
            Ok(_) => None,
            Err(UsersError::BadField(field)) => Some(field),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn every_field_has_its_bounds() {
        for (age, good) in [
            (17, false),
            (18, true),
            (99, true),
            (100, false),
            (i64::MAX, false),
        ] {
            assert_eq!(
                field(Draft {
                    age: Some(age),
                    ..Draft::default()
                })
                .is_none(),
                good,
                "{age}"
            );
        }
        for (height, good) in [(99, false), (100, true), (250, true), (251, false)] {
            assert_eq!(
                field(Draft {
                    height: Some(height),
                    ..Draft::default()
                })
                .is_none(),
                good,
                "{height}"
            );
        }
        for (gender, good) in [(0, false), (1, true), (2, true), (3, false)] {
            assert_eq!(
                field(Draft {
                    gender: Some(gender),
                    ..Draft::default()
                })
                .is_none(),
                good,
                "{gender}"
            );
        }
        for (area, good) in [
            ("1", false),
            ("31", true),
            ("31010001", true),
            ("310100011", false),
            ("31a", false),
        ] {
            assert_eq!(
                field(Draft {
                    area: Some(area.into()),
                    ..Draft::default()
                })
                .is_none(),
                good,
                "{area}"
            );
        }
        let long = format!("https://a/{}", "b".repeat(503));
        for (url, good) in [
            ("https://a/b.png", true),
            ("ftp://a", false),
            ("javascript:x", false),
            ("https://", false),
            ("http:///x", false),
            (long.as_str(), false),
        ] {
            assert_eq!(
                field(Draft {
                    face_url: Some(url.into()),
                    ..Draft::default()
                })
                .is_none(),
                good,
                "{url}"
            );
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        let change = ProfileChange::try_from(Draft {
            nickname: Some("x".repeat(30)),
            ..Draft::default()
        })
        .unwrap();
        assert_eq!(change.nickname(), Some("x".repeat(20).as_str()));
    }
}
