//! Recharge packs: the blocks of gold that can be bought.

use actix_web::web::ServiceConfig;
use qlive_operators::Action;
use qlive_payments::{Block, NewBlock};
use qlive_store::audit_log::Operator;
use qlive_types::Fen;

use super::list::empty;
use super::sale::{
    at_gifts, coins, period_fields, read_period, sale_badge, sale_buttons, sold_when,
};
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Row, Table};

pub(super) fn configure(config: &mut ServiceConfig) {
    register::<AddBlock>(config, "/blocks/add");
    register::<EditBlock>(config, "/blocks/{id}/edit");
    register::<DisableBlock>(config, "/blocks/{id}/disable");
    register::<EnableBlock>(config, "/blocks/{id}/enable");
}

pub(super) fn blocks_table(visit: &Visit, blocks: &[Block]) -> Table {
    let t = visit.t();
    let row = |block: &Block| {
        let sale = (Action::EditBlock, Action::DisableBlock, Action::EnableBlock);
        let path = format!("/blocks/{}", block.id);
        Row::new(vec![
            Cell::Text(block.id.to_string()),
            Cell::Number(format::coins(block.gold)),
            Cell::Number(format::yuan(block.price)),
            block.product_id.clone().map_or(Cell::Empty, Cell::Code),
            Cell::Text(sold_when(t, block.sold)),
            sale_badge(t, block.enabled),
        ])
        .with_buttons(sale_buttons(visit, sale, block.enabled, &path))
    };
    Table {
        caption: t.pages.blocks_card.to_owned(),
        columns: vec![
            Column::text(t.pages.id),
            Column::number(t.pages.gold),
            Column::number(t.pages.price),
            Column::text(t.pages.product),
            Column::text(t.pages.sold_when),
            Column::text(t.pages.state),
        ],
        rows: blocks.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_blocks_yet),
    }
}

/// The block that a form names.
fn read_block(input: &Input, t: &'static Texts) -> Result<NewBlock, Refusal> {
    let price = Fen::parse_yuan(input.text("price"));
    let product = input.text("product");
    Ok(NewBlock {
        gold: coins(input, "gold", t)?,
        price: price.ok_or_else(|| Refusal::Explained(t.failures.amount.to_owned()))?,
        product_id: (!product.is_empty()).then(|| product.to_owned()),
    })
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
        let new = read_block(input, t)?;
        let added = visit.state.services.payments.add_block(by, new).await;
        added.map_err(|error| refuse(error, &t.failures))?;
        Ok(at_gifts())
    }
}

struct EditBlock;

impl Act for EditBlock {
    const ACTION: Action = Action::EditBlock;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let blocks = visit.state.services.payments.all_blocks().await?;
        let mut enabled = blocks.into_iter().filter(|block| block.enabled);
        let block = enabled.find(|block| block.id == *id);
        let block = block.ok_or(Failure::NotFound)?;
        let mut form = ActionForm::new(visit, a.block_edit, "/gifts");
        form.title = fill(a.block_edit_title, &[&id.to_string()]);
        form.lines.push(a.block_edit_text.to_owned());
        let field = |field: Field, value: String| Field { value, ..field };
        let product = block.product_id.unwrap_or_default();
        let price = format::plain_yuan(block.price.get());
        form.fields = vec![
            field(Field::required("gold", a.amount), block.gold.to_string()),
            field(Field::required("price", a.block_price), price),
            field(Field::optional("product", a.block_product), product),
        ];
        form.fields.extend(period_fields(visit.t(), block.sold));
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let (new, sold) = (read_block(input, t)?, read_period(input, t)?);
        let payments = &visit.state.services.payments;
        let edited = payments.edit_block(by, *id, new, sold).await;
        edited.map_err(|error| refuse(error, &t.failures))?;
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
        let when = sold_when(visit.t(), block.sold);
        form.lines = vec![fill(a.block_enable_text, &[&gold, &price, &when])];
        // Another price made a new version of it.
        if blocks
            .iter()
            .any(|other| other.enabled && other.gold == block.gold)
        {
            form.lines.push(a.block_enable_twice.to_owned());
        }
        form.typed = Some(format::plain_yuan(block.price.get()));
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let enabled = visit.state.services.payments.enable_block(by, *id).await;
        enabled.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_gifts())
    }
}
