//! The audit of the ledger: started here, run in the background, and what the last one found.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use qlive_app::AuditResult;
use qlive_ledger::AuditError;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;

use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::ledger_audits::LedgerAudits;
use crate::state::State;
use crate::texts::fill;
use crate::view::{Frame, Page, PageTemplate, Section, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/ledger/audit", web::get().to(show));
    register::<RunAudit>(config, "/ledger/audit/run");
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewLedger, "").await?;
    let t = visit.t();
    let mut page = Page::new(t.pages.audit_title);
    page.back = Some((t.pages.ledger_title.to_owned(), "/ledger".to_owned()));
    let LedgerAudits { running, failed } = visit.state.ledger_audits.get();
    let last = visit.state.services.last_audit().await?;
    let mut note = |text: String, tone: Tone| page.sections.push(Section::Note { text, tone });
    if let Some(since) = running {
        note(
            fill(t.pages.audit_runs, &[&format::time(since)]),
            Tone::Warn,
        );
    } else if last.is_none() && failed.is_none() {
        note(t.pages.audit_none.to_owned(), Tone::Quiet);
    }
    if let Some(at) = failed {
        note(fill(t.pages.audit_failed, &[&format::time(at)]), Tone::Bad);
    }
    if let Some((at, result)) = last {
        let at = format::time(at);
        match result {
            AuditResult::Agrees {
                entries,
                transfers,
                chain_head,
            } => {
                let (entries, transfers) = (format::grouped(entries), format::grouped(transfers));
                let parts = [&at, &entries, &transfers, &chain_head];
                note(
                    fill(t.pages.audit_good, &parts.map(String::as_str)),
                    Tone::Good,
                );
            }
            AuditResult::Violated(violation) => {
                note(fill(t.pages.audit_bad, &[&at, &violation]), Tone::Bad);
            }
        }
    }
    page.is_running = running.is_some();
    if running.is_none() {
        let button = visit.button(Action::AuditLedger, t.pages.audit_now, "/ledger/audit/run");
        page.buttons.extend(button);
    }
    html(&PageTemplate {
        frame: Frame::new(&visit, "/ledger").await?,
        page,
    })
}

struct RunAudit;

impl Act for RunAudit {
    const ACTION: Action = Action::AuditLedger;
    type Path = ();

    fn subject((): &()) -> String {
        String::new()
    }

    async fn form(visit: &Visit, (): &()) -> Result<ActionForm, Failure> {
        let t = visit.t();
        let mut form = ActionForm::new(visit, t.pages.audit_now, "/ledger/audit");
        form.title = t.pages.audit_title.to_owned();
        form.lines.push(t.pages.audit_text.to_owned());
        Ok(form)
    }

    async fn act(visit: &Visit, (): &(), by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let recorded = visit
            .state
            .operators
            .record_read(by, Self::ACTION, "")
            .await;
        recorded.map_err(|error| refuse(error, &t.failures))?;
        if visit.state.ledger_audits.begin(visit.now) {
            actix_web::rt::spawn(run(visit.state.clone()));
        }
        Ok(Done::At("/ledger/audit".to_owned()))
    }
}

/// Checks the whole ledger, now.
async fn run(state: Data<State>) {
    let failed = match state.services.audit().await {
        Ok(_) | Err(AuditError::Violation(_)) => None,
        Err(AuditError::Store(error)) => {
            tracing::error!(%error, "the audit of the ledger failed");
            Some(state.now())
        }
    };
    state.ledger_audits.end(failed);
}
