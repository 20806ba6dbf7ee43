//! Memory by lifetimes: scratch tensors that do not live at once share a lifetime class.

use std::collections::HashMap;

use crate::operand::Access;
use crate::plan::{Plan, Role, TensorId};

/// Gives each tensor a lifetime class. Scratch tensors share one where their lifetimes within a list do not meet; the
/// lists never run at once, so each starts with all shared classes free. Tensors of like size share.
pub(crate) fn share(plan: &mut Plan) {
    for tensor in plan.tensors.iter_mut().filter(|tensor| tensor.role != Role::Scratch) {
        tensor.slot = plan.slots;
        plan.slots += 1;
    }
    let shared = plan.slots;
    let mut sizes = Vec::new();
    let lists = std::mem::take(&mut plan.lists);
    for (_, calls) in &lists {
        let mut last = HashMap::new();
        for (at, call) in calls.iter().enumerate() {
            last.extend(call.tensors.iter().map(|&id| (id, at)));
        }
        let mut free: Vec<usize> = (0..sizes.len()).collect();
        for (at, call) in calls.iter().enumerate() {
            for (id, access) in call.accesses() {
                if access == Access::Write && plan.tensor(id).role == Role::Scratch {
                    let class = place(plan.tensor(id).layout.bytes(), &mut sizes, &mut free);
                    plan.tensors[id.0].slot = shared + class;
                }
            }
            for &id in &call.tensors {
                let tensor = plan.tensor(id);
                let class = tensor.slot.wrapping_sub(shared);
                if last[&id] == at && tensor.role == Role::Scratch && !free.contains(&class) {
                    free.push(class);
                }
            }
        }
    }
    plan.lists = lists;
    plan.slots += sizes.len();
    // A scratch tensor that no call writes has a class all the same.
    for at in 0..plan.tensors.len() {
        if plan.tensor(TensorId(at)).slot == usize::MAX {
            plan.tensors[at].slot = plan.slots;
            plan.slots += 1;
        }
    }
}

/// The smallest free class that is large enough, else the largest free one made larger, else a new one.
fn place(size: u64, sizes: &mut Vec<u64>, free: &mut Vec<usize>) -> usize {
    let fits = free.iter().copied().filter(|&class| sizes[class] >= size).min_by_key(|&class| (sizes[class], class));
    let chosen = fits.or_else(|| free.iter().copied().max_by_key(|&class| (sizes[class], class)));
    let class = chosen.unwrap_or_else(|| {
        sizes.push(0);
        sizes.len() - 1
    });
    sizes[class] = sizes[class].max(size);
    free.retain(|&other| other != class);
    class
}
