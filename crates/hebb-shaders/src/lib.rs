//! hebb's WGSL kernels. The build script links `shaders/` (imports, conditions, tile constants), validates each result
//! with naga and derives the parameter structs, so a shader and its host code cannot drift apart.

/// One compiled form of a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Shader {
    /// The kernel.
    pub stem: &'static str,
    /// Conditions that hold in this form.
    pub features: &'static [&'static str],
    /// Name of the tile sizes, as in `shaders/variants.toml`.
    pub variant: &'static str,
    /// The tile sizes.
    pub constants: &'static [(&'static str, u32)],
    /// Storage buffers: bindings 1 to `storages` of group 0.
    pub storages: usize,
    /// Whether it reads the step's data, binding 0 of group 1.
    pub reads_step: bool,
    /// Plain WGSL.
    pub source: &'static str,
}

impl Shader {
    /// The form of a kernel in a variant.
    pub fn find(stem: &str, features: &[&str], variant: &str) -> Option<&'static Shader> {
        SHADERS.iter().find(|shader| shader.stem == stem && shader.variant == variant && shader.features == features)
    }

    /// A tile size; 1 where the kernel has none of that name.
    pub fn constant(&self, name: &str) -> u32 {
        self.constants.iter().find(|(key, _)| *key == name).map_or(1, |&(_, value)| value)
    }

    /// Names of a kernel's variants.
    pub fn variants(stem: &str) -> Vec<&'static str> {
        let mut names: Vec<_> = SHADERS.iter().filter(|shader| shader.stem == stem).map(|s| s.variant).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What changes from step to step: the uniform of group 1.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct StepInfo {
    /// Low half of the run's seed.
    pub seed_low: u32,
    /// High half of the run's seed.
    pub seed_high: u32,
    /// The step.
    pub step: u32,
    /// Pictures in the batch that are no padding.
    pub images: u32,
}

include!(concat!(env!("OUT_DIR"), "/shaders.rs"));
