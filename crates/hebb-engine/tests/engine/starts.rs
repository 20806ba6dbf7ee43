//! Starts: drawn, or taken from a file.

use std::path::PathBuf;

use hebb_engine::checkpoint;
use hebb_engine::from_file::{Loaded, adopt, stored};
use hebb_engine::metadata::Progress;
use hebb_engine::tensor_file::TensorFile;
use hebb_spec::layout::Layout;
use hebb_spec::param::Weights;
use hebb_spec::system::System;
use hebb_systems::layered::{Model, RStart, Rule, Untied, UntiedStart};
use tempfile::TempDir;

use crate::fixture::{Place, Settings, epochs, kinds, last, layer, letter, start};

/// Writes weights into a file that is gone with the folder.
pub fn write(weights: &Weights) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("start.safetensors");
    let model = epochs(1).model();
    let metadata = epochs(1).job(&model).metadata(Progress::start(&model));
    checkpoint::write(&path, weights, &metadata).unwrap();
    (folder, path)
}

/// Half of the connections, by the author's conventions: a dense output.
fn thin(settings: Settings) -> Settings {
    settings.with(|settings| settings.spec.connectivity = 0.5)
}

fn draw(model: &Model, seed: u64) -> Weights {
    Weights::draw(&model.params(), seed)
}

fn dense(model: &Model) -> Model {
    Model { sparse: Vec::new(), ..model.clone() }
}

fn names(weights: &Weights) -> String {
    weights.0.iter().map(|weight| weight.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn zeros(values: &[f32]) -> usize {
    values.iter().filter(|&&value| value == 0.0).count()
}

#[test]
fn a_run_from_a_drawn_file_is_the_run_that_draws_itself() {
    for (kind, settings) in kinds() {
        let (_folder, path) = write(&settings.drawn());
        let (drawn, read) = (Place::new(), Place::new());
        start(&drawn, &settings).unwrap();
        start(&read, &settings.init(&path)).unwrap();
        assert_eq!(drawn.bytes(), read.bytes(), "{kind}");
    }
}

#[test]
fn each_rule_has_its_tensors() {
    let of = |settings: Settings| names(&settings.drawn());
    let rule = |rule| epochs(1).rule(rule);
    assert_eq!(of(rule(Rule::BP)), "W1 W2 W3");
    assert_eq!(of(rule(Rule::USF)), "W1 W2 R2 W3 R3");
    assert_eq!(of(rule(Rule::DFA)), "W1 B1 W2 B2 W3");
    let sparse = |one: Rule| thin(rule(one)).with(|settings| settings.spec.track_r1 = one != Rule::BP);
    assert_eq!(of(sparse(Rule::URFB)), "W1 R1 W1.mask R1.mask W2 R2 W2.mask R2.mask W3 R3", "as-run: a dense output");
    assert_eq!(of(sparse(Rule::FRSF)), "W1 R1 W1.mask W2 R2 W2.mask W3 R3", "R takes W's signs, and its mask");
    assert_eq!(of(rule(Rule::BP).sparse()), "W1 W1.mask W2 W2.mask W3 W3.mask");
    let weights = rule(Rule::DFA).drawn();
    let b = weights.0.iter().find(|weight| weight.name == "B1").unwrap();
    assert_eq!((&b.layout.dims()[..], b.values.len()), (&[3, 48][..], 144), "classes, then the units right behind σ");
}

#[test]
fn masks_and_edges_leave_zeros_and_nothing_else_changes() {
    let model = epochs(1).sparse().untied(Untied::All).model();
    let (thin, full) = (draw(&model, 3), draw(&dense(&model), 3));
    let mut masked = 0;
    for param in model.params() {
        let (Layout::Weights(connection), Some(mask)) = (param.layout, param.mask) else { continue };
        let get = |weights: &'_ Weights, name: &str| weights.get(name).unwrap().to_vec();
        let (thin_values, full_values) = (get(&thin, &param.name), get(&full, &param.name));
        for ((&thin, &full), &there) in thin_values.iter().zip(&full_values).zip(&get(&thin, &mask)) {
            assert_eq!(thin.to_bits(), if there == 1.0 { full.to_bits() } else { 0 });
        }
        assert_eq!(zeros(&full_values), connection.len() - connection.weights());
        masked += 1;
    }
    assert_eq!(masked, 5, "W1, W2, R2, W3, R3");
    for number in [2, 3] {
        let masks = ["W", "R"].map(|letter| thin.get(&format!("{letter}{number}.mask")).unwrap());
        assert_ne!(masks[0], masks[1], "each has its own");
    }
    let equal = draw(&Model { r_start: RStart::Equal, ..model }, 3);
    for number in [2, 3] {
        let [w, r, w_mask, r_mask] = &layer(&equal, number)[..] else { panic!("four tensors") };
        assert_eq!((&r.values, &r_mask.values), (&w.values, &w_mask.values));
    }
}

#[test]
fn untied_filters_start_alike_or_apart() {
    let (tied, untied) = (epochs(1).model(), epochs(1).untied(Untied::Layers(vec![1])).model());
    let shared = draw(&tied, 3);
    let at = |weights: &Weights, place: usize| weights.get("W1").unwrap()[place * 27..][..27].to_vec();
    let alike = draw(&untied, 3);
    assert_eq!(alike.0[0].layout.dims(), [4, 4, 3, 1, 3, 3]);
    assert_eq!(at(&alike, 5), at(&shared, 0), "a place with all its taps inside has the tied net's filter");
    assert_eq!(at(&alike, 5), at(&alike, 10));
    assert_eq!(alike.0[1..], shared.0[1..]);
    let apart = draw(&Model { untied_start: UntiedStart::Independent, ..untied }, 3);
    assert_ne!(at(&apart, 5), at(&apart, 10));
    let outside = |weights: &Weights| zeros(weights.get("W1").unwrap());
    assert_eq!((outside(&alike), outside(&apart)), (3 * (144 - 100), 3 * (144 - 100)));
}

#[test]
fn urfb_from_an_equal_start_is_bp() {
    let all = [epochs(2), epochs(2).sparse(), epochs(2).untied(Untied::All), epochs(2).sparse().untied(Untied::All)];
    for settings in all {
        let equal = Model { r_start: RStart::Equal, ..settings.model() };
        let (_folder, path) = write(&draw(&equal, settings.run.seed));
        let (bp, urfb) = (Place::new(), Place::new());
        start(&bp, &settings.clone().rule(Rule::BP)).unwrap();
        start(&urfb, &settings.init(&path)).unwrap();
        assert_eq!(letter(&last(&bp).0, 'W'), letter(&last(&urfb).0, 'W'));
    }
}

#[test]
fn what_a_file_lacks_is_drawn_and_what_it_has_too_much_is_told() {
    let urfb = epochs(1).model();
    let bp = Model { rule: Rule::BP, ..urfb.clone() };
    let (both, seeded) = (draw(&urfb, 9), draw(&urfb, 4));
    let (_folder, path) = write(&draw(&bp, 9));
    let file = TensorFile::read(&path).unwrap();
    let Loaded { weights, messages } = adopt(&urfb.params(), 4, &file, &[]).unwrap();
    assert_eq!((letter(&weights, 'W'), letter(&weights, 'R')), (letter(&both, 'W'), letter(&seeded, 'R')));
    assert_eq!(messages, [format!("{} has no R2, R3: drawn from seed 4", path.display())]);
    let dfa = Model { rule: Rule::DFA, ..urfb.clone() };
    let Loaded { weights, messages } = adopt(&dfa.params(), 4, &file, &[]).unwrap();
    assert_eq!(letter(&weights, 'B'), letter(&draw(&dfa, 4), 'B'));
    assert_eq!(messages, [format!("{} has no B1, B2: drawn from seed 4", path.display())]);
    // W is never drawn.
    let (_folder, path) = write(&Weights(layer(&both, 2)));
    let error = adopt(&urfb.params(), 4, &TensorFile::read(&path).unwrap(), &[]).unwrap_err().to_string();
    assert_eq!(error, format!("{} has no tensor W1 of 3x1x3x3: it is of another network", path.display()));

    let (_folder, path) = write(&both);
    let file = TensorFile::read(&path).unwrap();
    let Loaded { weights, messages } = adopt(&bp.params(), 4, &file, &[]).unwrap();
    assert!(letter(&weights, 'R').is_empty());
    assert_eq!(messages, [format!("{}: ignored R2, R3, which the network does not use", path.display())]);

    let Loaded { weights, messages } = adopt(&urfb.params(), 4, &file, &[1, 3]).unwrap();
    assert_eq!(layer(&weights, 1), layer(&both, 1));
    assert_eq!(layer(&weights, 2), layer(&seeded, 2));
    assert_eq!(layer(&weights, 3), layer(&both, 3));
    assert_eq!(messages, [""; 0]);
}

#[test]
fn masks_come_from_the_file_or_are_drawn() {
    let model = thin(epochs(1)).model();
    let thin = draw(&model, 9);

    // A network without masks keeps W's zeros, but may fill them.
    let (_folder, path) = write(&thin);
    let file = TensorFile::read(&path).unwrap();
    let Loaded { weights, messages } = adopt(&dense(&model).params(), 4, &file, &[]).unwrap();
    assert_eq!(letter(&weights, 'W'), letter(&thin, 'W'));
    let ignored = "ignored R2.mask, W1.mask, W2.mask, which the network does not use";
    assert_eq!(messages, [format!("{}: {ignored}", path.display())]);

    // The file's masks hold for an R that is drawn, too: as thin as they say, no thinner.
    let frsf = Model { rule: Rule::FRSF, ..model.clone() };
    let (_folder, path) = write(&draw(&Model { rule: Rule::BP, ..model.clone() }, 9));
    let file = TensorFile::read(&path).unwrap();
    let Loaded { weights, messages } = adopt(&frsf.params(), 4, &file, &[]).unwrap();
    assert_eq!(zeros(weights.get("R2").unwrap()), zeros(weights.get("W2.mask").unwrap()));
    assert_eq!(messages, [format!("{} has no R2, R3: drawn from seed 4", path.display())]);

    // A dense file is thinned.
    let (_folder, path) = write(&draw(&dense(&model), 9));
    let file = TensorFile::read(&path).unwrap();
    let Loaded { weights, messages } = adopt(&model.params(), 4, &file, &[]).unwrap();
    let drawn = draw(&model, 4);
    for name in ["W1.mask", "W2.mask", "R2.mask"] {
        assert_eq!(weights.get(name), drawn.get(name));
    }
    let count = ["W1", "W2", "R2"].map(|name| zeros(weights.get(name).unwrap())).iter().sum::<usize>();
    let path = path.display();
    let says = format!("set {count} numbers of W1, W2, R2 to 0, for a mask or the image's edge leaves them out");
    assert_eq!(
        messages,
        [format!("{path} has no W1.mask, W2.mask, R2.mask: drawn from seed 4"), format!("{path}: {says}")]
    );
}

#[test]
fn a_mask_of_another_shape_or_type_is_named() {
    let model = thin(epochs(1)).model();
    let mut weights = draw(&dense(&model), 9);
    let fails = |weights: &Weights| {
        let (_folder, path) = write(weights);
        let file = TensorFile::read(&path).unwrap();
        let params = model.params();
        let errors = [adopt(&params, 9, &file, &[]).unwrap_err(), stored(&params, &file).unwrap_err()];
        errors.map(|error| error.to_string().replace(path.to_str().unwrap(), "F"))
    };
    // A file's mask is written in the shape of its weights.
    let other = thin(epochs(1)).with(|settings| settings.spec.net = "Conv 2 3x3; Maxpool 2; Full 6; Output".into());
    weights.0[0] = draw(&other.model(), 9).0[0].clone();
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
        let error = adopt(&model.params(), 9, &TensorFile::read(&path).unwrap(), &[1]).unwrap_err();
        error.to_string().replace(path.to_str().unwrap(), "F")
    };
    assert_eq!(one("U8", "[3,9]", 27), "W1.mask in F is 3x9, but the network's is 3x1x3x3: it is of another network");
    assert_eq!(one("F32", "[3,1,3,3]", 108), "W1.mask in F holds F32, not U8");
}

#[test]
fn a_tied_file_starts_an_untied_network() {
    let (tied, untied) = (thin(epochs(1)).model(), thin(epochs(1)).untied(Untied::All).model());
    let shared = draw(&tied, 9);
    let (_folder, path) = write(&shared);
    let file = TensorFile::read(&path).unwrap();
    let Loaded { weights, messages } = adopt(&untied.params(), 4, &file, &[]).unwrap();
    assert_eq!(messages, [""; 0], "without a word");
    assert_eq!(weights.0[0].layout.dims(), [4, 4, 3, 1, 3, 3]);
    assert_eq!(weights.get("W1").unwrap()[5 * 27..][..27], *shared.get("W1").unwrap());
    let (mask, one) = (weights.get("W1.mask").unwrap(), shared.get("W1.mask").unwrap());
    assert_eq!((&mask[5 * 27..][..27], mask[0]), (one, 0.0), "the first tap lies outside at the first place");
    assert_eq!([layer(&weights, 2), layer(&weights, 3)], [layer(&shared, 2), layer(&shared, 3)]);
    // What eval or a resume reads must be untied itself.
    let error = stored(&untied.params(), &file).unwrap_err().to_string();
    assert!(error.ends_with("is 3x1x3x3, but the network's is 4x4x3x1x3x3: it is of another network"), "{error}");
}

#[test]
fn layers_that_are_not_taken_need_not_fit() {
    let other = epochs(1).with(|settings| settings.spec.net = "Conv 3 3x3; Maxpool 2; Full 9; Output".to_owned());
    let (_folder, path) = write(&draw(&epochs(1).model(), 9));
    let model = other.model();
    let from_file = other.clone().init(&path);
    let error = from_file.job(&model).start().unwrap_err().to_string();
    assert_eq!(error, format!("W2 in {} is 6x12, but the network's is 9x12: it is of another network", path.display()));
    let first = from_file.with(|settings| settings.run.init_layers = vec![1]);
    let (first, drawn) = (first.job(&model).start().unwrap().weights, other.drawn());
    assert_eq!(layer(&first, 2), layer(&drawn, 2));
    assert_ne!(layer(&first, 1), layer(&drawn, 1));
}

#[test]
fn the_authors_protocol_keeps_the_first_layer_and_unties_the_rest() {
    let net = |settings: &mut Settings| settings.spec.net = "Conv 3 3x3; Conv 3 3x3; SUM; Maxpool 2; Output".to_owned();
    let tied = Place::new();
    start(&tied, &epochs(2).with(net)).unwrap();
    let (trained, _) = last(&tied);
    let second = epochs(2).with(net).untied(Untied::Layers(vec![2])).init(&tied.file("last.safetensors"));
    let second = second.with(|Settings { spec, run }| {
        (run.init_layers, spec.freeze, run.seed) = (vec![1], vec![1], 8);
    });
    let untied = Place::new();
    start(&untied, &second).unwrap();
    let (weights, model) = last(&untied);
    assert_eq!(model.network.untied_layers(), [2]);
    assert_eq!(layer(&weights, 1), layer(&trained, 1));
    let drawn = second.drawn();
    assert!(["W2", "W3"].iter().all(|name| weights.get(name) != drawn.get(name)));
    let filter = |place: usize| &weights.get("W2").unwrap()[place * 81..][..81];
    assert_ne!(filter(5), filter(10), "each place learns by itself");
}

#[test]
fn masks_are_bytes_in_a_file() {
    let model = thin(epochs(1)).model();
    let weights = draw(&model, 9);
    let (_folder, path) = write(&weights);
    let file = TensorFile::read(&path).unwrap();
    assert_eq!(stored(&model.params(), &file).unwrap(), Loaded { weights: weights.clone(), messages: Vec::new() });
    for weight in &weights.0 {
        let entry = file.entries().into_iter().find(|entry| entry.name == weight.name).unwrap();
        let dtype = if weight.name.ends_with(".mask") { "U8" } else { "F32" };
        assert_eq!((entry.dtype.as_str(), entry.dims), (dtype, weight.layout.dims()), "{}", weight.name);
    }
}

#[test]
fn a_mask_beyond_the_edge_counts_for_nothing() {
    let model = thin(epochs(1)).untied(Untied::All).model();
    let mut weights = draw(&model, 9);
    let connection = model.network.connections().next().unwrap();
    weights.get_mut("W1.mask").unwrap().fill(1.0);
    let (_folder, path) = write(&weights);
    let file = TensorFile::read(&path).unwrap();
    for start in [stored(&model.params(), &file).unwrap(), adopt(&model.params(), 9, &file, &[]).unwrap()] {
        let mask = start.weights.get("W1.mask").unwrap();
        assert_eq!(mask.iter().filter(|&&there| there == 1.0).count(), connection.weights());
        assert_eq!(start.messages, [""; 0]);
    }
}
