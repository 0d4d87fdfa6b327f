//! The forms of actions: what they do, to whom, and what is asked before.

texts!(ActionTexts {
    cancel: "取消", "Cancel";
    asks_confirm: "确认", "confirm";
    asks_reason: "原因", "reason";
    asks_proof: "原因和验证码", "reason and code";
    reason: "原因", "Reason";
    decision: "处理结果", "Decision";
    type_this: "请输入 {} 以确认", "Type {} to confirm";
    reason_abuse: "辱骂或骚扰", "Abuse or harassment";
    reason_fraud: "诈骗", "Fraud";
    reason_minor: "疑似未成年人", "Possible minor";
    reason_content: "违规内容", "Forbidden content";
    reason_mistake: "操作有误", "A mistake";
    reason_goodwill: "补偿", "Goodwill";
    reason_user: "用户要求", "The user asked for it";
    reason_checked: "已核对收入来源和账号", "Income and account were checked";
    words_hint: "一行一个词", "One word a line";
    json_hint: "JSON 格式", "JSON";
    ban: "封禁", "Ban";
    ban_title: "封禁 {}（{}）", "Ban {} ({})";
    ban_text:
        "立即移出房间、强制下线并禁止推流；封禁期间无法登录，余额保留。",
        "They leave their room and IM at once, cannot stream and cannot log in. Balances stay.";
    ban_held: "现在已封禁，到期：{}，原因：{}。", "They are banned now, until: {}; reason: {}.";
    mute_held:
        "现在已禁言，发言到 {}，送礼到 {}。",
        "They are muted now: comments until {}, gifts until {}.";
    longer_stays: "更早到期的不会取代它。", "What ends earlier does not replace it.";
    ban_host:
        "TA 是红娘：正在进行的直播会结束，{} 人会被请出。",
        "They are a matchmaker: the broadcast ends, and {} people leave.";
    ban_length: "时长", "Duration";
    for_ever: "永久", "Permanent";
    day_one: "24 小时", "24 hours";
    days_three: "3 天", "3 days";
    days_seven: "7 天", "7 days";
    days_thirty: "30 天", "30 days";
    export_user: "导出资料", "Export data";
    export_user_title: "导出 {}（{}）的全部资料", "Export all data of {} ({})";
    export_user_text:
        "一个 JSON 文件：资料、流水、订单、提现、礼物、黑名单、发言、登录。交给本人，不要留在电脑上。",
        "One JSON file: profile, wallet, orders, withdrawals, gifts, blacklist, comments, \
         sessions. Keep no copy.";
    export_evidence: "导出凭据", "Export";
    export_evidence_text:
        "一个 JSON 文件，交给用户或微信支付的投诉处理。会记入审计日志。",
        "One JSON file, for the user or for a complaint at WeChat Pay. It is in the audit log.";
    answer: "记录答复", "Record the answer";
    answer_title: "记录订单 {} 投诉的处理结果", "Record what was done about order {}";
    answer_text:
        "这里不会把内容发给用户。请先在微信商户平台答复用户，再记录处理结果。",
        "Nothing is sent to the user from here. Answer them in WeChat's console first.";
    answer_refunded: "已退款", "Refunded";
    answer_explained: "已说明扣费原因", "The charge was explained";
    gift_edit: "修改", "Change";
    gift_edit_title: "修改礼物“{}”", "Change the gift “{}”";
    gift_edit_text:
        "改价格会生成一个新礼物，旧的停售；送出的记录不变。排序小的在前面。",
        "Another price makes a new gift, and the one before is disabled. The smallest order \
         comes first.";
    gift_place: "排序（整数）", "Order (an integer)";
    gift_from: "从哪天开始卖", "For sale from";
    gift_until: "卖到哪天（含）", "For sale until (inclusive)";
    close_screenshot_title: "处理 {} 的截图", "Handle a screenshot of {}";
    close_screenshot_text:
        "写下处理结果。需要封禁时，请在列表里点“封禁”。",
        "Say what you decided. To ban the user, choose “Ban” in the list.";
    close_case: "标记为已处理", "Mark as handled";
    close_chosen: "标记所选为已处理", "Mark the chosen as handled";
    close_many_title: "处理 {} 项", "Handle {} cases";
    closes_case: "同时标记为已处理：{}", "Marked as handled too: {}";
    choose: "选择", "Choose";
    reason_harmless: "误判，没有问题", "Harmless";
    close_comment_title: "处理 {} 的发言", "Handle a comment by {}";
    close_comment_text:
        "写下处理结果。这条发言已被拦下，其他人没有看到。",
        "Say what you decided. The comment was refused, so nobody saw it.";
    erase: "注销账号", "Erase the account";
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
    warn: "警告", "Warn";
    warn_title: "警告 {}（{}）", "Warn {} ({})";
    warn_text:
        "对方的小程序会弹出下面的文字。只有在房间里的用户能收到。",
        "Their mini-program shows this text. Only somebody who is in a room gets it.";
    warn_in_room: "现在在房间 {}。", "They are in room {} now.";
    warn_nowhere: "现在不在任何房间，收不到警告。", "They are in no room now, and would not get it.";
    warn_field: "给用户看的文字（最多 200 字）", "Text for the user (at most 200 characters)";
    warn_example:
        "请文明发言，再次违规将被禁言。",
        "Please mind your language; the next time you will be muted.";
    mute: "禁言", "Mute";
    mute_title: "禁言 {}（{}）", "Mute {} ({})";
    mute_text:
        "所有房间都不能发言；不能送礼的时间是所选时长的 {} 倍。",
        "They cannot comment in any room, and give nothing for {} times as long.";
    minutes_ten: "10 分钟", "10 minutes";
    hour_one: "1 小时", "1 hour";
    unmute: "解除禁言", "Lift the mute";
    unmute_title: "解除对 {}（{}）的禁言", "Lift the mute of {} ({})";
    unmute_text: "可以重新发言和送礼。红娘自己设的禁言不受影响。", "They can comment and give again. Mutes by hosts stay.";
    end_sessions: "退出所有设备", "Sign out everywhere";
    end_sessions_title: "让 {}（{}）退出所有设备", "Sign {} ({}) out everywhere";
    end_sessions_text: "所有设备都要重新登录。", "All devices have to log in again.";
    note: "写备注", "Add a note";
    note_title: "关于 {}（{}）的备注", "A note about {} ({})";
    note_text: "其他操作员都能看到，用户看不到。", "Other operators see it, the user does not.";
    note_field: "备注", "Note";
    put_off_mic: "请下麦", "Put off the mic";
    put_off_mic_title: "请 {}（{}）下麦", "Put {} ({}) off the mic";
    put_off_mic_text:
        "留在房间里；本场直播结束前，需要红娘邀请才能再上麦。",
        "They stay in the room, and need an invitation to the mic until this broadcast ends.";
    remove: "请出房间", "Remove from the room";
    remove_title: "把 {}（{}）请出房间 {}", "Remove {} ({}) from room {}";
    remove_text:
        "立即离开，本场直播结束前不能再进。",
        "They leave at once, and cannot enter again until this broadcast ends.";
    close_report_title: "处理举报 {}", "Handle report {}";
    close_report_text:
        "写下处理结果。需要封禁或禁言时，请在举报页面操作。",
        "Say what you decided. To ban or mute, do that on the report's page.";
    unban: "解除封禁", "Lift the ban";
    unban_title: "解除对 {}（{}）的封禁", "Lift the ban of {} ({})";
    unban_text: "可以重新登录、进入房间和推流。", "They can log in, enter rooms and publish again.";
    grant: "设为红娘", "Make a matchmaker";
    grant_title: "让 {}（{}）成为红娘", "Make {} ({}) a matchmaker";
    grant_text: "会得到一个房间，可以开始直播。", "They get a room and can start a broadcast.";
    revoke: "取消红娘", "Revoke the role";
    revoke_title: "取消 {}（{}）的红娘身份", "Revoke the role of {} ({})";
    revoke_text: "正在进行的直播会结束。房间保留。", "A broadcast that is live ends. The room stays.";
    gold: "赠送金币", "Grant coins";
    gold_title: "给 {}（{}）赠送金币", "Grant coins to {} ({})";
    gold_text: "将记入账本，之后可冲正。", "It is an entry of the ledger and can be reversed.";
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
    refund_title: "订单 {} 退款", "Refund order {}";
    refund_text:
        "{}（{}）实付 {}，最多可退 {}。对应的金币会收回，已花掉的部分记为欠款。",
        "{} ({}) paid {}; up to {} can be refunded. The coins are taken back; spent ones become \
         debt.";
    refund_limit:
        "七天内退给同一用户超过 {} 时，需要另一位操作员在一天之内再确认一次。",
        "Above {} to one user within seven days, another operator confirms it within a day.";
    refund_second:
        "{} 已申请退 {}。金额一致时，你的确认会立即退款。",
        "{} asked to refund {}. With the same amount, your confirmation refunds it at once.";
    import: "补记退款", "Record a refund";
    import_title: "补记订单 {} 的平台退款", "Record a refund of order {} by the platform";
    import_text:
        "在微信后台退的款、而通知没有收到时使用：向微信查询后记账，并收回对应的金币。",
        "For a refund made in WeChat's console whose notice was lost. WeChat is asked about it; \
         then it is recorded, and its coins are taken back.";
    import_out_number: "商户退款单号（out_refund_no）", "Merchant's refund number (out_refund_no)";
    import_wx_number: "微信退款单号（wx_refund_id）", "WeChat's refund number (wx_refund_id)";
    refund_amount: "退款金额（元）", "Refund amount (yuan)";
    approve: "批准", "Approve";
    approve_title: "批准提现 {}：{} 给 {}（{}）", "Approve withdrawal {}: {} to {} ({})";
    approve_text:
        "批准后会向微信请求打款，由用户确认。",
        "After this WeChat is asked for the transfer, which the user confirms.";
    approve_facts:
        "账号：{}；注册于 {}；七天内提现 {}；欠款 {} 金币。",
        "Account: {}; registered {}; withdrawn within seven days {}; debt {} coins.";
    approve_limit:
        "七天内超过 {} 的用户，需要另一位操作员再批准一次。",
        "For a user above {} within seven days, another operator approves it too.";
    approve_second: "这是第二次批准。第一次由 {} 批准。", "This is the second approval. The first was {}'s.";
    reject: "驳回", "Reject";
    reject_title: "驳回提现 {}：{}，申请人 {}（{}）", "Reject withdrawal {}: {}, asked for by {} ({})";
    reject_text: "收入会退回用户的余额。", "The income goes back to the user's balance.";
    gift_add: "添加礼物", "Add a gift";
    gift_add_text:
        "添加后立即上架。之后改价会生成新礼物，旧礼物停售。",
        "On sale at once. Changing the price later makes a new gift and disables this one.";
    gift_name: "名字", "Name";
    gift_image: "图片地址", "Address of the picture";
    gift_effect: "特效名或地址（选填）", "Effect, a name or URL (optional)";
    gift_disable: "停售", "Disable";
    gift_enable: "重新上架", "Put on sale";
    gift_enable_title: "重新上架礼物 {}", "Put gift {} on sale again";
    gift_enable_text: "按原来的价格重新可以赠送。", "It can be sent again, at the price that it had.";
    gift_enable_facts: "价格 {} 金币；售卖时间：{}。", "Price {} coins; for sale: {}.";
    gift_enable_twice:
        "注意：已有同名的礼物在售，会同时出现两个。",
        "Mind: a gift of this name is on sale already; there will be two.";
    block_enable_title: "重新上架充值档位 {}", "Put recharge pack {} on sale again";
    block_enable_text:
        "{} 金币，{}，重新可以购买；售卖时间：{}。",
        "{} coins for {} can be bought again; for sale: {}.";
    block_enable_twice:
        "注意：已有同样金币数的档位在售，会同时出现两个。",
        "Mind: a pack of as many coins is on sale already; there will be two.";
    gift_disable_title: "停售礼物 {}", "Disable gift {}";
    gift_disable_text: "不能再赠送。已送出的记录保留。", "It can no longer be sent. Records of sent gifts stay.";
    block_add: "添加充值档位", "Add a recharge pack";
    block_add_text: "立刻可以购买。", "It can be bought at once.";
    block_edit: "修改", "Edit";
    block_edit_title: "修改充值档位 {}", "Edit recharge pack {}";
    block_edit_text:
        "改金币数或价格会生成新档位，旧档位停售；已有的订单不受影响。",
        "Other coins or another price make a new pack and disable this one. Orders stay.";
    block_price: "价格（元）", "Price in yuan";
    block_product: "虚拟支付道具 ID（选填）", "Product id of virtual payment (optional)";
    block_disable_title: "停售充值档位 {}", "Disable recharge pack {}";
    block_disable_text: "不能再购买。已有的订单不受影响。", "It can no longer be bought. Orders stay.";
    export: "导出 CSV", "Export as CSV";
    export_figures_title: "导出 CSV：报表（{}，{} – {}）", "Export as CSV: figures ({}, {} – {})";
    export_text: "导出会记入审计日志。", "This export is recorded in the audit log.";
    export_filtered: "只导出符合列表筛选条件的行。", "Only rows that the filters of the list let through.";
    config_set: "修改", "Change";
    config_restore: "改回这个值", "Set again";
    config_title: "修改：{}", "Change: {}";
    config_text: "保存后立即生效。", "It takes effect at once.";
    review_next: "下一步：查看改动", "Next: see the change";
    review_label: "改动：− 原来，+ 改为", "The change: − before, + after";
    edit_again: "返回编辑", "Back to editing";
    config_save: "确认修改", "Save the change";
    reason_given: "原因：{}", "Reason: {}";
    value: "新的值", "New value";
    retry: "重试", "Retry";
    retry_title: "重试投递 {}", "Retry delivery {}";
    retry_text: "会排回队列，由服务器再次投递。", "It goes back to the queue, and the server delivers it again.";
    operator_add: "邀请操作员", "Invite an operator";
    operator_add_text:
        "会得到一个三天内有效、只能用一次的链接，请通过可靠的途径转交。",
        "You get a link that works once, within three days. Hand it over safely.";
    operator_name: "用户名", "User name";
    operator_role: "角色", "Role";
    choose_role: "请选择角色", "Choose a role";
    operator_role_change: "改角色", "Change the role";
    operator_role_title: "修改 {} 的角色", "Change the role of {}";
    operator_role_text: "从下一个请求起生效。", "It holds from the next request.";
    operator_reset: "重置登录", "Reset the login";
    operator_reset_title: "重置 {} 的登录", "Reset the login of {}";
    operator_reset_text:
        "密码、身份验证器和所有会话都会失效，并得到一个新的邀请链接。",
        "Password, authenticator and sessions end, and you get a new link.";
    operator_sessions_end: "结束所有会话", "End all sessions";
    operator_sessions_title: "结束 {} 的所有会话", "End all sessions of {}";
    operator_sessions_text: "需要重新登录。", "They have to log in again.";
    operator_disable: "停用", "Disable";
    operator_disable_title: "停用操作员 {}", "Disable operator {}";
    operator_disable_text: "会话立即结束，不能再登录。", "Their sessions end at once, and they cannot log in.";
    operator_enable: "启用", "Enable";
    operator_enable_title: "启用操作员 {}", "Enable operator {}";
    operator_enable_text: "可以用原来的密码登录。", "They can log in with their password.";
    reveal: "显示个人信息", "Show personal data";
    reveal_title: "显示 {}（{}）的个人信息", "Show personal data of {} ({})";
    reveal_text: "查看会记入审计日志。", "This look is recorded in the audit log.";
});
