//! `cargo bench`: GFLOP/s and GB/s of every kernel and variant, beside ceilings measured on the same device in the same
//! run. Arguments choose: `cargo bench -- connect_forward`, or `cargo bench -- "connect_update wide"` with its variant.
//! A variant is checked against the oracle before it is timed.
//! `--device cpu` measures the processor; a part of its name, or `HEBB_BENCH_DEVICE`, picks an adapter. `cargo bench --
//! scaling` runs whole steps at many batches on the processor.

mod device;
mod kernels;
mod measure;
mod probes;
mod train_step;

use std::process::ExitCode;

use device::Device;

fn main() -> ExitCode {
    let mut wanted = Vec::new();
    let mut device = std::env::var("HEBB_BENCH_DEVICE").unwrap_or_else(|_| "gpu".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--device" => device = arguments.next().unwrap_or_default(),
            // Cargo passes --bench; all else that is no flag names what to run.
            flag if flag.starts_with('-') => {}
            _ => wanted.push(argument),
        }
    }
    match run(&device, &wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(device: &str, wanted: &[String]) -> Result<(), String> {
    if wanted == ["scaling"] {
        return train_step::scaling();
    }
    let device = Device::open(device)?;
    println!("device: {}", device.name());
    if wanted.is_empty() || wanted.iter().any(|name| !train_step::is_step(name)) {
        let ceilings = device.ceilings()?;
        println!("{ceilings}");
        kernels::run(&device, &ceilings, wanted)?;
    }
    if wanted.is_empty() || wanted.iter().any(|name| train_step::is_step(name)) {
        train_step::run(&device, wanted)?;
    }
    Ok(())
}
