//! A plan on a device: buffers, pipelines, bind groups and grids made once, lists replayed each step.

use std::collections::VecDeque;
use std::ops::Range;

use hebb_shaders::StepInfo;
use hebb_spec::backend::{Backend, BackendError, Batch, Outcome};
use hebb_spec::plan::{Call, List, Plan, Role, TensorId};
use hebb_spec::problem::{Problem, image_words};

use crate::device::Gpu;
use crate::error::GpuError;
use crate::readback::{Readback, wait};
use crate::ready::{self, Ready};

/// Floating-point operations after which a list goes on in another submission: about 100 ms on a slow GPU, so that no
/// watchdog bites.
const SUBMISSION_FLOPS: u64 = 20_000_000_000;

/// How a session runs its kernels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Keep wgpu's bounds checks in every shader.
    pub checked: bool,
    /// Take this variant wherever a kernel has it.
    pub variant: Option<String>,
    /// Bind at most so many bytes at once, if that is less than the device can: cuts weights into pieces.
    pub max_binding: Option<u64>,
}

/// A plan on a device.
pub struct Session {
    gpu: Gpu,
    plan: Plan,
    slots: Vec<wgpu::Buffer>,
    step: wgpu::Buffer,
    lists: [Vec<Ready>; 3],
    /// Submissions with a loss, oldest first.
    pending: VecDeque<(u32, u32, Readback)>,
    spare: Vec<wgpu::Buffer>,
    last: Option<wgpu::SubmissionIndex>,
    packed: Vec<u8>,
    labels: Vec<f32>,
}

impl Session {
    /// Makes a plan ready with the device's own choice of variants.
    pub fn new(gpu: &Gpu, plan: Plan) -> Result<Self, GpuError> {
        Self::with_options(gpu, plan, &Options::default())
    }

    /// Makes a plan ready.
    pub fn with_options(gpu: &Gpu, plan: Plan, options: &Options) -> Result<Self, GpuError> {
        let tuning = ready::tuning(gpu, options);
        ready::fits(gpu, &plan, &tuning)?;
        let device = &gpu.0.device;
        let storage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let buffer = |label: &str, size: u64, usage| {
            device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
        };
        let slots: Vec<_> = plan.slots.iter().map(|&len| buffer("slot", 4 * len.max(4) as u64, storage)).collect();
        gpu.check(plan.memory())?;
        let uniform = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let step = buffer("step", size_of::<StepInfo>() as u64, uniform);
        let maker = ready::Maker { gpu, plan: &plan, slots: &slots, step: &step, tuning, checked: options.checked };
        let ready = |call: &Call| maker.ready(call);
        let all = |list| plan.list(list).iter().map(ready).collect::<Result<Vec<_>, _>>();
        let lists = [all(List::Train)?, all(List::Evaluate)?, all(List::Statistics)?];
        gpu.check(plan.memory())?;
        Ok(Self {
            gpu: gpu.clone(),
            slots,
            step,
            lists,
            plan,
            pending: VecDeque::new(),
            spare: Vec::new(),
            last: None,
            packed: Vec::new(),
            labels: Vec::new(),
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Each kernel with the variant chosen for it, sorted.
    pub fn variants(&self) -> Vec<String> {
        let mut names: Vec<String> = self.lists.iter().flatten().map(|ready| ready.variant.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Runs one call `times` times in one submission and waits: for measurements.
    pub fn repeat(&mut self, list: List, call: usize, times: u32) -> Result<(), GpuError> {
        let mut encoder = self.gpu.0.device.create_command_encoder(&Default::default());
        for _ in 0..times {
            record(&mut encoder, &self.lists[list as usize][call..=call]);
        }
        let submission = self.gpu.0.queue.submit([encoder.finish()]);
        wait(&self.gpu, submission)
    }

    /// All that a tensor's slot holds, past the tensor too.
    fn read_slot(&mut self, tensor: TensorId) -> Result<Vec<f32>, GpuError> {
        let buffer = &self.slots[self.plan.tensor(tensor).slot];
        let mut encoder = self.gpu.0.device.create_command_encoder(&Default::default());
        let copy = Readback::buffer(&self.gpu, buffer.size());
        encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, buffer.size());
        let submission = self.gpu.0.queue.submit([encoder.finish()]);
        Ok(Readback::start(copy, submission).finish(&self.gpu)?.0)
    }

    /// Records calls from `range` and submits them in pieces; the last piece also copies the loss out, if asked for.
    fn run(
        &mut self,
        list: List,
        range: Range<usize>,
        outcome: Option<wgpu::Buffer>,
    ) -> Result<Option<Readback>, GpuError> {
        let device = &self.gpu.0.device;
        let calls = &self.lists[list as usize][range];
        let mut encoder = device.create_command_encoder(&Default::default());
        let (mut first, mut flops) = (0, 0);
        for at in 0..calls.len() {
            flops += calls[at].flops;
            if flops > SUBMISSION_FLOPS && at + 1 < calls.len() {
                record(&mut encoder, &calls[first..=at]);
                let full = std::mem::replace(&mut encoder, device.create_command_encoder(&Default::default()));
                self.gpu.0.queue.submit([full.finish()]);
                (first, flops) = (at + 1, 0);
            }
        }
        record(&mut encoder, &calls[first..]);
        if let Some(copy) = &outcome
            && let Some(sums) = self.plan.find(Role::LossSums)
        {
            encoder.copy_buffer_to_buffer(&self.slots[self.plan.tensor(sums).slot], 0, copy, 0, copy.size());
        }
        let submission = self.gpu.0.queue.submit([encoder.finish()]);
        self.last = Some(submission.clone());
        self.gpu.check(self.plan.memory())?;
        Ok(outcome.map(|copy| Readback::start(copy, submission)))
    }

    fn write_input(&self, role: Role, bytes: &[u8]) {
        if let Some(id) = self.plan.find(role) {
            self.gpu.0.queue.write_buffer(&self.slots[self.plan.tensor(id).slot], 0, bytes);
        }
    }

    fn images(&self, batch: &Batch<'_>) -> Result<u32, GpuError> {
        let units = self.picture_bytes();
        let count = batch.labels.len();
        let wrong = |what: &str, got, wanted| GpuError::WrongSize { what: what.to_owned(), got, wanted };
        if batch.images.len() != count * units {
            return Err(wrong("a batch of pictures", batch.images.len(), count * units));
        }
        if count > self.plan.batch as usize {
            return Err(wrong("a batch", count, self.plan.batch as usize));
        }
        Ok(count as u32)
    }

    fn picture_bytes(&self) -> usize {
        let calls = self.plan.train.iter().chain(&self.plan.evaluate);
        let units = |call: &Call| match call.problem {
            Problem::GatherImages { shape, .. } => Some(shape.units() as usize),
            _ => None,
        };
        calls.filter_map(units).next().unwrap_or(0)
    }
}

fn record(encoder: &mut wgpu::CommandEncoder, calls: &[Ready]) {
    let mut pass = encoder.begin_compute_pass(&Default::default());
    for dispatch in calls.iter().flat_map(|call| &call.dispatches) {
        pass.set_pipeline(&dispatch.pipeline);
        pass.set_bind_group(0, &dispatch.tensors, &[]);
        if let Some(step) = &dispatch.step {
            pass.set_bind_group(1, step, &[]);
        }
        pass.dispatch_workgroups(dispatch.grid[0], dispatch.grid[1], 1);
    }
}

impl Backend for Session {
    fn name(&self) -> String {
        self.gpu.name()
    }

    fn update_lanes(&self, list: List, call: usize) -> u32 {
        self.lists[list as usize][call].update_lanes
    }

    fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), BackendError> {
        let target = self.plan.tensor(tensor);
        if values.len() != target.len {
            let what = format!("tensor '{}'", target.name);
            return Err(GpuError::WrongSize { what, got: values.len(), wanted: target.len }.into());
        }
        self.gpu.0.queue.write_buffer(&self.slots[target.slot], 0, bytemuck::cast_slice(values));
        // Without a submission the staging memory of many writes would pile up.
        self.last = Some(self.gpu.0.queue.submit([]));
        Ok(self.gpu.check(self.plan.memory())?)
    }

    fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, BackendError> {
        let len = self.plan.tensor(tensor).len;
        let mut values = self.read_slot(tensor)?;
        values.truncate(len);
        Ok(values)
    }

    fn load(&mut self, batch: &Batch<'_>) -> Result<(), BackendError> {
        let images = self.images(batch)?;
        let units = self.picture_bytes();
        if units.is_multiple_of(4) {
            self.write_input(Role::Images, batch.images);
        } else {
            let padded = 4 * image_words(hebb_spec::Shape::flat(units as u32)) as usize;
            self.packed.clear();
            for picture in batch.images.chunks_exact(units) {
                self.packed.extend_from_slice(picture);
                self.packed.resize(self.packed.len() + padded - units, 0);
            }
            self.write_input(Role::Images, &self.packed);
        }
        self.labels.clear();
        self.labels.extend(batch.labels.iter().map(|&label| f32::from(label)));
        self.labels.resize((self.plan.batch as usize).next_multiple_of(4), 0.0);
        self.write_input(Role::Labels, bytemuck::cast_slice(&self.labels));
        let (seed_low, seed_high) = (batch.seed as u32, (batch.seed >> 32) as u32);
        let info = StepInfo { seed_low, seed_high, step: batch.step, images };
        self.gpu.0.queue.write_buffer(&self.step, 0, bytemuck::bytes_of(&info));
        Ok(self.gpu.check(self.plan.memory())?)
    }

    fn call(&mut self, list: List, call: usize) -> Result<(), BackendError> {
        self.run(list, call..call + 1, None)?;
        Ok(())
    }

    fn submit(&mut self, list: List, batch: &Batch<'_>) -> Result<(), BackendError> {
        self.load(batch)?;
        let count = self.lists[list as usize].len();
        let has_loss = list != List::Statistics;
        let copy = has_loss
            .then(|| self.spare.pop().unwrap_or_else(|| Readback::buffer(&self.gpu, 4 * Problem::LOSS_SUMS as u64)));
        if let Some(readback) = self.run(list, 0..count, copy)? {
            self.pending.push_back((batch.step, batch.labels.len() as u32, readback));
        }
        Ok(())
    }

    fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, BackendError> {
        let mut outcomes = Vec::new();
        while self.pending.len() > in_flight
            && let Some((step, images, readback)) = self.pending.pop_front()
        {
            let (sums, buffer) = readback.finish(&self.gpu)?;
            self.spare.push(buffer);
            outcomes.push(Outcome { step, images, loss: sums[0], errors: sums[1] as u32 });
        }
        if in_flight == 0
            && let Some(last) = self.last.take()
        {
            wait(&self.gpu, last)?;
        }
        Ok(outcomes)
    }
}
