//! hebb's WGSL kernels. The build script links `shaders/` (imports, conditions, tile constants), validates each result
//! with naga and derives the structs of their uniforms, so a shader and its host code cannot drift apart.

#[cfg(test)]
mod tests;
// The build script's: its tests run with this crate's.
#[cfg(test)]
#[path = "../build/unroll.rs"]
mod unroll;

/// A kernel's texts: each computes the same in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// `shaders/S.wesl`: threads that know nothing of each other, or little.
    Plain,
    /// `shaders/tiles/S.wesl`: tiles that share what they load, in workgroup memory or in registers.
    Tiles,
    /// `shaders/lanes/S.wesl`: a workgroup is one subgroup, of exactly as many threads, whose lanes exchange values.
    Lanes,
}

/// One compiled form of a kernel.
#[derive(Debug, Clone, Copy)]
pub struct Shader {
    /// The kernel.
    pub stem: &'static str,
    /// Conditions that hold in this form.
    pub features: &'static [&'static str],
    /// Name of the tile sizes, as in `shaders/variants.toml`.
    pub variant: &'static str,
    /// Which of its kernel's texts it is.
    pub text: Text,
    /// The tile sizes.
    pub constants: &'static [(&'static str, u32)],
    /// Storage buffers: bindings 1 to `storages` of group 0.
    pub storages: usize,
    /// Which of them it writes: bit n for binding n.
    pub writes: u32,
    /// Whether it reads the step's data, binding 0 of group 1.
    pub reads_step: bool,
    /// Threads of a workgroup.
    pub threads: u32,
    /// Bytes of workgroup memory.
    pub workgroup_memory: u32,
    /// Plain WGSL.
    pub source: &'static str,
}

impl Shader {
    /// The form of a kernel in a variant.
    pub fn find(stem: &str, features: &[&str], variant: &str) -> Option<&'static Shader> {
        SHADERS.iter().find(|shader| shader.stem == stem && shader.variant == variant && shader.features == features)
    }

    /// A tile size.
    ///
    /// # Panics
    ///
    /// Where the kernel has none of that name. A test holds every name that `hebb-gpu` asks for against the kernels.
    pub fn constant(&self, name: &str) -> u32 {
        let found = self.constants.iter().find(|(key, _)| *key == name);
        found.unwrap_or_else(|| panic!("{} has no tile constant {name}: it has {:?}", self.stem, self.constants)).1
    }

    /// Names of a kernel's variants.
    pub fn variants(stem: &str) -> Vec<&'static str> {
        let mut names: Vec<_> = SHADERS.iter().filter(|shader| shader.stem == stem).map(|s| s.variant).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

include!(concat!(env!("OUT_DIR"), "/shaders.rs"));
