//! A disk that is full when a run wants to write: nothing is lost, the message names cause and place, and with room again
//! the run goes on to the same bytes. The disk is a small file system in memory, in a namespace of one's own
//! (`unshare --map-root-user --mount`), which needs no root; where a system has none of these the test says so.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::{assert_same_run, hebb, number, succeed, text, write_idx};

/// What sets the number of moments, for `tools/full-disk`.
const COUNT: &str = "HEBB_FULL_DISKS";
/// The test that runs in the namespace.
const INSIDE: &str = "within_a_namespace";
/// Where a run's disk ends without any other file, in KiB: a checkpoint takes about 27.
const ROOM: u32 = 4096;
/// Where smaller ones may end: before there is anything to go on from, and later.
const SIZES: [u32; 4] = [8, 40, 72, 104];

#[test]
fn a_run_on_a_full_disk_loses_nothing() {
    let moments = number(COUNT, 6);
    let own = |program: &str, args: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", program]).args(args);
        command
    };
    let can = own("sh", &["-c", "mount -t tmpfs none /mnt"]).stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        let why = "this system lets nobody but root mount a small disk to fill (unshare --map-root-user --mount)";
        // Who asks for so many gets them or an error; a test among others is left out, and says so past the harness.
        assert!(std::env::var_os(COUNT).is_none(), "{why}");
        writeln!(std::io::stderr(), "SKIPPED a_run_on_a_full_disk_loses_nothing: {why}").unwrap();
        return;
    }
    let program = std::env::current_exe().unwrap();
    let inside = own(program.to_str().unwrap(), &["--exact", INSIDE, "--ignored", "--nocapture"])
        .env(COUNT, moments.to_string())
        .output()
        .unwrap();
    let said = [inside.stdout, inside.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(inside.status.success(), "{said}");
    let told = said.lines().find(|line| line.contains(COUNT)).unwrap_or_else(|| panic!("no moment was tried: {said}"));
    eprintln!("{told}");
}

#[test]
#[ignore = "only in a namespace where it may mount, as a_run_on_a_full_disk_loses_nothing makes one"]
fn within_a_namespace() {
    let moments = number(COUNT, 1);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    write_idx(&data, 300, 10);
    let house = House { data: format!("mnist:{}", data.display()), disk: folder.path().join("disk") };
    let whole = folder.path().join("whole");
    let started = Instant::now();
    succeed(&words(&house.train(&whole, &[])));
    let time = started.elapsed();
    fs::create_dir(&house.disk).unwrap();
    let (mut state, mut whole_runs, mut at) = (54_321_u32, 0, Vec::new());
    while at.len() < moments as usize {
        assert!(whole_runs < 4 * moments + 20, "only {} disks were full in time", at.len());
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let share = f64::from(state >> 16) / 65_536.0;
        // By turns a disk that is too small, and one that somebody else fills while the run goes on.
        let full = match at.len() {
            turn if turn.is_multiple_of(2) => {
                let base = SIZES[turn / 2 % SIZES.len()];
                house.too_small(base + 4 * (state >> 29), &whole)
            }
            _ => house.filled(time.mul_f64(share), &whole),
        };
        whole_runs += u32::from(full.is_none());
        at.extend(full);
    }
    let mut files = at.clone();
    files.sort_unstable();
    files.dedup();
    let times = |file: &String| at.iter().filter(|other| *other == file).count();
    let told: Vec<String> = files.iter().map(|file| format!("{file} {}", times(file))).collect();
    let told = told.join(", ");
    println!("{moments} moments of a full disk ({COUNT} sets how many; {told}): each run went on to the same bytes");
}

/// Where the runs' data lie, and their disk.
struct House {
    data: String,
    disk: PathBuf,
}

fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

impl House {
    fn train(&self, out: &Path, more: &[&str]) -> Vec<String> {
        let fixed = ["train", "--device", "cpu", "--data", &self.data, "--validation", "50", "--batch", "10"];
        let net = ["--net", "Conv 4 3x3; Maxpool 3; Drop .3; Full 4; Output", "--rule", "kp", "--epochs", "8"];
        let out = ["--out", out.to_str().unwrap()];
        [&fixed[..], &net, &out, more].concat().into_iter().map(str::to_owned).collect()
    }

    fn run(&self) -> PathBuf {
        self.disk.join("run")
    }

    fn mount(&self, options: &str) {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "none"]).arg(&self.disk);
        assert!(command.status().unwrap().success());
    }

    fn spawn(&self) -> Child {
        let args = self.train(&self.run(), &[]);
        hebb(&words(&args)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Trains on a disk of so many KiB; the file for which it was too small.
    fn too_small(&self, size: u32, whole: &Path) -> Option<String> {
        self.mount(&format!("size={size}k"));
        let child = self.spawn();
        let full = self.ended(child);
        self.mount(&format!("remount,size={ROOM}k"));
        self.goes_on(whole, &format!("a disk of {size} KiB"));
        full
    }

    /// Trains on a disk that is filled by another file after a time; the file that the run still wanted to write.
    fn filled(&self, after: Duration, whole: &Path) -> Option<String> {
        self.mount(&format!("size={ROOM}k"));
        let child = self.spawn();
        sleep(after);
        let other = self.disk.join("other");
        assert!(fs::write(&other, vec![0; (ROOM as usize) << 11]).is_err(), "the disk is full");
        let full = self.ended(child);
        fs::remove_file(&other).unwrap();
        self.goes_on(whole, &format!("a disk that was filled after {after:?}"));
        full
    }

    /// The file for which there was no room, where the program ended because of that; it must say so, and where.
    fn ended(&self, child: Child) -> Option<String> {
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            return None;
        }
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        // Behind what was told of each epoch.
        let sentence = said.lines().last().unwrap_or_default();
        let (cause, place) = ("No space left on device", text(&self.run()));
        assert!(sentence.contains(cause) && sentence.contains("free some space"), "{sentence}");
        let (_, file) = sentence.split_once(&place).unwrap_or_else(|| panic!("{sentence}"));
        Some(file.trim_start_matches('/').split([',', ':']).next().unwrap_or_default().to_owned())
    }

    /// With room again: nothing half written, and the run goes on, or begins where it had not begun.
    fn goes_on(&self, whole: &Path, of: &str) {
        let run = self.run();
        let names: Vec<String> = fs::read_dir(&run)
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        assert!(!names.iter().any(|name| name.ends_with(".tmp")), "{of} leaves {names:?}");
        let has_begun = run.join("run.toml").is_file();
        let more: &[&str] = if has_begun { &["--resume"] } else { &[] };
        succeed(&words(&self.train(&run, more)));
        assert_same_run(whole, &run);
        assert!(Command::new("umount").arg(&self.disk).status().unwrap().success());
    }
}
