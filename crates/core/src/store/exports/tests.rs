//! What an export holds, and what it leaves out.

use super::*;
use crate::store::place::Place;

#[tokio::test]
async fn an_export_holds_what_is_the_persons_and_no_secret() {
    let place = Place::new().await;
    let organization = place.organization;
    let (ana, rui) = (UserId(uuid::Uuid::from_u128(1)), UserId(uuid::Uuid::from_u128(2)));
    for (id, name) in [(ana, "ana"), (rui, "rui")] {
        place
            .run(format!(
                "INSERT INTO users (id, email, password_hash, first_name, role, created_at, updated_at)
                 VALUES ('{id}', '{name}@example.com', 'secret-hash', '{name}', 'agent', '2026', '2026');
                 INSERT INTO user_organizations VALUES ('m{name}', '{id}', '{organization}', 'member', '2026', NULL);
                 INSERT INTO api_keys (id, organization_id, name, key_hash, hint, scopes, created_by, created_at)
                 VALUES ('k{name}', '{organization}', 'key of {name}', 'secret-{name}', 'wxyz', '[\"rag:query\"]', '{id}', '2026');
                 INSERT INTO refresh_tokens VALUES ('t{name}', 'f', '{id}', '{organization}', 'secret-t{name}', 'active', '2027', '2026', NULL);
                 INSERT INTO rag_queries (id, organization_id, user_id, question, answer, sources, refused, model,
                                          tokens_used, processing_time_ms, created_at)
                 VALUES ('q{name}', '{organization}', '{id}', 'question of {name}', 'a', '[{{\"chunkId\":\"c\"}}]', 0, 'm', 0, 0, '2026');
                 INSERT INTO query_feedback VALUES ('q{name}', '{organization}', -1, 'comment of {name}', '2026', '2026');
                 INSERT INTO audit_log (id, organization_id, actor_type, actor_id, action, resource, details, created_at)
                 VALUES ('a{name}', '{organization}', 'user', '{id}', 'document.delete', 'document', '{{}}', '2026')"
            ))
            .await;
    }
    place
        .run(format!(
            "INSERT INTO invitations (id, organization_id, email, member_role, user_role, token_hash, created_by, created_at, expires_at)
             VALUES ('i1', '{organization}', 'rui@example.com', 'member', 'agent', 'secret-i', '{ana}', '2026', '2027')"
        ))
        .await;

    let export = place.store.export_user(ana).await.unwrap().unwrap();
    assert_eq!(export["user"]["email"], "ana@example.com");
    assert_eq!(export["user"]["isActive"], true);
    assert_eq!(export["memberships"][0]["organizationName"], "Padaria");
    assert_eq!(export["apiKeys"][0]["scopes"], json!(["rag:query"]));
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    let query = &export["queries"][0];
    assert_eq!(
        (&query["question"], &query["comment"]),
        (&json!("question of ana"), &json!("comment of ana"))
    );
    assert_eq!((&query["rating"], &query["sources"][0]["chunkId"]), (&json!(-1), &json!("c")));
    assert_eq!(export["auditLog"][0]["action"], "document.delete");
    assert_eq!(export["invitationsMade"].as_array().unwrap().len(), 1);
    let text = export.to_string();
    assert!(!text.contains("secret"), "{text}");
    assert!(!text.contains("rui"), "somebody else's data: {text}");

    let theirs = place.store.export_user(rui).await.unwrap().unwrap();
    assert_eq!(theirs["invitationsReceived"][0]["email"], "rui@example.com");
    assert!(place.store.export_user(UserId(uuid::Uuid::nil())).await.unwrap().is_none());
}
