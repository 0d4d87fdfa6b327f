//! Checks of the URLs in the settings. A URL is parsed before anything is decided by its host: the
//! host of `https://localhost:x@evil.example` is `evil.example`.

use anyhow::{Context as _, ensure};
use url::{Host, Url};

use super::Settings;

impl Settings {
    /// Whether clients reach this server only from this machine.
    pub(super) fn is_on_loopback(&self) -> bool {
        let others = [self.server.internal_listen, self.sandbox.join];
        let mut others = others.into_iter().flatten();
        self.server.listen.ip().is_loopback()
            && self.sandbox.listen.ip().is_loopback()
            && others.all(|address| address.ip().is_loopback())
            && is_local(&self.server.public_url)
    }

    /// Checks every URL of the settings.
    ///
    /// # Errors
    /// Names the setting of the first URL that is not one, or that contains a user name.
    pub(super) fn check_urls(&self) -> anyhow::Result<()> {
        if !self.server.public_url.is_empty() {
            check_url("[server] public_url", &self.server.public_url)?;
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

/// Whether a URL leads to this machine. An empty one does.
fn is_local(url: &str) -> bool {
    if url.is_empty() {
        return true;
    }
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
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
