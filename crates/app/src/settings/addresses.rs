//! Checks of the URLs in the settings. A URL is parsed before anything is decided by its host: the
//! host of `https://localhost:x@evil.example` is `evil.example`.

use std::net::IpAddr;

use anyhow::{Context as _, ensure};
use url::{Host, Url};

use super::Settings;

impl Settings {
    /// Whether clients reach this server only from this machine, or, where the settings say so,
    /// from the private network that it is in.
    pub(super) fn is_local(&self) -> bool {
        let others = [self.server.internal_listen, self.sandbox.join];
        let mut others = others.into_iter().flatten();
        let allows_private = self.sandbox.private_addresses;
        let is_allowed =
            |address: IpAddr| address.is_loopback() || (allows_private && is_private(address));
        is_allowed(self.server.listen.ip())
            && is_allowed(self.sandbox.listen.ip())
            && others.all(|address| is_allowed(address.ip()))
            && leads_to_allowed(&self.server.public_url, is_allowed)
    }

    /// Checks every URL of the settings.
    ///
    /// # Errors
    /// Names the setting of the first URL that is not one, or that contains a user name.
    pub(super) fn check_urls(&self) -> anyhow::Result<()> {
        if !self.server.public_url.is_empty() {
            check_url("[server] public_url", &self.server.public_url)?;
        }
        for origin in &self.sandbox.origins {
            check_origin(origin)?;
        }
        check_url("[wechat] api_url", &self.wechat.api_url)?;
        check_url("[im] api_url", &self.im.api_url)?;
        if let Some(live) = &self.live {
            check_url("[live] api_url", &live.api_url)?;
        }
        if let Some(wechat_pay) = &self.wechat_pay {
            check_url("[wechat_pay] api_url", &wechat_pay.api_url)?;
        }
        Ok(())
    }

    /// Whether `public_url` is an https address.
    pub(crate) fn is_public_over_https(&self) -> bool {
        Url::parse(&self.server.public_url).is_ok_and(|url| url.scheme() == "https")
    }
}

/// Whether an address is one of a private network.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// An origin is a URL of nothing but scheme, host and port.
fn check_origin(origin: &str) -> anyhow::Result<()> {
    check_url("[sandbox] origins", origin)?;
    let url = Url::parse(origin).context("[sandbox] origins has no URL")?;
    ensure!(
        url.origin().ascii_serialization() == origin,
        "[sandbox] origins must be like http://192.168.1.5:5173"
    );
    Ok(())
}

/// Whether a URL leads to this machine or to an address that is allowed. An empty one does.
fn leads_to_allowed(url: &str, is_allowed: impl Fn(IpAddr) -> bool) -> bool {
    if url.is_empty() {
        return true;
    }
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => is_allowed(address.into()),
        Some(Host::Ipv6(address)) => is_allowed(address.into()),
        None => false,
    }
}

/// The error does not repeat the URL, which may contain a password.
fn check_url(setting: &str, text: &str) -> anyhow::Result<()> {
    let url = Url::parse(text).with_context(|| format!("{setting} is not a URL"))?;
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "{setting} must start with https:// or http://"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "{setting} must not contain a user name or a password"
    );
    // A parser repairs these, so the text would not be what was checked.
    let is_repaired = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    ensure!(
        url.query().is_none() && url.fragment().is_none() && !text.contains(is_repaired),
        "{setting} must be a plain URL, without a query"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_local(url: &str) -> bool {
        leads_to_allowed(url, |address| address.is_loopback())
    }

    #[test]
    fn private_addresses_are_allowed_only_when_the_settings_say_so() {
        let mut settings = Settings::default();
        settings.server.listen = ([192, 168, 1, 5], 8080).into();
        settings.sandbox.listen = ([192, 168, 1, 5], 8081).into();
        assert!(!settings.is_local());
        settings.sandbox.private_addresses = true;
        assert!(settings.is_local());
        settings.server.public_url = "http://192.168.1.5:8080".into();
        assert!(settings.is_local());
        for public in [[0, 0, 0, 0], [8, 8, 8, 8]] {
            settings.sandbox.listen = (public, 8081).into();
            assert!(!settings.is_local(), "{public:?}");
        }
    }

    #[test]
    fn origin_has_neither_path_nor_slash() {
        check_origin("http://192.168.1.5:5173").unwrap();
        for wrong in [
            "http://a.example/",
            "http://a.example/x",
            "*",
            "null",
            "a.example",
        ] {
            check_origin(wrong).unwrap_err();
        }
    }

    #[test]
    fn url_is_local_by_its_parsed_host() {
        for url in [
            "",
            "http://localhost",
            "http://localhost:8080/",
            "https://LOCALHOST",
            "http://127.0.0.1:8080",
            "http://127.8.9.1",
            "http://[::1]:8080",
        ] {
            assert!(is_local(url), "{url}");
        }
        for url in [
            "https://localhost:x@evil.example",
            "https://localhost@evil.example",
            "https://127.0.0.1:80@evil.example/",
            "https://localhost.evil.example",
            "https://evil.example/localhost",
            "https://evil.example#localhost",
            "https://evil.example\\@localhost",
            "http://10.0.0.1",
            "localhost:8080",
            "localhost",
            "//localhost",
            "https://",
        ] {
            assert!(!is_local(url), "{url}");
        }
    }

    #[test]
    fn url_with_user_info_or_another_scheme_is_refused_without_being_shown() {
        for url in [
            "https://localhost:hidden@evil.example",
            "https://hidden@api.example.com",
            "ftp://hidden.example.com",
            "https://api.example.com/?key=hidden",
            "https://api.example.com/#hidden",
            " https://hidden.example.com",
            "https://hidden.example.com\\path",
            "localhost:8080",
            "hidden",
        ] {
            let error = format!("{:#}", check_url("[x] url", url).unwrap_err());
            assert!(error.contains("[x] url"), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
        for url in ["https://api.example.com", "http://127.0.0.1:3128/wechat/"] {
            check_url("[x] url", url).unwrap();
        }
    }
}
