//! Sparse networks whose masks leave a layer without a connection.

use anyhow::{Result, bail};
use hebb_spec::layout::Layout;
use hebb_spec::param::Weights;

/// Refuses a start in which a mask leaves nothing: such a layer is mute for ever.
pub fn check(weights: &Weights) -> Result<()> {
    let is_empty = |values: &[f32]| values.iter().all(|&there| there == 0.0);
    match weights.0.iter().find(|weight| matches!(weight.layout, Layout::Mask(_)) && is_empty(&weight.values)) {
        Some(mask) => bail!("{} leaves no connection at all: raise --connectivity or name another --seed", mask.name),
        None => Ok(()),
    }
}
