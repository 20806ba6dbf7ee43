//! Devices as the command line takes and tells of them.

use anyhow::{Result, bail};
use hebb::{Choice, Device};
use hebb_cpu::Cpu;
use hebb_reference::Twins;
use hebb_spec::backend::{Backend, Options, Runtime};
use hebb_spec::plan::Plan;

use crate::args::CpuArgs;
use crate::memory;
use crate::output;

/// Finds and opens a device; `threads` are for the processor alone. Says on stderr what `auto` takes where there is no
/// hardware GPU.
pub fn find(choice: &Choice, threads: CpuArgs) -> Result<Device> {
    let threads = threads.threads.map(usize::from);
    let device = Device::find(choice, threads)?;
    if !matches!(device, Device::Cpu(_)) && threads.is_some() {
        bail!("--threads is for --device cpu, and {} is none: leave it out", device.name());
    }
    if let (Choice::Auto, Device::Cpu(cpu)) = (choice, &device) {
        output::note(&format!("no hardware GPU found: using {}, threads: {}", cpu.name(), cpu.threads()));
    }
    Ok(device)
}

/// Whether a device would make a plan ready: asked before weights are drawn for it.
pub fn fits(device: &Device, plan: &Plan) -> Result<()> {
    let bytes = match device {
        Device::Gpu(_) => 0,
        Device::Cpu(_) => Cpu::bytes(plan),
        Device::Reference => Twins::bytes(plan),
    };
    memory::ask(&format!("the plan on {}", device.name()), bytes, "use a smaller batch or network")?;
    Ok(device.fits(plan, &Options::default())?)
}

/// Makes a plan ready. Says on stderr where it will run slowly.
pub fn prepare(device: &Device, plan: Plan) -> Result<Box<dyn Backend>> {
    fits(device, &plan)?;
    if let Device::Reference = device {
        output::note("the reference device is slow: its CPU twins are written to be read");
    }
    Ok(device.prepare(plan, &Options::default())?)
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
    // With what vector instructions makes another device, but not another choice.
    if name.starts_with("cpu (") {
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

fn there_is(mut adapters: Vec<String>) -> String {
    adapters.dedup();
    adapters.extend(["auto", "gpu", "cpu", "reference"].map(str::to_owned));
    format!("as in {}", adapters.join(", "))
}
