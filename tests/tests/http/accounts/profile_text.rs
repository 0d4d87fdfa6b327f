//! `qlive_user/update_userinfo/` and `qlive_user/`: which names and pictures are stored, from the
//! user and from WeChat's user data.

use qlive_store::on_both;
use qlive_store::testing::TestDb;
use qlive_tests::{TestApp, TestClient};
use qlive_types::Gender;
use serde_json::{Value, json};

on_both!(
    nickname_is_stored_as_it_may_be_shown,
    nickname_that_may_not_be_shown_is_refused,
    face_url_is_normalized,
    face_url_that_is_not_a_public_picture_is_refused,
    every_text_parameter_is_checked,
    user_data_loses_what_may_not_be_shown,
    stored_profile_stays_readable,
);

async fn nickname_is_stored_as_it_may_be_shown(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    for (sent, stored) in [
        ("张三", "张三"),
        (" a b ", "a b"),
        ("\u{3000}李四\u{A0}", "李四"),
        ("e\u{301}le\u{300}ve", "\u{E9}l\u{E8}ve"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("❤️1️⃣", "❤️1️⃣"),
        ("👩🏽‍⚕️", "👩🏽‍⚕️"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("می\u{200C}خواهم", "می\u{200C}خواهم"),
        ("क्\u{200D}ष", "क्\u{200D}ष"),
        ("<b>\"'&", "<b>\"'&"),
    ] {
        let answer = alice.update_profile(json!({"nickname": sent})).await.ok();
        assert_eq!(answer["nickname"], stored, "{sent:?}");
        assert_eq!(alice.profile().await["nickname"], stored, "{sent:?}");
    }
    for not_given in ["", " ", "\u{3000}"] {
        let answer = alice.update_profile(json!({"nickname": not_given})).await;
        assert_eq!(answer.ok()["nickname"], "<b>\"'&");
    }
}

async fn nickname_that_may_not_be_shown_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    for refused in [
        "\u{200B}",
        "\u{FEFF}\u{200B}",
        "\u{3164}",
        "\u{115F}\u{1160}",
        "\u{FFA0}",
        "\u{2800}",
        "\u{AD}",
        "\u{301}",
        "\u{FE0F}",
        "\u{200D}",
        "\u{E0041}\u{E007F}",
        "a\u{0}b",
        "a\tb",
        "a\nb",
        "a\u{7F}",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{202E}b",
        "\u{202A}a",
        "a\u{2066}b\u{2069}",
        "a\u{200E}",
        "\u{200F}a",
        "a\u{61C}b",
        "a\u{200B}b",
        "a\u{200D}b",
        "a\u{200C}b",
        "\u{FEFF}a",
        "a\u{2060}b",
        "a\u{AD}b",
        "a\u{FFF9}b",
        "a\u{FFFE}",
        "a\u{E0061}b",
    ] {
        let change = json!({"nickname": refused, "age": 40});
        let body = alice.update_profile(change).await.refused(400, "invalid");
        assert_eq!(body["field"], "nickname", "{refused:?}");
    }
    let profile = alice.profile().await;
    assert_eq!(
        (&profile["nickname"], &profile["age"]),
        (&json!("alice"), &json!(25))
    );
}

async fn face_url_is_normalized(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let avatar = "https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4TwGTfTKxK1_-a/132";
    let of_sandbox = format!("{}/faces/1.png", app.sandbox);
    for (sent, stored) in [
        (avatar, avatar),
        (
            "https://mmbiz.qpic.cn/a/0?b=1&c=d%20e",
            "https://mmbiz.qpic.cn/a/0?b=1&c=d%20e",
        ),
        (
            "HTTPS://Example.COM:443/a/../图.png",
            "https://example.com/%E5%9B%BE.png",
        ),
        ("http://8.8.8.8/a.png", "http://8.8.8.8/a.png"),
        (&of_sandbox, &of_sandbox),
    ] {
        let answer = alice.update_profile(json!({"face_url": sent})).await.ok();
        assert_eq!(answer["face_url"], stored, "{sent}");
    }
}

async fn face_url_that_is_not_a_public_picture_is_refused(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let long = format!("https://example.com/{}", "b".repeat(500));
    for refused in [
        "a.png",
        "//example.com/a",
        "ftp://example.com/a",
        "javascript:alert(1)",
        "data:,a",
        "wxfile://tmp_a.png",
        "http://tmp/a.png",
        "https://",
        "https:example.com/a",
        "https://user@example.com/a",
        "https://u:p@example.com/a",
        "https://a.example/\"x",
        "https://a.example/'x",
        "https://a.example/<b>",
        "https://a.example\\@b.example/",
        "https://a.example/a b",
        "https://a.example/\u{202E}gnp",
        "http://localhost/a",
        "http://localhost.:80/a",
        "http://127.0.0.1/a",
        "http://127.0.0.1:1/a",
        "http://127.1/a",
        "http://2130706433/a",
        "http://0x7f000001/a",
        "http://0.0.0.0/a",
        "http://10.0.0.1/a",
        "http://172.16.0.1/a",
        "http://192.168.1.1/a",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/a",
        "http://[::1]/a",
        "http://[::ffff:127.0.0.1]/a",
        "http://[fd00::1]/",
        "http://[fe80::1]/a",
        "http://printer.local/a",
        "http://db.internal/a",
        "http://intranet/a",
        &long,
    ] {
        let change = json!({"face_url": refused, "age": 40});
        let body = alice.update_profile(change).await.refused(400, "invalid");
        assert_eq!(body["field"], "face_url", "{refused:?}");
    }
    let profile = alice.profile().await;
    let face = &profile["face_url"];
    assert_eq!(
        (face, &profile["age"]),
        (&json!("https://example.com/face.png"), &json!(25))
    );
}

async fn every_text_parameter_is_checked(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let stranger = app.anonymous_client();
    for hidden in ["\u{202E}", "\u{2028}", "\u{200B}", "\u{7}"] {
        let text = format!("a{hidden}b");
        for (client, path, field) in [
            (&stranger, "qlive_user/login/", "code"),
            (&stranger, "qlive_user/", "appId"),
            (&alice, "qlive_user/withdraw/", "real_name"),
            (&alice, "qlive_user/update_userinfo/", "area"),
        ] {
            let mut body = json!({"appId": "a", "code": "c", "income": 1, "request_id": "r"});
            body[field] = json!(text);
            let answer = client.post(path, body).await.refused(400, "invalid");
            assert_eq!(answer["field"], field, "{path} {text:?}");
        }
    }
}

async fn register(app: &TestApp, code: &str, fields: &[(&str, &str)]) -> Value {
    let body = app.user_data_with(code, fields).await;
    let credentials = app.anonymous_client().post("qlive_user/", body).await.ok();
    let token = credentials["token"].as_str().unwrap();
    app.anonymous_client().with_token(token).profile().await
}

async fn user_data_loses_what_may_not_be_shown(db: TestDb) {
    let app = TestApp::start(db).await;
    let default_name = "微信用户";
    for (number, (sent, stored)) in (0..).zip([
        ("小红", "小红"),
        ("\u{202E}小\u{200B}红\u{2028}", "小红"),
        ("\u{FEFF}a\u{7}b", "a\u{FFFD}b"),
        ("👩‍👧\u{200D}", "👩‍👧"),
        ("\u{200B}\u{3164}", default_name),
        ("\u{202E}\u{2800}", default_name),
        ("", default_name),
    ]) {
        let fields = [("nickname", sent), ("gender", "2")];
        let profile = register(&app, &format!("name{number}"), &fields).await;
        assert_eq!(profile["nickname"], stored, "{sent:?}");
        assert_eq!(
            profile["profile_ready"],
            json!(stored != default_name),
            "{sent:?}"
        );
    }
    for (number, (sent, stored)) in (0..).zip([
        (
            "https://thirdwx.qlogo.cn/a/132",
            "https://thirdwx.qlogo.cn/a/132",
        ),
        (
            "http://wx.qlogo.cn/mmhead/a/0",
            "http://wx.qlogo.cn/mmhead/a/0",
        ),
        ("", ""),
        ("http://localhost/a.png", ""),
        ("http://169.254.169.254/a", ""),
        ("https://u:p@thirdwx.qlogo.cn/a", ""),
        ("https://thirdwx.qlogo.cn/\"><b>", ""),
        ("javascript:alert(1)", ""),
    ]) {
        let fields = [("nickname", "小红"), ("gender", "2"), ("avatar", sent)];
        let profile = register(&app, &format!("face{number}"), &fields).await;
        assert_eq!(profile["face_url"], stored, "{sent:?}");
        assert_eq!(profile["profile_ready"], true, "{sent:?}");
    }
}

async fn stored_profile_stays_readable(db: TestDb) {
    let app = TestApp::start(db).await;
    let alice = app.guest("alice", Gender::Female).await;
    let (name, face) = ("a\u{202E}b", "http://10.0.0.1/a");
    write_profile(&app, &alice, name, face).await;
    let profile = alice.profile().await;
    assert_eq!(
        (&profile["nickname"], &profile["face_url"]),
        (&json!(name), &json!(face))
    );
    let changed = alice.update_profile(json!({"age": 40})).await.ok();
    assert_eq!(
        (&changed["nickname"], &changed["age"]),
        (&json!(name), &json!(40))
    );
    let bob = app.guest("bob", Gender::Male).await;
    let query = json!({"user_id": alice.user_id});
    let seen = bob.get("qlive_user/get_userinfo/", query).await.ok();
    assert_eq!(seen["nickname"], json!(name));
}

/// Writes a profile as an earlier version of the server stored it.
async fn write_profile(app: &TestApp, client: &TestClient, name: &str, face: &str) {
    use diesel::prelude::*;
    use qlive_store::schema::users;
    let (id, name, face) = (client.id(), name.to_owned(), face.to_owned());
    let written = app.services.db.write(move |conn| {
        diesel::update(users::table.find(id.get()))
            .set((users::nickname.eq(&name), users::face_url.eq(&face)))
            .execute(conn)?;
        Ok::<_, qlive_store::StoreError>(())
    });
    written.await.unwrap();
}
