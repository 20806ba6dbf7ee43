//! `hebb devices`: what `--device` can name.

use anyhow::Result;
use hebb::{Choice, Device};
use hebb_cpu::Cpu;
use hebb_gpu::{AdapterSummary, GpuError};
use serde::Serialize;

use crate::args::TableArgs;
use crate::memory;
use crate::output::{self, Align, binary_bytes};
use crate::remedy;

#[derive(Serialize)]
struct DeviceRow {
    name: String,
    kind: String,
    software: bool,
    backend: String,
    driver: String,
    /// The limits of an adapter; the processor has none.
    max_binding_bytes: Option<u64>,
    max_buffer_bytes: Option<u64>,
    workgroup_memory_bytes: Option<u32>,
    /// Threads and memory of the processor.
    threads: Option<usize>,
    memory_bytes: Option<u64>,
}

impl DeviceRow {
    /// What `--device` knows by a word of its own.
    fn built_in(choice: &Choice, kind: &str) -> Self {
        Self {
            name: choice.to_string(),
            kind: kind.to_owned(),
            software: true,
            backend: String::new(),
            driver: String::new(),
            max_binding_bytes: None,
            max_buffer_bytes: None,
            workgroup_memory_bytes: None,
            threads: None,
            memory_bytes: None,
        }
    }

    /// The processor.
    fn cpu(cpu: &Cpu) -> Self {
        Self {
            driver: cpu.vectors().to_string(),
            threads: Some(cpu.threads()),
            memory_bytes: memory::whole(),
            ..Self::built_in(&Choice::Cpu, "processor")
        }
    }
}

impl From<AdapterSummary> for DeviceRow {
    fn from(adapter: AdapterSummary) -> Self {
        Self {
            name: adapter.name,
            kind: adapter.kind,
            software: adapter.software,
            backend: adapter.backend,
            driver: adapter.driver,
            max_binding_bytes: Some(adapter.max_binding),
            max_buffer_bytes: Some(adapter.max_buffer),
            workgroup_memory_bytes: Some(adapter.workgroup_memory),
            threads: None,
            memory_bytes: None,
        }
    }
}

/// Lists the adapters, the best first, then what always exists: that there is no adapter is no error.
pub fn run(args: &TableArgs) -> Result<()> {
    let adapters = Device::adapters();
    let is_without = adapters.is_empty();
    let built_in = [DeviceRow::cpu(&Cpu::open(None)?), DeviceRow::built_in(&Choice::Reference, "CPU twins")];
    let rows: Vec<DeviceRow> = adapters.into_iter().map(DeviceRow::from).chain(built_in).collect();
    if args.json {
        output::json(&rows)?;
    } else {
        output::line(&table(&rows))?;
        output::line(
            "\n--device takes a part of a name, auto (a hardware GPU, else cpu), gpu, cpu, or reference (the CPU twins, slow).",
        )?;
    }
    if is_without {
        output::note(&remedy::sentence(&GpuError::NoAdapter.into()));
    }
    Ok(())
}

fn table(rows: &[DeviceRow]) -> String {
    let titles = [
        ("device", Align::Left),
        ("kind", Align::Left),
        ("backend", Align::Left),
        ("driver", Align::Left),
        ("binding", Align::Right),
        ("buffer", Align::Right),
        ("workgroup", Align::Right),
        ("threads", Align::Right),
        ("memory", Align::Right),
    ];
    let cells = |row: &DeviceRow| {
        let size = |bytes: Option<u64>| bytes.map_or_else(String::new, binary_bytes);
        let threads = row.threads.map_or_else(String::new, |threads| threads.to_string());
        let workgroup = size(row.workgroup_memory_bytes.map(u64::from));
        let limits = [size(row.max_binding_bytes), size(row.max_buffer_bytes), workgroup, threads];
        let texts = [&row.name, &row.kind, &row.backend, &row.driver].map(String::clone);
        texts.into_iter().chain(limits).chain([size(row.memory_bytes)]).collect()
    };
    output::table(&titles, &rows.iter().map(cells).collect::<Vec<_>>())
}
