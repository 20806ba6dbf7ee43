//! Whether a device can hold and bind a plan's tensors.

use hebb_spec::backend::{Error, Options};
use hebb_spec::lane4;
use hebb_spec::plan::{Plan, TensorId};
use hebb_spec::problem::Problem;

use crate::device::Gpu;
use crate::kernels;
use crate::memory::bytes;
use crate::variant::{Caps, Tuning};

/// What a device and the options make of variants and bindings.
pub(crate) fn tuning(gpu: &Gpu, options: &Options) -> Tuning {
    let caps = gpu.caps();
    let max_binding = options.max_binding.map_or(caps.max_binding, |most| most.min(caps.max_binding));
    let max_flops = options.max_flops.map_or(caps.max_flops, |most| most.min(caps.max_flops));
    let caps = Caps { max_binding, max_flops, ..caps };
    Tuning { caps, variant: options.variant.clone(), choices: options.choices.clone() }
}

/// Turns after which llvmpipe ends a loop of a shader, without a word: wrong numbers, seen on Mesa 22.3.6.
const LLVMPIPE_TURNS: u32 = 65_535;

/// Turns of a call's longest loop: over channels, places or classes.
fn longest_loop(problem: &Problem) -> u32 {
    match *problem {
        Problem::ConnectForward { connection, .. } => connection.input.channels,
        Problem::ConnectFeedback { connection, .. } => connection.output.channels,
        Problem::ConnectUpdate { connection, .. } if !connection.untied => {
            let runs = lane4::update_splits(&connection);
            connection.output.places().div_ceil(runs).max(runs)
        }
        Problem::Loss { classes, .. } => classes,
        _ => 0,
    }
}

/// Whether the device computes every call, and can bind every tensor of a plan, whole or in pieces.
pub(crate) fn fits(gpu: &Gpu, plan: &Plan, tuning: &Tuning) -> Result<(), Error> {
    let Caps { max_binding, alignment, .. } = tuning.caps;
    // The largest first: it is the one to name.
    let mut large: Vec<TensorId> =
        (0..plan.tensors.len()).map(TensorId).filter(|&id| bytes(plan.tensor(id)) > max_binding).collect();
    large.sort_by_key(|&id| std::cmp::Reverse(bytes(plan.tensor(id))));
    for id in large {
        let tensor = plan.tensor(id);
        let refuse = |needs: u64, limit: u64, place| {
            let (tensor, device) = (tensor.name.clone(), gpu.summary().name.clone());
            Err(Error::TensorTooLarge { tensor, needs: needs.div_ceil(1 << 20), limit: limit >> 20, device, place })
        };
        if bytes(tensor) > gpu.summary().max_buffer {
            return refuse(bytes(tensor), gpu.summary().max_buffer, "in a buffer");
        }
        for call in plan.calls() {
            for (_, operand) in call.operands().filter(|&(other, _)| other == id) {
                match kernels::smallest_window(&call.problem, operand.slot) {
                    Some(piece) if piece + alignment <= max_binding => {}
                    Some(piece) => return refuse(piece, max_binding, "for one row or input of it"),
                    None => return refuse(bytes(tensor), max_binding, "at once"),
                }
            }
        }
    }
    let device = &gpu.summary().name;
    if device.contains("llvmpipe")
        && let Some(call) = plan.calls().find(|call| longest_loop(&call.problem) > LLVMPIPE_TURNS)
    {
        let turns = longest_loop(&call.problem);
        return Err(Error::LoopTooLong {
            call: call.name.clone(),
            turns,
            most: LLVMPIPE_TURNS,
            device: device.clone(),
        });
    }
    Ok(())
}
