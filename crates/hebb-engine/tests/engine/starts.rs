//! Starts: drawn, or taken from a file.

use std::path::PathBuf;
use std::sync::Arc;

use hebb_engine::checkpoint::{self, TensorFile};
use hebb_engine::init::{Drawing, RStart, Start, UntiedStart, draw, from_file, stored};
use hebb_engine::metadata::Progress;
use hebb_engine::settings::Settings;
use hebb_engine::weights::{Fixed, Values, Weights};
use hebb_spec::network::Untied;
use hebb_spec::plan::Model;
use hebb_spec::rule::{Preset, Rule};
use tempfile::TempDir;

use crate::fixture::{Place, epochs, job, kinds, last, start};

/// Writes weights into a file that is gone with the folder.
fn write(weights: &Weights) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("start.safetensors");
    checkpoint::write(&path, weights, &job(epochs(1)).metadata(Progress::default())).unwrap();
    (folder, path)
}

/// The model and the drawing of settings, with another seed.
fn drawing(settings: &Settings, seed: u64) -> (Model, Drawing) {
    (job(settings.clone()).model, Drawing { seed, ..settings.drawing() })
}

fn names(weights: &Weights) -> Vec<String> {
    weights.tensors().map(|(name, ..)| name).collect()
}

fn zeros(values: &[f32]) -> usize {
    values.iter().filter(|&&value| value == 0.0).count()
}

#[test]
fn a_run_from_a_drawn_file_is_the_run_that_draws_itself() {
    for (kind, settings) in kinds() {
        let (_folder, path) = write(&draw(&job(settings.clone()).model, &settings.drawing()));
        let (drawn, read) = (Place::new(), Place::new());
        start(&drawn, settings.clone()).unwrap();
        start(&read, Settings { init: Some(path.to_str().unwrap().to_owned()), ..settings }).unwrap();
        assert_eq!(drawn.bytes(), read.bytes(), "{kind}");
    }
}

#[test]
fn each_rule_has_its_tensors() {
    let of = |settings: Settings| names(&draw(&job(settings.clone()).model, &settings.drawing())).join(" ");
    let rule = |rule| Settings { rule, ..epochs(1) };
    assert_eq!(of(rule(Rule::BP)), "W1 W2 W3");
    assert_eq!(of(rule(Rule::USF)), "W1 W2 R2 W3 R3");
    assert_eq!(of(rule(Rule::DFA)), "W1 B1 W2 B2 W3");
    let sparse = |rule| Settings { rule, connectivity: 0.5, track_r1: rule != Rule::BP, ..epochs(1) };
    assert_eq!(of(sparse(Rule::URFB)), "W1 R1 W1.mask R1.mask W2 R2 W2.mask R2.mask W3 R3", "as-run: a dense output");
    assert_eq!(of(sparse(Rule::FRSF)), "W1 R1 W1.mask W2 R2 W2.mask W3 R3", "R takes W's signs, and its mask");
    let paper = Settings { preset: Preset::Paper, ..sparse(Rule::BP) };
    assert_eq!(of(paper), "W1 W1.mask W2 W2.mask W3 W3.mask");
    let weights = draw(&job(rule(Rule::DFA)).model, &epochs(1).drawing());
    let b = weights.tensors().find(|(name, ..)| name == "B1").unwrap();
    assert_eq!((b.1, b.2.len()), (&[3, 48][..], 144), "classes, then the units right behind σ");
}

#[test]
fn masks_and_edges_leave_zeros_and_nothing_else_changes() {
    let sparse = Settings { connectivity: 0.5, preset: Preset::Paper, untied: Untied::All, ..epochs(1) };
    let (model, how) = drawing(&sparse, 3);
    let thin = draw(&model, &how);
    let full = draw(&Model { sparse: Vec::new(), ..model.clone() }, &how);
    for ((thin, full), connection) in thin.layers.iter().zip(&full.layers).zip(model.network.connections()) {
        let fixed = &thin.fixed;
        let tensors =
            [(Some(&thin.w), Some(&full.w), &fixed.mask_w), (thin.r.as_ref(), full.r.as_ref(), &fixed.mask_r)];
        for (thin, full, mask) in tensors {
            let (Some(thin), Some(full), Some(mask)) = (thin, full, mask) else { continue };
            for ((&thin, &full), &there) in thin.iter().zip(full).zip(mask) {
                assert_eq!(thin.to_bits(), if there == 1 { full.to_bits() } else { 0 });
            }
            assert_eq!(zeros(full), connection.len() - connection.weights());
        }
        assert_ne!(fixed.mask_r, fixed.mask_w, "each has its own");
    }
    let equal = draw(&model, &Drawing { r_start: RStart::Equal, ..how });
    for layer in &equal.layers[1..] {
        assert_eq!((layer.r.as_ref(), &layer.fixed.mask_r), (Some(&layer.w), &layer.fixed.mask_w));
    }
}

#[test]
fn untied_filters_start_alike_or_apart() {
    let (tied, how) = drawing(&epochs(1), 3);
    let (untied, _) = drawing(&Settings { untied: Untied::Layers(vec![1]), ..epochs(1) }, 3);
    let shared = draw(&tied, &how);
    let at = |weights: &Weights, place: usize| weights.layers[0].w[place * 27..][..27].to_vec();
    let alike = draw(&untied, &how);
    assert_eq!(alike.layers[0].dims, [4, 4, 3, 1, 3, 3]);
    assert_eq!(at(&alike, 5), at(&shared, 0), "a place with all its taps inside has the tied net's filter");
    assert_eq!(at(&alike, 5), at(&alike, 10));
    assert_eq!(alike.layers[1..], shared.layers[1..]);
    let apart = draw(&untied, &Drawing { untied_start: UntiedStart::Independent, ..how });
    assert_ne!(at(&apart, 5), at(&apart, 10));
    let outside = |weights: &Weights| zeros(&weights.layers[0].w);
    assert_eq!((outside(&alike), outside(&apart)), (3 * (144 - 100), 3 * (144 - 100)));
}

#[test]
fn urfb_from_an_equal_start_is_bp() {
    let sparse = Settings { connectivity: 0.5, preset: Preset::Paper, ..epochs(2) };
    let untied = Settings { untied: Untied::All, ..epochs(2) };
    for settings in [epochs(2), sparse.clone(), untied, Settings { untied: Untied::All, ..sparse }] {
        let equal = Drawing { r_start: RStart::Equal, ..settings.drawing() };
        let (_folder, path) = write(&draw(&job(settings.clone()).model, &equal));
        let (bp, urfb) = (Place::new(), Place::new());
        start(&bp, Settings { rule: Rule::BP, ..settings.clone() }).unwrap();
        start(&urfb, Settings { init: Some(path.to_str().unwrap().to_owned()), ..settings }).unwrap();
        let forward = |place: &Place| last(place).0.layers.into_iter().map(|layer| layer.w).collect::<Vec<_>>();
        assert_eq!(forward(&bp), forward(&urfb));
    }
}

#[test]
fn what_a_file_lacks_is_drawn_and_what_it_has_too_much_is_told() {
    let (urfb, nine) = drawing(&epochs(1), 9);
    let four = Drawing { seed: 4, ..nine };
    let bp = Model { rule: Rule::BP, ..urfb.clone() };
    let (both, seeded) = (draw(&urfb, &nine), draw(&urfb, &four));
    let (_folder, path) = write(&draw(&bp, &nine));
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&urfb, &four, &file, &[]).unwrap();
    for ((layer, from_file), drawn) in weights.layers.iter().zip(&both.layers).zip(&seeded.layers) {
        assert_eq!((&layer.w, &layer.r), (&from_file.w, &drawn.r));
    }
    assert_eq!(messages, [format!("{} has no R2, R3: drawn from seed 4", path.display())]);
    let dfa = Model { rule: Rule::DFA, ..urfb.clone() };
    let Start { weights, messages } = from_file(&dfa, &four, &file, &[]).unwrap();
    assert_eq!(weights.layers[1].fixed, draw(&dfa, &four).layers[1].fixed);
    assert_eq!(messages, [format!("{} has no B1, B2: drawn from seed 4", path.display())]);

    let (_folder, path) = write(&both);
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&bp, &four, &file, &[]).unwrap();
    assert!(weights.layers.iter().all(|layer| layer.r.is_none()));
    assert_eq!(messages, [format!("{}: ignored R2, R3, which the network does not use", path.display())]);

    let Start { weights, messages } = from_file(&urfb, &four, &file, &[1, 3]).unwrap();
    assert_eq!(weights.layers[0], both.layers[0]);
    assert_eq!(weights.layers[1], seeded.layers[1]);
    assert_eq!(weights.layers[2], both.layers[2]);
    assert_eq!(messages, [""; 0]);
}

#[test]
fn masks_come_from_the_file_or_are_drawn() {
    let sparse = Settings { connectivity: 0.5, ..epochs(1) };
    let (model, nine) = drawing(&sparse, 9);
    let four = Drawing { seed: 4, ..nine };
    let (dense, thin) = (Model { sparse: Vec::new(), ..model.clone() }, draw(&model, &nine));

    // A network without masks keeps W's zeros, but may fill them.
    let (_folder, path) = write(&thin);
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&dense, &four, &file, &[]).unwrap();
    let own = |weights: &Weights| weights.layers.iter().map(|layer| layer.w.clone()).collect::<Vec<_>>();
    assert_eq!(own(&weights), own(&thin));
    let ignored = "ignored R2.mask, W1.mask, W2.mask, which the network does not use";
    assert_eq!(messages, [format!("{}: {ignored}", path.display())]);

    // The file's masks hold for an R that is drawn, too: as thin as they say, no thinner.
    let frsf = Model { rule: Rule::FRSF, ..model.clone() };
    let (_folder, path) = write(&draw(&Model { rule: Rule::BP, ..model.clone() }, &nine));
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&frsf, &four, &file, &[]).unwrap();
    let layer = &weights.layers[1];
    let there = layer.fixed.mask_w.as_ref().unwrap().iter().map(|&there| usize::from(there == 0)).sum::<usize>();
    assert_eq!(zeros(layer.r.as_ref().unwrap()), there);
    assert_eq!(messages, [format!("{} has no R2, R3: drawn from seed 4", path.display())]);

    // A dense file is thinned.
    let (_folder, path) = write(&draw(&dense, &nine));
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&model, &four, &file, &[]).unwrap();
    assert_eq!(weights.layers[1].fixed, draw(&model, &four).layers[1].fixed);
    let count = [0, 1].map(|at| zeros(&weights.layers[at].w)).iter().sum::<usize>()
        + zeros(weights.layers[1].r.as_ref().unwrap());
    let path = path.display();
    let says = format!("set {count} numbers of W1, W2, R2 to 0, for a mask or the picture's edge leaves them out");
    assert_eq!(
        messages,
        [format!("{path} has no W1.mask, W2.mask, R2.mask: drawn from seed 4"), format!("{path}: {says}")]
    );
}

#[test]
fn a_mask_of_another_shape_or_type_is_named() {
    let sparse = Settings { connectivity: 0.5, ..epochs(1) };
    let (model, how) = drawing(&sparse, 9);
    let mut weights = draw(&Model { sparse: Vec::new(), ..model.clone() }, &how);
    let fails = |weights: &Weights| {
        let (_folder, path) = write(weights);
        let file = TensorFile::read(&path).unwrap();
        let errors = [from_file(&model, &how, &file, &[]).unwrap_err(), stored(&model, &file).unwrap_err()];
        errors.map(|error| error.to_string().replace(path.to_str().unwrap(), "F"))
    };
    // A file's mask is written in the shape of its weights.
    let other = draw(&drawing(&Settings { net: "Conv 2 3x3; Maxpool 2; Full 6; Output".into(), ..sparse }, 9).0, &how);
    weights.layers[0] = other.layers[0].clone();
    assert_eq!(fails(&weights), ["W1 in F is 2x1x3x3, but the network's is 3x1x3x3: it is of another network"; 2]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let one = |dtype: &str, shape: &str, bytes: usize| {
        let end = 108 + bytes;
        let header = format!(
            r#"{{"W1":{{"dtype":"F32","shape":[3,1,3,3],"data_offsets":[0,108]}},
                "W1.mask":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[108,{end}]}}}}"#
        );
        crate::checkpoints::write_raw(&path, &header, &vec![0; end]);
        let error = from_file(&model, &how, &TensorFile::read(&path).unwrap(), &[1]).unwrap_err();
        error.to_string().replace(path.to_str().unwrap(), "F")
    };
    assert_eq!(one("U8", "[3,9]", 27), "W1.mask in F is 3x9, but the network's is 3x1x3x3: it is of another network");
    assert_eq!(one("F32", "[3,1,3,3]", 108), "W1.mask in F holds F32, not U8: convert it");
}

#[test]
fn a_tied_file_starts_an_untied_network() {
    let sparse = Settings { connectivity: 0.5, ..epochs(1) };
    let (tied, how) = drawing(&sparse, 9);
    let (untied, _) = drawing(&Settings { untied: Untied::All, ..sparse }, 9);
    let shared = draw(&tied, &how);
    let (_folder, path) = write(&shared);
    let file = TensorFile::read(&path).unwrap();
    let Start { weights, messages } = from_file(&untied, &Drawing { seed: 4, ..how }, &file, &[]).unwrap();
    assert_eq!(messages, [""; 0], "without a word");
    let (layer, filter) = (&weights.layers[0], &shared.layers[0]);
    assert_eq!(layer.dims, [4, 4, 3, 1, 3, 3]);
    assert_eq!(layer.w[5 * 27..][..27], filter.w);
    let (mask, one) = (layer.fixed.mask_w.as_ref().unwrap(), filter.fixed.mask_w.as_ref().unwrap());
    assert_eq!((&mask[5 * 27..][..27], mask[0]), (&one[..], 0), "the first tap lies outside at the first place");
    assert_eq!(weights.layers[1..], shared.layers[1..]);
    // What eval or a resume reads must be untied itself.
    let error = stored(&untied, &file).unwrap_err().to_string();
    assert!(error.ends_with("is 3x1x3x3, but the network's is 4x4x3x1x3x3: it is of another network"), "{error}");
}

#[test]
fn layers_that_are_not_taken_need_not_fit() {
    let settings = Settings { net: "Conv 3 3x3; Maxpool 2; Full 9; Output".to_owned(), ..epochs(1) };
    let other = job(settings.clone());
    let (model, how) = drawing(&epochs(1), 9);
    let (_folder, path) = write(&draw(&model, &how));
    let init = Some(path.to_str().unwrap().to_owned());
    let error = job(Settings { init: init.clone(), ..settings.clone() }).start().unwrap_err().to_string();
    assert_eq!(error, format!("W2 in {} is 6x12, but the network's is 9x12: it is of another network", path.display()));
    let start = job(Settings { init, init_layers: vec![1], ..settings }).start().unwrap();
    assert_eq!(start.weights.layers[1], other.start().unwrap().weights.layers[1]);
    assert_ne!(start.weights.layers[0], other.start().unwrap().weights.layers[0]);
}

#[test]
fn the_authors_protocol_keeps_the_first_layer_and_unties_the_rest() {
    let net = "Conv 3 3x3; Conv 3 3x3; SUM; Maxpool 2; Output".to_owned();
    let tied = Place::new();
    start(&tied, Settings { net: net.clone(), ..epochs(2) }).unwrap();
    let (trained, _) = last(&tied);
    let second = Settings {
        net,
        untied: Untied::Layers(vec![2]),
        init: Some(tied.file("last.safetensors").to_str().unwrap().to_owned()),
        init_layers: vec![1],
        freeze: vec![1],
        seed: 8,
        ..epochs(2)
    };
    let untied = Place::new();
    let drawn = draw(&job(second.clone()).model, &second.drawing());
    start(&untied, second).unwrap();
    let (weights, model) = last(&untied);
    assert_eq!(model.network.untied_layers(), [2]);
    assert_eq!(weights.layers[0], trained.layers[0]);
    let moved = |at: usize| weights.layers[at].w != drawn.layers[at].w;
    assert!(moved(1) && moved(2));
    let filter = |place: usize| &weights.layers[1].w[place * 81..][..81];
    assert_ne!(filter(5), filter(10), "each place learns by itself");
}

#[test]
fn masks_are_bytes_in_a_file() {
    let (model, how) = drawing(&Settings { connectivity: 0.5, ..epochs(1) }, 9);
    let weights = draw(&model, &how);
    let (_folder, path) = write(&weights);
    let file = TensorFile::read(&path).unwrap();
    assert_eq!(stored(&model, &file).unwrap(), Start { weights: weights.clone(), messages: Vec::new() });
    for (name, dims, values) in weights.tensors() {
        let entry = file.entries().into_iter().find(|entry| entry.name == name).unwrap();
        let dtype = if matches!(values, Values::Bytes(_)) { "U8" } else { "F32" };
        assert_eq!((entry.dtype.as_str(), &entry.dims[..]), (dtype, dims), "{name}");
    }
}

#[test]
fn a_mask_beyond_the_edge_counts_for_nothing() {
    let (model, how) = drawing(&Settings { connectivity: 0.5, untied: Untied::All, ..epochs(1) }, 9);
    let mut weights = draw(&model, &how);
    let connection = model.network.connections().next().unwrap();
    let all = Fixed { mask_w: Some(vec![1; connection.len()]), ..Fixed::default() };
    weights.layers[0].fixed = Arc::new(all);
    let (_folder, path) = write(&weights);
    let file = TensorFile::read(&path).unwrap();
    for start in [stored(&model, &file).unwrap(), from_file(&model, &how, &file, &[]).unwrap()] {
        let mask = start.weights.layers[0].fixed.mask_w.clone().unwrap();
        assert_eq!(mask.iter().filter(|&&there| there == 1).count(), connection.weights());
        assert_eq!(start.messages, [""; 0]);
    }
}
