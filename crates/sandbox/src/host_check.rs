//! Which names of this machine a request may use.
//!
//! A page of any web site can have its own host name resolve to 127.0.0.1 and then call the sandbox
//! as its own origin (DNS rebinding). It cannot choose another `Host` than its own name, so only
//! requests for this machine by its own names are answered.

use std::net::IpAddr;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HOST;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use crate::state::SandboxState;

/// Answers 421 (Misdirected Request) to a request for another host.
pub(crate) async fn refuse_other_hosts(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_for_this_machine(&request) {
        let response = next.call(request).await?;
        return Ok(response.map_into_boxed_body());
    }
    let refusal = HttpResponse::MisdirectedRequest()
        .body("the sandbox answers only requests for localhost or its own address");
    Ok(request.into_response(refusal))
}

/// Whether every host that the request names is this machine, and it names one.
fn is_for_this_machine(request: &ServiceRequest) -> bool {
    let own_address = request.app_config().local_addr().ip();
    let sandbox = request.app_data::<web::Data<SandboxState>>();
    let allows_private = sandbox.is_some_and(|sandbox| sandbox.config.private_addresses);
    let headers = request.headers().get_all(HOST);
    let mut hosts: Vec<&str> = headers
        .map(|value| value.to_str().unwrap_or_default())
        .collect();
    hosts.extend(
        request
            .uri()
            .authority()
            .map(|authority| authority.as_str()),
    );
    !hosts.is_empty()
        && hosts
            .iter()
            .all(|host| names_this_machine(host, own_address, allows_private))
}

/// Whether a host, with or without a port, is a loopback name, the sandbox's own address, or where
/// that is allowed a private address. A page cannot have its own name be an address.
fn names_this_machine(host: &str, own_address: IpAddr, allows_private: bool) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name)
        .parse::<IpAddr>();
    match address {
        Ok(address) => {
            let is_own = address.is_loopback() || address == own_address;
            is_own || (allows_private && is_private(address))
        }
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_and_the_own_address_are_this_machine() {
        let own_address: IpAddr = "10.1.2.3".parse().unwrap();
        for host in [
            "localhost",
            "LOCALHOST:8081",
            "127.0.0.1:8081",
            "127.0.0.1",
            "127.8.9.1",
            "[::1]:8081",
            "[::1]",
            "10.1.2.3:8081",
        ] {
            assert!(names_this_machine(host, own_address, false), "{host}");
        }
        for host in [
            "",
            ":8081",
            "evil.example",
            "evil.example:8081",
            "localhost.evil.example",
            "localhost:x@evil.example",
            "localhost@evil.example:8081",
            "127.0.0.1.evil.example",
            "10.1.2.4",
            "0.0.0.0:8081",
        ] {
            assert!(!names_this_machine(host, own_address, false), "{host}");
        }
        for (host, allows_private) in [("192.168.1.5:8081", true), ("8.8.8.8:8081", false)] {
            let allowed = names_this_machine(host, own_address, true);
            assert_eq!(allowed, allows_private, "{host}");
        }
    }
}
