//! [`SharedFile`]: a file that is served from memory, compressed once and shared by all readers.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A client asks each time whether it still has the newest version.
pub const REVALIDATE: &str = "no-cache";
/// For a file whose name changes with its content.
pub const KEEP_FOREVER: &str = "public, max-age=31536000, immutable";

/// How much of a file is copied into the buffer of a connection at once, in bytes.
const PIECE: usize = 16_384;

/// A file in memory.
pub struct SharedFile {
    content_type: String,
    cache_control: &'static str,
    etag: String,
    plain: Bytes,
    /// None: compressing it does not make it smaller.
    gzip: Option<Bytes>,
}

impl SharedFile {
    /// Compresses a file.
    ///
    /// # Errors
    /// When it cannot be compressed.
    pub fn new(
        content_type: &str,
        cache_control: &'static str,
        content: Vec<u8>,
    ) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        let gzip = encoder.finish()?;
        Ok(Self {
            content_type: content_type.to_owned(),
            cache_control,
            etag: format!("{:016x}", hasher.finish()),
            gzip: (gzip.len() < content.len()).then(|| gzip.into()),
            plain: content.into(),
        })
    }

    /// The answer to a request for it: the file, or 304 when the client has it.
    #[must_use]
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let gzip = self.gzip.as_ref().filter(|_| accepts_gzip(request));
        let etag = match gzip {
            Some(_) => format!("\"{}-gzip\"", self.etag),
            None => format!("\"{}\"", self.etag),
        };
        let is_known = header_tokens(request, &IF_NONE_MATCH)
            .any(|known| known.trim_start_matches("W/") == etag);
        let mut response = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response
            .insert_header((ETAG, etag))
            .insert_header((CACHE_CONTROL, self.cache_control))
            .insert_header((VARY, "Accept-Encoding"));
        if is_known {
            return response.finish();
        }
        response.content_type(self.content_type.as_str());
        if gzip.is_some() {
            response.insert_header((CONTENT_ENCODING, "gzip"));
        }
        response.body(Pieces(gzip.unwrap_or(&self.plain).clone()))
    }
}

/// The values of a header that is a list.
fn header_tokens<'a>(
    request: &'a HttpRequest,
    name: &'a HeaderName,
) -> impl Iterator<Item = &'a str> {
    let values = request.headers().get_all(name);
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',').map(str::trim))
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    header_tokens(request, &ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().trim_start_matches("q=");
        let is_refused = !weight.is_empty() && weight.trim_matches(['0', '.']).is_empty();
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

/// A body that is given out piece by piece. A body in one piece would be copied as a whole for
/// each reader.
struct Pieces(Bytes);

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.0.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = PIECE.min(self.0.len());
        Poll::Ready(Some(Ok(self.0.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn is_gzip(accepted: &str) -> bool {
        let request = TestRequest::get().insert_header((ACCEPT_ENCODING, accepted));
        accepts_gzip(&request.to_http_request())
    }

    #[test]
    fn gzip_is_sent_to_those_who_accept_it() {
        assert!(is_gzip("gzip"));
        assert!(is_gzip("br, GZIP;q=0.5"));
        assert!(!is_gzip("br"));
        assert!(!is_gzip("gzip;q=0"));
        assert!(!is_gzip("gzip; q=0.000"));
        assert!(!is_gzip(""));
    }

    #[test]
    fn file_that_the_client_has_is_304() {
        let file = SharedFile::new("text/plain", "no-cache", vec![b'x'; 100]).unwrap();
        let answer = file.answer(&TestRequest::get().to_http_request());
        assert_eq!(answer.status(), 200);
        let etag = answer.headers().get(ETAG).unwrap().clone();
        let again = TestRequest::get().insert_header((IF_NONE_MATCH, etag.clone()));
        assert_eq!(file.answer(&again.to_http_request()).status(), 304);
        let compressed = TestRequest::get()
            .insert_header((IF_NONE_MATCH, etag))
            .insert_header((ACCEPT_ENCODING, "gzip"));
        assert_eq!(
            file.answer(&compressed.to_http_request()).status(),
            200,
            "another form of the same file"
        );
    }
}
