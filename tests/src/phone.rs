//! A mini-program.

use std::sync::Arc;

use qlive_types::{Gender, UserId};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::contract::Contract;
use crate::{APP, House};

/// A logged-in mini-program.
#[derive(Clone)]
pub struct Phone {
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
    /// The body of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Asserts a refusal in the error form.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
        assert!(
            self.body["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{}",
            self.body
        );
        self.body
    }
}

impl Phone {
    /// Registers with sealed user data, as the document's flow does.
    pub async fn register(house: &House, name: &str, gender: Gender) -> Self {
        let url = format!("{}/sandbox/profile", house.sandbox);
        let query = [
            ("code", name),
            ("nickname", name),
            ("gender", &gender.number().to_string()),
        ];
        let sealed: Value = house
            .http
            .get(url)
            .query(&query)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        Self::from_credentials(
            house,
            house.stranger().post("qlive_user/", sealed).await.ok(),
        )
    }

    /// Registers with a code alone, as today's clients must.
    pub async fn register_bare(house: &House, name: &str) -> Self {
        let answer = house
            .stranger()
            .post("qlive_user/", json!({"appId": APP, "code": name}))
            .await
            .ok();
        Self::from_credentials(house, answer)
    }

    /// Logs in.
    pub async fn login(house: &House, code: &str) -> Self {
        let answer = house
            .stranger()
            .post("qlive_user/login/", json!({"appId": APP, "code": code}))
            .await
            .ok();
        assert_eq!(answer["status"], 0, "{answer}");
        Self::from_credentials(house, answer)
    }

    fn from_credentials(house: &House, answer: Value) -> Self {
        let field = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self {
            user_id: field("user_id"),
            token: field("token"),
            ..house.stranger()
        }
    }

    /// This phone at another instance.
    pub fn at(&self, house: &House) -> Self {
        Self {
            user_id: self.user_id.clone(),
            token: self.token.clone(),
            ..house.stranger()
        }
    }

    /// This phone with another token.
    pub fn with_token(self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self
        }
    }

    pub fn id(&self) -> UserId {
        UserId::parse(&self.user_id).unwrap()
    }

    pub async fn get(&self, path: &str, query: Value) -> Answer {
        let pairs: Vec<(String, String)> = query
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| {
                (
                    key.clone(),
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned),
                )
            })
            .collect();
        self.send(
            "get",
            path,
            self.request(reqwest::Method::GET, path).query(&pairs),
        )
        .await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(
            "post",
            path,
            self.request(reqwest::Method::POST, path).json(&body),
        )
        .await
    }

    /// A request of one's own making, with the token.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.token.is_empty() {
            request
        } else {
            request.header("Authorization", format!("QLiveToken {}", self.token))
        }
    }

    /// Sends it and holds the answer against the document.
    pub async fn send(&self, method: &str, path: &str, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{method} {path}: {status} {text}"));
        let path = path.split('?').next().unwrap();
        self.contract.check(
            method,
            &format!("{}{path}", qlive_server::BASE),
            status,
            &body,
        );
        Answer {
            status,
            headers,
            body,
        }
    }
}

/// The words of the mini-program.
impl Phone {
    /// Opens one's room; answers the document's fields.
    pub async fn open_room(&self) -> Value {
        self.post("qlive_room/matchmaker_enter/", json!({}))
            .await
            .ok()
    }

    /// Whether a man is on stage, as this phone is shown it.
    pub async fn sees_man_on_mic(&self, live: &Value) -> bool {
        self.enter(live).await.ok()["male"] != json!({})
    }

    /// Gives something; `extra` holds `request_id` and the like.
    pub async fn give(&self, to: &Self, gift: i64, num: i64, extra: Value) -> Answer {
        let mut query = json!({"user_id": to.user_id, "gift_id": gift, "num": num});
        query
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        self.get("qlive_gift/push_gift/", query).await
    }

    /// Orders a block; answers what the client pays with.
    pub async fn order(&self, block: i64) -> Value {
        let answer = self
            .post("qlive_pay/", json!({"block_id": block}))
            .await
            .ok();
        serde_json::from_str(answer["content"].as_str().unwrap()).unwrap()
    }

    /// The state of one's own order.
    pub async fn order_state(&self, order: &Value) -> String {
        let shown = self
            .get(
                "qlive_pay/order/",
                json!({"out_trade_no": order["out_trade_no"]}),
            )
            .await
            .ok();
        shown["state"].as_str().unwrap().to_owned()
    }

    /// One's gold and income.
    pub async fn purse(&self) -> (i64, i64) {
        let me = self.get("qlive_user/get_userinfo/", json!({})).await.ok();
        (me["gold"].as_i64().unwrap(), me["income"].as_i64().unwrap())
    }

    pub async fn enter(&self, live: &Value) -> Answer {
        self.get("get_playurl/", json!({"live_id": live})).await
    }

    pub async fn apply(&self, live: &Value) -> Answer {
        self.post("qlive_room/apply_micro/", json!({"live_id": live}))
            .await
    }

    pub async fn accept(&self, live: &Value) -> Answer {
        self.post("qlive_room/accept_micro/", json!({"live_id": live}))
            .await
    }

    pub async fn refuse(&self, live: &Value) -> Answer {
        self.post("qlive_room/refuse_micro/", json!({"live_id": live}))
            .await
    }

    pub async fn leave(&self, live: &Value) -> Answer {
        self.get("qlive_room/leave_room/", json!({"live_id": live}))
            .await
    }

    pub async fn end(&self, live: &Value) -> Answer {
        self.post("qlive_room/live_end/", json!({"live_id": live}))
            .await
    }

    pub async fn invite(&self, live: &Value, guest: &Self) -> Answer {
        self.post(
            "qlive_room/invite_micro/",
            json!({"live_id": live, "user_id": guest.user_id}),
        )
        .await
    }

    pub async fn decline(&self, live: &Value, guest: &Self) -> Answer {
        self.post(
            "qlive_room/decline_micro/",
            json!({"live_id": live, "user_id": guest.user_id}),
        )
        .await
    }

    /// Takes `guest` off the mic.
    pub async fn off_mic(&self, live: &Value, guest: &Self, gender: Gender) -> Answer {
        let query = json!({"live_id": live, "user_id": guest.user_id, "gender": gender.number()});
        self.get("qlive_room/leave_micro/", query).await
    }

    pub async fn logout(&self) -> Answer {
        self.get("qlive_user/logout/", json!({})).await
    }

    /// `user_type`: where the server says one is. Also a sign of life.
    pub async fn user_type(&self) -> i64 {
        self.get("qlive_user/get_user_state/", json!({})).await.ok()["user_type"]
            .as_i64()
            .unwrap()
    }

    /// Enters, applies and takes the mic.
    pub async fn take_mic(&self, live: &Value) -> Value {
        self.enter(live).await.ok();
        self.apply(live).await.ok();
        let answer = self.accept(live).await.ok();
        assert_eq!(answer["code"], "success", "{answer}");
        answer
    }
}

impl House {
    /// A mini-program that nobody has logged into.
    pub fn stranger(&self) -> Phone {
        Phone {
            user_id: String::new(),
            token: String::new(),
            http: self.http.clone(),
            base: self.at(""),
            contract: Arc::clone(&self.contract),
        }
    }
}
