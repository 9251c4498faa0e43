//! Answers without end do not stay in the memory. In a process of its own: other tests take memory too.

#[cfg(target_os = "linux")]
use super::environment::in_environment;
use super::faults_of;
use super::server::{Body, Way};

/// How much more memory may stay in use after answers of 64 MB from every peer, in MB.
const MAY_STAY_MB: u64 = 40;
/// How much more may be in use at any moment, in MB: what all questions at once may read.
const MAY_BE_READ_MB: u64 = 400;

/// A line of `/proc/self/status`, in MB.
#[cfg(target_os = "linux")]
fn memory_mb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[cfg(target_os = "linux")]
#[test]
fn answers_of_64_mb_from_every_peer_do_not_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    in_environment("memory::of_answers_of_64_mb", folder.path(), &[]);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by answers_of_64_mb_from_every_peer_do_not_fill_the_memory in a process of its own"]
async fn of_answers_of_64_mb() {
    // What every run takes, such as the system's authorities, is not the answers'.
    faults_of(Way::Answer(500, Body::Text)).await;
    let before = memory_mb("VmRSS");
    for body in [Body::Long, Body::LongAndUntold] {
        let faults = faults_of(Way::Answer(200, body)).await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        println!("{body:?}: {} MB, {} MB at most", memory_mb("VmRSS"), memory_mb("VmHWM"));
    }
    let after = memory_mb("VmRSS");
    assert!(after.saturating_sub(before) < MAY_STAY_MB, "{before} MB before, {after} MB after");
    let most = memory_mb("VmHWM");
    assert!(most.saturating_sub(before) < MAY_BE_READ_MB, "{before} MB before, {most} MB at most");
}
