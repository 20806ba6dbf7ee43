//! A page that follows runs at work, for browsers on this machine.
//!
//! A [`Server`] listens on 127.0.0.1 alone and shows what a [`Publisher`] gave it last; who has the page open hears of
//! each new one by server-sent events. It only ever reads a request's head, of bounded length and time, answers GET, and
//! closes: what a client sends or leaves unread can cost one thread for so long, and so many at once.

mod client;
mod request;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Clients at once; what comes beyond is turned away.
const CLIENTS: usize = 64;
/// How long nothing is accepted where the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What is shown, and how often it has changed.
#[derive(Debug, Default)]
struct Shown {
    version: u64,
    body: Arc<str>,
}

/// What the server's threads share.
#[derive(Debug, Default)]
struct Shared {
    shown: Mutex<Shown>,
    changed: Condvar,
    clients: AtomicUsize,
    listeners: AtomicUsize,
}

impl Shared {
    /// Nothing that holds it can leave it half changed.
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens for browsers.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// Gives a server what it shows.
#[derive(Debug, Clone)]
pub struct Publisher(Arc<Shared>);

impl Server {
    /// Takes a port of this machine that no other machine reaches; 0: any that is free.
    pub fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        Ok(Self { listener, shared: Arc::default() })
    }

    /// The port.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// What gives it pages.
    pub fn publisher(&self) -> Publisher {
        Publisher(Arc::clone(&self.shared))
    }

    /// Answers browsers until the program ends.
    pub fn serve(self) {
        for stream in self.listener.incoming() {
            let Ok(stream) = stream else {
                thread::sleep(PAUSE);
                continue;
            };
            let seat = Seat::take(&self.shared, |shared| &shared.clients, CLIENTS);
            let shared = Arc::clone(&self.shared);
            // Where there is no thread for it, the client is closed.
            thread::Builder::new().spawn(move || client::answer(stream, &shared, seat.as_ref())).ok();
        }
    }
}

impl Publisher {
    /// Shows this from now on, where it is anything new.
    pub fn publish(&self, body: &str) {
        let mut shown = self.0.shown();
        if *shown.body != *body {
            shown.body = body.into();
            shown.version += 1;
            self.0.changed.notify_all();
        }
    }
}

/// A place among those that are counted; given back when it goes.
#[derive(Debug)]
struct Seat {
    shared: Arc<Shared>,
    of: fn(&Shared) -> &AtomicUsize,
}

impl Seat {
    fn take(shared: &Arc<Shared>, of: fn(&Shared) -> &AtomicUsize, most: usize) -> Option<Self> {
        let seat = Self { shared: Arc::clone(shared), of };
        // Counted first: where it is one too many, it is given back at once.
        let before = of(shared).fetch_add(1, Ordering::Relaxed);
        (before < most).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        (self.of)(&self.shared).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
