//! Changes of a profile: validation of the input, the check of the nickname, and the update.

use std::ops::RangeInclusive;

use diesel::prelude::*;
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, UserId, text};

use crate::{Users, UsersError};

/// The most bytes of a face URL.
const MAX_FACE_URL_BYTES: usize = 512;
/// The range of ages.
const AGES: RangeInclusive<i32> = 18..=99;
/// The range of heights in centimetres.
const HEIGHTS: RangeInclusive<i32> = 100..=250;

/// The fields that a client wants to change, not validated.
#[derive(Debug, Clone, Default)]
pub struct UnvalidatedProfileChange {
    pub nickname: Option<String>,
    pub gender: Option<i64>,
    pub age: Option<i64>,
    pub height: Option<i64>,
    pub area: Option<String>,
    pub face_url: Option<String>,
}

/// A validated change of a profile. A field that is `None` keeps its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    nickname: Option<String>,
    gender: Option<Gender>,
    age: Option<i32>,
    height: Option<i32>,
    area: Option<String>,
    face_url: Option<String>,
}

impl TryFrom<UnvalidatedProfileChange> for ProfileChange {
    type Error = UsersError;

    fn try_from(input: UnvalidatedProfileChange) -> Result<Self, UsersError> {
        let number = |value: Option<i64>, range: RangeInclusive<i32>, field| {
            value
                .map(|value| {
                    i32::try_from(value)
                        .ok()
                        .filter(|value| range.contains(value))
                        .ok_or(UsersError::BadField(field))
                })
                .transpose()
        };
        let text = |value: Option<String>, is_valid: fn(&str) -> bool, field| match value {
            Some(text) if !is_valid(&text) => Err(UsersError::BadField(field)),
            other => Ok(other),
        };
        let nickname = input.nickname.map(|name| text::truncate_nickname(&name));
        let gender = input
            .gender
            .map(|number| Gender::from_number(number).ok_or(UsersError::BadField("gender")))
            .transpose()?;
        Ok(Self {
            nickname: text(nickname, is_nickname, "nickname")?,
            gender,
            age: number(input.age, AGES, "age")?,
            height: number(input.height, HEIGHTS, "height")?,
            area: text(input.area, is_area, "area")?,
            face_url: text(input.face_url, is_face_url, "face_url")?,
        })
    }
}

impl ProfileChange {
    /// The new gender, if it changes.
    #[must_use]
    pub const fn gender(&self) -> Option<Gender> {
        self.gender
    }

    /// The new nickname, if it changes.
    #[must_use]
    pub fn nickname(&self) -> Option<&str> {
        self.nickname.as_deref()
    }
}

fn is_nickname(name: &str) -> bool {
    !name.is_empty() && !text::has_control(name)
}

fn is_area(area: &str) -> bool {
    (2..=8).contains(&area.len()) && area.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a URL is acceptable for a picture that clients load: HTTP or HTTPS, with a host.
pub(crate) fn is_face_url(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    url.len() <= MAX_FACE_URL_BYTES
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !url.contains(char::is_whitespace)
}

impl Users {
    /// Has WeChat check a nickname, if checks are enabled.
    ///
    /// # Errors
    /// [`UsersError::ContentRejected`] for a risky nickname, [`UsersError::UnknownUser`], and the
    /// errors of WeChat and of the database.
    pub async fn check_nickname(&self, user: UserId, nickname: &str) -> Result<(), UsersError> {
        let profile = self.profile(user).await?;
        self.gateway
            .check_text(
                &self.db,
                &self.clock,
                &profile.app_id,
                &profile.openid,
                nickname,
            )
            .await
    }
}

/// Writes a change to the user's row. The caller must have checked that the gender may change,
/// which depends on the room that the user is in.
///
/// # Errors
/// When the database fails.
pub fn apply_profile_change(
    conn: &mut Conn,
    user: UserId,
    change: &ProfileChange,
) -> Result<(), StoreError> {
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

    fn refused_field(input: UnvalidatedProfileChange) -> Option<&'static str> {
        match ProfileChange::try_from(input) {
            Ok(_) => None,
            Err(UsersError::BadField(field)) => Some(field),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn field_out_of_bounds_is_refused() {
        let number = |set: fn(&mut UnvalidatedProfileChange, i64), value: i64| {
            let mut input = UnvalidatedProfileChange::default();
            set(&mut input, value);
            refused_field(input)
        };
        for (age, is_valid) in [
            (17, false),
            (18, true),
            (99, true),
            (100, false),
            (i64::MAX, false),
        ] {
            let refused = number(|input, age| input.age = Some(age), age);
            assert_eq!(refused, (!is_valid).then_some("age"), "{age}");
        }
        for (height, is_valid) in [(99, false), (100, true), (250, true), (251, false)] {
            let refused = number(|input, height| input.height = Some(height), height);
            assert_eq!(refused, (!is_valid).then_some("height"), "{height}");
        }
        for (gender, is_valid) in [(0, false), (1, true), (2, true), (3, false)] {
            let refused = number(|input, gender| input.gender = Some(gender), gender);
            assert_eq!(refused, (!is_valid).then_some("gender"), "{gender}");
        }
    }

    #[test]
    fn malformed_text_field_is_refused() {
        let text = |set: fn(&mut UnvalidatedProfileChange, String), value: &str| {
            let mut input = UnvalidatedProfileChange::default();
            set(&mut input, value.to_owned());
            refused_field(input)
        };
        for (area, is_valid) in [
            ("1", false),
            ("31", true),
            ("31010001", true),
            ("310100011", false),
            ("31a", false),
        ] {
            let refused = text(|input, area| input.area = Some(area), area);
            assert_eq!(refused, (!is_valid).then_some("area"), "{area}");
        }
        let long = format!("https://a/{}", "b".repeat(503));
        for (url, is_valid) in [
            ("https://a/b.png", true),
            ("ftp://a", false),
            ("javascript:x", false),
            ("https://", false),
            ("http:///x", false),
            (long.as_str(), false),
        ] {
            let refused = text(|input, url| input.face_url = Some(url), url);
            assert_eq!(refused, (!is_valid).then_some("face_url"), "{url}");
        }
        for (nickname, is_valid) in [("a", true), ("", false), (" ", false), ("a\u{7}", false)] {
            let refused = text(|input, name| input.nickname = Some(name), nickname);
            assert_eq!(refused, (!is_valid).then_some("nickname"), "{nickname:?}");
        }
    }

    #[test]
    fn long_nickname_is_truncated() {
        let change = ProfileChange::try_from(UnvalidatedProfileChange {
            nickname: Some("x".repeat(30)),
            ..UnvalidatedProfileChange::default()
        })
        .unwrap();
        assert_eq!(change.nickname(), Some("x".repeat(20).as_str()));
    }
}
