//! The states that an order went through, and those that may follow.

use qlive_payments::{Order, OrderState};
use qlive_types::{Fen, Moment};

use crate::format;
use crate::texts::{Texts, fill};
use crate::view::{Step, StepState};

/// The states of an order, in their order.
pub(super) fn steps(t: &'static Texts, order: &Order) -> Vec<Step> {
    let (v, p) = (&t.values, &t.pages);
    let time = |at: Option<Moment>| at.map(format::time).unwrap_or_default();
    let step = |label: &'static str, detail: String, state: StepState| Step {
        label,
        detail,
        state,
    };
    let created = step(
        p.order_made,
        format::time(order.created_at),
        StepState::Past,
    );
    match order.state {
        OrderState::Created => vec![
            Step {
                state: StepState::Now,
                ..created
            },
            step(v.order_paid, String::new(), StepState::Later),
        ],
        OrderState::Closed => vec![created, step(v.order_closed, String::new(), StepState::Now)],
        OrderState::Paid if order.refunded == Fen::ZERO => vec![
            created,
            step(v.order_paid, time(order.paid_at), StepState::Now),
        ],
        OrderState::Paid => {
            let is_all = order.refunded == order.price;
            let label = if is_all {
                v.order_refunded
            } else {
                v.order_partly_refunded
            };
            let of = [format::yuan(order.refunded), format::yuan(order.price)];
            let detail = fill(p.refunded_of, &[&of[0], &of[1]]);
            vec![
                created,
                step(v.order_paid, time(order.paid_at), StepState::Past),
                step(label, detail, StepState::Now),
            ]
        }
    }
}
