//! Files that a command would replace.

use std::fs::{self, File};

use super::support::{fail, succeed, text};
use super::{data, run_of};

#[test]
fn a_file_that_is_there_is_replaced_only_where_that_is_asked_for() {
    let (folder, named) = data();
    let file = folder.path().join("mine");
    let path = text(&file);
    let init = ["init", "--net", "Output", "--input", "1x2x2", "--out", &path];
    let preview = ["data", "preview", &named, "--out", &path];
    for command in [&init[..], &preview] {
        fs::write(&file, "mine").unwrap();
        let wanted = format!("{path} is there already: replace it with --overwrite or name another --out");
        assert_eq!(fail(command), wanted);
        assert_eq!(fs::read(&file).unwrap(), b"mine");
        succeed(&[command, &["--overwrite"]].concat());
        assert_ne!(fs::read(&file).unwrap(), b"mine");
        fs::remove_file(&file).unwrap();
        succeed(command);
    }
    let place = text(folder.path());
    for more in [&[][..], &["--overwrite"]] {
        let sentence = fail(&[&["init", "--net", "Output", "--out", &place], more].concat());
        assert_eq!(sentence, format!("{place} is a folder: name a file in it"));
    }
    #[cfg(unix)]
    {
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(folder.path().join("nothing"), &file).unwrap();
        assert!(fail(&init).contains("is there already"), "a link that leads nowhere is there, too");
    }
}

#[test]
fn a_run_at_work_is_left_alone() {
    let (_folder, out, named) = run_of(&[]);
    let before = fs::read(out.join("best.safetensors")).unwrap();
    let lock = File::options().write(true).open(out.join(".lock")).unwrap();
    lock.lock().unwrap();
    let wanted = format!("another process is writing to {}: wait for it or stop it", text(&out));
    for name in ["best.safetensors", "new"] {
        let path = text(&out.join(name));
        for more in [&[][..], &["--overwrite"]] {
            assert_eq!(fail(&[&["init", "--net", "Output", "--out", &path], more].concat()), wanted);
            assert_eq!(fail(&[&["data", "preview", &named, "--out", &path], more].concat()), wanted);
        }
    }
    assert_eq!(fs::read(out.join("best.safetensors")).unwrap(), before);
    assert!(!out.join("new").exists());
    drop(lock);
    // A run that rests is a folder like any.
    assert!(fail(&["init", "--net", "Output", "--out", &text(&out.join("best.safetensors"))]).contains("already"));
    succeed(&["init", "--net", "Output", "--out", &text(&out.join("new"))]);
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_never_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let (folder, named) = data();
    let (pipe, link) = (folder.path().join("pipe"), folder.path().join("link"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink(&pipe, &link).unwrap();
    for path in [text(&pipe), text(&link)] {
        let wanted = format!("cannot write {path}: it is a named pipe, not a regular file: name another --out");
        for more in [&[][..], &["--overwrite"]] {
            assert_eq!(fail(&[&["init", "--net", "Output", "--out", &path], more].concat()), wanted);
            assert_eq!(fail(&[&["data", "preview", &named, "--out", &path], more].concat()), wanted);
        }
    }
    assert!(
        fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo() && fs::symlink_metadata(&link).unwrap().is_symlink()
    );
}
