//! The sandbox's own HTTP server.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::body::BodyStream;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use qlive_types::Clock;
use serde_json::Value;

use crate::world::{Accounts, World};
use crate::{control, css, im, papers, pay, push, wechat, xpay};

/// A running sandbox. It ends when this is dropped.
pub struct Sandbox {
    address: SocketAddr,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sandbox {
    /// Serves on `listener`. Must be called inside a tokio runtime.
    pub fn start(listener: TcpListener, accounts: Accounts, clock: Clock) -> io::Result<Self> {
        let address = listener.local_addr()?;
        // Callbacks go to this machine, whatever proxy its environment names.
        // WeChat waits five seconds for an answer to a callback.
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()
            .map_err(io::Error::other)?;
        let base = format!("http://{address}");
        let world = web::Data::new(World::new(accounts, clock, http, base, papers::drawer()?));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(world.clone())
                .route("/sns/jscode2session", web::get().to(wechat::jscode2session))
                .route(
                    "/cgi-bin/stable_token",
                    web::post().to(wechat::stable_token),
                )
                .route("/wxa/msg_sec_check", web::post().to(wechat::msg_sec_check))
                .route("/v4/{service}/{command}", web::post().to(im::command))
                .route("/", web::post().to(css::call))
                .route("/wxa/checksession", web::get().to(wechat::checksession))
                .route("/xpay/{call}", web::post().to(xpay::call))
                .route("/sandbox/push", web::post().to(push::set_mode))
                .route("/sandbox/push/verify", web::post().to(push::verify_url))
                .configure(pay::routes)
                .configure(control::routes)
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
        Ok(Self {
            address,
            task: tokio::spawn(server),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Answers a call as the provider would, unless a fault strikes. `error` makes
/// the provider's own envelope of an error code.
pub(crate) async fn answer(
    world: &World,
    request: &HttpRequest,
    error: fn(&Value) -> Value,
    act: impl FnOnce() -> Value,
) -> HttpResponse {
    let Some(fault) = world.fault(request.path()).await else {
        return HttpResponse::Ok().json(act());
    };
    if let Some(status) = fault.status {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return HttpResponse::build(status).body("sandbox fault");
    }
    if let Some(code) = &fault.errcode {
        return HttpResponse::Ok().json(error(code));
    }
    let done = act();
    if fault.drop_answer {
        let broken =
            futures_util::stream::once(async { Err::<web::Bytes, _>(io::Error::other("dropped")) });
        return HttpResponse::Ok().body(BodyStream::new(broken));
    }
    HttpResponse::Ok().json(done)
}
