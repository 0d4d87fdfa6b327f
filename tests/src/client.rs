//! A mini-program: it registers, logs in and sends requests.

use std::sync::Arc;

use qlive_types::{Gender, UserId};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::contract::Contract;
use crate::operator::operator;
use crate::test_app::TestApp;

/// A mini-program, logged in unless it is anonymous.
#[derive(Clone)]
pub struct TestClient {
    pub user_id: String,
    pub token: String,
    pub http: reqwest::Client,
    base: String,
    contract: Arc<Contract>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// Asserts status 200 and returns the body.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// The seconds in the `Retry-After` header.
    pub fn retry_after(&self) -> u32 {
        let header = self.headers["retry-after"].to_str().unwrap();
        header.parse().unwrap()
    }

    /// Asserts a refusal in the common error form and returns the body.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let Self { body, .. } = self;
        assert_eq!(
            (self.status, body["code"].as_str()),
            (status, Some(code)),
            "{body}"
        );
        let detail = body["detail"].as_str();
        assert!(detail.is_some_and(|detail| !detail.is_empty()), "{body}");
        body
    }
}

impl TestClient {
    /// Registers with the encrypted user data of WeChat. `name` is the login code and the
    /// nickname.
    pub async fn register(app: &TestApp, name: &str, gender: Gender) -> Self {
        let user_data = app.user_data(name, name, gender.number().into()).await;
        let anonymous = app.anonymous_client();
        let credentials = anonymous.post("qlive_user/", user_data).await.ok();
        Self::from_credentials(app, &credentials)
    }

    /// Registers with a code alone, without user data.
    pub async fn register_without_profile(app: &TestApp, name: &str) -> Self {
        let body = json!({"appId": crate::APP, "code": name});
        let answer = app.anonymous_client().post("qlive_user/", body).await.ok();
        Self::from_credentials(app, &answer)
    }

    /// Logs in a registered user.
    pub async fn login(app: &TestApp, code: &str) -> Self {
        let answer = app.send_login(code).await.ok();
        assert_eq!(answer["status"], 0, "{answer}");
        Self::from_credentials(app, &answer)
    }

    fn from_credentials(app: &TestApp, answer: &Value) -> Self {
        let field = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self {
            user_id: field("user_id"),
            token: field("token"),
            ..app.anonymous_client()
        }
    }

    /// This client, sending its requests to another instance.
    pub fn on_instance(&self, app: &TestApp) -> Self {
        Self {
            user_id: self.user_id.clone(),
            token: self.token.clone(),
            ..app.anonymous_client()
        }
    }

    /// This client with another token.
    pub fn with_token(self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self
        }
    }

    /// The id of the user.
    pub fn id(&self) -> UserId {
        UserId::parse(&self.user_id).unwrap()
    }

    /// Sends GET with the fields of `query` as parameters.
    pub async fn get(&self, path: &str, query: Value) -> Answer {
        let text = |value: &Value| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        let fields = query.as_object().unwrap().iter();
        let pairs: Vec<(String, String)> = fields
            .map(|(key, value)| (key.clone(), text(value)))
            .collect();
        let request = self.request(Method::GET, path).query(&pairs);
        self.send("get", path, request).await
    }

    /// Sends POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).json(&body);
        self.send("post", path, request).await
    }

    /// A request with the token, for the test to complete.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.token.is_empty() {
            request
        } else {
            request.header("Authorization", format!("QLiveToken {}", self.token))
        }
    }

    /// Sends a request and checks the answer against the OpenAPI document.
    pub async fn send(&self, method: &str, path: &str, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{method} {path}: {status} {text}"));
        let path = path.split('?').next().unwrap();
        let documented_path = format!("{}{path}", qlive_app::BASE_PATH);
        self.contract.check(method, &documented_path, status, &body);
        Answer {
            status,
            headers,
            body,
        }
    }

    /// The user's own profile.
    pub async fn profile(&self) -> Value {
        self.get("qlive_user/get_userinfo/", json!({})).await.ok()
    }

    /// Changes the user's profile; the answer may be a refusal.
    pub async fn update_profile(&self, change: Value) -> Answer {
        self.post("qlive_user/update_userinfo/", change).await
    }

    /// Logs out, which also leaves the room.
    pub async fn logout(&self) -> Answer {
        self.get("qlive_user/logout/", json!({})).await
    }
}

/// The users of a test.
impl TestApp {
    /// Encrypted user data as WeChat gives it to a mini-program, with the `code` of the same
    /// session: the body of a registration. A gender of 0 is unknown.
    pub async fn user_data(&self, code: &str, nickname: &str, gender: i64) -> Value {
        let face_url = "https://example.com/face.png";
        let gender = gender.to_string();
        self.user_data_with(
            code,
            &[
                ("nickname", nickname),
                ("gender", &gender),
                ("avatar", face_url),
            ],
        )
        .await
    }

    /// The same with these fields of the user data.
    pub async fn user_data_with(&self, code: &str, fields: &[(&str, &str)]) -> Value {
        let request = self.http.get(format!("{}/sandbox/profile", self.sandbox));
        let request = request.query(&[("code", code)]).query(fields);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// User data of any content, encrypted as [`TestApp::user_data`] is.
    pub async fn encrypted_user_data(&self, code: &str, plain: &[u8]) -> Value {
        let request = self.http.post(format!("{}/sandbox/profile", self.sandbox));
        let request = request.query(&[("code", code)]).body(plain.to_vec());
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Sends a login; the answer may be a refusal.
    pub async fn send_login(&self, code: &str) -> Answer {
        let body = json!({"appId": crate::APP, "code": code});
        let anonymous = self.anonymous_client();
        anonymous.post("qlive_user/login/", body).await
    }

    /// A mini-program without a login.
    pub fn anonymous_client(&self) -> TestClient {
        TestClient {
            user_id: String::new(),
            token: String::new(),
            http: self.http.clone(),
            base: self.url_of(""),
            contract: Arc::clone(&self.contract),
        }
    }

    /// Registers a user with a complete profile.
    pub async fn guest(&self, name: &str, gender: Gender) -> TestClient {
        TestClient::register(self, name, gender).await
    }

    /// Registers a user without nickname and gender.
    pub async fn guest_without_profile(&self, name: &str) -> TestClient {
        TestClient::register_without_profile(self, name).await
    }

    /// Logs in the matchmaker that every sandbox starts with.
    pub async fn host(&self) -> TestClient {
        TestClient::login(self, "host").await
    }

    /// Registers a female user and grants them the role of a matchmaker.
    pub async fn matchmaker(&self, name: &str) -> TestClient {
        let client = self.guest(name, Gender::Female).await;
        self.grant_matchmaker(&client).await;
        client
    }

    /// Grants the role of a matchmaker, as an operator does.
    pub async fn grant_matchmaker(&self, client: &TestClient) {
        let rooms = &self.services.rooms;
        let granted = rooms.grant_matchmaker(operator(), client.id()).await;
        granted.unwrap();
    }

    /// Revokes the role of a matchmaker, as an operator does.
    pub async fn revoke_matchmaker(&self, client: &TestClient) {
        let rooms = &self.services.rooms;
        let revoked = rooms.revoke_matchmaker(operator(), client.id()).await;
        revoked.unwrap();
    }

    /// Bans a user, as an operator does.
    pub async fn ban(&self, user: UserId) {
        self.services.rooms.ban(operator(), user).await.unwrap();
    }

    /// Lifts the ban of a user, as an operator does.
    pub async fn unban(&self, user: UserId) {
        self.services.rooms.unban(operator(), user).await.unwrap();
    }
}
