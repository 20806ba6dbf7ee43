//! `hebb compare`: runs beside each other.

use anyhow::Result;
use hebb_lab::compare::{Asked, Comparison, Line, check_free, find};
use serde::Serialize;

use crate::args::CompareArgs;
use crate::output::{self, Align, plain};

#[derive(Serialize)]
struct Row<'a> {
    column: &'a str,
    /// What its panel has in common; empty where there is one.
    panel: &'a str,
    group: &'a str,
    epoch: u32,
    seeds: Vec<u64>,
    values: Vec<f64>,
    mean: f64,
    deviation: Option<f64>,
    difference: Option<Difference>,
}

/// From the first group, seed by seed.
#[derive(Serialize)]
struct Difference {
    pairs: usize,
    mean: f64,
    /// At 95 %.
    low: Option<f64>,
    high: Option<f64>,
}

/// Prints the table, and writes picture and numbers where a folder is named.
pub fn run(args: &CompareArgs) -> Result<()> {
    if let Some(out) = &args.out {
        check_free(out)?;
    }
    let found = find(&args.runs)?;
    if let Some(first) = found.without.first() {
        let count = found.without.len();
        let runs = if count == 1 { "1 run has".to_owned() } else { format!("{count} runs have") };
        output::note(&format!("{runs} finished no epoch yet and are left out, the first: {}", first.display()));
    }
    let asked = Asked { by: args.by.clone(), columns: args.column.clone(), epoch: args.epoch };
    let compared = Comparison::new(&found.runs, &asked)?;
    let files = args.out.as_ref().map(|out| compared.write(out)).transpose()?.unwrap_or_default();
    let lines = compared.lines(compared.epoch);
    if args.json {
        let rows: Vec<Row<'_>> = lines.iter().map(row).collect();
        output::json(&rows)?;
    } else {
        output::line(&table(&compared, &lines))?;
    }
    for file in files {
        output::note(&format!("wrote {}", plain(&file.display().to_string())));
    }
    Ok(())
}

fn row<'a>(line: &'a Line<'a>) -> Row<'a> {
    let difference = line.difference.map(|found| Difference {
        pairs: found.pairs,
        mean: found.mean,
        low: found.interval.map(|(low, _)| low),
        high: found.interval.map(|(_, high)| high),
    });
    Row {
        column: line.column,
        panel: line.panel,
        group: line.group,
        epoch: line.epoch,
        seeds: line.values.iter().map(|(seed, _)| *seed).collect(),
        values: line.values.iter().map(|(_, value)| *value).collect(),
        mean: line.mean,
        deviation: line.deviation,
        difference,
    }
}

fn table(compared: &Comparison, lines: &[Line<'_>]) -> String {
    let (columns, panels) = (compared.columns.len() > 1, compared.panels.len() > 1);
    let mut titles = Vec::new();
    titles.extend(columns.then_some(("column", Align::Left)));
    titles.extend(panels.then_some(("with", Align::Left)));
    let what = match compared.columns.as_slice() {
        [column] => format!("{column} at epoch {}", compared.epoch),
        _ => format!("at epoch {}", compared.epoch),
    };
    titles.extend([("group", Align::Left), ("runs", Align::Right), (what.as_str(), Align::Right)]);
    titles.extend([("± deviation", Align::Right), ("from the first", Align::Right), ("95 % interval", Align::Left)]);
    titles.push(("pairs", Align::Right));
    let dash = || "-".to_owned();
    let cells = |line: &Line<'_>| {
        let mut cells = Vec::new();
        cells.extend(columns.then(|| line.column.to_owned()));
        cells.extend(panels.then(|| line.panel.to_owned()));
        let difference = line.difference;
        let interval = difference.and_then(|found| found.interval);
        cells.extend([line.group.to_owned(), line.values.len().to_string(), number(line.mean)]);
        cells.extend([
            line.deviation.map_or_else(dash, number),
            difference.map_or_else(dash, |found| signed(found.mean)),
            interval.map_or_else(dash, |(low, high)| format!("{} to {}", signed(low), signed(high))),
            difference.map_or_else(dash, |found| found.pairs.to_string()),
        ]);
        cells
    };
    output::table(&titles, &lines.iter().map(cells).collect::<Vec<_>>())
}

/// Four decimals, or two and a power of ten where they would tell nothing.
fn number(value: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) { format!("{value:.4}") } else { format!("{value:.2e}") }
}

fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", number(value)) } else { number(value) }
}
