//! The head of a request, from whoever sent it.

use std::io::Read;
use std::time::{Duration, Instant};

/// Bytes of a head at most.
const LONGEST: usize = 8 << 10;
/// How long a client may take to send one.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Names of this machine. A page of another host that has its name lead here, to read what is shown, asks by that name.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What is asked for, or the status that says why it is not answered.
pub fn read(client: &mut impl Read) -> Result<String, &'static str> {
    let begun = Instant::now();
    let mut head = Vec::new();
    let mut some = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = client.read(&mut some).map_err(|_| "408 Request Timeout")?;
        if count == 0 {
            return Err("400 Bad Request");
        }
        head.extend_from_slice(&some[..count]);
        if head.len() > LONGEST {
            return Err("431 Request Header Fields Too Large");
        }
        // One byte after another is no way to stay.
        if begun.elapsed() > PATIENCE {
            return Err("408 Request Timeout");
        }
    }
    parse(&head)
}

fn parse(head: &[u8]) -> Result<String, &'static str> {
    const BAD: &str = "400 Bad Request";
    let text = std::str::from_utf8(head).map_err(|_| BAD)?;
    let (text, _) = text.split_once("\r\n\r\n").ok_or(BAD)?;
    let mut lines = text.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, version] = words[..] else { return Err(BAD) };
    if !version.starts_with("HTTP/1.") {
        return Err(BAD);
    }
    if method != "GET" {
        return Err("405 Method Not Allowed");
    }
    let hosts: Vec<&str> = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map(|(_, host)| host.trim())
        .collect();
    let [host] = hosts[..] else { return Err(BAD) };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    if !HOSTS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        return Err("403 Forbidden");
    }
    Ok(target.split('?').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &str) -> Result<String, &'static str> {
        read(&mut head.as_bytes())
    }

    #[test]
    fn a_path_is_asked_for() {
        assert_eq!(of("GET / HTTP/1.1\r\nHost: localhost:1949\r\nAccept: */*\r\n\r\n"), Ok("/".to_owned()));
        assert_eq!(of("GET /events?x=1 HTTP/1.0\r\nhost:127.0.0.1\r\n\r\nmore"), Ok("/events".to_owned()));
        assert!(of("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").is_ok());
    }

    #[test]
    fn what_is_no_request_of_a_browser_here_is_refused() {
        for (head, status) in [
            ("", "400"),
            ("GET / HTTP/1.1\r\nHost: localhost\r\n", "400"),
            ("GET / HTTP/1.1\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "400"),
            ("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
            ("GET / HTTP/2\r\nHost: localhost\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
            ("GET / HTTP/1.1\r\nHost: evil.example:1949\r\n\r\n", "403"),
            ("GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", "403"),
            ("GET / HTTP/1.1\r\nHost: localhost:x\r\n\r\n", "403"),
        ] {
            assert!(of(head).unwrap_err().starts_with(status), "{head}");
        }
        let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(10_000));
        assert!(of(&long).unwrap_err().starts_with("431"));
        assert!(read(&mut &b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n"[..]).is_err());
    }
}
