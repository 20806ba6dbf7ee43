//! Evaluation without `--data`, and options that would speak against a checkpoint's own metadata.

use std::fs;

use super::run_of;
use super::support::{fail, run, succeed, text};

fn eval<'a>(file: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    [&["eval", "--device", "cpu", "--checkpoint", file], options].concat()
}

#[test]
fn the_data_are_those_that_the_run_was_trained_on() {
    let (folder, out, named) = run_of(&["--validation", "5"]);
    let last = text(&out.join("last.safetensors"));
    for split in ["test", "validation", "train"] {
        let own = succeed(&eval(&last, &["--split", split]));
        assert!(own.contains(&format!("({named}, {split})")), "{own}");
        assert_eq!(own, succeed(&eval(&last, &["--split", split, "--data", &named])));
    }
    // Without its run, or beside another one, nothing says where they are.
    let moved = folder.path().join("moved.safetensors");
    fs::copy(&last, &moved).unwrap();
    let moved_path = text(&moved);
    let wanted = format!(
        "{moved_path} was trained on mnist, and no run.toml of its run beside it says where they are: name them with --data"
    );
    assert_eq!(fail(&eval(&moved_path, &[])), wanted);
    let settings = fs::read_to_string(out.join("run.toml")).unwrap();
    for other in [settings.replace("mnist:", "folder:"), settings.replace("seed = 1", "seed = 2"), "x".to_owned()] {
        fs::write(folder.path().join("run.toml"), other).unwrap();
        assert_eq!(fail(&eval(&moved_path, &[])), wanted);
    }
    fs::write(folder.path().join("run.toml"), settings.replace("/", "//")).unwrap();
    succeed(&eval(&moved_path, &[]));
    // The data have gone.
    fs::write(folder.path().join("run.toml"), settings.replace(&named, "mnist:/no/such")).unwrap();
    let gone = fail(&eval(&moved_path, &[]));
    let wanted =
        format!("{moved_path} was trained on mnist:/no/such (--data may name another place): there is no folder");
    assert!(gone.starts_with(&wanted), "{gone}");
}

#[test]
fn generated_images_are_named_by_the_metadata_and_a_start_names_none() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name));
    let train = ["train", "--device", "cpu", "--net", "Maxpool 32, stride 32; Output", "--rule", "bp"];
    let length = ["--data", "shapes:3", "--validation", "1", "--batch", "2", "--steps", "1", "--out"];
    succeed(&[&train[..], &length, &[&at("run")]].concat());
    let seeded = succeed(&eval(&at("run/last.safetensors"), &["--split", "validation"]));
    assert!(seeded.contains("(shapes:3, validation)"), "{seeded}");
    fs::rename(folder.path().join("run/last.safetensors"), folder.path().join("last")).unwrap();
    let path = at("last");
    let bare = run(&eval(&path, &["--split", "validation"]));
    assert!(bare.code == 0 && bare.stdout.contains("(shapes, validation)"), "{}", bare.stderr);
    assert!(bare.stderr.contains("was trained on shapes of a seed that it does not tell: taking shapes"));

    succeed(&["init", "--net", "Output", "--out", &at("start")]);
    let wanted = format!("nothing says which data {} is for: name them with --data", at("start"));
    assert_eq!(fail(&eval(&at("start"), &[])), wanted);
}

#[test]
fn no_option_speaks_against_the_metadata() {
    let (_folder, out, named) = run_of(&[]);
    let last = text(&out.join("last.safetensors"));
    for (option, value) in [
        ("--preset", "paper"),
        ("--slope", "1"),
        ("--mu", "0.5"),
        ("--loss", "softmax"),
        ("--net", "Full 3; Output"),
        ("--untied", "none"),
        ("--connectivity", "0.5"),
    ] {
        let wanted = format!("{option} is for a file without metadata of hebb, but {last} has its own: leave it out");
        assert_eq!(fail(&eval(&last, &["--data", &named, option, value])), wanted);
    }
}
