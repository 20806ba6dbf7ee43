//! `hebb watch`: a page of runs that follows them, in a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use hebb_engine::run::RunError;
use hebb_engine::view::View;
use hebb_lab::html::{self, Subject};
use hebb_lab::trained::Trained;
use hebb_lab::watch::{Publisher, Server};

use crate::args::WatchArgs;
use crate::look::{self, Looker};
use crate::output;

/// How often a run's files are looked at.
const EVERY: Duration = Duration::from_millis(500);
/// The files by which a run is seen to have gone on.
const FILES: [&str; 3] = ["run.toml", "metrics.csv", "last.safetensors"];

/// When each of a run's files was written, and its length; none where it is not there.
type Stamp = [Option<(SystemTime, u64)>; 3];

/// A run that is followed.
struct Watched {
    path: PathBuf,
    name: String,
    stamp: Option<Stamp>,
    subject: Option<Subject>,
    /// What is to say of it.
    notes: Vec<String>,
}

/// Serves the page until the program is ended.
pub fn run(args: &WatchArgs) -> Result<()> {
    let server = Server::bind(args.port).with_context(|| {
        format!("cannot listen on port {} of this machine: name another with --port, or 0 for any", args.port)
    })?;
    let (port, publisher) = (server.port()?, server.publisher());
    let look = args.look();
    let mut looker = Looker::new(&look);
    let named = html::names(&args.runs).into_iter().zip(&args.runs);
    let mut all: Vec<Watched> = named
        .map(|(name, path)| Watched { path: path.clone(), name, stamp: None, subject: None, notes: Vec::new() })
        .collect();
    publish(&publisher, &all)?;
    thread::Builder::new().spawn(move || server.serve()).context("cannot start a thread")?;
    output::line(&format!("http://127.0.0.1:{port}/ shows the runs, until Ctrl-C"))?;
    loop {
        for at in 0..all.len() {
            let stamp = stamp(&all[at].path);
            if all[at].stamp != Some(stamp) {
                all[at].stamp = Some(stamp);
                // The files first: to look at images takes longer.
                let trained = all[at].read();
                publish(&publisher, &all)?;
                if let Some(trained) = trained {
                    all[at].look(&mut looker, &trained);
                    publish(&publisher, &all)?;
                }
            }
        }
        thread::sleep(EVERY);
    }
}

fn stamp(run: &Path) -> Stamp {
    FILES.map(|name| {
        let found = fs::symlink_metadata(run.join(name)).ok()?;
        Some((found.modified().ok()?, found.len()))
    })
}

impl Watched {
    /// Reads its files, and the network that is to be shown images.
    fn read(&mut self) -> Option<Trained> {
        let before = self.subject.take();
        let view = match View::read(&self.path) {
            Ok(view) => view,
            Err(RunError::Absent { .. } | RunError::NoSettings { .. }) => {
                self.notes = vec![format!("{}: it has not begun yet", self.name)];
                return None;
            }
            Err(error) => {
                self.notes = vec![format!("{}: {error}", self.name)];
                return None;
            }
        };
        let (mut subject, trained, word) = look::files(self.name.clone(), view);
        // What was seen last stays until there is something newer, but not that of a run that was replaced.
        let goes_on =
            |before: &View| before.settings == subject.view.settings && before.rows.len() <= subject.view.rows.len();
        subject.seen = before.filter(|before| goes_on(&before.view)).and_then(|before| before.seen);
        self.notes = word.into_iter().collect();
        self.subject = Some(subject);
        trained
    }

    /// Shows images to its network.
    fn look(&mut self, looker: &mut Looker<'_>, trained: &Trained) {
        let Some(subject) = &mut self.subject else { return };
        match looker.images(subject, trained) {
            Ok(word) => self.notes.extend(word),
            Err(error) => self.notes.push(format!("{}: no images: {error:#}", self.name)),
        }
    }
}

/// Shows what is known of all runs.
fn publish(publisher: &Publisher, all: &[Watched]) -> Result<()> {
    let waiting = |run: &&Watched| run.subject.is_none() && run.notes.is_empty();
    let notes = all.iter().filter(waiting).map(|run| format!("{}: not looked at yet", run.name));
    let notes: Vec<String> = notes.chain(all.iter().flat_map(|run| run.notes.iter().cloned())).collect();
    let subjects: Vec<&Subject> = all.iter().filter_map(|run| run.subject.as_ref()).collect();
    publisher.publish(&(html::notes(&notes) + &html::body(&subjects)?));
    Ok(())
}
