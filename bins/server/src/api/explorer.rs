//! The API explorer and the OpenAPI document, served from memory that all readers share.

use std::io;
use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use qlive_files::{REVALIDATE, SharedFile};
use tokio::sync::OnceCell;
use utoipa_swagger_ui::Config;

use super::openapi::document;
use crate::http::ApiError;

/// The path of the document.
const DOCUMENT: &str = "/openapi.json";
/// The files of the explorer that its page loads.
const FILES: [&str; 8] = [
    "index.html",
    "index.css",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-initializer.js",
    "favicon-16x16.png",
    "favicon-32x32.png",
];
/// The files of the explorer change only with the explorer.
const KEEP_A_DAY: &str = "public, max-age=86400";

/// The document and the files are made when they are first asked for, once in each process.
static OPENAPI: OnceCell<SharedFile> = OnceCell::const_new();
static EXPLORER: OnceCell<Vec<(&str, SharedFile)>> = OnceCell::const_new();

/// Registers the explorer and the document.
pub(super) fn configure_explorer(config: &mut web::ServiceConfig) {
    config
        .route(DOCUMENT, web::get().to(openapi_document))
        .route("/docs", web::get().to(redirect_to_docs))
        .route("/docs/{file:.*}", web::get().to(explorer_file));
}

async fn redirect_to_docs() -> HttpResponse {
    HttpResponse::Found()
        .insert_header((LOCATION, "/docs/"))
        .finish()
}

async fn openapi_document(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let file = OPENAPI.get_or_try_init(|| make(document_file)).await?;
    Ok(file.answer(&request))
}

async fn explorer_file(
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let name = match path.as_str() {
        "" => "index.html",
        name => name,
    };
    if !FILES.contains(&name) {
        return Err(ApiError::NOT_FOUND);
    }
    let files = EXPLORER.get_or_try_init(|| make(explorer_files)).await?;
    let file = files.iter().find(|(file, _)| *file == name);
    let (_, file) = file.ok_or(ApiError::NOT_FOUND)?;
    Ok(file.answer(&request))
}

/// Makes files on a thread that may block: compressing takes a while.
async fn make<T: Send + 'static>(make: fn() -> io::Result<T>) -> Result<T, ApiError> {
    let made = web::block(make).await.map_err(io::Error::other);
    made.flatten().map_err(|error| {
        tracing::error!(%error, "the API explorer cannot be prepared");
        ApiError::INTERNAL
    })
}

fn document_file() -> io::Result<SharedFile> {
    let document = serde_json::to_vec(&document())?;
    SharedFile::new("application/json", REVALIDATE, document)
}

fn explorer_files() -> io::Result<Vec<(&'static str, SharedFile)>> {
    // The badge of a validator would be loaded from another host.
    let config = Arc::new(Config::new([DOCUMENT]).validator_url("none"));
    let mut files = Vec::new();
    for name in FILES {
        let file = utoipa_swagger_ui::serve(name, config.clone());
        // The error says no more than that the file is not UTF-8, and cannot be sent on.
        let file = file.map_err(|error| io::Error::other(error.to_string()))?;
        let file = file.ok_or_else(|| io::Error::other(format!("{name} is missing")))?;
        let caching = match name {
            "index.html" | "swagger-initializer.js" => REVALIDATE,
            _ => KEEP_A_DAY,
        };
        let shared = SharedFile::new(&file.content_type, caching, file.bytes.into_owned())?;
        files.push((name, shared));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explorer_has_all_its_files() {
        assert_eq!(explorer_files().unwrap().len(), FILES.len());
    }
}
