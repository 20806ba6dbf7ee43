//! `hebb nets`: the named networks.

use anyhow::Result;
use hebb_systems::layered::notation::Item;
use hebb_systems::layered::{NAMED, Network, Preset, Stage};
use serde::Serialize;

use crate::args::TableArgs;
use crate::images::{DEFAULT_CLASSES, DEFAULT_INPUT};
use crate::output::{self, Align, grouped};

#[derive(Serialize)]
struct Net {
    name: &'static str,
    notation: String,
    input: String,
    classes: u32,
    layers: u32,
    weights: u64,
    items: Vec<ItemRow>,
}

#[derive(Serialize)]
struct ItemRow {
    item: String,
    /// Counts the weighted layers from 1; none elsewhere.
    layer: Option<u32>,
    output: String,
    weights: u64,
    multiply_adds: u64,
}

fn describe(name: &'static str, notation: &str) -> Result<Net> {
    // The preset moves a pool's windows but changes no shape.
    let network = Network::new(notation, DEFAULT_INPUT, DEFAULT_CLASSES, Preset::AsRun)?;
    let row = |(item, stage): (&Item, &Stage)| {
        let (layer, weights, multiply_adds) = match stage {
            Stage::Weighted { layer, connection, .. } => {
                (Some(*layer), connection.weights() as u64, connection.multiply_adds())
            }
            _ => (None, 0, 0),
        };
        ItemRow { item: item.to_string(), layer, output: stage.output().to_string(), weights, multiply_adds }
    };
    Ok(Net {
        name,
        notation: network.notation(),
        input: network.input.to_string(),
        classes: network.classes,
        layers: network.layers(),
        weights: network.weights() as u64,
        items: network.items.iter().zip(&network.stages).map(row).collect(),
    })
}

/// Lists the named networks.
pub fn run(args: &TableArgs) -> Result<()> {
    let nets: Vec<Net> = NAMED.iter().map(|(name, notation)| describe(name, notation)).collect::<Result<_>>()?;
    if args.json {
        return output::json(&nets);
    }
    let titles = [
        ("layer", Align::Right),
        ("item", Align::Left),
        ("output", Align::Left),
        ("weights", Align::Right),
        ("multiply-adds an image", Align::Right),
    ];
    for (at, net) in nets.iter().enumerate() {
        let gap = if at == 0 { "" } else { "\n" };
        output::line(&format!("{gap}{}: {}", net.name, net.notation))?;
        let images = format!("{} images, {} classes", net.input, net.classes);
        output::line(&format!(
            "{images}: {} layers, {} weights (R takes as many, but layer 1 has none)\n",
            net.layers,
            grouped(net.weights)
        ))?;
        let number = |count: u64| if count == 0 { String::new() } else { grouped(count) };
        let cells = |row: &ItemRow| {
            let layer = row.layer.map_or(String::new(), |layer| layer.to_string());
            vec![layer, row.item.clone(), row.output.clone(), number(row.weights), number(row.multiply_adds)]
        };
        output::line(&output::table(&titles, &net.items.iter().map(cells).collect::<Vec<_>>()))?;
    }
    Ok(())
}
