//! The forms of actions: what they do, to whom, and what is asked before.

texts!(ActionTexts {
    cancel: "取消", "Cancel";
    asks_confirm: "确认", "confirm";
    asks_reason: "原因", "reason";
    asks_proof: "原因和验证码", "reason and code";
    reason: "原因", "Reason";
    type_this: "请输入 {} 以确认", "Type {} to confirm";
    reason_abuse: "辱骂或骚扰", "Abuse or harassment";
    reason_fraud: "诈骗", "Fraud";
    reason_minor: "疑似未成年人", "Perhaps a minor";
    reason_content: "违规内容", "Forbidden content";
    reason_mistake: "操作有误", "A mistake";
    reason_goodwill: "补偿", "Goodwill";
    reason_user: "用户要求", "The user asked for it";
    ban: "封禁", "Ban";
    ban_title: "封禁 {}（{}）", "Ban {} ({})";
    ban_text:
        "将立即请出房间、下线并禁止推流，不能再登录。余额保留。",
        "They leave their room and IM at once, their stream is forbidden, and they cannot \
         log in. Balances stay.";
    ban_host:
        "TA 是红娘：正在进行的直播会结束，{} 人会被请出。",
        "They are a matchmaker: the broadcast ends, and {} people leave.";
    ban_length: "多久", "For how long";
    for_ever: "永久", "For ever";
    day_one: "24 小时", "24 hours";
    days_three: "3 天", "3 days";
    days_seven: "7 天", "7 days";
    days_thirty: "30 天", "30 days";
    export_user: "导出资料", "Export data";
    export_user_title: "导出 {}（{}）的全部资料", "Export all data of {} ({})";
    export_user_text:
        "一个 JSON 文件：资料、流水、订单、提现、礼物、黑名单、登录。交给本人，不要留在电脑上。",
        "One JSON file: profile, movements, orders, withdrawals, gifts, blocks, sessions. Hand it \
         to the person, and keep no copy.";
    export_evidence: "导出凭据", "Export";
    export_evidence_text:
        "一个 JSON 文件，交给用户或微信支付的投诉处理。会记入审计日志。",
        "One JSON file, for the user or for a complaint at WeChat Pay. It is in the audit log.";
    answer: "答复", "Answer";
    answer_title: "答复关于订单 {} 的投诉", "Answer the complaint about order {}";
    answer_text:
        "先在微信的后台答复用户，再在这里记下怎么处理的。",
        "Answer the user in WeChat's console first, then record here what was done.";
    answer_refunded: "已退款", "Refunded";
    answer_explained: "已说明扣费原因", "The charge was explained";
    gift_edit: "修改", "Change";
    gift_edit_title: "修改礼物“{}”", "Change the gift “{}”";
    gift_edit_text:
        "改价格会生成一个新礼物，旧的停售；送出的记录不变。位置小的排在前面。",
        "Another price makes a new gift, and the one before is disabled; what was sent stays. The \
         smallest place comes first.";
    gift_place: "位置（整数）", "Place (an integer)";
    gift_from: "从哪天开始卖（年-月-日）", "For sale from (yyyy-mm-dd)";
    gift_until: "卖到哪天（含）", "For sale until (inclusive)";
    close_screenshot: "处理", "Close";
    close_screenshot_text:
        "写下怎么处理的。要封禁请先在列表里点“封禁”。",
        "Write down what you decided. To ban the user, use “Ban” in the list first.";
    reason_harmless: "误判，没有问题", "Harmless";
    close_comment: "处理", "Close";
    close_comment_text:
        "写下怎么处理的。发言已经被拦下，别人没有看到。",
        "Write down what you decided. The comment was refused, so nobody saw it.";
    erase: "注销", "Erase";
    erase_title: "注销 {}（{}）", "Erase {} ({})";
    erase_text:
        "昵称、头像、OpenID、登录、喜欢和备注会删除，不能恢复；账本、订单和提现按编号保留。",
        "Name, face, OpenID, logins, likes and notes go for good; ledger, orders and withdrawals \
         stay under the number.";
    erase_two:
        "需要两位操作员：第一位申请，另一位在一天之内同样确认后执行。",
        "It takes two operators: the first asks, and another one confirms the same way within a \
         day.";
    erase_waits:
        "{} 在 {} 申请注销：{}。等待另一位操作员确认。",
        "{} asked to erase them at {}: {}. Another operator decides.";
    mute: "禁言", "Mute";
    mute_title: "禁言 {}（{}）", "Mute {} ({})";
    mute_text:
        "在所有房间都不能发言；送礼会被拒绝更久。",
        "They cannot comment in any room; their gifts are refused for longer.";
    minutes_ten: "10 分钟", "10 minutes";
    hour_one: "1 小时", "1 hour";
    unmute: "解除禁言", "Lift the mute";
    unmute_title: "解除对 {}（{}）的禁言", "Lift the mute of {} ({})";
    unmute_text: "可以重新发言和送礼。红娘自己设的禁言不受影响。", "They can comment and give again. Mutes by hosts stay.";
    end_sessions: "结束登录", "End sessions";
    end_sessions_title: "结束 {}（{}）的所有登录", "End all sessions of {} ({})";
    end_sessions_text: "所有设备都要重新登录。", "All devices have to log in again.";
    note: "写备注", "Add a note";
    note_title: "关于 {}（{}）的备注", "A note about {} ({})";
    note_text: "其他操作员都能看到，用户看不到。", "Other operators see it, the user does not.";
    note_field: "备注", "Note";
    remove: "请出房间", "Remove from the room";
    remove_title: "把用户 {} 请出房间 {}", "Remove user {} from room {}";
    remove_text:
        "立即离开，本场直播结束前不能再进。",
        "They leave at once, and cannot enter again until this broadcast ends.";
    close_report: "处理完毕", "Close";
    close_report_title: "结束举报 {}", "Close report {}";
    close_report_text:
        "请写明怎么处理的。需要封禁或禁言的话，请先在用户页面操作。",
        "Please say what was decided. To ban or mute, open the user first.";
    unban: "解除封禁", "Lift the ban";
    unban_title: "解除对 {}（{}）的封禁", "Lift the ban of {} ({})";
    unban_text: "可以重新登录、进入房间和推流。", "They can log in, enter rooms and publish again.";
    grant: "设为红娘", "Make a matchmaker";
    grant_title: "让 {}（{}）成为红娘", "Make {} ({}) a matchmaker";
    grant_text: "会得到一个房间，可以开始直播。", "They get a room and can start a broadcast.";
    revoke: "取消红娘", "Revoke the role";
    revoke_title: "取消 {}（{}）的红娘身份", "Revoke the role of {} ({})";
    revoke_text: "正在进行的直播会结束。房间保留。", "A broadcast that is live ends. The room stays.";
    gold: "赠送金币", "Grant gold";
    gold_title: "给 {}（{}）赠送金币", "Grant gold to {} ({})";
    gold_text: "作为一条分录记入账本，可以冲正。", "It is an entry of the ledger, which can be reversed.";
    amount: "金币数", "Coins";
    reverse: "冲正", "Reverse";
    reverse_title: "冲正分录 {}", "Reverse entry {}";
    reverse_text:
        "会记一条方向相反的新分录。金币若已花掉则不能冲正。",
        "A new entry moves the coins back. It is not possible when they were spent.";
    end: "结束直播", "End the broadcast";
    end_title: "结束房间 {} 的直播", "End the broadcast of room {}";
    end_text: "{} 人会被请出，推流会被切断。", "{} people leave, and the streams are cut.";
    query: "向微信查询", "Ask WeChat";
    query_title: "向微信查询订单 {}", "Ask WeChat about order {}";
    query_text: "如果微信说已支付，就会入账。", "If WeChat says that it was paid, it is credited.";
    refund: "退款", "Refund";
    refund_title: "退款订单 {}", "Refund order {}";
    refund_text:
        "还可以退 {}。对应的金币会收回；已花掉的部分记为欠款。",
        "{} are left. The coins are taken back; those that were spent become a debt.";
    refund_amount: "金额（元），空着退全部", "Amount in yuan; empty for all";
    approve: "批准", "Approve";
    approve_title: "批准提现 {}：{} 给用户 {}", "Approve withdrawal {}: {} to user {}";
    approve_text:
        "批准后会向微信请求打款，由用户确认。",
        "After this WeChat is asked for the transfer, which the user confirms.";
    approve_second: "这是第二次批准。第一次由 {} 批准。", "This is the second approval. The first was {}'s.";
    reject: "驳回", "Reject";
    reject_title: "驳回提现 {}：{} 给用户 {}", "Reject withdrawal {}: {} to user {}";
    reject_text: "收入会退回用户的余额。", "The income goes back to the user's balance.";
    gift_add: "添加礼物", "Add a gift";
    gift_add_text:
        "立刻可以赠送。价格以后不能改，只能停售再添加。",
        "It can be sent at once. Its price cannot be changed: disable it and add another.";
    gift_name: "名字", "Name";
    gift_image: "图片地址", "Address of the picture";
    gift_effect: "特效地址，可空", "Address of the effect, may be empty";
    gift_disable: "停售", "Disable";
    gift_disable_title: "停售礼物 {}", "Disable gift {}";
    gift_disable_text: "不能再赠送。已送出的记录保留。", "It can no longer be sent. Records of sent gifts stay.";
    block_add: "添加充值档", "Add a block";
    block_add_text: "立刻可以购买。", "It can be bought at once.";
    block_price: "价格（元）", "Price in yuan";
    block_product: "虚拟支付道具 ID，可空", "Product id of virtual payment, may be empty";
    block_disable_title: "停售充值档 {}", "Disable block {}";
    block_disable_text: "不能再购买。已有的订单不受影响。", "It can no longer be bought. Orders stay.";
    export: "导出 CSV", "Export as CSV";
    export_text: "导出会记入审计日志。", "That you export is recorded in the audit log.";
    config_set: "修改", "Change";
    config_restore: "改回这个值", "Set again";
    config_title: "修改 {}", "Change {}";
    config_text: "一秒之内所有实例生效。现在的值：{}", "All instances use it within a second. The value now: {}";
    value: "新的值", "New value";
    retry: "重试", "Retry";
    retry_title: "重试投递 {}", "Retry delivery {}";
    retry_text: "会排回队列，由服务器再次投递。", "It goes back to the queue, and the server delivers it again.";
    operator_add: "邀请操作员", "Invite an operator";
    operator_add_text:
        "会得到一个三天内有效、只能用一次的链接，请通过可靠的途径转交。",
        "You get a link that works once, within three days. Hand it over safely.";
    operator_name: "名字", "Name";
    operator_role: "角色", "Role";
    operator_role_change: "改角色", "Change the role";
    operator_role_title: "修改 {} 的角色", "Change the role of {}";
    operator_role_text: "从下一个请求起生效。", "It holds from the next request.";
    operator_reset: "重置登录", "Reset the login";
    operator_reset_title: "重置 {} 的登录", "Reset the login of {}";
    operator_reset_text:
        "密码、身份验证器和所有会话都会失效，并得到一个新的邀请链接。",
        "Password, authenticator and sessions end, and you get a new link.";
    operator_disable: "停用", "Disable";
    operator_disable_title: "停用操作员 {}", "Disable operator {}";
    operator_disable_text: "会话立即结束，不能再登录。", "Their sessions end at once, and they cannot log in.";
    operator_enable: "启用", "Enable";
    operator_enable_title: "启用操作员 {}", "Enable operator {}";
    operator_enable_text: "可以用原来的密码登录。", "They can log in with their password.";
    reveal: "显示个人信息", "Show personal data";
    reveal_title: "显示 {}（{}）的个人信息", "Show personal data of {} ({})";
    reveal_text: "查看会记入审计日志。", "That you look is recorded in the audit log.";
});
