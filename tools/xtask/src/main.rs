//! `cargo run -p xtask`: tidy, the house rules of ARCHITECTURE.md. The same checks run as a test.

mod tidy;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let problems = tidy::check(&root);
    for problem in &problems {
        eprintln!("tidy: {problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
