//! `cargo bench`: GFLOP/s and GB/s of every kernel in every variant that the device has room for, on the layers of simpnet,
//! deepernet and untied simpnet, beside ceilings measured on the same device in the same run; then whole steps.
//!
//! Arguments choose: `cargo bench -- connect_forward`, `cargo bench -- "connect_update wide"` with its variant, `cargo bench --
//! train_step`, or one step by its whole label. A variant is checked against the oracle before it is timed.
//! `--device cpu` measures the processor; a part of its name, or `HEBB_BENCH_DEVICE`, picks an adapter. `--json` prints all as
//! JSON, at the end. `cargo bench -- scaling` runs whole steps at many batches on the processor.

mod kernels;
mod train_step;

use std::process::ExitCode;

use hebb::Device;
use hebb::measure::{CallTime, Ceilings, MeasureError};
use hebb::spec::backend::Runtime;
use serde::Serialize;

use train_step::StepRow;

/// What was measured.
#[derive(Serialize)]
pub struct Report {
    device: String,
    ceilings: Option<Ceilings>,
    calls: Vec<CallTime>,
    steps: Vec<StepRow>,
    /// Whether lines are printed as they come.
    #[serde(skip)]
    is_told: bool,
}

impl Report {
    /// Prints a line for people.
    fn tell(&self, line: &str) {
        if self.is_told {
            println!("{line}");
        }
    }
}

fn main() -> ExitCode {
    let (mut wanted, mut is_json) = (Vec::new(), false);
    let mut device = std::env::var("HEBB_BENCH_DEVICE").unwrap_or_else(|_| "gpu".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--device" => device = arguments.next().unwrap_or_default(),
            "--json" => is_json = true,
            // Cargo passes --bench; all else that is no flag names what to run.
            flag if flag.starts_with('-') => {}
            _ => wanted.push(argument),
        }
    }
    match run(&device, &wanted, is_json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(device: &str, wanted: &[String], is_json: bool) -> Result<(), String> {
    if wanted == ["scaling"] {
        return train_step::scaling();
    }
    let choice = device.parse().map_err(|error| format!("--device: {error}"))?;
    let device = Device::find(&choice, None).map_err(|error| error.to_string())?;
    let name = match &device {
        Device::Cpu(cpu) => format!("{}, threads: {}", cpu.name(), cpu.threads()),
        other => other.name(),
    };
    let mut report = Report { device: name, ceilings: None, calls: Vec::new(), steps: Vec::new(), is_told: !is_json };
    report.tell(&format!("device: {}", report.device));
    if wanted.is_empty() || wanted.iter().any(|name| !train_step::is_step(name)) {
        let ceilings = Ceilings::of(&device).map_err(text)?;
        report.tell(&ceilings.to_string());
        report.ceilings = Some(ceilings);
        kernels::run(&device, &ceilings, wanted, &mut report)?;
    }
    if wanted.is_empty() || wanted.iter().any(|name| train_step::is_step(name)) {
        train_step::run(&device, wanted, &mut report)?;
    }
    if is_json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?);
    }
    Ok(())
}

fn text(error: MeasureError) -> String {
    error.to_string()
}
