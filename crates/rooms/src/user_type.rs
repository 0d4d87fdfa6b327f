//! The numbers that stand for a user's place in the database and on the wire.

use qlive_types::Gender;

use crate::mic::Place;

/// A user's place, with one value for each mic seat. Its number is stored in
/// `members.state` and is `user_type` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserType {
    Outside,
    Watching,
    Applied,
    MaleMic,
    FemaleMic,
    Host,
}

impl UserType {
    /// Those whose stream the room sees: the two mic seats and the host.
    pub(crate) const ON_STAGE: [i32; 3] = [
        Self::MaleMic.number(),
        Self::FemaleMic.number(),
        Self::Host.number(),
    ];
    /// The two mic seats.
    pub(crate) const SEATED: [i32; 2] = [Self::MaleMic.number(), Self::FemaleMic.number()];
    /// Those in the room who are not on stage.
    pub(crate) const AUDIENCE: [i32; 2] = [Self::Watching.number(), Self::Applied.number()];

    pub(crate) const fn new(place: Place, gender: Gender) -> Self {
        match (place, gender) {
            (Place::Outside, _) => Self::Outside,
            (Place::Watching, _) => Self::Watching,
            (Place::Applied, _) => Self::Applied,
            (Place::OnMic, _) => Self::seat_of(gender),
            (Place::Hosting, _) => Self::Host,
        }
    }

    /// The mic seat of a gender.
    pub(crate) const fn seat_of(gender: Gender) -> Self {
        match gender {
            Gender::Male => Self::MaleMic,
            Gender::Female => Self::FemaleMic,
        }
    }

    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::Outside => 0,
            Self::Watching => 1,
            Self::Applied => 2,
            Self::MaleMic => 3,
            Self::FemaleMic => 4,
            Self::Host => 5,
        }
    }

    pub(crate) const fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            0 => Self::Outside,
            1 => Self::Watching,
            2 => Self::Applied,
            3 => Self::MaleMic,
            4 => Self::FemaleMic,
            5 => Self::Host,
            _ => return None,
        })
    }

    pub(crate) const fn place(self) -> Place {
        match self {
            Self::Outside => Place::Outside,
            Self::Watching => Place::Watching,
            Self::Applied => Place::Applied,
            Self::MaleMic | Self::FemaleMic => Place::OnMic,
            Self::Host => Place::Hosting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_converts_back_to_its_user_type() {
        for number in 0..=5 {
            let user_type = UserType::from_number(number).unwrap();
            assert_eq!(user_type.number(), number);
            for gender in Gender::ALL {
                let of_gender = UserType::new(user_type.place(), gender);
                assert_eq!(of_gender.place(), user_type.place());
            }
        }
        assert_eq!(UserType::from_number(6), None);
        assert_eq!(UserType::from_number(-1), None);
    }
}
