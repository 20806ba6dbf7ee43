//! The choice as it is shipped: for a kind of device and a problem the variants to take, the best first. The first that the
//! kernel has and the device has room for is taken; `hebb tune` finds a better one for the device at hand.

use hebb_spec::lane4::vectors;
use hebb_spec::problem::Problem;

use super::caps::Kind;

/// Image vectors up to which a CPU driver is better off with four images a lane.
const NARROW: u32 = 16;

/// For a problem of the connections.
pub(super) fn heavy(kind: Kind, problem: &Problem) -> &'static [&'static str] {
    light(kind, problem.batch())
}

/// For any other kernel on a batch; 0 where it has no images.
pub(super) fn light(kind: Kind, batch: u32) -> &'static [&'static str] {
    match (kind, vectors(batch) <= NARROW) {
        (Kind::Software, true) => &["narrow", "wide", "default"],
        (Kind::Software, false) => &["wide", "default"],
        (Kind::Nvidia | Kind::Amd | Kind::Intel | Kind::Apple | Kind::Other, _) => &["slim", "default"],
    }
}
