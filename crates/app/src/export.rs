//! The data of a person, as one JSON document.

use anyhow::Context as _;
use qlive_gifts::{SentGift, SentGiftFilter};
use qlive_payments::{Order, OrderSearch, Withdrawal};
use qlive_rooms::{
    Comment, CommentFilter, RoomEvent, RoomEventFilter, Screenshot, ScreenshotFilter,
};
use qlive_types::{LiveId, Moment, Page, UserId};
use serde_json::{Value, json};

use crate::services::Services;

impl Services {
    /// Profile, balances, movements, orders, withdrawals, gifts, whom they block, sessions, and
    /// what is still kept of comments, visits of rooms and judged screenshots of a user, for the
    /// person who asks. What others wrote about them, and what operators noted, is not theirs.
    ///
    /// # Errors
    /// When there is no such user, or the database fails.
    pub async fn export_user(&self, user: UserId) -> anyhow::Result<Value> {
        let (profile, balances) = self.users.profile_with_balances(user).await?;
        let sessions = self.users.sessions(user).await?;
        let withdrawals = self.payments.withdrawals_of(user).await?;
        let given = self.all_gifts(SentGiftFilter::Giver(user)).await?;
        let received = self.all_gifts(SentGiftFilter::Receiver(user)).await?;
        Ok(json!({
            "profile": {
                "user_id": user.to_string(),
                "app_id": profile.app_id,
                "openid": profile.openid,
                "nickname": profile.nickname,
                "gender": profile.gender.number(),
                "age": profile.age,
                "height": profile.height,
                "area": profile.area,
                "face_url": profile.face_url,
                "matchmaker": profile.matchmaker,
                "banned_at": profile.banned_at.map(Moment::shanghai),
                "ban_reason": profile.ban_reason,
                "last_login_at": profile.last_login_at.map(Moment::shanghai),
                "created_at": profile.created_at.shanghai(),
            },
            "balances": {
                "bought": balances.bought.get(),
                "granted": balances.granted.get(),
                "income": balances.income.get(),
                "held": balances.held.get(),
                "debt": balances.debt.get(),
            },
            "movements": self.all_movements(user).await?,
            "orders": self.all_orders(user).await?,
            "withdrawals": withdrawals.iter().map(withdrawal_json).collect::<Value>(),
            "gifts_given": given,
            "gifts_received": received,
            "blocked": self.all_blocked(user).await?,
            "comments": self.all_comments(user).await?,
            "room_events": self.all_room_events(user).await?,
            "screenshots": self.all_screenshots(user).await?,
            "sessions": sessions.iter().map(|session| json!({
                "created_at": session.created_at.shanghai(),
                "used_at": session.used_at.shanghai(),
            })).collect::<Value>(),
        }))
    }

    async fn all_movements(&self, user: UserId) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        for number in 1.. {
            let page = Page::new(number).context("a page")?;
            let (count, movements) = self.users.wallet(user, page).await?;
            all.extend(movements.iter().map(|movement| {
                json!({
                    "entry": movement.id.get(),
                    "at": movement.at.shanghai(),
                    "kind": movement.kind.name(),
                    "coins": movement.amount,
                    "gold_after": movement.gold,
                    "income_after": movement.income,
                })
            }));
            if number * Page::ROWS >= count {
                break;
            }
        }
        Ok(all)
    }

    async fn all_blocked(&self, user: UserId) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        for number in 1.. {
            let page = Page::new(number).context("a page")?;
            let (count, blocked) = self.users.blocked_users(user, page).await?;
            all.extend(
                blocked
                    .iter()
                    .map(|profile| json!(profile.user.to_string())),
            );
            if number * Page::ROWS >= count {
                break;
            }
        }
        Ok(all)
    }

    async fn all_comments(&self, user: UserId) -> anyhow::Result<Vec<Value>> {
        let read = async |before| {
            let comments = self.rooms.comments(CommentFilter::User(user), before);
            Ok(comments.await?)
        };
        let json = |comment: &Comment| {
            json!({
                "at": comment.at.shanghai(),
                "live_id": comment.live.get(),
                "text": comment.text,
            })
        };
        all_rows(read, |comment| comment.id, json).await
    }

    async fn all_room_events(&self, user: UserId) -> anyhow::Result<Vec<Value>> {
        let read = async |before| {
            let events = self.rooms.room_events(RoomEventFilter::User(user), before);
            Ok(events.await?)
        };
        let json = |event: &RoomEvent| {
            json!({
                "at": event.at.shanghai(),
                "live_id": event.live.get(),
                "kind": event.kind.name(),
            })
        };
        all_rows(read, |event| event.id, json).await
    }

    async fn all_screenshots(&self, user: UserId) -> anyhow::Result<Vec<Value>> {
        let read = async |before| {
            let shots = self.rooms.screenshots(ScreenshotFilter::User(user), before);
            Ok(shots.await?)
        };
        let json = |shot: &Screenshot| {
            json!({
                "at": shot.at.shanghai(),
                "live_id": shot.live.map(LiveId::get),
                "url": shot.url,
                "label": shot.label,
            })
        };
        all_rows(read, |shot| shot.id, json).await
    }

    async fn all_orders(&self, user: UserId) -> anyhow::Result<Vec<Value>> {
        let search = OrderSearch {
            user: Some(user),
            ..OrderSearch::default()
        };
        let read = async |after| Ok(self.payments.search_orders(search, after).await?);
        let cursor = |order: &Order| (order.created_at, order.out_trade_no.clone());
        all_rows(read, cursor, order_json).await
    }

    async fn all_gifts(&self, filter: SentGiftFilter) -> anyhow::Result<Vec<Value>> {
        let read = async |before| Ok(self.gifts.search_sent(filter, before).await?);
        all_rows(read, |gift| gift.id, gift_json).await
    }
}

/// All rows of a list that `read` returns a page of, from a cursor on, until a page is empty.
async fn all_rows<T, C>(
    read: impl AsyncFn(Option<C>) -> anyhow::Result<Vec<T>>,
    cursor: impl Fn(&T) -> C,
    json: impl Fn(&T) -> Value,
) -> anyhow::Result<Vec<Value>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let rows = read(after).await?;
        let Some(last) = rows.last() else {
            return Ok(all);
        };
        after = Some(cursor(last));
        all.extend(rows.iter().map(&json));
    }
}

pub(crate) fn order_json(order: &Order) -> Value {
    json!({
        "out_trade_no": order.out_trade_no,
        "user_id": order.user.to_string(),
        "provider": order.provider.name(),
        "transaction_id": order.transaction_id,
        "paid_at": order.paid_at.map(Moment::shanghai),
        "state": order.state_name(),
        "price": order.price.yuan(),
        "gold": order.gold.get(),
        "refunded": order.refunded.yuan(),
        "created_at": order.created_at.shanghai(),
    })
}

fn withdrawal_json(withdrawal: &Withdrawal) -> Value {
    json!({
        "id": withdrawal.id,
        "income": withdrawal.income,
        "amount": withdrawal.amount.yuan(),
        "state": withdrawal.state.name(),
        "created_at": withdrawal.created_at.shanghai(),
        "done_at": withdrawal.done_at.map(Moment::shanghai),
    })
}

pub(crate) fn gift_json(gift: &SentGift) -> Value {
    json!({
        "id": gift.id,
        "at": gift.at().shanghai(),
        "giver": gift.giver.to_string(),
        "receiver": gift.receiver.to_string(),
        "room": gift.room,
        "broadcast": gift.broadcast,
        "entry": gift.entry,
        "name": gift.name,
        "count": gift.num,
        "cost": gift.cost,
    })
}
