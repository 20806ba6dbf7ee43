//! Devices: what a name stands for, and a plan made ready on one.

use std::fmt;
use std::str::FromStr;

use hebb_cpu::{Cpu, CpuError, Winograd};
use hebb_gpu::{AdapterSummary, Gpu, GpuError, Pick};
use hebb_reference::Twins;
use hebb_spec::backend::{Backend, Error, Options, Runtime};
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;

/// Which device to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A hardware GPU, else the processor.
    Auto,
    /// Any adapter, a software one too.
    Gpu,
    /// The processor.
    Cpu,
    /// The CPU twins.
    Reference,
    /// The best adapter whose name holds this text, in any case.
    Named(String),
}

/// A text that names no device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write auto, gpu, cpu, reference or a part of an adapter's name")]
pub struct ChoiceError;

impl FromStr for Choice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text.trim().to_lowercase().as_str() {
            "" => Err(ChoiceError),
            "auto" => Ok(Choice::Auto),
            "gpu" => Ok(Choice::Gpu),
            "cpu" => Ok(Choice::Cpu),
            "reference" => Ok(Choice::Reference),
            _ => Ok(Choice::Named(text.trim().to_owned())),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Choice::Auto => "auto",
            Choice::Gpu => "gpu",
            Choice::Cpu => "cpu",
            Choice::Reference => "reference",
            Choice::Named(name) => name,
        })
    }
}

/// A device that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No such GPU.
    #[error("{0}")]
    Gpu(#[from] GpuError),
    /// The processor cannot be used as asked.
    #[error("{0}")]
    Cpu(#[from] CpuError),
}

/// A device, opened. Clones share it.
#[derive(Clone)]
pub enum Device {
    /// A GPU, or a software driver that stands for one.
    Gpu(Gpu),
    /// The processor.
    Cpu(Cpu),
    /// The CPU twins.
    Reference,
}

impl Device {
    /// A hardware GPU if there is one, else the processor.
    pub fn auto() -> Result<Self, DeviceError> {
        Self::find(&Choice::Auto, None)
    }

    /// The processor, on so many threads: `None` for all that this process may use. Bytes do not depend on them.
    pub fn cpu(threads: Option<usize>) -> Result<Self, DeviceError> {
        Ok(Device::Cpu(Cpu::open(threads)?))
    }

    /// The CPU twins: slow, exact about what each kernel means, and always there.
    pub fn reference() -> Self {
        Device::Reference
    }

    /// The same, where it is the processor with these of Winograd's forms; `Winograd::Auto` is what it has. Bytes depend on
    /// them.
    pub fn with_winograd(self, winograd: Winograd) -> Self {
        match self {
            Device::Cpu(cpu) => Device::Cpu(cpu.with_winograd(winograd)),
            other => other,
        }
    }

    /// Finds and opens a device; the processor on so many threads.
    pub fn find(choice: &Choice, threads: Option<usize>) -> Result<Self, DeviceError> {
        let pick = match choice {
            Choice::Reference => return Ok(Device::Reference),
            Choice::Named(name) => Pick::Named(name.clone()),
            Choice::Auto if Self::adapters().iter().any(|adapter| !adapter.software) => Pick::Hardware,
            Choice::Auto | Choice::Cpu => return Self::cpu(threads),
            Choice::Gpu => Pick::Any,
        };
        Ok(Device::Gpu(Gpu::open(&pick)?))
    }

    /// All adapters, the best first.
    pub fn adapters() -> Vec<AdapterSummary> {
        hebb_gpu::adapters()
    }

    fn runtime(&self) -> &dyn Runtime {
        match self {
            Device::Gpu(gpu) => gpu,
            Device::Cpu(cpu) => cpu,
            Device::Reference => &Twins,
        }
    }
}

impl Runtime for Device {
    fn name(&self) -> String {
        self.runtime().name()
    }

    fn variants(&self, problem: &Problem) -> Vec<&'static str> {
        self.runtime().variants(problem)
    }

    fn fits(&self, plan: &Plan, options: &Options) -> Result<(), Error> {
        self.runtime().fits(plan, options)
    }

    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error> {
        self.runtime().prepare(plan, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_read_in_any_case_and_as_they_print() {
        assert_eq!("Auto".parse(), Ok(Choice::Auto));
        assert_eq!(("GPU".parse(), "cpu".parse()), (Ok(Choice::Gpu), Ok(Choice::Cpu)));
        assert_eq!(" RTX 3070".parse(), Ok(Choice::Named("RTX 3070".to_owned())));
        assert_eq!("".parse::<Choice>(), Err(ChoiceError));
        for choice in [Choice::Auto, Choice::Gpu, Choice::Cpu, Choice::Reference, Choice::Named("a".to_owned())] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
    }
}
