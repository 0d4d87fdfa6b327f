//! The names of values: roles, states, kinds.

use qlive_operators::Role;
use qlive_types::Gender;

texts!(ValueTexts {
    owner: "所有者", "Owner";
    operator: "运营", "Operator";
    finance: "财务", "Finance";
    support: "客服", "Support";
    auditor: "审计", "Auditor";
    male: "男", "Male";
    female: "女", "Female";
    yes: "是", "Yes";
    no: "否", "No";
    matchmaker: "红娘", "Matchmaker";
    guest: "普通用户", "Guest";
    erased: "已注销", "Erased";
    banned: "已封禁", "Banned";
    active: "正常", "Active";
    name_unchecked: "昵称未审", "Name unchecked";
    order_created: "待支付", "Waiting";
    order_paid: "已支付", "Paid";
    order_closed: "已关闭", "Closed";
    order_refunded: "已退款", "Refunded";
    order_partly_refunded: "部分退款", "Partly refunded";
    review: "待审核", "In review";
    approved_once: "待第二人批准", "Awaits a second approval";
    approved: "已批准", "Approved";
    confirm: "待用户确认", "User confirms";
    paying: "打款中", "Paying";
    paid: "已打款", "Paid out";
    rejected: "已驳回", "Rejected";
    failed: "失败", "Failed";
    expired: "已过期", "Expired";
    refund_pending: "进行中", "Under way";
    refund_done: "已退", "Refunded";
    refund_failed: "失败", "Failed";
    wechat_pay: "微信支付", "WeChat Pay";
    virtual_payment: "虚拟支付", "Virtual payment";
    recharge: "充值", "Recharge";
    refund_returned: "退款退回", "Refund returned";
    hold: "提现冻结", "Held";
    payout: "提现打款", "Payout";
    payout_returned: "提现退回", "Payout returned";
    gift: "送礼", "Gift";
    refund: "退款", "Refund";
    grant: "赠送", "Grant";
    reversal: "冲正", "Reversal";
    shows_porn: "色情", "Pornography";
    shows_sexy: "性感", "Suggestive";
    shows_politics: "涉政", "Politics";
    shows_terror: "暴恐", "Violence";
    shows_crime: "违法", "Crime";
    shows_abuse: "谩骂", "Abuse";
    shows_ad: "广告", "Advertising";
    to_review: "待审核与待第二人批准", "To review or to approve again";
    enabled: "在售", "On sale";
    disabled: "停售", "Disabled";
    coins: "金币", "coins";
    disabled_account: "已停用", "Disabled";
    invited: "未接受邀请", "Invited";
});

impl ValueTexts {
    pub(crate) const fn role(&self, role: Role) -> &'static str {
        match role {
            Role::Owner => self.owner,
            Role::Operator => self.operator,
            Role::Finance => self.finance,
            Role::Support => self.support,
            Role::Auditor => self.auditor,
        }
    }

    pub(crate) const fn gender(&self, gender: Gender) -> &'static str {
        match gender {
            Gender::Male => self.male,
            Gender::Female => self.female,
        }
    }
}
