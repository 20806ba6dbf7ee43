//! The choice as it is shipped: for a kind of device and a problem the variants to take, the best first. The first that the
//! kernel has, that serves the problem and that the device has room for is taken; `hebb tune` finds a better one for the
//! device at hand. No hardware figure stands behind these yet: they follow the shape of a layer, the registers that
//! `tools/isa` counts for AMD, and what others report (docs/performance.md).

use hebb_spec::connection::Connection;
use hebb_spec::lane4::vectors;
use hebb_spec::problem::Problem;

use super::caps::Kind;

/// Image vectors up to which a CPU driver is better off with four images a lane, and with eight.
const NARROW: u32 = 8;
const MIDDLE: u32 = 16;
/// Input channels from which a CPU driver is better off with four of them at a time.
const MANY: u32 = 32;
/// Images below which a tile goes over several places: one place would leave most of its columns empty.
const SMALL: u32 = 64;
/// Input channels up to which a tile takes its products from a table.
const FEW: u32 = 4;

/// For a problem of the connections.
pub(super) fn heavy(kind: Kind, problem: &Problem) -> Vec<&'static str> {
    if kind == Kind::Software {
        let few = matches!(*problem, Problem::ConnectForward { connection, .. } if connection.input.channels < MANY);
        let single: &[&str] = if few && vectors(problem.batch()) > MIDDLE { &["single"] } else { &[] };
        return [single, light(kind, problem.batch())].concat();
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

/// For any other kernel on a batch; 0 where it has no images.
pub(super) fn light(kind: Kind, batch: u32) -> &'static [&'static str] {
    match (kind, vectors(batch)) {
        (Kind::Software, 0..=NARROW) => &["narrow", "wide", "default"],
        (Kind::Software, ..=MIDDLE) => &["middle", "wide", "default"],
        (Kind::Software, _) => &["wide", "default"],
        (Kind::Nvidia | Kind::Amd | Kind::Intel | Kind::Apple | Kind::Other, _) => &["slim", "default"],
    }
}
