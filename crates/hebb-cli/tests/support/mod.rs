//! Runs the built `hebb` and looks at what a user would see.
#![allow(dead_code, reason = "each test file takes what it needs")]

pub mod kill;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run of `hebb` left behind.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The built program.
pub fn hebb(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hebb"));
    // Without a session, as in CI: no driver may talk on stderr then.
    command.args(args).env_remove("XDG_RUNTIME_DIR").stdin(Stdio::null());
    // Without a table that somebody's `hebb tune` left.
    command.env("HEBB_DATA", concat!(env!("CARGO_TARGET_TMPDIR"), "/no-cache"));
    // Servers of the tests are on this machine, whatever proxy leads to others.
    command.env("NO_PROXY", "127.0.0.1");
    command
}

/// Runs to the end. A panic is a failure whatever the test expects.
pub fn run(args: &[&str]) -> Run {
    let Output { status, stdout, stderr } = hebb(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run = Run { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) };
    assert!(!run.stderr.contains("panicked"), "{args:?} panicked: {}", run.stderr);
    run
}

/// Runs what must succeed; its stdout.
pub fn succeed(args: &[&str]) -> String {
    let run = run(args);
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    run.stdout
}

/// Runs what must fail with code 1 and one sentence on stderr; the sentence.
pub fn fail(args: &[&str]) -> String {
    let run = run(args);
    assert_eq!(run.code, 1, "{args:?}: {}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "", "{args:?} printed results and failed");
    let lines: Vec<&str> = run.stderr.lines().collect();
    // A run on the twins first says that they are slow.
    let lines: Vec<&str> = lines.into_iter().filter(|line| !line.contains("slow")).collect();
    let sentence = match lines.as_slice() {
        [line] => line.strip_prefix("hebb: "),
        _ => None,
    };
    sentence.unwrap_or_else(|| panic!("{args:?}: not one sentence: {}", run.stderr)).to_owned()
}

/// Runs what must fail with code 2, as a wrong command line does; its stderr.
pub fn refuse(args: &[&str]) -> String {
    let run = run(args);
    assert_eq!(run.code, 2, "{args:?}: {}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "");
    run.stderr
}

/// A number from the environment, for those who want a loop longer than a test; else `usual`.
pub fn number(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect(variable))
}

/// Two runs must have the same checkpoints, and the same metrics but for the time that they took.
pub fn assert_same_run(one: &Path, other: &Path) {
    for file in ["last.safetensors", "best.safetensors"] {
        assert!(std::fs::read(one.join(file)).unwrap() == std::fs::read(other.join(file)).unwrap(), "{file}");
    }
    let rows = |run: &Path| -> Vec<String> {
        let text = std::fs::read_to_string(run.join("metrics.csv")).unwrap();
        let fields = |line: &str| {
            // The second column is the time it took.
            line.split(',').enumerate().filter(|(at, _)| *at != 1).map(|(_, f)| f).collect::<Vec<_>>().join(",")
        };
        text.lines().map(fields).collect()
    };
    assert_eq!(rows(one), rows(other));
}

/// A path as an argument.
pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Writes a small MNIST-like set of idx files: `train` and `test` images, labels counting through the ten classes.
pub fn write_idx(folder: &Path, train: u32, test: u32) {
    for (name, count) in [("train", train), ("t10k", test)] {
        let mut images = [0x0000_0803, count, 28, 28].map(u32::to_be_bytes).concat();
        images.extend((0..count * 784).map(|at| (at % 251) as u8));
        let mut labels = [0x0000_0801, count].map(u32::to_be_bytes).concat();
        labels.extend((0..count).map(|at| (at % 10) as u8));
        std::fs::write(folder.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
        std::fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
    }
}

/// A bitmap of one byte a pixel with a palette, written by hand, for only the program knows images.
pub fn write_bitmap(path: &Path, width: u32, height: u32, value: u8) {
    let stride = width.next_multiple_of(4);
    let offset = 14 + 40 + 1024;
    let mut bytes = b"BM".to_vec();
    let mut words = |words: &[u32]| words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    words(&[offset + stride * height, 0, offset, 40, width, height]);
    words(&[1 | 8 << 16, 0, stride * height, 0, 0, 256, 0]);
    words(&(0..256).map(|grey| grey * 0x0001_0101).collect::<Vec<u32>>());
    bytes.extend(vec![value; (stride * height) as usize]);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
