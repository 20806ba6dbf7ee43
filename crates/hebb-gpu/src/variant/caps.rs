//! What a device is and has room for, as far as a choice of variants goes by it.

use hebb_shaders::{SHADERS, Shader, Text};
use hebb_spec::problem::Problem;

/// Kinds of devices that differ in what runs well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A driver that computes on the CPU.
    Software,
    /// A GPU of NVIDIA's.
    Nvidia,
    /// A GPU of AMD's.
    Amd,
    /// A GPU of Intel's.
    Intel,
    /// A GPU of Apple's.
    Apple,
    /// Any other.
    #[default]
    Other,
}

impl Kind {
    /// The kind of an adapter.
    pub(crate) fn of(info: &wgpu::AdapterInfo) -> Self {
        match (info.device_type, info.vendor) {
            (wgpu::DeviceType::Cpu, _) => Self::Software,
            (_, 0x10DE) => Self::Nvidia,
            (_, 0x1002) => Self::Amd,
            (_, 0x8086) => Self::Intel,
            (_, 0x106B) => Self::Apple,
            // Metal tells no vendor.
            _ if info.backend == wgpu::Backend::Metal => match info.name.split(' ').next() {
                Some("Apple") => Self::Apple,
                Some("AMD") => Self::Amd,
                Some("Intel") | Some("Intel(R)") => Self::Intel,
                Some("NVIDIA") => Self::Nvidia,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// Threads of a subgroup, where a device lets them exchange values and all subgroups are alike; else 0.
pub(crate) fn subgroup(info: &wgpu::AdapterInfo, features: wgpu::Features) -> u32 {
    let is_fixed = info.subgroup_min_size == info.subgroup_max_size;
    if is_fixed && features.contains(wgpu::Features::SUBGROUP) { info.subgroup_min_size } else { 0 }
}

/// Most operations of one dispatch: a fifth of a second on a GPU that does 100 GFLOP/s, less than any watchdog's time.
const MAX_FLOPS: u64 = 20_000_000_000;

/// Kind and limits of a device. By default those that every device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caps {
    /// Kind of the device.
    pub kind: Kind,
    /// Workgroup memory, in bytes.
    pub workgroup_memory: u32,
    /// Threads of a workgroup, at most.
    pub threads: u32,
    /// Threads of a subgroup, where all have as many and may exchange values; else 0.
    pub subgroup: u32,
    /// Largest storage binding, in bytes.
    pub max_binding: u64,
    /// What a binding's offset must be a multiple of, in bytes.
    pub alignment: u64,
    /// Most operations of one dispatch.
    pub max_flops: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self::new(Kind::Other, 0, &wgpu::Limits::default())
    }
}

impl Caps {
    /// Those of a device of a kind with these subgroups and limits.
    pub(crate) fn new(kind: Kind, subgroup: u32, limits: &wgpu::Limits) -> Self {
        Self {
            kind,
            workgroup_memory: limits.max_compute_workgroup_storage_size,
            // Workgroups are a row of threads.
            threads: limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x),
            subgroup,
            max_binding: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
            alignment: u64::from(limits.min_storage_buffer_offset_alignment),
            max_flops: MAX_FLOPS,
        }
    }

    /// Whether a shader runs there.
    pub(crate) fn fits(&self, shader: &Shader) -> bool {
        let has_subgroup = shader.text != Text::Lanes || shader.threads == self.subgroup;
        has_subgroup && shader.threads <= self.threads && shader.workgroup_memory <= self.workgroup_memory
    }

    /// The variants that run a problem there in every form, sorted.
    pub(crate) fn variants(&self, problem: &Problem) -> Vec<&'static str> {
        let stem = problem.stem();
        let fits = |variant: &&str| {
            let mut forms = SHADERS.iter().filter(|shader| shader.stem == stem && shader.variant == *variant);
            forms.all(|shader| self.fits(shader) && serves(shader, problem))
        };
        Shader::variants(stem).into_iter().filter(fits).collect()
    }
}

/// Whether a variant is made for a problem: a tile over several places needs weights that they share, a table of products
/// has so much room, and a block of a pool is for windows of one size.
pub(crate) fn serves(shader: &Shader, problem: &Problem) -> bool {
    let has = |name| shader.constants.iter().find(|(key, _)| *key == name).map_or(0, |(_, value)| *value);
    match *problem {
        Problem::ConnectForward { connection, .. } | Problem::ConnectFeedback { connection, .. } => {
            let (pixels, few) = (has("PIXELS"), has("FEW_INPUTS"));
            (pixels == 0 || !connection.untied) && (few == 0 || connection.taps() <= few)
        }
        Problem::PoolFeedback { pool, .. } => {
            has("SIZE") == 0 || (has("SIZE"), has("STRIDE")) == (pool.size, pool.stride)
        }
        _ => true,
    }
}
