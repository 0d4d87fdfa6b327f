//! The HTTP server of the sandbox.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use qlive_types::Clock;
use tokio::runtime::Handle;

use crate::config::SandboxConfig;
use crate::credentials::SandboxKeys;
use crate::cross_origin::cross_origin;
use crate::host_check::refuse_other_hosts;
use crate::state::SandboxState;
use crate::{control, css, im, virtual_payment, wechat, wechat_pay};

/// How long WeChat waits for the answer to a callback.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept, as the vendors' servers do.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// A running sandbox. Dropping it stops it.
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
    /// Starts to serve on `listener`. Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the listener cannot be used, or keys or the HTTP client cannot be created.
    pub fn start(listener: TcpListener, config: SandboxConfig, clock: Clock) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let http = reqwest::Client::builder()
            // Callbacks go to this machine, so a proxy of the environment must not be used.
            .no_proxy()
            .timeout(CALLBACK_TIMEOUT)
            .build()
            .map_err(io::Error::other)?;
        let url = format!("http://{address}");
        let keys = SandboxKeys::get_or_generate()?;
        let runtime = Handle::current();
        let state = SandboxState::new(config, clock, http, url, keys, runtime);
        let sandbox = web::Data::new(state);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(sandbox.clone())
                .wrap(cross_origin(&sandbox.config))
                .wrap(from_fn(refuse_other_hosts))
                .configure(wechat::wechat_routes)
                .configure(im::im_routes)
                .configure(css::css_routes)
                .configure(virtual_payment::virtual_payment_routes)
                .configure(wechat_pay::wechat_pay_routes)
                .configure(control::control_routes)
        })
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
        Ok(Self {
            address,
            task: tokio::spawn(server),
        })
    }

    /// The address at which the sandbox listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL at which the sandbox listens, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
