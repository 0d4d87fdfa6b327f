//! Values of `errcode` in responses of the mini-program server API that callers handle.

/// The system is busy.
pub const SYSTEM_BUSY: i64 = -1;
/// The login code is invalid or expired.
pub const INVALID_LOGIN_CODE: i64 = 40029;
/// The login code was already exchanged.
pub const USED_LOGIN_CODE: i64 = 40163;
/// WeChat blocks the login of a high-risk user.
pub const HIGH_RISK_USER: i64 = 40226;
/// Too many calls for this user.
pub const RATE_LIMITED: i64 = 45011;
/// The access token is invalid, malformed or expired.
pub const INVALID_TOKEN: [i64; 3] = [40001, 40014, 42001];
/// The session key is missing or is not the current one.
pub const INVALID_SESSION_KEY: [i64; 3] = [87007, 87009, 268_490_009];
/// The content is risky: what the content check answered before version 2.
pub const RISKY_CONTENT: i64 = 87014;
