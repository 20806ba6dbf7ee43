//! Servers that hold a client for ever, and other users of the folder.

use std::fs;
use std::time::{Duration, Instant};

use super::case::{ARCHIVE, Case, archive, names};
use super::server::{Answer, Server};
use crate::fetch::download::{PACE, Pace};

/// At the server's rate of a hundred bytes a second, never reached.
const BRISK: Pace = Pace { bytes: 1000, within: Duration::from_millis(400) };

#[test]
fn a_server_that_drips_is_given_up_and_resumed_from() {
    // The head is about 120 bytes long: the second server drips within it.
    for after in [archive().len() - 1500, 20] {
        let server = Server::start(move |ask| Answer::honest(ask, &archive()).drip(after));
        let mut case = Case::new(&[&server]);
        case.pace = BRISK;
        let started = Instant::now();
        let sentence = case.fetch().unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(10));
        assert!(sentence.starts_with(&format!("{}/{ARCHIVE} sent ", server.address)), "{sentence}");
        let all = archive().len();
        let end = format!(" of {all} bytes are there: run it again, it resumes from them, or name another address");
        assert!(sentence.contains(" bytes in ") && sentence.contains(&end), "{sentence}");
        assert_eq!(case.kept().is_some(), after > 20, "what came is kept");
        case.pace = PACE;
        case.ends_well();
    }
}

#[test]
fn a_slow_server_that_keeps_pace_is_waited_for() {
    let server = Server::start(|ask| {
        let answer = Answer::honest(ask, &archive());
        let all = answer.length();
        answer.drip(all - 10)
    });
    let mut case = Case::new(&[&server]);
    // Nothing falls short of this, however many times it is asked.
    case.pace = Pace { bytes: 1, within: Duration::from_millis(30) };
    assert!(case.fetch().is_ok());
}

/// Another user's link at `name`, to a file that must stay as it is.
#[cfg(unix)]
fn with_link(name: &str) {
    let server = Server::start(|ask| Answer::honest(ask, &archive()));
    let case = Case::new(&[&server, &server]);
    let (victim, link) = (case.root.path().join("victim"), case.root.path().join(name));
    fs::write(&victim, "mine").unwrap();
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    let wanted = format!(
        "cannot write {}: it is a symbolic link, not a regular file; move it away, then run it again",
        link.display()
    );
    assert_eq!(case.fetch().unwrap_err(), wanted);
    assert_eq!(fs::read(&victim).unwrap(), b"mine");
    assert_eq!(server.asked(), [""; 0]);
    fs::remove_file(&link).unwrap();
    fs::remove_file(&victim).unwrap();
    assert!(case.fetch().is_ok());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    with_link("cifar100.part/.lock");
    with_link(&format!("cifar100.part/{ARCHIVE}"));
}

#[cfg(unix)]
#[test]
fn a_folder_is_no_link_to_another() {
    let server = Server::start(|ask| Answer::honest(ask, &archive()));
    let case = Case::new(&[&server]);
    let (victim, link) = (case.root.path().join("victim"), case.root.path().join("cifar100.part"));
    fs::create_dir(&victim).unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    let wanted = format!(
        "cannot write {}: it is a symbolic link, not a folder; move it away, then run it again",
        link.display()
    );
    assert_eq!(case.fetch().unwrap_err(), wanted);
    assert_eq!(names(&victim), [""; 0]);
}
