//! What a run of a system of its own command was asked for.

use anyhow::{Result, bail};

use crate::args::{FamilyArgs, Takes};
use crate::asked::{Asked, Options};
use crate::config::{SYSTEM, SettingsFile};
use crate::origin::Origin;

/// Reads the config file, if there is one. It may be the run.toml of a run of the same command.
pub fn read<K: Takes>(args: &FamilyArgs<K>, command: &str) -> Result<Asked> {
    let known = K::settings();
    let file = args.config.as_deref().map(|path| SettingsFile::config(path, &known, &[])).transpose()?;
    if let Some(file) = &file
        && let Some(system) = file.values.get(SYSTEM).filter(|system| system.to_string() != command)
    {
        bail!("{} = {system}: it is of `hebb {system}`, not of `hebb {command}`", file.place(SYSTEM));
    }
    let FamilyArgs { out, given, resume, overwrite, cpu, json, .. } = args;
    let (resume, overwrite, given) = (*resume, *overwrite, &given.table);
    let options = Options { out, resume, overwrite, tensorboard: false, report: false, json: *json, cpu: *cpu, given };
    Asked::over(options, file, |given, file| Origin::of(given, file, &known))
}
