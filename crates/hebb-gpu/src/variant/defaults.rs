//! The choice as it is shipped: for a kind of device and a problem the variants to take, the best first. The first that the
//! kernel has, that serves the problem and that the device has room for is taken; `hebb tune` finds a better one for the
//! device at hand. No hardware figure stands behind these yet: they follow the shape of a layer, the registers that
//! `tools/isa` counts for AMD, and what others report (docs/performance.md).

use hebb_spec::connection::Connection;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::Problem;

use super::caps::Kind;

/// Image vectors of the largest tile by lanes.
const MOST: u32 = 16;
/// Channels that leave half of the lanes empty. A large batch fills them better with images.
const HALF: u32 = 16;
/// Images below which a tile goes over several places: one place would leave most of its columns empty.
const SMALL: u32 = 64;
/// Input channels up to which a tile takes its products from a table.
const FEW: u32 = 4;

/// For a problem whose variants differ.
pub(super) fn of(kind: Kind, problem: &Problem) -> Vec<&'static str> {
    if kind == Kind::Software {
        return software(problem);
    }
    let mut preferred = match *problem {
        Problem::ConnectForward { connection, batch, .. } => {
            let few = connection.input.channels <= FEW && connection.output.channels > 16;
            let first = if few { &["few_32x128"][..] } else { &[] };
            [first, activity(kind, &connection, connection.output.channels, batch)].concat()
        }
        Problem::ConnectFeedback { connection, batch, .. } => {
            activity(kind, &connection, connection.input.channels, batch).to_vec()
        }
        Problem::ConnectUpdate { connection, .. } => update(kind, &connection).to_vec(),
        _ => Vec::new(),
    };
    preferred.extend(["slim", "default"]);
    preferred
}

/// On drivers that compute on the CPU.
fn software(problem: &Problem) -> Vec<&'static str> {
    let count = vectors(problem.batch()).max(1);
    let (channels, by_lanes) = match *problem {
        Problem::ConnectForward { connection, .. } => (connection.output.channels, images(count)),
        Problem::ConnectFeedback { connection, .. } => (connection.input.channels, images(count)),
        Problem::ConnectUpdate { connection, .. } => (connection.output.channels, taps(connection.taps())),
        Problem::PoolFeedback { .. } => return vec!["size_3_stride_2", "size_2_stride_2", "default"],
        _ => return vec!["default"],
    };
    let is_half_empty = channels <= HALF && count > MOST;
    [if is_half_empty { "wide" } else { by_lanes }, "wide", "default"].to_vec()
}

/// The tile by lanes that leaves the fewest images of a batch empty.
fn images(count: u32) -> &'static str {
    match count.div_ceil(count.div_ceil(MOST)) {
        0..=5 => "lanes_32x20",
        6..=8 => "lanes_32x32",
        9..=13 => "lanes_32x52",
        _ => "lanes_32x64",
    }
}

/// The larger tile by lanes where it leaves at most an eighth more taps empty.
fn taps(count: u32) -> &'static str {
    let is_full = 8 * count.next_multiple_of(64) <= 9 * count.next_multiple_of(32);
    if is_full { "lanes_64x32" } else { "lanes_32x32" }
}

/// Whether a thread may keep 64 sums: others spill from 32 on.
fn is_wide(kind: Kind) -> bool {
    matches!(kind, Kind::Nvidia | Kind::Amd)
}

/// For forward and feedback: `channels` × images at each place.
fn activity(kind: Kind, connection: &Connection, channels: u32, batch: u32) -> &'static [&'static str] {
    let is_small = batch < SMALL && !connection.untied && !connection.is_full();
    match (is_wide(kind), channels) {
        _ if is_small => &["flat_32x128", "tile_32x32"],
        _ if connection.is_full() && batch < 256 => &["tile_32x32"],
        // Half of a tile of 32 channels would be empty.
        (_, 0..=16) => &[],
        (_, 17..=32) | (false, _) => &["tile_32x128", "tile_32x32"],
        (true, 33..=64) if batch >= 128 => &["tile_64x256", "tile_64x64"],
        (true, 65..) if batch >= 128 && !connection.is_full() => &["tile_128x128", "tile_64x64"],
        (true, _) => &["tile_64x64"],
    }
}

/// For updates: taps × output channels.
fn update(kind: Kind, connection: &Connection) -> &'static [&'static str] {
    match (is_wide(kind), connection.output.channels) {
        (true, 65..) if !connection.untied => &["tile_128x128", "tile_64x64", "tile_64x32"],
        (true, 33..) => &["tile_256x64", "tile_64x64", "tile_64x32"],
        _ => &["tile_64x32"],
    }
}
