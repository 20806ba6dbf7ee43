//! What can go wrong on a device.

/// A failure of a device or of what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// No adapter at all.
    #[error("no GPU answers through Vulkan, Metal or DX12: install a driver (mesa-vulkan-drivers has a software one)")]
    NoAdapter,
    /// Only software adapters.
    #[error("no hardware GPU answers, only {found}: pass --device gpu to use it")]
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
    /// A tensor, or the smallest piece that can be used of it, larger than one binding or buffer may be.
    #[error(
        "tensor '{tensor}' needs {needs} MiB but {device} takes at most {limit} MiB {place}: use a smaller batch or \
         layer, or another device"
    )]
    TensorTooLarge {
        /// Name of the tensor.
        tensor: String,
        /// What does not fit, rounded up.
        needs: u64,
        /// The device's limit.
        limit: u64,
        /// Name of the device.
        device: String,
        /// Where the limit lies.
        place: &'static str,
    },
    /// More workgroups than two dimensions hold.
    #[error("'{call}' needs {groups} workgroups, more than the device can start at once: use a smaller batch")]
    GridTooLarge {
        /// Name of the call.
        call: String,
        /// Number of workgroups.
        groups: u64,
    },
    /// The driver ran out of memory.
    #[error("{device} has too little memory for {needs} MiB: use a smaller batch or network ({reason})")]
    OutOfMemory {
        /// Name of the device.
        device: String,
        /// Memory of the plan.
        needs: u64,
        /// The driver's words.
        reason: String,
    },
    /// The driver reported an error or lost the device.
    #[error("{device} failed: {reason}")]
    Failed {
        /// Name of the device.
        device: String,
        /// The driver's words.
        reason: String,
    },
    /// Work did not end in time.
    #[error("{device} did not finish within {seconds} s: use a smaller batch, or another device")]
    TimedOut {
        /// Name of the device.
        device: String,
        /// The time waited.
        seconds: u64,
    },
    /// Data of a wrong size.
    #[error("{what} holds {got} values, not {wanted}")]
    WrongSize {
        /// The tensor or input.
        what: String,
        /// Its length.
        got: usize,
        /// The right length.
        wanted: usize,
    },
}
