//! Values of `errcode` in responses of the virtual payment API that callers handle.

/// The openid is not the order's.
pub const WRONG_OPENID: i64 = 268_490_001;
/// A parameter is invalid. The number of an order that no client has started to pay also seems to
/// get this code; the documentation names no other, and it is not confirmed.
pub const INVALID_PARAMETER: i64 = 268_490_002;
/// The same request was made before and succeeded.
pub const DUPLICATE_REQUEST: i64 = 268_490_004;
/// The order was refunded before.
pub const ALREADY_REFUNDED: i64 = 268_490_005;
/// A refund of the order is in progress.
pub const REFUND_IN_PROGRESS: i64 = 268_490_014;
/// The amount that is left of the order differs from the request's `left_fee`.
pub const LEFT_FEE_MISMATCH: i64 = 268_490_016;
