//! `hebb data fetch`: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Result;
use hebb_data::fetch::{Event, Request};
use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::FetchArgs;
use crate::output::{self, plain};

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a line tells of a file in progress, where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Downloads a set, or says that it is there.
pub fn fetch(args: &FetchArgs) -> Result<()> {
    let request = Request { set: &args.name, to: args.to.as_deref(), from: args.from.as_deref(), patience: PATIENCE };
    let mut viewer = FetchViewer::new();
    let fetched = request.run(&mut |event| viewer.show(event));
    if let Some(bar) = &viewer.bar {
        bar.finish_and_clear();
    }
    let fetched = fetched?;
    let (name, folder) = (&args.name, fetched.folder.display());
    let what = if fetched.was_there { "there already, in" } else { "fetched, into" };
    let data = if args.to.is_some() { format!("{name}:{folder}") } else { name.clone() };
    output::line(&plain(&format!("{name} is {what} {folder}: use it with --data {data}")))
}

struct FetchViewer {
    bar: Option<ProgressBar>,
    /// The address that bytes last came from.
    url: String,
    shown: Instant,
}

impl FetchViewer {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left",
            );
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr())
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, url: String::new(), shown: Instant::now() }
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Bytes { url, done, of, .. } if url != self.url => self.begin(url, done, of),
            Event::Bytes { file, done, of, .. } => match &self.bar {
                Some(bar) => bar.set_position(done),
                None if self.shown.elapsed() >= LINE_EVERY => {
                    self.shown = Instant::now();
                    output::note(&format!("{file}: {} of {}", DecimalBytes(done), DecimalBytes(of)));
                }
                None => {}
            },
            Event::Unpacking { file } => self.tell(&format!("unpacking {file}")),
            Event::Failed { error } => self.tell(&format!("{error}; trying the next address")),
        }
    }

    fn begin(&mut self, url: &str, done: u64, of: u64) {
        let resuming = if done > 0 { format!(", resuming at {}", DecimalBytes(done)) } else { String::new() };
        self.tell(&format!("fetching {url}, {}{resuming}", DecimalBytes(of)));
        url.clone_into(&mut self.url);
        self.shown = Instant::now();
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_length(of);
            // Else what was there before would count as speed.
            bar.reset_eta();
        }
    }

    /// A line that stays.
    fn tell(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(text)),
            None => output::note(text),
        }
    }
}
