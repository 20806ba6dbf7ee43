use super::*;

use hebb_spec::system::System as _;
use hebb_systems::layered::{ModelSpec, Rule};

fn model(net: &str, input: Shape, more: ModelSpec) -> (Model, Weights) {
    let model = ModelSpec { net: net.to_owned(), ..more }.build(input, 3).unwrap();
    let weights = Weights::draw(&model.params(), 7);
    (model, weights)
}

fn plain() -> ModelSpec {
    ModelSpec::default()
}

const COLOUR: Shape = Shape::new(3, 6, 5);

#[test]
fn filters_lie_as_in_the_tensor() {
    let (model, weights) = model("Conv 4 3x2; Local 2 3x3; Full 5; Output", COLOUR, plain());
    let first = Filters::of(&model, &weights, 1, Letter::W).unwrap();
    assert_eq!((first.maps(), first.shape(), first.grid(), first.name()), (4, Shape::new(3, 3, 2), None, "W1"));
    assert_eq!(first.filter(2, 0), &weights.get("W1").unwrap()[36..54]);
    let second = Filters::of(&model, &weights, 2, Letter::R).unwrap();
    assert_eq!((second.shape(), second.grid()), (Shape::new(4, 3, 3), Some((6, 5))));
    assert_eq!(second.filter(1, 7), &weights.get("R2").unwrap()[(7 * 2 + 1) * 36..][..36]);
    // A full layer looks at the image before it.
    let third = Filters::of(&model, &weights, 3, Letter::W).unwrap();
    assert_eq!((third.shape(), third.maps()), (Shape::new(2, 6, 5), 5));
    assert_eq!(third.image(4, 0, Some(1)).values[0], f64::from(weights.get("W3").unwrap()[4 * 60 + 30]));
    let error = |layer, letter| Filters::of(&model, &weights, layer, letter).unwrap_err().to_string();
    assert_eq!(error(5, Letter::W), "there is no layer 5: the network has 4 weighted layers, counted from 1");
    assert_eq!(error(0, Letter::W), "there is no layer 0: the network has 4 weighted layers, counted from 1");
    assert_eq!(error(1, Letter::R), "layer 1 has no R, which urfb does not use there");
}

/// Pearson's correlation, pair by pair.
fn slowly(filters: &Filters<'_>, map: u32, places: &[u32]) -> f64 {
    let mut all = Vec::new();
    for (at, &a) in places.iter().enumerate() {
        for &b in &places[at + 1..] {
            all.push(PairSums::of(filters.filter(map, a), filters.filter(map, b)).correlation().unwrap());
        }
    }
    all.iter().sum::<f64>() / all.len() as f64
}

#[test]
fn similarity_is_the_mean_correlation_over_pairs_of_places() {
    let independent = ModelSpec { untied_start: Some(hebb_systems::layered::UntiedStart::Independent), ..plain() };
    let (model, mut weights) = model("Local 2 3x3; Output", COLOUR, independent);
    let filters = Filters::of(&model, &weights, 1, Letter::W).unwrap();
    let whole = filters.whole();
    assert_eq!(whole, [6, 7, 8, 11, 12, 13, 16, 17, 18, 21, 22, 23]);
    for map in 0..2 {
        let found = filters.similarity(map, &whole).unwrap();
        assert!((found - slowly(&filters, map, &whole)).abs() < 1e-9 && found.abs() < 0.2, "{found}");
    }
    let both = [0, 1].map(|map| filters.similarity(map, &whole).unwrap());
    assert!((filters.mean_similarity().unwrap() - (both[0] + both[1]) / 2.0).abs() < 1e-12);
    assert_eq!(filters.similarity(0, &whole[..1]), None);
    // What does not vary is like nothing.
    let w = weights.get_mut("W1").unwrap();
    for place in [6, 7] {
        w[place * 54..][..27].fill(0.25);
    }
    let filters = Filters::of(&model, &weights, 1, Letter::W).unwrap();
    assert_eq!(filters.similarity(0, &[6, 7, 8]), None);
    assert!((filters.similarity(0, &[6, 7, 8, 12]).unwrap() - slowly(&filters, 0, &[8, 12])).abs() < 1e-9);
}

#[test]
fn a_tied_start_is_alike_everywhere_and_masks_leave_it_so() {
    for connectivity in [1.0, 0.6] {
        let (model, weights) = model("Local 2 3x3; Output", COLOUR, ModelSpec { connectivity, ..plain() });
        let filters = Filters::of(&model, &weights, 1, Letter::W).unwrap();
        let found = filters.similarity(1, &filters.whole()).unwrap();
        assert!((found - 1.0).abs() < 1e-6, "{connectivity}: {found}");
    }
    let (model, weights) = model("Conv 2 3x3; Output", COLOUR, plain());
    assert_eq!(Filters::of(&model, &weights, 1, Letter::W).unwrap().mean_similarity(), None);
}

#[test]
fn a_sheet_has_what_was_chosen() {
    let (model, weights) = model("Conv 4 3x3; Local 2 3x3; Full 5; Output", COLOUR, plain());
    let sheet = |layer, map, channel| {
        let filters = Filters::of(&model, &weights, layer, Letter::W).unwrap();
        let sheet = filters.sheet(Choice { map, channel }).unwrap();
        (sheet.images.len(), sheet.columns, sheet.images[0].size, matches!(sheet.map, Map::Own))
    };
    assert_eq!(sheet(1, None, None), (4, 3, (3, 3), true));
    assert_eq!(sheet(1, None, Some(2)), (4, 3, (3, 3), false));
    assert_eq!(sheet(1, Some(1), None), (1, 1, (3, 3), true));
    assert_eq!(sheet(2, None, None), (30, 5, (3, 3), false), "places as they lie");
    assert_eq!(sheet(3, None, None), (10, 2, (6, 5), false), "a row a unit");
    assert_eq!(sheet(3, Some(0), None), (2, 2, (6, 5), false));
    assert_eq!(sheet(4, None, None), (1, 1, (3, 5), false), "all weights in one image");
    assert_eq!(sheet(4, Some(2), None), (1, 1, (1, 5), false));
    let filters = Filters::of(&model, &weights, 2, Letter::W).unwrap();
    let error = |map, channel| filters.sheet(Choice { map, channel }).unwrap_err().to_string();
    assert_eq!(error(Some(2), None), "W2 has no map 2: they are 0 to 1");
    assert_eq!(error(None, Some(9)), "W2 has no channel 9: they are 0 to 3");
    let svg = filters.figure(Choice { map: Some(1), channel: None }).unwrap().svg();
    assert!(svg.contains("W2: map 1 at 6x5 places, filters of 4x3x3, channel 0, 30 images"), "{svg}");
    assert!(svg.contains("mean correlation between places 1.000"));
}

#[test]
fn what_has_no_room_is_refused() {
    let (model, weights) = model("Full 600; Full 600; Output", COLOUR, ModelSpec { rule: Rule::BP, ..plain() });
    let filters = Filters::of(&model, &weights, 2, Letter::W).unwrap();
    let wanted = "W2 has 600 maps of 600x1x1 weights: too many for a picture";
    assert_eq!(filters.sheet(Choice::default()).unwrap_err().to_string(), wanted);
    assert_eq!(filters.table(Choice::default()).unwrap_err().to_string(), wanted);
    assert!(filters.sheet(Choice { map: Some(599), channel: None }).is_ok());
}

#[test]
fn a_table_has_the_weights_alone() {
    let (model, weights) = model("Local 2 3x3; Output", COLOUR, ModelSpec { connectivity: 0.5, ..plain() });
    let filters = Filters::of(&model, &weights, 1, Letter::W).unwrap();
    let table = filters.table(Choice { map: Some(1), channel: None }).unwrap();
    let mask = weights.get("W1.mask").unwrap();
    let there = (0..30).flat_map(|place| &mask[(place * 2 + 1) * 27..][..27]).filter(|there| **there != 0.0).count();
    assert_eq!(table.rows.len(), there);
    // The corner's first tap that is in the image.
    let Some(row) = table.rows.iter().find(|row| row[1] == Cell::from(0_u32) && row[2] == Cell::from(1_u32)) else {
        panic!("none at the edge")
    };
    let [Cell::Whole(channel), Cell::Whole(y), Cell::Whole(x), Cell::Real(weight)] = row[3..] else {
        panic!("{row:?}")
    };
    assert!(y > 0, "above the image there is nothing");
    assert_eq!(weight, f64::from(filters.filter(1, 1)[(channel * 9 + y * 3 + x) as usize]));
    let (model, weights) = self::model("Conv 2 3x3; Output", COLOUR, plain());
    let table = Filters::of(&model, &weights, 1, Letter::W).unwrap().table(Choice::default()).unwrap();
    assert_eq!(table.rows.len(), 54);
    assert_eq!(table.rows[0][..3], [Cell::from(0_u32), Cell::Empty, Cell::Empty]);
}
