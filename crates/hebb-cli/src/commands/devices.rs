//! `hebb devices`: what `--device` can name.

use anyhow::Result;
use hebb::Device;
use hebb_gpu::{AdapterSummary, GpuError};
use serde::Serialize;

use crate::args::TableArgs;
use crate::output::{self, Align, binary_bytes};

#[derive(Serialize)]
struct DeviceRow {
    name: String,
    kind: String,
    software: bool,
    backend: String,
    driver: String,
    max_binding_bytes: u64,
    max_buffer_bytes: u64,
    workgroup_memory_bytes: u32,
}

impl From<AdapterSummary> for DeviceRow {
    fn from(adapter: AdapterSummary) -> Self {
        Self {
            name: adapter.name,
            kind: adapter.kind,
            software: adapter.software,
            backend: adapter.backend,
            driver: adapter.driver,
            max_binding_bytes: adapter.max_binding,
            max_buffer_bytes: adapter.max_buffer,
            workgroup_memory_bytes: adapter.workgroup_memory,
        }
    }
}

/// Lists the adapters, the best first. It is an error if there is none, so that scripts can ask.
pub fn run(args: &TableArgs) -> Result<()> {
    let rows: Vec<DeviceRow> = Device::adapters().into_iter().map(DeviceRow::from).collect();
    if args.json {
        output::json(&rows)?;
    } else if !rows.is_empty() {
        output::line(&table(&rows))?;
        output::line(
            "\n--device takes a part of a name, auto, gpu, or reference (the CPU twins, always there but slow).",
        )?;
    }
    if rows.is_empty() { Err(GpuError::NoAdapter.into()) } else { Ok(()) }
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
    ];
    let cells = |row: &DeviceRow| {
        let sizes = [row.max_binding_bytes, row.max_buffer_bytes, u64::from(row.workgroup_memory_bytes)];
        let texts = [&row.name, &row.kind, &row.backend, &row.driver].map(String::clone);
        texts.into_iter().chain(sizes.map(binary_bytes)).collect()
    };
    output::table(&titles, &rows.iter().map(cells).collect::<Vec<_>>())
}
