//! What can go wrong before there is a device; later failures are those of the seam.

/// A device that could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// No adapter at all.
    #[error("no GPU answers through Vulkan, Metal or DX12")]
    NoAdapter,
    /// Only software adapters.
    #[error("no hardware GPU answers, only {found}")]
    NoHardware {
        /// Names of the adapters.
        found: String,
    },
    /// No adapter's name holds the text.
    #[error("no device is named like '{wanted}': there is {found}")]
    NoSuchAdapter {
        /// The text.
        wanted: String,
        /// Names of the adapters.
        found: String,
    },
    /// The driver refused a device.
    #[error("{name} gives no device: {reason}")]
    NoDevice {
        /// Name of the adapter.
        name: String,
        /// The driver's reason.
        reason: String,
    },
}
