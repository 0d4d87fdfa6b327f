//! Addresses of pictures and pages that clients load: what they may be, and in which form they are
//! stored.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use url::{Host, Origin, Url};

use crate::text;

/// The most bytes of an address.
const MAX_BYTES: usize = 512;
/// Characters that end an address early, or that clients read in different ways.
const FORBIDDEN: [char; 6] = ['"', '\'', '`', '<', '>', '\\'];
/// Endings of host names that only a local network knows (RFC 6761, RFC 6762, RFC 8375).
const LOCAL_SUFFIXES: [&str; 9] = [
    ".home",
    ".home.arpa",
    ".internal",
    ".intranet",
    ".invalid",
    ".lan",
    ".local",
    ".localdomain",
    ".localhost",
];
/// Schemes under which a client runs or shows what the text itself holds, or loads files.
const FORBIDDEN_SCHEMES: [&str; 6] = ["blob", "data", "file", "ftp", "javascript", "vbscript"];

/// What an address that is sent to clients may be. This is the one definition, whoever sets it: a
/// user, WeChat, Tencent or an operator. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct WebAddressRules {
    /// Scheme, host and port that are good although the host is not public.
    own_origins: Arc<[Origin]>,
}

impl WebAddressRules {
    /// Rules under which addresses below `urls` are good too, although their hosts are not public:
    /// those of a sandbox and its server.
    #[must_use]
    pub fn with_own_origins(urls: &[&str]) -> Self {
        let origin = |url: &&str| Some(Url::parse(url).ok()?.origin());
        Self {
            own_origins: urls.iter().filter_map(origin).collect(),
        }
    }

    /// The address in its normalized form: HTTP or HTTPS, a public host, no user info, at most 512
    /// bytes. `None` for any other text.
    #[must_use]
    pub fn parse(&self, typed: &str) -> Option<String> {
        let is_clean = |c: char| !c.is_whitespace() && !c.is_control() && !FORBIDDEN.contains(&c);
        let typed = typed.trim();
        let (scheme, rest) = typed.split_once("://")?;
        if !is_web(&scheme.to_ascii_lowercase())
            || rest.starts_with('/')
            || !typed.chars().all(is_clean)
        {
            return None;
        }
        let url = Url::parse(typed).ok()?;
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        let is_reachable = is_public(&url.host()?) || self.own_origins.contains(&url.origin());
        (is_anonymous && is_reachable && url.as_str().len() <= MAX_BYTES).then(|| url.into())
    }

    /// Whether a text that a client may use as an address or show, such as a value of a config, is
    /// good: its lines may be shown, and if it begins with an address of a web page or of a scheme
    /// that is not allowed, that address is one of these rules. Other schemes are good: they open
    /// pages of WeChat and of apps.
    #[must_use]
    pub fn allow(&self, value: &str) -> bool {
        // Clients read an address across the end of a line.
        let joined = value.replace(['\t', '\n', '\r'], "");
        let is_good = |text: &str| {
            let first = text.split_whitespace().next().unwrap_or_default();
            !is_address(first) || self.parse(first).is_some()
        };
        text::is_displayable_lines(value) && is_good(value) && is_good(&joined)
    }
}

/// Whether a text is an address of a web page, of a scheme that is not allowed, or one that clients
/// complete with their own scheme.
fn is_address(text: &str) -> bool {
    let is_checked = |scheme: &str| is_web(scheme) || FORBIDDEN_SCHEMES.contains(&scheme);
    let is_slash = |c: char| c == '/' || c == '\\';
    let (scheme, _) = text.split_once(':').unwrap_or_default();
    text.chars().take(2).filter(|c| is_slash(*c)).count() == 2
        || is_checked(&scheme.to_ascii_lowercase())
        || Url::parse(text).is_ok_and(|url| is_checked(url.scheme()))
}

fn is_web(scheme: &str) -> bool {
    ["http", "https"].contains(&scheme)
}

/// Whether a host is one that every client can reach.
fn is_public(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_public_name(name),
        Host::Ipv4(address) => is_public_v4(*address),
        Host::Ipv6(address) => is_public_v6(*address),
    }
}

/// Names of one label and names with an empty label are not public.
fn is_public_name(name: &str) -> bool {
    let has_domain = name.contains('.') && name.split('.').all(|label| !label.is_empty());
    has_domain && !LOCAL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// The blocks of the IANA special-purpose registry are not public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation();
    let [first, second, third, _] = address.octets();
    let is_reserved = match first {
        0 | 240..=255 => true,
        100 => (64..=127).contains(&second),
        192 => second == 0 && third == 0,
        198 => (18..=19).contains(&second),
        _ => false,
    };
    !is_special && !is_reserved
}

/// Only global unicast addresses are public, without those for documentation and those that carry
/// an IPv4 address (Teredo, 6to4).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_special = match first {
        0x2001 => second < 0x0200 || second == 0x0db8,
        0x2002 => true,
        0x3fff => second < 0x1000,
        _ => false,
    };
    (0x2000..=0x3fff).contains(&first) && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Option<String> {
        WebAddressRules::default().parse(typed)
    }

    #[test]
    fn public_address_is_normalized() {
        let avatar = "https://thirdwx.qlogo.cn/mmopen/vi_32/Q0j4TwGTfTKxK1_-a/132";
        for (typed, stored) in [
            (avatar, avatar),
            (
                "https://wx.qlogo.cn/mmhead/Q3/0",
                "https://wx.qlogo.cn/mmhead/Q3/0",
            ),
            (
                "https://mmbiz.qpic.cn/a?b=1&c",
                "https://mmbiz.qpic.cn/a?b=1&c",
            ),
            (" HTTP://Example.COM:80/a/../b ", "http://example.com/b"),
            ("https://example.com", "https://example.com/"),
            (
                "https://example.com:8443/a#b",
                "https://example.com:8443/a#b",
            ),
            (
                "https://例子.cn/图.png",
                "https://xn--fsqu00a.cn/%E5%9B%BE.png",
            ),
            ("https://8.8.8.8/a", "https://8.8.8.8/a"),
            ("https://[2606:4700::1111]/a", "https://[2606:4700::1111]/a"),
        ] {
            assert_eq!(parse(typed).as_deref(), Some(stored), "{typed}");
            assert_eq!(parse(stored).as_deref(), Some(stored), "{stored}");
        }
    }

    #[test]
    fn text_that_is_not_a_plain_web_address_is_refused() {
        let long = format!("https://example.com/{}", "b".repeat(493));
        let grows = format!("https://example.com/{}", "图".repeat(100));
        for typed in [
            "",
            "a",
            "//example.com/a",
            "/a.png",
            "example.com/a.png",
            "ftp://example.com/a",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "wxfile://tmp_a.png",
            "https://",
            "https:example.com",
            "https:/example.com",
            "https:///example.com/a",
            "https://user@example.com/",
            "https://u:p@example.com/",
            "https://:p@example.com/",
            "https://example.com/\"onerror=1",
            "https://example.com/'a",
            "https://example.com/<b>",
            "https://example.com/a`b",
            "https://example.com\\@evil.com/",
            "https://example.com/a b",
            "https://exam\tple.com/",
            "https://example.com/\u{0}",
            "https://example.com/a\nb",
            "https://exa mple.com/",
            "https://example.com:99999/",
            "https://%zz.com/",
            long.as_str(),
            grows.as_str(),
        ] {
            assert_eq!(parse(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn address_of_a_private_host_is_refused() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a",
            "tmp",
            "app.localhost",
            "printer.local",
            "db.internal",
            "nas.lan",
            "a.home.arpa",
            "example.com.",
            "a..b",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "017700000001",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::a00:1]",
            "[2002:a00:1::1]",
            "[2001::1]",
            "[fc00::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "１２７.0.0.1",
            "ⓛocalhost",
        ] {
            for scheme in ["http", "https"] {
                let typed = format!("{scheme}://{host}/a.png");
                assert_eq!(parse(&typed), None, "{typed}");
                let with_port = format!("{scheme}://{host}:8080/a.png");
                assert_eq!(parse(&with_port), None, "{with_port}");
            }
        }
    }

    #[test]
    fn own_host_of_a_sandbox_is_good() {
        let own = [
            "http://127.0.0.1:8081",
            "http://[::1]:1",
            "http://localhost/",
        ];
        let rules = WebAddressRules::with_own_origins(&own);
        for good in [
            "http://127.0.0.1:8081/a.png",
            "http://[::1]:1/a",
            "http://localhost/a",
            "https://example.com/a",
        ] {
            assert_eq!(rules.parse(good).as_deref(), Some(good));
        }
        for bad in [
            "http://127.0.0.1/a",
            "https://127.0.0.1:8081/a",
            "http://127.0.0.2:8081/a",
            "http://localhost:8081/a",
            "http://u@127.0.0.1:8081/a",
        ] {
            assert_eq!(rules.parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn value_of_a_config_may_be_text_or_a_public_address() {
        let rules = WebAddressRules::default();
        for good in [
            "",
            "标题：你好",
            "title: hello",
            "one\ntwo",
            "/pages/index?a=1",
            "#ff00ff",
            "rose",
            "see https://localhost/ for more",
            "https://example.com/a.png",
            "https://example.com/a.png is new",
            "https://example.com/a\nsecond line",
            "weixin://dl/business/?t=abc",
            "mailto:a@example.com",
            "tel:10086",
            "12:30",
        ] {
            assert!(rules.allow(good), "{good}");
        }
        for bad in [
            "http://localhost/a",
            " http://10.0.0.1/a",
            "//10.0.0.1/a",
            "javascript:alert(1)",
            "data:text/html,a",
            "ftp://example.com/a",
            "https://u@example.com/",
            "a\u{202E}b",
            "https://example.com/\"a",
            "\\\\10.0.0.1\\a",
            "https://",
            "http:10.0.0.1/a",
            "http://10.0.0.1/a is new",
            "HTTPS://u:p@example.com/ is new",
            "ht\ntp://10.0.0.1/a",
            "https://example.com\n@10.0.0.1/a",
            "java\nscript:alert(1)",
            "JavaScript:alert(1) is new",
            "/\\10.0.0.1/a",
        ] {
            assert!(!rules.allow(bad), "{bad}");
        }
    }
}
