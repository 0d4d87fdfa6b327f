//! Logging in, and one's own account.

texts!(LoginTexts {
    title: "登录", "Log in";
    name: "用户名", "User name";
    password: "密码", "Password";
    submit: "登录", "Log in";
    wrong: "用户名或密码错误。", "The user name or the password is wrong.";
    locked: "尝试太多次，请在 {} 之后再试。", "Too many attempts. Please try again after {}.";
    sandbox_hint:
        "沙盒里不需要密码：cargo run 的输出里有一个 30 分钟内有效的链接。",
        "A sandbox needs no password: cargo run prints a link that works for 30 minutes.";
    hint: "没有账号？请所有者发一个邀请链接。", "No account? Ask an owner for an invitation.";
    code_title: "验证码", "Code";
    code: "身份验证器上的 6 位验证码，或一个恢复码", "The six digits of your authenticator, or a recovery code";
    code_submit: "继续", "Continue";
    code_wrong: "验证码不对、已用过或已过期。", "The code is wrong, was used or is too old.";
    sandbox_code: "沙盒：现在的验证码是 {}", "Sandbox: the code is now {}";
    link_title: "进入沙盒控制台", "Enter the sandbox's console";
    link_text:
        "这个链接只能用一次。您将以所有者身份进入，可以尝试每一个按钮。",
        "The link works once. You come in as an owner, and may try every button.";
    link_submit: "进入", "Enter";
    invitation_title: "欢迎，{}", "Welcome, {}";
    invitation_text: "请设置密码，12 到 128 个字符。", "Please set a password of 12 to 128 characters.";
    invitation_submit: "设置密码并登录", "Set the password and log in";
    bad_link_title: "链接已失效", "The link does not work";
    bad_link: "它已经用过，或者已经过期。请重新要一个。", "It was used, or is too old. Please ask for a new one.";
    bad_password:
        "密码要有 12 到 128 个字符，而且不能是名字。",
        "A password has 12 to 128 characters and is not the name.";
    account_title: "我的账号", "My account";
    change_password: "修改密码", "Change the password";
    current_password: "现在的密码", "Current password";
    new_password: "新密码", "New password";
    authenticator: "身份验证器", "Authenticator";
    authenticator_on: "已设置。", "Set up.";
    authenticator_off: "还没有设置。涉及钱和角色的操作需要它。", "Is not set up. Money and roles need it.";
    authenticator_link:
        "还没有设置。要设置，请所有者重置您的登录，再用新的邀请链接进来。",
        "Not set up. Ask an owner to reset your login, and come in with the new invitation.";
    authenticator_replace: "换一个身份验证器", "Replace the authenticator";
    authenticator_current:
        "现在的验证码，或一个恢复码",
        "The code that it shows now, or a recovery code";
    authenticator_new: "新验证器上的验证码", "The code of the new authenticator";
    authenticator_steps:
        "用身份验证器应用扫描二维码，或手动输入密钥，然后填写它显示的验证码。",
        "Scan the code with an authenticator app, or type the key, then enter the code that \
         it shows.";
    authenticator_key: "密钥", "Key";
    authenticator_qr: "身份验证器的二维码", "Code to scan with an authenticator";
    authenticator_submit: "启用", "Turn on";
    recovery_title: "恢复码", "Recovery codes";
    recovery_text:
        "身份验证器丢失时，每个恢复码可以代替一次验证码。它们只显示这一次，请现在保存。",
        "Without your authenticator, each of these works once in place of a code. They are \
         shown only now: please keep them.";
    recovery_done: "我已保存", "I have kept them";
    sessions: "会话", "Sessions";
    session_here: "当前", "This one";
    session_end: "结束", "End";
    agent: "浏览器", "Browser";
    address: "地址", "Address";
    used: "最近使用", "Last used";
    since: "登录时间", "Since";
});
