//! Builds and runs a server, for `main` and for tests.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, web};
use anyhow::{Context as _, bail};
use qlive_app::{BASE_PATH, Mode, SandboxCredentials, Services, Settings, open_database};
use qlive_sandbox::{Credentials, Sandbox, SandboxConfig};
use qlive_tencent::wechat::push::MessagePush;
use qlive_types::Clock;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api::configure;
use crate::connections::{
    self, Bounds, ConnectionLimits, ConnectionTable, connection_bound, raise_file_limit,
};
use crate::http::{BODY_LIMIT, InternalPages, RateLimits, State, cross_origin, finish_response};
use crate::metrics::Metrics;
use crate::seeds;

/// How long running requests may take when the server is stopped.
const DRAIN: Duration = Duration::from_secs(30);
/// How long all workers together may take after that: enough for several queries to a provider
/// that answers slowly.
const WORKERS_STOP: Duration = Duration::from_secs(20);

/// A server that listens, with its workers, and its sandbox when it has one.
pub struct Application {
    url: String,
    /// Where the pages for operators are served, if anywhere.
    internal_url: Option<String>,
    sandbox: Option<Sandbox>,
    server: Server,
    workers: JoinSet<()>,
    /// Stops the workers when it is dropped.
    stop: DropGuard,
    services: Services,
}

impl Application {
    /// Opens the database, starts the sandbox and the workers, and listens. A port of 0 takes a
    /// free one. Signals are not handled here; see [`Application::handle`].
    ///
    /// # Errors
    /// When the settings are incomplete, an address is in use, or the database cannot be opened.
    pub async fn build(settings: &Settings, clock: Clock) -> anyhow::Result<Self> {
        Self::build_with(settings, clock, &ConnectionLimits::default()).await
    }

    /// The same as [`Application::build`], with other limits of connections.
    ///
    /// # Errors
    /// As [`Application::build`].
    pub async fn build_with(
        settings: &Settings,
        clock: Clock,
        limits: &ConnectionLimits,
    ) -> anyhow::Result<Self> {
        let mode = settings.mode()?;
        let listener = listen(settings.server.listen)?;
        let mut settings = settings.clone();
        // The port is known only now if it was 0.
        settings.server.listen = listener.local_addr()?;
        let url = format!("http://{}", settings.server.listen);
        let (settings, sandbox) = match mode {
            Mode::Sandbox if !settings.has_sandbox_credentials() => {
                start_or_join_sandbox(&settings, &url, clock.clone()).await?
            }
            Mode::Sandbox | Mode::Real => (settings, None),
        };
        let db = open_database(&settings)
            .await
            .context("cannot open the database")?;
        let services = Services::new(&settings, db, clock)?;
        let stop = CancellationToken::new();
        let workers = start_workers(&services, &stop);
        if let Some(sandbox) = &sandbox {
            seeds::create_seeds(&services, &sandbox.url(), &settings.public_url())
                .await
                .context("cannot create the sandbox's seeds")?;
        }
        let internal = settings.server.internal_listen.map(listen).transpose()?;
        let internal_pages = internal_pages(&listener, internal.as_ref())?;
        let listeners = [Some(listener), internal].into_iter().flatten().collect();
        let sandbox_port = sandbox.as_ref().map(|sandbox| sandbox.address().port());
        let state = build_state(&settings, services.clone(), internal_pages, sandbox_port)?;
        let bounds = connection_bounds(&settings, mode);
        let server = build_http_server(state, listeners, bounds, limits)?;
        Ok(Self {
            url,
            internal_url: internal_pages
                .address()
                .map(|address| format!("http://{address}")),
            sandbox,
            server,
            workers,
            stop: stop.drop_guard(),
            services,
        })
    }

    /// Where it listens, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where `/metrics`, `/openapi.json` and `/docs` are served, without a trailing slash.
    #[must_use]
    pub fn internal_url(&self) -> Option<&str> {
        self.internal_url.as_deref()
    }

    /// Where its sandbox listens, without a trailing slash.
    #[must_use]
    pub fn sandbox_url(&self) -> Option<String> {
        self.sandbox.as_ref().map(Sandbox::url)
    }

    /// Its services.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Stops the server from outside.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until it is stopped. Running requests are answered, then the workers stop. Returns
    /// the sandbox, which serves until it is dropped.
    ///
    /// # Errors
    /// When the server fails, or one of its workers stops: whatever supervises the process is to
    /// start it again.
    pub async fn run(mut self) -> anyhow::Result<Option<Sandbox>> {
        let handle = self.server.handle();
        let mut server = pin!(self.server);
        let worker_stopped = tokio::select! {
            served = &mut server => {
                served?;
                false
            }
            _ = self.workers.join_next() => {
                // The server stops only while it is awaited.
                tokio::join!(handle.stop(true), server).1?;
                true
            }
        };
        drop(self.stop);
        join_workers(self.workers).await;
        if worker_stopped {
            bail!("a worker stopped");
        }
        Ok(self.sandbox)
    }
}

fn start_workers(services: &Services, stop: &CancellationToken) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    workers.spawn(services.outbox_worker().run(stop.clone()));
    workers.spawn(services.timeout_worker().run(stop.clone()));
    workers.spawn(services.authentication_worker().run(stop.clone()));
    workers.spawn(services.comment_worker().run(stop.clone()));
    workers.spawn(services.chain_sealer().run(stop.clone()));
    workers.spawn(services.chain_sum_worker().run(stop.clone()));
    workers.spawn(services.daily_money_worker().run(stop.clone()));
    workers.spawn(services.payment_poller().run(stop.clone()));
    workers.spawn(services.last_seen_worker().run(stop.clone()));
    workers
}

/// Waits until the workers have finished what they are doing. A worker that takes too long is
/// aborted: its work is still in the database.
async fn join_workers(mut workers: JoinSet<()>) {
    let all = async {
        while let Some(joined) = workers.join_next().await {
            if let Err(error) = joined {
                tracing::error!(%error, "a worker failed");
            }
        }
    };
    if timeout(WORKERS_STOP, all).await.is_err() {
        tracing::warn!("the workers take too long and are aborted");
        workers.abort_all();
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    connections::listen(address).with_context(|| format!("cannot listen on {address}"))
}

fn internal_pages(
    main: &TcpListener,
    internal: Option<&TcpListener>,
) -> anyhow::Result<InternalPages> {
    let internal = internal.map(TcpListener::local_addr).transpose()?;
    Ok(InternalPages::new(main.local_addr()?, internal))
}

/// Starts a sandbox, or finds the one that another process started. Returns the settings with its
/// credentials.
async fn start_or_join_sandbox(
    settings: &Settings,
    url: &str,
    clock: Clock,
) -> anyhow::Result<(Settings, Option<Sandbox>)> {
    if let Some(address) = settings.sandbox.join {
        let sandbox_url = format!("http://{address}");
        let credentials = SandboxCredentials::fetch(&sandbox_url).await;
        let credentials = credentials.context("[sandbox] join: no sandbox answers there")?;
        return Ok((settings.against_sandbox(&sandbox_url, &credentials)?, None));
    }
    let (settings, sandbox) = start_sandbox(settings, url, clock)?;
    Ok((settings, Some(sandbox)))
}

/// Starts the sandbox. Returns the settings with its credentials.
fn start_sandbox(
    settings: &Settings,
    url: &str,
    clock: Clock,
) -> anyhow::Result<(Settings, Sandbox)> {
    let listener = listen(settings.sandbox.listen)?;
    let sandbox_url = format!("http://{}", listener.local_addr()?);
    let credentials = sandbox_credentials(Credentials::get_or_generate()?);
    let settings = settings.against_sandbox(&sandbox_url, &credentials)?;
    let mut config = SandboxConfig::new(format!("{url}{BASE_PATH}"));
    config.origins.clone_from(&settings.sandbox.origins);
    config.private_addresses = settings.sandbox.private_addresses;
    let sandbox = Sandbox::start(listener, config, clock)?;
    Ok((settings, sandbox))
}

/// The credentials that the sandbox in this process hands out.
fn sandbox_credentials(generated: Credentials) -> SandboxCredentials {
    SandboxCredentials {
        merchant_key: generated.merchant_key,
        public_key_id: generated.public_key_id,
        public_key: generated.public_key,
        certificate_serial: generated.certificate_serial,
        certificate: generated.certificate,
    }
}

fn build_http_server(
    state: State,
    listeners: Vec<TcpListener>,
    bounds: Bounds,
    limits: &ConnectionLimits,
) -> anyhow::Result<Server> {
    let table = ConnectionTable::new(bounds, state.metrics.clone());
    let state = web::Data::new(state);
    let app = move || {
        let origins = &state.origins;
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .wrap(from_fn(finish_response))
            .wrap(Condition::new(!origins.is_empty(), cross_origin(origins)))
            .configure(configure)
    };
    Ok(connections::serve(listeners, &table, limits, DRAIN, app)?)
}

/// How many connections there may be, by the settings and by the files that the process may open.
fn connection_bounds(settings: &Settings, mode: Mode) -> Bounds {
    let total = connection_bound(raise_file_limit(), settings, mode);
    let (limits, proxies) = (&settings.limits, &settings.server.trusted_proxies);
    let per_address = usize::try_from(limits.connections_per_ip).unwrap_or(usize::MAX);
    tracing::info!(total, per_address, "connections are bounded");
    Bounds {
        total,
        per_address: (limits.enabled && per_address > 0).then_some(per_address),
        trusted_proxies: proxies.iter().map(IpAddr::to_canonical).collect(),
    }
}

fn build_state(
    settings: &Settings,
    services: Services,
    internal_pages: InternalPages,
    sandbox_port: Option<u16>,
) -> anyhow::Result<State> {
    let (im, live) = (settings.im()?, settings.live()?);
    let push = settings.wechat.push.as_ref();
    let push = push
        .map(|push| MessagePush::new(&push.appid, push.token.clone(), &push.encoding_aes_key))
        .transpose()?;
    Ok(State {
        services,
        metrics: Metrics::new()?,
        rate_limits: RateLimits::new(settings),
        internal_pages,
        public_url: settings.public_url(),
        sdk_app_id: im.sdk_app_id,
        origins: if settings.is_sandbox() {
            settings.sandbox.origins.clone()
        } else {
            Vec::new()
        },
        sandbox_port,
        im_callback_token: im.callback_token.clone(),
        live_callback_key: live.callback_key.clone(),
        push,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_proxy_that_is_written_as_ipv6_is_its_ipv4_address() {
        let mut settings = Settings::default();
        settings.server.trusted_proxies = vec!["::ffff:10.0.0.1".parse().unwrap()];
        let bounds = connection_bounds(&settings, Mode::Sandbox);
        assert_eq!(bounds.trusted_proxies, [IpAddr::from([10, 0, 0, 1])]);
    }

    #[tokio::test]
    async fn server_stops_with_an_error_when_a_worker_stops() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.server.listen = ([127, 0, 0, 1], 0).into();
        settings.sandbox.listen = ([127, 0, 0, 1], 0).into();
        settings.database.url =
            format!("sqlite://{}", folder.path().join("qlive.db").display()).into();
        let application = Application::build(&settings, Clock::system()).await;
        let mut application = application.unwrap();
        application.workers.spawn(async {});
        let Err(error) = application.run().await else {
            panic!("the server did not stop with an error")
        };
        assert_eq!(error.to_string(), "a worker stopped");
    }
}
