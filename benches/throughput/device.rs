//! What is measured: a GPU or the processor.

use hebb_cpu::Cpu;
use hebb_gpu::{Gpu, Pick, Session};
use hebb_spec::backend::{Backend, Error, Options, Runtime};
use hebb_spec::plan::{List, Plan};

use crate::measure::Ceilings;
use crate::probes;

/// A device.
pub enum Device {
    /// A GPU.
    Gpu(Gpu),
    /// The processor.
    Cpu(Cpu),
}

/// A plan made ready on a device.
pub enum Ready {
    /// On a GPU.
    Gpu(Box<Session>),
    /// On the processor.
    Cpu(Box<dyn Backend>),
}

impl Device {
    /// `cpu`, `gpu` (any), or a part of an adapter's name.
    pub fn open(name: &str) -> Result<Self, String> {
        match name {
            "cpu" => Cpu::open(None).map(Self::Cpu).map_err(|error| error.to_string()),
            "gpu" => Gpu::open(&Pick::Any).map(Self::Gpu).map_err(|error| error.to_string()),
            name => Gpu::open(&Pick::Named(name.to_owned())).map(Self::Gpu).map_err(|error| error.to_string()),
        }
    }

    /// Name and driver, or vector instructions and threads.
    pub fn name(&self) -> String {
        match self {
            Self::Gpu(gpu) => gpu.name(),
            Self::Cpu(cpu) => format!("{}, threads: {}", cpu.name(), cpu.threads()),
        }
    }

    /// The device as a runtime.
    pub fn runtime(&self) -> &dyn Runtime {
        match self {
            Self::Gpu(gpu) => gpu,
            Self::Cpu(cpu) => cpu,
        }
    }

    /// Runs the probes.
    pub fn ceilings(&self) -> Result<Ceilings, String> {
        match self {
            Self::Gpu(gpu) => probes::measure(gpu),
            Self::Cpu(cpu) => Ok(Ceilings {
                multiply_add: cpu.multiply_add_ceiling().map_err(|error| error.to_string())?,
                product: None,
                copy: cpu.copy_ceiling().map_err(|error| error.to_string())?,
            }),
        }
    }

    /// The product probe alone, in GFLOP/s: measured again beside each kernel, since a busy machine's speed drifts.
    pub fn product(&self) -> Result<Option<f64>, String> {
        match self {
            Self::Gpu(gpu) => probes::product(gpu).map(Some),
            Self::Cpu(_) => Ok(None),
        }
    }

    /// Makes a plan ready.
    pub fn prepare(&self, plan: Plan, options: &Options) -> Result<Ready, Error> {
        Ok(match self {
            Self::Gpu(gpu) => Ready::Gpu(Box::new(Session::new(gpu, plan, options)?)),
            Self::Cpu(cpu) => Ready::Cpu(cpu.prepare(plan, options)?),
        })
    }
}

impl Ready {
    /// As any backend.
    pub fn backend(&mut self) -> &mut dyn Backend {
        match self {
            Self::Gpu(session) => session.as_mut(),
            Self::Cpu(backend) => backend.as_mut(),
        }
    }

    /// Runs one call so many times and waits for it.
    pub fn repeat(&mut self, list: List, call: usize, times: u32) -> Result<(), Error> {
        match self {
            Self::Gpu(session) => session.repeat(list, call, times),
            Self::Cpu(backend) => (0..times).try_for_each(|_| backend.call(list, call)),
        }
    }
}
