//! Devices: what `--device` means, and a plan made ready on one.

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use hebb_gpu::{AdapterSummary, Gpu, Pick, Session};
use hebb_reference::Reference;
use hebb_spec::backend::Backend;
use hebb_spec::plan::Plan;

use crate::output;

/// What `--device` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A hardware GPU, else any adapter.
    Auto,
    /// Any adapter, a software one too.
    Gpu,
    /// The CPU twins.
    Reference,
    /// The adapter whose name holds this text.
    Named(String),
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "" => Err("write auto, gpu, reference or a part of an adapter's name"),
            "auto" => Ok(Choice::Auto),
            "gpu" => Ok(Choice::Gpu),
            "reference" => Ok(Choice::Reference),
            _ => Ok(Choice::Named(text.trim().to_owned())),
        }
    }
}

/// A device that was found.
pub enum Device {
    /// An adapter, opened.
    Gpu(Gpu),
    /// The CPU twins.
    Reference,
}

/// A plan made ready.
pub struct Opened {
    /// The plan's tensors and calls on the device.
    pub backend: Box<dyn Backend>,
    /// Each kernel with the variant chosen for it; empty where there are none.
    pub variants: Vec<String>,
}

impl Device {
    /// Finds and opens a device. Says on stderr where `auto` has nothing better than a software device.
    pub fn find(choice: &Choice) -> Result<Self> {
        let adapters = match choice {
            Choice::Reference => return Ok(Device::Reference),
            _ => hebb_gpu::adapters(),
        };
        let pick = match choice {
            Choice::Named(wanted) if !adapters.iter().any(|adapter| is_named(adapter, wanted)) => {
                bail!("unknown device '{wanted}': {}", what_there_is(&adapters))
            }
            Choice::Named(wanted) => Pick::Named(wanted.clone()),
            Choice::Auto if adapters.iter().any(|adapter| !adapter.software) => Pick::Hardware,
            _ => Pick::Any,
        };
        let gpu = Gpu::open(&pick).with_context(|| format!("no device: {}", what_there_is(&adapters)))?;
        if *choice == Choice::Auto && gpu.summary().software {
            output::note(&format!("no hardware GPU found: using {}, a software device", gpu.name()));
        }
        Ok(Device::Gpu(gpu))
    }

    /// Makes a plan ready. Says on stderr where it will run slowly.
    pub fn open(&self, plan: Plan) -> Result<Opened> {
        Ok(match self {
            Device::Reference => {
                output::note("the reference device is slow: its CPU twins are written to be read");
                Opened { backend: Box::new(Reference::new(plan)), variants: Vec::new() }
            }
            Device::Gpu(gpu) => {
                let session = Session::new(gpu, plan)?;
                let variants = session.variants();
                Opened { backend: Box::new(session), variants }
            }
        })
    }
}

fn is_named(adapter: &AdapterSummary, wanted: &str) -> bool {
    adapter.name.to_lowercase().contains(&wanted.to_lowercase())
}

fn what_there_is(adapters: &[AdapterSummary]) -> String {
    let mut names: Vec<String> = adapters.iter().map(|adapter| format!("'{}'", adapter.name)).collect();
    names.dedup();
    if names.is_empty() {
        return "no GPU answers through Vulkan, Metal or DX12, so there is only reference (CPU twins)".to_owned();
    }
    format!("there are {}, beside auto, gpu and reference", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_read_in_any_case() {
        assert_eq!("Auto".parse(), Ok(Choice::Auto));
        assert_eq!("GPU".parse(), Ok(Choice::Gpu));
        assert_eq!("reference".parse(), Ok(Choice::Reference));
        assert_eq!(" RTX 3070".parse(), Ok(Choice::Named("RTX 3070".to_owned())));
        assert!("".parse::<Choice>().is_err());
    }
}
