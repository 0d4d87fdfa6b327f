//! Login codes, session keys, the access token, the content check, encrypted profiles.

use std::time::Duration;

use aes::cipher::{BlockDecryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use qlive_types::Moment;
use serde_json::{Value, json};

use crate::support::TestSandbox;
use crate::support::app::{hmac_hex, run_at_once};

#[tokio::test]
async fn plain_code_logs_in_any_number_of_times() {
    let sandbox = TestSandbox::start();
    for code in ["alice", "host"] {
        let first = sandbox.log_in(code).await;
        assert_eq!(first["openid"], format!("sandbox-{code}"));
        assert_eq!(first["session_key"].as_str().unwrap().len(), 24);
        assert_eq!(sandbox.log_in(code).await, first);
    }
}

#[tokio::test]
async fn code_with_a_dot_logs_in_once() {
    let sandbox = TestSandbox::start();
    let first = sandbox.log_in("alice.1").await;
    assert_eq!(first["openid"], "sandbox-alice");
    assert_eq!(sandbox.log_in("alice.1").await["errcode"], 40163);
    let second = sandbox.log_in("alice.2").await;
    assert_eq!(second["openid"], "sandbox-alice");
    assert_ne!(second["session_key"], first["session_key"]);
}

#[tokio::test]
async fn single_use_code_logs_in_one_of_many_at_once() {
    let sandbox = TestSandbox::start();
    let answers = run_at_once((0..8).map(|_| sandbox.log_in("alice.x"))).await;
    let accepted = answers.iter().filter(|answer| answer["openid"].is_string());
    assert_eq!(accepted.count(), 1);
    let refused = answers.iter().filter(|answer| answer["errcode"] == 40163);
    assert_eq!(refused.count(), 7);
}

#[tokio::test]
async fn code_with_other_characters_is_invalid() {
    let sandbox = TestSandbox::start();
    for code in ["", ".1", "al%20ice", "%E7%BA%A2"] {
        assert_eq!(sandbox.log_in(code).await["errcode"], 40029, "{code}");
    }
}

#[tokio::test]
async fn login_with_wrong_app_secret_or_grant_type_is_refused() {
    let sandbox = TestSandbox::start();
    let (id, secret) = (&sandbox.config.app_id, &sandbox.config.app_secret);
    for (id, secret, grant_type, code) in [
        (id.as_str(), secret.as_str(), "client_credential", 40002),
        ("wx0", secret, "authorization_code", 40013),
        (id, "wrong", "authorization_code", 40125),
    ] {
        let path = format!(
            "/sns/jscode2session?appid={id}&secret={secret}&js_code=alice&grant_type={grant_type}"
        );
        assert_eq!(sandbox.get(&path).await.body["errcode"], code);
    }
}

#[tokio::test]
async fn stable_token_stays_until_it_is_refreshed() {
    let sandbox = TestSandbox::start();
    let tokens = run_at_once((0..8).map(|_| sandbox.request_token(false))).await;
    assert_eq!(tokens[0]["expires_in"], 7200);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    let refreshed = sandbox.request_token(true).await;
    assert_ne!(refreshed["access_token"], tokens[0]["access_token"]);
    assert_eq!(sandbox.request_token(false).await, refreshed);
}

#[tokio::test]
async fn forced_tokens_are_thirty_seconds_apart_and_twenty_a_day() {
    let sandbox = TestSandbox::start();
    let issued = || async { sandbox.state().await["access_tokens"]["issued"].clone() };
    run_at_once((0..6).map(|_| sandbox.request_token(true))).await;
    assert_eq!(issued().await, 1, "six at once are one");
    // Move to the beginning of a day, so that the day does not change meanwhile.
    let now = sandbox.clock.now();
    let midnight = Moment::parse_day(&now.shanghai()[..10]).unwrap();
    let midnight = midnight.after(Duration::from_secs(86_400));
    sandbox.clock.advance(midnight.since(now));
    let before = issued().await.as_u64().unwrap();
    for _ in 0..20 {
        let answer = sandbox.request_token(true).await;
        assert!(answer["access_token"].is_string(), "{answer}");
        sandbox.clock.advance(Duration::from_secs(30));
    }
    assert_eq!(sandbox.request_token(true).await["errcode"], 45009);
    assert_eq!(issued().await, before + 20);
    assert!(sandbox.request_token(false).await["access_token"].is_string());
    let state = sandbox.state().await["access_tokens"].clone();
    assert_eq!((&state["plain"], &state["forced"]), (&json!(1), &json!(27)));
}

#[tokio::test]
async fn token_is_replaced_before_its_end_and_valid_until_then() {
    let sandbox = TestSandbox::start();
    let check = async |token: &str| {
        let path = format!("/wxa/msg_sec_check?access_token={token}");
        let answer = sandbox.post(&path, json!({"content": "hello"})).await;
        answer.body["errcode"].clone()
    };
    let first = sandbox.access_token().await;
    sandbox.clock.advance(Duration::from_secs(6_890));
    assert_eq!(sandbox.access_token().await, first);
    sandbox.clock.advance(Duration::from_secs(10));
    let second = sandbox.access_token().await;
    assert_ne!(second, first);
    assert_eq!(
        (check(&first).await, check(&second).await),
        (json!(0), json!(0))
    );
    sandbox.clock.advance(Duration::from_secs(300));
    assert_eq!(
        (check(&first).await, check(&second).await),
        (json!(40001), json!(0))
    );
}

#[tokio::test]
async fn killed_token_is_handed_out_until_a_new_one_is_forced() {
    let sandbox = TestSandbox::start();
    let check = async |token: &str| {
        let path = format!("/wxa/msg_sec_check?access_token={token}");
        let answer = sandbox.post(&path, json!({"content": "hello"})).await;
        answer.body["errcode"].clone()
    };
    let dead = sandbox.access_token().await;
    sandbox.control("token", json!({"do": "kill"})).await;
    assert_eq!(sandbox.access_token().await, dead);
    assert_eq!(check(&dead).await, 40001);
    sandbox.request_token(true).await;
    let forced = sandbox.access_token().await;
    assert_eq!(check(&forced).await, 0);
    sandbox.control("token", json!({"do": "renew"})).await;
    assert_ne!(sandbox.access_token().await, forced);
    assert_eq!(check(&forced).await, 40001);
    let answer = sandbox.post("/sandbox/token", json!({"do": "other"})).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn stable_token_with_wrong_app_or_secret_is_refused() {
    let sandbox = TestSandbox::start();
    let (id, secret) = (&sandbox.config.app_id, &sandbox.config.app_secret);
    for body in [
        json!({"appid": id, "secret": "wrong"}),
        json!({"appid": "wx0", "secret": secret}),
        json!({}),
    ] {
        let answer = sandbox.post("/cgi-bin/stable_token", body).await;
        assert_eq!(answer.body["errcode"], 40125);
    }
}

#[tokio::test]
async fn content_check_finds_the_risky_word() {
    let sandbox = TestSandbox::start();
    let token = sandbox.access_token().await;
    let path = format!("/wxa/msg_sec_check?access_token={token}");
    for (content, suggest) in [("hello", "pass"), ("a违禁b", "risky")] {
        let answer = sandbox.post(&path, json!({"content": content})).await.body;
        assert_eq!(answer["result"]["suggest"], suggest, "{answer}");
        assert_eq!(answer["errcode"], 0);
    }
}

#[tokio::test]
async fn old_access_token_is_refused() {
    let sandbox = TestSandbox::start();
    let old = sandbox.access_token().await;
    sandbox.request_token(true).await;
    for token in [old.as_str(), "made-up", ""] {
        let path = format!("/wxa/msg_sec_check?access_token={token}");
        let answer = sandbox.post(&path, json!({"content": "hello"})).await;
        assert_eq!(answer.body["errcode"], 40001);
    }
}

#[tokio::test]
async fn only_the_present_session_key_passes_checksession() {
    let sandbox = TestSandbox::start();
    let token = sandbox.access_token().await;
    let check = async |token: &str, key: &Value, method: &str| {
        let signature = hmac_hex(key.as_str().unwrap().as_bytes(), b"");
        let path = format!(
            "/wxa/checksession?access_token={token}&openid=sandbox-alice&signature={signature}\
             &sig_method={method}"
        );
        sandbox.get(&path).await.body["errcode"].clone()
    };
    let first = sandbox.log_in("alice.1").await["session_key"].clone();
    assert_eq!(check(&token, &first, "hmac_sha256").await, 0);
    assert_eq!(check(&token, &first, "md5").await, 87009);
    assert_eq!(check("made-up", &first, "hmac_sha256").await, 40001);
    let second = sandbox.log_in("alice.2").await["session_key"].clone();
    assert_eq!(check(&token, &first, "hmac_sha256").await, 87009);
    assert_eq!(check(&token, &second, "hmac_sha256").await, 0);
}

#[tokio::test]
async fn profile_decrypts_with_the_session_key_of_its_code() {
    let sandbox = TestSandbox::start();
    let path = "/sandbox/profile?code=alice.7&nickname=%E7%BA%A2%E5%A8%98&gender=2";
    let profile = sandbox.get(path).await.body;
    assert_eq!(profile["appId"], sandbox.config.app_id);
    assert_eq!(profile["code"], "alice.7");
    let session = sandbox.log_in("alice.7").await;
    let decode = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    let key: [u8; 16] = decode(&session["session_key"]).try_into().unwrap();
    let iv: [u8; 16] = decode(&profile["iv"]).try_into().unwrap();
    let plain = cbc::Decryptor::<aes::Aes128>::new(&key.into(), &iv.into())
        .decrypt_padded_vec_mut::<Pkcs7>(&decode(&profile["encryptedData"]))
        .unwrap();
    let plain: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(plain["openId"], session["openid"]);
    assert_eq!(plain["nickName"], "红娘");
    assert_eq!(plain["gender"], 2);
    assert_eq!(plain["watermark"]["appid"], sandbox.config.app_id);
}

#[tokio::test]
async fn profile_without_code_is_400() {
    let sandbox = TestSandbox::start();
    let answer = sandbox.get("/sandbox/profile?nickname=Alice").await;
    assert_eq!(answer.status, 400);
}
