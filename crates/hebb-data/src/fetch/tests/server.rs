//! A small HTTP server on this machine, which can be told to misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a client asks for.
pub(super) struct Ask {
    /// The path without its slash.
    pub(super) file: String,
    /// From which byte on, where it says so.
    pub(super) from: Option<usize>,
}

/// What it gets.
pub(super) struct Answer {
    /// Status line and headers, a line each.
    head: String,
    body: Vec<u8>,
    stalls: bool,
    /// From which byte on they come one by one, slowly.
    drips: Option<usize>,
}

/// Between two bytes that come one by one.
const DRIP: Duration = Duration::from_millis(10);

impl Answer {
    /// The whole content, whatever range was asked for.
    pub(super) fn whole(content: &[u8]) -> Self {
        Self::raw(&format!("HTTP/1.1 200 OK\r\nContent-Length: {}", content.len()), content)
    }

    /// What was asked for.
    pub(super) fn honest(ask: &Ask, content: &[u8]) -> Self {
        let Some(from) = ask.from else { return Self::whole(content) };
        let (all, last) = (content.len(), content.len() - 1);
        let rest = content.len() - from;
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {rest}\r\nContent-Range: bytes {from}-{last}/{all}"
        );
        Self::raw(&head, &content[from..])
    }

    pub(super) fn status(status: u16) -> Self {
        Self::raw(&format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 4"), b"body")
    }

    /// Any head, without the line end behind it.
    pub(super) fn raw(head: &str, body: &[u8]) -> Self {
        Self { head: head.to_owned(), body: body.to_owned(), stalls: false, drips: None }
    }

    /// Bytes of body.
    pub(super) fn length(&self) -> usize {
        self.body.len()
    }

    /// Closes the connection after so many bytes of the body.
    pub(super) fn cut(mut self, after: usize) -> Self {
        self.body.truncate(after);
        self
    }

    /// Goes silent after so many bytes of the body, and keeps the connection.
    pub(super) fn stall(self, after: usize) -> Self {
        Self { stalls: true, ..self.cut(after) }
    }

    /// Sends so many bytes, head and body, and then one by one.
    pub(super) fn drip(self, after: usize) -> Self {
        Self { drips: Some(after), ..self }
    }
}

/// A running server. It ends with the process.
pub(super) struct Server {
    pub(super) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request as `answer` says.
    pub(super) fn start(answer: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                // A client that leaves early is no failure of the server.
                thread::spawn(move || stream.map(|stream| serve(stream, &log, &*answer)));
            }
        });
        Self { address, asked }
    }

    /// What was asked for since the last call, as in `file` or `file from 100`.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(&Ask) -> Answer) -> std::io::Result<()> {
    let mut ask = Ask { file: String::new(), from: None };
    for line in BufReader::new(stream.try_clone()?).lines() {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(path) = line.strip_prefix("get /") {
            ask.file = path.split(' ').next().unwrap().to_owned();
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            ask.from = Some(range.trim_end_matches('-').parse().unwrap());
        }
    }
    let from = ask.from.map_or(String::new(), |from| format!(" from {from}"));
    log.lock().unwrap().push(format!("{}{from}", ask.file));
    let Answer { head, body, stalls, drips } = answer(&ask);
    let all = [format!("{head}\r\nConnection: close\r\n\r\n").as_bytes(), &body].concat();
    let (start, rest) = all.split_at(drips.unwrap_or(all.len()));
    stream.write_all(start)?;
    for byte in rest {
        thread::sleep(DRIP);
        stream.write_all(&[*byte])?;
    }
    if stalls {
        // Until the client has had enough.
        stream.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}
