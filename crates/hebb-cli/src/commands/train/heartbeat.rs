//! Signs of life while nothing is heard: one step may take minutes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Tells what is at work whenever nothing was heard for a while, until it is dropped.
#[derive(Debug)]
pub struct Heartbeat {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug)]
struct State {
    /// What is at work, since when.
    work: String,
    since: Instant,
    is_over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heartbeat {
    /// Hands each sign of life to `tell`: what is at work, and for how long.
    pub fn start(work: String, every: Duration, tell: impl Fn(&str, Duration) + Send + 'static) -> Self {
        let state = Mutex::new(State { work, since: Instant::now(), is_over: false });
        let shared = Arc::new(Shared { state, ended: Condvar::new() });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || watch(&shared, every, tell)
        });
        Self { shared, thread: Some(thread) }
    }

    /// Something was heard; this is at work now.
    pub fn heard(&self, work: String) {
        let mut state = self.shared.state();
        (state.work, state.since) = (work, Instant::now());
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            // It prints and waits: a panic there is none of the training's.
            thread.join().ok();
        }
    }
}

fn watch(shared: &Shared, every: Duration, tell: impl Fn(&str, Duration)) {
    let mut told = Instant::now();
    let mut state = shared.state();
    while !state.is_over {
        let quiet = state.since.max(told).elapsed();
        if quiet >= every {
            tell(&state.work, state.since.elapsed());
            told = Instant::now();
            continue;
        }
        let waited = shared.ended.wait_timeout(state, every - quiet);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn long_work_is_told_of_until_something_is_heard() {
        let (sender, told) = channel();
        let tell = move |work: &str, time: Duration| drop(sender.send((work.to_owned(), time)));
        let heart = Heartbeat::start("step 1".to_owned(), Duration::from_millis(20), tell);
        let next = || told.recv_timeout(Duration::from_secs(20)).unwrap();
        let (first, second) = (next(), next());
        assert_eq!((first.0.as_str(), second.0.as_str()), ("step 1", "step 1"));
        assert!(first.1 >= Duration::from_millis(20) && second.1 > first.1, "{first:?} {second:?}");
        heart.heard("step 2".to_owned());
        let third = (0..100).map(|_| next()).find(|(work, _)| work == "step 2").unwrap();
        assert!(third.1 >= Duration::from_millis(20), "{third:?}");
        drop(heart);
        while told.try_recv().is_ok() {}
        assert!(told.recv().is_err(), "its thread has ended");
    }

    #[test]
    fn work_that_is_heard_of_in_time_is_not_told_of() {
        let (sender, told) = channel();
        let tell = move |work: &str, _| drop(sender.send(work.to_owned()));
        let heart = Heartbeat::start("step 1".to_owned(), Duration::from_secs(60), tell);
        heart.heard("step 2".to_owned());
        drop(heart);
        assert!(told.recv().is_err());
    }
}
