//! What an upload does to a document, and what becomes of it when others come in between.

use super::*;
use crate::store::Claim;
use crate::store::place::{Place, tidy_job};

async fn document(place: &Place, id: DocumentId) -> Document {
    place.store.document(place.organization, id).await.unwrap().unwrap()
}

async fn claim(place: &Place, id: DocumentId) -> Claim {
    place.store.claim_processing(place.organization, id, false).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_new_file_waits_with_one_job_and_is_searchable_once_processed() {
    let place = Place::new().await;
    let new = place.store.receive_upload(place.upload("a.txt", "h1")).await.unwrap();
    assert_eq!((new.status, new.version, new.path.as_str()), (DocumentStatus::Uploaded, 1, "a.txt"));
    let again = place.store.receive_upload(place.upload("a.txt", "h1")).await.unwrap();
    assert_eq!((again.id, place.jobs().await), (new.id, 1));
    let payload = place.one("SELECT payload FROM jobs").await;
    assert!(payload.contains(&new.id.to_string()));

    let claim = claim(&place, new.id).await;
    assert_eq!(document(&place, new.id).await.status, DocumentStatus::Processing);
    let committed = place.commit(&claim).await.unwrap();
    assert_eq!((committed.version, committed.first, committed.replaced_hash), (1, true, None));
    assert_eq!(document(&place, new.id).await.status, DocumentStatus::Processed);
    assert_eq!(place.found(place.organization, new.id).await, ["text of h1"]);
    let nothing = place.store.claim_processing(place.organization, new.id, false).await.unwrap();
    assert!(nothing.is_none(), "a job that comes twice finds nothing to do");
}

#[tokio::test]
async fn the_old_version_answers_until_the_new_one_is_there() {
    let place = Place::new().await;
    let old = place.processed(place.organization, "a.txt", "h1").await;
    let new = place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    assert_eq!((new.id, new.status, new.version), (old.id, DocumentStatus::Uploaded, 1));
    assert_eq!(place.found(place.organization, old.id).await, ["text of h1"]);
    let claim = claim(&place, old.id).await;
    assert_eq!(place.found(place.organization, old.id).await, ["text of h1"]);
    let committed = place.commit(&claim).await.unwrap();
    assert_eq!((committed.version, committed.replaced_hash.as_deref()), (2, Some("h1")));
    assert_eq!(place.found(place.organization, old.id).await, ["text of h2"]);
}

#[tokio::test]
async fn a_version_that_cannot_be_read_leaves_the_old_one_answering() {
    let place = Place::new().await;
    let old = place.processed(place.organization, "a.txt", "h1").await;
    place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    let claimed = claim(&place, old.id).await;
    place.store.fail_processing(&claimed, "no text".to_owned(), false).await.unwrap();
    let failed = document(&place, old.id).await;
    assert_eq!(failed.status, DocumentStatus::Failed);
    assert_eq!(failed.processing_error.as_deref(), Some("no text"));
    assert_eq!(place.found(place.organization, old.id).await, ["text of h1"]);
    assert!(!place.store.content_is_used("h2").await.unwrap());

    // The bytes that answer, sent again: all is well, and there is nothing to do.
    place.run("DELETE FROM jobs").await;
    let well = place.store.receive_upload(place.upload("a.txt", "h1")).await.unwrap();
    assert_eq!(
        (well.status, well.processing_error, place.jobs().await),
        (DocumentStatus::Processed, None, 0)
    );
}

#[tokio::test]
async fn bytes_the_machine_could_not_process_keep_waiting() {
    let place = Place::new().await;
    let old = place.processed(place.organization, "a.txt", "h1").await;
    place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    let claimed = claim(&place, old.id).await;
    place.store.fail_processing(&claimed, "the disk is full".to_owned(), true).await.unwrap();
    assert!(place.store.content_is_used("h2").await.unwrap());
    assert_eq!(claim(&place, old.id).await.hash, "h2", "the retried job takes them up");
}

#[tokio::test]
async fn unchanged_bytes_make_no_job_but_take_new_metadata() {
    let place = Place::new().await;
    let old = place.processed(place.organization, "a.txt", "h1").await;
    let same = place.store.receive_upload(place.upload("a.txt", "h1")).await.unwrap();
    assert_eq!(
        (same.status, same.version, &same.updated_at),
        (DocumentStatus::Processed, 1, &old.updated_at)
    );
    let mut upload = place.upload("a.txt", "h1");
    upload.metadata.insert("setor".to_owned(), "lazer".to_owned());
    let labelled = place.store.receive_upload(upload).await.unwrap();
    assert_eq!(labelled.metadata["setor"], "lazer");
    assert_eq!(place.jobs().await, 0);
}

#[tokio::test]
async fn pairs_sent_with_the_same_bytes_while_these_are_in_work_are_kept_however_the_work_ends() {
    let with = |place: &Place, key: &str| {
        let mut upload = place.upload("a.txt", "h1");
        upload.metadata.insert(key.to_owned(), key.to_owned());
        upload
    };
    for ends in ["committed", "released", "failed"] {
        let place = Place::new().await;
        let id = place.store.receive_upload(with(&place, "first")).await.unwrap().id;
        let claimed = claim(&place, id).await;
        place.store.receive_upload(with(&place, "second")).await.unwrap();
        match ends {
            "released" => place.store.release_processing(&claimed).await.unwrap(),
            "failed" => place.store.fail_processing(&claimed, "the disk is full".into(), true).await.unwrap(),
            _ => {}
        }
        let claimed = if ends == "committed" { claimed } else { claim(&place, id).await };
        place.commit(&claimed).await.unwrap();
        let document = document(&place, id).await;
        assert_eq!(document.status, DocumentStatus::Processed, "{ends}");
        assert_eq!(document.metadata.keys().collect::<Vec<_>>(), ["first", "second"], "{ends}");
    }
}

#[tokio::test]
async fn pairs_sent_while_current_bytes_are_processed_again_are_kept() {
    for fails in [false, true] {
        let place = Place::new().await;
        let id = place.processed(place.organization, "a.txt", "h1").await.id;
        let claimed = place.store.claim_processing(place.organization, id, true).await.unwrap().unwrap();
        let mut upload = place.upload("a.txt", "h1");
        upload.metadata.insert("setor".to_owned(), "lazer".to_owned());
        place.store.receive_upload(upload).await.unwrap();
        if fails {
            place.store.fail_processing(&claimed, "it cannot be read".into(), false).await.unwrap();
        } else {
            place.commit(&claimed).await.unwrap();
        }
        assert_eq!(document(&place, id).await.metadata["setor"], "lazer", "failed: {fails}");
    }
}

#[tokio::test]
async fn a_newer_upload_during_processing_comes_out_last() {
    let place = Place::new().await;
    let id = place.processed(place.organization, "a.txt", "h1").await.id;
    place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    place.run("UPDATE jobs SET status = 'running'").await;
    let second = claim(&place, id).await;
    place.store.receive_upload(place.upload("a.txt", "h3")).await.unwrap();
    assert_eq!(place.jobs().await, 1, "the running job does not see the newer bytes");
    place.commit(&second).await.unwrap();
    let waiting = document(&place, id).await;
    assert_eq!((waiting.status, waiting.content_hash.as_str()), (DocumentStatus::Uploaded, "h2"));
    let third = claim(&place, id).await;
    assert_eq!(third.hash, "h3");
    assert_eq!(place.commit(&third).await.unwrap().version, 3);
    assert_eq!(place.found(place.organization, id).await, ["text of h3"]);
}

#[tokio::test]
async fn the_answering_bytes_sent_while_others_are_in_work_win_in_the_end() {
    let place = Place::new().await;
    let id = place.processed(place.organization, "a.txt", "h1").await.id;
    place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    let second = claim(&place, id).await;
    place.store.receive_upload(place.upload("a.txt", "h1")).await.unwrap();
    place.commit(&second).await.unwrap();
    place.commit(&claim(&place, id).await).await.unwrap();
    assert_eq!(place.found(place.organization, id).await, ["text of h1"]);
}

#[tokio::test]
async fn a_failure_of_older_bytes_leaves_newer_ones_waiting() {
    let place = Place::new().await;
    let id = place.store.receive_upload(place.upload("a.txt", "h1")).await.unwrap().id;
    let first = claim(&place, id).await;
    place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    place.store.fail_processing(&first, "no text".to_owned(), false).await.unwrap();
    assert_eq!(document(&place, id).await.status, DocumentStatus::Uploaded);
    assert_eq!(claim(&place, id).await.hash, "h2");
}

#[tokio::test]
async fn a_document_deleted_during_processing_stays_deleted() {
    let place = Place::new().await;
    let id = place.processed(place.organization, "a.txt", "h1").await.id;
    place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    let claimed = claim(&place, id).await;
    let gone = place.store.delete_documents(place.organization, vec![id], tidy_job()).await.unwrap();
    assert_eq!(gone, [id]);
    assert!(place.commit(&claimed).await.is_none());
    assert!(place.store.document(place.organization, id).await.unwrap().is_none());
    assert_eq!(place.store.chunk_count().await.unwrap(), 0);
    for hash in ["h1", "h2"] {
        assert!(!place.store.content_is_used(hash).await.unwrap());
    }
    place.store.fail_processing(&claimed, "late".to_owned(), true).await.unwrap();
    assert!(place.store.document(place.organization, id).await.unwrap().is_none());
}

#[tokio::test]
async fn processing_is_requested_once_and_refused_while_it_runs() {
    let place = Place::new().await;
    let id = place.processed(place.organization, "a.txt", "h1").await.id;
    for _ in 0..2 {
        let asked = place.store.request_processing(place.organization, id).await.unwrap().unwrap();
        assert_eq!((asked.status, place.jobs().await), (DocumentStatus::Uploaded, 1));
    }
    let claimed = claim(&place, id).await;
    let refused = place.store.request_processing(place.organization, id).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, Some("already_processing")));
    assert_eq!(place.commit(&claimed).await.unwrap().version, 1, "the same bytes are the same version");
}

#[tokio::test]
async fn work_that_is_broken_off_leaves_things_as_they_were() {
    let place = Place::new().await;
    let id = place.processed(place.organization, "a.txt", "h1").await.id;
    let again = place.store.claim_processing(place.organization, id, true).await.unwrap().unwrap();
    place.store.release_processing(&again).await.unwrap();
    assert_eq!(document(&place, id).await.status, DocumentStatus::Processed);
    assert!(place.store.claim_processing(place.organization, id, false).await.unwrap().is_none());

    place.store.receive_upload(place.upload("a.txt", "h2")).await.unwrap();
    let waiting = claim(&place, id).await;
    place.store.release_processing(&waiting).await.unwrap();
    assert_eq!(document(&place, id).await.status, DocumentStatus::Uploaded);
    assert_eq!(claim(&place, id).await.hash, "h2");
}

#[tokio::test]
async fn documents_whose_process_died_are_taken_up_again_unless_given_up() {
    let place = Place::new().await;
    let id = place.store.receive_upload(place.upload("a.txt", "h1")).await.unwrap().id;
    claim(&place, id).await;
    assert!(!place.store.has_stranded_documents().await.unwrap(), "its job is there");
    place.run("DELETE FROM jobs").await;
    assert!(place.store.has_stranded_documents().await.unwrap());
    assert_eq!(place.store.recover_stranded().await.unwrap(), (1, 0));
    assert_eq!((document(&place, id).await.status, place.jobs().await), (DocumentStatus::Uploaded, 1));

    claim(&place, id).await;
    place.run("UPDATE jobs SET status = 'dead'").await;
    assert_eq!(place.store.recover_stranded().await.unwrap(), (0, 1));
    let failed = document(&place, id).await;
    assert_eq!((failed.status, failed.processing_error.is_some()), (DocumentStatus::Failed, true));
    assert!(!place.store.has_stranded_documents().await.unwrap());
}

#[tokio::test]
async fn organizations_do_not_meet() {
    let place = Place::new().await;
    let other = place.organization("other").await;
    let mine = place.processed(place.organization, "a.txt", "h1").await;
    let theirs = place.processed(other, "a.txt", "h1").await;
    assert_ne!(mine.id, theirs.id);
    let store = &place.store;
    assert!(store.claim_processing(other, mine.id, true).await.unwrap().is_none());
    assert!(store.request_processing(other, mine.id).await.unwrap().is_none());
    assert!(store.delete_documents(other, vec![mine.id], tidy_job()).await.unwrap().is_empty());
    assert!(place.found(other, mine.id).await.is_empty());
    store.delete_documents(place.organization, vec![mine.id], tidy_job()).await.unwrap();
    assert!(store.content_is_used("h1").await.unwrap(), "the other organization has the same bytes");
    assert_eq!(place.found(other, theirs.id).await, ["text of h1"]);
    assert_eq!(store.chunk_count_of(place.organization).await.unwrap(), 0);
}

#[tokio::test]
async fn an_agent_of_another_organization_is_not_found() {
    let place = Place::new().await;
    let other = place.organization("other").await;
    let new = crate::model::NewAgent { name: "Ana".to_owned(), ..Default::default() };
    let agent = place.store.create_agent(other, new, crate::model::Locale::default(), None).await.unwrap();
    let upload = NewUpload { agent_id: Some(agent.id), ..place.upload("a.txt", "h1") };
    let refused = place.store.receive_upload(upload).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn documents_are_listed_newest_first_in_pages_without_gaps() {
    use crate::store::{DocumentFilter, DocumentOrder};
    let place = Place::new().await;
    // Created within one millisecond: only the ids tell them apart.
    for name in ["c.txt", "a.txt", "b.txt"] {
        place.store.receive_upload(place.upload(name, name)).await.unwrap();
    }
    let page = async |order, offset| {
        let filter = DocumentFilter { order, offset, limit: Some(2), ..Default::default() };
        let (page, total) = place.store.documents(place.organization, filter).await.unwrap();
        assert_eq!(total, 3);
        page.into_iter().map(|d| d.filename).collect::<Vec<_>>()
    };
    assert_eq!(page(DocumentOrder::NewestFirst, 0).await, ["b.txt", "a.txt"]);
    assert_eq!(page(DocumentOrder::NewestFirst, 2).await, ["c.txt"]);
    assert_eq!(page(DocumentOrder::ByPath, 0).await, ["a.txt", "b.txt"]);
    let searchable = DocumentFilter { searchable: true, ..Default::default() };
    assert_eq!(place.store.documents(place.organization, searchable).await.unwrap().1, 0);
    let uploaded = DocumentFilter { status: Some(DocumentStatus::Uploaded), ..Default::default() };
    assert_eq!(place.store.documents(place.organization, uploaded).await.unwrap().1, 3);
}

#[tokio::test]
async fn of_two_that_come_at_once_only_one_takes_the_last_place() {
    let place = Place::new().await;
    let limited = |name: &str, hash: &str| NewUpload { document_limit: Some(1), ..place.upload(name, hash) };
    let (one, two) = tokio::join!(
        place.store.receive_upload(limited("a.txt", "h1")),
        place.store.receive_upload(limited("b.txt", "h2"))
    );
    let (taken, refused) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(refused.unwrap_err().code(), Some("document_limit_reached"));
    // A new version takes no place.
    let there = taken.unwrap();
    let again = place.store.receive_upload(limited(&there.filename, "h3")).await.unwrap();
    assert_eq!(again.id, there.id);
}
