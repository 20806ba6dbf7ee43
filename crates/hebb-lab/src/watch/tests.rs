use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use super::*;

/// A server that shows something; its port and what gives it more.
fn start(body: &str) -> (u16, Publisher) {
    let server = Server::bind(0).unwrap();
    let (port, publisher) = (server.port().unwrap(), server.publisher());
    publisher.publish(body);
    thread::spawn(move || server.serve());
    (port, publisher)
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn ask(port: u16, path: &str) -> TcpStream {
    let mut stream = connect(port);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").unwrap();
    stream
}

fn answer(port: u16, path: &str) -> String {
    let mut text = String::new();
    ask(port, path).read_to_string(&mut text).unwrap();
    text
}

/// The next version that a listener hears of.
fn version(events: &mut impl BufRead) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(events.read_line(&mut line).unwrap(), 0, "the server closed");
        if let Some(version) = line.strip_prefix("data: ") {
            return version.trim().to_owned();
        }
    }
}

#[test]
fn browsers_have_the_page_and_hear_of_the_next() {
    let (port, publisher) = start("<h1>one</h1>");
    let page = answer(port, "/");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("<h1>one</h1>"), "{page}");
    assert!(page.contains("\r\nContent-Security-Policy: default-src 'none'; script-src 'self'"));
    let (_, shown) = page.split_once("data-version=\"").unwrap();
    let mut events = BufReader::new(ask(port, "/events"));
    let first = version(&mut events);
    assert!(shown.starts_with(&format!("{first}\"")), "{first} {page}");
    publisher.publish("<h1>one</h1>");
    publisher.publish("<h1>two</h1>");
    assert_ne!(version(&mut events), first);
    assert!(answer(port, "/page").ends_with("\r\n\r\n<h1>two</h1>"));
    assert!(answer(port, "/watch.js").contains("text/javascript"));
    for path in ["/../run.toml", "/etc/passwd", "/watch.js/", "page", "*"] {
        assert!(answer(port, path).starts_with("HTTP/1.1 404 "), "{path}");
    }
}

#[test]
fn clients_that_mean_ill_take_nobody_elses_place() {
    // Three kinds of them, all of whom may still be there when somebody asks.
    const MANY: usize = CLIENTS / 5;
    let (port, publisher) = start("<h1>one</h1>");
    // Those who say nothing, those who leave in the middle, those who do not read, those who send rubbish.
    let silent: Vec<TcpStream> = (0..MANY).map(|_| connect(port)).collect();
    for _ in 0..MANY {
        let mut gone = connect(port);
        gone.write_all(b"GET / HT").unwrap();
        drop(gone);
        drop(ask(port, "/events"));
    }
    let mut rubbish = connect(port);
    // It may close before all of this has gone.
    rubbish.write_all(&vec![0xff; 100_000]).ok();
    publisher.publish(&"x".repeat(4 << 20));
    let deaf: Vec<TcpStream> = (0..5).map(|_| ask(port, "/page")).collect();
    assert!(answer(port, "/").starts_with("HTTP/1.1 200 OK"));
    drop((silent, deaf, rubbish));
}

#[test]
fn what_comes_beyond_its_room_is_turned_away() {
    let (port, _publisher) = start("<h1>one</h1>");
    // On a machine so busy that the first have lost patience by then, once more.
    let is_turned_away = || {
        let many: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(port)).collect();
        let mut beyond = String::new();
        connect(port).read_to_string(&mut beyond).ok();
        drop(many);
        beyond.starts_with("HTTP/1.1 503 ")
    };
    assert!((0..3).any(|_| is_turned_away()));
    let asks = || {
        let mut text = String::new();
        ask(port, "/").read_to_string(&mut text).map(|_| text).unwrap_or_default()
    };
    assert!((0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        asks().starts_with("HTTP/1.1 200 OK")
    }));
}

#[test]
fn only_this_machine_is_answered() {
    let server = Server::bind(0).unwrap();
    assert!(server.listener.local_addr().unwrap().ip().is_loopback());
    let port = server.port().unwrap();
    assert_eq!(Server::bind(port).unwrap_err().kind(), io::ErrorKind::AddrInUse);
}
