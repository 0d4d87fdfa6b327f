//! [`Console`]: the server of the pages.

use std::net::TcpListener;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, FormConfig, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::Context as _;
use qlive_app::Services;
use secrecy::ExposeSecret as _;

use crate::http::{FORM_LIMIT, Failure, finish, not_found};
use crate::pages;
use crate::settings::ConsoleSettings;
use crate::state::State;

/// The console, which listens and waits to be run.
pub struct Console {
    server: Server,
    url: String,
    state: Data<State>,
}

impl Console {
    /// Begins to listen. Nothing is served before [`Console::run`].
    ///
    /// # Errors
    /// When the address of the listener cannot be read or the server cannot be made.
    pub fn new(
        services: Services,
        settings: ConsoleSettings,
        listener: TcpListener,
    ) -> anyhow::Result<Self> {
        let url = format!("http://{}", listener.local_addr()?);
        let state = State::new(services, settings).context("the console's files")?;
        let state = Data::new(state);
        let shared = state.clone();
        let app = move || {
            App::new()
                .app_data(shared.clone())
                .app_data(FormConfig::default().limit(FORM_LIMIT))
                .wrap(from_fn(finish))
                .route("/assets/{name:.*}", web::get().to(asset))
                .configure(pages::configure)
                .default_service(web::to(not_found))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .listen(listener)?
            .run();
        Ok(Self { server, url, state })
    }

    /// Where it listens, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A link that logs an owner in, once, within 30 minutes. Only a sandbox has such links.
    ///
    /// # Errors
    /// When this is no sandbox, or the database fails.
    pub async fn sandbox_link(&self) -> anyhow::Result<String> {
        anyhow::ensure!(self.state.is_sandbox, "only a sandbox logs in by a link");
        let secret = self.state.operators.sandbox_link().await?;
        Ok(format!("{}/link/{}", self.url, secret.expose_secret()))
    }

    /// Stops the console from outside.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until it is stopped.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(self) -> anyhow::Result<()> {
        Ok(self.server.await?)
    }
}

/// Answers with a file.
async fn asset(
    state: Data<State>,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Failure> {
    let file = state.files.get(&name).ok_or(Failure::NotFound)?;
    Ok(file.answer(&request))
}
