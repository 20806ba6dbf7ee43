//! Adapters and devices.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hebb_shaders::Shader;
use hebb_spec::backend::Error;
use hebb_spec::settings::short;
use tracing::{debug, debug_span};

use crate::error::GpuError;
use crate::variant::{self, Caps, Kind};

/// What there is to know of an adapter before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterSummary {
    /// Name of the device; from the second of one name on with its number, as in `NAME#2`.
    pub name: String,
    /// Name and version of the driver.
    pub driver: String,
    /// Vulkan, Metal or DX12.
    pub backend: String,
    /// Kind of the device, in words.
    pub kind: String,
    /// Whether it computes on the CPU.
    pub software: bool,
    /// Largest storage binding, in bytes.
    pub max_binding: u64,
    /// Largest buffer, in bytes.
    pub max_buffer: u64,
    /// Workgroup memory, in bytes.
    pub workgroup_memory: u32,
}

/// Which adapter to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// The best hardware GPU.
    Hardware,
    /// The best adapter, a software one if there is no other.
    Any,
    /// The best adapter whose name holds this text, in any case.
    Named(String),
}

fn all_adapters() -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    adapters
}

fn summary(adapter: &wgpu::Adapter) -> AdapterSummary {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "software, on the CPU",
        wgpu::DeviceType::Other => "unknown kind",
    };
    AdapterSummary {
        name: info.name,
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        backend: info.backend.to_string(),
        kind: kind.to_owned(),
        software: info.device_type == wgpu::DeviceType::Cpu,
        max_binding: limits.max_storage_buffer_binding_size,
        max_buffer: limits.max_buffer_size,
        workgroup_memory: limits.max_compute_workgroup_storage_size,
    }
}

/// Numbers those of one name, so that each can be picked.
fn summaries(adapters: &[wgpu::Adapter]) -> Vec<AdapterSummary> {
    let mut summaries: Vec<AdapterSummary> = adapters.iter().map(summary).collect();
    number(summaries.iter_mut().map(|summary| &mut summary.name));
    summaries
}

fn number<'a>(names: impl Iterator<Item = &'a mut String>) {
    let mut counts = HashMap::new();
    for name in names {
        let count = counts.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            *name = format!("{name}#{count}");
        }
    }
}

/// The first name that holds a text, in any case.
fn named<'a>(mut names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<usize> {
    let wanted = wanted.to_lowercase();
    // The first of one name bears no number.
    let wanted = wanted.strip_suffix("#1").unwrap_or(&wanted);
    names.position(|name| name.to_lowercase().contains(wanted))
}

/// All adapters, the best first.
pub fn adapters() -> Vec<AdapterSummary> {
    summaries(&all_adapters())
}

/// An open device. Clones share it.
#[derive(Clone)]
pub struct Gpu(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub summary: AdapterSummary,
    caps: Caps,
    /// First error that no call returned: the driver reports some later and elsewhere.
    fault: Arc<Mutex<Option<Fault>>>,
    /// Of group 1, which all kernels share that read the step.
    pub step_layout: wgpu::BindGroupLayout,
    pipelines: Mutex<HashMap<(usize, bool), wgpu::ComputePipeline>>,
}

#[derive(Clone)]
enum Fault {
    Memory(String),
    Other(String),
}

impl Gpu {
    /// Opens a device.
    pub fn open(pick: &Pick) -> Result<Self, GpuError> {
        let _open = debug_span!("open", ?pick).entered();
        let adapters = all_adapters();
        if adapters.is_empty() {
            return Err(GpuError::NoAdapter);
        }
        let summaries = summaries(&adapters);
        let found = || summaries.iter().map(|s| format!("'{}'", s.name)).collect::<Vec<_>>().join(", ");
        let at = match pick {
            Pick::Any => 0,
            Pick::Hardware => match summaries.iter().position(|summary| !summary.software) {
                Some(at) => at,
                None => return Err(GpuError::NoHardware { found: found() }),
            },
            Pick::Named(wanted) => match named(summaries.iter().map(|summary| summary.name.as_str()), wanted) {
                Some(at) => at,
                None => return Err(GpuError::NoSuchAdapter { wanted: short(wanted), found: found() }),
            },
        };
        Self::from_adapter(&adapters[at], summaries[at].clone())
    }

    fn from_adapter(adapter: &wgpu::Adapter, summary: AdapterSummary) -> Result<Self, GpuError> {
        let limits = adapter.limits();
        let required_limits = wgpu::Limits {
            max_storage_buffer_binding_size: summary.max_binding,
            max_buffer_size: summary.max_buffer,
            // What a variant may take beyond every device's.
            max_compute_workgroup_storage_size: limits.max_compute_workgroup_storage_size,
            max_compute_invocations_per_workgroup: limits.max_compute_invocations_per_workgroup,
            max_compute_workgroup_size_x: limits.max_compute_workgroup_size_x,
            max_compute_workgroup_size_y: limits.max_compute_workgroup_size_y,
            max_compute_workgroup_size_z: limits.max_compute_workgroup_size_z,
            ..wgpu::Limits::default()
        };
        // Measurements take the device's clock, some variants its subgroups, where it has them.
        let required_features = adapter.features() & (wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SUBGROUP);
        let descriptor =
            wgpu::DeviceDescriptor { label: Some("hebb"), required_features, required_limits, ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| GpuError::NoDevice { name: summary.name.clone(), reason: error.to_string() })?;
        let fault = Arc::new(Mutex::new(None));
        let keep = |fault: &Arc<Mutex<Option<Fault>>>| {
            let fault = Arc::clone(fault);
            move |what: Fault| {
                fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
            }
        };
        let (on_error, on_loss) = (keep(&fault), keep(&fault));
        device.on_uncaptured_error(Arc::new(move |error| match error {
            wgpu::Error::OutOfMemory { .. } => on_error(Fault::Memory(error.to_string())),
            _ => on_error(Fault::Other(error.to_string())),
        }));
        device.set_device_lost_callback(move |reason, message| {
            // Dropping a device "loses" it too; nobody is left to read that.
            on_loss(Fault::Other(format!("device lost ({reason:?}) {message}")));
        });
        debug!(
            device = summary.name,
            driver = summary.driver,
            backend = summary.backend,
            largest_binding = summary.max_binding,
            "opened"
        );
        let info = adapter.get_info();
        let caps = Caps::new(Kind::of(&info), variant::subgroup(&info, device.features()), &device.limits());
        let uniform = entry(0, wgpu::BufferBindingType::Uniform, true);
        let step_layout = device.create_bind_group_layout(&layout("step", &[uniform]));
        let pipelines = Mutex::default();
        Ok(Self(Arc::new(Inner { device, queue, summary, caps, fault, step_layout, pipelines })))
    }

    /// What there is to know of the device.
    pub fn summary(&self) -> &AdapterSummary {
        &self.0.summary
    }

    /// What a choice of variants goes by.
    pub(crate) fn caps(&self) -> Caps {
        self.0.caps
    }

    /// The pipeline of a shader, made at its first use. `checked` keeps wgpu's bounds checks.
    pub(crate) fn pipeline(&self, shader: &'static Shader, checked: bool) -> wgpu::ComputePipeline {
        let inner = &self.0;
        let key = (std::ptr::from_ref(shader) as usize, checked);
        let mut pipelines = inner.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let source = wgpu::ShaderSource::Wgsl(shader.source.into());
            let descriptor = wgpu::ShaderModuleDescriptor { label: Some(shader.stem), source };
            let module = if checked {
                inner.device.create_shader_module(descriptor)
            } else {
                #[expect(unsafe_code, reason = "runtime checks halve a kernel's speed and more")]
                // SAFETY: the shaders are our own, clamp or guard every index and end every loop; the parity tests run
                // each form and variant both with these checks and without, with sentinels behind the buffers.
                unsafe {
                    inner.device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked())
                }
            };
            let compilation_options = wgpu::PipelineCompilationOptions {
                // Every kernel writes its workgroup memory before it reads it.
                zero_initialize_workgroup_memory: checked,
                ..Default::default()
            };
            inner.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(shader.stem),
                layout: Some(&self.pipeline_layout(shader)),
                module: &module,
                entry_point: None,
                compilation_options,
                cache: None,
            })
        };
        pipelines.entry(key).or_insert_with(make).clone()
    }

    /// Group 0: parameters and tensors; group 1, where a shader reads it: the step, at an offset of its own for each repeat.
    fn pipeline_layout(&self, shader: &Shader) -> wgpu::PipelineLayout {
        let device = &self.0.device;
        let storage = |at: u32| {
            let read_only = shader.writes >> at & 1 == 0;
            entry(at, wgpu::BufferBindingType::Storage { read_only }, false)
        };
        let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, false)];
        entries.extend((1..=shader.storages as u32).map(storage));
        let tensors = device.create_bind_group_layout(&layout(shader.stem, &entries));
        let groups = [Some(&tensors), Some(&self.0.step_layout)];
        device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(shader.stem),
            bind_group_layouts: &groups[..1 + usize::from(shader.reads_step)],
            immediate_size: 0,
        })
    }

    /// The first error that the driver reported, if any. `needs` is the memory asked for, in bytes.
    pub(crate) fn check(&self, needs: u64) -> Result<(), Error> {
        let fault = self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let device = self.0.summary.name.clone();
        match fault {
            None => Ok(()),
            Some(Fault::Memory(reason)) => {
                Err(Error::OutOfMemory { device, needs: needs.div_ceil(1 << 20), reason: one_line(&reason) })
            }
            Some(Fault::Other(reason)) => Err(Error::Failed { device, reason: one_line(&reason) }),
        }
    }
}

fn layout<'a>(label: &'a str, entries: &'a [wgpu::BindGroupLayoutEntry]) -> wgpu::BindGroupLayoutDescriptor<'a> {
    wgpu::BindGroupLayoutDescriptor { label: Some(label), entries }
}

fn entry(binding: u32, ty: wgpu::BufferBindingType, has_dynamic_offset: bool) -> wgpu::BindGroupLayoutEntry {
    let ty = wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None };
    wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::COMPUTE, ty, count: None }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adapters_of_one_name_are_told_apart() {
        let mut names = ["Card", "Other", "Card", "Card Two", "Card"].map(str::to_owned);
        number(names.iter_mut());
        assert_eq!(names, ["Card", "Other", "Card#2", "Card Two", "Card#3"]);
        let pick = |wanted| named(names.iter().map(String::as_str), wanted);
        for (wanted, at) in [("card", 0), ("Card#1", 0), ("ard#2", 2), ("CARD#3", 4), ("two", 3), ("card two#1", 3)] {
            assert_eq!(pick(wanted), Some(at), "{wanted}");
        }
        assert_eq!((pick("Card#4"), pick("Other#2")), (None, None));
    }
}
