//! The language of a client, from `Accept-Language`.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

/// A language in which errors have a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Chinese,
    English,
}

impl Language {
    /// English when the client prefers it to Chinese, else Chinese.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let header = request
            .headers()
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if highest_quality(header, "en") > highest_quality(header, "zh") {
            Self::English
        } else {
            Self::Chinese
        }
    }
}

/// The highest `q` of a language in the header, in thousandths; 0 when it is absent.
fn highest_quality(header: &str, language: &str) -> u32 {
    let parts = header.split(',');
    parts
        .filter(|part| part.trim().to_ascii_lowercase().starts_with(language))
        .map(quality)
        .max()
        .unwrap_or(0)
}

/// The `q` of one entry, in thousandths.
fn quality(part: &str) -> u32 {
    let Some((_, q)) = part.split_once("q=") else {
        return 1000;
    };
    let (whole, fraction) = q.trim().split_once('.').unwrap_or((q.trim(), "0"));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u32>().unwrap_or(0).min(1) * 1000 + digits.parse::<u32>().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn language(header: &str) -> Language {
        let request = TestRequest::get().insert_header((ACCEPT_LANGUAGE, header));
        Language::of(&request.to_http_request())
    }

    #[test]
    fn language_with_the_higher_quality_is_used() {
        for english in ["en", "en-US,en;q=0.9", "zh;q=0.5, en;q=0.8"] {
            assert_eq!(language(english), Language::English, "{english}");
        }
        for chinese in ["", "zh-CN", "zh-CN,en;q=0.9", "fr", "en;q=0", "*"] {
            assert_eq!(language(chinese), Language::Chinese, "{chinese}");
        }
    }
}
