//! `cargo bench`: GFLOP/s and GB/s of every kernel and variant, beside ceilings measured on the same device in the same
//! run. Arguments choose: `cargo bench -- connect_forward`, or `cargo bench -- "connect_update wide"` with its variant.
//! A variant is checked against the oracle before it is timed.
//! `HEBB_BENCH_DEVICE` picks an adapter by name.

mod kernels;
mod measure;
mod probes;
mod train_step;

use std::process::ExitCode;

use hebb_gpu::{Gpu, Pick};
use hebb_spec::backend::Runtime;

fn main() -> ExitCode {
    // Cargo passes --bench; all else that is no flag names what to run.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    match run(&wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &[String]) -> Result<(), String> {
    let pick = std::env::var("HEBB_BENCH_DEVICE").map_or(Pick::Any, Pick::Named);
    let gpu = Gpu::open(&pick).map_err(|error| error.to_string())?;
    println!("device: {}", gpu.name());
    let ceilings = probes::Ceilings::measure(&gpu)?;
    println!("{ceilings}");
    kernels::run(&gpu, &ceilings, wanted)?;
    if wanted.is_empty() || wanted.iter().any(|name| "train_step".contains(name.as_str())) {
        train_step::run(&gpu)?;
    }
    Ok(())
}
