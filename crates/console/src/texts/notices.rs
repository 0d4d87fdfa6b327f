//! Notices and callbacks of WeChat and Tencent, and what becomes of them.

texts!(NoticeTexts {
    notices: "收到的通知", "Notices received";
    notice_result: "处理结果", "Result";
    no_notices: "还没有收到通知。", "None was received yet.";
    notice_payment: "支付", "Payment";
    notice_refund: "退款", "Refund";
    notice_transfer: "转账", "Transfer";
    notice_complaint: "投诉", "Complaint";
    notice_applied: "已处理", "Applied";
    notice_known: "重复，已处理过", "Repeated: known already";
    notice_contradiction: "与最终状态矛盾，未改动", "Contradicts the final state; nothing changed";
    notice_mismatch: "与记录不符，未改动", "Does not match; nothing changed";
    notice_retry: "暂未确定，已请微信重发", "Not settled yet; WeChat repeats it";
    callbacks: "微信与腾讯的回调", "Callbacks of WeChat and Tencent";
    callback: "回调", "Callback";
    came_last: "最近一次", "Last seen";
    ago: "距现在", "Ago";
    no_callbacks:
        "还没有收到回调。请核对各后台里填的回调地址。",
        "None has come yet. Check the callback URLs in each console.";
    callback_pay: "微信支付通知", "WeChat Pay notices";
    callback_push: "微信消息推送", "Message pushes of WeChat";
    callback_im_state: "IM 上下线", "IM: online and offline";
    callback_im_exit: "IM 退群", "IM: left a group";
    callback_im_before: "IM 发言前", "IM: before a message";
    callback_im_after: "IM 发言后", "IM: after a message";
    callback_live_start: "直播推流开始", "Streams: started";
    callback_live_stop: "直播推流结束", "Streams: ended";
    callback_live_screenshot: "直播截图", "Streams: screenshots";
    callback_live_judged: "直播鉴黄", "Streams: judged screenshots";
    callback_unknown: "未处理的回调", "Callbacks that are not handled";
    tokens: "微信 access_token", "Access tokens of WeChat";
    mini_program: "小程序", "Mini-program";
    usable_until: "可用到", "Usable until";
    forced_today: "今日强制刷新", "Forced refreshes today";
    token_usable: "可用", "Usable";
    token_ended: "用到时再取", "Fetched when needed";
    no_tokens: "还没有取过。", "None was fetched yet.";
});
