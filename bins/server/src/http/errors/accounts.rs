//! Errors of accounts.

use qlive_users::UsersError;

use super::api_error::{ApiError, Upstream, row};

impl From<UsersError> for ApiError {
    #[rustfmt::skip] // One row for each error.
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::UnknownApp =>
                row(400, "unknown_app", "未知的小程序", "Unknown app.").of_field("appId"),
            UsersError::InvalidCode =>
                row(400, "invalid_code",
                    "登录凭证无效，请重新登录", "The login code is not valid, please log in again.")
                    .of_field("code"),
            UsersError::BlockedByWechat =>
                row(403, "blocked_by_wechat", "微信已限制该用户登录", "WeChat has blocked this login."),
            UsersError::TooManyLogins =>
                row(429, "too_many_logins",
                    "登录过于频繁，请稍后再试", "Too many logins, please wait a moment."),
            UsersError::WechatUnavailable(cause) =>
                row(503, "wechat_unavailable",
                    "微信服务暂不可用，请稍后再试", "WeChat is not available, please try again.")
                    .caused_by(Upstream::Wechat, &cause),
            UsersError::WechatFailed(cause) =>
                row(502, "wechat_failed", "微信服务异常", "WeChat failed.")
                    .caused_by(Upstream::Wechat, &cause),
            UsersError::SessionExpired =>
                row(409, "session_expired",
                    "登录状态已失效，请重新登录", "The session is over, please log in again."),
            UsersError::DecryptFailed =>
                row(400, "decrypt_failed", "用户信息解密失败，请重新授权", "The user data cannot be decrypted.")
                    .of_field("encryptedData"),
            UsersError::UnknownUser =>
                row(404, "unknown_user", "用户不存在", "There is no such user."),
            UsersError::ContentRejected =>
                row(400, "content_rejected", "内容含有违规信息", "The text is not acceptable.")
                    .of_field("nickname"),
            UsersError::ContentUnchecked(cause) =>
                row(503, "content_unchecked",
                    "暂时无法审核昵称，请稍后再试", "The name cannot be checked now, please try later.")
                    .of_field("nickname").caused_by(Upstream::Wechat, &cause),
            UsersError::TooManyNameChecks => Self::TOO_MANY,
            // A blocked user does not learn why.
            UsersError::Blocked =>
                row(409, "blocked", "暂时无法对该用户操作", "This is not possible with this user."),
            UsersError::TooManyBlocked =>
                row(409, "too_many_blocked", "黑名单已满", "You block too many users."),
            UsersError::TooManyReports(wait) =>
                row(429, "too_many_reports",
                    "今天的举报次数已用完", "You have sent as many reports as one may today.")
                    .retried_after(wait),
            UsersError::SameOperator | UsersError::OpenWithdrawal | UsersError::Erased => {
                tracing::error!(%error, "a request of a client caused an error of operators");
                Self::INTERNAL
            }
            UsersError::UnknownReport =>
                row(404, "unknown_report", "没有这条举报", "There is no such report."),
            UsersError::BadField(field) => Self::invalid(field),
            UsersError::Ledger(error) => error.into(),
            UsersError::Store(error) => error.into(),
        }
    }
}
