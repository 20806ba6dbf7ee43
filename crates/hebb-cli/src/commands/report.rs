//! `hebb report`: runs as one page of HTML.

use anyhow::Result;
use hebb_engine::write_whole;
use hebb_lab::html;

use crate::args::ReportArgs;
use crate::look::{self, Looker};
use crate::output::{self, plain};
use crate::target;

/// Writes the page, whole or not at all.
pub fn run(args: &ReportArgs) -> Result<()> {
    let _held = target::claim(&args.out, args.overwrite)?;
    let views = args.runs.iter().map(|path| look::view(path)).collect::<Result<Vec<_>>>()?;
    let mut looker = Looker::new(&args.look);
    let mut subjects = Vec::new();
    for (name, view) in html::names(&args.runs).into_iter().zip(views) {
        let (mut subject, trained, word) = look::files(name, view);
        let seen = trained.map(|trained| looker.images(&mut subject, &trained)).transpose()?;
        word.into_iter().chain(seen.flatten()).for_each(|word| output::note(&word));
        subjects.push(subject);
    }
    write_whole(&args.out, html::page(&subjects.iter().collect::<Vec<_>>())?.as_bytes())?;
    output::line(&format!("wrote {}", plain(&args.out.display().to_string())))
}
