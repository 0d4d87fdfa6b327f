//! The reference of reads: a server of the same process shape that answers every request with the
//! same bytes, without reading a token or a database.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use actix_web::{App, HttpResponse, HttpServer, web};

/// Serves the content of a file until the process is killed. Prints its URL first.
pub(crate) fn serve(file: &str) {
    let body: &'static str = std::fs::read_to_string(file).unwrap().leak();
    let answer = move || async move {
        HttpResponse::Ok()
            .content_type("application/json")
            .body(body)
    };
    let app = move || App::new().default_service(web::to(answer));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(app).bind(("127.0.0.1", 0)).unwrap();
        println!("http://{}", server.addrs()[0]);
        server.run().await.unwrap();
    });
}

/// A bare server in a process of its own. Dropping it kills the process.
pub(crate) struct BareServer {
    pub(crate) url: String,
    child: Child,
}

impl BareServer {
    /// Starts a server that answers with this body.
    pub(crate) fn start(body: &str) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), body).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("bare-server")
            .arg(file.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut url).unwrap();
        Self {
            url: url.trim().to_owned(),
            child,
        }
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
