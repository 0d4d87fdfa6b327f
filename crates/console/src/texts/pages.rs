//! The texts of the pages.

texts!(PageTexts {
    no_more: "后面没有了。", "There is nothing after this.";
    no_match: "没有符合筛选条件的内容。", "Nothing matches the filter.";
    // Now
    now_title: "实时概览", "Live now";
    rooms_live: "直播中的房间", "Rooms live";
    people_present: "房间里的人", "People in the rooms";
    people_in_room: "房间里的人", "People in the room";
    live_since: "开播时间", "Live since";
    orders_waiting: "待支付订单", "Unpaid orders";
    outbox_waiting: "待投递消息", "Deliveries waiting";
    withdrawals_waiting: "待审核提现", "Withdrawals to review";
    given_today: "今天送出的金币", "Coins given today";
    reports_waiting: "待处理举报", "Reports to handle";
    comments_waiting: "待处理发言", "Comments to review";
    screenshots_waiting: "待处理截图", "Screenshots to review";
    complaints_waiting: "待答复投诉", "Complaints to answer";
    no_rooms:
        "现在没有直播。要开播，需要一位红娘：在“用户”里打开一位用户，点“设为红娘”。",
        "Nothing is live. A broadcast needs a matchmaker: open a user under “Users” and \
         choose “Make a matchmaker”.";
    seat_host: "红娘", "Matchmaker";
    seat_male: "男嘉宾", "Man";
    seat_female: "女嘉宾", "Woman";
    seat_empty: "空着", "Empty";
    no_stream: "没有推流", "No stream";
    lost: "掉线中", "Lost";
    people: "{} 人", "{} people";
    started: "{} 开播", "Live since {}";
    given_lately: "近 {} 分钟 {} 金币", "Last {} min: {} coins";
    gifts_lately: "最近礼物", "Gifts lately";
    ago: "{}前", "{} ago";
    // Rooms
    rooms_title: "房间", "Rooms";
    cover: "封面", "Cover";
    no_rooms_at_all:
        "还没有房间。在“用户”里打开一位用户，点“设为红娘”，就有了一个房间。",
        "There is no room yet. Open a user under “Users” and choose “Make a matchmaker”: they \
         get one.";
    last_ended: "上次结束", "Last ended";
    // Room
    room_title: "房间 {}", "Room {}";
    live: "直播中", "Live";
    not_live: "未直播", "Not live";
    host: "红娘", "Matchmaker";
    group: "IM 群", "IM group";
    group_missing: "还没有建好", "Does not exist yet";
    created: "创建时间", "Created";
    stage: "台上", "On stage";
    seat: "座位", "Seat";
    since: "开始时间", "Since";
    stream: "推流", "Stream";
    running: "正常", "Running";
    audience: "房间里的人", "In the room";
    place: "位置", "Place";
    entered: "进入", "Entered";
    watching: "观看", "Watching";
    applied: "已申请", "Applied";
    on_mic: "在麦上", "On the mic";
    hosting: "主持", "Hosting";
    nobody: "房间里没有人。", "Nobody is in the room.";
    past: "过去的直播", "Past broadcasts";
    ended: "结束", "Ended";
    end_reason: "原因", "Reason";
    no_past: "还没有结束的直播。", "No broadcast has ended yet.";
    gifts_in_room: "房间里的礼物", "Gifts in the room";
    no_gifts: "还没有人送礼物。", "No gift was sent yet.";
    no_gifts_given: "还没有送出礼物。", "No gift given yet.";
    no_gifts_received: "还没有收到礼物。", "No gift received yet.";
    timeline: "房间时间线", "Timeline";
    happened: "事件", "Event";
    is_delivered: "投递状态", "Delivery";
    no_timeline: "最近没有发生什么。", "Nothing happened lately.";
    seat_taken: "上麦", "Took the mic";
    seat_freed: "下麦", "Left the mic";
    gift_shown: "送给 {}：{} × {}", "Gave {}: {} × {}";
    broadcast_over: "直播结束", "The broadcast ended";
    event_started: "开播", "Started the broadcast";
    event_entered: "进入房间", "Entered";
    event_left: "离开房间", "Left the room";
    event_lost: "掉线，没有回来", "Lost the connection and did not come back";
    event_banned: "被封禁，离开房间", "Was banned and left the room";
    event_applied: "申请上麦", "Applied for the mic";
    event_withdrew: "取消申请", "Withdrew the application";
    event_declined: "申请被拒绝", "The application was declined";
    event_invited: "被邀请上麦", "Was invited to the mic";
    event_put_off_mic: "被红娘请下麦", "Was put off the mic";
    event_lost_mic: "因断流或掉线下麦", "Lost the mic: no stream or connection";
    comment_written: "说：{}", "Wrote: {}";
    message_waits: "待投递", "Waiting";
    message_delivered: "已投递", "Delivered";
    message_skipped: "已略过", "Skipped";
    message_parked: "投递失败", "Not delivered";
    message_gone: "消息只保留三天", "Kept for three days only";
    // Users
    users_title: "用户", "Users";
    user: "用户", "User";
    nickname: "昵称", "Nickname";
    gender: "性别", "Gender";
    area: "地区", "Area";
    state: "状态", "State";
    registered: "注册", "Registered";
    last_login: "最近登录", "Last login";
    last_seen: "最近活跃", "Last seen";
    which: "范围", "Show";
    banned_only: "已封禁", "Banned";
    matchmakers_only: "红娘", "Matchmakers";
    nickname_prefix: "昵称（前几个字）", "Nickname starts with";
    no_users:
        "还没有用户。小程序里的第一次登录会创建用户。",
        "There is no user yet. The first login in the mini-program makes one.";
    profile: "资料", "Profile";
    age: "年龄", "Age";
    height: "身高", "Height";
    openid: "OpenID", "OpenID";
    app: "小程序", "App";
    whereabouts: "所在房间", "In room";
    nowhere: "不在任何房间", "In no room";
    banned_since: "封禁时间", "Banned since";
    balances: "余额", "Balances";
    bought: "购买的金币", "Bought coins";
    granted: "赠送的金币", "Granted coins";
    income: "收入", "Income";
    held: "提现中", "Held for a withdrawal";
    debt: "欠款", "Debt";
    wallet: "钱包流水", "Wallet history";
    entry: "分录", "Entry";
    time: "时间", "Time";
    kind: "类型", "Kind";
    change: "变化", "Change";
    gold_after: "金币余额", "Coins after";
    income_after: "收入余额", "Income after";
    age_then: "申请时账号已注册", "Account age at request";
    none_among:
        "这 {} 条变动里没有符合筛选条件的；更早的变动里可能有。",
        "None of these {} movements matches the filter; earlier ones may.";
    figures_clipped:
        "显示 {} 到 {}：一次最多 {} 天，按月最多 {} 个月，开始不晚于结束。",
        "Shown from {} until {}: at most {} days, or {} months by month, and the first day is not \
         after the last.";
    no_movements: "还没有流水。", "Nothing has moved yet.";
    gifts_given: "送出的礼物", "Gifts given";
    gifts_received: "收到的礼物", "Gifts received";
    giver: "送礼人", "Giver";
    receiver: "收礼人", "Receiver";
    gift: "礼物", "Gift";
    count: "数量", "Count";
    cost: "金币", "Coins";
    room: "房间", "Room";
    muted: "禁言中", "Muted";
    muted_until: "禁言至", "Muted until";
    gifts_until: "禁送礼至", "Gifts refused until";
    everywhere: "所有房间", "Everywhere";
    mutes: "禁言", "Mutes";
    banned_until: "封禁至", "Banned until";
    erasures_wait: "等待另一位操作员确认的注销", "Erasures that wait for another operator";
    own_room: "自己的房间", "Own room";
    until: "到 {}", "until {}";
    permanent: "永久", "Permanent";
    ban_reason: "封禁原因", "Why banned";
    notes: "备注", "Notes";
    note_text: "内容", "Text";
    no_notes: "还没有备注。", "No note yet.";
    sessions: "登录", "Sessions";
    used: "最近使用", "Last used";
    no_sessions: "没有登录。", "Not logged in.";
    reports_about: "关于 TA 的举报", "Reports about them";
    other_reports: "TA 的其他举报记录", "Other reports about them";
    no_other_reports: "没有其他举报。", "No other report.";
    // Reports of users
    reports_title: "举报", "Reports";
    report_title: "举报 {}", "Report {}";
    reporter: "举报人", "Reporter";
    reported: "被举报人", "Reported user";
    report_text: "说明", "Details";
    decision: "处理结果", "Decision";
    closed_by: "处理人", "Closed by";
    report_open: "待处理", "Open";
    report_closed: "已处理", "Closed";
    fraud: "诈骗", "Fraud";
    abuse: "辱骂骚扰", "Abuse";
    minor: "疑似未成年", "Possible minor";
    other_kind: "其他", "Other";
    open_only: "待处理", "Open";
    decided_only: "已处理", "Decided";
    no_decided_comments: "还没有处理过被拦下的发言。", "No refused comment was decided yet.";
    no_reports: "没有举报。用户在小程序里举报后会出现在这里。", "There is no report. They come from the mini-program.";
    moderation_title: "发言审核", "Comment review";
    comments_of_room: "房间 {} 的发言", "Comments in room {}";
    comments_of_user: "{}（{}）的发言", "Comments of {} ({})";
    comment: "发言", "Comment";
    comment_refused: "含“{}”，已拦下", "Refused for “{}”";
    no_refused_comments:
        "没有被拦下的发言。要拦的词加进“配置”里的“违禁词”。",
        "No comment was refused. Add words to refuse to “Forbidden words” under “Configs”.";
    no_comments: "还没有发言。", "No comment yet.";
    comments: "发言记录", "Comments";
    screenshots_title: "截图审核", "Screenshot review";
    judgement: "机器审核", "Automatic review";
    suggests_block: "建议屏蔽：{}（置信度 {}%）", "Block: {} ({}% confidence)";
    suggests_review: "建议人工复核：{}（置信度 {}%）", "Check: {} ({}% confidence)";
    no_open_screenshots:
        "没有待处理的截图。未通过云直播审核的画面会出现在这里。",
        "No screenshot waits. Those that the live platform does not pass appear here.";
    no_judged_screenshots:
        "没有截图。未通过云直播审核的画面会出现在这里，保留几天。",
        "No screenshot. Those that the live platform does not pass are kept here for some days.";
    refunds_wait: "等待第二位操作员确认的退款", "Refunds that wait for another operator";
    refund_waits:
        "{} 申请退款 {}（{}），等待另一位操作员在一天之内确认。",
        "{} asked to refund {} ({}). Another operator has to confirm it within a day.";
    // Orders
    orders_title: "订单", "Orders";
    order_title: "订单 {}", "Order {}";
    number: "订单号", "Number";
    id: "编号", "No.";
    provider: "支付方式", "Provider";
    price: "金额", "Price";
    gold: "金币", "Coins";
    refunded: "已退", "Refunded";
    paid_after: "支付用时", "Paid after";
    seconds: "{} 秒", "{} s";
    minutes: "{} 分钟", "{} min";
    hours: "{} 小时", "{} h";
    whole_days: "{} 天", "{} d";
    paid_at: "支付时间", "Paid";
    expires_at: "支付截止", "Expires";
    transaction: "微信支付单号", "Provider's number";
    until_only: "截至日期（含）", "Up to (inclusive)";
    order_made: "已创建", "Created";
    transfer_line: "{} → {}：{} 金币", "{} → {}: {}";
    from_day: "开始日期", "From";
    until_day: "结束日期（含）", "Until (inclusive)";
    no_orders: "还没有订单。用户充值时会出现在这里。", "There is no order yet. They come when users recharge.";
    refunds: "退款", "Refunds";
    refund_number: "退款号", "Number";
    requested_by: "发起方", "Requested by";
    by_us: "平台", "Operator";
    by_provider: "微信", "WeChat";
    record_title: "对比微信记录", "Compare with WeChat";
    record_agrees: "平台与微信的记录一致。", "Both records agree.";
    record_refund_pending:
        "有一笔退款还在处理，其余一致。",
        "A refund is under way; the rest agrees.";
    record_account: "商户号、小程序或币种", "account, app or currency";
    list_comma: "、", ", ";
    record_differs:
        "两边的记录不一致：{}。先点“向微信查询”更新，再看对账和账本。",
        "The records differ in: {}. Ask WeChat to update ours, then look at the reconciliation and \
         ledger.";
    record_missing: "没有这个订单", "No such order";
    record_unclear: "没有明确的答复", "No clear answer";
    record_refunded: "有退款，金额见微信", "Refunded; the amount is at WeChat";
    no_refunds: "没有退款。", "No refund.";
    entries: "账本分录", "Entries of the ledger";
    no_entries: "账本里还没有相关分录。", "The ledger has no entry about it.";
    product: "道具 ID", "Product id";
    // Withdrawals
    withdrawals_title: "提现", "Withdrawals";
    withdrawal_title: "提现 {}", "Withdrawal {}";
    applied_at: "申请时间", "Requested";
    yuan: "金额", "Amount";
    first_approval: "第一次批准", "First approval";
    bill_number: "打款单号", "Transfer number";
    user_state: "账号状态", "Account";
    account_age: "注册时间", "Registered";
    week: "申请前 7 天提现（含本笔）", "Requested in the 7 days up to this";
    refunded_givers: "送礼后退款的人", "Givers whose orders were refunded";
    refunded_givers_text:
        "下面的人给 TA 送过礼物，他们的订单后来退了款。请先看清再批准。",
        "These people gave them gifts, and their orders were refunded. Look before you approve.";
    orders_count: "退款订单", "Orders refunded";
    no_withdrawals:
        "还没有提现。用户在小程序里申请后会出现在这里。",
        "No withdrawals yet. They appear here when users request them.";
    detail: "说明", "Detail";
    done_at: "结束时间", "Ended";
    // Ledger
    ledger_title: "账本", "Ledger";
    entry_title: "分录 {}", "Entry {}";
    about: "关联对象", "Related to";
    about_hint: "编号", "Its number";
    about_refund: "退款 {}", "Refund {}";
    about_gift: "礼物 {}", "Gift {}";
    choose_kind:
        "请先选择类型，再按关联对象查找。",
        "Choose a kind first to search what entries are related to.";
    from: "从", "From";
    to: "到", "To";
    sealed: "封存序号", "Seal no.";
    hash: "哈希", "Hash";
    from_account: "转出", "From account";
    to_account: "转入", "To account";
    not_sealed: "未封存", "Not sealed";
    reverses: "冲正了", "Reverses";
    reversed_by: "被冲正", "Reversed by";
    reversed: "已冲正", "Reversed";
    entry_reversed: "{}（已冲正）", "{} (reversed)";
    transfers: "转账", "Transfers (coins)";
    no_ledger: "账本还是空的。", "The ledger is empty.";
    platform: "平台", "Platform";
    grants: "赠送", "Grants";
    paid_out: "已打款", "Paid out";
    audit_now: "立即核对", "Audit now";
    audit_title: "核对账本", "Audit of the ledger";
    audit_text:
        "读取全部分录，重新计算余额和哈希链，再与订单、礼物、提现逐条对照。账目多时需要几分钟，在后台进行。",
        "Reads every entry, computes balances and the hash chain again, and compares orders, gifts \
         and withdrawals. With a large ledger this takes minutes, in the background.";
    audit_none: "启动以来还没有核对过。", "No audit since the start.";
    audit_runs: "{} 开始的核对正在进行。", "The audit that began at {} is running.";
    audit_good:
        "{} 核对一致：{} 条分录，{} 笔转账，最新校验值 {}。",
        "At {} everything agreed: {} entries, {} transfers, latest seal {}.";
    audit_bad: "{} 核对不一致：{}", "At {} it did not agree: {}";
    audit_failed: "{} 的核对没有完成，请看服务器日志。", "The audit at {} did not end; see the log.";
    why: "扣费凭据", "Charge record";
    why_order: "订单 {} 的扣费凭据", "Charge record of order {}";
    why_entry: "分录 {} 的扣费凭据", "Charge record of entry {}";
    why_text:
        "依次列出订单、账本分录、礼物和房间消息。礼物为支付后送出的前 50 个，不一定用的是本单的金币。",
        "The order, its entries, gifts and room messages. Gifts are the first 50 after the \
         payment; other coins may have paid for them.";
    gifts_paid: "支付后送出的礼物", "Gifts sent after this payment";
    the_gift: "对应的礼物", "The gift";
    no_gifts_paid: "还没有送出礼物。", "No gift was sent yet.";
    // Figures
    figures_title: "报表", "Figures";
    figures_text:
        "按上海时间统计，没有变动的日期不列出。金币来自账本里已封存的分录，今天的数字还会变；冲正从冲正当天扣除。",
        "Shanghai time. Days without activity are left out. Coins are those of sealed entries, so \
         today's figures still change. A reversal is taken off on its own day.";
    days: "时间范围", "Period";
    typed_days: "按起止日期", "As typed";
    week_one: "7 天", "7 days";
    month_one: "30 天", "30 days";
    quarter: "90 天", "90 days";
    day: "日期", "Day";
    month: "月份", "Month";
    recharged: "充值", "Recharged";
    orders_paid: "订单", "Orders";
    payers: "付费人数", "Payers";
    money_refunded: "退款", "Refunded";
    gold_sold: "售出（金币）", "Coins sold";
    gold_granted: "赠送（金币）", "Coins granted";
    gold_given: "送礼（金币）", "Coins given";
    users_share: "用户所得（金币）", "Users' share";
    platform_share: "平台所得（金币）", "Platform's share";
    paid_out_money: "提现打款", "Paid out";
    total: "合计", "Total";
    peak: "最高 {}", "Peak {}";
    chart_recharged: "每天充值（元）", "Recharged by day, in yuan";
    chart_given: "每天送礼（金币）", "Coins given by day";
    chart_recharged_month: "每月充值（元）", "Recharged by month, in yuan";
    chart_given_month: "每月送礼（金币）", "Coins given by month";
    grouped_by: "统计维度", "Group by";
    by_day: "按天", "Day";
    by_month: "按月", "Month";
    by_host: "按红娘", "Matchmaker";
    host_income: "红娘所得（金币）", "Matchmaker's share";
    host_figures_text:
        "在每位红娘的房间里送出的礼物，按上海时间的日期，已扣除冲正。只列金币最多的 200 位，导出的文件列出全部。",
        "What was given in the rooms of each matchmaker, by day in Shanghai, less what was \
         reversed: the 200 with the most coins. An export has all.";
    no_host_figures: "这段时间里房间里还没有人送礼物。", "No gift was given in a room in this time.";
    held_by_users: "用户现在持有的金币", "What users hold now, in coins";
    // Complaints
    complaints_title: "投诉", "Complaints";
    complained_at: "投诉时间", "Complained";
    request: "微信请求号", "WeChat's request";
    complaint_open: "待答复", "Open";
    complaint_answered: "已答复：", "Answered by";
    answer: "处理结果", "Resolution";
    no_complaints:
        "没有投诉。用户在微信支付投诉后会出现在这里。",
        "No complaints. They come from WeChat Pay.";
    no_open_complaints: "没有等待答复的投诉。", "No complaint waits for an answer.";
    // Gifts and blocks
    effect: "特效", "Effect";
    gifts_title: "礼物与充值档位", "Gifts and recharge packs";
    gifts_card: "礼物", "Gifts";
    sold_when: "售卖时间", "For sale";
    always: "长期", "Always";
    place_number: "排序", "Order";
    blocks_card: "充值档位", "Recharge packs";
    no_gifts_yet: "还没有礼物。", "There is no gift yet.";
    no_blocks_yet: "还没有充值档位。", "There is no recharge pack yet.";
    picture: "图片", "Picture";
    open_picture: "打开截图", "Open the picture";
    // Configs
    configs_title: "配置", "Configs";
    key: "配置项", "Config";
    key_name: "键名", "Key";
    value: "值", "Value";
    history: "历史", "History";
    before: "之前", "Before";
    after: "之后", "After";
    no_history: "还没有改过。", "It was never changed.";
    // Audit
    audit_log_title: "审计日志", "Audit log";
    who: "操作员", "Operator";
    role: "角色", "Role";
    address: "IP", "IP";
    action: "操作", "Action";
    refused_action: "已拒绝：{}", "Refused: {}";
    subject: "对象", "Subject";
    reason: "原因", "Reason";
    before_after: "变更", "Change";
    no_audit: "还没有记录。", "Nothing is recorded yet.";
    // Health
    health_title: "系统状态", "System status";
    database: "数据库", "Database";
    ready: "正常", "Ready";
    oldest_delivery: "最早的待投递", "Oldest waiting delivery";
    oldest_order: "最早的待支付订单", "Oldest unpaid order";
    parked: "投递失败的消息", "Failed deliveries";
    parked_text:
        "有消息被 IM 拒收，不会自动重试。排除原因后，可在下面点“重试”。",
        "IM rejected some messages, and they are not retried. Fix the cause, then choose “Retry” \
         below.";
    no_parked: "没有投递失败的消息。", "No delivery has failed.";
    lane: "通道", "Lane";
    lane_room: "房间 {}", "Room {}";
    lane_gifts: "房间 {} 的礼物", "Gifts in room {}";
    lane_counts: "房间 {} 的申请人数", "Applicants in room {}";
    lane_user: "用户 {}", "User {}";
    lane_stream: "用户 {} 的直播流", "Stream of user {}";
    attempts: "次数", "Attempts";
    version: "版本", "Version";
    schema_version: "数据库结构版本", "Schema";
    instances: "服务器实例", "Server instances";
    chain_head: "最新校验值", "Latest seal";
    last_audit: "最近一次核对", "Last audit";
    audit_agreed: "{} 核对一致", "{}: right";
    audit_violated: "{} 核对不一致", "{}: wrong";
    filter_unreadable:
        "有的筛选写法不对，没有生效：日期如 2026-11-30，用户写 8 位号码，金额如 6.00。",
        "A filter cannot be read and was left out. Write a day as 2026-11-30, a user as a number \
         of 8 digits, an amount as 6.00.";
    amount_days:
        "按金额筛选只看 31 天：到结束日期为止，没填就到今天。",
        "Amounts are looked for in 31 days, up to the last day that is given or today.";
    with_refunds: "有退款", "With refunds";
    least_yuan: "金额不低于（元）", "Amount from (yuan)";
    most_yuan: "金额不高于（元）", "Amount to (yuan)";
    refunded_of: "{}，共 {}", "{} of {}";
    kind_messages: "系统消息", "Messages to the room";
    kind_visits: "进出与申请", "Visits and applications";
    audit_never: "还没有核对过", "None yet";
    // Operators
    operators_title: "操作员", "Operators";
    name: "名字", "Name";
    authenticator: "身份验证器", "Authenticator";
    invitation_link: "邀请链接", "Invitation link";
    invitation_text:
        "把这个链接发给本人：三天内有效，只能用一次，之后不再显示。",
        "Send this link to the person it is for. It works once, within three days, and is not \
         shown again.";
    done_button: "完成", "Done";
    permissions: "角色权限", "What each role may do";
    // Search
    search_title: "搜索“{}”", "Search for “{}”";
    search_nothing:
        "没有找到。可以输入：8 位用户号；e、g、r、w 加分录、送出的礼物、房间、提现的号码；订单号、退款号、\
         微信支付单号；openid；或昵称的开头（至少两个字）。",
        "Nothing was found. It takes: the 8 digits of a user; e, g, r or w and the number of an \
         entry, a gift that was sent, a room or a withdrawal; the number of an order, a refund or \
         a payment; an openid; or how a nickname begins, at least two characters.";
});
