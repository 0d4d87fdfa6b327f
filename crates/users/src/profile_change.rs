//! Changes of a profile: validation of the input, what differs from the profile, and the update.

use std::ops::RangeInclusive;

use diesel::prelude::*;
use qlive_store::schema::users;
use qlive_store::{Conn, StoreError};
use qlive_types::{Gender, Moment, UserId, WebAddressRules, text};

use crate::{Profile, Users, UsersError};

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

impl UnvalidatedProfileChange {
    /// Validates the fields and brings them into the form in which they are stored.
    ///
    /// # Errors
    /// [`UsersError::BadField`] with the first field that is not valid.
    pub fn validate(self, addresses: &WebAddressRules) -> Result<ProfileChange, UsersError> {
        let number = |value: Option<i64>, range: RangeInclusive<i32>, field| {
            valid(value, field, |value| {
                i32::try_from(value).ok().filter(|v| range.contains(v))
            })
        };
        Ok(ProfileChange {
            nickname: valid(self.nickname, "nickname", |name| text::nickname(&name))?,
            gender: valid(self.gender, "gender", Gender::from_number)?,
            age: number(self.age, AGES, "age")?,
            height: number(self.height, HEIGHTS, "height")?,
            area: valid(self.area, "area", |area| Some(area).filter(|a| is_area(a)))?,
            face_url: valid(self.face_url, "face_url", |url| addresses.parse(&url))?,
        })
    }
}

/// Converts the value of a field, if it is given.
fn valid<T, U>(
    value: Option<T>,
    field: &'static str,
    convert: impl FnOnce(T) -> Option<U>,
) -> Result<Option<U>, UsersError> {
    value
        .map(|value| convert(value).ok_or(UsersError::BadField(field)))
        .transpose()
}

fn is_area(area: &str) -> bool {
    (2..=8).contains(&area.len()) && area.bytes().all(|b| b.is_ascii_digit())
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

    /// What of this change differs from a profile. A name or a gender that equals the default
    /// differs until the user has set it.
    #[must_use]
    pub fn difference(&self, profile: &Profile) -> Self {
        let (name, gender) = (&profile.nickname, profile.gender);
        let nickname = self.nickname.clone();
        let new_gender = self.gender;
        Self {
            nickname: nickname.filter(|new| new != name || !profile.name_known),
            gender: new_gender.filter(|new| *new != gender || !profile.gender_known),
            age: self.age.filter(|new| *new != profile.age),
            height: self.height.filter(|new| *new != profile.height),
            area: self.area.clone().filter(|new| *new != profile.area),
            face_url: self.face_url.clone().filter(|new| *new != profile.face_url),
        }
    }

    /// The new nickname, if it is another text than the one of the profile.
    #[must_use]
    pub fn new_name(&self, profile: &Profile) -> Option<&str> {
        self.nickname().filter(|new| *new != profile.nickname)
    }

    /// Whether the name or the picture become others, which IM shows of a user and of their group.
    #[must_use]
    pub fn changes_name_or_face(&self, profile: &Profile) -> bool {
        let face_url = self.face_url.as_ref();
        self.new_name(profile).is_some() || face_url.is_some_and(|new| *new != profile.face_url)
    }

    /// Whether the gender becomes another.
    #[must_use]
    pub fn changes_gender(&self, profile: &Profile) -> bool {
        self.gender.is_some_and(|new| new != profile.gender)
    }
}

impl Users {
    /// Validates the fields that a client wants to change.
    ///
    /// # Errors
    /// [`UsersError::BadField`] with the first field that is not valid.
    pub fn validate_profile_change(
        &self,
        input: UnvalidatedProfileChange,
    ) -> Result<ProfileChange, UsersError> {
        input.validate(&self.address_rules)
    }
}

/// Writes a change to the user's row. The caller must have checked that the gender may change,
/// which depends on the room that the user is in. `name_unchecked_at` belongs to the new nickname:
/// when it was set although WeChat could not check it.
///
/// # Errors
/// When the database fails.
pub fn apply_profile_change(
    conn: &mut Conn,
    user: UserId,
    change: &ProfileChange,
    name_unchecked_at: Option<Moment>,
) -> Result<(), StoreError> {
    #[derive(AsChangeset)]
    #[diesel(table_name = users)]
    struct Columns<'a> {
        nickname: Option<&'a str>,
        name_known: Option<bool>,
        name_unchecked_at: Option<Option<i64>>,
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
    let mark = name_unchecked_at.map(Moment::millis);
    diesel::update(users::table.find(user.get()))
        .set(Columns {
            nickname: change.nickname.as_deref(),
            name_known: change.nickname.as_ref().map(|_| true),
            name_unchecked_at: change.nickname.as_ref().map(|_| mark),
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
        match input.validate(&WebAddressRules::default()) {
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
        for (url, is_valid) in [
            ("https://a.example/b.png", true),
            ("ftp://a.example", false),
            ("http://localhost/a.png", false),
        ] {
            let refused = text(|input, url| input.face_url = Some(url), url);
            assert_eq!(refused, (!is_valid).then_some("face_url"), "{url}");
        }
        for (nickname, is_valid) in [
            ("a", true),
            ("", false),
            (" ", false),
            ("a\u{7}", false),
            ("\u{200B}", false),
        ] {
            let refused = text(|input, name| input.nickname = Some(name), nickname);
            assert_eq!(refused, (!is_valid).then_some("nickname"), "{nickname:?}");
        }
    }

    #[test]
    fn long_nickname_is_truncated() {
        let input = UnvalidatedProfileChange {
            nickname: Some("x".repeat(30)),
            ..UnvalidatedProfileChange::default()
        };
        let change = input.validate(&WebAddressRules::default()).unwrap();
        assert_eq!(change.nickname(), Some("x".repeat(20).as_str()));
    }
}
