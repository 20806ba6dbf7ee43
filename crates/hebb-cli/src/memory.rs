//! Memory, asked for before it is needed: who has too little of it hears how much is needed and what there is.

use std::fs;

use anyhow::{Result, bail};
use hebb_spec::param::Param;
use hebb_spec::room;

use crate::output::binary_bytes;

/// Refuses what needs more bytes than there are.
pub fn ask(what: &str, bytes: u64, remedy: &str) -> Result<()> {
    let there = available();
    if there.is_none_or(|there| bytes <= there) && room::is_there(bytes) {
        return Ok(());
    }
    let there = there.map(|there| format!(", and {} are free", binary_bytes(there))).unwrap_or_default();
    bail!("{what} needs {} of memory{there}: {remedy}", binary_bytes(bytes))
}

/// The same for a network's weights: as they are drawn or read, and once more as a file's bytes.
pub fn ask_for_weights(params: &[Param]) -> Result<()> {
    let numbers: u64 = params.iter().map(|param| param.layout.len() as u64).sum();
    ask("to hold the network's weights and write them", 8 * numbers, "use a smaller network")
}

/// What the system says that this program may still take; none where it does not say.
fn available() -> Option<u64> {
    let free = ["MemAvailable:", "SwapFree:"].map(|key| kibibytes("/proc/meminfo", key));
    let free = free[0].map(|memory| memory + free[1].unwrap_or(0));
    // A limit of the shell, as `ulimit -v` sets it, counts addresses.
    let limits = fs::read_to_string("/proc/self/limits").ok();
    let line = limits.iter().flat_map(|text| text.lines()).find_map(|line| line.strip_prefix("Max address space"));
    let most: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let left = most.map(|most| most.saturating_sub(kibibytes("/proc/self/status", "VmSize:").unwrap_or(0)));
    free.into_iter().chain(left).min()
}

/// The machine's memory, where the system says.
pub fn whole() -> Option<u64> {
    kibibytes("/proc/meminfo", "MemTotal:")
}

/// The bytes of a line such as `VmSize:  12 kB`.
fn kibibytes(path: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_refused_with_both_numbers() {
        assert!(ask("a", 1 << 20, "b").is_ok());
        let error = ask("a matrix", 1 << 60, "use a smaller one").unwrap_err().to_string();
        assert!(error.starts_with("a matrix needs 1,073,741,824 GiB of memory"), "{error}");
        assert!(error.ends_with(": use a smaller one"), "{error}");
        #[cfg(target_os = "linux")]
        assert!(error.contains("iB are free"), "{error}");
    }
}
