//! What surrounds every page.

texts!(FrameTexts {
    product: "qlive 控制台", "qlive console";
    skip: "跳到正文", "Skip to the content";
    menu: "菜单", "Menu";
    sandbox: "沙盒", "Sandbox";
    production: "正式", "Production";
    sandbox_hint: "这里的人和钱都是假的", "People and money here are made up";
    search: "搜索", "Search";
    search_hint: "用户号、订单号、昵称", "User, order, nickname";
    group_live: "直播", "Live";
    group_people: "用户与审核", "Users and safety";
    group_money: "资金", "Money";
    group_system: "系统", "System";
    now: "实时概览", "Live now";
    rooms: "房间", "Rooms";
    users: "用户", "Users";
    reports: "举报", "Reports";
    moderation: "发言审核", "Comment review";
    screenshots: "截图审核", "Screenshot review";
    orders: "订单", "Orders";
    withdrawals: "提现", "Withdrawals";
    ledger: "账本", "Ledger";
    reconcile: "对账", "Reconciliation";
    figures: "报表", "Figures";
    complaints: "投诉", "Complaints";
    gifts: "礼物与充值档位", "Gifts and recharge packs";
    configs: "配置", "Configs";
    audit: "审计日志", "Audit log";
    health: "系统状态", "System status";
    operators: "操作员", "Operators";
    log_out: "退出登录", "Log out";
    language: "English", "中文";
    waiting: "{} 项待处理", "{} waiting";
    next_page: "下一页", "Next page";
    first_page: "回到第一页", "First page";
    see_all: "查看全部", "See all";
    filter: "筛选", "Filter";
    clear_filter: "清除筛选", "Clear the filter";
    all: "全部", "All";
    done: "已完成，审计记录 {}。", "Done. Audit record {}.";
    done_unrecorded: "已完成。", "Done.";
    undo: "撤销", "Undo";
    already_done:
        "这个表单已经提交过，没有再做一次。第一次是否成功，请看审计日志。",
        "This form was sent before and was not run again. Whether the first time succeeded is in \
         the audit log.";
    copy: "复制", "Copy";
    details: "详情", "Details";
    open: "打开", "Open";
    more: "更多操作", "More";
    keys: "键盘快捷键", "Keyboard shortcuts";
    keys_text:
        "/ 搜索；G 然后 N 概览、R 房间、U 用户、O 订单、W 提现、L 账本、C 配置、A 审计、H 系统；J K 选行，\
         Enter 打开；审核页面里 X 勾选、A 标记为已处理、R 处罚；? 本说明。",
        "/ search; G then N now, R rooms, U users, O orders, W withdrawals, L ledger, C configs, A \
         audit, H system; J K go to a row, Enter opens it; in reviews X chooses a \
         row, A marks it as handled, R acts on the user; ? this text.";
    keys_toggle: "启用单键快捷键", "Single-key shortcuts are on";
    close: "关闭", "Close";
    updated: "更新于 {}", "Updated at {}";
    refresh: "自动刷新", "Refresh";
    refresh_off: "关", "Off";
    seconds: "{} 秒", "{} s";
});
