//! What can go wrong.

use std::path::PathBuf;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line.
    #[error("{0}")]
    Usage(String),
    /// No driver to ask.
    #[error("no RADV for {family}: {cause}")]
    NoDriver {
        /// As RADV names the family.
        family: &'static str,
        /// What was missing.
        cause: String,
    },
    /// Vulkan refused a call.
    #[error("{what}: {cause}")]
    Vulkan {
        /// The shader or the call.
        what: String,
        /// Vulkan's own word.
        cause: ash::vk::Result,
    },
    /// Naga refused a shader.
    #[error("{what} does not translate to {language}: {cause}")]
    Translation {
        /// The shader.
        what: String,
        /// SPIR-V, MSL or HLSL.
        language: &'static str,
        /// Naga's sentence.
        cause: String,
    },
    /// `spirv-val` found something.
    #[error("{what}: spirv-val says: {cause}")]
    Invalid {
        /// The shader.
        what: String,
        /// Its sentence.
        cause: String,
    },
    /// The driver keeps its statistics or its assembly to itself.
    #[error("{what}: the driver tells no {missing}")]
    Untold {
        /// The shader.
        what: String,
        /// What was asked for.
        missing: String,
    },
    /// A file or a program.
    #[error("{path}: {cause}")]
    Io {
        /// Which.
        path: PathBuf,
        /// The system's sentence.
        cause: std::io::Error,
    },
}
