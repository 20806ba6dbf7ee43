//! The runtimes under test. Without a device its tests show as ignored; in CI (CI=true) they fail.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use hebb_cpu::{Cpu, Vectors};
use hebb_gpu::{Gpu, Pick};
use hebb_reference::Twins;
use hebb_spec::backend::{Backend, Error, Options, Runtime};
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;
use libtest_mimic::{Failed, Trial};

/// Any GPU that wgpu reaches, or the one whose name holds `HEBB_TEST_DEVICE`.
pub const GPU: Tested = Tested { name: "gpu", is_twins: false, checks: &[true, false], open: gpu };
/// The twins.
pub const REFERENCE: Tested = Tested { name: "reference", is_twins: true, checks: &[false], open: || Ok(&Twins) };
/// The processor with its best vector instructions, or those that `HEBB_SIMD` names.
pub const CPU: Tested = Tested { name: "cpu", is_twins: false, checks: &[false], open: cpu };
/// The processor with lesser vectors: its kernels are cut into other tiles. Those that this one lacks have no tests.
pub const LEVELS: [Tested; 3] = [
    Tested { name: "cpu avx2", is_twins: false, checks: &[false], open: || level(Vectors::Avx2) },
    Tested { name: "cpu portable", is_twins: false, checks: &[false], open: || level(Vectors::Portable) },
    Tested { name: "cpu neon", is_twins: false, checks: &[false], open: || level(Vectors::Neon) },
];
/// The processor with each of Winograd's forms wherever it is possible, and not only where it pays.
pub const FORMS: [Tested; 2] = [
    Tested { name: "cpu winograd2", is_twins: false, checks: &[false], open: || form(&FORCED[0]) },
    Tested { name: "cpu winograd4", is_twins: false, checks: &[false], open: || form(&FORCED[1]) },
];
/// All of them: a new backend is added here.
pub const RUNTIMES: [Tested; 3] = [GPU, CPU, REFERENCE];

/// A runtime under test.
#[derive(Debug, Clone, Copy)]
pub struct Tested {
    /// Its name in trials.
    pub name: &'static str,
    /// Whether these are the twins: what compares a runtime with the twins shows nothing of them.
    pub is_twins: bool,
    /// The settings of bounds checks that it has.
    pub checks: &'static [bool],
    open: fn() -> Result<&'static dyn Runtime, String>,
}

/// All but the twins.
pub fn devices() -> impl Iterator<Item = Tested> {
    RUNTIMES.into_iter().filter(|tested| !tested.is_twins)
}

impl Tested {
    /// The runtime, opened at first use.
    pub fn open(&self) -> Result<&'static dyn Runtime, String> {
        (self.open)()
    }

    /// A test on this runtime. Ignored where it cannot be opened; a failure where CI=true.
    pub fn trial(
        &self,
        name: &str,
        test: impl FnOnce(&'static dyn Runtime) -> Result<(), String> + Send + 'static,
    ) -> Trial {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        let (open, ignored) = (self.open, (self.open)().is_err() && !in_ci);
        let name = format!("{}: {name}", self.name);
        Trial::test(name, move || test(open()?).map_err(Failed::from)).with_ignored_flag(ignored)
    }
}

/// Says on stderr which runtimes cannot be opened.
pub fn announce(suite: &str) {
    for tested in RUNTIMES {
        if let Err(error) = tested.open() {
            eprintln!("{suite}: no {}, its tests cannot run: {error}", tested.name);
        }
    }
}

/// A device for each of two threads: a driver on the processor computes the calls of one device after each other.
fn gpu() -> Result<&'static dyn Runtime, String> {
    static GPUS: [OnceLock<Result<Gpu, String>>; 2] = [const { OnceLock::new() }; 2];
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed) % GPUS.len();
    }
    let open = || {
        let pick = std::env::var("HEBB_TEST_DEVICE").map_or(Pick::Any, Pick::Named);
        Gpu::open(&pick).map_err(|error| error.to_string())
    };
    GPUS[OWN.with(|own| *own)].get_or_init(open).as_ref().map(|gpu| gpu as &dyn Runtime).map_err(Clone::clone)
}

fn cpu() -> Result<&'static dyn Runtime, String> {
    static CPU: OnceLock<Result<Cpu, String>> = OnceLock::new();
    let open = || Cpu::open(None).map_err(|error| error.to_string());
    CPU.get_or_init(open).as_ref().map(|cpu| cpu as &dyn Runtime).map_err(Clone::clone)
}

/// The processor, made to take a variant wherever a kernel has it.
#[derive(Debug, Clone)]
pub struct Forced {
    /// The processor.
    pub cpu: Cpu,
    /// The variant.
    pub variant: &'static str,
}

impl Runtime for Forced {
    fn name(&self) -> String {
        format!("{} {}", self.cpu.name(), self.variant)
    }

    fn variants(&self, problem: &Problem) -> Vec<&'static str> {
        self.cpu.variants(problem).into_iter().filter(|variant| *variant == self.variant).collect()
    }

    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error> {
        self.cpu.prepare(plan, &Options { variant: Some(self.variant.to_owned()), ..options.clone() })
    }
}

static FORCED: [(&str, OnceLock<Result<Forced, String>>); 2] =
    [("winograd2", OnceLock::new()), ("winograd4", OnceLock::new())];

fn form(
    (variant, known): &'static (&'static str, OnceLock<Result<Forced, String>>),
) -> Result<&'static dyn Runtime, String> {
    let open = || Ok(Forced { cpu: Cpu::open(None).map_err(|error| error.to_string())?, variant });
    known.get_or_init(open).as_ref().map(|forced| forced as &dyn Runtime).map_err(Clone::clone)
}

fn level(vectors: Vectors) -> Result<&'static dyn Runtime, String> {
    static LEVELS: Mutex<Vec<(Vectors, &'static Cpu)>> = Mutex::new(Vec::new());
    let mut levels = LEVELS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, cpu)) = levels.iter().find(|(known, _)| *known == vectors) {
        return Ok(*cpu);
    }
    let cpu: &Cpu = Box::leak(Box::new(Cpu::with(vectors, None).map_err(|error| error.to_string())?));
    levels.push((vectors, cpu));
    Ok(cpu)
}
