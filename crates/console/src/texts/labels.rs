//! What the actions of the table are called. A missing name does not compile.

use qlive_operators::Action;

use super::Lang;

/// Declares the names of the actions, in Chinese and in English.
macro_rules! labels {
    ($($action:ident: $zh:literal, $en:literal;)+) => {
        /// What an action is called.
        pub(crate) const fn action_label(lang: Lang, action: Action) -> &'static str {
            match (lang, action) {
                $(
                    (Lang::Zh, Action::$action) => $zh,
                    (Lang::En, Action::$action) => $en,
                )+
            }
        }
    };
}

/// Declares what the audit log records besides the actions of the table, in both languages.
macro_rules! records {
    ($($recorded:literal: $zh:literal, $en:literal;)+) => {
        /// What a record of the audit log is called that is no action of the table.
        pub(crate) fn record_label(lang: Lang, recorded: &str) -> Option<&'static str> {
            match (lang, recorded) {
                $(
                    (Lang::Zh, $recorded) => Some($zh),
                    (Lang::En, $recorded) => Some($en),
                )+
                _ => None,
            }
        }
    };
}

records! {
    "operators login": "登录控制台", "Log in";
    "operators password": "设置密码", "Set a password";
    "operators authenticator": "绑定身份验证器", "Set up an authenticator";
    "operators end-session": "结束操作员的会话", "End a session of an operator";
    "users request-erasure": "申请注销用户", "Ask to erase a user";
    "orders request-refund": "申请退款", "Ask for a refund";
    "configs add": "在配置里添加一项", "Add to a config";
    "configs remove": "恢复默认配置", "Set a config back to its default";
}

labels! {
    ViewNow: "查看实时概览", "See what is live";
    ViewRooms: "查看房间", "See rooms";
    EndBroadcast: "结束直播", "End a broadcast";
    PutOffMic: "请人下麦", "Put somebody off the mic";
    RemoveFromRoom: "请人出房间", "Remove somebody from a room";
    ViewUsers: "查看用户", "See users";
    RevealUser: "显示个人信息", "Show personal data";
    BanUser: "封禁", "Ban";
    UnbanUser: "解除封禁", "Lift a ban";
    WarnUser: "警告", "Warn";
    MuteUser: "禁言", "Mute";
    UnmuteUser: "解除禁言", "Lift a mute";
    EndUserSessions: "让用户退出所有设备", "Sign a user out everywhere";
    NoteUser: "写备注", "Write notes";
    ExportUser: "导出一个人的资料", "Export a person's data";
    EraseUser: "注销账号（两人确认）", "Erase an account (two operators)";
    ViewReports: "查看举报", "See reports";
    CloseReport: "处理举报", "Close reports";
    ViewComments: "查看发言", "See comments";
    CloseComment: "处理违规发言", "Close refused comments";
    ViewScreenshots: "查看截图", "See screenshots";
    CloseScreenshot: "处理截图", "Close screenshots";
    GrantMatchmaker: "设为红娘", "Make a matchmaker";
    RevokeMatchmaker: "取消红娘", "Revoke a matchmaker";
    GrantGold: "赠送金币", "Grant coins";
    ReverseEntry: "冲正分录", "Reverse an entry";
    ViewOrders: "查看订单", "See orders";
    QueryOrder: "向微信查询订单", "Ask WeChat about an order";
    ImportRefund: "补记平台退款", "Record a refund of the platform";
    RefundOrder: "退款", "Refund an order";
    ViewWithdrawals: "查看提现", "See withdrawals";
    ApproveWithdrawal: "批准提现", "Approve a withdrawal";
    RejectWithdrawal: "驳回提现", "Reject a withdrawal";
    ViewLedger: "查看账本", "See the ledger";
    AuditLedger: "核对账本", "Audit the ledger";
    ExportEvidence: "导出扣费凭据", "Export the evidence of a charge";
    ViewReconciliations: "查看对账", "See reconciliations";
    Reconcile: "对账", "Compare a day with the bill";
    ExplainDifference: "说明差异", "Explain a difference";
    SignOff: "签认对账", "Sign a day off";
    ViewFigures: "查看报表", "See figures";
    ExportFigures: "导出报表", "Export figures";
    ExportList: "导出订单、提现、账本和审计日志", "Export orders, withdrawals, the ledger and the audit log";
    ViewComplaints: "查看投诉", "See complaints";
    AnswerComplaint: "记录投诉的答复", "Record the answer to a complaint";
    ViewGifts: "查看礼物和充值档位", "See gifts and recharge packs";
    AddGift: "添加礼物", "Add a gift";
    EditGift: "修改礼物", "Change a gift";
    DisableGift: "停售礼物", "Disable a gift";
    EnableGift: "重新上架礼物", "Put a gift on sale again";
    AddBlock: "添加充值档位", "Add a recharge pack";
    EditBlock: "修改充值档位", "Edit a recharge pack";
    DisableBlock: "停售充值档位", "Disable a recharge pack";
    EnableBlock: "重新上架充值档位", "Put a recharge pack on sale again";
    ViewConfigs: "查看配置", "See configs";
    SetConfig: "修改配置", "Change a config";
    SetRate: "修改分成和汇率", "Change a rate";
    ViewAudit: "查看审计日志", "See the audit log";
    ViewHealth: "查看系统状态", "See the system status";
    RetryDelivery: "重试投递", "Retry a delivery";
    ViewOperators: "查看操作员", "See operators";
    AddOperator: "邀请操作员", "Invite an operator";
    SetOperatorRole: "改操作员的角色", "Change the role of an operator";
    ResetOperator: "重置操作员的登录", "Reset the login of an operator";
    EndOperatorSessions: "结束操作员的所有会话", "End the sessions of an operator";
    DisableOperator: "停用操作员", "Disable an operator";
    EnableOperator: "启用操作员", "Enable an operator";
}
