//! Downloads from servers of every kind.

mod case;
mod hostile;
mod server;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;
use case::{ARCHIVE, Case, PATIENCE, archive, gzip, names, published};
use manifest::File as Published;
use server::{Answer, Ask, Server};

#[test]
fn an_archive_is_fetched_once_and_unpacked() {
    let server = Server::start(|ask| Answer::honest(ask, &archive()));
    let case = Case::new(&[&server]);
    let mut events = Vec::new();
    let fetched = case.fetch_telling(&mut |event| match event {
        Event::Bytes { file, done, of, .. } => events.push(format!("{file} {done} {of}")),
        Event::Unpacking { file } => events.push(format!("unpacking {file}")),
        Event::Failed { error } => panic!("{error}"),
    });
    let folder = case.root.path().join("cifar100");
    assert_eq!(fetched, Ok(Fetched { folder: folder.clone(), was_there: false }));
    assert_eq!(case.set.load(&folder).unwrap().train.labels(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(names(case.root.path()), ["cifar100"]);
    let all = archive().len();
    assert_eq!(events[0], format!("{ARCHIVE} 0 {all}"));
    assert_eq!(events[events.len() - 2..], [format!("{ARCHIVE} {all} {all}"), format!("unpacking {ARCHIVE}")]);
    assert_eq!(server.asked(), [ARCHIVE]);
    assert_eq!(case.fetch(), Ok(Fetched { folder, was_there: true }));
    assert_eq!(server.asked(), [""; 0]);
}

#[test]
fn files_that_need_no_unpacking_appear_together() {
    let images = [0x0000_0803_u32, 2, 28, 28].map(u32::to_be_bytes).concat();
    let labels = [[0, 0, 8, 1, 0, 0, 0, 2].to_vec(), vec![3, 9]].concat();
    let contents = [("images-idx3-ubyte.gz", [images, vec![7; 1568]].concat()), ("labels-idx1-ubyte.gz", labels)];
    let contents = contents.map(|(name, content)| {
        let mut packed = gzip();
        packed.write_all(&content).unwrap();
        (name, packed.finish().unwrap())
    });
    let files: Vec<(String, Vec<u8>)> = ["t10k", "train"]
        .iter()
        .flat_map(|split| contents.iter().map(move |(name, content)| (format!("{split}-{name}"), content.clone())))
        .collect();
    let manifest_files: Vec<Published> = files.iter().map(|(name, content)| published(name, content)).collect();
    let find = move |file: &str| files.iter().find(|(name, _)| name == file).unwrap().1.clone();
    let good = find.clone();
    let server = Server::start(move |ask| Answer::honest(ask, &good(&ask.file)));
    let broken = Server::start(move |ask| match ask.file.as_str() {
        "train-images-idx3-ubyte.gz" => Answer::status(500),
        file => Answer::honest(ask, &find(file)),
    });
    let mut case = Case {
        root: TempDir::new().unwrap(),
        manifest: Manifest { from: vec![broken.address.clone()], archive: None, files: manifest_files },
        set: Set::Mnist,
        pace: PACE,
    };
    assert!(case.fetch().unwrap_err().contains("answers with status 500"));
    assert_eq!(names(case.root.path()), ["mnist.part"], "nothing appears before all is there");
    case.manifest.from = vec![server.address.clone()];
    let folder = case.fetch().unwrap().folder;
    assert_eq!(server.asked(), ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"], "the rest was there");
    assert_eq!(case.set.load(&folder).unwrap().test.labels(), [3, 9]);
    assert_eq!((names(case.root.path()), names(&folder).len()), (vec!["mnist".to_owned()], 4));
}

#[test]
fn a_server_that_goes_silent_is_given_up_and_resumed_from() {
    for silent_head in [false, true] {
        let server = Server::start(move |ask| {
            let answer =
                if silent_head { Answer::raw("HTTP/1.1 200 OK", b"") } else { Answer::honest(ask, &archive()) };
            answer.stall(5000)
        });
        let mut case = Case::new(&[&server]);
        let (all, started) = (archive().len(), Instant::now());
        let done = if silent_head { 0 } else { 5000 };
        assert_eq!(
            case.fetch().unwrap_err(),
            format!(
                "{}/{ARCHIVE} sent nothing for 0.2 s, {done} of {all} bytes are there: run it again, it resumes from them",
                server.address
            )
        );
        assert!(started.elapsed() < Duration::from_secs(2));
        if silent_head {
            continue;
        }
        assert_eq!(case.kept().unwrap(), archive()[..5000]);
        assert!(case.fetch().unwrap_err().contains(&format!("10000 of {all} bytes")), "it goes on, and stalls again");
        assert_eq!(server.asked(), [ARCHIVE.to_owned(), format!("{ARCHIVE} from 5000")]);
        assert_eq!(names(case.root.path()), ["cifar100.part"]);
        case.ends_well();
    }
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    // Connections wait in the listener's queue, and nobody takes them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut case = Case::new(&[]);
    case.manifest.from = vec![format!("http://{}", listener.local_addr().unwrap())];
    let sentence = case.fetch().unwrap_err();
    assert!(sentence.contains(" sent nothing for 0.2 s, 0 of "), "{sentence}");
    assert_eq!(names(case.root.path()), [""; 0], "nothing is left of an attempt that got nothing");
}

#[test]
fn a_connection_that_breaks_is_resumed() {
    let unknown_length = |_: &Ask| Answer::raw("HTTP/1.1 200 OK", &archive()).cut(7000);
    for server in [Server::start(|ask| Answer::honest(ask, &archive()).cut(7000)), Server::start(unknown_length)] {
        let mut case = Case::new(&[&server]);
        let sentence = case.fetch().unwrap_err();
        let start = format!("{}/{ARCHIVE} broke off (", server.address);
        let end = format!("), 7000 of {} bytes are there: run it again, it resumes from them", archive().len());
        assert!(sentence.starts_with(&start) && sentence.ends_with(&end), "{sentence}");
        assert_eq!(case.kept().unwrap(), archive()[..7000]);
        case.ends_well();
    }
}

#[test]
fn a_file_of_another_size_is_refused() {
    let longer = || [&archive()[..], b"more"].concat();
    let all = archive().len();
    let end = format!("but the published file has {all} bytes: name another address with --from");
    for (server, has) in [
        (Server::start(move |ask| Answer::honest(ask, &longer())), format!("{} bytes", all + 4)),
        (Server::start(move |_| Answer::raw("HTTP/1.1 200 OK", &longer())), "more bytes".to_owned()),
        (Server::start(|ask| Answer::honest(ask, &archive()[..100])), "100 bytes".to_owned()),
        (Server::start(|_| Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 99", &archive())), "99 bytes".to_owned()),
    ] {
        let mut case = Case::new(&[&server]);
        assert_eq!(case.fetch().unwrap_err(), format!("{}/{ARCHIVE} has {has}, {end}", server.address));
        assert_eq!(case.kept(), None);
        case.ends_well();
    }
}

#[test]
fn a_wrong_checksum_deletes_the_file() {
    let forged = || {
        let mut bytes = archive();
        bytes[9000] ^= 1;
        bytes
    };
    let server = Server::start(move |ask| Answer::honest(ask, &forged()));
    let mut case = Case::new(&[&server]);
    let expected = format!(
        "{}/{ARCHIVE} gave a file with SHA-256 {:x}, not {:x}, which was deleted: run it again, or name another address \
         with --from",
        server.address,
        Sha256::digest(forged()),
        Sha256::digest(archive())
    );
    assert_eq!(case.fetch().unwrap_err(), expected);
    assert_eq!(names(case.root.path()), [""; 0]);
    // One that was damaged after it came: nothing is asked for, and it goes too.
    case.keep(&forged());
    server.asked();
    assert_eq!(case.fetch().unwrap_err(), expected);
    assert_eq!((server.asked(), case.kept()), (vec![], None));
    case.ends_well();
}

#[test]
fn servers_that_cannot_resume_begin_anew() {
    let wrong_part = |ask: &Ask| match ask.from {
        Some(_) => Answer::raw("HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10", &[0; 10]),
        None => Answer::whole(&archive()),
    };
    let refusing = |ask: &Ask| if ask.from.is_some() { Answer::status(416) } else { Answer::whole(&archive()) };
    for (server, requests) in [
        (Server::start(|_| Answer::whole(&archive())), 1),
        (Server::start(wrong_part), 2),
        (Server::start(refusing), 2),
    ] {
        let case = Case::new(&[&server]);
        // Bytes that would spoil the file if they were kept.
        case.keep(&[1; 3000]);
        case.fetch().unwrap();
        let asked = server.asked();
        assert_eq!((asked[0].as_str(), asked.len()), (format!("{ARCHIVE} from 3000").as_str(), requests));
    }
}

#[test]
fn a_part_that_is_too_long_is_not_kept() {
    let mut case = Case::new(&[]);
    case.keep(&vec![1; archive().len() + 1]);
    case.ends_well();
}

#[test]
fn servers_without_the_file_say_so() {
    for status in [404, 503, 206] {
        let server = Server::start(move |_| Answer::status(status));
        let case = Case::new(&[&server]);
        assert_eq!(
            case.fetch().unwrap_err(),
            format!(
                "{}/{ARCHIVE} answers with status {status}: try again later, or name another address with --from",
                server.address
            )
        );
        assert_eq!(names(case.root.path()), [""; 0]);
    }
}

#[test]
fn what_is_no_server_cannot_be_reached() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let garbage = Server::start(|_| Answer::raw("what do you want?", b""));
    for address in [format!("http://{closed}"), garbage.address, "http://".to_owned()] {
        let mut case = Case::new(&[]);
        case.manifest.from = vec![address.clone()];
        let sentence = case.fetch().unwrap_err();
        assert!(sentence.starts_with(&format!("cannot fetch {address}/{ARCHIVE} (")), "{sentence}");
        assert!(sentence.ends_with("): check the network, or name another address with --from"), "{sentence}");
    }
}

#[test]
fn the_next_address_goes_on_where_the_first_failed() {
    let first = Server::start(|ask| Answer::honest(ask, &archive()).cut(4000));
    let second = Server::start(|ask| Answer::honest(ask, &archive()));
    let case = Case::new(&[&first, &second]);
    let mut failed = Vec::new();
    let fetched = case.fetch_telling(&mut |event| {
        if let Event::Failed { error } = event {
            failed.push(error.to_string());
        }
    });
    assert!(fetched.is_ok() && failed.len() == 1 && failed[0].contains(" 4000 of "), "{failed:?}");
    assert_eq!(second.asked(), [format!("{ARCHIVE} from 4000")]);
}

#[test]
fn remains_of_an_interrupted_unpacking_are_swept() {
    let mut case = Case::new(&[]);
    let remains = case.root.path().join("cifar100.part/ready/cifar-100-binary");
    fs::create_dir_all(&remains).unwrap();
    fs::write(remains.join("train.bin"), "half").unwrap();
    fs::write(remains.parent().unwrap().join("other"), "").unwrap();
    case.ends_well();
}

#[test]
fn a_folder_that_is_no_good_set_is_left_alone() {
    let case = Case::new(&[]);
    let folder = case.root.path().join("cifar100");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("train.bin"), "mine").unwrap();
    let sentence = case.fetch().unwrap_err();
    assert!(
        sentence.starts_with(&format!("{} is there, but does not hold the data (", folder.display())),
        "{sentence}"
    );
    assert!(sentence.ends_with("): move it away, then fetch again"), "{sentence}");
    assert_eq!(fs::read(folder.join("train.bin")).unwrap(), b"mine");
}

#[test]
fn two_at_once_do_not_mix() {
    let mut case = Case::new(&[]);
    let part = case.root.path().join("cifar100.part");
    let held = lock(&part).unwrap();
    assert_eq!(
        case.fetch().unwrap_err(),
        format!("another process is fetching to {}: wait for it, or end it", part.display())
    );
    drop(held);
    case.ends_well();
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let server = Server::start(|ask| Answer::honest(ask, &archive()));
    let case = Case::new(&[&server, &server]);
    fs::write(case.root.path().join("cifar100.part"), "").unwrap();
    let sentence = case.fetch().unwrap_err();
    let path = case.root.path().join("cifar100.part");
    assert!(sentence.starts_with(&format!("cannot make {}: ", path.display())), "{sentence}");
    // A folder where the download should be: the server is not to blame, and no other one is asked.
    fs::remove_file(&path).unwrap();
    fs::create_dir_all(path.join(ARCHIVE)).unwrap();
    let sentence = case.fetch().unwrap_err();
    assert!(sentence.starts_with(&format!("cannot write {}: ", path.join(ARCHIVE).display())), "{sentence}");
    assert!(server.asked().len() <= 1);
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let root = TempDir::new().unwrap();
    let sentence = |set: &str, from: Option<&str>| {
        let request = Request { set, to: Some(root.path()), from, patience: PATIENCE };
        request.run(&mut |_| {}).unwrap_err().to_string()
    };
    assert_eq!(
        sentence("shapes", None),
        "'shapes' cannot be fetched: name one of cifar10, cifar100, mnist, fashion-mnist"
    );
    assert_eq!(
        sentence("mnist", Some("example.org")),
        "'example.org' is no address to fetch from: write http:// or https:// and the place, without the file's name"
    );
    assert_eq!(names(root.path()), [""; 0]);
}

#[test]
fn an_address_of_ones_own_takes_the_place_of_the_published_ones() {
    let server = Server::start(|_| Answer::status(404));
    let root = TempDir::new().unwrap();
    let from = format!("{}/data/", server.address);
    let request = Request { set: "fashion-mnist", to: Some(root.path()), from: Some(&from), patience: PATIENCE };
    assert!(request.run(&mut |_| {}).is_err());
    assert_eq!(server.asked(), ["data/t10k-labels-idx1-ubyte.gz"]);
}
