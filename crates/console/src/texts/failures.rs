//! Why something did not happen.

texts!(FailureTexts {
    forbidden_title: "您的角色不能这样做", "Your role may not do this";
    forbidden:
        "这次尝试已记入审计日志。需要的话，请所有者调整角色。",
        "The attempt is in the audit log. An owner can change your role.";
    other_origin_title: "请求被拒绝", "The request was refused";
    other_origin:
        "它不是从控制台的页面发出的。请从页面上重新操作。",
        "It did not come from a page of the console. Please start again from the page.";
    not_found_title: "没有这个页面", "There is no such page";
    not_found: "地址或编号可能有误，或者内容已被删除。", "It may be mistyped, or it is gone.";
    bad_request_title: "请求无效", "The request cannot be read";
    bad_request: "请从页面上重新操作。", "Please start again from the page.";
    unavailable_title: "数据库暂时忙不过来", "The database is busy";
    unavailable: "请稍后再试。", "Please try again in a moment.";
    unknown_outcome:
        "不确定这次操作是否已经完成。请先查看审计日志，再决定要不要重做。",
        "It may or may not have been done. Look at the audit log before you do it again.";
    internal_title: "出错了", "Something failed";
    internal: "原因写在服务器的日志里。", "The reason is in the log of the server.";
    back: "回到首页", "Back to the start";
    unknown_user: "没有这个用户。", "There is no such user.";
    same_operator: "需要另一位操作员来做。", "Another operator has to do this.";
    open_withdrawal: "TA 还有没结束的提现，先处理完。", "A withdrawal of theirs has not ended. Settle it first.";
    user_erased: "这个用户已经注销。", "This user was erased.";
    unknown_room: "没有这个房间。", "There is no such room.";
    not_live: "这场直播已经结束，或房间没有在直播。", "This broadcast is over, or the room is not live.";
    not_in_room: "TA 现在不在房间里。", "They are in no room now.";
    unknown_order: "没有这个订单。", "There is no such order.";
    unknown_gift: "没有这个礼物，或它已停售。", "There is no such gift, or it is disabled.";
    unknown_block:
        "没有这个充值档位，或它已停售。",
        "There is no such recharge pack, or it is disabled.";
    unknown_withdrawal: "没有这笔提现。", "There is no such withdrawal.";
    wrong_state: "它的状态已经变了，请刷新后再看。", "Its state has changed meanwhile. Please look again.";
    second_operator: "超过限额，需要另一位操作员批准。", "Above the limit, another operator has to approve.";
    unexplained: "还有差异没有说明。", "A difference is not explained yet.";
    bad_bill: "没有这一天的账单，或日期写法不对。", "There is no bill of that day, or the date is wrong.";
    refund_not_done: "微信还没有退完这一笔，退完后再补记。", "WeChat has not finished this refund yet.";
    refund_is_ours:
        "这是本系统发起的退款，会自动跟进，不用补记。",
        "qlive requested this refund itself and follows it; nothing needs to be recorded.";
    refund_elsewhere:
        "这笔退款与这个订单不符：单号属于别的退款、别的订单或别的支付。",
        "The refund is not of this order: its number is of another refund, order or payment.";
    refund_too_much: "退款超过了订单还剩的金额。", "The refund is more than is left of the order.";
    amount: "金额超出了允许的范围。", "The amount is out of bounds.";
    insufficient: "余额不足：这些金币已经花掉了。", "The balance does not suffice: the coins were spent.";
    not_reversible:
        "这类分录不能冲正，或已冲正过。",
        "An entry of this kind cannot be reversed, or was reversed already.";
    bad_field: "{} 不合要求。", "{} is not valid.";
    bad_value: "这个值不合要求。", "The value is not valid.";
    value_too_long: "一个值最多 64 KiB。", "A value takes at most 64 KiB.";
    value_bad_text:
        "文字里有不能显示的字符，或者地址不是公网地址。",
        "A text holds characters that may not be shown, or an address that is not public.";
    value_no_array: "这个配置要写成 JSON 数组。", "This key holds a JSON array.";
    value_no_words:
        "这个配置要写成 JSON 数组，每一项是一个词，不能为空。",
        "This key holds a JSON array of texts, none of them empty.";
    value_no_object: "这个配置要写成 JSON 对象。", "This key holds a JSON object.";
    value_no_rate:
        "比例要写成小数，最多四位，例如 0.25。",
        "A share is a decimal with at most four places, such as 0.25.";
    value_no_address:
        "要写图片的公网地址，以 http:// 或 https:// 开头。",
        "This key holds the public address of a picture, http or https.";
    value_no_list: "只有列表才能加一项。", "Only a key that holds a list can be added to.";
    value_shares:
        "收礼人分成（EXCHANGE_RATE）与红娘分成（HOST_RATE）加起来不能超过 1。",
        "The shares of receiver (EXCHANGE_RATE) and matchmaker (HOST_RATE) together are at most 1.";
    bad_days:
        "日期要写成 2026-11-01 这样，而且开始日期不晚于结束日期。",
        "Days are written as 2026-11-01, and the first is not after the last.";
    too_many_rows:
        "文件太大：最多两万行，账本最多十万行。请缩小日期范围，或加上筛选。",
        "Too large for a file: at most 20,000 rows, of the ledger 100,000. Please choose fewer \
         days, or a filter.";
    changed_meanwhile:
        "别人刚刚改了它，请重新查看改动。",
        "Somebody has just changed it. Please look at the change again.";
    same_value: "和现在的值一样，没有改动。", "It is the value that it has now.";
    unknown_key: "没有这个配置项。", "There is no such config.";
    provider: "微信没有给出明确的答复，请稍后再查。", "WeChat gave no clear answer. Please ask again later.";
    reason_needed: "请写明原因。", "Please give a reason.";
    reason_hidden:
        "原因里有看不见的字符，请重新输入。",
        "The reason has characters that cannot be seen. Please type it again.";
    reason_long: "原因最多 500 个字。", "A reason has at most 500 characters.";
    typed_wrong: "输入的内容与要求的不一致。", "What you typed is not what was asked for.";
    code_wrong: "验证码不对、已用过或已过期。", "The code is wrong, was used or is too old.";
    code_needed: "请输入身份验证器上的验证码。", "Please enter the code of your authenticator.";
    totp_needed:
        "涉及钱和角色的操作需要身份验证器。请先在“我的账号”里设置。",
        "Money and roles need an authenticator. Please set one up under “My account”.";
    name_taken: "已有同名的操作员。", "An operator has this name already.";
    last_owner:
        "这是最后一位所有者，或最后一位有验证器的所有者，不能停用或降级。",
        "This is the last owner, or the last with an authenticator, who cannot be disabled or \
         given another role.";
    empty_name: "请填写名字。", "Please give a name.";
    long_name: "名字最多 100 个字。", "A name has at most 100 characters.";
    link_needed:
        "请所有者重置您的登录，再用新的邀请链接设置身份验证器。",
        "Ask an owner to reset your login, and set the authenticator up with the new invitation.";
    other: "操作未完成：{}", "It was not done: {}";
});
