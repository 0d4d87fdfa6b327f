//! What is for sale: gifts, and below them the recharge packs.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_gifts::{CatalogueGift, NewGift, Sale};
use qlive_operators::Action;
use qlive_store::audit_log::Operator;

use super::blocks::blocks_table;
use super::list::empty;
use super::sale::{
    at_gifts, coins, period_fields, read_period, sale_badge, sale_buttons, sold_when,
};
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::fill;
use crate::view::{Cell, Column, Frame, Page, PageTemplate, Row, Section, Table};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/gifts", web::get().to(show));
    register::<AddGift>(config, "/gifts/add");
    register::<EditGift>(config, "/gifts/{id}/edit");
    register::<DisableGift>(config, "/gifts/{id}/disable");
    register::<EnableGift>(config, "/gifts/{id}/enable");
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewGifts, "").await?;
    let t = visit.t();
    let mut page = Page::new(t.pages.gifts_title);
    let add_gift = visit.button(Action::AddGift, t.actions.gift_add, "/gifts/add");
    let add_block = visit.button(Action::AddBlock, t.actions.block_add, "/blocks/add");
    page.buttons.extend(add_gift.into_iter().chain(add_block));
    let services = &visit.state.services;
    let gifts = services.gifts.list().await?;
    page.sections
        .push(Section::Table(gifts_table(&visit, &gifts)));
    let blocks = services.payments.all_blocks().await?;
    page.sections
        .push(Section::Table(blocks_table(&visit, &blocks)));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/gifts").await?,
        page,
    })
}

fn gifts_table(visit: &Visit, gifts: &[CatalogueGift]) -> Table {
    let t = visit.t();
    let row = |gift: &CatalogueGift| {
        let path = format!("/gifts/{}", gift.id);
        let sale = (Action::EditGift, Action::DisableGift, Action::EnableGift);
        Row::new(vec![
            Cell::face(&gift.image),
            Cell::Text(gift.name.clone()),
            Cell::Text(gift.id.to_string()),
            Cell::Number(format::coins(gift.price)),
            if gift.effect.is_empty() {
                Cell::Empty
            } else {
                Cell::Code(gift.effect.clone())
            },
            Cell::Number(gift.place.to_string()),
            Cell::Text(sold_when(t, gift.sold)),
            sale_badge(t, gift.enabled),
        ])
        .with_buttons(sale_buttons(visit, sale, gift.enabled, &path))
    };
    Table {
        caption: t.pages.gifts_card.to_owned(),
        columns: vec![
            Column::text(t.pages.picture),
            Column::text(t.pages.name),
            Column::text(t.pages.id),
            Column::number(t.pages.gold),
            Column::text(t.pages.effect),
            Column::number(t.pages.place_number),
            Column::text(t.pages.sold_when),
            Column::text(t.pages.state),
        ],
        rows: gifts.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_gifts_yet),
    }
}

struct AddGift;

impl Act for AddGift {
    const ACTION: Action = Action::AddGift;
    type Path = ();

    fn subject(_path: &()) -> String {
        String::new()
    }

    async fn form(visit: &Visit, _path: &()) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.gift_add, "/gifts");
        form.lines.push(a.gift_add_text.to_owned());
        form.fields = vec![
            Field::required("name", a.gift_name),
            Field::required("gold", a.amount),
            Field {
                max: 512,
                ..Field::required("image", a.gift_image)
            },
            Field {
                max: 512,
                ..Field::optional("effect", a.gift_effect)
            },
        ];
        Ok(form)
    }

    async fn act(visit: &Visit, _path: &(), by: Operator, input: &Input) -> Result<Done, Refusal> {
        let new = NewGift {
            name: input.text("name").to_owned(),
            price: coins(input, "gold", visit.t())?,
            image: input.text("image").to_owned(),
            effect: input.text("effect").to_owned(),
        };
        let added = visit.state.services.gifts.add(by, new).await;
        added.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_gifts())
    }
}

struct EditGift;

impl Act for EditGift {
    const ACTION: Action = Action::EditGift;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let gifts = visit.state.services.gifts.list().await?;
        let mut sold = gifts.into_iter().filter(|gift| gift.enabled);
        let gift = sold.find(|gift| gift.id == *id).ok_or(Failure::NotFound)?;
        let mut form = ActionForm::new(visit, a.gift_edit, "/gifts");
        form.title = fill(a.gift_edit_title, &[&gift.name]);
        form.lines.push(a.gift_edit_text.to_owned());
        let field = |field: Field, value: String| Field {
            value,
            max: 512,
            ..field
        };
        form.fields = vec![
            field(Field::required("name", a.gift_name), gift.name),
            field(Field::required("gold", a.amount), gift.price.to_string()),
            field(Field::required("image", a.gift_image), gift.image),
            field(Field::optional("effect", a.gift_effect), gift.effect),
            field(
                Field::required("place", a.gift_place),
                gift.place.to_string(),
            ),
        ];
        form.fields.extend(period_fields(visit.t(), gift.sold));
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let new = NewGift {
            name: input.text("name").to_owned(),
            price: coins(input, "gold", t)?,
            image: input.text("image").to_owned(),
            effect: input.text("effect").to_owned(),
        };
        let place = input.text("place").parse().ok();
        let bad = || Refusal::Explained(fill(t.failures.bad_field, &["place"]));
        let sale = Sale {
            place: place.ok_or_else(bad)?,
            period: read_period(input, t)?,
        };
        let edited = visit.state.services.gifts.edit(by, *id, new, sale).await;
        edited.map_err(|error| refuse(error, &t.failures))?;
        Ok(at_gifts())
    }
}

/// A form about a gift, whose title names it.
fn form_about_gift(
    visit: &Visit,
    gift: &CatalogueGift,
    submit: &'static str,
    (title, text): (&str, &str),
) -> ActionForm {
    let mut form = ActionForm::new(visit, submit, "/gifts");
    form.title = fill(title, &[&gift.name]);
    form.lines.push(text.to_owned());
    form
}

struct DisableGift;

impl Act for DisableGift {
    const ACTION: Action = Action::DisableGift;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let gifts = visit.state.services.gifts.list().await?;
        let gift = gifts.iter().find(|gift| gift.id == *id);
        let gift = gift.ok_or(Failure::NotFound)?;
        let texts = (a.gift_disable_title, a.gift_disable_text);
        Ok(form_about_gift(visit, gift, a.gift_disable, texts))
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let disabled = visit.state.services.gifts.disable(by, *id).await;
        disabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_gifts())
    }
}

struct EnableGift;

impl Act for EnableGift {
    const ACTION: Action = Action::EnableGift;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let (t, a) = (visit.t(), &visit.t().actions);
        let gifts = visit.state.services.gifts.list().await?;
        let gift = gifts.iter().find(|gift| gift.id == *id && !gift.enabled);
        let gift = gift.ok_or(Failure::NotFound)?;
        let texts = (a.gift_enable_title, a.gift_enable_text);
        let mut form = form_about_gift(visit, gift, a.gift_enable, texts);
        let (price, when) = (format::coins(gift.price), sold_when(t, gift.sold));
        form.lines.push(fill(a.gift_enable_facts, &[&price, &when]));
        // Another price made a new version of it.
        if gifts
            .iter()
            .any(|other| other.enabled && other.name == gift.name)
        {
            form.lines.push(a.gift_enable_twice.to_owned());
        }
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let enabled = visit.state.services.gifts.enable(by, *id).await;
        enabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_gifts())
    }
}
