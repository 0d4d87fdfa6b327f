//! Errors as clients see them.
//!
//! Policy: a domain error knows neither a status nor a text for users. The
//! exhaustive matches below give each variant its status, slug and two texts,
//! on one line. What a client may read is only what stands here; the error's
//! own text goes to the log. Whatever is not the client's fault and not
//! Tencent's is 500 `internal`, and logged as an error.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use qlive_configs::ConfigError;
use qlive_gifts::GiftsError;
use qlive_ledger::LedgerError;
use qlive_payments::PaymentsError;
use qlive_rooms::RoomsError;
use qlive_store::StoreError;
use qlive_types::random;
use qlive_users::UsersError;
use serde::Serialize;
use utoipa::ToSchema;

/// The longest a client is told to wait, in seconds; the wait is drawn, so that they do not come back together.
const MAX_RETRY_SECS: i64 = 5;

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: u16,
    code: &'static str,
    chinese: &'static str,
    english: &'static str,
    field: Option<String>,
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorAnswer {
    /// One sentence fit to show the user.
    detail: String,
    /// A stable name of the error.
    code: String,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The same as `detail`; only in answers of `accept_micro`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
}

const fn say(
    status: u16,
    code: &'static str,
    chinese: &'static str,
    english: &'static str,
) -> ApiError {
    ApiError {
        status,
        code,
        chinese,
        english,
        field: None,
    }
}

impl ApiError {
    pub(crate) const UNAUTHORIZED: Self =
        say(401, "unauthorized", "请先登录", "Please log in first.");
    pub(crate) const BANNED: Self = say(403, "banned", "账号已被封禁", "This account is banned.");
    pub(crate) const NOT_FOUND: Self = say(
        404,
        "not_found",
        "没有这个接口",
        "There is no such operation.",
    );
    pub(crate) const METHOD: Self = say(
        405,
        "method_not_allowed",
        "请求方法不正确",
        "This method is not allowed here.",
    );
    pub(crate) const TOO_LARGE: Self = say(
        413,
        "too_large",
        "请求内容过大",
        "The request is too large.",
    );
    pub(crate) const BAD_BODY: Self = say(
        400,
        "bad_body",
        "请求内容无法识别",
        "The request body cannot be read.",
    );
    pub(crate) const BAD_QUERY: Self = say(
        400,
        "bad_query",
        "请求参数无法识别",
        "The query cannot be read.",
    );
    pub(crate) const TOO_MANY: Self = say(
        429,
        "too_many_requests",
        "操作过于频繁，请稍后再试",
        "Too many requests, please wait a moment.",
    );
    pub(crate) const FORGED: Self = say(
        401,
        "bad_signature",
        "签名验证失败",
        "The signature does not verify.",
    );
    pub(crate) const UNFIT: Self = say(
        400,
        "unfit",
        "通知内容与记录不符",
        "The notice does not fit what it is about.",
    );
    pub(crate) const NOT_SETTLED: Self = say(
        503,
        "not_settled",
        "暂未确认，请稍后重试",
        "Not settled yet, please come again.",
    );
    pub(crate) const INTERNAL: Self = say(
        500,
        "internal",
        "服务器开小差了，请稍后再试",
        "Something went wrong, please try again.",
    );
    pub(crate) const NOT_READY: Self = say(
        503,
        "not_ready",
        "服务暂不可用",
        "The service is not ready.",
    );
    const INVALID: Self = say(400, "invalid", "参数不正确", "A parameter is not right.");
    const REPEATED: Self = say(400, "repeated", "参数重复", "A parameter is given twice.");
    const MISSING: Self = say(400, "missing", "缺少参数", "A parameter is missing.");

    fn at(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// A parameter that cannot be what it says.
    pub(crate) fn invalid(field: &str) -> Self {
        Self::INVALID.at(field)
    }

    pub(crate) fn repeated(field: &str) -> Self {
        Self::REPEATED.at(field)
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::MISSING.at(field)
    }

    /// Whom the error blames, when it is an outside system.
    pub(crate) fn blames(&self) -> Option<&'static str> {
        match self.code {
            "wechat_unavailable" | "wechat_failed" => Some("wechat"),
            "provider_refused" | "provider_silent" => Some("pay"),
            _ => None,
        }
    }

    /// The body, in English or Chinese.
    pub(crate) fn body(&self, english: bool, with_error_msg: bool) -> impl Serialize {
        let detail = if english { self.english } else { self.chinese }.to_owned();
        let error_msg = with_error_msg.then(|| detail.clone());
        ErrorAnswer {
            detail,
            code: self.code.to_owned(),
            field: self.field.clone(),
            error_msg,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.english)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer in Chinese; [`super::envelope`] puts it into the client's language.
    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "QLiveToken"));
        }
        if [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ]
        .contains(&status)
        {
            response.insert_header((RETRY_AFTER, random::within(1..=MAX_RETRY_SECS).to_string()));
        }
        response.json(self.body(false, false))
    }
}

impl From<StoreError> for ApiError {
    fn from(fault: StoreError) -> Self {
        match &fault {
            StoreError::Busy | StoreError::Contended => say(
                409,
                "busy",
                "操作人数过多，请重试",
                "Too many at once, please try again.",
            ),
            StoreError::Unavailable(_) => {
                tracing::error!(%fault, "the database is out of reach");
                say(
                    503,
                    "unavailable",
                    "服务繁忙，请稍后再试",
                    "The service is busy, please try again.",
                )
            }
            StoreError::Url
            | StoreError::Nested
            | StoreError::Newer(_)
            | StoreError::Migration(_)
            | StoreError::Corrupt(_)
            | StoreError::Query(_) => {
                tracing::error!(%fault, "the store failed");
                Self::INTERNAL
            }
        }
    }
}

impl From<UsersError> for ApiError {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::UnknownApp => {
                say(400, "unknown_app", "未知的小程序", "Unknown app.").at("appId")
            }
            UsersError::InvalidCode => say(
                400,
                "invalid_code",
                "登录凭证无效，请重新登录",
                "The login code is not valid, please log in again.",
            )
            .at("code"),
            UsersError::BlockedByWechat => say(
                403,
                "blocked_by_wechat",
                "微信已限制该用户登录",
                "WeChat has blocked this login.",
            ),
            UsersError::TooOften => say(
                429,
                "too_many_logins",
                "登录过于频繁，请稍后再试",
                "Too many logins, please wait a moment.",
            ),
            UsersError::WechatSilent(why) => {
                tracing::warn!(why, "WeChat gives no answer");
                say(
                    503,
                    "wechat_unavailable",
                    "微信服务暂不可用，请稍后再试",
                    "WeChat is not available, please try again.",
                )
            }
            UsersError::WechatFailed(why) => {
                tracing::error!(why, "WeChat refuses us");
                say(502, "wechat_failed", "微信服务异常", "WeChat failed.")
            }
            UsersError::SessionExpired => say(
                409,
                "session_expired",
                "登录状态已失效，请重新登录",
                "The session is over, please log in again.",
            ),
            UsersError::DecryptFailed => say(
                400,
                "decrypt_failed",
                "用户信息解密失败，请重新授权",
                "The user data cannot be decrypted.",
            )
            .at("encryptedData"),
            UsersError::UnknownUser => {
                say(404, "unknown_user", "用户不存在", "There is no such user.")
            }
            UsersError::ContentRejected => say(
                400,
                "content_rejected",
                "内容含有违规信息",
                "The text is not acceptable.",
            )
            .at("nickname"),
            UsersError::BadField(field) => Self::invalid(field),
            UsersError::Ledger(error) => error.into(),
            UsersError::Store(fault) => fault.into(),
        }
    }
}

impl From<ConfigError> for ApiError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::BadKey => Self::invalid("key"),
            ConfigError::BadValue(_) => Self::invalid("value"),
            ConfigError::Unknown => say(
                404,
                "unknown_config",
                "没有这个配置",
                "There is no such config.",
            ),
            ConfigError::Store(fault) => fault.into(),
        }
    }
}

impl From<RoomsError> for ApiError {
    fn from(error: RoomsError) -> Self {
        match error {
            RoomsError::UnknownRoom => say(
                404,
                "unknown_room",
                "直播间不存在",
                "There is no such room.",
            ),
            RoomsError::NotLive => say(409, "not_live", "直播已结束", "The room is not live."),
            RoomsError::Hosting => say(409, "hosting", "您正在主持直播", "You are hosting a room."),
            RoomsError::NotInRoom => {
                say(409, "not_in_room", "用户不在该直播间", "Not in that room.")
            }
            RoomsError::MembersOnly => say(
                403,
                "members_only",
                "请先进入直播间",
                "Only for those in the room.",
            ),
            RoomsError::OnMic => say(409, "on_mic", "用户已在麦上", "Already on the mic."),
            RoomsError::NotAdmitted => say(
                409,
                "not_admitted",
                "请先申请上麦",
                "Not admitted to the mic.",
            ),
            RoomsError::SeatTaken => say(409, "seat_taken", "麦位已被占用", "The seat is taken."),
            RoomsError::ProfileIncomplete => say(
                409,
                "profile_incomplete",
                "请先完善昵称和性别",
                "Please complete your name and gender first.",
            ),
            RoomsError::Moved => say(
                409,
                "moved",
                "您已重新进入直播间",
                "You have entered again since.",
            ),
            RoomsError::NotHost => say(
                403,
                "not_host",
                "只有红娘可以操作",
                "Only the host may do this.",
            ),
            RoomsError::NotMatchmaker => say(
                403,
                "not_matchmaker",
                "您还不是红娘",
                "You are not a matchmaker.",
            ),
            RoomsError::NotAllowed => say(403, "not_allowed", "没有权限", "You may not do this."),
            RoomsError::GenderMismatch => Self::invalid("gender"),
            RoomsError::GenderLocked => say(
                409,
                "gender_locked",
                "申请上麦或在麦上时不能修改性别",
                "The gender cannot change now.",
            )
            .at("gender"),
            RoomsError::Banned => Self::BANNED,
            RoomsError::RoomNotReady => say(
                503,
                "room_not_ready",
                "直播间正在准备，请稍后再试",
                "The room is not ready yet, please try again.",
            ),
            RoomsError::Users(error) => error.into(),
            RoomsError::Configs(error) => error.into(),
            RoomsError::Store(fault) => fault.into(),
        }
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::KeyReused => say(
                409,
                "idempotency_key_reused",
                "该请求编号已用于其他请求",
                "This request id was used for something else.",
            )
            .at("request_id"),
            LedgerError::TooMany => say(
                400,
                "too_many_coins",
                "金额超出范围",
                "The amount is out of range.",
            ),
            LedgerError::Short => say(409, "short", "账户余额不足", "There are not enough coins."),
            LedgerError::UnknownEntry | LedgerError::NotReversible | LedgerError::Unbalanced => {
                tracing::error!(%error, "the ledger refused what no client asks for");
                Self::INTERNAL
            }
            LedgerError::Store(fault) => fault.into(),
        }
    }
}

impl From<GiftsError> for ApiError {
    fn from(error: GiftsError) -> Self {
        match error {
            GiftsError::UnknownGift => {
                say(404, "unknown_gift", "礼物不存在", "There is no such gift.")
            }
            GiftsError::UnknownReceiver => UsersError::UnknownUser.into(),
            GiftsError::ToOneself => say(
                400,
                "to_oneself",
                "不能给自己送礼物",
                "Nobody gives to himself.",
            )
            .at("user_id"),
            GiftsError::BadNumber => Self::invalid("num"),
            GiftsError::NotInRoom => RoomsError::NotInRoom.into(),
            GiftsError::PastTheEnd => {
                say(404, "invalid_page", "没有更多了", "There is no such page.").at("page")
            }
            GiftsError::BadField(field) => Self::invalid(field),
            GiftsError::Ledger(error) => error.into(),
            GiftsError::Configs(error) => error.into(),
            GiftsError::Store(fault) => fault.into(),
        }
    }
}

impl From<PaymentsError> for ApiError {
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::UnknownBlock => say(
                404,
                "unknown_block",
                "充值项目不存在",
                "There is no such block.",
            ),
            PaymentsError::UnknownOrder => say(
                404,
                "unknown_order",
                "订单不存在",
                "There is no such order.",
            ),
            PaymentsError::UnknownWithdrawal => say(
                404,
                "unknown_withdrawal",
                "提现记录不存在",
                "There is no such withdrawal.",
            ),
            PaymentsError::ProviderUnavailable => say(
                409,
                "provider_unavailable",
                "暂不支持该支付方式",
                "This cannot be paid for here.",
            ),
            PaymentsError::TooManyOrders => say(
                429,
                "too_many_orders",
                "未支付订单过多，请稍后再试",
                "Too many open orders, please pay or wait.",
            ),
            PaymentsError::ProviderRefused(why) => {
                tracing::error!(why, "a provider refuses an order");
                say(
                    502,
                    "provider_refused",
                    "支付下单失败",
                    "The payment provider refused.",
                )
            }
            PaymentsError::ProviderSilent(why) => {
                tracing::warn!(why, "a provider gives no answer");
                say(
                    503,
                    "provider_silent",
                    "支付服务暂不可用，请稍后再试",
                    "The payment provider is not available.",
                )
            }
            PaymentsError::PayoutsOff => say(
                409,
                "payouts_off",
                "暂不支持提现",
                "Withdrawals are not available.",
            ),
            PaymentsError::TooLittle => say(
                400,
                "too_little",
                "提现金额过低",
                "The amount is too small.",
            )
            .at("income"),
            PaymentsError::NotWithdrawable => say(
                409,
                "not_withdrawable",
                "可提现收益不足",
                "There is not so much income to withdraw.",
            ),
            PaymentsError::InDebt => say(
                409,
                "in_debt",
                "账户有欠款，暂不能提现",
                "There is a debt to be paid first.",
            ),
            PaymentsError::NameNeeded => Self::missing("real_name"),
            PaymentsError::BadField(field) => Self::invalid(field),
            PaymentsError::NotRefundable(_)
            | PaymentsError::NotPaid
            | PaymentsError::RefundUnderWay
            | PaymentsError::Decided
            | PaymentsError::UnderWay
            | PaymentsError::SameOperator
            | PaymentsError::Bill(_) => {
                tracing::error!(%error, "refused what no client asks for");
                Self::INTERNAL
            }
            PaymentsError::Ledger(error) => error.into(),
            PaymentsError::Users(error) => error.into(),
            PaymentsError::Configs(error) => error.into(),
            PaymentsError::Store(fault) => fault.into(),
        }
    }
}
