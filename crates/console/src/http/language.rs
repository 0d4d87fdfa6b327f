//! In which language a page is answered.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;

use super::cookies::chosen_language;
use crate::texts::Lang;

/// The language that was chosen, else the first one that the browser names and we have, else
/// Chinese.
pub(crate) fn language(request: &HttpRequest) -> Lang {
    if let Some(chosen) = chosen_language(request) {
        return chosen;
    }
    let accepted = request.headers().get(ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
    let named = accepted.split(',').filter_map(|range| {
        let tag = range.split(';').next().unwrap_or_default().trim();
        Lang::parse(tag.split('-').next().unwrap_or_default())
    });
    named.into_iter().next().unwrap_or(Lang::Zh)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn browser_names_the_language() {
        let answered = |accepted: &str| {
            let request = TestRequest::get().insert_header((ACCEPT_LANGUAGE, accepted));
            language(&request.to_http_request())
        };
        assert_eq!(answered("en-GB,en;q=0.9,zh;q=0.8"), Lang::En);
        assert_eq!(answered("zh-CN,zh;q=0.9,en;q=0.8"), Lang::Zh);
        assert_eq!(answered("fr, en;q=0.5"), Lang::En);
        assert_eq!(answered("fr"), Lang::Zh);
        assert_eq!(answered(""), Lang::Zh);
    }
}
