//! Bytes coming in, shared, and going.

use super::*;
use crate::model::OrganizationId;
use crate::store::NewUpload;
use crate::store::place::{Place, tidy_job};

/// SHA-256 of `abc`.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            names.extend(files(&entry.path()));
        } else {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names.sort();
    names
}

async fn receive(blobs: &Blobs, name: &str) -> Received {
    let mut incoming = blobs.receive(name).await.unwrap();
    for piece in [&b"a"[..], b"", b"bc"] {
        incoming.write(piece).await.unwrap();
    }
    incoming.complete().await.unwrap()
}

#[tokio::test]
async fn a_received_file_lies_under_its_hash() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
    let received = receive(&blobs, "one").await;
    assert_eq!((received.hash.as_str(), received.size), (ABC, 3));
    blobs.keep(received).await.unwrap();
    assert_eq!(std::fs::read(blobs.local_path(ABC)).unwrap(), b"abc");
    blobs.keep(receive(&blobs, "two").await).await.unwrap();
    assert_eq!(files(&dir.path().join("blobs")), [ABC], "the same bytes are kept once");
}

#[tokio::test]
async fn what_is_dropped_leaves_nothing_and_what_a_crash_left_goes() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("blobs");
    let blobs = Blobs::open(&folder).unwrap();
    let mut incoming = blobs.receive("one").await.unwrap();
    incoming.write(&vec![7; 1_000_000]).await.unwrap();
    assert_eq!(files(&folder), ["one"]);
    drop(incoming);
    drop(receive(&blobs, "two").await);
    assert_eq!(files(&folder), [""; 0]);

    std::fs::write(folder.join(INCOMING).join("crashed"), "half of it").unwrap();
    let mut open = blobs.receive("open").await.unwrap();
    Blobs::open(&folder).unwrap();
    assert_eq!(files(&folder), ["open"], "another process that opens leaves what is being received");
    open.write(b"abc").await.unwrap();
    blobs.keep(open.complete().await.unwrap()).await.unwrap();
    assert_eq!(files(&folder), [ABC]);
}

#[tokio::test]
async fn organizations_share_a_blob_and_deleting_one_document_keeps_it() {
    let place = Place::new().await;
    let other = place.organization("other").await;
    let folder = place.dir.path().join("blobs");
    let blobs = Blobs::open(&folder).unwrap();
    let mut ids = Vec::new();
    for (organization, name) in [(place.organization, "one"), (other, "two")] {
        let hold = blobs.keep(receive(&blobs, name).await).await.unwrap();
        let upload = NewUpload { organization_id: organization, ..place.upload("a.txt", ABC) };
        ids.push((organization, place.store.receive_upload(upload).await.unwrap().id));
        drop(hold);
    }
    let delete = async |(organization, id): (OrganizationId, _)| {
        place.store.delete_documents(organization, vec![id], tidy_job()).await.unwrap();
    };
    delete(ids[0]).await;
    assert_eq!(blobs.release(&place.store, [ABC.to_owned()]).await.unwrap(), 0);
    assert_eq!(blobs.sweep(&place.store).await.unwrap(), 0);
    assert_eq!(files(&folder), [ABC]);
    delete(ids[1]).await;
    let incoming = blobs.receive("coming").await.unwrap();
    assert_eq!(blobs.sweep(&place.store).await.unwrap(), 1);
    assert_eq!(files(&folder), ["coming"], "a file that is coming in is no orphan");
    drop(incoming);
}

#[tokio::test]
async fn a_blob_without_a_row_is_not_removed_while_it_is_held() {
    let place = Place::new().await;
    let blobs = Blobs::open(&place.dir.path().join("blobs")).unwrap();
    let hold = blobs.keep(receive(&blobs, "one").await).await.unwrap();
    let sweeping = tokio::spawn({
        let (blobs, store) = (blobs.clone(), place.store.clone());
        async move { blobs.sweep(&store).await.unwrap() }
    });
    place.store.receive_upload(place.upload("a.txt", ABC)).await.unwrap();
    drop(hold);
    assert_eq!(sweeping.await.unwrap(), 0);
    assert!(blobs.local_path(ABC).exists());
}

#[tokio::test]
async fn a_file_that_changed_since_it_was_hashed_is_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
    let file = dir.path().join("a.txt");
    std::fs::write(&file, "abc").unwrap();
    blobs.put_file(&file, ABC).await.unwrap();
    std::fs::write(&file, "abd").unwrap();
    let other = ABC.replace('b', "c");
    assert_eq!(blobs.put_file(&file, &other).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(files(&dir.path().join("blobs")), [ABC]);
}
