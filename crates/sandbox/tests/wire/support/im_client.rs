//! A client of Tencent IM's REST API.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

use super::TestSandbox;
use super::app::hmac;

/// What a `UserSig` says and how it is signed.
pub(crate) struct UserSig<'a> {
    pub(crate) identifier: &'a str,
    pub(crate) sdk_app_id: u32,
    /// How many seconds ago it was made; it is valid for 100 seconds.
    pub(crate) age_secs: i64,
    pub(crate) key: &'a str,
}

impl TestSandbox {
    /// The administrator's `UserSig`.
    pub(crate) fn admin_sig(&self) -> UserSig<'_> {
        UserSig {
            identifier: &self.config.im_admin,
            sdk_app_id: self.config.sdk_app_id,
            age_secs: 0,
            key: &self.config.im_key,
        }
    }

    pub(crate) fn pack(&self, sig: &UserSig<'_>) -> String {
        let (identifier, sdk_app_id) = (sig.identifier, sig.sdk_app_id);
        let time = self.clock.now().secs() - sig.age_secs;
        let signed = format!(
            "TLS.identifier:{identifier}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{time}\n\
             TLS.expire:100\n"
        );
        let signature = STANDARD.encode(hmac(sig.key.as_bytes(), signed.as_bytes()));
        let fields = json!({"TLS.ver": "2.0", "TLS.identifier": identifier,
            "TLS.sdkappid": sdk_app_id, "TLS.time": time, "TLS.expire": 100,
            "TLS.sig": signature});
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(fields.to_string().as_bytes()).unwrap();
        STANDARD
            .encode(encoder.finish().unwrap())
            .replace('+', "*")
            .replace('/', "-")
            .replace('=', "_")
    }

    /// Calls a command as the administrator.
    pub(crate) async fn im(&self, command: &str, body: Value) -> Value {
        let sig = self.pack(&self.admin_sig());
        self.im_with(command, &self.config.im_admin, &sig, body)
            .await
    }

    /// Calls a command as anybody, with any signature.
    pub(crate) async fn im_with(
        &self,
        command: &str,
        identifier: &str,
        sig: &str,
        body: Value,
    ) -> Value {
        let path = format!(
            "/v4/{command}?sdkappid={}&identifier={identifier}&usersig={sig}&random=7\
             &contenttype=json",
            self.config.sdk_app_id
        );
        let answer = self.post(&path, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    pub(crate) async fn import(&self, account: &str) {
        let body = json!({"Identifier": account, "Nick": "Name", "FaceUrl": "https://f/1.png"});
        let answer = self.im("im_open_login_svc/account_import", body).await;
        assert_eq!(answer["ErrorCode"], 0, "{answer}");
    }

    pub(crate) async fn create_group(&self, group_id: &str) -> Value {
        let body = json!({"Type": "AVChatRoom", "GroupId": group_id, "Name": "room"});
        self.im("group_open_http_svc/create_group", body).await
    }

    /// The messages that IM took, with filters as a query.
    pub(crate) async fn messages(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/sandbox/messages?{query}")).await;
        answer.body.as_array().unwrap().clone()
    }
}
