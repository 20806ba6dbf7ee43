//! Wishes to end a training: Ctrl-C, and the signals by which a scheduler asks.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering, fence};

use anyhow::{Context, Result};

use crate::output;

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
        Ok(stop)
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
    std::thread::spawn(move || signals.forever().for_each(|signal| stop.wish(128 + signal)));
    Ok(())
}

#[cfg(not(unix))]
fn hear(stop: Stop) -> Result<(), ctrlc::Error> {
    // What a shell gives a program that SIGINT ended.
    ctrlc::set_handler(move || stop.wish(130))
}
