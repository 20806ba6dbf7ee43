//! A network as blocks with shapes.

use std::fmt::Write as _;

use hebb_spec::Shape;
use hebb_systems::layered::{Model, Stage};

use super::text::{escape, grouped};

/// The blocks from the image to the classes.
pub fn blocks(model: &Model) -> String {
    let network = &model.network;
    let mut page = format!("<ol class=net>\n<li><b>Image</b><span>{}</span></li>\n", shape(network.input));
    for (item, stage) in network.items.iter().zip(&network.stages) {
        let (kind, mut notes) = match stage {
            Stage::Weighted { connection, .. } if connection.untied => {
                ("local", vec!["a filter at each place".to_owned()])
            }
            Stage::Weighted { connection, .. } if connection.is_full() => ("full", Vec::new()),
            Stage::Weighted { .. } => ("conv", Vec::new()),
            Stage::Sum { .. } => ("sum", vec!["adds the two before it".to_owned()]),
            Stage::Pool(_) => ("pool", Vec::new()),
            Stage::Drop { .. } => ("drop", Vec::new()),
        };
        if let Stage::Weighted { layer, connection, .. } = stage {
            notes.insert(0, format!("layer {layer}: {} weights", grouped(connection.weights() as u64)));
            if model.sparse.contains(layer) {
                notes.push(format!("of these a share of {}", model.connectivity));
            }
            if model.frozen.contains(layer) {
                notes.push("keeps its weights".to_owned());
            }
        }
        let notes: String = notes.iter().map(|note| format!("<small>{}</small>", escape(note))).collect();
        // Writing to a String does not fail.
        let _ = writeln!(
            page,
            "<li class={kind}><b>{}</b><span>{}</span>{notes}</li>",
            escape(&item.to_string()),
            shape(stage.output())
        );
    }
    let has_r = (1..=network.layers()).filter(|&layer| model.has_r(layer)).count();
    let r = match has_r {
        0 => "No layer has an R of its own.".to_owned(),
        count => format!("{count} of {} layers have an R of W's shape.", network.layers()),
    };
    let _ = writeln!(
        page,
        "</ol>\n<p class=soft>{} weights in {} layers. {r}</p>",
        grouped(network.weights() as u64),
        network.layers()
    );
    page
}

/// A shape as people write it: channels, rows, columns; a full layer's units alone.
fn shape(shape: Shape) -> String {
    match shape.places() {
        1 => grouped(shape.channels.into()),
        _ => format!("{} × {} × {}", shape.channels, shape.height, shape.width),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_systems::layered::ModelSpec;

    #[test]
    fn each_item_has_a_block() {
        let spec = ModelSpec {
            net: "Local 4 3x3; Conv 4 3x3; SUM; Maxpool 3; Drop .5; Full 7; Output".to_owned(),
            freeze: vec![2],
            ..ModelSpec::default()
        };
        let page = blocks(&spec.build(Shape::new(1, 8, 8), 3).unwrap());
        for kind in ["local", "conv", "sum", "pool", "drop"] {
            assert_eq!(page.matches(&format!("<li class={kind}>")).count(), 1, "{kind}: {page}");
        }
        assert_eq!(page.matches("<li class=full>").count(), 2);
        for text in [
            "<span>4 × 8 × 8</span>",
            "layer 2: 144 weights",
            "keeps its weights",
            "a filter at each place",
            "3 of 4 layers have an R",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
}
