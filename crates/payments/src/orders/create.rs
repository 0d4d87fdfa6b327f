//! Creating an order, and what the client needs to pay it.
//!
//! Pages: JSAPI下单 (create a JSAPI order), JSAPI调起支付 (`wx.requestPayment`), and for virtual
//! payment `wx.requestVirtualPayment`.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::orders;
use qlive_store::{Conn, StoreError, serialize_transactions};
use qlive_tencent::pay::{PayClient, PayError, PrepayRequest};
use qlive_tencent::xpay::{GoodsPurchase, XpayClient};
use qlive_types::{Moment, UserId};
use qlive_users::Profile;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::block_rows::{Block, find_block_for_sale};
use crate::error::PaymentsError;
use crate::numbers::new_order_number;
use crate::orders::report::OrderReport;
use crate::orders::state::OrderState;
use crate::polling::schedule::QueryHistory;
use crate::providers::provider::Provider;
use crate::providers::wechat_pay::is_refusal;
use crate::service::Payments;

/// How long an order can be paid.
const LIFETIME: Duration = Duration::from_secs(1_800);

/// WeChat Pay's error code when the merchant is not bound to the user's app.
const APP_NOT_BOUND: &str = "APPID_MCHID_NOT_MATCH";

/// How long an order that never reached its client still counts as open.
const UNDELIVERED_LIFETIME: Duration = Duration::from_secs(60);

/// The most open orders of a user, since the provider is queried about each.
const OPEN_LIMIT: i64 = 20;

/// The parameters of `wx.requestPayment` or `wx.requestVirtualPayment`.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentParams {
    /// A JSON object; its `provider` says which of the two calls it is for.
    pub content: Value,
    pub created_at: Moment,
}

impl Payments {
    /// Creates an order of a block and announces it to WeChat Pay, when that is where new orders
    /// go. `login_code` is a fresh login code of the user, whose session key signs a virtual
    /// payment; without one, the last session key is used.
    ///
    /// # Errors
    /// [`PaymentsError::UnknownBlock`]; [`PaymentsError::ProviderUnavailable`] when no provider can
    /// serve this user or block; [`PaymentsError::TooManyOrders`];
    /// [`PaymentsError::ProviderRefused`] and [`PaymentsError::ProviderSilent`] when WeChat Pay
    /// does not accept the order; an error of the user's session; else when the database fails.
    pub async fn create_order(
        &self,
        user: UserId,
        block_id: i64,
        login_code: Option<&str>,
    ) -> Result<PaymentParams, PaymentsError> {
        let now = self.clock.now();
        let block = self
            .db
            .read(move |conn| {
                find_block_for_sale(conn, now, block_id)?.ok_or(PaymentsError::UnknownBlock)
            })
            .await?;
        let profile = self.users.profile(user).await?;
        let providers = &self.providers;
        match (providers.chosen, &providers.wechat_pay, &providers.xpay) {
            (Some(Provider::WechatPay), Some(pay), _) => {
                self.create_wechat_pay_order(pay, &block, &profile).await
            }
            (Some(Provider::Virtual), _, Some(xpay)) if xpay.config.app_id == profile.app_id => {
                let session_key = self.users.obtain_session_key(&profile, login_code).await?;
                self.create_virtual_order(xpay, &block, &profile, &session_key)
                    .await
            }
            _ => Err(PaymentsError::ProviderUnavailable),
        }
    }

    async fn create_wechat_pay_order(
        &self,
        pay: &PayClient,
        block: &Block,
        profile: &Profile,
    ) -> Result<PaymentParams, PaymentsError> {
        let (number, created_at) = self
            .insert_order(Provider::WechatPay, block, profile)
            .await?;
        let order = PrepayRequest {
            app_id: &profile.app_id,
            description: &format!("{} 金币", block.gold),
            out_trade_no: &number,
            time_expire: &created_at.after(LIFETIME).rfc3339(),
            notify_url: &self.notify_url,
            total_fen: block.price.get(),
            openid: &profile.openid,
        };
        let prepay_id = match pay.create_order(&order, created_at.secs()).await {
            Ok(prepay_id) => prepay_id,
            Err(PayError::Refused { code, .. }) if code == APP_NOT_BOUND => {
                self.settle_report(&number, OrderReport::Refused).await?;
                return Err(PaymentsError::ProviderUnavailable);
            }
            Err(error) if is_refusal(&error) => {
                self.settle_report(&number, OrderReport::Refused).await?;
                return Err(PaymentsError::ProviderRefused(error.to_string()));
            }
            Err(error) => {
                self.shorten_undelivered_order(&number).await?;
                return Err(PaymentsError::ProviderSilent(error.to_string()));
            }
        };
        let signed = pay
            .sign_request_payment(&profile.app_id, &prepay_id, created_at.secs())
            .map_err(|error| PaymentsError::ProviderSilent(error.to_string()))?;
        let content = json!({
            "provider": Provider::WechatPay.name(),
            "out_trade_no": number,
            "timeStamp": signed.time_stamp,
            "nonceStr": signed.nonce_str,
            "package": signed.package,
            "signType": "RSA",
            "paySign": signed.pay_sign,
        });
        Ok(PaymentParams {
            content,
            created_at,
        })
    }

    async fn create_virtual_order(
        &self,
        xpay: &XpayClient,
        block: &Block,
        profile: &Profile,
        session_key: &SecretString,
    ) -> Result<PaymentParams, PaymentsError> {
        let product_id = block
            .product_id
            .as_deref()
            .ok_or(PaymentsError::ProviderUnavailable)?;
        let (number, created_at) = self.insert_order(Provider::Virtual, block, profile).await?;
        let goods = GoodsPurchase {
            product_id,
            price_fen: block.price.get(),
            out_trade_no: &number,
        };
        let signed = xpay.config.sign_virtual_payment(&goods, session_key);
        let content = json!({
            "provider": Provider::Virtual.name(),
            "out_trade_no": number,
            "mode": "short_series_goods",
            "signData": signed.sign_data,
            "paySig": signed.pay_sig,
            "signature": signed.signature,
        });
        Ok(PaymentParams {
            content,
            created_at,
        })
    }

    /// Inserts an order before its provider or its client knows of it. Returns its number and when
    /// it was created.
    async fn insert_order(
        &self,
        provider: Provider,
        block: &Block,
        profile: &Profile,
    ) -> Result<(String, Moment), PaymentsError> {
        let (now, block, profile) = (self.clock.now(), block.clone(), profile.clone());
        let number = new_order_number(now);
        let created = (number.clone(), now);
        self.db
            .write(move |conn| {
                serialize_transactions(conn, &format!("orders:{}", profile.user))?;
                if count_open_orders(conn, profile.user, now)? >= OPEN_LIMIT {
                    return Err(PaymentsError::TooManyOrders);
                }
                Ok(insert_order_row(
                    conn, now, &number, provider, &block, &profile,
                )?)
            })
            .await?;
        Ok(created)
    }

    /// Shortens the life of an order that no client knows of, so that it does not count among its
    /// user's open orders for long. A payment that is reported all the same is credited.
    async fn shorten_undelivered_order(&self, number: &str) -> Result<(), PaymentsError> {
        let number = number.to_owned();
        let expires_at = self.clock.now().after(UNDELIVERED_LIFETIME);
        self.db
            .write(move |conn| {
                diesel::update(orders::table.find(&number))
                    .set(orders::expires_at.eq(expires_at.millis()))
                    .execute(conn)?;
                Ok(())
            })
            .await
    }
}

fn count_open_orders(conn: &mut Conn, user: UserId, now: Moment) -> Result<i64, StoreError> {
    let open = orders::table
        .filter(orders::user_id.eq(user.get()))
        .filter(orders::state.eq(OrderState::Created.number()))
        // No older order is open. The index orders_user has this column.
        .filter(orders::created_at.gt(now.before(LIFETIME).millis()))
        .filter(orders::expires_at.gt(now.millis()));
    Ok(open.count().get_result(conn)?)
}

fn insert_order_row(
    conn: &mut Conn,
    now: Moment,
    number: &str,
    provider: Provider,
    block: &Block,
    profile: &Profile,
) -> Result<(), StoreError> {
    let buyer = (
        orders::user_id.eq(profile.user.get()),
        orders::app_id.eq(&profile.app_id),
        orders::openid.eq(&profile.openid),
    );
    let goods = (
        orders::provider.eq(provider.number()),
        orders::block_id.eq(block.id),
        orders::product_id.eq(&block.product_id),
        orders::gold.eq(block.gold.get()),
        orders::fen.eq(block.price.get()),
    );
    let state = (
        orders::refunded_fen.eq(0),
        orders::state.eq(OrderState::Created.number()),
        orders::delivery_notice_due.eq(false),
        orders::created_at.eq(now.millis()),
        orders::expires_at.eq(now.after(LIFETIME).millis()),
    );
    let queries = (
        orders::queried_at.eq(0),
        orders::query_count.eq(0),
        orders::next_query_at.eq(Some(QueryHistory::empty(now).next_query_at(now).millis())),
    );
    diesel::insert_into(orders::table)
        .values((
            orders::out_trade_no.eq(number),
            buyer,
            goods,
            state,
            queries,
        ))
        .execute(conn)?;
    Ok(())
}
