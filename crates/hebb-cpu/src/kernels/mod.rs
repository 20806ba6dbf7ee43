//! The kernels, one file a stem, and what they have in common.
//!
//! Most calls are independent image by image: they [`Map`] the lines of a block to other lines, and a list of them can
//! run block by block. An update of a tied convolution [`Add`]s over the images of a group of blocks, and learns when
//! all have gone by. What takes more weights than a cache holds, full and untied layers, goes over [`All`] blocks at
//! once, so that its weights are read once.

mod compete;
mod connect_feedback;
mod connect_forward;
mod connect_update;
mod convolution;
mod decay;
mod difference;
mod dropout;
mod gather_images;
mod integrate;
mod learner;
mod loss;
mod nudge;
mod pair_statistics;
mod place;
mod place_feedback;
mod place_forward;
mod place_update;
mod polynomials;
mod pool_feedback;
mod pool_forward;
mod random;
mod record;
mod saturation;
mod share;
mod sign_feedback;
mod statistics;
mod strip;
mod sum_feedback;
mod sum_forward;
mod taps;
mod target_delta;
mod tied;
mod transfer;
mod transfer_error;
mod transfer_feedback;
mod window;
mod winograd;

use std::ops::Range;

use fearless_simd::Level;
use hebb_spec::backend::{Error, Rounding, Step};
use hebb_spec::connection::Connection;
use hebb_spec::learning::MOST_RATES;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{Call, TensorId};
use hebb_spec::problem::Problem;

pub(crate) use self::share::{SHARED_FROM, work};
use self::winograd::Outputs;
pub use self::winograd::{Winograd, WinogradError};
use crate::line::{LANES, Line};
use crate::memory::{Block, Group, Place, Tensors};

/// The variant that every kernel has.
const NATIVE: &str = "native";

/// What changes from step to step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Now {
    /// The run's seed.
    pub seed: u64,
    /// Number of the step.
    pub step: u32,
    /// Images that are no padding.
    pub images: usize,
    /// Number of the repeat within a submission.
    pub repeat: u32,
    /// The finished factors of what learns.
    pub rates: [f32; MOST_RATES],
    /// Whether the call at hand is too little to be shared out.
    pub alone: bool,
}

impl From<&Step<'_>> for Now {
    fn from(step: &Step<'_>) -> Self {
        let mut rates = [0.0; MOST_RATES];
        rates.iter_mut().zip(step.rates).for_each(|(rate, &given)| *rate = given);
        Self { seed: step.seed, step: step.step, images: step.images as usize, repeat: 0, rates, alone: false }
    }
}

/// What a kernel reads while it goes over a block.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    /// Vector instructions.
    pub level: Level,
    /// The step.
    pub now: &'a Now,
    /// Number of the block.
    pub number: usize,
    /// The block.
    pub block: &'a Block,
    /// All that is no activity.
    pub tensors: &'a Tensors,
}

impl<'a> At<'a> {
    /// Images of the block that are no padding.
    pub fn images(&self) -> usize {
        self.now.images.saturating_sub(self.number * LANES).min(LANES)
    }

    /// The lines of a tensor.
    pub fn lines(&self, place: Place) -> &'a [Line] {
        &self.block.slots[place.slot][..place.form.lines()]
    }
}

/// Goes from lines of a block to the lines of one other tensor.
pub(crate) trait Map: Send + Sync {
    /// Where the output lies, in how many parts of equally many lines it can be written, and lines of a part.
    fn output(&self) -> (Place, usize, usize);

    /// Makes weights ready for all blocks.
    fn pack(&mut self, _level: Level, _tensors: &Tensors) {}

    /// Writes some parts of the output.
    fn run(&self, at: &At<'_>, parts: Range<usize>, y: &mut [Line]);
}

/// The output of what goes line by line: equal parts, of which several threads may each write one.
pub(crate) fn lines(y: Place) -> (Place, usize, usize) {
    let each = y.form.lines().div_ceil(LINE_PARTS).max(1);
    (y, y.form.lines().div_ceil(each), each)
}

/// Parts of what goes line by line.
const LINE_PARTS: usize = 8;

/// Adds over the images of a group.
pub(crate) trait Add: Send + Sync {
    /// In how many parts of equally many sums it can be added, and sums of a part.
    fn sums(&self) -> (usize, usize);

    /// Sums in all: the last part may have fewer.
    fn len(&self) -> usize;

    /// Adds a block to some parts of its group's sums.
    fn run(&self, at: &At<'_>, parts: Range<usize>, sums: &mut [f32]);

    /// Takes the groups' sums, each in its order, when all blocks have gone by.
    fn finish(&mut self, on: (Level, &Now), tensors: &mut Tensors, groups: &[&[f32]]);
}

/// Goes over all blocks at once.
pub(crate) trait All: Send + Sync {
    /// Does it.
    fn run(&mut self, level: Level, now: &Now, groups: &mut [Group], tensors: &mut Tensors);
}

/// A call made ready, with its work.
pub(crate) struct Ready {
    /// Its kernel.
    pub kernel: Kernel,
    /// What [`share::work`] makes of it.
    pub work: u64,
}

/// A kernel with its tensors.
pub(crate) enum Kernel {
    /// Block by block.
    Map(Box<dyn Map>),
    /// Block by block, then once; which of each group's sums it adds to.
    Add(usize, Box<dyn Add>),
    /// Loss: block by block, with several outputs.
    Loss(usize, loss::Loss),
    /// Over all blocks.
    All(Box<dyn All>),
}

/// A call with its tensors, while it is made ready.
pub(crate) struct Operands<'a> {
    /// The call.
    pub call: &'a Call,
    /// Where activity lies.
    pub places: &'a [Option<Place>],
    /// Name of the device, for errors.
    pub device: &'a str,
    /// Which convolutions are done by which form.
    pub forms: &'a Forms,
}

/// Which form each convolution is done by.
pub(crate) struct Forms {
    /// By the rule of shapes.
    pub rule: Winograd,
    /// By a variant's name, where the convolution has it.
    pub variant: Option<String>,
}

impl Forms {
    /// The form of a problem; `None` for plain sums, and where there are no others.
    pub fn of(&self, problem: &Problem) -> Option<Outputs> {
        let c = connection(problem)?;
        let by_rule = || Outputs::of(c, self.rule, matches!(problem, Problem::ConnectUpdate { .. }));
        match self.variant.as_deref() {
            Some(NATIVE) => None,
            Some(variant) => Outputs::named(c, variant).or_else(by_rule),
            None => by_rule(),
        }
    }
}

/// The connection of what may be a convolution.
fn connection(problem: &Problem) -> Option<&Connection> {
    match problem {
        Problem::ConnectForward { connection, .. }
        | Problem::ConnectFeedback { connection, .. }
        | Problem::ConnectUpdate { connection, .. } => Some(connection),
        _ => None,
    }
}

/// The variant of a problem's kernel.
pub(crate) fn variant(problem: &Problem, forms: &Forms) -> &'static str {
    forms.of(problem).map_or(NATIVE, Outputs::variant)
}

/// All variants of a problem's kernel.
pub(crate) fn variants(problem: &Problem) -> Vec<&'static str> {
    let mut variants = vec![NATIVE];
    variants.extend(connection(problem).map(winograd::variants).unwrap_or_default());
    variants
}

impl Operands<'_> {
    /// The form that the call is done by.
    pub fn form(&self) -> Option<Outputs> {
        self.forms.of(&self.call.problem)
    }

    /// The tensor in a slot.
    pub fn id(&self, slot: Slot) -> Result<TensorId, Error> {
        self.call.tensor(slot).ok_or_else(|| Error::Failed {
            device: self.device.to_owned(),
            reason: format!("'{}' has no {slot:?}", self.call.name),
        })
    }

    /// Where the activity in a slot lies.
    pub fn place(&self, slot: Slot) -> Result<Place, Error> {
        let id = self.id(slot)?;
        self.places.get(id.0).copied().flatten().ok_or_else(|| Error::Failed {
            device: self.device.to_owned(),
            reason: format!("{slot:?} of '{}' is no activity", self.call.name),
        })
    }
}

/// Makes a call ready; `next` counts the calls that add.
pub(crate) fn lower(operands: &Operands<'_>, next: &mut usize) -> Result<Kernel, Error> {
    let mut sums = || {
        *next += 1;
        *next - 1
    };
    Ok(match operands.call.problem {
        Problem::GatherImages { .. } => Kernel::Map(Box::new(gather_images::GatherImages::new(operands)?)),
        Problem::ConnectForward { connection: c, slope, .. } => match c.is_tied() {
            true => Kernel::Map(Box::new(connect_forward::ConnectForward::new(operands, c, slope)?)),
            false => Kernel::All(Box::new(place_forward::PlaceForward::new(operands, c, slope)?)),
        },
        Problem::ConnectFeedback { connection: c, gate, .. } => match c.is_tied() {
            true => Kernel::Map(Box::new(connect_feedback::ConnectFeedback::new(operands, c, gate)?)),
            false => Kernel::All(Box::new(place_feedback::PlaceFeedback::new(operands, c, gate)?)),
        },
        Problem::ConnectUpdate { connection: c, learning, .. } => match c.is_tied() {
            true => Kernel::Add(sums(), Box::new(connect_update::ConnectUpdate::new(operands, c, learning)?)),
            false => Kernel::All(Box::new(place_update::PlaceUpdate::new(operands, c, learning)?)),
        },
        Problem::Decay { connection, batch, by, rate } => {
            Kernel::All(Box::new(decay::Decay::new(operands, connection, batch, (by, rate))?))
        }
        Problem::Compete { competition, .. } => Kernel::Map(Box::new(compete::Compete::new(operands, competition)?)),
        Problem::Transfer { transfer, one, .. } => {
            Kernel::Map(Box::new(transfer::Transfer::new(operands, transfer, one)?))
        }
        Problem::TransferError { transfer, scale, .. } => {
            Kernel::Map(Box::new(transfer_error::TransferError::new(operands, transfer, scale)?))
        }
        Problem::TransferFeedback { transfer, .. } => {
            Kernel::Map(Box::new(transfer_feedback::TransferFeedback::new(operands, transfer)?))
        }
        Problem::Nudge { nudge: soma, .. } => Kernel::All(Box::new(nudge::Nudge::new(operands, soma)?)),
        Problem::Integrate { euler, .. } => Kernel::Map(Box::new(integrate::Integrate::new(operands, euler)?)),
        Problem::Record { every, rows, .. } => Kernel::All(Box::new(record::Record::new(operands, (every, rows))?)),
        Problem::SignFeedback { connection, magnitudes } => {
            Kernel::All(Box::new(sign_feedback::SignFeedback::new(operands, connection, magnitudes)?))
        }
        Problem::SumForward { .. } => Kernel::Map(Box::new(sum_forward::SumForward::new(operands)?)),
        Problem::Difference { .. } => Kernel::Map(Box::new(difference::Difference::new(operands)?)),
        Problem::SumFeedback { slope, .. } => Kernel::Map(Box::new(sum_feedback::SumFeedback::new(operands, slope)?)),
        Problem::PoolForward { pool, .. } => Kernel::Map(Box::new(pool_forward::PoolForward::new(operands, pool)?)),
        Problem::PoolFeedback { pool, gate, .. } => {
            Kernel::Map(Box::new(pool_feedback::PoolFeedback::new(operands, pool, gate)?))
        }
        Problem::Dropout { index, probability, .. } => {
            Kernel::Map(Box::new(dropout::Dropout::new(operands, index, probability)?))
        }
        Problem::Loss { classes, loss, mu, .. } => Kernel::Loss(sums(), loss::Loss::new(operands, classes, loss, mu)?),
        Problem::TargetDelta { .. } => Kernel::Map(Box::new(target_delta::TargetDelta::new(operands)?)),
        Problem::PairStatistics { of, masked } => {
            Kernel::All(Box::new(pair_statistics::PairStatistics::new(operands, of, masked)?))
        }
        Problem::Saturation { units, batch } => {
            Kernel::All(Box::new(saturation::Saturation::new(operands, units, batch)?))
        }
    })
}

/// How a call's sum is cut, for its error bound: an update of a tied convolution adds the images of a block and the
/// pixels of a strip lane by lane, then a vector's lanes two by two, then the strips and blocks of a group, then the
/// groups; one of a full or untied layer adds image by image.
pub(crate) fn rounding(problem: &Problem, forms: &Forms, groups: &[Group]) -> Rounding {
    let blocks = groups.iter().map(|group| group.blocks.len()).max().unwrap_or(1) as u64;
    if let Some(form) = forms.of(problem) {
        let additions = match *problem {
            Problem::ConnectUpdate { connection: c, .. } => {
                let (strip, strips) = winograd::Summed::new(form, c).additions();
                strip + strips * blocks + groups.len() as u64
            }
            Problem::ConnectFeedback { connection: c, .. } => u64::from(c.output.channels),
            Problem::ConnectForward { connection: c, .. } => u64::from(c.input.channels),
            _ => 0,
        };
        return Rounding::Winograd { outputs: form.across(), additions };
    }
    match *problem {
        Problem::ConnectUpdate { connection: c, .. } if c.is_tied() => {
            let (pixels, strips) = connect_update::ConnectUpdate::strips(&c);
            let halvings = u64::from(LANES.ilog2());
            Rounding::Additions(u64::from(pixels) + halvings + u64::from(strips) * blocks + groups.len() as u64)
        }
        Problem::ConnectUpdate { batch, .. } => Rounding::Additions(u64::from(batch)),
        _ => Rounding::STRAIGHT,
    }
}

impl Kernel {
    /// Whether it goes block by block.
    pub fn is_by_block(&self) -> bool {
        !matches!(self, Kernel::All(_))
    }

    /// Which of a group's sums it adds to, and how many numbers they are.
    pub fn sums(&self) -> Option<(usize, usize)> {
        match self {
            Kernel::Add(at, add) => Some((*at, add.len())),
            Kernel::Loss(at, _) => Some((*at, loss::Loss::SUMS)),
            _ => None,
        }
    }
}
