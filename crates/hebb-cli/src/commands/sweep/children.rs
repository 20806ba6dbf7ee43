//! The processes that do a sweep's runs.
//!
//! Each hears of its end by its stdin, which this process holds the other end of: where this one ends, however it ends,
//! the trainings finish their step, save and end.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use hebb_lab::sweep::Entry;

use crate::commands::train::stop::{Stop, UNTIL_EOF};
use crate::output;
use crate::remedy;

/// How often a wish to end is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All is done.
    Done,
    /// Not all, and the log says why.
    Failed,
}

/// A run that is to be done.
pub struct Job {
    /// The program's words.
    pub words: Vec<OsString>,
    /// Whether another process is doing it.
    pub is_at_work: bool,
    /// What it is, for people.
    pub what: String,
}

/// Runs that wait: those that another process was found at go behind all others once.
struct Queue<'a> {
    waiting: VecDeque<(&'a Entry, bool)>,
    /// By job, the stdin of its run; none once the wish to end was heard.
    pipes: Option<Vec<Option<ChildStdin>>>,
    ended: Vec<(usize, Ended)>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does runs, so many at the same time, until all have ended or `stop` was wished; how those that were begun ended, by
/// number. `job` is asked when a run's turn has come.
pub fn run(
    entries: &[&Entry],
    jobs: usize,
    stop: &Stop,
    job: &(dyn Fn(&Entry) -> Result<Job> + Sync),
) -> Result<Vec<(usize, Ended)>> {
    let program = env::current_exe().context("cannot tell where this program stands")?;
    let waiting = entries.iter().map(|entry| (*entry, false)).collect();
    let pipes = Some((0..jobs).map(|_| None).collect());
    let (queue, at_work) = (Mutex::new(Queue { waiting, pipes, ended: Vec::new() }), AtomicUsize::new(jobs));
    let worker = |slot: usize| {
        loop {
            let next = {
                let mut queue = lock(&queue);
                if queue.pipes.is_none() { None } else { queue.waiting.pop_front() }
            };
            let Some((entry, was_put_off)) = next else { break };
            let ended = match job(entry) {
                Ok(job) if job.is_at_work && !was_put_off => {
                    lock(&queue).waiting.push_back((entry, true));
                    continue;
                }
                Ok(job) => {
                    output::note(&format!("run {} ({}) begins", entry.index, job.what));
                    let mut command = Command::new(&program);
                    command.args(&job.words);
                    child(&mut command, entry.index, slot, &queue)
                }
                Err(error) => Err(error),
            };
            let ended = ended.unwrap_or_else(|error| {
                output::note(&format!("run {}: {}", entry.index, remedy::sentence(&error)));
                Some(Ended::Failed)
            });
            lock(&queue).ended.extend(ended.map(|ended| (entry.index, ended)));
        }
        at_work.fetch_sub(1, Ordering::AcqRel);
    };
    thread::scope(|scope| {
        for slot in 0..jobs {
            let worker = &worker;
            scope.spawn(move || worker(slot));
        }
        while at_work.load(Ordering::Acquire) > 0 {
            if stop.is_wished() {
                // Their pipes end.
                lock(&queue).pipes = None;
            }
            thread::sleep(LOOK);
        }
    });
    let mut ended = queue.into_inner().unwrap_or_else(PoisonError::into_inner).ended;
    ended.sort_unstable_by_key(|(index, _)| *index);
    Ok(ended)
}

/// Runs a process and passes on what it tells; nothing where it was not begun, or ended because it should.
fn child(command: &mut Command, index: usize, slot: usize, queue: &Mutex<Queue<'_>>) -> Result<Option<Ended>> {
    command.env(UNTIL_EOF, "1").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    alone(command);
    let mut child = command.spawn().context("cannot start a process of this program")?;
    match &mut lock(queue).pipes {
        Some(pipes) => pipes[slot] = child.stdin.take(),
        None => drop(child.stdin.take()),
    }
    if let Some(stderr) = child.stderr.take() {
        // A line that is no text is not the program's own.
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            output::note(&format!("run {index}: {}", line.strip_prefix("hebb: ").unwrap_or(&line)));
        }
    }
    let status = child.wait().context("cannot wait for a run's process")?;
    let was_stopped = match &mut lock(queue).pipes {
        Some(pipes) => {
            pipes[slot] = None;
            false
        }
        None => true,
    };
    Ok(match status.code() {
        Some(0) => Some(Ended::Done),
        _ if was_stopped => None,
        Some(_) => Some(Ended::Failed),
        None => {
            output::note(&format!("run {index}: its process was killed ({status})"));
            Some(Ended::Failed)
        }
    })
}

/// Ctrl-C at a terminal is for this process alone, which tells the others.
#[cfg(unix)]
fn alone(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn alone(_command: &mut Command) {}
