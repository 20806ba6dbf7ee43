//! Runs of the program that are killed (SIGKILL) at moments spread over their time, resumed each time, and held beside
//! one that never stopped.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{assert_same_run, hebb, number, succeed, write_idx};

/// What sets the number of kills, for `tools/kills`.
const COUNT: &str = "HEBB_KILLS";
const EPOCHS: &str = "8";

/// Kills so many times, or as often as the environment says; each run must end with the files of one that was left alone.
pub fn killed_runs_go_on_to_the_same_bytes(device: &str, kills: u32) {
    let kills = number(COUNT, kills);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    write_idx(&data, 300, 10);
    let data = format!("mnist:{}", data.display());
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let train = |out: &Path, more: &[&str]| -> Vec<String> {
        let fixed = ["train", "--device", device, "--data", &data, "--validation", "50", "--batch", "10"];
        let net = ["--net", "Conv 4 3x3; Maxpool 3; Drop .3; Full 20; Output", "--rule", "kp", "--epochs", EPOCHS];
        let out = ["--out", out.to_str().unwrap()];
        [&fixed[..], &net, &out, more].concat().into_iter().map(str::to_owned).collect()
    };
    let started = Instant::now();
    let args = train(&whole, &[]);
    succeed(&args.iter().map(String::as_str).collect::<Vec<_>>());
    // Starting takes its share of the time, and there should be kills at every stage.
    let time = started.elapsed();
    let (mut done, mut ended) = (0, 0);
    let mut state = 12_345_u32;
    for attempt in 0.. {
        assert!(attempt < 40 * kills, "only {done} kills in {attempt} attempts");
        let more: &[&str] = if broken.join("run.toml").is_file() { &["--resume"] } else { &["--overwrite"] };
        let args = train(&broken, more);
        let mut child = hebb(&args.iter().map(String::as_str).collect::<Vec<_>>())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        if done < kills {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sleep(time.mul_f64(f64::from(state >> 16) / 65_536.0 * 0.7) + Duration::from_millis(5));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                child.wait().unwrap();
                done += 1;
                continue;
            }
        }
        // It came to its end, the last one or before its time: the kills that are left meet a new run.
        assert!(child.wait().unwrap().success());
        assert_same_run(&whole, &broken);
        ended += 1;
        if done == kills {
            break;
        }
        std::fs::remove_dir_all(&broken).unwrap();
    }
    eprintln!("{done} kills on {device} ({COUNT} sets how many): {ended} runs ended with the bytes of one left alone");
}
