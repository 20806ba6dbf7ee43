//! Devices as the command line takes and tells of them.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use hebb::{Choice, Device, Winograd};
use hebb_engine::settings::Record;
use hebb_reference::Twins;
use hebb_spec::backend::{Backend, Options, Runtime};
use hebb_spec::plan::Plan;

use crate::args::CpuArgs;
use crate::memory;
use crate::output;

/// Finds and opens a device; `cpu` is for the processor alone. Says on stderr what `auto` takes where there is no hardware
/// GPU.
pub fn find(choice: &Choice, cpu: CpuArgs) -> Result<Device> {
    let threads = cpu.threads.map(usize::from);
    let device = Device::find(choice, threads)?;
    if !matches!(device, Device::Cpu(_)) {
        let given = [("--threads", threads.is_some()), ("--winograd", cpu.winograd.is_some())];
        if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
            bail!("{option} is for --device cpu, and {} is none: leave it out", device.name());
        }
    }
    let device = device.with_winograd(cpu.winograd.unwrap_or_default());
    if let (Choice::Auto, Device::Cpu(cpu)) = (choice, &device) {
        output::note(&format!("no hardware GPU found: using {}, threads: {}", cpu.name(), cpu.threads()));
    }
    Ok(device)
}

/// Whether a device would make a plan ready: asked before weights are drawn for it.
pub fn fits(device: &Device, plan: &Plan, options: &Options) -> Result<()> {
    let bytes = match device {
        Device::Gpu(_) => 0,
        Device::Cpu(cpu) => cpu.bytes(plan),
        Device::Reference => Twins::bytes(plan),
    };
    memory::ask(&format!("the plan on {}", device.name()), bytes, "use a smaller batch or network")?;
    Ok(device.fits(plan, options)?)
}

/// Makes a plan ready. Says on stderr where it will run slowly.
pub fn prepare(device: &Device, plan: Plan, options: &Options) -> Result<Box<dyn Backend>> {
    fits(device, &plan, options)?;
    if let Device::Reference = device {
        output::note("the reference device is slow: its CPU twins are written to be read");
    }
    Ok(device.prepare(plan, options)?)
}

/// The variants that run there, each behind its kernel.
pub fn variants(backend: &dyn Backend) -> Vec<String> {
    let mut variants: Vec<String> =
        backend.kernels().into_iter().map(|kernel| format!("{} {}", kernel.stem, kernel.variant)).collect();
    variants.sort_unstable();
    variants.dedup();
    variants
}

/// The device of a run's record. A driver may have come to another version since then.
pub fn recorded(name: &str) -> Result<Choice> {
    if name == Device::Reference.name() {
        return Ok(Choice::Reference);
    }
    if is_cpu(name) {
        return Ok(Choice::Cpu);
    }
    let adapters: Vec<String> = Device::adapters().into_iter().map(|adapter| adapter.name).collect();
    let is_it = |adapter: &&String| name.strip_prefix(adapter.as_str()).is_some_and(|rest| rest.starts_with(" ("));
    match adapters.iter().find(is_it) {
        Some(adapter) => Ok(Choice::Named(adapter.clone())),
        None => bail!(
            "the run was on {name}, which does not answer: choose another with --device, {}; its numbers then go on, but not \
             to the same bits",
            there_is(adapters)
        ),
    }
}

/// Whether a record names the processor. With what vector instructions makes another device, but not another choice.
pub fn is_cpu(name: &str) -> bool {
    name.starts_with("cpu (")
}

/// Which of Winograd's forms a run on the processor took, by its record: plain sums where that has no word of them, as in
/// runs of an older version.
pub fn recorded_winograd(record: &Record, path: &Path) -> Result<Option<Winograd>> {
    if !is_cpu(&record.device) {
        return Ok(None);
    }
    let Some(word) = &record.winograd else { return Ok(Some(Winograd::Off)) };
    word.parse()
        .map(Some)
        .map_err(|error| anyhow!("{}/run.toml: [record] winograd is '{word}': {error}", path.display()))
}

/// The word that a run's record has for them, on the processor alone.
pub fn winograd(device: &Device) -> Option<String> {
    match device {
        Device::Cpu(cpu) => Some(cpu.winograd().to_string()),
        _ => None,
    }
}

fn there_is(mut adapters: Vec<String>) -> String {
    adapters.dedup();
    adapters.extend(["auto", "gpu", "cpu", "reference"].map(str::to_owned));
    format!("as in {}", adapters.join(", "))
}
