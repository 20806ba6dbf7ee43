//! Folders of images and downloads, as a user meets them: what works, and one clear sentence where it does not.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use support::{fail, hebb, refuse, run, succeed, text, write_bitmap, write_idx};

/// Answers every request with this head and body, and closes the connection; the address.
fn serve(head: &'static str, body: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = move |mut stream: TcpStream| -> std::io::Result<()> {
        for line in BufReader::new(stream.try_clone()?).lines() {
            if line?.is_empty() {
                break;
            }
        }
        write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n")?;
        stream.write_all(body)
    };
    thread::spawn(move || listener.incoming().for_each(|stream| stream.and_then(answer).unwrap()));
    address
}

#[test]
fn a_folder_of_images_is_described_previewed_planned_and_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..6 {
        write_bitmap(&folder.path().join(format!("images/dark/{number}.bmp")), 5, 4, number);
        write_bitmap(&folder.path().join(format!("images/light/{number}.bmp")), 5, 4, 250 + number);
    }
    let data = format!("folder:{}", text(&folder.path().join("images")));
    let info = succeed(&["data", "info", &data]);
    assert!(info.contains("3x4x5 images, 10 to train on") && info.contains("2 classes"), "{info}");
    assert!(info.contains("dark") && info.contains("light"), "{info}");
    let sheet = text(&folder.path().join("sheet.png"));
    assert!(succeed(&["data", "preview", &data, "--out", &sheet]).contains("each of 2 classes"));
    assert!(succeed(&["plan", "--data", &data, "--net", "Output"]).contains("3x4x5 images, 2 classes"));
    let out = text(&folder.path().join("run"));
    let train = ["train", "--device", "cpu", "--data", &data, "--net", "Output", "--batch", "3", "--steps", "2"];
    succeed(&[&train[..], &["--out", &out]].concat());
    assert!(fs::read_to_string(folder.path().join("run/run.toml")).unwrap().contains(&data));
}

#[test]
fn what_is_wrong_with_a_folder_of_images_is_named_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let data = format!("folder:{}", folder.path().display());
    let (run, sheet) = (text(&at("run")), text(&at("sheet.png")));
    let said = |expected: &str| {
        for command in [
            &["data", "info", &data][..],
            &["data", "preview", &data, "--out", &sheet],
            &["plan", "--data", &data],
            &["train", "--device", "cpu", "--data", &data, "--out", &run],
        ] {
            assert_eq!(fail(command), expected, "{command:?}");
        }
        assert!(!at("run").exists() && !at("sheet.png").exists());
    };
    said(&format!(
        "{} has 0 sub-folders of images: give it 2 to 65,536, one a class, or train/ and test/ with such",
        folder.path().display()
    ));
    write_bitmap(&at("a/1.bmp"), 3, 3, 0);
    write_bitmap(&at("b/1.bmp"), 3, 2, 0);
    said(&format!(
        "{} has 3x2 pixels, but {} has 3x3: bring all images to one size",
        text(&at("b/1.bmp")),
        text(&at("a/1.bmp"))
    ));
    fs::write(at("b/1.bmp"), "").unwrap();
    let sentence = fail(&["plan", "--data", &data]);
    assert!(sentence.starts_with(&format!("cannot read {} as a PNG, JPEG or BMP", text(&at("b/1.bmp")))), "{sentence}");
    said(&sentence);
    fs::remove_file(at("b/1.bmp")).unwrap();
    said(&format!("{} holds no image: add some, or remove the folder", text(&at("b"))));
    assert!(fail(&["data", "info", "folder"]).starts_with("'folder' names no folder: write folder:DIR"));
}

#[test]
fn a_set_that_is_not_there_is_offered_to_be_fetched() {
    let cache = tempfile::tempdir().unwrap();
    let output = hebb(&["data", "info", "cifar100-coarse"]).env("HEBB_DATA", cache.path()).output().unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert!(sentence.contains(": run `hebb data fetch cifar100` or pass cifar100-coarse:DIR"), "{sentence}");
}

#[test]
fn a_set_that_is_there_is_not_fetched_again() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("fashion-mnist");
    fs::create_dir(&folder).unwrap();
    write_idx(&folder, 3, 2);
    let fetch = ["data", "fetch", "fashion-mnist", "--from", "http://127.0.0.1:1"];
    let output = hebb(&fetch).env("HEBB_DATA", cache.path()).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("fashion-mnist is there already, in {}: use it with --data fashion-mnist\n", folder.display())
    );
    let to = text(cache.path());
    let data = format!("fashion-mnist:{}", folder.display());
    assert!(succeed(&[&fetch[..], &["--to", &to]].concat()).ends_with(&format!("use it with --data {data}\n")));
    fs::write(folder.join("train-labels-idx1-ubyte"), "").unwrap();
    let sentence = fail(&[&fetch[..], &["--to", &to]].concat());
    assert!(
        sentence.starts_with(&format!("{} is there, but does not hold the data (", folder.display())),
        "{sentence}"
    );
}

#[test]
fn servers_that_do_not_give_the_set_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let to = text(folder.path());
    let left = || fs::read_dir(folder.path()).unwrap().count();
    let file = "t10k-labels-idx1-ubyte.gz";
    let fetch = |from: &str| fail(&["data", "fetch", "mnist", "--to", &to, "--from", from]);

    let from = serve("404 Not Found\r\nContent-Length: 0", b"");
    let advice = "name another address with --from";
    assert_eq!(fetch(&from), format!("{from}/{file} answers with status 404: try again later, or {advice}"));
    let from = serve("200 OK\r\nContent-Length: 6", b"<html>");
    assert_eq!(fetch(&from), format!("{from}/{file} has 6 bytes, but the published file has 4542 bytes: {advice}"));
    let sentence = fetch("http://127.0.0.1:1");
    assert!(sentence.starts_with(&format!("cannot fetch http://127.0.0.1:1/{file} (")), "{sentence}");
    assert!(fetch("127.0.0.1").starts_with("'127.0.0.1' is no address to fetch from: write http://"));
    assert_eq!(left(), 0, "nothing is left where nothing came");

    // From here on something comes, and a line says so before the sentence.
    let fetch = |from: &str| {
        let run = run(&["data", "fetch", "mnist", "--to", &to, "--from", from]);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (1, "", 2), "{}", run.stderr);
        let (progress, sentence) = run.stderr.trim_end().split_once('\n').unwrap();
        (progress.to_owned(), sentence.to_owned())
    };
    let from = serve("200 OK\r\nContent-Length: 4542", &[0; 3000]);
    let (progress, sentence) = fetch(&from);
    assert_eq!(progress, format!("hebb: fetching {from}/{file}, 4.54 kB"));
    assert!(sentence.ends_with("), 3000 of 4542 bytes are there: run it again, it resumes from them"), "{sentence}");
    let from = serve("206 Partial\r\nContent-Range: bytes 3000-4541/4542\r\nContent-Length: 1542", &[0; 1542]);
    let (progress, sentence) = fetch(&from);
    assert_eq!(progress, format!("hebb: fetching {from}/{file}, 4.54 kB, resuming at 3.00 kB"));
    assert!(
        sentence.contains(" gave a file with SHA-256 ") && sentence.contains(", which was deleted: "),
        "{sentence}"
    );
    assert_eq!(left(), 0);
}

#[test]
fn only_published_sets_are_fetched() {
    let stderr = refuse(&["data", "fetch", "shapes"]);
    assert!(stderr.contains("write one of cifar10, cifar100, mnist, fashion-mnist"), "{stderr}");
}
