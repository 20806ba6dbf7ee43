//! One kernel on one family: what is told of it, what is wrong with it.

use hebb_shaders::Shader;

use crate::assembly::Assembly;
use crate::driver::{Compiled, Family};
use crate::error::Error;
use crate::hot::HotLoop;
use crate::translate::{form, name};

/// Waves of a default variant, where nothing else is said. Fewer leave a SIMD idle while its loads are under way.
pub const FEWEST_WAVES: u32 = 8;
/// What its hot loop should have of multiply-adds, of all its operations.
pub const LEAST_SHARE: f64 = 0.7;

/// What the driver made of a kernel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// RDNA2, RDNA3 or RDNA4.
    pub family: &'static str,
    /// The kernel.
    pub stem: &'static str,
    /// Its form.
    pub form: String,
    /// Its variant.
    pub variant: &'static str,
    /// Threads of a wave.
    pub wave: u32,
    /// Vector registers of a thread.
    pub vgprs: u32,
    /// Scalar registers of a wave.
    pub sgprs: u32,
    /// Vector registers that were spilled.
    pub spilled_vgprs: u32,
    /// Scalar registers that were spilled.
    pub spilled_sgprs: u32,
    /// Bytes of scratch memory.
    pub scratch: u32,
    /// Bytes of workgroup memory.
    pub lds: u32,
    /// Waves that a SIMD holds.
    pub waves: u32,
    /// Bytes of code.
    pub code: u32,
    /// The compiler's estimate of a wave's cycles where others hide its latencies.
    pub inverse_throughput: u32,
    /// The hot loop, if it has one.
    pub hot: Option<HotLoop>,
}

impl Row {
    /// Reads what the driver told.
    pub fn new(family: Family, shader: &'static Shader, compiled: &Compiled) -> Result<Self, Error> {
        let number = |wanted: &str| {
            let found = compiled.statistics.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| *value as u32).ok_or_else(|| Error::Untold {
                what: format!("{} on {}", name(shader), family.name),
                missing: format!("'{wanted}'"),
            })
        };
        Ok(Self {
            family: family.name,
            stem: shader.stem,
            form: form(shader),
            variant: shader.variant,
            wave: compiled.wave,
            vgprs: number("VGPRs")?,
            sgprs: number("SGPRs")?,
            spilled_vgprs: number("Spilled VGPRs")?,
            spilled_sgprs: number("Spilled SGPRs")?,
            scratch: number("Scratch size")?,
            lds: number("LDS size")?,
            waves: number("Subgroups per SIMD")?,
            code: number("Code size")?,
            inverse_throughput: number("Inverse Throughput")?,
            hot: HotLoop::find(&Assembly::read(&compiled.assembly)),
        })
    }

    /// Family, kernel, form and variant.
    pub fn name(&self) -> String {
        format!("{} {} {} {}", self.family, self.stem, self.form, self.variant)
    }

    /// What a default variant with these limits may not have, each a sentence.
    pub fn faults(&self, fewest_waves: u32, least_share: f64) -> Vec<String> {
        let mut faults = Vec::new();
        if self.spilled_vgprs > 0 || self.spilled_sgprs > 0 {
            faults.push(format!("spills {} VGPRs and {} SGPRs", self.spilled_vgprs, self.spilled_sgprs));
        }
        if self.scratch > 0 {
            faults.push(format!("uses {} bytes of scratch memory", self.scratch));
        }
        if self.waves < fewest_waves {
            faults.push(format!("has {} waves a SIMD, fewer than {fewest_waves}", self.waves));
        }
        match &self.hot {
            None => faults.push("has no loop that multiplies and adds".to_owned()),
            Some(hot) if hot.share() >= least_share => {}
            Some(hot) => faults.push(format!(
                "has {:.1} % multiply-adds in its hot loop, less than {:.0} %",
                100.0 * hot.share(),
                100.0 * least_share
            )),
        }
        faults.iter().map(|fault| format!("{} {fault}", self.name())).collect()
    }
}
