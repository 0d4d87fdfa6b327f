//! Few connections that send requests without end and without waiting for the answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::attack::{Attack, authorization, request};

/// How many connections send at the same time.
const CONNECTIONS: usize = 8;
/// How many requests are written at once.
const BATCH: usize = 200;
/// How long an attacker waits before it replaces a connection that the server closed.
const RECONNECT: Duration = Duration::from_millis(5);

/// Sends `GET /healthz`.
pub(crate) fn send_health_checks(attack: &Arc<Attack>) -> JoinSet<()> {
    pipeline(attack, &[request("GET", "/healthz", "", "")])
}

/// Sends callbacks of every kind with wrong signatures.
pub(crate) fn send_forged_callbacks(attack: &Arc<Attack>) -> JoinSet<()> {
    pipeline(attack, &forged_callbacks(attack))
}

/// Sends requests of a user who is above the limit.
pub(crate) fn send_above_the_limit(attack: &Arc<Attack>) -> JoinSet<()> {
    let requests = attack.tokens.iter();
    let requests: Vec<String> = requests
        .map(|token| request("GET", "get_configs/", &authorization(token), ""))
        .collect();
    pipeline(attack, &requests)
}

/// A callback of every kind, each with a wrong signature.
pub(crate) fn forged_callbacks(attack: &Attack) -> Vec<String> {
    let now = qlive_types::Clock::system().now().secs();
    let signed = format!(
        "Wechatpay-Timestamp: {now}\r\nWechatpay-Nonce: n\r\nWechatpay-Signature: {}\r\n\
         Wechatpay-Serial: {}\r\n",
        "AAAA".repeat(85),
        attack.pay_key_id
    );
    let im = format!("im_notify/?SdkAppid=1400000001&RequestTime={now}&Sign=00");
    let push = format!("wx_notify/?msg_signature=00&timestamp={now}&nonce=1&encrypt_type=aes");
    let body = format!(r#"{{"t": {now}, "sign": "00", "Encrypt": "AAAA"}}"#);
    vec![
        request("POST", "live_notify/", "", &body),
        request("POST", &im, "", &body),
        request("POST", &push, "", &body),
        request("POST", "pay_notify/", &signed, &body),
    ]
}

/// Opens the connections. Each sends one of these requests.
fn pipeline(attack: &Arc<Attack>, requests: &[String]) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        let batch = requests[number % requests.len()].repeat(BATCH);
        let attack = Arc::clone(attack);
        tasks.spawn(async move {
            loop {
                send_batches(&attack, number, batch.as_bytes()).await;
                sleep(RECONNECT).await;
            }
        });
    }
    tasks
}

/// Sends batches over one connection until the server closes it.
async fn send_batches(attack: &Attack, number: usize, batch: &[u8]) {
    let Ok(stream) = attack.connect(number, None).await else {
        return;
    };
    let (mut answers, mut requests) = stream.into_split();
    let send = async {
        while requests.write_all(batch).await.is_ok() {
            attack.count_requests(BATCH as u64);
        }
    };
    let receive = async {
        let mut buffer = vec![0; 65_536];
        while answers.read(&mut buffer).await.is_ok_and(|size| size > 0) {}
    };
    tokio::select! {
        () = send => {}
        () = receive => {}
    }
}
