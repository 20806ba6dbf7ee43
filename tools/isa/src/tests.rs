//! Invented assemblies, and shaders with faults that must be found.

use std::collections::BTreeSet;
use std::path::Path;

use crate::assembly::{Assembly, Space, load, multiply_adds};
use crate::driver::{Compiled, FAMILIES};
use crate::error::Error;
use crate::hot::HotLoop;
use crate::options::{Options, defaults};
use crate::row::Row;
use crate::row::{FEWEST_WAVES, LEAST_SHARE};
use crate::table::table;

/// RDNA2: a loop in a loop, and one behind them; the first of them loads by a loop of its own.
const RDNA2: &str = "BB0:
	s_mov_b32 s0, s3                                            ; be800303
	v_fma_f32 v9, v9, v9, v9
	s_nop 0                                                     ; bf800000
	(then repeated 2 times)
BB1:
	s_cmp_ge_u32 s0, s35                                        ; bf092300
	s_cbranch_scc1 BB4                                          ; bf85007d
BB2:
	ds_write_b128 v0, v[4:7]
	s_cbranch_scc0 BB2                                          ; bf84fff0
BB3:
	s_buffer_load_dwordx8 s[8:15], s[4:7], null
	buffer_load_dwordx4 v[8:11], v2, s[8:11], 0 offen           ; e0381000 80020802
	ds_read_b128 v[4:7], v3
	ds_read2_b64 v[12:15], v3 offset1:1
	s_waitcnt vmcnt(0)
	v_fmac_f32_e32 v1, v4, v8                                   ; 56020503
	v_fma_f32 v2, v5, v9, v2
	v_pk_fma_f16 v3, v6, v10, v3
	v_add_nc_u32_e32 v1, 64, v1
	s_branch BB1                                                ; bf82ffe7
BB4:
	v_fmac_f32_e32 v1, v4, v8
	s_cbranch_vccnz BB4
	s_endpgm                                                    ; bf810000
";

/// RDNA3: dual-issued pairs, of which one has but one multiply-add.
const RDNA3: &str = "BB0:
	s_load_b128 s[4:7], s[2:3], null
BB1:
	global_load_b64 v[68:69], v2, s[40:41]
	s_delay_alu instid0(SALU_CYCLE_1) | instskip(NEXT) | instid1(SALU_CYCLE_1) ; bf870499
	v_dual_fmac_f32 v21, s48, v69 :: v_dual_fmac_f32 v20, s48, v68 ; c8008a30 15148830
	v_dual_fmac_f32 v31, s50, v71 :: v_dual_mov_b32 v30, 0      ; c8008e32 1f1e8c32
	v_fmamk_f32 v1, v2, 0x3f000000, v3
	s_cbranch_scc0 BB1
	s_endpgm
";

/// RDNA4 by the compiler's own form, where LLVM knows no such family.
const RDNA4: &str = "Shader disassembly is not supported in the current configuration, falling back to print_program.

After lowering to hw instructions:
BB3
/* logical preds: BB2, / linear preds: BB2, BB3, / kind: uniform, loop-header, */
	 v4: %617:v[68-71] = buffer_load_dwordx4 %615:s[40-43], %616:v[2], 0 offen storage:buffer semantics:private
	 s1: %725:s[23],  s1: %1740:scc = s_lshl_b32 %724:s[23], 4
	s_wait_loadcnt imm:0
	 v1: %662:v[21] = v_dual_fmac_f32 %9:s[48], %14:v[69] :: v1: %661:v[20] = v_dual_fmac_f32 %9:s[48], %13:v[68]
	 v1: (precise)%7:v[1] = v_fma_f32 %1:v[1], %2:v[2], %3:v[3]
	s_cbranch_scc1 block:BB3
BB4
	s_endpgm
";

fn hot(text: &str) -> HotLoop {
    HotLoop::find(&Assembly::read(text)).expect("a loop that multiplies and adds")
}

#[test]
fn the_loop_with_the_most_multiply_adds_is_found() {
    let found = hot(RDNA2);
    assert_eq!((found.multiply_adds, found.useful, found.inner), (4, 3, 1));
    // All but the inner loop's two: 2 before it and 10 behind it.
    assert_eq!((found.operations, found.vector), (12, 4));
    assert_eq!((found.lds_bytes, found.memory_bytes, found.scalar_bytes), (32, 16, 32));
    assert_eq!((found.share(), found.vector_share()), (0.25, 0.75));
    assert_eq!(found.per_multiply_add(found.lds_bytes), 8.0);
    assert_eq!(found.histogram()[0].0, 1);
}

#[test]
fn a_pair_is_two_operations() {
    let found = hot(RDNA3);
    assert_eq!((found.multiply_adds, found.useful, found.operations, found.vector), (4, 4, 8, 5));
    assert_eq!((found.memory_bytes, found.scalar_bytes), (8, 0));
    assert_eq!(found.instructions.len(), 6);
}

#[test]
fn the_compilers_own_form_is_read_too() {
    let found = hot(RDNA4);
    assert_eq!((found.multiply_adds, found.operations, found.vector), (3, 7, 3));
    assert_eq!(found.memory_bytes, 16);
}

#[test]
fn what_is_repeated_counts_as_often() {
    let all = Assembly::read(RDNA2);
    assert_eq!(all.instructions.iter().filter(|one| one.text == "s_nop 0").count(), 3);
    assert_eq!(all.block(1), Some(5));
    assert_eq!(all.block(9), None);
}

#[test]
fn without_a_loop_nothing_is_hot() {
    assert_eq!(
        HotLoop::find(&Assembly::read("BB0:\n\tv_fma_f32 v9, v9, v9, v9\n\ts_branch BB1\nBB1:\n\ts_endpgm")),
        None
    );
    assert_eq!(HotLoop::find(&Assembly::read("BB0:\n\tv_mul_f32 v9, v9, v9\n\ts_branch BB0")), None);
    assert_eq!(HotLoop::find(&Assembly::default()), None);
}

#[test]
fn operations_are_told_apart_by_their_names() {
    let counts = [
        ("v_fmaak_f32", 1),
        ("v_fma_mix_f32", 1),
        ("v_mad_f32", 1),
        ("v_dual_fmaak_f32", 1),
        ("v_dot2_f32_f16", 2),
        ("v_pk_fma_f32", 2),
        ("v_mad_u32_u24", 0),
        ("v_mad_u64_u32", 0),
        ("v_dual_mul_f32", 0),
        ("s_fmac_f32", 0),
    ];
    for (name, wanted) in counts {
        assert_eq!(multiply_adds(name), wanted, "{name}");
    }
    let loads = [
        ("ds_load_b96", Some((Space::Lds, 12))),
        ("ds_load_2addr_stride64_b32", Some((Space::Lds, 8))),
        ("ds_read2st64_b64", Some((Space::Lds, 16))),
        ("ds_store_b128", None),
        ("global_load_dword", Some((Space::Memory, 4))),
        ("buffer_load_d16_u8", Some((Space::Memory, 1))),
        ("buffer_load_ushort", Some((Space::Memory, 2))),
        ("s_load_dwordx16", Some((Space::Scalar, 64))),
        ("s_buffer_load_b256", Some((Space::Scalar, 32))),
        ("v_mov_b32", None),
    ];
    for (name, wanted) in loads {
        assert_eq!(load(name), wanted, "{name}");
    }
}

/// What a driver tells of a shader without a fault: 9 of 10 operations multiply and add.
fn faultless() -> Compiled {
    let assembly = "BB0:\n".to_owned() + &"\tv_fmac_f32_e32 v1, v4, v8\n".repeat(9) + "\ts_cbranch_scc0 BB0\n";
    let numbers = [
        ("VGPRs", 96.0),
        ("SGPRs", 128.0),
        ("Spilled VGPRs", 0.0),
        ("Spilled SGPRs", 0.0),
        ("Scratch size", 0.0),
        ("LDS size", 4096.0),
        ("Subgroups per SIMD", 8.0),
        ("Code size", 400.0),
        ("Inverse Throughput", 100.0),
    ];
    let statistics = numbers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    Compiled { wave: 32, statistics, assembly }
}

fn row(compiled: &Compiled) -> Result<Row, Error> {
    Row::new(FAMILIES[0], &hebb_shaders::SHADERS[0], compiled)
}

/// The faults once a statistic has another value.
fn faults_with(name: &str, value: f64) -> Vec<String> {
    row(&faultless_but(name, value)).expect("a row").faults(FEWEST_WAVES, LEAST_SHARE)
}

fn faultless_but(name: &str, value: f64) -> Compiled {
    let mut compiled = faultless();
    let found = compiled.statistics.iter_mut().find(|(other, _)| other == name).expect("a known statistic");
    found.1 = value;
    compiled
}

#[test]
fn a_spilled_shader_is_flagged_and_no_other() {
    assert_eq!(row(&faultless()).unwrap().faults(FEWEST_WAVES, LEAST_SHARE), Vec::<String>::new());
    let faults = [("Spilled VGPRs", 1.0), ("Spilled SGPRs", 2.0), ("Scratch size", 64.0), ("Subgroups per SIMD", 7.0)];
    for (name, value) in faults {
        let found = faults_with(name, value);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found[0].starts_with("RDNA2 "), "{found:?}");
    }
    let seven = faultless_but("Subgroups per SIMD", 7.0);
    assert!(row(&seven).unwrap().faults(7, LEAST_SHARE).is_empty(), "what is known and told");
    assert!(faults_with("Spilled VGPRs", 1.0)[0].ends_with("spills 1 VGPRs and 0 SGPRs"));
}

#[test]
fn a_thin_loop_and_a_missing_one_are_flagged() {
    let faults = |assembly: &str| {
        row(&Compiled { assembly: assembly.to_owned(), ..faultless() }).unwrap().faults(FEWEST_WAVES, LEAST_SHARE)
    };
    assert!(faults(RDNA3)[0].ends_with("has 50.0 % multiply-adds in its hot loop, less than 70 %"));
    assert!(faults("BB0:\n\ts_endpgm")[0].ends_with("has no loop that multiplies and adds"));
}

#[test]
fn a_driver_that_keeps_a_number_to_itself_is_an_error() {
    let mut compiled = faultless();
    compiled.statistics.retain(|(name, _)| name != "Spilled VGPRs");
    assert!(row(&compiled).unwrap_err().to_string().ends_with("the driver tells no 'Spilled VGPRs'"));
}

#[test]
fn tables_are_aligned() {
    let mut rows = vec![row(&faultless()).unwrap(); 2];
    rows[1].hot = None;
    for markdown in [false, true] {
        let text = table(&rows, markdown);
        let widths: BTreeSet<usize> =
            text.lines().filter(|line| !line.contains("--")).map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 1, "{text}");
        assert!(text.contains("90.0%") && text.contains('–'), "{text}");
    }
}

#[test]
fn words_choose_rows() {
    let options = |words: &[&str]| Options::read(words.iter().map(|word| (*word).to_owned()));
    let shader = hebb_shaders::SHADERS.iter().find(|shader| shader.stem == "loss").expect("the loss");
    let mean = |words: &[&str]| options(words).unwrap().mean(shader, Some(FAMILIES[1]));
    assert!(mean(&[]) && mean(&["loss"]) && mean(&["RDNA3", "los"]) && mean(&["pool,loss", "navi31"]));
    assert!(!mean(&["loss", "navi21"]) && !mean(&["pool,dropout"]));
    assert!(options(&["--check"]).unwrap().check);
    assert_eq!(options(&["--chek"]).unwrap_err().to_string(), "no option '--chek': see --help");
    assert_eq!(options(&["--translate", "--asm"]).unwrap_err().to_string(), "--translate needs a path");
}

#[test]
fn default_variants_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(!defaults(&folder.join("defaults.txt")).unwrap().is_empty());
    let other = defaults(&folder.join("Cargo.toml")).unwrap_err().to_string();
    assert!(other.contains("Cargo.toml:1: not 'kernel variant' or 'kernel variant WAVES PERCENT'"), "{other}");
    let path = std::env::temp_dir().join(format!("isa-defaults-{}", std::process::id()));
    std::fs::write(&path, "# remark\nconnect_forward nowhere\n").unwrap();
    let other = defaults(&path).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(other.ends_with(":2: there is no kernel 'connect_forward' with a variant 'nowhere'"), "{other}");
    std::fs::write(&path, "connect_forward slim 6 65\n").unwrap();
    let known = defaults(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(known[0].waves == 6 && (known[0].share - 0.65).abs() < 1e-9, "{known:?}");
}
