//! The playroom: the page at `/` in sandbox mode, in which a room plays, and the pictures of the
//! sandbox's seeds. Built from `clients/playroom` and embedded.

use std::io;

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use qlive_files::EmbeddedFiles;
use qlive_ledger::AuditError;
use rust_embed::RustEmbed;
use serde_json::json;
use tokio::sync::{Mutex, OnceCell};

use crate::http::{ApiError, State};

/// The built files.
#[derive(RustEmbed)]
#[folder = "../../clients/playroom/dist"]
struct BuiltFiles;

/// The folder of the files whose names change with their content.
const HASHED: &str = "assets/";

/// Read and compressed when one is first asked for.
static FILES: OnceCell<EmbeddedFiles> = OnceCell::const_new();
/// Held while the ledger is checked.
static AUDIT: Mutex<()> = Mutex::const_new(());

/// Registers the pages. Where the process has no sandbox of its own they are not found.
pub(super) fn configure_playroom(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(start_page))
        .route("/playroom/config.json", web::get().to(show_config))
        .route("/playroom/audit.json", web::get().to(audit_ledger))
        .route("/playroom/{file:.*}", web::get().to(page_file))
        .route("/pictures/{file:.*}", web::get().to(picture));
}

async fn start_page(state: Data<State>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    answer(&state, &request, "index.html").await
}

async fn page_file(
    state: Data<State>,
    request: HttpRequest,
    file: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &request, &file).await
}

async fn picture(
    state: Data<State>,
    request: HttpRequest,
    file: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &request, &format!("pictures/{file}")).await
}

/// Where the page finds the sandbox: at its own host, on this port.
async fn show_config(state: Data<State>) -> Result<HttpResponse, ApiError> {
    let port = state.sandbox_port.ok_or(ApiError::NOT_FOUND)?;
    Ok(HttpResponse::Ok().json(json!({"sandbox_port": port})))
}

/// Checks the ledger, as `qlive-admin ledger audit` does.
async fn audit_ledger(state: Data<State>) -> Result<HttpResponse, ApiError> {
    if state.sandbox_port.is_none() {
        return Err(ApiError::NOT_FOUND);
    }
    // On its own, and not as a part of the request: it reads the whole ledger.
    // One at a time, however many ask for it.
    let services = state.services.clone();
    let audited = tokio::spawn(async move {
        let _turn = AUDIT.lock().await;
        services.audit().await
    });
    let audited = audited.await;
    let audited = audited.map_err(|error| {
        tracing::error!(%error, "the audit failed");
        ApiError::INTERNAL
    })?;
    let report = match audited {
        Ok(report) => json!({
            "entries": report.entries,
            "transfers": report.transfers,
            "chain_head": report.chain_head,
        }),
        Err(AuditError::Violation(violation)) => json!({"violation": violation.0}),
        Err(AuditError::Store(error)) => {
            tracing::error!(%error, "the ledger cannot be checked");
            return Err(ApiError::INTERNAL);
        }
    };
    Ok(HttpResponse::Ok().json(report))
}

async fn answer(
    state: &State,
    request: &HttpRequest,
    name: &str,
) -> Result<HttpResponse, ApiError> {
    let port = state.sandbox_port.ok_or(ApiError::NOT_FOUND)?;
    let files = FILES.get_or_try_init(prepare_files).await?;
    let file = files.get(name).ok_or(ApiError::NOT_FOUND)?;
    let mut response = file.answer(request);
    // Without it the page gets the policy of a text, which is stricter.
    if let Ok(policy) = policy(request.connection_info().host(), port).parse() {
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// What the pages may load: their own files, pictures from anywhere, and the API and the sandbox of
/// the host that they came from.
fn policy(host: &str, sandbox_port: u16) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let name = if name.bytes().all(is_plain) {
        name
    } else {
        "127.0.0.1"
    };
    let sandbox = format!("{name}:{sandbox_port}");
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; \
         img-src 'self' data: http: https:; media-src 'self' blob:; \
         connect-src 'self' http://{sandbox} ws://{sandbox}; \
         frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
}

/// Compresses the files, on a thread that may block.
async fn prepare_files() -> Result<EmbeddedFiles, ApiError> {
    let prepared = web::block(|| EmbeddedFiles::read::<BuiltFiles>(HASHED))
        .await
        .map_err(io::Error::other);
    prepared.flatten().map_err(|error| {
        tracing::error!(%error, "the playroom cannot be prepared");
        ApiError::INTERNAL
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_known_types_and_the_page_is_among_them() {
        let files = EmbeddedFiles::read::<BuiltFiles>(HASHED).unwrap();
        assert!(files.get("index.html").is_some());
    }

    #[test]
    fn policy_names_the_sandbox_at_the_host_of_the_request() {
        let connect = |host| {
            let policy = policy(host, 8081);
            let parts = policy
                .split("; ")
                .find(|part| part.starts_with("connect-src"));
            parts.unwrap_or_default().to_owned()
        };
        assert_eq!(
            connect("localhost:8080"),
            "connect-src 'self' http://localhost:8081 ws://localhost:8081"
        );
        assert!(connect("[::1]:8080").contains("ws://[::1]:8081"));
        assert!(connect("a; script-src *").contains("ws://127.0.0.1:8081"));
    }
}
