//! Wishes to end a training: Ctrl-C, and the signals by which a scheduler asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering, fence};
use std::{env, io, process, thread};

use anyhow::{Context, Result};

use crate::output;

/// The variable that is set for a training that ends with whoever started it: when its stdin ends, as `hebb sweep` has it.
pub const UNTIL_EOF: &str = "HEBB_UNTIL_EOF";

/// Whether the training is to end, and what a shell gives a program that the wish ended: whoever waits for the run must
/// see that it is not finished.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    wished: Arc<AtomicBool>,
    code: Arc<AtomicI32>,
}

impl Stop {
    /// Hears wishes from now on. The second ends the program at once: its files are whole always.
    pub fn listen() -> Result<Self> {
        let stop = Self::default();
        hear(stop.clone()).context("cannot listen for Ctrl-C")?;
        if env::var_os(UNTIL_EOF).is_some() {
            let stop = stop.clone();
            thread::spawn(move || stop.when_stdin_ends());
        }
        Ok(stop)
    }

    /// Whether the training is to end.
    pub fn is_wished(&self) -> bool {
        self.wished.load(Ordering::Acquire)
    }

    /// A wish as by SIGTERM, where none came before.
    fn when_stdin_ends(&self) {
        io::copy(&mut io::stdin().lock(), &mut io::sink()).ok();
        if !self.is_wished() {
            self.wish(143);
        }
    }

    /// Set where the training is to end.
    pub fn flag(&self) -> &AtomicBool {
        &self.wished
    }

    /// The program's exit code after the first wish.
    pub fn code(&self) -> i32 {
        // Whoever saw the wish sees the code that was stored before it.
        fence(Ordering::Acquire);
        self.code.load(Ordering::Relaxed)
    }

    fn wish(&self, code: i32) {
        if self.wished.load(Ordering::Relaxed) {
            process::exit(code);
        }
        self.code.store(code, Ordering::Relaxed);
        self.wished.store(true, Ordering::Release);
        output::note("finishing the step, then saving (once more to end at once)");
    }
}

#[cfg(unix)]
fn hear(stop: Stop) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || signals.forever().for_each(|signal| stop.wish(128 + signal)));
    Ok(())
}

#[cfg(not(unix))]
fn hear(stop: Stop) -> Result<(), ctrlc::Error> {
    // What a shell gives a program that SIGINT ended.
    ctrlc::set_handler(move || stop.wish(130))
}
