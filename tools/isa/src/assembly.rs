//! Reads the text of an assembly: LLVM's disassembly, or the compiler's own last form where LLVM knows no better.

/// One instruction of RDNA; a line `v_dual_a … :: v_dual_b …` is one that holds two operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The line without its encoding.
    pub text: String,
    /// What it does: one operation, or the two of a dual-issued pair.
    pub operations: Vec<String>,
    /// The block that it may jump to.
    pub target: Option<u32>,
}

/// A shader's instructions in order, and where its blocks begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assembly {
    /// All instructions.
    pub instructions: Vec<Instruction>,
    /// Number of a block, and the index of its first instruction.
    pub blocks: Vec<(u32, usize)>,
}

impl Assembly {
    /// Reads a text.
    pub fn read(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            if let Some(block) = label(line) {
                found.blocks.push((block, found.instructions.len()));
            } else if let Some(more) = repeated(line) {
                let last = found.instructions.last().cloned();
                found.instructions.extend(last.into_iter().flat_map(|last| vec![last; more]));
            } else if let Some(instruction) = instruction(line) {
                found.instructions.push(instruction);
            }
        }
        found
    }

    /// Where a block begins.
    pub fn block(&self, number: u32) -> Option<usize> {
        self.blocks.iter().find(|(block, _)| *block == number).map(|(_, at)| *at)
    }
}

/// `BB12:` or `BB12` at the beginning of a line.
fn label(line: &str) -> Option<u32> {
    line.strip_prefix("BB")?.trim_end().trim_end_matches(':').parse().ok()
}

/// `(then repeated 3 times)`, which stands for as many copies of the line before.
fn repeated(line: &str) -> Option<usize> {
    line.trim().strip_prefix("(then repeated ")?.strip_suffix(" times)")?.parse().ok()
}

fn instruction(line: &str) -> Option<Instruction> {
    let text = line.split(';').next()?.trim();
    let operations: Vec<String> = text.split(" :: ").filter_map(operation).collect();
    if operations.is_empty() {
        return None;
    }
    let jumps = operations[0].starts_with("s_branch") || operations[0].starts_with("s_cbranch");
    let target = text.split([' ', ',']).find_map(|word| label(word.strip_prefix("block:").unwrap_or(word)));
    Some(Instruction { text: text.to_owned(), operations, target: target.filter(|_| jumps) })
}

/// The name of an operation: `v_fma_f32 v0, …`, or with its results before it, `v1: %5:v[0] = v_fma_f32 …`.
fn operation(part: &str) -> Option<String> {
    let right = part.rsplit(" = ").next()?;
    let name = right.split_whitespace().next()?;
    let known = ["s_", "v_", "ds_", "global_", "buffer_", "flat_", "scratch_", "image_", "tbuffer_", "lds_"];
    known.iter().any(|start| name.starts_with(start)).then(|| name.to_owned())
}

/// Multiply-adds that an operation does in each lane.
pub fn multiply_adds(operation: &str) -> u32 {
    let name = operation.trim_start_matches("v_dual_").trim_start_matches("v_");
    let starts = |all: &[&str]| all.iter().any(|start| name.starts_with(start));
    if starts(&["pk_fma_f", "pk_fmac_f", "dot2_f32_f", "dot2acc_f32_f", "dot2c_f32_f"]) {
        2
    } else if starts(&["fma_f", "fmac_f", "fmaak_f", "fmamk_f", "fma_mix", "mad_f", "mac_f", "madak_f", "madmk_f"]) {
        1
    } else {
        0
    }
}

/// Where a load reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Workgroup memory, bytes a lane.
    Lds,
    /// Buffers, bytes a lane.
    Memory,
    /// Buffers by the scalar unit, bytes a wave.
    Scalar,
}

/// What a load reads, and how much.
pub fn load(operation: &str) -> Option<(Space, u32)> {
    let space = if operation.starts_with("ds_read") || operation.starts_with("ds_load") {
        Space::Lds
    } else if ["global_load", "buffer_load", "flat_load"].iter().any(|start| operation.starts_with(start)) {
        Space::Memory
    } else if operation.starts_with("s_load") || operation.starts_with("s_buffer_load") {
        Space::Scalar
    } else {
        return None;
    };
    let parts = || operation.split('_').skip(1);
    let pair = parts().any(|part| part.starts_with("read2") || part == "2addr");
    let width = parts().find_map(width)?;
    Some((space, if pair { 2 * width } else { width }))
}

/// Bytes that a part of a name stands for: `dwordx4`, `b128`, `ubyte`.
fn width(part: &str) -> Option<u32> {
    match part {
        "dword" => return Some(4),
        "ubyte" | "sbyte" => return Some(1),
        "ushort" | "sshort" | "short" => return Some(2),
        _ => {}
    }
    if let Some(words) = part.strip_prefix("dwordx") {
        return words.parse::<u32>().ok().map(|words| 4 * words);
    }
    let bits: u32 = part.strip_prefix(['b', 'u', 'i'])?.parse().ok()?;
    Some(bits / 8)
}
