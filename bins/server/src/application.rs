//! The one way to build a server, for `main` and for tests.

use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use anyhow::{Context as _, bail};
use qlive_sandbox::{Papers, Sandbox};
use qlive_tencent::wechat::push::Push;
use qlive_types::Clock;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::house::{Parts, open};
use crate::http::{self, Limits, State, routes};
use crate::metrics::Metrics;
use crate::seeds;
use crate::settings::{Mode, Settings};

/// How long requests under way may take when the server is told to stop, in seconds.
const DRAIN_SECS: u64 = 30;
/// How long its workers may take after that, all together: several questions to a provider that answers slowly.
const END: Duration = Duration::from_secs(20);

/// A server that listens, with its workers, and its sandbox when it has one.
pub struct Application {
    url: String,
    sandbox: Option<Sandbox>,
    server: actix_web::dev::Server,
    workers: JoinSet<()>,
    /// Stops the workers when it is dropped.
    stop: DropGuard,
    parts: Parts,
}

impl Application {
    /// Opens everything. Ports of 0 are drawn. Signals are the caller's matter; see [`Application::handle`].
    pub async fn build(settings: &Settings, clock: Clock) -> anyhow::Result<Self> {
        let mode = settings.mode()?;
        let listener = TcpListener::bind(settings.server.listen)
            .with_context(|| format!("cannot listen on {}", settings.server.listen))?;
        // A drawn port is known from here on.
        let mut settings = settings.clone();
        settings.server.listen = listener.local_addr()?;
        let url = format!("http://{}", settings.server.listen);
        let (settings, sandbox) = match mode {
            Mode::Real => (settings, None),
            Mode::Sandbox => {
                let (settings, sandbox) = start_sandbox(&settings, &url, clock.clone())?;
                (settings, Some(sandbox))
            }
        };
        let db = open(&settings).await.context("cannot open the database")?;
        let parts = Parts::new(&settings, db, clock)?;
        let stop = CancellationToken::new();
        let mut workers = JoinSet::new();
        workers.spawn(parts.drainer().run(stop.clone()));
        workers.spawn(parts.keeper().run(stop.clone()));
        workers.spawn(parts.sealer().run(stop.clone()));
        workers.spawn(parts.sweeper().run(stop.clone()));
        if let Some(sandbox) = &sandbox {
            seeds::plant(&parts, &sandbox.url())
                .await
                .context("cannot plant the sandbox's seeds")?;
        }
        let server = serve(&settings, parts.clone(), listener)?;
        Ok(Self {
            url,
            sandbox,
            server,
            workers,
            stop: stop.drop_guard(),
            parts,
        })
    }

    /// Where it listens, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where its sandbox listens.
    #[must_use]
    pub fn sandbox_url(&self) -> Option<String> {
        self.sandbox.as_ref().map(Sandbox::url)
    }

    /// Its services, as operators' tools reach them too.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What stops it from outside.
    #[must_use]
    pub fn handle(&self) -> actix_web::dev::ServerHandle {
        self.server.handle()
    }

    /// Serves until it is stopped; requests under way are answered first. The
    /// sandbox, if there is one, is answered: it lives until it is dropped.
    /// Without one of its workers it does not go on: whoever watches it starts it anew.
    pub async fn run(mut self) -> anyhow::Result<Option<Sandbox>> {
        let handle = self.server.handle();
        let mut server = pin!(self.server);
        let fell = tokio::select! {
            served = &mut server => {
                served?;
                false
            }
            _ = self.workers.join_next() => {
                // The server stops only while it is waited for.
                tokio::join!(handle.stop(true), server).1?;
                true
            }
        };
        drop(self.stop);
        end(self.workers).await;
        if fell {
            bail!("a worker fell");
        }
        Ok(self.sandbox)
    }
}

/// Lets workers end what they are about. One that takes too long is cut off: what it was about is still in the database.
async fn end(mut workers: JoinSet<()>) {
    let all = async {
        while let Some(ended) = workers.join_next().await {
            if let Err(fault) = ended {
                tracing::error!(%fault, "a worker fell");
            }
        }
    };
    if timeout(END, all).await.is_err() {
        tracing::warn!("workers take too long and are cut off");
        workers.abort_all();
    }
}

fn start_sandbox(
    settings: &Settings,
    url: &str,
    clock: Clock,
) -> anyhow::Result<(Settings, Sandbox)> {
    let listener = TcpListener::bind(settings.sandbox.listen)
        .with_context(|| format!("cannot listen on {}", settings.sandbox.listen))?;
    let settings = settings.against_sandbox(
        &format!("http://{}", listener.local_addr()?),
        &Papers::drawn()?,
    );
    let accounts = seeds::accounts(&settings, format!("{url}{}", routes::BASE))?;
    let sandbox = Sandbox::start(listener, accounts, clock)?;
    Ok((settings, sandbox))
}

fn serve(
    settings: &Settings,
    parts: Parts,
    listener: TcpListener,
) -> anyhow::Result<actix_web::dev::Server> {
    let (im, live) = (settings.im()?, settings.live()?);
    let push = settings.wechat.push.as_ref();
    let push = push
        .map(|push| Push::new(&push.appid, push.token.clone(), &push.encoding_aes_key))
        .transpose()?;
    let state = web::Data::new(State {
        parts,
        metrics: Metrics::new()?,
        limits: Limits::new(settings),
        public_url: settings.public_url(),
        sdk_app_id: im.sdk_app_id,
        im_callback_token: im.callback_token.clone(),
        live_callback_key: live.callback_key.clone(),
        push,
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(http::BODY_LIMIT))
            .wrap(from_fn(http::envelope))
            .configure(routes::configure)
    })
    .disable_signals()
    .shutdown_timeout(DRAIN_SECS);
    Ok(server.listen(listener)?.run())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_one_of_its_workers_it_stops() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.server.listen = ([127, 0, 0, 1], 0).into();
        settings.sandbox.listen = ([127, 0, 0, 1], 0).into();
        settings.database.url =
            format!("sqlite://{}", folder.path().join("qlive.db").display()).into();
        let mut application = Application::build(&settings, Clock::system())
            .await
            .unwrap();
        application.workers.spawn(async {});
        let Err(why) = application.run().await else {
            panic!("it goes on")
        };
        assert_eq!(why.to_string(), "a worker fell");
    }
}
