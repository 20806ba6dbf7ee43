//! The hot loop of a kernel: the loop whose own instructions hold the most multiply-adds.

use std::collections::BTreeMap;

use crate::assembly::{Assembly, Instruction, Space, load, multiply_adds};

/// What a loop's own instructions are, each counted as done once: those of loops inside it are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HotLoop {
    /// Multiply-adds of a lane.
    pub multiply_adds: u32,
    /// Operations that multiply and add; fewer than `multiply_adds` where they are packed.
    pub useful: u32,
    /// All operations: every instruction, waits and hints too; a dual-issued pair is two.
    pub operations: u32,
    /// Operations of the vector unit.
    pub vector: u32,
    /// Bytes that a lane reads from workgroup memory.
    pub lds_bytes: u32,
    /// Bytes that a lane reads from buffers.
    pub memory_bytes: u32,
    /// Bytes that a wave reads by its scalar unit.
    pub scalar_bytes: u32,
    /// Loops inside it.
    pub inner: usize,
    /// Its instructions.
    pub instructions: Vec<Instruction>,
}

impl HotLoop {
    /// The one of an assembly; none where no loop multiplies and adds.
    pub fn find(assembly: &Assembly) -> Option<Self> {
        let loops = loops(assembly);
        let all = loops.iter().map(|one| Self::count(assembly, *one, &loops));
        // The first of equals.
        all.filter(|one| one.multiply_adds > 0).reduce(
            |best, one| {
                if one.multiply_adds > best.multiply_adds { one } else { best }
            },
        )
    }

    /// The share of multiply-adds in all operations.
    pub fn share(&self) -> f64 {
        f64::from(self.useful) / f64::from(self.operations)
    }

    /// The share of multiply-adds in the operations of the vector unit.
    pub fn vector_share(&self) -> f64 {
        f64::from(self.useful) / f64::from(self.vector)
    }

    /// Bytes for each multiply-add.
    pub fn per_multiply_add(&self, bytes: u32) -> f64 {
        f64::from(bytes) / f64::from(self.multiply_adds)
    }

    /// How often each operation stands in it, the most frequent first.
    pub fn histogram(&self) -> Vec<(usize, String)> {
        let mut counts = BTreeMap::new();
        for name in self.instructions.iter().flat_map(|instruction| &instruction.operations) {
            *counts.entry(name.clone()).or_insert(0) += 1;
        }
        let mut all: Vec<(usize, String)> = counts.into_iter().map(|(name, count)| (count, name)).collect();
        all.sort_by(|(a, _), (b, _)| b.cmp(a));
        all
    }

    fn count(assembly: &Assembly, (first, last): (usize, usize), loops: &[(usize, usize)]) -> Self {
        let inner: Vec<_> =
            loops.iter().filter(|(a, b)| (*a, *b) != (first, last) && first <= *a && *b <= last).collect();
        let own = (first..=last).filter(|at| !inner.iter().any(|(a, b)| (a..=b).contains(&at)));
        let mut found = Self { inner: inner.len(), ..Self::default() };
        for instruction in own.map(|at| &assembly.instructions[at]) {
            for name in &instruction.operations {
                found.operations += 1;
                found.vector += u32::from(name.starts_with("v_"));
                found.multiply_adds += multiply_adds(name);
                found.useful += u32::from(multiply_adds(name) > 0);
                match load(name) {
                    Some((Space::Lds, bytes)) => found.lds_bytes += bytes,
                    Some((Space::Memory, bytes)) => found.memory_bytes += bytes,
                    Some((Space::Scalar, bytes)) => found.scalar_bytes += bytes,
                    None => {}
                }
            }
            found.instructions.push(instruction.clone());
        }
        found
    }
}

/// First and last instruction of each loop: from a block to the last jump back to it.
fn loops(assembly: &Assembly) -> Vec<(usize, usize)> {
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, instruction) in assembly.instructions.iter().enumerate() {
        let head = instruction.target.and_then(|block| assembly.block(block));
        if let Some(head) = head.filter(|head| *head <= at) {
            // Later jumps overwrite earlier ones.
            found.insert(head, at);
        }
    }
    found.into_iter().collect()
}
