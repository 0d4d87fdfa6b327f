//! What is for sale: gifts, and the blocks of gold.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_gifts::{CatalogueGift, NewGift};
use qlive_operators::Action;
use qlive_payments::{Block, NewBlock};
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, Fen};

use super::list::empty;
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Button, Cell, Column, Frame, Page, PageTemplate, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/gifts", web::get().to(show));
    register::<AddGift>(config, "/gifts/add");
    register::<DisableGift>(config, "/gifts/{id}/disable");
    register::<AddBlock>(config, "/blocks/add");
    register::<DisableBlock>(config, "/blocks/{id}/disable");
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewGifts, "").await?;
    let t = visit.t();
    let mut page = Page::new(t.pages.gifts_title);
    if visit.session.may(Action::AddGift) {
        page.buttons
            .push(Button::new(t.actions.gift_add, "/gifts/add"));
    }
    if visit.session.may(Action::AddBlock) {
        page.buttons
            .push(Button::new(t.actions.block_add, "/blocks/add"));
    }
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

fn sale_badge(t: &'static Texts, is_enabled: bool) -> Cell {
    if is_enabled {
        Cell::Badge(t.values.enabled.to_owned(), Tone::Good)
    } else {
        Cell::Badge(t.values.disabled.to_owned(), Tone::Quiet)
    }
}

fn disable_button(visit: &Visit, action: Action, is_enabled: bool, href: String) -> Vec<Button> {
    let shown = is_enabled && visit.session.may(action);
    let button = Button::new(visit.t().actions.gift_disable, href);
    shown.then_some(button).into_iter().collect()
}

fn gifts_table(visit: &Visit, gifts: &[CatalogueGift]) -> Table {
    let t = visit.t();
    let row = |gift: &CatalogueGift| {
        let href = format!("/gifts/{}/disable", gift.id);
        Row::new(vec![
            Cell::face(&gift.image),
            Cell::Text(gift.name.clone()),
            Cell::Code(gift.id.to_string()),
            Cell::Number(format::coins(gift.price)),
            if gift.effect.is_empty() {
                Cell::Empty
            } else {
                Cell::Code(gift.effect.clone())
            },
            sale_badge(t, gift.enabled),
        ])
        .with_buttons(disable_button(
            visit,
            Action::DisableGift,
            gift.enabled,
            href,
        ))
    };
    Table {
        caption: t.pages.gifts_card.to_owned(),
        columns: vec![
            Column::text(t.pages.picture),
            Column::text(t.pages.name),
            Column::text(t.pages.id),
            Column::number(t.pages.gold),
            Column::text(t.actions.gift_effect),
            Column::text(t.pages.state),
        ],
        rows: gifts.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_gifts_yet),
    }
}

fn blocks_table(visit: &Visit, blocks: &[Block]) -> Table {
    let t = visit.t();
    let row = |block: &Block| {
        let href = format!("/blocks/{}/disable", block.id);
        Row::new(vec![
            Cell::Code(block.id.to_string()),
            Cell::Number(format::coins(block.gold)),
            Cell::Number(format::yuan(block.price)),
            block.product_id.clone().map_or(Cell::Empty, Cell::Code),
            sale_badge(t, block.enabled),
        ])
        .with_buttons(disable_button(
            visit,
            Action::DisableBlock,
            block.enabled,
            href,
        ))
    };
    Table {
        caption: t.pages.blocks_card.to_owned(),
        columns: vec![
            Column::text(t.pages.id),
            Column::number(t.pages.gold),
            Column::number(t.pages.price),
            Column::text(t.pages.product),
            Column::text(t.pages.state),
        ],
        rows: blocks.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_blocks_yet),
    }
}

fn at_gifts() -> Done {
    Done::At("/gifts".to_owned())
}

/// The coins that a field names.
fn coins(input: &Input, name: &str, t: &'static Texts) -> Result<Coins, Refusal> {
    let typed = input.text(name).parse().ok();
    let coins = typed.and_then(|amount: i64| Coins::new(amount).ok());
    coins.ok_or_else(|| Refusal::Explained(t.failures.amount.to_owned()))
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
        let gift = gifts
            .into_iter()
            .find(|gift| gift.id == *id)
            .ok_or(Failure::NotFound)?;
        let mut form = ActionForm::new(visit, a.gift_disable, "/gifts");
        form.title = fill(a.gift_disable_title, &[&gift.name]);
        form.lines.push(a.gift_disable_text.to_owned());
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let disabled = visit.state.services.gifts.disable(by, *id).await;
        disabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_gifts())
    }
}

struct AddBlock;

impl Act for AddBlock {
    const ACTION: Action = Action::AddBlock;
    type Path = ();

    fn subject(_path: &()) -> String {
        String::new()
    }

    async fn form(visit: &Visit, _path: &()) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.block_add, "/gifts");
        form.lines.push(a.block_add_text.to_owned());
        form.fields = vec![
            Field::required("gold", a.amount),
            Field::required("price", a.block_price),
            Field::optional("product", a.block_product),
        ];
        Ok(form)
    }

    async fn act(visit: &Visit, _path: &(), by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let price = Fen::parse_yuan(input.text("price"));
        let product = input.text("product");
        let new = NewBlock {
            gold: coins(input, "gold", t)?,
            price: price.ok_or_else(|| Refusal::Explained(t.failures.amount.to_owned()))?,
            product_id: (!product.is_empty()).then(|| product.to_owned()),
        };
        let added = visit.state.services.payments.add_block(by, new).await;
        added.map_err(|error| refuse(error, &t.failures))?;
        Ok(at_gifts())
    }
}

struct DisableBlock;

impl Act for DisableBlock {
    const ACTION: Action = Action::DisableBlock;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.gift_disable, "/gifts");
        form.title = fill(a.block_disable_title, &[&id.to_string()]);
        form.lines.push(a.block_disable_text.to_owned());
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let disabled = visit.state.services.payments.disable_block(by, *id).await;
        disabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_gifts())
    }
}
