//! What disturbs the database of a [`TestApp`]: another program with an open transaction, and a
//! network that stops carrying.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use crate::test_app::TestApp;

/// Another program that is connected to the database. Its open transaction ends when it is dropped.
pub enum OtherProgram {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl OtherProgram {
    /// Executes SQL statements; a transaction that they begin stays open.
    pub fn execute(&mut self, statements: &str) {
        let executed = match self {
            Self::Postgres(conn) => conn.batch_execute(statements),
            Self::Sqlite(conn) => conn.batch_execute(statements),
        };
        executed.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }
}

impl TestApp {
    /// Whether the database is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.database_url().starts_with("postgres")
    }

    /// Connects to the database as another program does.
    pub fn other_program(&self) -> OtherProgram {
        let url = self.database_url();
        match url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
                OtherProgram::Sqlite(conn)
            }
            None => OtherProgram::Postgres(PgConnection::establish(url).unwrap()),
        }
    }

    /// Opens a transaction of another program: on PostgreSQL it executes `on_postgres`, on SQLite
    /// it takes the lock of the only writer.
    pub fn lock(&self, on_postgres: &str) -> OtherProgram {
        let mut other = self.other_program();
        match &mut other {
            OtherProgram::Postgres(_) => other.execute(&format!("BEGIN; {on_postgres}")),
            OtherProgram::Sqlite(_) => other.execute("BEGIN IMMEDIATE"),
        }
        other
    }
}

/// Carries bytes between clients and a server, until it stalls: then connections stay open, and
/// nothing arrives.
pub struct StallingProxy {
    /// Where it listens.
    pub port: u16,
    stalls: Arc<AtomicBool>,
}

impl StallingProxy {
    /// Starts a proxy to `target`, a host with a port. Its threads end with their connections.
    pub fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stalls = Arc::new(AtomicBool::new(false));
        let proxy = Self {
            port,
            stalls: Arc::clone(&stalls),
        };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&target) else {
                    continue;
                };
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                for (from, to) in [(client, server), back] {
                    let stalls = Arc::clone(&stalls);
                    thread::spawn(move || carry(from, to, &stalls));
                }
            }
        });
        proxy
    }

    /// Stops or continues carrying.
    pub fn stall(&self, stalls: bool) {
        self.stalls.store(stalls, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, stalls: &AtomicBool) {
    let mut bytes = vec![0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        while stalls.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // The other direction ends too.
    let _ = to.shutdown(Shutdown::Both);
}
