//! The processor as a runtime.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use hebb_spec::backend::{Backend, Error, Options, Runtime};
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;
use hebb_spec::room;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::backend::Native;
use crate::kernels::{Forms, Winograd, variants};
use crate::level::{VARIABLE, Vectors, VectorsError};
use crate::needs::needs;

/// Threads at most.
const MOST_THREADS: usize = 1024;

/// Why the processor cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum CpuError {
    /// Vector instructions that are not there.
    #[error("{VARIABLE}: {0}")]
    Vectors(#[from] VectorsError),
    /// Too few or too many threads.
    #[error("{0} threads: from 1 to {MOST_THREADS} can be used")]
    Threads(usize),
    /// Threads that the system does not give.
    #[error("the system gives no {threads} threads: {reason}")]
    Refused {
        /// Threads asked for.
        threads: usize,
        /// The system's words.
        reason: String,
    },
}

/// The processor: makes plans ready for some vector instructions and threads.
#[derive(Debug, Clone)]
pub struct Cpu {
    vectors: Vectors,
    winograd: Winograd,
    pool: Arc<ThreadPool>,
}

impl Cpu {
    /// With the best vector instructions, or those that `HEBB_SIMD` names, on so many threads: `None` for all that this
    /// process may use.
    pub fn open(threads: Option<usize>) -> Result<Self, CpuError> {
        let named = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
        let vectors = named.map_or(Ok(Vectors::best()), |name| name.parse())?;
        Self::with(vectors, threads)
    }

    /// With these vector instructions.
    pub fn with(vectors: Vectors, threads: Option<usize>) -> Result<Self, CpuError> {
        vectors.level()?;
        let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS));
        if !(1..=MOST_THREADS).contains(&threads) {
            return Err(CpuError::Threads(threads));
        }
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|at| format!("hebb-cpu {at}")).build();
        let pool = pool.map_err(|error| CpuError::Refused { threads, reason: error.to_string() })?;
        Ok(Self { vectors, winograd: Winograd::default(), pool: Arc::new(pool) })
    }

    /// The same, with these of Winograd's forms where they pay.
    pub fn with_winograd(self, winograd: Winograd) -> Self {
        Self { winograd, ..self }
    }

    /// Which of Winograd's forms it takes.
    pub fn winograd(&self) -> Winograd {
        self.winograd
    }

    /// Bytes that a plan needs here.
    pub fn bytes(&self, plan: &Plan) -> u64 {
        needs(plan, &self.forms(&Options::default()))
    }

    fn forms(&self, options: &Options) -> Forms {
        Forms { rule: self.winograd, variant: options.variant.clone() }
    }

    /// Its vector instructions.
    pub fn vectors(&self) -> Vectors {
        self.vectors
    }

    /// Runs something on its threads.
    pub(crate) fn install<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        self.pool.install(run)
    }

    /// Its threads.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }
}

impl Runtime for Cpu {
    /// Tells the vector instructions, which bytes can depend on, and not the threads, which they do not.
    fn name(&self) -> String {
        format!("cpu ({})", self.vectors)
    }

    fn variants(&self, problem: &Problem) -> Vec<&'static str> {
        variants(problem)
    }

    fn fits(&self, plan: &Plan, options: &Options) -> Result<(), Error> {
        let bytes = needs(plan, &self.forms(options));
        if room::is_there(bytes) {
            return Ok(());
        }
        let reason = "the system does not give it".to_owned();
        Err(Error::OutOfMemory { device: self.name(), needs: bytes.div_ceil(1 << 20), reason })
    }

    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error> {
        self.fits(&plan, options)?;
        let level =
            self.vectors.level().map_err(|error| Error::Failed { device: self.name(), reason: error.to_string() })?;
        Ok(Box::new(Native::new(plan, options, (level, self.pool.clone()), self.forms(options), self.name())?))
    }
}
