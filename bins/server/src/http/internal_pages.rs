//! Where the pages for operators are served: the metrics, the OpenAPI document and the explorer.

use std::net::SocketAddr;

use actix_web::dev::ServiceRequest;

use crate::api::is_internal_page;
use crate::connections::ListenerAddress;

/// The listener that serves the pages for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InternalPages {
    /// None.
    Nowhere,
    /// The listener at this address.
    At(SocketAddr),
}

impl InternalPages {
    /// The pages are on the internal listener. Without one they are on the main listener, unless
    /// others than this machine can reach it.
    pub(crate) fn new(main: SocketAddr, internal: Option<SocketAddr>) -> Self {
        match internal {
            Some(address) => Self::At(address),
            None if main.ip().is_loopback() => Self::At(main),
            None => Self::Nowhere,
        }
    }

    /// The address of that listener.
    pub(crate) const fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Nowhere => None,
            Self::At(address) => Some(address),
        }
    }

    /// Whether the page at `path` is served to this request. Other paths are served everywhere.
    pub(super) fn are_served(self, request: &ServiceRequest, path: &str) -> bool {
        if !is_internal_page(path) {
            return true;
        }
        let listener = request.request().conn_data::<ListenerAddress>();
        listener.is_some_and(|listener| self == Self::At(listener.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_internal_listener_pages_are_served_on_loopback_only() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (local, public) = (address("127.0.0.1:8080"), address("0.0.0.0:8080"));
        let internal = address("10.0.0.1:9090");
        assert_eq!(InternalPages::new(local, None), InternalPages::At(local));
        assert_eq!(
            InternalPages::new(address("[::1]:1"), None),
            InternalPages::At(address("[::1]:1"))
        );
        assert_eq!(InternalPages::new(public, None), InternalPages::Nowhere);
        for main in [local, public] {
            assert_eq!(
                InternalPages::new(main, Some(internal)),
                InternalPages::At(internal)
            );
        }
    }
}
