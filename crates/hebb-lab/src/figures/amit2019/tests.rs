use std::cell::RefCell;
use std::fs;
use std::path::Path;

use hebb_cpu::Cpu;
use hebb_data::{Dataset, Split};
use hebb_spec::Shape;
use hebb_systems::layered::Rule;

use super::runs::{Images, Runs};
use super::training::{Net, Places, Training};
use super::{Made, bars, correlation, curves, filters, untied};
use crate::error::LabError;
use crate::request::{Request, Scale, Seeds};

/// The paper's networks, grown small.
const SIMPNET: Net = Net { name: "simpnet", layers: "Conv 3 3x3; Maxpool 3; Full 12; Output" };
const DEEPNET: Net = Net { name: "deepnet", layers: "Conv 2 3x3; Maxpool 3; Conv 2 3x3; Full 6; Output" };

/// Three kinds of bright rows, in batches of any size.
pub fn rows(name: &str) -> Dataset {
    let shape = Shape::new(1, 6, 6);
    let image =
        |record: u16| (0..36).map(move |at| if at / 12 == record % 3 { 220 } else { (record * 7 + at * 5) as u8 % 60 });
    let split = |count: u16| {
        let labels = (0..count).map(|record| record % 3).collect();
        Split::new(shape, (0..count).flat_map(image).collect(), labels).unwrap()
    };
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    Dataset::new(name, shape, names, split(1120), split(30)).unwrap()
}

/// What a figure came to, and what was told meanwhile.
fn made(
    (scale, seeds): (Scale, &[u64]),
    (runs, finished): (Option<&Path>, bool),
    make: impl Fn(&Request<'_>) -> Result<Made, LabError>,
) -> (Result<Made, LabError>, Vec<String>) {
    let (runtime, told) = (Cpu::open(Some(1)).unwrap(), RefCell::new(Vec::new()));
    let tell = |text: &str| told.borrow_mut().push(text.to_owned());
    let data = ["rows".to_owned()];
    let request =
        Request { runs, finished, data: &data, tell: &tell, ..Request::new(&runtime, scale, Seeds(seeds.to_vec())) };
    let made = make(&request);
    (made, told.into_inner())
}

fn fig4(request: &Request<'_>) -> Result<Made, LabError> {
    curves::of(request, Images::of(rows("rows")), SIMPNET, "Figure 4")
}

#[test]
fn a_figure_goes_on_with_kept_runs_and_takes_no_more_of_them_than_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Some(folder.path());
    let (short, told) = made((Scale::Epochs(2), &[1]), (runs, false), fig4);
    let short = short.unwrap();
    assert_eq!((told.len(), short.table.rows.len()), (3 * 3, 3 * 2), "the start and two epochs of each: {told:?}");
    assert!(folder.path().join("simpnet-frfb-rows-1/last.safetensors").exists());
    let (long, told) = made((Scale::Epochs(3), &[1]), (runs, false), fig4);
    assert_eq!((told.len(), long.unwrap().table.rows.len()), (3 * 2, 3 * 3), "{told:?}");
    let (again, told) = made((Scale::Epochs(2), &[1]), (runs, false), fig4);
    let again = again.unwrap();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!((&again.table, again.picture.svg()), (&short.table, short.picture.svg()));
    assert_eq!(again.report.reduced, ["2 of 1,000 epochs"]);
    assert_eq!(made((Scale::Epochs(2), &[1]), (None, false), fig4).0.unwrap().table, short.table, "in memory the same");
}

#[test]
fn what_lacks_is_named_where_nothing_is_to_be_trained() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Some(folder.path());
    let (none, told) = made((Scale::Full, &[1]), (runs, true), fig4);
    let none = none.unwrap();
    assert!(told.is_empty() && none.report.claims.is_empty() && none.table.rows.is_empty());
    assert!(none.picture.svg().contains("no run of simpnet FRFB") && !none.picture.svg().contains("NaN"));
    made((Scale::Epochs(2), &[1]), (runs, false), fig4).0.unwrap();
    fs::remove_dir_all(folder.path().join("simpnet-frfb-rows-1")).unwrap();
    let some = made((Scale::Epochs(3), &[1]), (runs, true), fig4).0.unwrap();
    let lacking = ["simpnet BP has 2 epochs", "simpnet URFB has 2 epochs", "no run of simpnet FRFB"];
    assert_eq!(some.report.reduced[1..], lacking);
    assert!(lacking.iter().all(|text| some.picture.svg().contains(text)));
    assert!(some.report.claims.iter().all(|claim| !claim.says.contains("FRFB")), "{:#?}", some.report.claims);
    assert!(!folder.path().join("simpnet-frfb-rows-1").exists());
}

#[test]
fn several_seeds_give_bands_and_intervals() {
    let (both, _) = made((Scale::Epochs(2), &[1, 2]), (None, false), fig4);
    let both = both.unwrap();
    assert_eq!(both.table.rows.len(), 2 * 3 * 2);
    let found = &both.report.claims[0].found;
    assert!(found.contains(" points (95 % interval ") && found.ends_with(", 2 seeds)"), "{found}");
    let one = made((Scale::Epochs(2), &[1]), (None, false), fig4).0.unwrap();
    // 1,008 images to train on, and 112 for validation.
    assert!(one.report.claims[0].found.ends_with(", 112 images, one seed)"), "{}", one.report.claims[0].found);
    assert!(both.picture.title.ends_with("rows, 2 of 1,000 epochs, seeds 1,2"));
}

#[test]
fn runs_of_other_settings_or_images_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Some(folder.path());
    made((Scale::Epochs(1), &[1]), (runs, false), fig4).0.unwrap();
    let wider = Net { layers: "Conv 4 3x3; Maxpool 3; Full 12; Output", ..SIMPNET };
    for finished in [false, true] {
        let other = |request: &Request<'_>| curves::of(request, Images::of(rows("rows")), wider, "Figure 4");
        let error = made((Scale::Epochs(1), &[1]), (runs, finished), other).0.unwrap_err().to_string();
        assert!(error.contains("holds a run with net = Conv 3 3x3; Maxpool 3; "), "{error}");
        let images = |request: &Request<'_>| {
            let mut data = rows("rows");
            data.train = Split::new(data.shape, vec![7; data.train.len() * 36], data.train.labels().to_vec()).unwrap();
            curves::of(request, Images::of(data), SIMPNET, "Figure 4")
        };
        let error = made((Scale::Epochs(1), &[1]), (runs, finished), images).0.unwrap_err();
        assert!(matches!(error, LabError::OtherRun { .. }), "{error}");
    }
    let rows = folder.path().join("simpnet-bp-rows-1/metrics.csv");
    let text = fs::read_to_string(&rows).unwrap();
    fs::write(&rows, text.replace("\n1,", "\n2,")).unwrap();
    let error = made((Scale::Epochs(1), &[1]), (runs, true), fig4).0.unwrap_err();
    assert!(matches!(error, LabError::LostRows { .. }), "{error}");
}

#[test]
fn bars_stand_by_data_and_network() {
    let of = |nets: &'static [Net]| {
        move |request: &Request<'_>| {
            let images = ["rows", "more"].map(|name| Images::of(rows(name))).into();
            bars::of(request, images, nets, "Figure 5")
        }
    };
    let fig5 = made((Scale::Epochs(1), &[1]), (None, false), of(&[SIMPNET])).0.unwrap();
    assert_eq!((fig5.table.rows.len(), fig5.picture.rows.len(), fig5.picture.rows[0].len()), (12, 1, 2));
    assert!(fig5.report.claims.iter().any(|claim| claim.says == "FRFB falls further behind URFB with more"));
    let fig6 = made((Scale::Epochs(1), &[1]), (None, false), of(&[DEEPNET, SIMPNET])).0.unwrap();
    assert_eq!((fig6.table.rows.len(), fig6.picture.rows.len(), fig6.picture.rows[0].len()), (24, 2, 2));
    let folder = tempfile::tempdir().unwrap();
    let none = made((Scale::Epochs(1), &[1]), (Some(folder.path()), true), of(&[SIMPNET])).0.unwrap();
    let svg = none.picture.svg();
    assert!(svg.matches(">no run<").count() == 12 && !svg.contains("NaN"), "{svg}");
}

#[test]
fn correlations_are_of_the_layers_that_have_one() {
    let trainings = |_| [Rule::URFB, Rule::FRFB].map(|rule| Training::new(SIMPNET, rule).batch(20)).to_vec();
    let make = |request: &Request<'_>| correlation::make(request, Images::of(rows("rows")), &trainings, "Figure 10");
    let fig10 = made((Scale::Epochs(6), &[1]), (None, false), make).0.unwrap();
    assert_eq!((fig10.table.rows.len(), fig10.picture.key.len()), (2 * 6 * 3, 3));
    let grows = &fig10.report.claims[0];
    assert!(grows.holds && grows.found.contains("layer 1 "), "{grows:#?}");
}

#[test]
fn two_stages_keep_what_the_first_layer_learnt() {
    let folder = tempfile::tempdir().unwrap();
    let net = Net { name: "deepnet_s", layers: DEEPNET.layers };
    let second = Training::new(net, Rule::URFB).batch(50).places(Places::Second(2));
    let trained = |runs: Option<&Path>, epochs: u32| {
        let w1 = RefCell::new(Vec::new());
        let make = |request: &Request<'_>| {
            let runs = Runs::of(request, vec![Images::of(rows("rows"))], |_| vec![second])?;
            let course = &runs.courses[0];
            w1.borrow_mut().extend_from_slice(course.weights()?.unwrap().get("W1").unwrap());
            assert_eq!((course.epochs(), course.column("corr_2").len()), (epochs, epochs as usize));
            assert!(course.column("corr_1")[0].is_nan(), "it does not learn");
            correlation::make(request, Images::of(rows("rows")), &|_| vec![second, second], "Figure 11")
        };
        made((Scale::Epochs(epochs), &[1]), (runs, false), make).0.unwrap();
        w1.into_inner()
    };
    let learnt = trained(Some(folder.path()), 1);
    let first = folder.path().join("deepnet_s-urfb-first2-batch50-rows-1");
    let rows = fs::read_to_string(first.join("metrics.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 2, "two tied epochs, {rows}");
    let settings =
        fs::read_to_string(folder.path().join("deepnet_s-urfb-untied-after2-batch50-rows-1/run.toml")).unwrap();
    assert!(settings.contains("untied = \"2\"") && settings.contains("freeze = \"1\""), "{settings}");
    assert_eq!(trained(Some(folder.path()), 2), learnt, "it stays");
    assert_eq!(trained(None, 1), learnt);
}

#[test]
fn tied_and_untied_stand_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let deepnet_s = Net { name: "deepnet_s", layers: DEEPNET.layers };
    let fig9 = |request: &Request<'_>| untied::of(request, Images::of(rows("rows")), (SIMPNET, deepnet_s));
    let runs = Some(folder.path());
    let nine = made((Scale::Epochs(2), &[1]), (runs, false), fig9).0.unwrap();
    assert_eq!((nine.table.rows.len(), nine.picture.rows[0].len(), nine.report.claims.len()), (12, 2, 5 + 6));
    assert!(!nine.picture.svg().contains("NaN"));
    // Figures 8 and 11 are of the same runs.
    let fig8 = |request: &Request<'_>| filters::of(request, Images::of(rows("rows")), SIMPNET);
    let (eight, told) = made((Scale::Epochs(1), &[1]), (runs, false), fig8);
    let eight = eight.unwrap();
    assert!(told.is_empty(), "{told:?}");
    assert_eq!((eight.table.rows.len(), eight.picture.rows[0].len()), (3, 3));
    assert!(eight.report.claims[0].found.contains("(at the start 1.000)"), "{:#?}", eight.report.claims);
    assert!(eight.report.remarks.iter().any(|remark| remark.contains("are those after epoch 2")));
    let fig11 = |request: &Request<'_>| untied::eleven(request, Images::of(rows("rows")), deepnet_s);
    let (eleven, told) = made((Scale::Epochs(2), &[1]), (runs, false), fig11);
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(eleven.unwrap().picture.key.len(), 3, "layers 2, 3 and 4");
    let none = made((Scale::Epochs(2), &[3]), (runs, true), fig8).0.unwrap();
    assert!(none.report.claims.is_empty() && none.picture.svg().contains("no run of simpnet URFB, untied"));
}
