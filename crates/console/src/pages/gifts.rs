//! What is for sale: gifts, and the blocks of gold.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_gifts::{CatalogueGift, NewGift, Sale};
use qlive_operators::Action;
use qlive_payments::{Block, NewBlock};
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, Fen, Moment};

use super::list::empty;
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Button, Cell, Column, Frame, Page, PageTemplate, Row, Section, Table, Tone};

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/gifts", web::get().to(show));
    register::<AddGift>(config, "/gifts/add");
    register::<EditGift>(config, "/gifts/{id}/edit");
    register::<DisableGift>(config, "/gifts/{id}/disable");
    register::<EnableGift>(config, "/gifts/{id}/enable");
    register::<AddBlock>(config, "/blocks/add");
    register::<DisableBlock>(config, "/blocks/{id}/disable");
    register::<EnableBlock>(config, "/blocks/{id}/enable");
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

fn sale_badge(t: &'static Texts, is_enabled: bool) -> Cell {
    if is_enabled {
        Cell::Badge(t.values.enabled.to_owned(), Tone::Good)
    } else {
        Cell::Badge(t.values.disabled.to_owned(), Tone::Quiet)
    }
}

/// The button that takes something off sale, or puts it on sale again.
fn sale_button(
    visit: &Visit,
    (disable, enable): (Action, Action),
    is_enabled: bool,
    path: &str,
) -> Option<Button> {
    let a = &visit.t().actions;
    if is_enabled {
        visit.button(disable, a.gift_disable, format!("{path}/disable"))
    } else {
        visit.button(enable, a.gift_enable, format!("{path}/enable"))
    }
}

fn gifts_table(visit: &Visit, gifts: &[CatalogueGift]) -> Table {
    let t = visit.t();
    let row = |gift: &CatalogueGift| {
        let path = format!("/gifts/{}", gift.id);
        let mut buttons = Vec::new();
        if gift.enabled {
            let edit = format!("{path}/edit");
            buttons.extend(visit.button(Action::EditGift, t.actions.gift_edit, edit));
        }
        let sale = (Action::DisableGift, Action::EnableGift);
        buttons.extend(sale_button(visit, sale, gift.enabled, &path));
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
            Cell::Number(gift.place.to_string()),
            Cell::Text(sold_when(t, gift)),
            sale_badge(t, gift.enabled),
        ])
        .with_buttons(buttons)
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

/// When a gift is for sale, in days of Shanghai.
fn sold_when(t: &'static Texts, gift: &CatalogueGift) -> String {
    if gift.sold_from.is_none() && gift.sold_until.is_none() {
        return t.pages.always.to_owned();
    }
    format!("{} – {}", first_day(gift), last_day(gift))
}

/// The first day on which a gift is for sale; empty: any.
fn first_day(gift: &CatalogueGift) -> String {
    gift.sold_from.map(day_of).unwrap_or_default()
}

/// The last day on which a gift is for sale; empty: any.
fn last_day(gift: &CatalogueGift) -> String {
    gift.sold_until
        .map(|until| day_of(until.before(Duration::from_secs(1))))
        .unwrap_or_default()
}

fn day_of(at: Moment) -> String {
    at.shanghai().chars().take("2026-11-27".len()).collect()
}

/// The day that a field names; `None` when it is empty.
fn day_field(
    input: &Input,
    name: &'static str,
    t: &'static Texts,
) -> Result<Option<Moment>, Refusal> {
    match input.text(name) {
        "" => Ok(None),
        typed => match Moment::parse_day(typed) {
            Some(day) => Ok(Some(day)),
            None => Err(Refusal::Explained(fill(t.failures.bad_field, &[name]))),
        },
    }
}

fn blocks_table(visit: &Visit, blocks: &[Block]) -> Table {
    let t = visit.t();
    let row = |block: &Block| {
        let sale = (Action::DisableBlock, Action::EnableBlock);
        let path = format!("/blocks/{}", block.id);
        let button = sale_button(visit, sale, block.enabled, &path);
        Row::new(vec![
            Cell::Code(block.id.to_string()),
            Cell::Number(format::coins(block.gold)),
            Cell::Number(format::yuan(block.price)),
            block.product_id.clone().map_or(Cell::Empty, Cell::Code),
            sale_badge(t, block.enabled),
        ])
        .with_buttons(button.into_iter().collect())
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
        let (first, last) = (first_day(&gift), last_day(&gift));
        form.fields = vec![
            field(Field::required("name", a.gift_name), gift.name),
            field(Field::required("gold", a.amount), gift.price.to_string()),
            field(Field::required("image", a.gift_image), gift.image),
            field(Field::optional("effect", a.gift_effect), gift.effect),
            field(
                Field::required("place", a.gift_place),
                gift.place.to_string(),
            ),
            field(Field::optional("from", a.gift_from), first),
            field(Field::optional("until", a.gift_until), last),
        ];
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
        let until = day_field(input, "until", t)?;
        let sale = Sale {
            place: place.ok_or_else(bad)?,
            from: day_field(input, "from", t)?,
            until: until.map(|day| day.after(DAY)),
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
        let (price, when) = (format::coins(gift.price), sold_when(t, gift));
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

struct EnableBlock;

impl Act for EnableBlock {
    const ACTION: Action = Action::EnableBlock;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let blocks = visit.state.services.payments.all_blocks().await?;
        let block = blocks
            .iter()
            .find(|block| block.id == *id && !block.enabled);
        let block = block.ok_or(Failure::NotFound)?;
        let (gold, price) = (format::coins(block.gold), format::yuan(block.price));
        let mut form = ActionForm::new(visit, a.gift_enable, "/gifts");
        form.title = fill(a.block_enable_title, &[&id.to_string()]);
        form.lines = vec![fill(a.block_enable_text, &[&gold, &price])];
        form.typed = Some(format::plain_yuan(block.price.get()));
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let enabled = visit.state.services.payments.enable_block(by, *id).await;
        enabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_gifts())
    }
}
