//! Delivery of notifications: attempts, repetitions, and the faults on the callbacks' paths
//! (`/pay_notify/`, `/wx_notify/`).

use std::time::Duration;

use actix_web::web;
use qlive_types::random;
use serde_json::json;

use crate::faults::NotificationFault;
use crate::json::text;
use crate::notifications::notification::{Content, Notification};
use crate::state::SandboxState;
use crate::wechat::message_push::{is_accepted, push_request};
use crate::wechat_pay::notices::{notice_body, notice_request};
use crate::wechat_pay::signature::{SIGNATURE_HEADER, SigningKey, signature_headers};

/// The pauses between attempts, in milliseconds: WeChat Pay's schedule, two hundred times as fast.
const RETRY_PAUSES_MS: [u64; 15] = [
    75, 75, 150, 900, 3_000, 6_000, 9_000, 9_000, 9_000, 18_000, 54_000, 54_000, 54_000, 108_000,
    108_000,
];
/// By how much the fault `late` delays a notification.
const LATE_BY: Duration = Duration::from_millis(1_500);

/// How an attempt to deliver was answered.
pub(crate) struct DeliveryAnswer {
    /// The HTTP status; 0 when nobody answered.
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Sends a notification and waits for its first attempt; further attempts are made in the
/// background. A fault may lose, delay, double or reorder it, or send a probe before it.
pub(crate) async fn send_notification(
    sandbox: &web::Data<SandboxState>,
    notification: Notification,
) {
    let fault = sandbox.apply_fault(notification.fault_path()).await;
    match fault.and_then(|fault| fault.notice) {
        Some(NotificationFault::Lost) => return,
        Some(NotificationFault::Late) => {
            let sandbox = sandbox.clone();
            actix_web::rt::spawn(async move {
                tokio::time::sleep(LATE_BY).await;
                deliver(sandbox, notification).await;
            });
            return;
        }
        Some(NotificationFault::Reordered) => {
            sandbox.records().held_back.push(notification);
            return;
        }
        Some(NotificationFault::Probe) => {
            attempt(sandbox, &notification, true).await;
        }
        // Both are sent at the same time, as WeChat Pay may do; the second one follows below.
        Some(NotificationFault::Doubled) => {
            actix_web::rt::spawn(deliver(sandbox.clone(), notification.clone()));
        }
        None => {}
    }
    let held_back = std::mem::take(&mut sandbox.records().held_back);
    for notification in [notification].into_iter().chain(held_back) {
        if !attempt(sandbox, &notification, false).await {
            actix_web::rt::spawn(deliver(sandbox.clone(), notification));
        }
    }
}

/// Attempts to deliver until the notification is accepted or the schedule ends.
async fn deliver(sandbox: web::Data<SandboxState>, notification: Notification) {
    for pause in RETRY_PAUSES_MS {
        if attempt(&sandbox, &notification, false).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// Attempts to deliver, records the attempt, and returns whether the notification was accepted.
/// A probe carries a wrong signature on purpose, to see that the server refuses it.
async fn attempt(sandbox: &SandboxState, notification: &Notification, probe: bool) -> bool {
    let request = match &notification.content {
        Content::PayNotice {
            id,
            event,
            resource_type,
            resource,
        } => {
            let body = notice_body(sandbox, id, event, resource_type, resource);
            signed_notice(sandbox, &notification.url, body, probe)
        }
        Content::Push(message) => push_request(sandbox, &notification.url, message),
    };
    let answer = send_request(request).await;
    let accepted = match &notification.content {
        // WeChat Pay looks at the status alone.
        Content::PayNotice { .. } => answer.status == 200 || answer.status == 204,
        Content::Push(_) => is_push_accepted(sandbox, &answer),
    };
    let record = json!({"path": notification.fault_path(), "about": notification.subject(),
        "accepted": accepted, "probe": probe});
    let mut records = sandbox.records();
    if let Content::Push(message) = &notification.content
        && accepted
    {
        // A server that accepts the message about paid goods need not confirm their delivery.
        let order_id = text(message, "OutTradeNo");
        records.virtual_payments.record_accepted_delivery(order_id);
    }
    records.attempts.push(record);
    accepted
}

fn signed_notice(
    sandbox: &SandboxState,
    url: &str,
    body: String,
    probe: bool,
) -> reqwest::RequestBuilder {
    // A merchant that names a key in its requests may get notices signed with either.
    let names_key = sandbox.records().merchant_names_key;
    let signing_key = if names_key && random::within(0..=1) == 1 {
        SigningKey::PublicKey
    } else {
        SigningKey::Certificate
    };
    let mut headers = signature_headers(sandbox, signing_key, &body, 0);
    if probe {
        for (name, value) in &mut headers {
            if *name == SIGNATURE_HEADER {
                *value = format!("WECHATPAY/SIGNTEST/{value}");
            }
        }
    }
    notice_request(sandbox, url, &headers, body)
}

/// Whether the answer to a message push ends its repetition.
pub(crate) fn is_push_accepted(sandbox: &SandboxState, answer: &DeliveryAnswer) -> bool {
    answer.status == 200 && is_accepted(&sandbox.config, &answer.body)
}

/// Sends a request and reads its answer.
pub(crate) async fn send_request(request: reqwest::RequestBuilder) -> DeliveryAnswer {
    match request.send().await {
        Ok(response) => DeliveryAnswer {
            status: response.status().as_u16(),
            body: response.text().await.unwrap_or_default(),
        },
        Err(_) => DeliveryAnswer {
            status: 0,
            body: String::new(),
        },
    }
}
