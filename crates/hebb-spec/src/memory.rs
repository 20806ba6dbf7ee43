//! Memory by lifetimes: scratch tensors that do not live at once share a lifetime class.

use std::collections::{BTreeSet, HashMap};

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
        let mut free: BTreeSet<(u64, usize)> = (0..).zip(&sizes).map(|(class, &size)| (size, class)).collect();
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
                if last[&id] == at
                    && tensor.role == Role::Scratch
                    && let Some(&size) = sizes.get(class)
                {
                    free.insert((size, class));
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
fn place(size: u64, sizes: &mut Vec<u64>, free: &mut BTreeSet<(u64, usize)>) -> usize {
    let chosen = free.range((size, 0)..).next().or_else(|| free.last()).copied();
    let Some((old, class)) = chosen else {
        sizes.push(size);
        return sizes.len() - 1;
    };
    free.remove(&(old, class));
    sizes[class] = old.max(size);
    class
}
