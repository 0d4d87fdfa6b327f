//! Errors of rooms and of the mic.

use qlive_rooms::RoomsError;

use super::api_error::{ApiError, row};

impl From<RoomsError> for ApiError {
    #[rustfmt::skip] // One row for each error.
    fn from(error: RoomsError) -> Self {
        match error {
            RoomsError::UnknownRoom =>
                row(404, "unknown_room", "直播间不存在", "There is no such room."),
            // Only operators name one.
            RoomsError::UnknownScreenshot =>
                row(404, "unknown_screenshot", "没有这张截图", "There is no such screenshot."),
            RoomsError::UnknownComment =>
                row(404, "unknown_comment", "没有这条发言", "There is no such comment."),
            RoomsError::NotLive =>
                row(409, "not_live", "直播已结束", "The room is not live."),
            RoomsError::Hosting =>
                row(409, "hosting", "您正在主持直播", "You are hosting a room."),
            RoomsError::NotInRoom =>
                row(409, "not_in_room", "用户不在该直播间", "Not in that room."),
            RoomsError::MembersOnly =>
                row(403, "members_only", "请先进入直播间", "Only for those in the room."),
            RoomsError::OnMic =>
                row(409, "on_mic", "用户已在麦上", "Already on the mic."),
            RoomsError::NotAdmitted =>
                row(409, "not_admitted", "请先申请上麦", "Not admitted to the mic."),
            RoomsError::SeatOccupied =>
                row(409, "seat_taken", "麦位已被占用", "The seat is taken."),
            RoomsError::ProfileIncomplete =>
                row(409, "profile_incomplete",
                    "请先完善昵称和性别", "Please complete your name and gender first."),
            RoomsError::StaleVisit =>
                row(409, "moved", "您已重新进入直播间", "You have entered again since."),
            RoomsError::NotHost =>
                row(403, "not_host", "只有红娘可以操作", "Only the host may do this."),
            RoomsError::NotMatchmaker =>
                row(403, "not_matchmaker", "您还不是红娘", "You are not a matchmaker."),
            RoomsError::NotHostOrGuest =>
                row(403, "not_allowed", "没有权限", "You may not do this."),
            RoomsError::GenderMismatch => Self::invalid("gender"),
            RoomsError::GenderLocked =>
                row(409, "gender_locked", "申请上麦或在麦上时不能修改性别", "The gender cannot change now.")
                    .of_field("gender"),
            RoomsError::Banned => Self::BANNED,
            RoomsError::Removed =>
                row(409, "removed", "您已被请出本场直播", "You were removed from this broadcast."),
            RoomsError::RoomNotReady =>
                row(503, "room_not_ready",
                    "直播间正在准备，请稍后再试", "The room is not ready yet, please try again."),
            RoomsError::Users(error) => error.into(),
            RoomsError::Configs(error) => error.into(),
            RoomsError::Store(error) => error.into(),
        }
    }
}
