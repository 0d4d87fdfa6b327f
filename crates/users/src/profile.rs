//! The profile of a user.

use qlive_types::{Gender, Moment, UserId};

/// Everything that is stored about a user. Clients may see only a part of another user's profile.
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
    /// When the ban ends by itself; `None` also for one that does not.
    pub banned_until: Option<Moment>,
    /// Why the user is banned.
    pub ban_reason: String,
    /// When the person was erased.
    pub erased_at: Option<Moment>,
    pub last_login_at: Option<Moment>,
    pub created_at: Moment,
    /// Whether the nickname and the gender are the user's own rather than defaults.
    pub ready: bool,
    pub name_known: bool,
    pub gender_known: bool,
    /// When the nickname was set although WeChat could not check it; `None` if it was checked.
    pub name_unchecked_at: Option<Moment>,
}
