//! Sums a system's amounts over records, without learning.

use std::ops::{ControlFlow, Range};

use hebb_spec::backend::{Backend, Error, Outcome, Step};
use hebb_spec::plan::List;
use hebb_spec::system::{Sums, System};

use crate::records::{Gathered, Records};

/// Submissions left unfinished while the next is prepared.
pub(crate) const IN_FLIGHT: usize = 2;

/// Evaluates the records at `range`, in batches of the plan's size, the last one smaller. `progress` hears how many are
/// submitted and may break off: then there is no result. `each` sees what each batch brought back.
pub fn evaluate(
    system: &dyn System,
    backend: &mut dyn Backend,
    records: &dyn Records,
    range: Range<usize>,
    mut progress: impl FnMut(usize) -> ControlFlow<()>,
    mut each: impl FnMut(Range<usize>, &Outcome),
) -> Result<Option<Sums>, Error> {
    let mut sums = Sums::zero(&system.amounts());
    let batch = backend.plan().batch;
    let rates = system.rates(0, batch);
    let (first, end, size) = (range.start, range.end.min(records.count()), batch as usize);
    let at = |step: u32| first + step as usize * size;
    let mut collect = |backend: &mut dyn Backend, in_flight: usize| -> Result<(), Error> {
        for outcome in backend.collect(in_flight)? {
            sums.add(outcome.images, &system.tally(&outcome));
            each(at(outcome.step)..at(outcome.step) + outcome.images as usize, &outcome);
        }
        Ok(())
    };
    let mut gathered = Gathered::default();
    for (step, start) in (0..).zip((first..end).step_by(size)) {
        if progress(start - first).is_break() {
            backend.collect(0)?;
            return Ok(None);
        }
        let indices: Vec<u32> = (start..(start + size).min(end)).map(|record| record as u32).collect();
        records.gather(0, &indices, &mut gathered);
        // Nothing in an evaluation is random: the seed does not matter.
        let step = Step { seed: 0, step, images: indices.len() as u32, rates: &rates, inputs: &gathered.inputs() };
        backend.submit(List::EVALUATE, &step, system.repeats(List::EVALUATE))?;
        collect(backend, IN_FLIGHT)?;
    }
    collect(backend, 0)?;
    Ok(Some(sums))
}
