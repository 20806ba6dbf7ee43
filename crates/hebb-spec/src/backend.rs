//! The seam between what runs a plan and whatever computes: a GPU, the twins, or another device to come.

use crate::plan::{List, Plan, TensorId};
use crate::problem::Problem;
use crate::request::RequestError;

pub use crate::choice::{Choice, ChoiceError};
pub use crate::step::{Numbers, Outcome, Step};

/// How a backend cuts the sum of a call, for the error bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Into runs of places that are added in order, each by lanes that share it.
    Runs {
        /// Runs of places.
        runs: u32,
        /// Lanes of each run.
        lanes: u32,
    },
    /// In any way in which no product goes through more additions than these.
    Additions(u64),
    /// By Winograd's F(m×m, 3×3): sums of transformed products, transformed back.
    Winograd {
        /// m: rows, and columns, of outputs that a tile has, 2 or 4.
        outputs: u32,
        /// Additions that a product goes through between the transforms, at most.
        additions: u64,
    },
}

impl Rounding {
    /// A sum that runs straight through.
    pub const STRAIGHT: Self = Self::Runs { runs: 1, lanes: 1 };

    /// The form of a convolution that is no plain sum, for people: `F(2x2, 3x3)`. Empty for all others.
    pub fn form(self) -> String {
        match self {
            Self::Winograd { outputs, .. } => format!("F({outputs}x{outputs}, 3x3)"),
            _ => String::new(),
        }
    }
}

/// A kernel that runs for some call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kernel {
    /// Its stem.
    pub stem: &'static str,
    /// Its form: the conditions that hold, joined by `+`; empty where there are none.
    pub form: String,
    /// Its variant.
    pub variant: String,
}

/// How a plan is made ready. What a runtime does not have it passes over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Keep bounds checks in every kernel.
    pub checked: bool,
    /// Take this variant wherever a kernel has it, and the device has room for it.
    pub variant: Option<String>,
    /// Else these for their problems, where that can be; for all others what the runtime would choose by itself.
    pub choices: Vec<Choice>,
    /// Bind at most so many bytes at once, if that is less than the device can: cuts weights into pieces.
    pub max_binding: Option<u64>,
    /// Do at most so many operations in one dispatch, if that is less than the device's own limit: cuts long calls.
    pub max_flops: Option<u64>,
    /// Keep sentinels behind every tensor, for [`Backend::intact`].
    pub guarded: bool,
}

/// Any failure at the seam.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A request that does not fit the plan.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A tensor, or the smallest piece that can be used of it, larger than one binding or buffer may be.
    #[error("tensor '{tensor}' needs {needs} MiB but {device} takes at most {limit} MiB {place}")]
    TensorTooLarge {
        /// Name of the tensor.
        tensor: String,
        /// What does not fit, rounded up.
        needs: u64,
        /// The device's limit.
        limit: u64,
        /// Name of the device.
        device: String,
        /// Where the limit lies.
        place: &'static str,
    },
    /// More workgroups than a device can start.
    #[error("'{call}' needs {groups} workgroups, more than the device can start at once")]
    GridTooLarge {
        /// Name of the call.
        call: String,
        /// Number of workgroups.
        groups: u64,
    },
    /// A loop of more turns than a driver takes.
    #[error("'{call}' adds over {turns} units, and {device} stops after {most}")]
    LoopTooLong {
        /// Name of the call.
        call: String,
        /// Turns of the loop.
        turns: u32,
        /// The driver's.
        most: u32,
        /// Name of the device.
        device: String,
    },
    /// The device ran out of memory.
    #[error("{device} has too little memory for {needs} MiB ({reason})")]
    OutOfMemory {
        /// Name of the device.
        device: String,
        /// Memory of the plan.
        needs: u64,
        /// The driver's words.
        reason: String,
    },
    /// The device reported an error or was lost.
    #[error("{device} failed: {reason}")]
    Failed {
        /// Name of the device.
        device: String,
        /// The driver's words.
        reason: String,
    },
    /// Work did not end in time.
    #[error("{device} did not finish within {seconds} s")]
    TimedOut {
        /// Name of the device.
        device: String,
        /// The time waited.
        seconds: u64,
    },
    /// Something was written where nothing may be.
    #[error("tensor '{tensor}': {what}")]
    Spoilt {
        /// Name of the tensor.
        tensor: String,
        /// What was found.
        what: &'static str,
    },
}

/// A device, or whatever stands for one: makes plans ready.
pub trait Runtime: Send + Sync {
    /// Name and driver of the device, for run records.
    fn name(&self) -> String;

    /// The variants that it has for a problem and can run, sorted.
    fn variants(&self, problem: &Problem) -> Vec<&'static str>;

    /// Whether it would make a plan ready, by what can be told beforehand: it needs no weights for that, nor memory.
    fn fits(&self, _plan: &Plan, _options: &Options) -> Result<(), Error> {
        Ok(())
    }

    /// Makes a plan ready, all its tensors 0.
    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error>;
}

/// A plan made ready: it holds the plan's tensors and runs its calls. Between two lists the host may read and write
/// parameters, states, inputs and readouts; scratch is seen call by call.
pub trait Backend: Send {
    /// The plan.
    fn plan(&self) -> &Plan;

    /// The kernels that it runs, sorted, each once.
    fn kernels(&self) -> Vec<Kernel>;

    /// How the sums of a call are cut.
    fn rounding(&self, list: List, call: usize) -> Rounding;

    /// Writes a whole tensor in its logical order: bytes, labels and masks as whole numbers.
    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), Error>;

    /// Reads a whole tensor in its logical order, after all that was submitted.
    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, Error>;

    /// Makes a step the input of the calls that follow.
    fn load(&mut self, step: &Step<'_>) -> Result<(), Error>;

    /// Runs one call of a list on the loaded step.
    fn call(&mut self, list: List, call: usize) -> Result<(), Error>;

    /// Runs a whole list on a step, `repeats` times over, without waiting. The repeat's index is part of the step, from
    /// 0. Adds one outcome, of the last repeat, where the list has readouts.
    fn submit(&mut self, list: List, step: &Step<'_>, repeats: u32) -> Result<(), Error>;

    /// Waits until at most `in_flight` submissions are unfinished; the outcomes since the last call, in order.
    fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, Error>;

    /// Whether nothing was written behind a tensor (where the plan was made ready with guards) or into the padding of
    /// weights.
    fn intact(&mut self) -> Result<(), Error>;
}
