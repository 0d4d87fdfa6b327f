//! The address that a request is counted for.

use actix_web::HttpRequest;
use qlive_types::{ClientAddress, TrustedProxies};

/// The client of a request: the peer, or the last hop before the trusted proxies.
pub(super) fn client_address(proxies: &TrustedProxies, request: &HttpRequest) -> ClientAddress {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let lines = request.headers().get_all("X-Forwarded-For");
    proxies.client_address(peer, lines.map(|line| line.as_bytes()))
}
