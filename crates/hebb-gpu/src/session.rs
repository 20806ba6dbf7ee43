//! A plan on a device: buffers, pipelines, bind groups and grids made once, lists replayed each step.

mod timed;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use hebb_spec::backend::{Backend, Error, Kernel, Options, Outcome, Rounding, Step};
use hebb_spec::plan::{List, Plan, TensorId};
use hebb_spec::request;
use tracing::{debug, debug_span};

use crate::device::Gpu;
use crate::kernels;
use crate::limits;
use crate::lowering::{Dispatch, Lowered, Lowering};
use crate::memory::{self, Memory};
use crate::pace::Pace;
use crate::readback::{Readback, wait};
use crate::step::{BLOCK, StepInput};

/// A plan on a device.
pub struct Session {
    gpu: Gpu,
    plan: Plan,
    memory: Memory,
    input: StepInput,
    /// In the plan's order.
    lists: Vec<Recorded>,
    /// Submissions of lists, oldest first.
    pending: VecDeque<Pending>,
    last: Option<wgpu::SubmissionIndex>,
    /// How much goes into one submission.
    pace: Pace,
}

/// A list of the plan.
struct Recorded {
    calls: Vec<Lowered>,
    readouts: Vec<TensorId>,
    /// Buffers for the readouts that are not on their way.
    spare: Vec<wgpu::Buffer>,
}

/// A submission of a list that may not have ended.
struct Pending {
    list: usize,
    step: u32,
    images: u32,
    flops: u64,
    submitted: Instant,
    submission: wgpu::SubmissionIndex,
    readouts: Option<Readback>,
}

impl Session {
    /// Makes a plan ready.
    pub fn new(gpu: &Gpu, plan: Plan, options: &Options) -> Result<Self, Error> {
        let _prepare = debug_span!("prepare", device = gpu.summary().name).entered();
        let tuning = limits::tuning(gpu, options);
        limits::fits(gpu, &plan, &tuning)?;
        let partial = plan.calls().map(|call| kernels::partial_len(&call.problem, &tuning)).max().unwrap_or(0);
        let memory = Memory::new(gpu, &plan, partial, options.guarded)?;
        let input = StepInput::new(gpu);
        let step = &input.group;
        let lowering = Lowering { gpu, memory: &memory, step, tuning: &tuning, checked: options.checked };
        let mut lists = Vec::new();
        for (name, calls) in &plan.lists {
            let calls = calls.iter().map(|call| lowering.lower(call)).collect::<Result<_, _>>()?;
            lists.push(Recorded { calls, readouts: plan.readouts(*name), spare: Vec::new() });
        }
        gpu.check(memory.bytes)?;
        let of_list = |list: &Recorded| list.calls.iter().map(|call| call.dispatches.len()).sum::<usize>();
        let dispatches: Vec<usize> = lists.iter().map(of_list).collect();
        let tensors = plan.tensors.len();
        debug!(calls = plan.calls().count(), ?dispatches, tensors, bytes = memory.bytes, "prepared");
        let (pending, last, pace) = (VecDeque::new(), None, Pace::new());
        Ok(Self { gpu: gpu.clone(), plan, memory, input, lists, pending, last, pace })
    }

    /// Records calls `repeats` times over and submits them in pieces; the last piece also copies the list's readouts
    /// out, where there is a buffer for them.
    fn run(
        &mut self,
        list: usize,
        range: Range<usize>,
        repeats: u32,
        readouts: Option<&wgpu::Buffer>,
    ) -> Result<wgpu::SubmissionIndex, Error> {
        let (device, queue) = (&self.gpu.0.device, &self.gpu.0.queue);
        let calls = &self.lists[list].calls[range];
        let dispatches: Vec<&Dispatch> = calls.iter().flat_map(|call| &call.dispatches).collect();
        let mut encoder = device.create_command_encoder(&Default::default());
        let submit = |encoder: &mut wgpu::CommandEncoder| {
            let full = std::mem::replace(encoder, device.create_command_encoder(&Default::default()));
            queue.submit([full.finish()])
        };
        let (most, mut flops, mut pass) = (self.pace.most(), 0, Vec::new());
        for repeat in 0..repeats {
            if repeats > 1 && repeat % BLOCK == 0 {
                if repeat > 0 {
                    record(&mut encoder, &mut pass);
                    submit(&mut encoder);
                }
                self.input.number(repeat..repeats.min(repeat.saturating_add(BLOCK)));
            }
            for (at, dispatch) in dispatches.iter().enumerate() {
                pass.push((*dispatch, StepInput::offset(repeat)));
                flops = u64::saturating_add(flops, dispatch.flops);
                if flops > most && (at + 1 < dispatches.len() || repeat + 1 < repeats) {
                    record(&mut encoder, &mut pass);
                    submit(&mut encoder);
                    flops = 0;
                }
            }
        }
        record(&mut encoder, &mut pass);
        if let Some(copy) = readouts {
            let mut offset = 0;
            for &id in &self.lists[list].readouts {
                let bytes = memory::bytes(self.plan.tensor(id));
                encoder.copy_buffer_to_buffer(self.memory.buffer(id), 0, copy, offset, bytes);
                offset += bytes;
            }
        }
        let submission = submit(&mut encoder);
        self.last = Some(submission.clone());
        self.gpu.check(self.memory.bytes)?;
        Ok(submission)
    }

    /// A list's readouts in their logical order.
    fn unpack(&self, list: usize, packed: &[f32]) -> Vec<(String, Vec<f32>)> {
        let mut rest = packed;
        let readout = |&id: &TensorId| {
            let tensor = self.plan.tensor(id);
            let (own, behind) = rest.split_at(memory::bytes(tensor) as usize / 4);
            rest = behind;
            (tensor.name.clone(), memory::unpack(&tensor.layout, own))
        };
        self.lists[list].readouts.iter().map(readout).collect()
    }
}

/// One pass of dispatches, each with the numbers that lie there in the step's uniform; none are left.
fn record(encoder: &mut wgpu::CommandEncoder, dispatches: &mut Vec<(&Dispatch, u32)>) {
    let mut pass = encoder.begin_compute_pass(&Default::default());
    for (dispatch, step) in dispatches.drain(..) {
        dispatch.record(&mut pass, step);
    }
}

impl Backend for Session {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn kernels(&self) -> Vec<Kernel> {
        let dispatches = self.lists.iter().flat_map(|list| &list.calls).flat_map(|call| &call.dispatches);
        let kernel = |shader: &hebb_shaders::Shader| Kernel {
            stem: shader.stem,
            form: shader.features.join("+"),
            variant: shader.variant.to_owned(),
        };
        let mut kernels: Vec<Kernel> = dispatches.map(|dispatch| kernel(dispatch.shader)).collect();
        kernels.sort_unstable();
        kernels.dedup();
        kernels
    }

    fn rounding(&self, list: List, call: usize) -> Rounding {
        let calls = self.plan.position(list).map(|at| &self.lists[at].calls);
        calls.and_then(|calls| calls.get(call)).map_or(Rounding::STRAIGHT, |call| call.rounding)
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), Error> {
        let layout = request::tensor(&self.plan, tensor, values.len())?.layout;
        self.memory.write(tensor, &layout, values);
        // Without a submission the staging memory of many writes would pile up.
        self.last = Some(self.gpu.0.queue.submit([]));
        self.gpu.check(self.memory.bytes)
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, Error> {
        let known = self.plan.tensors.get(tensor.0).ok_or(request::RequestError::NoTensor(tensor.0))?;
        self.memory.read(tensor, &known.layout)
    }

    fn load(&mut self, step: &Step<'_>) -> Result<(), Error> {
        request::step(&self.plan, step)?;
        self.input.load(&self.plan, &self.memory, step);
        self.gpu.check(self.memory.bytes)
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), Error> {
        request::call(&self.plan, list, call)?;
        let at = request::list(&self.plan, list)?;
        self.run(at, call..call + 1, 1, None)?;
        Ok(())
    }

    fn submit(&mut self, list: List, step: &Step<'_>, repeats: u32) -> Result<(), Error> {
        let at = request::list(&self.plan, list)?;
        self.load(step)?;
        if repeats == 0 {
            return Ok(());
        }
        let recorded = &mut self.lists[at];
        let bytes: u64 = recorded.readouts.iter().map(|&id| memory::bytes(self.plan.tensor(id))).sum();
        let copy = (bytes > 0).then(|| recorded.spare.pop().unwrap_or_else(|| Readback::buffer(&self.gpu, bytes)));
        let count = recorded.calls.len();
        let (submitted, images) = (Instant::now(), step.images);
        let flops: u64 = recorded.calls.iter().map(|call| call.flops).fold(0, u64::saturating_add);
        let flops = flops.saturating_mul(u64::from(repeats));
        let submission = self.run(at, 0..count, repeats, copy.as_ref())?;
        let readouts = copy.map(|copy| Readback::start(copy, submission.clone()));
        self.pending.push_back(Pending { list: at, step: step.step, images, flops, submitted, submission, readouts });
        Ok(())
    }

    fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = Vec::new();
        while self.pending.len() > in_flight
            && let Some(Pending { list, step, images, flops, submitted, submission, readouts }) =
                self.pending.pop_front()
        {
            match readouts {
                None => wait(&self.gpu, submission)?,
                Some(readback) => {
                    let (packed, buffer) = readback.finish(&self.gpu)?;
                    self.lists[list].spare.push(buffer);
                    outcomes.push(Outcome { step, images, readouts: self.unpack(list, &packed) });
                }
            }
            self.pace.done(flops, submitted, Instant::now());
        }
        if in_flight == 0
            && let Some(last) = self.last.take()
        {
            wait(&self.gpu, last)?;
        }
        Ok(outcomes)
    }

    fn intact(&mut self) -> Result<(), Error> {
        self.memory.intact(&self.plan)
    }
}
