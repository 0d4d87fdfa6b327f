//! A receiver that records the callbacks of the sandbox.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

/// One recorded callback.
#[derive(Debug, Clone)]
pub struct Callback {
    /// The last segment of the path: `pay_notify`, `wx_notify`, `im_notify`, `live_notify`.
    pub path: String,
    /// The raw query string.
    pub query: String,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Callback {
    /// The value of a header, `""` when it is missing.
    pub fn header(&self, name: &str) -> &str {
        let name = name.to_ascii_lowercase();
        self.headers
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value)
    }
}

/// Callbacks in the order in which they arrived.
pub(crate) type Recorded = Arc<Mutex<Vec<Callback>>>;

/// Starts a receiver. Every callback is answered 500, as by a server that could not commit it.
pub(crate) fn record() -> (
    String,
    Recorded,
    tokio::task::JoinHandle<std::io::Result<()>>,
) {
    let recorded = Recorded::default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let data = web::Data::new(Arc::clone(&recorded));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .default_service(web::to(receive))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    (base, recorded, tokio::spawn(server))
}

async fn receive(
    request: HttpRequest,
    body: web::Bytes,
    recorded: web::Data<Recorded>,
) -> HttpResponse {
    let headers = request.headers().iter();
    let headers = headers
        .map(|(name, value)| {
            let value = value.to_str().unwrap_or_default().to_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let path = request.path().trim_matches('/');
    recorded.lock().unwrap().push(Callback {
        path: path.rsplit('/').next().unwrap_or(path).to_owned(),
        query: request.query_string().to_owned(),
        headers,
        body: body.to_vec(),
    });
    HttpResponse::InternalServerError().finish()
}
