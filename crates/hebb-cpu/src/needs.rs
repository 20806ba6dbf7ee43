//! The memory that a plan takes.

use hebb_spec::plan::{Call, Plan};
use hebb_spec::problem::Problem;

use crate::kernels::Forms;
use crate::line::LANES;
use crate::memory::{bytes, groups};

/// Bytes that a plan needs: its tensors, each group's sums of the tied convolutions that learn, weights packed and images
/// turned.
pub(crate) fn needs(plan: &Plan, forms: &Forms) -> u64 {
    let of_call = |call: &Call| {
        // A filter's numbers, transformed or not, and what fills up the last tile of channels.
        let tied = |channels: u64, outputs: u64, size: u32| {
            let places = forms.of(&call.problem).map_or(u64::from(size), |form| form.places() as u64);
            4 * channels * outputs * places
        };
        match call.problem {
            Problem::ConnectUpdate { connection: c, .. } if c.is_tied() => {
                let fill = |channels: u32| u64::from(channels).next_multiple_of(LANES as u64);
                let (inputs, outputs) = match forms.of(&call.problem) {
                    Some(_) => (fill(c.input.channels), fill(c.output.channels)),
                    None => (c.input.channels.into(), c.output.channels.into()),
                };
                tied(inputs, outputs, c.kernel_h * c.kernel_w) * groups(plan) as u64
            }
            Problem::ConnectForward { connection: c, .. } | Problem::ConnectFeedback { connection: c, .. }
                if c.is_tied() =>
            {
                tied(c.input.channels.into(), c.output.channels.into(), c.kernel_h * c.kernel_w)
            }
            // Turned images.
            Problem::ConnectUpdate { connection: c, batch, .. } if c.is_full() => {
                4 * u64::from(c.taps()).next_multiple_of(LANES as u64) * u64::from(batch)
            }
            _ => 0,
        }
    };
    bytes(plan) + plan.calls().map(of_call).sum::<u64>()
}
