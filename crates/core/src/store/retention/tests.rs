//! What is forgotten, when, and what stays.

use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::store::place::{Place, tidy_job};

async fn ask(place: &Place, organization: OrganizationId, id: &str) {
    let now = place.clock.timestamp();
    place
        .run(format!(
            "INSERT INTO rag_queries (id, organization_id, question, answer, sources, refused, model, tokens_used,
                                      processing_time_ms, created_at)
             VALUES ('{id}', '{organization}', 'q', 'a', '[]', 0, 'm', 0, 0, '{now}');
             INSERT INTO query_feedback (query_id, organization_id, rating, created_at, updated_at)
             VALUES ('{id}', '{organization}', 1, '{now}', '{now}')"
        ))
        .await;
}

async fn expire(place: &Place, organization: OrganizationId) -> Expired {
    let rules = place.store.retention_rules().await.unwrap();
    let (_, rules) = rules.into_iter().find(|(id, _)| *id == organization).unwrap();
    let run = uuid::Uuid::nil();
    let mut removed = Expired::default();
    loop {
        let batch = place.store.expire(organization, rules, run, removed, 2, tidy_job()).await.unwrap();
        if batch.is_nothing() {
            return removed;
        }
        removed.add(batch);
    }
}

#[test]
fn settings_say_how_long_and_nonsense_does_not() {
    let of = |settings: serde_json::Value| retention_of(&settings.to_string());
    assert_eq!(of(json!({})), Some(Retention::default()));
    let short = of(json!({ "retention": { "conversationsDays": 30 } })).unwrap();
    assert_eq!((short.conversations_days, short.inactive_documents_days), (30, 365));
    for nonsense in [json!(0), json!(-1), json!("30"), json!(1e300), json!(null)] {
        assert_eq!(of(json!({ "retention": { "conversationsDays": nonsense } })), None, "{nonsense}");
    }
    assert_eq!(retention_of("not JSON"), None);
}

#[tokio::test]
async fn questions_go_after_two_years_with_their_ratings() {
    let place = Place::new().await;
    let other = place.organization("other").await;
    for id in ["q1", "q2", "q3"] {
        ask(&place, place.organization, id).await;
    }
    ask(&place, other, "theirs").await;
    place.days_pass(730);
    ask(&place, place.organization, "q4").await;
    assert!(expire(&place, place.organization).await.is_nothing(), "exactly two years is not older");
    assert_eq!(place.one("SELECT COUNT(*) FROM audit_log").await, "0", "nothing removed, nothing to tell");
    place.days_pass(1);
    let removed = expire(&place, place.organization).await;
    assert_eq!((removed.queries, removed.feedback), (3, 3));
    assert_eq!(place.one("SELECT COUNT(*) FROM rag_queries").await, "2");
    let details = place.one("SELECT details FROM audit_log WHERE action = 'retention.run'").await;
    let details: serde_json::Value = serde_json::from_str(&details).unwrap();
    assert_eq!(details["removed"]["queries"], 3, "one line tells of all batches");
    assert!(expire(&place, place.organization).await.is_nothing());
}

#[tokio::test]
async fn documents_go_once_nobody_needs_them() {
    let place = Place::new().await;
    let old = place.processed(place.organization, "old.txt", "h1").await;
    let cited = place.processed(place.organization, "cited.txt", "h2").await;
    place.days_pass(200);
    let changed = place.processed(place.organization, "new.txt", "h3").await;
    let now = place.clock.timestamp();
    place.run(format!("UPDATE documents SET last_cited_at = '{now}' WHERE id = '{}'", cited.id)).await;
    place.days_pass(200);
    let removed = expire(&place, place.organization).await;
    assert_eq!((removed.documents, removed.chunks), (1, 1));
    let left = place.store.documents(place.organization, crate::store::DocumentFilter::default()).await;
    let left: Vec<_> = left.unwrap().0.into_iter().map(|d| d.id).collect();
    assert!(!left.contains(&old.id) && left.contains(&cited.id) && left.contains(&changed.id));
    assert!(!place.store.content_is_used("h1").await.unwrap());
    assert_eq!(place.store.waiting_jobs("index.tidy").await.unwrap().len(), 1);
}

/// A message in a conversation of its own with a note, both by `who`.
async fn say(place: &Place, id: &str, who: Option<UserId>) {
    let (now, organization) = (place.clock.timestamp(), place.organization);
    let who = who.map_or("NULL".to_owned(), |who| format!("'{who}'"));
    place
        .run(format!(
            "INSERT INTO contacts (id, organization_id, name, phone, created_at, updated_at)
             VALUES ('{id}', '{organization}', 'Ana', '{id}', '{now}', '{now}');
             INSERT INTO contact_identifiers VALUES ('{organization}', '{id}', '{id}', 'phone', '{id}', '{now}');
             INSERT INTO conversations (id, organization_id, phone_number_id, contact_id, last_message_at, created_at, updated_at)
             VALUES ('{id}', '{organization}', 'n1', '{id}', '{now}', '{now}', '{now}');
             INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction, author, message_type,
                                   content, status, user_id, created_at)
             VALUES ('{id}', '{organization}', '{id}', 'n1', 'outbound', 'human', 'text', 'conversa', 'sent', {who}, '{now}');
             INSERT INTO conversation_notes VALUES ('{id}', '{organization}', '{id}', {who}, 'nota', '{now}')"
        ))
        .await;
}

#[tokio::test]
async fn conversations_go_with_their_last_message_and_contacts_with_them() {
    let place = Place::new().await;
    for id in ["c1", "c2", "c3", "c4"] {
        say(&place, id, None).await;
    }
    place.run("UPDATE contacts SET opted_out_at = '2026' WHERE id = 'c3'").await;
    place.days_pass(700);
    let now = place.clock.timestamp();
    place
        .run(format!(
            "INSERT INTO messages (id, organization_id, conversation_id, phone_number_id, direction, author, message_type,
                                   content, status, created_at)
             VALUES ('new', '{}', 'c4', 'n1', 'inbound', 'customer', 'text', 'conversa', 'received', '{now}');
             UPDATE conversations SET last_message_at = '{now}' WHERE id = 'c4'",
            place.organization
        ))
        .await;
    place.days_pass(31);
    let removed = expire(&place, place.organization).await;
    assert_eq!((removed.messages, removed.notes, removed.conversations, removed.contacts), (4, 4, 3, 2));
    assert_eq!(place.one("SELECT group_concat(id) FROM messages").await, "new");
    assert_eq!(place.one("SELECT group_concat(id) FROM conversations").await, "c4");
    assert_eq!(place.one("SELECT group_concat(id) FROM contacts").await, "c3,c4");
    let silent = place.one("SELECT name IS NULL AND phone IS NOT NULL FROM contacts WHERE id = 'c3'").await;
    assert_eq!(silent, "1", "who wants no messages is remembered for that alone");
    assert_eq!(place.one("SELECT COUNT(*) FROM contact_identifiers").await, "2");
    let details = place.one("SELECT details FROM audit_log WHERE action = 'retention.run'").await;
    let details: serde_json::Value = serde_json::from_str(&details).unwrap();
    assert_eq!((&details["removed"]["messages"], &details["removed"]["contacts"]), (&json!(4), &json!(2)));
}

async fn user(place: &Place, id: &str, email: &str, deleted: bool) {
    let now = place.clock.timestamp();
    let deleted = if deleted { format!("'{now}'") } else { "NULL".to_owned() };
    place
        .run(format!(
            "INSERT INTO users (id, email, password_hash, first_name, last_name, role, deleted_at, created_at, updated_at)
             VALUES ('{id}', '{email}', 'hash', 'Ana', 'Sá', 'agent', {deleted}, '{now}', '{now}')"
        ))
        .await;
}

#[tokio::test]
async fn what_is_personal_goes_thirty_days_after_an_account_was_deleted() {
    let place = Place::new().await;
    let (gone, here) = (UserId(uuid::Uuid::from_u128(1)), UserId(uuid::Uuid::from_u128(2)));
    user(&place, &gone.to_string(), "ana@example.com", true).await;
    user(&place, &here.to_string(), "rui@example.com", false).await;
    let organization = place.organization;
    for (id, who) in [("q1", gone), ("q2", here)] {
        ask(&place, organization, id).await;
        place.run(format!("UPDATE rag_queries SET user_id = '{who}' WHERE id = '{id}'")).await;
        say(&place, id, Some(who)).await;
        place
            .run(format!(
                "INSERT INTO audit_log (id, organization_id, actor_type, actor_id, action, resource, address, created_at)
                 VALUES ('{id}', '{organization}', 'user', '{who}', 'a.b', 'a', '10.0.0.1', '2026')"
            ))
            .await;
    }
    let invitations = "INSERT INTO invitations (id, organization_id, email, member_role, user_role, token_hash, created_at, expires_at, accepted_by)
                       VALUES ('i1', ?, 'ana@example.com', 'member', 'agent', 't1', '2026', '2026', ?),
                              ('i2', ?, 'ana@example.com', 'member', 'agent', 't2', '2026', '2999', NULL)";
    let invitations = invitations.replacen('?', &format!("'{organization}'"), 1);
    let invitations = invitations.replacen('?', &format!("'{gone}'"), 1);
    place.run(invitations.replacen('?', &format!("'{organization}'"), 1)).await;

    let cutoff = |place: &Place| place.clock.now() - chrono::TimeDelta::days(30);
    place.days_pass(29);
    assert_eq!(place.store.purge_users(cutoff(&place), 10).await.unwrap(), 0);
    place.days_pass(1);
    assert_eq!(place.store.purge_users(cutoff(&place), 10).await.unwrap(), 1);
    assert_eq!(place.store.purge_users(cutoff(&place), 10).await.unwrap(), 0, "once is enough");
    let left = "SELECT COUNT(*) FROM users WHERE email LIKE '%ana%' OR (first_name = 'Ana' AND purged_at IS NOT NULL)
                OR (password_hash IS NOT NULL AND deleted_at IS NOT NULL)";
    assert_eq!(place.one(left).await, "0");
    assert_eq!(
        place.one(format!("SELECT email FROM users WHERE id = '{gone}'")).await,
        format!("deleted-{gone}")
    );
    assert_eq!(place.one("SELECT email FROM users WHERE deleted_at IS NULL").await, "rui@example.com");
    assert_eq!(place.one("SELECT group_concat(id) FROM rag_queries").await, "q2", "questions were theirs");
    for table in ["messages", "conversation_notes"] {
        let all = place.one(format!("SELECT group_concat(id) FROM {table}")).await;
        assert_eq!(all, "q1,q2", "the business's correspondence stays");
        let named =
            place.one(format!("SELECT group_concat(id) FROM {table} WHERE user_id IS NOT NULL")).await;
        assert_eq!(named, "q2", "without a name");
    }
    assert_eq!(place.one("SELECT group_concat(id) FROM audit_log WHERE address IS NOT NULL").await, "q2");
    let open = place.one("SELECT group_concat(id) FROM invitations WHERE email IS NOT NULL").await;
    assert_eq!(open, "i2", "an open invitation is not opened to anybody");
}

#[tokio::test]
async fn a_deleted_organization_goes_with_everything_and_leaves_the_others() {
    let place = Place::new().await;
    let other = place.organization("other").await;
    for name in ["a.txt", "b.txt", "c.txt"] {
        place.processed(other, name, name).await;
    }
    let mine = place.processed(place.organization, "a.txt", "a.txt").await;
    ask(&place, other, "theirs").await;
    ask(&place, place.organization, "mine").await;
    say(&place, "theirs", None).await;
    for table in ["contacts", "contact_identifiers", "conversations", "messages", "conversation_notes"] {
        place.run(format!("UPDATE {table} SET organization_id = '{other}'")).await;
    }
    say(&place, "mine", None).await;
    assert!(place.store.deleted_organizations().await.unwrap().is_empty());
    let now = place.clock.timestamp();
    place.run(format!("UPDATE organizations SET deleted_at = '{now}' WHERE id = '{other}'")).await;
    assert!(place.store.retention_rules().await.unwrap().iter().all(|(id, _)| *id != other));

    assert_eq!(place.store.deleted_organizations().await.unwrap(), [other]);
    let mut removed = Expired::default();
    loop {
        let step = place.store.purge_organization(other, 2, tidy_job()).await.unwrap();
        removed.add(step.removed);
        if step.done {
            break;
        }
    }
    assert_eq!((removed.documents, removed.chunks, removed.queries), (3, 3, 1));
    assert_eq!((removed.messages, removed.notes, removed.conversations, removed.contacts), (1, 1, 1, 1));
    assert_eq!(place.one("SELECT group_concat(id) FROM messages").await, "mine");
    assert_eq!(place.one("SELECT COUNT(*) FROM organizations").await, "1");
    assert_eq!(place.found(place.organization, mine.id).await, ["text of a.txt"]);
    assert!(place.store.content_is_used("a.txt").await.unwrap(), "the same bytes, elsewhere");
    assert!(!place.store.content_is_used("b.txt").await.unwrap());
    assert_eq!(place.one("SELECT id FROM rag_queries").await, "mine");
    let alive = place.store.purge_organization(place.organization, 2, tidy_job()).await.unwrap();
    assert_eq!(alive, Purged { done: true, ..Purged::default() }, "one that was not deleted is not touched");
    assert_eq!(place.one("SELECT COUNT(*) FROM organizations").await, "1");
}
