//! What each role may do, as `docs/console.md` shows it.

use qlive_operators::{Action, Confirmation, Role};

use crate::texts::{Lang, action_label};

/// The table of actions and roles in Markdown, in the language with this code: `zh` or `en`.
#[must_use]
pub fn roles_table(code: &str) -> String {
    let lang = Lang::parse(code).unwrap_or(Lang::En);
    let t = lang.texts();
    let roles = Role::ALL.map(|role| t.values.role(role));
    let mut lines = vec![
        format!("| {} | | {} |", t.pages.action, roles.join(" | ")),
        format!("| --- | --- |{}", " --- |".repeat(roles.len())),
    ];
    for action in Action::ALL {
        let marks = Role::ALL.map(|role| {
            if action.roles().contains(&role) {
                "✓"
            } else {
                ""
            }
        });
        let asked = match action.confirmation() {
            Confirmation::None => "",
            Confirmation::Confirm => t.actions.asks_confirm,
            Confirmation::Reason => t.actions.asks_reason,
            Confirmation::Proof => t.actions.asks_proof,
        };
        let label = action_label(lang, *action);
        lines.push(format!("| {label} | {asked} | {} |", marks.join(" | ")));
    }
    lines.join("\n")
}
