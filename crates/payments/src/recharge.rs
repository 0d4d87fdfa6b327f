//! Making an order, and what the client needs to pay it.

use std::time::Duration;

use diesel::prelude::*;
use qlive_store::schema::orders;
use qlive_store::{Conn, StoreError};
use qlive_tencent::pay::{Pay, PayError, Prepay};
use qlive_tencent::xpay::{Goods, Xpay};
use qlive_types::{Moment, UserId, random};
use qlive_users::Profile;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::ask::is_word;
use crate::blocks::{self, Block};
use crate::order::State;
use crate::schedule::Asked;
use crate::settle::Seen;
use crate::{Payments, PaymentsError, Provider};

/// For how long an order is on offer.
const OFFERED: Duration = Duration::from_secs(1_800);

/// What WeChat Pay says when the merchant does not sell for the user's app.
const OTHER_APP: &str = "APPID_MCHID_NOT_MATCH";

/// For how long one counts that never reached its client.
const UNHEARD_OF: Duration = Duration::from_secs(60);

/// The most orders that a user may have on offer: each is asked about.
const OPEN_LIMIT: i64 = 20;

/// What the client needs: the content of `wx.requestPayment` or `wx.requestVirtualPayment`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recharge {
    pub content: Value,
    pub at: Moment,
}

impl Payments {
    /// Makes an order of a block. `code` is a fresh login code, whose session key then signs.
    pub async fn recharge(
        &self,
        user: UserId,
        block: i64,
        code: Option<&str>,
    ) -> Result<Recharge, PaymentsError> {
        let block = self
            .db
            .read(move |conn| blocks::find(conn, block)?.ok_or(PaymentsError::UnknownBlock))
            .await?;
        let profile = self.users.profile(user).await?;
        match (
            self.providers.chosen,
            &self.providers.wechat_pay,
            &self.providers.xpay,
        ) {
            (Some(Provider::WechatPay), Some(pay), _) => {
                self.by_wechat_pay(pay, &block, &profile).await
            }
            (Some(Provider::Virtual), _, Some(xpay)) if xpay.account.app_id == profile.app_id => {
                let key = self.users.session_key(&profile, code).await?;
                self.by_virtual(xpay, &block, &profile, &key).await
            }
            _ => Err(PaymentsError::ProviderUnavailable),
        }
    }

    async fn by_wechat_pay(
        &self,
        pay: &Pay,
        block: &Block,
        profile: &Profile,
    ) -> Result<Recharge, PaymentsError> {
        let (no, at) = self.create(Provider::WechatPay, block, profile).await?;
        let order = Prepay {
            app_id: &profile.app_id,
            description: &format!("{} 金币", block.gold),
            out_trade_no: &no,
            time_expire: &at.after(OFFERED).rfc3339(),
            notify_url: &self.notify_url,
            fen: block.price.get(),
            openid: &profile.openid,
        };
        let prepay_id = match pay.prepay(&order, at.secs()).await {
            Ok(prepay_id) => prepay_id,
            Err(PayError::Refused { code, .. }) if code == OTHER_APP => {
                self.settle(&no, Seen::Refused).await?;
                return Err(PaymentsError::ProviderUnavailable);
            }
            Err(error) if is_word(&error) => {
                self.settle(&no, Seen::Refused).await?;
                return Err(PaymentsError::ProviderRefused(error.to_string()));
            }
            Err(error) => {
                self.offer_to_nobody(&no).await?;
                return Err(PaymentsError::ProviderSilent(error.to_string()));
            }
        };
        let signed = pay.pay_sign(&profile.app_id, &prepay_id, at.secs());
        let signed = signed.map_err(|error| PaymentsError::ProviderSilent(error.to_string()))?;
        let content = json!({
            "provider": Provider::WechatPay.name(),
            "out_trade_no": no,
            "timeStamp": signed.time_stamp,
            "nonceStr": signed.nonce,
            "package": signed.package,
            "signType": "RSA",
            "paySign": signed.sign,
        });
        Ok(Recharge { content, at })
    }

    async fn by_virtual(
        &self,
        xpay: &Xpay,
        block: &Block,
        profile: &Profile,
        session_key: &SecretString,
    ) -> Result<Recharge, PaymentsError> {
        let product_id = block
            .product_id
            .as_deref()
            .ok_or(PaymentsError::ProviderUnavailable)?;
        let (no, at) = self.create(Provider::Virtual, block, profile).await?;
        let goods = Goods {
            product_id,
            fen: block.price.get(),
            out_trade_no: &no,
        };
        let signed = xpay.account.sign_goods(&goods, session_key);
        let content = json!({
            "provider": Provider::Virtual.name(),
            "out_trade_no": no,
            "mode": "short_series_goods",
            "signData": signed.sign_data,
            "paySig": signed.pay_sig,
            "signature": signed.signature,
        });
        Ok(Recharge { content, at })
    }

    /// Writes the order before anybody else hears of it.
    async fn create(
        &self,
        provider: Provider,
        block: &Block,
        profile: &Profile,
    ) -> Result<(String, Moment), PaymentsError> {
        let (now, block, profile) = (self.clock.now(), block.clone(), profile.clone());
        let no = number('Q', now);
        let named = no.clone();
        self.db
            .write(move |conn| {
                let open = orders::user_id
                    .eq(profile.user.get())
                    .and(orders::state.eq(State::Created.number()));
                // No older one is on offer; there the index begins.
                let open = open.and(orders::created_at.gt(now.before(OFFERED).millis()));
                let open = orders::table.filter(open.and(orders::expires_at.gt(now.millis())));
                let open: i64 = open.count().get_result(conn)?;
                if open >= OPEN_LIMIT {
                    return Err(PaymentsError::TooManyOrders);
                }
                Ok(insert(conn, now, &no, provider, &block, &profile)?)
            })
            .await?;
        Ok((named, now))
    }

    /// Ends the offer of an order that no client has heard of, so that it does not
    /// count among its user's open ones for long. What is paid all the same is credited.
    async fn offer_to_nobody(&self, no: &str) -> Result<(), PaymentsError> {
        let (no, ends) = (no.to_owned(), self.clock.now().after(UNHEARD_OF));
        self.db
            .write(move |conn| {
                diesel::update(orders::table.find(&no))
                    .set(orders::expires_at.eq(ends.millis()))
                    .execute(conn)?;
                Ok(())
            })
            .await
    }
}

/// A number of our own: a letter, the day and time in Shanghai, and twelve hex
/// digits; letters and digits only, 27 of them, as every provider takes.
pub(crate) fn number(letter: char, now: Moment) -> String {
    let time: String = now
        .shanghai()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    format!("{letter}{time}{}", random::hex(6))
}

fn insert(
    conn: &mut Conn,
    now: Moment,
    no: &str,
    provider: Provider,
    block: &Block,
    profile: &Profile,
) -> Result<(), StoreError> {
    diesel::insert_into(orders::table)
        .values((
            orders::out_trade_no.eq(no),
            (
                orders::user_id.eq(profile.user.get()),
                orders::app_id.eq(&profile.app_id),
            ),
            (
                orders::openid.eq(&profile.openid),
                orders::provider.eq(provider.number()),
            ),
            (
                orders::block_id.eq(block.id),
                orders::product_id.eq(&block.product_id),
            ),
            (
                orders::gold.eq(block.gold.get()),
                orders::fen.eq(block.price.get()),
                orders::refunded_fen.eq(0),
            ),
            (
                orders::state.eq(State::Created.number()),
                orders::provision_due.eq(false),
            ),
            (
                orders::created_at.eq(now.millis()),
                orders::expires_at.eq(now.after(OFFERED).millis()),
            ),
            (orders::asked_at.eq(0), orders::asks.eq(0)),
            orders::due_at.eq(Some(Asked::never(now).again_at().millis())),
        ))
        .execute(conn)?;
    Ok(())
}
