//! Against a fake hub with two hosts on real sockets.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use test_support::{FakeHub, Gate, HubFile, unused_address};

use super::*;
use crate::clock::ManualClock;

const REPO: &str = "intfloat/multilingual-e5-small";
const TOKEN: &str = "hf_0123456789abcdef";
const FILES: [(&str, &str); 2] = [("onnx/model.onnx", "model.onnx"), ("config.json", "config.json")];

fn weights() -> Vec<u8> {
    (0..10_000_u32).flat_map(u32::to_be_bytes).collect()
}

async fn fake() -> FakeHub {
    let large = HubFile::large("onnx/model.onnx", weights());
    FakeHub::start(REPO, vec![large, HubFile::small("config.json", r#"{"dim": 384}"#)]).await
}

fn hub(base_url: String, token: Option<&str>) -> ModelHub {
    let config = ModelHubConfig { base_url, token: token.map(str::to_owned), ..ModelHubConfig::default() };
    assert!(!format!("{config:?}").contains("hf_"));
    // Its dice always show zero, so a backoff takes no time.
    ModelHub::new(&config, Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH))).unwrap()
}

async fn pull(hub: &ModelHub, into: &Path) -> Result<BTreeMap<String, String>> {
    hub.pull(REPO, "main", &FILES, into, &mut |_| ()).await
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[tokio::test]
async fn files_are_fetched_verified_and_not_fetched_again() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("e5");
    let hub = hub(fake.base_url(), None);
    let mut progress = Vec::new();
    let hashes = hub.pull(REPO, "main", &FILES, &into, &mut |p| progress.push(p)).await.unwrap();
    assert_eq!(hashes["model.onnx"], sha256(&weights()));
    assert_eq!(hashes["config.json"], sha256(br#"{"dim": 384}"#));
    assert_eq!(std::fs::read(into.join("model.onnx")).unwrap(), weights());
    assert_eq!(names(&into), ["config.json", "model.onnx"]);

    let first: Vec<_> = progress.iter().filter(|p| p.file_index == 0).collect();
    assert!(first.iter().all(|p| p.file == "model.onnx" && p.total_bytes == Some(40_000)));
    assert!(first.is_sorted_by_key(|p| p.done_bytes));
    assert_eq!(first.last().unwrap().done_bytes, 40_000);
    assert_eq!((progress.last().unwrap().file_index, progress[0].file_count), (1, 2));
    // The second file comes from the commit that the first was found at.
    let asked = fake.log().all();
    assert!(asked[0].path.ends_with("/resolve/main/onnx/model.onnx"), "{}", asked[0].path);
    assert!(asked[1].path.contains("/resolve/0123456789abcdef"), "{}", asked[1].path);

    let transfers = fake.storage_log().count();
    assert_eq!(pull(&hub, &into).await.unwrap(), hashes);
    assert_eq!(fake.storage_log().count(), transfers);
}

#[tokio::test]
async fn the_token_goes_to_the_hub_only() {
    let fake = fake().await;
    fake.require_token(TOKEN);
    let folder = tempfile::tempdir().unwrap();
    pull(&hub(fake.base_url(), Some(TOKEN)), folder.path()).await.unwrap();
    let bearer = format!("Bearer {TOKEN}");
    assert!(fake.log().all().iter().all(|r| r.header("authorization") == Some(&bearer)));
    let stored = fake.storage_log().all();
    assert!(!stored.is_empty() && stored.iter().all(|r| r.header("authorization").is_none()));

    let error = pull(&hub(fake.base_url(), Some("hf_wrong")), &folder.path().join("x")).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("HF_TOKEN"), "{error}");
    assert!(!format!("{error:?}").contains("hf_"), "{error:?}");
}

#[tokio::test]
async fn a_broken_download_continues_where_it_broke() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    // More breaks than attempts: each got further.
    for _ in 0..6 {
        fake.cut("onnx/model.onnx", 5_000);
    }
    pull(&hub(fake.base_url(), None), folder.path()).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("model.onnx")).unwrap(), weights());
    let ranges: Vec<_> =
        fake.storage_log().all().iter().map(|r| r.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges.len(), 7);
    assert_eq!(ranges[0], None);
    assert_eq!(ranges[6].as_deref(), Some("bytes=30000-"));
}

#[tokio::test]
async fn a_later_call_continues_too_and_leaves_no_parts() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.onnx.00000000000000aa.part"), "old").unwrap();
    let config =
        ModelHubConfig { base_url: fake.base_url(), retry: Retry::NEVER, ..ModelHubConfig::default() };
    let once = ModelHub::new(&config, Arc::new(crate::clock::SystemClock)).unwrap();
    fake.cut("onnx/model.onnx", 30_000);
    let error = pull(&once, folder.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("run it again to continue"), "{error}");
    assert!(!folder.path().join("model.onnx").exists());

    pull(&once, folder.path()).await.unwrap();
    let last = fake.storage_log().all().pop().unwrap();
    assert_eq!(last.header("range"), Some("bytes=30000-"));
    assert_eq!(names(folder.path()), ["config.json", "model.onnx"]);
}

#[tokio::test]
async fn a_server_without_ranges_is_read_from_the_start() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    fake.ignore_ranges();
    fake.cut("onnx/model.onnx", 30_000);
    pull(&hub(fake.base_url(), None), folder.path()).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("model.onnx")).unwrap(), weights());
}

#[tokio::test]
async fn a_part_that_is_whole_or_too_long_is_handled() {
    let fake = fake().await;
    let part = format!("model.onnx.{}.part", &sha256(&weights())[..16]);
    for (content, transfers) in [(weights(), 0), (vec![1; 50_000], 1)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(&part), content).unwrap();
        let before = fake.storage_log().count();
        pull(&hub(fake.base_url(), None), folder.path()).await.unwrap();
        assert_eq!(fake.storage_log().count() - before, transfers);
        assert_eq!(std::fs::read(folder.path().join("model.onnx")).unwrap(), weights());
    }
}

#[tokio::test]
async fn what_does_not_match_is_deleted() {
    let (mut flipped, shorter) = (weights(), vec![7; 1_000]);
    flipped[20_000] ^= 1;
    for (path, content) in [
        ("onnx/model.onnx", flipped),
        ("onnx/model.onnx", [weights(), vec![0; 9]].concat()),
        ("config.json", shorter),
    ] {
        let fake = fake().await;
        let folder = tempfile::tempdir().unwrap();
        fake.corrupt(path, content);
        let error = pull(&hub(fake.base_url(), None), folder.path()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("does not match the checksum"), "{error}");
        let left = names(folder.path());
        let good: &[&str] = if path == "config.json" { &["model.onnx"] } else { &[] };
        assert_eq!(left, good);
    }
}

#[tokio::test]
async fn a_shorter_file_than_announced_never_gets_its_name() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    fake.corrupt("onnx/model.onnx", vec![7; 1_000]);
    let error = pull(&hub(fake.base_url(), None), folder.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!folder.path().join("model.onnx").exists());
}

#[tokio::test]
async fn a_file_that_was_changed_on_disk_is_replaced() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.onnx"), "damaged").unwrap();
    pull(&hub(fake.base_url(), None), folder.path()).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("model.onnx")).unwrap(), weights());
}

#[tokio::test]
async fn a_signed_address_that_ran_out_is_asked_for_again() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    fake.expire_addresses(1);
    pull(&hub(fake.base_url(), None), folder.path()).await.unwrap();
    let used: Vec<_> = fake.storage_log().all().into_iter().map(|r| r.path).collect();
    assert_eq!(used, ["/onnx/model.onnx?signature=1", "/onnx/model.onnx?signature=2"]);
}

#[tokio::test]
async fn a_stalled_download_is_broken_off_and_continued() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    fake.stall("onnx/model.onnx", 10_000, &Gate::new());
    let config = ModelHubConfig {
        base_url: fake.base_url(),
        stall: Duration::from_millis(100),
        ..ModelHubConfig::default()
    };
    let clock = Arc::new(ManualClock::at(chrono::DateTime::UNIX_EPOCH));
    pull(&ModelHub::new(&config, clock).unwrap(), folder.path()).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("model.onnx")).unwrap(), weights());
    assert!(fake.storage_log().count() >= 2);
}

#[tokio::test]
async fn two_downloads_do_not_write_into_one_file() {
    let fake = fake().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = Gate::new();
    fake.stall("onnx/model.onnx", 10_000, &gate);
    let (first, second) = (hub(fake.base_url(), None), hub(fake.base_url(), None));
    let into = folder.path();
    let log = fake.storage_log();
    let intruder = async {
        log.wait_for(1).await;
        let error = pull(&second, into).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(error.to_string().contains("another process"), "{error}");
        gate.release();
    };
    let (done, ()) = tokio::join!(pull(&first, into), intruder);
    done.unwrap();
}

#[tokio::test]
async fn a_hub_that_cannot_help_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = unused_address().await;
    let error = pull(&hub(nowhere.clone(), None), folder.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let expected = format!(
        "cannot reach the model hub at {nowhere}: check the network or import a model folder with \
         `agentctl models import DIR`"
    );
    assert_eq!(error.to_string(), expected);

    let fake = fake().await;
    let hub = hub(fake.base_url(), None);
    let missing = [("tokenizer.json", "tokenizer.json")];
    let error = hub.pull(REPO, "main", &missing, folder.path(), &mut |_| ()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
    fake.hide_checksums();
    let error = pull(&hub, folder.path()).await.unwrap_err();
    assert!(error.to_string().contains("gives no checksum"), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn names_stay_inside_the_folder() {
    let hub = hub("http://127.0.0.1:1".into(), None);
    for bad in ["../x", "/etc/x", "", "a/../../x", "."] {
        let files = [("config.json", bad)];
        let error = hub.pull(REPO, "main", &files, Path::new("d"), &mut |_| ()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
    }
}
