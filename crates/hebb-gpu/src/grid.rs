//! Grids: a flat number of workgroups over two dimensions of at most 65,535 each.

/// Workgroups that one dimension holds on every device.
pub const LARGEST: u32 = 65_535;

/// Rows and columns that hold `groups` workgroups, or `None` if two dimensions cannot. A last row may be incomplete:
/// kernels return at once from a workgroup past the end.
pub fn split(groups: u64) -> Option<[u32; 2]> {
    let x = u32::try_from(groups).unwrap_or(u32::MAX).clamp(1, LARGEST);
    let y = u32::try_from(groups.div_ceil(u64::from(x))).ok()?;
    (y <= LARGEST).then_some([x, y.max(1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_hold_all_groups() {
        for groups in [1, 2, 65_534, 65_535, 65_536, 131_070, 131_071, 4_000_000, 65_535 * 65_535] {
            let [x, y] = split(groups).unwrap();
            assert!(u64::from(x) * u64::from(y) >= groups && x <= LARGEST && y <= LARGEST, "{groups}");
            assert!(u64::from(x) * u64::from(y) - groups < u64::from(LARGEST), "{groups}: a row too many");
        }
        assert_eq!(split(65_535 * 65_535 + 1), None);
    }
}
