//! Errors of the ledger, of gifts and of payments.

use qlive_gifts::GiftsError;
use qlive_ledger::LedgerError;
use qlive_payments::PaymentsError;
use qlive_rooms::RoomsError;
use qlive_users::UsersError;

use super::api_error::{ApiError, Upstream, row};

impl From<LedgerError> for ApiError {
    #[rustfmt::skip] // One row for each error.
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::KeyReused =>
                row(409, "idempotency_key_reused",
                    "该请求编号已用于其他请求", "This request id was used for something else.")
                    .of_field("request_id"),
            LedgerError::AmountOutOfRange =>
                row(400, "too_many_coins", "金额超出范围", "The amount is out of range."),
            LedgerError::InsufficientBalance =>
                row(409, "short", "账户余额不足", "There are not enough coins."),
            // No operation of a client asks for these.
            LedgerError::UnknownEntry | LedgerError::NotReversible
            | LedgerError::Unbalanced | LedgerError::InDebt => {
                tracing::error!(%error, "the ledger refused an operation of the server");
                Self::INTERNAL
            }
            LedgerError::Store(error) => error.into(),
        }
    }
}

impl From<GiftsError> for ApiError {
    #[rustfmt::skip] // One row for each error.
    fn from(error: GiftsError) -> Self {
        match error {
            GiftsError::UnknownGift =>
                row(404, "unknown_gift", "礼物不存在", "There is no such gift."),
            GiftsError::UnknownReceiver => UsersError::UnknownUser.into(),
            GiftsError::SelfGift =>
                row(400, "to_oneself", "不能给自己送礼物", "Nobody gives to himself.").of_field("user_id"),
            GiftsError::BadNumber => Self::invalid("num"),
            GiftsError::NotInRoom => RoomsError::NotInRoom.into(),
            GiftsError::Muted =>
                row(409, "muted", "您已被禁言，暂时不能送礼", "You are muted and cannot give now."),
            GiftsError::Blocked => UsersError::Blocked.into(),
            GiftsError::PastTheEnd =>
                row(404, "invalid_page", "没有更多了", "There is no such page.").of_field("page"),
            GiftsError::BadField(field) => Self::invalid(field),
            GiftsError::Ledger(error) => error.into(),
            GiftsError::Configs(error) => error.into(),
            GiftsError::Store(error) => error.into(),
        }
    }
}

impl From<PaymentsError> for ApiError {
    #[rustfmt::skip] // One row for each error.
    fn from(error: PaymentsError) -> Self {
        match error {
            PaymentsError::UnknownBlock =>
                row(404, "unknown_block", "充值项目不存在", "There is no such block."),
            PaymentsError::UnknownOrder =>
                row(404, "unknown_order", "订单不存在", "There is no such order."),
            PaymentsError::UnknownWithdrawal =>
                row(404, "unknown_withdrawal", "提现记录不存在", "There is no such withdrawal."),
            PaymentsError::ProviderUnavailable =>
                row(409, "provider_unavailable", "暂不支持该支付方式", "This cannot be paid for here."),
            PaymentsError::TooManyOrders =>
                row(429, "too_many_orders",
                    "未支付订单过多，请稍后再试", "Too many open orders, please pay or wait."),
            PaymentsError::ProviderRefused(cause) =>
                row(502, "provider_refused", "支付下单失败", "The payment provider refused.")
                    .caused_by(Upstream::PaymentProvider, &cause),
            PaymentsError::ProviderSilent(cause) =>
                row(503, "provider_silent",
                    "支付服务暂不可用，请稍后再试", "The payment provider is not available.")
                    .caused_by(Upstream::PaymentProvider, &cause),
            PaymentsError::WithdrawalsOff =>
                row(409, "payouts_off", "暂不支持提现", "Withdrawals are not available."),
            PaymentsError::BelowMinimum =>
                row(400, "too_little", "提现金额过低", "The amount is too small.").of_field("income"),
            PaymentsError::NotWithdrawable =>
                row(409, "not_withdrawable", "可提现收益不足", "There is not so much income to withdraw."),
            PaymentsError::InDebt =>
                row(409, "in_debt", "账户有欠款，暂不能提现", "There is a debt to be paid first."),
            PaymentsError::TooManyWithdrawals =>
                row(409, "too_many_withdrawals",
                    "处理中的提现过多，请等待完成", "Too many open withdrawals, please wait for them."),
            PaymentsError::RealNameRequired => Self::missing("real_name"),
            PaymentsError::BadField(field) => Self::invalid(field),
            // Only operators cause these.
            PaymentsError::NotRefundable(_) | PaymentsError::NotPaid
            | PaymentsError::RefundUnderWay | PaymentsError::AlreadyDecided
            | PaymentsError::QueryUnderWay | PaymentsError::SameOperator
            | PaymentsError::Banned | PaymentsError::Bill(_)
            | PaymentsError::UnknownComplaint
            | PaymentsError::UnknownDay | PaymentsError::UnknownDifference
            | PaymentsError::Unexplained => {
                tracing::error!(%error, "a request of a client caused an error of operators");
                Self::INTERNAL
            }
            PaymentsError::Ledger(error) => error.into(),
            PaymentsError::Users(error) => error.into(),
            PaymentsError::Configs(error) => error.into(),
            PaymentsError::Store(error) => error.into(),
        }
    }
}
