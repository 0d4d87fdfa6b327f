//! The search box: it knows by its shape what is searched for. Something that is found alone is
//! opened.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_operators::Action;
use qlive_payments::{Order, PaymentsError};
use qlive_types::UserId;
use qlive_users::UserFilter;

use super::users::{SHORTEST_PREFIX, users_table};
use crate::http::{Failure, Visit, html, redirect};
use crate::texts::fill;
use crate::view::{Empty, Frame, Page, PageTemplate, Section};

/// How long the number of an order or a payment is at least.
const NUMBER_LENGTH: usize = 16;
/// The length of an openid.
const OPENID_LENGTH: usize = 28;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/search", web::get().to(search))
        .route("/given/{id}", web::get().to(show_given));
}

/// What a search is for, by its shape.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    User(UserId),
    /// A page that is named by its kind and its number.
    Page(String),
    /// The number of an order or a payment.
    Number(String),
    Openid(String),
    Nickname(String),
    Nothing,
}

fn shape_of(typed: &str) -> Shape {
    if let Some(user) = UserId::parse(typed) {
        return Shape::User(user);
    }
    let mut chars = typed.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    let digits = chars.as_str();
    let is_number = !digits.is_empty()
        && digits.len() <= 18
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        let path = match first {
            Some('e') => Some("ledger"),
            Some('r') => Some("rooms"),
            Some('w') => Some("withdrawals"),
            Some('g') => Some("given"),
            _ => None,
        };
        if let Some(path) = path {
            return Shape::Page(format!("/{path}/{digits}"));
        }
    }
    let is_token = typed
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_token && typed.len() == OPENID_LENGTH && typed.starts_with('o') {
        Shape::Openid(typed.to_owned())
    } else if is_token && typed.len() >= NUMBER_LENGTH {
        Shape::Number(typed.to_owned())
    } else if typed.chars().count() >= SHORTEST_PREFIX {
        Shape::Nickname(typed.to_owned())
    } else {
        Shape::Nothing
    }
}

/// The order with this number, or whose payment or refund has it.
async fn find_order(visit: &Visit, number: &str) -> Result<Option<Order>, Failure> {
    let payments = &visit.state.services.payments;
    let found = match payments.order(number).await {
        Err(PaymentsError::UnknownOrder) => payments.order_of_transaction(number).await,
        found => found,
    };
    let found = match found {
        Err(PaymentsError::UnknownOrder) => payments.order_of_refund(number).await,
        found => found,
    };
    match found {
        Ok(order) => Ok(Some(order)),
        Err(PaymentsError::UnknownOrder) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The page of the charge of a sent gift; the list of the giver, for one that cost nothing.
async fn show_given(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewLedger, &id.to_string()).await?;
    let sent = visit.state.services.gifts.sent(*id).await?;
    let sent = sent.ok_or(Failure::NotFound)?;
    Ok(redirect(&match sent.entry {
        Some(entry) => format!("/ledger/{entry}/why"),
        None => format!("/users/{}/given", sent.giver),
    }))
}

async fn search(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewUsers, "").await?;
    let typed = visit.query("q").unwrap_or_default();
    let services = &visit.state.services;
    let filter = match shape_of(&typed) {
        Shape::User(user) => return Ok(redirect(&format!("/users/{user}"))),
        Shape::Page(path) => return Ok(redirect(&path)),
        Shape::Number(number) => {
            if let Some(order) = find_order(&visit, &number).await? {
                return Ok(redirect(&format!("/orders/{}", order.out_trade_no)));
            }
            Some(UserFilter::NicknamePrefix(number))
        }
        Shape::Openid(openid) => Some(UserFilter::Openid(openid)),
        Shape::Nickname(nickname) => Some(UserFilter::NicknamePrefix(nickname)),
        Shape::Nothing => None,
    };
    let found = match filter {
        Some(filter) => services.users.search(filter, None).await?,
        None => Vec::new(),
    };
    if let [only] = found.as_slice() {
        return Ok(redirect(&format!("/users/{}", only.user)));
    }
    let t = visit.t();
    let shown: String = typed.chars().take(40).collect();
    let mut page = Page::new(fill(t.pages.search_title, &[&shown]));
    let mut table = users_table(&visit, &found, false);
    table.empty = Empty {
        text: t.pages.search_nothing.to_owned(),
        next: None,
    };
    page.sections.push(Section::Table(table));
    let mut frame = Frame::new(&visit, "").await?;
    frame.query = typed;
    html(&PageTemplate { frame, page })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_knows_what_is_searched_for() {
        let user = UserId::parse("12345678").unwrap();
        assert_eq!(shape_of("12345678"), Shape::User(user));
        assert_eq!(shape_of("e123"), Shape::Page("/ledger/123".to_owned()));
        assert_eq!(shape_of("g5"), Shape::Page("/given/5".to_owned()));
        assert_eq!(shape_of("R7"), Shape::Page("/rooms/7".to_owned()));
        assert_eq!(shape_of("w12"), Shape::Page("/withdrawals/12".to_owned()));
        let number = "20261127abcdef0123456789abcd";
        assert_eq!(shape_of(number), Shape::Number(number.to_owned()));
        let openid = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0";
        assert_eq!(shape_of(openid), Shape::Openid(openid.to_owned()));
        assert_eq!(shape_of("小红"), Shape::Nickname("小红".to_owned()));
        assert_eq!(shape_of("e12x"), Shape::Nickname("e12x".to_owned()));
        assert_eq!(shape_of("e"), Shape::Nothing);
        assert_eq!(shape_of(""), Shape::Nothing);
    }
}
