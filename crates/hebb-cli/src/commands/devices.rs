//! `hebb devices`: what `--device` can name.

use anyhow::Result;
use hebb::{Choice, Device};
use hebb_gpu::{AdapterSummary, GpuError};
use serde::Serialize;

use crate::args::TableArgs;
use crate::output::{self, Align, binary_bytes};
use crate::remedy;

#[derive(Serialize)]
struct DeviceRow {
    name: String,
    kind: String,
    software: bool,
    backend: String,
    driver: String,
    /// The limits of an adapter; the CPU twins have none.
    max_binding_bytes: Option<u64>,
    max_buffer_bytes: Option<u64>,
    workgroup_memory_bytes: Option<u32>,
}

impl DeviceRow {
    /// The CPU twins, under the name by which `--device` knows them.
    fn twins() -> Self {
        Self {
            name: Choice::Reference.to_string(),
            kind: "CPU twins".to_owned(),
            software: true,
            backend: String::new(),
            driver: String::new(),
            max_binding_bytes: None,
            max_buffer_bytes: None,
            workgroup_memory_bytes: None,
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
        }
    }
}

/// Lists the adapters, the best first, then the twins, which always exist: that there is no adapter is no error.
pub fn run(args: &TableArgs) -> Result<()> {
    let adapters = Device::adapters();
    let is_without = adapters.is_empty();
    let rows: Vec<DeviceRow> = adapters.into_iter().map(DeviceRow::from).chain([DeviceRow::twins()]).collect();
    if args.json {
        output::json(&rows)?;
    } else {
        output::line(&table(&rows))?;
        output::line(
            "\n--device takes a part of a name, auto, gpu, or reference (the CPU twins, always there but slow).",
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
    ];
    let cells = |row: &DeviceRow| {
        let sizes = [row.max_binding_bytes, row.max_buffer_bytes, row.workgroup_memory_bytes.map(u64::from)];
        let texts = [&row.name, &row.kind, &row.backend, &row.driver].map(String::clone);
        texts.into_iter().chain(sizes.map(|size| size.map_or_else(String::new, binary_bytes))).collect()
    };
    output::table(&titles, &rows.iter().map(cells).collect::<Vec<_>>())
}
