//! Memory by lifetimes: scratch tensors that do not live at once share a slot.

use crate::plan::{List, Plan, Role, TensorId};
use crate::problem::Access;

/// Gives each tensor a slot. Scratch tensors share slots where their lifetimes within a list do not meet; the
/// lists never run at once, so each starts with all shared slots free.
pub(super) fn share(plan: &mut Plan) {
    for tensor in &mut plan.tensors {
        if tensor.role != Role::Scratch {
            tensor.slot = plan.slots.len();
            plan.slots.push(tensor.len);
        }
    }
    let shared = plan.slots.len();
    for list in [List::Train, List::Evaluate, List::Statistics] {
        let calls = plan.list(list).to_vec();
        let mut free: Vec<usize> = (shared..plan.slots.len()).collect();
        for (at, call) in calls.iter().enumerate() {
            for (id, access) in call.accesses() {
                if access == Access::Write && plan.tensor(id).role == Role::Scratch {
                    place(plan, id, &mut free);
                }
            }
            for &id in &call.tensors {
                let later = calls[at + 1..].iter().any(|call| call.tensors.contains(&id));
                let tensor = plan.tensor(id);
                if !later && tensor.role == Role::Scratch && !free.contains(&tensor.slot) {
                    free.push(tensor.slot);
                }
            }
        }
    }
}

/// The smallest free slot that is large enough, else the largest free one made larger, else a new one.
fn place(plan: &mut Plan, id: TensorId, free: &mut Vec<usize>) {
    let len = plan.tensor(id).len;
    let slots = &mut plan.slots;
    let fits = free.iter().copied().filter(|&slot| slots[slot] >= len).min_by_key(|&slot| (slots[slot], slot));
    let chosen = fits.or_else(|| free.iter().copied().max_by_key(|&slot| (slots[slot], slot)));
    let slot = chosen.unwrap_or_else(|| {
        slots.push(0);
        slots.len() - 1
    });
    slots[slot] = slots[slot].max(len);
    free.retain(|&other| other != slot);
    plan.tensors[id.0].slot = slot;
}
