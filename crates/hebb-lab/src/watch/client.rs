//! One client: its request read, answered, and closed; or told of each new page for as long as it listens.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::html;

use super::request::{self, PATIENCE};
use super::{Seat, Shared};

/// How long an answer may take to be read.
const ANSWER: Duration = Duration::from_secs(30);
/// Bytes that are written at once.
const CHUNK: usize = 64 << 10;
/// How often a listener hears something, so that one who has gone is noticed.
const PULSE: Duration = Duration::from_secs(15);
/// Clients that listen at once.
const LISTENERS: usize = 32;
const SCRIPT: &str = include_str!("watch.js");
/// All that the page may load, whatever a text in it may say: its own script, and what that asks for.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers a client. Errors mean that it has gone, or is too slow: it is closed.
pub fn answer(mut stream: TcpStream, shared: &Arc<Shared>, seat: Option<&Seat>) {
    let timeouts = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(ANSWER)));
    if timeouts.is_err() {
        return;
    }
    let asked = if seat.is_some() { request::read(&mut stream) } else { Err("503 Service Unavailable") };
    let written = match asked.as_deref() {
        Ok("/") => send(&mut stream, "200 OK", "text/html; charset=utf-8", &page(shared)),
        Ok("/page") => {
            let body = Arc::clone(&shared.shown().body);
            send(&mut stream, "200 OK", "text/html; charset=utf-8", &body)
        }
        Ok("/watch.js") => send(&mut stream, "200 OK", "text/javascript; charset=utf-8", SCRIPT),
        Ok("/events") => match Seat::take(shared, |shared| &shared.listeners, LISTENERS) {
            Some(_seat) => tell(&mut stream, shared),
            None => send(&mut stream, "503 Service Unavailable", "text/plain", ""),
        },
        Ok(_) => send(&mut stream, "404 Not Found", "text/plain", ""),
        Err(status) => send(&mut stream, status, "text/plain", ""),
    };
    if written.is_ok() {
        stream.shutdown(Shutdown::Write).ok();
    }
}

/// The whole page, with what is shown now.
fn page(shared: &Shared) -> String {
    let (version, body) = {
        let shown = shared.shown();
        (shown.version, Arc::clone(&shown.body))
    };
    let head = "<script src=\"watch.js\" defer></script>\n";
    let body = format!(
        "<div id=page data-version=\"{}\">{body}</div>\n<p id=state class=state role=status>as it stood when this page was \
         loaded</p>\n",
        name(version)
    );
    html::document("hebb watch", head, &body)
}

/// A version's name, which that of another server does not bear.
fn name(version: u64) -> String {
    format!("{}-{version}", process::id())
}

fn send(stream: &mut TcpStream, status: &str, kind: &str, body: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: \
         close\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: \
         {POLICY}\r\n\r\n",
        body.len()
    );
    let begun = Instant::now();
    stream.write_all(head.as_bytes())?;
    for chunk in body.as_bytes().chunks(CHUNK) {
        stream.write_all(chunk)?;
        if begun.elapsed() > ANSWER {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    Ok(())
}

/// Tells of the newest version, now and whenever there is another, until the client has gone.
fn tell(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: \
                close\r\nX-Content-Type-Options: nosniff\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let mut told = None;
    loop {
        let version = {
            let shown = shared.shown();
            let waits = |shown: &mut super::Shown| told == Some(shown.version);
            let waited = shared.changed.wait_timeout_while(shown, PULSE, waits);
            waited.map_or_else(|poisoned| poisoned.into_inner().0.version, |(shown, _)| shown.version)
        };
        match told == Some(version) {
            true => stream.write_all(b":\n\n")?,
            false => write!(stream, "event: page\ndata: {}\n\n", name(version))?,
        }
        told = Some(version);
    }
}
