//! Names that are too long or that a terminal would obey.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{fail, run, succeed, text};

/// Turns red, rings, goes on in a new line and, in one character, begins another sequence.
const WILD: &str = "a\u{1b}[31m\u{7}\nb\u{9b}";
const TAMED: &str = "a\\u{1b}[31m\\u{7}\\nb\\u{9b}";

/// A safetensors file of one tensor of one float.
fn write_tensor(path: &Path, name: &str, dims: usize) {
    let header = json!({ name: { "dtype": "F32", "shape": vec![1; dims], "data_offsets": [0, 4] } }).to_string();
    fs::write(path, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat()).unwrap();
}

fn is_tame(text: &str) -> bool {
    !text.chars().any(|letter| letter.is_control() && letter != '\n')
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap()
}

#[test]
fn no_cell_is_too_wide() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let path = text(&file);
    for (name, dims) in [("x".repeat(70_000), 1), ("x".to_owned(), 100_001)] {
        write_tensor(&file, &name, dims);
        let shown = succeed(&["inspect", &path]);
        assert!(shown.contains('…') && widest(&shown) < 1000, "{}", widest(&shown));
        let whole: Value = serde_json::from_str(&succeed(&["inspect", &path, "--json"])).unwrap();
        let tensor = &whole["tensors"][0];
        assert_eq!((tensor["name"].as_str(), tensor["shape"].as_array().unwrap().len()), (Some(name.as_str()), dims));
    }
    let net = format!("{}Output", "Drop .5; ".repeat(5000));
    let plan = ["plan", "--net", &net, "--input", "1x1x1", "--classes", "2", "--batch", "1"];
    let shown = succeed(&plan);
    let tables = shown.split_once("\n\n").unwrap().1;
    assert!(widest(tables) < 2000, "{}", widest(tables));
}

#[test]
fn names_do_not_reach_the_terminal_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    write_tensor(&file, WILD, 1);
    let shown = succeed(&["inspect", &text(&file)]);
    assert!(is_tame(&shown) && shown.contains(TAMED), "{shown}");
    let json = succeed(&["inspect", &text(&file), "--json"]);
    let whole: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((is_tame(&json), whole["tensors"][0]["name"].as_str()), (true, Some(WILD)));

    let absent = run(&["inspect", &text(&folder.path().join(WILD))]);
    assert!(is_tame(&absent.stderr) && absent.stderr.contains("a\\u{1b}[31m\\u{7} b\\u{9b}"), "{}", absent.stderr);
    assert_eq!(absent.stderr.lines().count(), 1);

    #[cfg(unix)]
    {
        let made = succeed(&["init", "--net", "Output", "--input", "1x2x2", "--out", &text(&folder.path().join(WILD))]);
        assert!(is_tame(&made) && made.contains(TAMED) && made.lines().count() == 1, "{made}");
        let images = folder.path().join("images");
        for class in [WILD, "c"] {
            fs::create_dir_all(images.join(class)).unwrap();
            for number in 0..2 {
                fs::write(images.join(class).join(format!("{number}.bmp")), bitmap()).unwrap();
            }
        }
        let info = succeed(&["data", "info", &format!("folder:{}", text(&images))]);
        assert!(is_tame(&info) && info.contains(TAMED), "{info}");
    }
}

/// A bitmap of one pixel.
fn bitmap() -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    let words = [58, 0, 54, 40, 1, 1, 1 | 24 << 16, 0, 4, 0, 0, 0, 0, 0_u32];
    words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    bytes
}

#[test]
fn a_long_notation_is_shown_by_its_beginning() {
    for net in ["x".repeat(100_000), format!("Conv {} 3x3; Output", "9".repeat(100_000)), "y ".repeat(50_000)] {
        let sentence = fail(&["plan", "--net", &net]);
        assert!(sentence.starts_with("--net: ") && sentence.chars().count() < 450, "{}", sentence.len());
        assert!(sentence.contains(&format!("'{}…'", net.chars().take(80).collect::<String>())), "{sentence}");
    }
}
