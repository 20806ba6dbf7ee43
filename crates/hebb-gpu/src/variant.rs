//! Which tile sizes a kernel runs with. No single tile is right: on a driver that computes on the CPU large register
//! tiles win, on a GPU they spill.

use hebb_shaders::Shader;
use hebb_spec::lane4::vectors;

/// Image vectors up to which a CPU driver is better off with four images a lane.
const NARROW: u32 = 16;

/// What the choice depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    /// Whether the device computes on the CPU.
    pub software: bool,
    /// A variant to take wherever a kernel has it: for tests and benchmarks.
    pub variant: Option<String>,
    /// Largest storage binding, in bytes.
    pub max_binding: u64,
    /// Most operations of one dispatch.
    pub max_flops: u64,
    /// What a binding's offset must be a multiple of, in bytes.
    pub alignment: u64,
}

impl Tuning {
    /// A kernel's shader in a form. `batch` is 0 where a kernel has no images.
    pub(crate) fn shader(&self, stem: &'static str, features: &[&str], batch: u32) -> &'static Shader {
        let forced = self.variant.as_deref().and_then(|variant| Shader::find(stem, features, variant));
        let preferred: &[&str] = match (self.software, vectors(batch) <= NARROW) {
            (true, true) => &["narrow", "wide", "default"],
            (true, false) => &["wide", "default"],
            (false, _) => &["slim", "default"],
        };
        forced
            .or_else(|| preferred.iter().find_map(|variant| Shader::find(stem, features, variant)))
            .unwrap_or_else(|| unreachable!("shaders/variants.toml lists every form of {stem} for every device"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_shaders::SHADERS;

    #[test]
    fn every_form_has_a_shader_on_every_device() {
        for shader in SHADERS {
            for software in [false, true] {
                for batch in [0, 20, 500] {
                    let tuning = Tuning { software, ..Tuning::default() };
                    assert_eq!(tuning.shader(shader.stem, shader.features, batch).stem, shader.stem);
                }
            }
        }
    }

    #[test]
    fn a_forced_variant_wins_where_it_exists() {
        let tuning = Tuning { software: true, variant: Some("slim".to_owned()), ..Tuning::default() };
        assert_eq!(tuning.shader("connect_forward", &[], 500).variant, "slim");
        assert_eq!(tuning.shader("loss", &[], 500).variant, "default");
    }
}
