//! `hebb filters`, `hebb activations` and `hebb predict` on the processor: what they write, and what they refuse.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{fail, refuse, run, succeed, text, write_bitmap, write_idx};
use tempfile::TempDir;

/// A run of two steps in the folder `run` beside its data.
fn run_of(net: &str, options: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path(), 40, 30);
    let (data, out) = (format!("mnist:{}", text(folder.path())), folder.path().join("run"));
    let fixed = ["train", "--device", "cpu", "--data", &data, "--batch", "4", "--steps", "2", "--net", net];
    succeed(&[&fixed[..], &["--out", &text(&out)], options].concat());
    (folder, out.join("last.safetensors"))
}

const NET: &str = "Conv 4 3x3; Conv 4 3x3; SUM; Maxpool 3; Drop .3; Full 6; Output";

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&succeed(&[args, &["--json"]].concat())).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The same file without metadata, as another program writes it.
fn strip(file: &Path, to: &Path) {
    let bytes = fs::read(file).unwrap();
    let (length, rest) = bytes.split_at(8);
    let (header, tensors) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
    let mut header: Value = serde_json::from_slice(header).unwrap();
    header.as_object_mut().unwrap().remove("__metadata__");
    let header = header.to_string();
    fs::write(to, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), tensors].concat()).unwrap();
}

/// Shape and numbers of an .npy file of floats.
fn floats(path: &Path) -> (String, Vec<f32>) {
    let bytes = fs::read(path).unwrap();
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..end]).unwrap();
    let shape = header.split("'shape': ").nth(1).unwrap().split(", }").next().unwrap().to_owned();
    (shape, bytes[end..].chunks(4).map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect())
}

#[test]
fn filters_come_as_picture_and_table() {
    let (folder, last) = run_of(NET, &[]);
    let (last, out) = (text(&last), folder.path().join("filters"));
    let said = succeed(&["filters", &last, "--out", &text(&out)]);
    assert!(said.starts_with("W1, layer 1: 4 maps, filters of 1x3x3\nwrote "), "{said}");
    assert_eq!(names(&out), ["W1.csv", "W1.png", "W1.svg"]);
    let table = fs::read_to_string(out.join("W1.csv")).unwrap();
    assert!(table.starts_with("map,row,column,channel,tap_row,tap_column,weight\n0,,,0,0,0,"), "{table}");
    assert_eq!(table.lines().count(), 37);
    // What is there stays, unless it may be replaced: then by the same bytes.
    let before = fs::read(out.join("W1.png")).unwrap();
    let refused = fail(&["filters", &last, "--out", &text(&out)]);
    assert!(
        refused.ends_with("W1.png is there already: replace it with --overwrite or name another --out"),
        "{refused}"
    );
    succeed(&["filters", &last, "--out", &text(&out), "--overwrite"]);
    assert_eq!(fs::read(out.join("W1.png")).unwrap(), before);
    // One file, of R, one map.
    let file = text(&folder.path().join("r.csv"));
    let report = json(&["filters", &last, "--layer", "2", "--of", "r", "--map", "3", "--out", &file]);
    assert_eq!((&report["tensor"], &report["filter"], &report["grid"]), (&"R2".into(), &"4x3x3".into(), &Value::Null));
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 37);
    // A full layer looks at an image.
    let report = json(&["filters", &last, "--layer", "3", "--channel", "1"]);
    assert_eq!((&report["filter"], &report["written"]), (&"4x14x14".into(), &Value::Array(Vec::new())));
}

#[test]
fn what_filters_cannot_show_is_told() {
    let (folder, last) = run_of("Full 600; Full 600; Output", &["--rule", "dfa"]);
    let last = text(&last);
    let refused = |options: &[&str], wanted: &str| {
        let sentence = fail(&[&["filters", &last], options].concat());
        assert_eq!(sentence, wanted);
    };
    refused(&["--of", "r"], "layer 1 has no R, which dfa does not use there: name another --layer");
    let absent = "there is no layer 9: the network has 3 weighted layers, counted from 1: name another --layer";
    refused(&["--layer", "9"], absent);
    refused(
        &["--layer", "2", "--out", "nowhere"],
        "W2 has 600 maps of 600x1x1 weights: too many for a picture: name one with --map, or a channel with --channel",
    );
    refused(&["--map", "600"], "W1 has no map 600: they are 0 to 599");
    assert!(!Path::new("nowhere").exists());
    let odd = text(&folder.path().join("a.pdf"));
    let wanted = format!(
        "--out: {odd} ends with neither .png, .svg nor .csv: write one of these, or name a folder that is there"
    );
    refused(&["--map", "1", "--out", &odd], &wanted);
    refused(
        &["--net", "Output"],
        &format!("--net is for a file without metadata of hebb, but {last} has its own: leave it out"),
    );
    let input = format!("--input is for a file without metadata of hebb, but {last} has its own: leave it out");
    refused(&["--input", "1x28x28"], &input);
    assert!(fail(&["filters", &text(folder.path())]).contains("a folder, not a regular file"));
    assert!(refuse(&["filters", &last, "--layer", "-1"]).contains("invalid value '-1'"));
    let linear = text(&folder.path().join("linear"));
    succeed(&["linear", "--sizes", "4-3-2", "--epochs", "1", "--device", "cpu", "--out", &linear]);
    let sentence = fail(&["filters", &format!("{linear}/last.safetensors")]);
    assert!(sentence.contains("is of `hebb linear`"), "{sentence}");
}

#[test]
fn an_untied_layers_filters_stand_in_their_grid_and_are_compared() {
    let (folder, last) = run_of("Conv 3 5x5; Maxpool 3; Output", &["--untied", "1"]);
    let (last, file) = (text(&last), text(&folder.path().join("w.svg")));
    let report = json(&["filters", &last, "--map", "2", "--out", &file]);
    assert_eq!(report["grid"], serde_json::json!([28, 28]));
    assert_eq!((&report["similarity"]["places"], &report["similarity"]["map"]), (&576.into(), &2.into()));
    let [of_map, all] = ["of_map", "mean_over_maps"].map(|key| report["similarity"][key].as_f64().unwrap());
    assert!(of_map > 0.5 && of_map < 1.0 && all > 0.5 && all < 1.0, "two steps from a tied start: {of_map} {all}");
    let svg = fs::read_to_string(&file).unwrap();
    assert!(svg.contains(&format!("mean correlation between places {of_map:.3}")), "{of_map}");
    let said = succeed(&["filters", &last]);
    assert!(said.contains("each place of 28x28 its own\nmean correlation between places: map 0 "), "{said}");
}

#[test]
fn activations_are_arrays_whose_outputs_make_evals_errors() {
    let (folder, last) = run_of(NET, &["--validation", "12"]);
    let file = text(&last);
    for (split, count) in [("test", 30), ("validation", 12)] {
        let out = folder.path().join(split);
        let common = ["--split", split, "--device", "cpu"];
        let given = ["activations", &file, "--out", &text(&out), "--batch", "7"];
        let report = json(&[&given[..], &common].concat());
        assert_eq!((&report["images"], &report["classes"][3]), (&count.into(), &"3".into()));
        let files = ["x0", "x1", "x2-summed-pooled", "x2-summed", "x2", "x3", "x4"].map(|name| format!("{name}.npy"));
        let mut wanted = [&files[..], &["activations.csv", "labels.npy", "records.npy"].map(str::to_owned)].concat();
        wanted.sort();
        assert_eq!(names(&out), wanted);
        let (shape, pixels) = floats(&out.join("x0.npy"));
        assert_eq!((shape, pixels.len()), (format!("({count}, 1, 28, 28)"), count * 784));
        assert_eq!(floats(&out.join("x2-summed-pooled.npy")).0, format!("({count}, 4, 14, 14)"));
        let (shape, outputs) = floats(&out.join("x4.npy"));
        assert_eq!(shape, format!("({count}, 10)"));
        let labels = fs::read(out.join("labels.npy")).unwrap();
        let labels = labels[labels.len() - 2 * count..].chunks(2).map(|pair| usize::from(pair[0]));
        let first_highest = |row: &[f32]| (0..10).fold(0, |best, at| if row[at] > row[best] { at } else { best });
        let wrong = outputs.chunks(10).zip(labels).filter(|(row, label)| first_highest(row) != *label).count();
        let evaluated = json(&[&["eval", "--checkpoint", &file][..], &common].concat());
        assert_eq!(evaluated["wrong"], wrong);
    }
    // Some layers of some images, by a file that another program wrote.
    let bare = folder.path().join("bare.safetensors");
    strip(&last, &bare);
    let (out, data) = (folder.path().join("some"), format!("mnist:{}", text(folder.path())));
    let given = ["activations", &text(&bare), "--net", NET, "--data", &data, "--out", &text(&out), "--device", "cpu"];
    succeed(&[&given[..], &["--images", "29,3-4", "--layers", "2,4"]].concat());
    let (_, all) = floats(&folder.path().join("test/x4.npy"));
    let wanted: Vec<f32> = [29, 3, 4].iter().flat_map(|at| all[at * 10..][..10].to_vec()).collect();
    assert_eq!(floats(&out.join("x4.npy")), ("(3, 10)".to_owned(), wanted));
    assert!(!out.join("x1.npy").exists() && out.join("x2.npy").exists());
    let records = fs::read(out.join("records.npy")).unwrap();
    assert_eq!(records[records.len() - 12..], [29, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
}

#[test]
fn what_activations_cannot_write_is_told_and_nothing_is_left() {
    let (folder, last) = run_of(NET, &[]);
    let (last, out) = (text(&last), folder.path().join("out"));
    let given = |out: &str, options: &[&str]| {
        fail(&[&["activations", &last, "--device", "cpu", "--out", out], options].concat())
    };
    let absent = given(&text(&out), &["--images", "3,30"]);
    assert!(absent.starts_with("--images: there is no record 30: the test images of mnist:"), "{absent}");
    assert!(absent.ends_with("have the numbers 0 to 29"), "{absent}");
    let layer = given(&text(&out), &["--layers", "5"]);
    assert_eq!(layer, "--layers: there is no layer 5: the network has 4 weighted layers");
    let none = given(&text(&out), &["--split", "validation", "--validation", "0"]);
    assert!(none.ends_with("has no validation images: name another --split"), "{none}");
    assert!(!out.exists());
    let taken = given(&text(folder.path()), &[]);
    assert!(taken.ends_with("is there already, and is no empty folder: name another with --out"), "{taken}");
    let refused = refuse(&["activations", &last, "--out", &text(&out), "--images", "4-2"]);
    assert!(refused.contains("'4-2' names no images"), "{refused}");
}

#[test]
fn images_are_taken_for_classes() {
    let (folder, last) = run_of(NET, &["--loss", "softmax"]);
    let (dark, light) = (folder.path().join("dark.bmp"), folder.path().join("light.bmp"));
    write_bitmap(&dark, 28, 28, 20);
    write_bitmap(&light, 28, 28, 230);
    let images = [text(&dark), text(&light)];
    let given = ["predict", &text(&last), &images[0], &images[1], "--device", "cpu"];
    let report = json(&[&given[..], &["--top", "10"]].concat());
    for (at, image) in images.iter().enumerate() {
        let classes = report[at]["classes"].as_array().unwrap();
        assert_eq!((&report[at]["image"], classes.len()), (&image.as_str().into(), 10));
        let numbers = |key: &str| classes.iter().map(|class| class[key].as_f64().unwrap()).collect::<Vec<_>>();
        assert!(numbers("output").is_sorted_by(|a, b| a >= b));
        assert!((numbers("probability").iter().sum::<f64>() - 1.0).abs() < 1e-6);
        let is_digit = |class: &Value| class["name"].as_str().unwrap().parse().ok() == class["class"].as_u64();
        assert!(classes.iter().all(is_digit), "digits are their own names");
    }
    assert_ne!(report[0]["classes"][0]["output"], report[1]["classes"][0]["output"]);
    let table = succeed(&[&given[..], &["--top", "2"]].concat());
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.lines().next().unwrap().ends_with("class  name  output  probability"), "{table}");
    // The same by options, of a file that does not tell; nothing names the classes there.
    let bare = folder.path().join("bare.safetensors");
    strip(&last, &bare);
    let options = ["--net", NET, "--input", "1x28x28", "--loss", "softmax", "--device", "cpu", "--top", "10"];
    let bare = json(&[&["predict", &text(&bare), &images[0]][..], &options].concat());
    for (ours, theirs) in bare[0]["classes"].as_array().unwrap().iter().zip(report[0]["classes"].as_array().unwrap()) {
        assert_eq!((&ours["class"], &ours["output"]), (&theirs["class"], &theirs["output"]));
        assert_eq!(ours["name"], Value::Null);
    }
}

#[test]
fn an_image_of_another_size_is_refused_or_scaled_aloud() {
    let (folder, last) = run_of("Full 3; Output", &[]);
    let image = folder.path().join("wide.bmp");
    write_bitmap(&image, 56, 28, 90);
    let (last, image) = (text(&last), text(&image));
    let wanted = format!("{image} has 56x28 pixels, not 28x28: bring it to that size, or pass --resize");
    assert_eq!(fail(&["predict", &last, &image, "--device", "cpu"]), wanted);
    let scaled = run(&["predict", &last, &image, "--resize", "--device", "cpu", "--json"]);
    assert_eq!(scaled.code, 0);
    assert!(scaled.stderr.contains(&format!("{image}: scaled from 56x28 to 28x28 pixels")), "{}", scaled.stderr);
    let report: Value = serde_json::from_str(&scaled.stdout).unwrap();
    assert_eq!(report[0]["scaled_from"], serde_json::json!([56, 28]));
    // No image, no file, no name.
    let sentence = fail(&["predict", &last, &last, "--device", "cpu"]);
    assert!(sentence.contains("as a PNG, JPEG or BMP image"), "{sentence}");
    fail(&["predict", &last, "/no/such.png", "--device", "cpu"]);
    assert!(refuse(&["predict", &last]).contains("<IMAGE>... is missing"));
    let classes = fail(&["predict", &last, &image, "--data", "cifar100", "--device", "cpu"]);
    assert!(classes.starts_with("--data: cifar100 has 100 classes, but "), "{classes}");
}
