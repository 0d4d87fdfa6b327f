//! The server on a listener: its connections pass the table of connections and carry deadlines.

use std::fmt;
use std::future::ready;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService, KeepAlive, Protocol, Request, Response};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use tokio::net::{TcpSocket, TcpStream};

use super::limits::ConnectionLimits;
use super::stream::Connection;
use super::table::ConnectionTable;

/// Connections that the kernel completes before they are accepted.
const BACKLOG: u32 = 4_096;
/// What the kernel holds for one connection in each direction, in bytes. It doubles the number.
const KERNEL_BUFFER: u32 = 65_536;
/// Connections that may be accepted above the bound, only to be refused.
const REFUSED_AT_ONCE: usize = 64;

/// The address of the listener that a connection came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListenerAddress(pub(crate) SocketAddr);

/// Listens at an address, with small buffers in the kernel: a client that does not read holds no
/// more than them.
///
/// # Errors
/// When the address is in use or not one of this machine.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(KERNEL_BUFFER)?;
    socket.set_recv_buffer_size(KERNEL_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// A server on these listeners.
///
/// # Errors
/// When a listener is not usable.
pub(crate) fn serve<F, I, S, B>(
    listeners: Vec<TcpListener>,
    table: &Arc<ConnectionTable>,
    limits: &ConnectionLimits,
    drain: Duration,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let workers = limits.workers.unwrap_or_else(available_cores);
    let accepted = table.total().saturating_add(REFUSED_AT_ONCE);
    let mut builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(accepted.div_ceil(workers))
        .disable_signals()
        .shutdown_timeout(drain.as_secs());
    for listener in listeners {
        builder = add_listener(builder, listener, table, limits, app.clone())?;
    }
    Ok(builder.run())
}

fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().min(64))
}

fn add_listener<F, I, S, B>(
    builder: ServerBuilder,
    listener: TcpListener,
    table: &Arc<ConnectionTable>,
    limits: &ConnectionLimits,
    app: F,
) -> io::Result<ServerBuilder>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let (table, limits) = (table.clone(), limits.clone());
    let stopping = builder.graceful_shutdown_signal();
    builder.listen(address.to_string(), listener, move || {
        let (table, connection_limits) = (table.clone(), limits.clone());
        let stopping = stopping.clone();
        let app = app().into_factory().map_err(|error| {
            let error: Error = error.into();
            error.error_response()
        });
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            // A connection has its own deadlines.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(limits.linger)
            .on_connect_ext(move |connection: &Connection, data: &mut Extensions| {
                data.insert(connection.progress().clone());
                data.insert(ListenerAddress(address));
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |io: TcpStream| {
            ready(accept(io, &table, &connection_limits).map_err(DispatchError::Io))
        })
        .and_then(http)
    })
}

/// Registers a connection, or closes it at once.
fn accept(
    io: TcpStream,
    table: &Arc<ConnectionTable>,
    limits: &ConnectionLimits,
) -> io::Result<(Connection, Protocol, Option<SocketAddr>)> {
    let peer = io.peer_addr()?;
    let registered = table
        .register(peer.ip())
        .ok()
        .ok_or(ErrorKind::ConnectionRefused)?;
    let connection = Connection::new(io, limits.clone(), registered);
    Ok((connection, Protocol::Http1, Some(peer)))
}
