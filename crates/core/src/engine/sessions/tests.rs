//! Accounts as a caller sees them: real store, a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeZone, Utc};

use crate::clock::ManualClock;
use crate::config::{Config, RegistrationMode};
use crate::engine::{Engine, Session};
use crate::error::{Error, ErrorKind};
use crate::model::{
    Actor, MemberPatch, MemberRole, NewAgent, NewApiKey, NewInvitation, OrganizationPatch, Permission,
    Permissions, Principal, ProfilePatch, Registration, UserRole,
};

const PASSWORD: &str = "uma senha longa";
const MINUTE: Duration = Duration::from_mins(1);

struct Place {
    engine: Engine,
    clock: Arc<ManualClock>,
    _dir: tempfile::TempDir,
}

/// A fresh deployment; passwords are cheap, for tests are not attacked.
async fn place(configure: impl FnOnce(&mut Config)) -> Place {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.paths.data_dir = dir.path().join("data");
    config.auth.argon2.memory_kib = 64;
    config.auth.argon2.iterations = 1;
    configure(&mut config);
    let clock = Arc::new(ManualClock::at(Utc.with_ymd_and_hms(2026, 11, 22, 21, 0, 0).unwrap()));
    let (engine, _) = Engine::init_with(config, Some("Padaria"), Arc::clone(&clock) as _).await.unwrap();
    Place { engine, clock, _dir: dir }
}

fn open(config: &mut Config) {
    config.auth.registration = RegistrationMode::Open;
}

fn person(email: &str) -> Registration {
    Registration { email: email.into(), password: PASSWORD.into(), ..Registration::default() }
}

fn invited(email: &str, token: &str) -> Registration {
    Registration { invitation_token: Some(token.into()), ..person(email) }
}

fn offer(member_role: MemberRole, user_role: UserRole) -> NewInvitation {
    NewInvitation { email: None, member_role, user_role }
}

async fn principal(engine: &Engine, session: &Session) -> Principal {
    engine.authenticate_token(&session.access_token).await.unwrap()
}

/// Somebody who was invited and joined.
async fn joined(
    place: &Place,
    by: &Principal,
    email: &str,
    member: MemberRole,
    user: UserRole,
) -> (Session, Principal) {
    let (_, token) = place.engine.invite(by, offer(member, user)).await.unwrap();
    let session = place.engine.register(invited(email, &token)).await.unwrap();
    let principal = principal(&place.engine, &session).await;
    (session, principal)
}

fn code<T>(outcome: Result<T, Error>) -> (ErrorKind, &'static str) {
    match outcome {
        Ok(_) => panic!("it went well"),
        Err(error) => (error.kind(), error.code().unwrap_or("")),
    }
}

#[tokio::test]
async fn the_first_account_owns_the_deployment_and_then_the_door_is_closed() {
    let place = place(|_| {}).await;
    assert!(!place.engine.has_users().await.unwrap());
    let asked = Registration {
        first_name: Some("Ana".into()),
        organization_name: Some("Pão & Cia".into()),
        ..person(" Ana@Padaria.example ")
    };
    let session = place.engine.register(asked).await.unwrap();
    assert!(place.engine.has_users().await.unwrap());
    assert_eq!(session.organization.id, place.engine.organization().id);
    assert_eq!(
        (session.organization.name.as_str(), session.organization.slug.as_str()),
        ("Pão & Cia", "pao-cia")
    );
    assert_eq!(
        (session.user.email.as_str(), session.member_role),
        ("ana@padaria.example", MemberRole::Owner)
    );
    let owner = principal(&place.engine, &session).await;
    assert_eq!((owner.role, owner.permissions), ("owner", Permissions::all()));

    let second = place.engine.register(person("bia@padaria.example")).await;
    assert_eq!(code(second), (ErrorKind::Forbidden, "registration_closed"));
}

#[tokio::test]
async fn an_open_deployment_gives_each_newcomer_an_organization_with_an_agent() {
    let place = place(open).await;
    place.engine.register(person("ana@a.example")).await.unwrap();
    let named = |email| Registration { organization_name: Some("Padaria".into()), ..person(email) };
    let second = place.engine.register(named("bia@b.example")).await.unwrap();
    let third = place.engine.register(named("caio@c.example")).await.unwrap();
    assert_eq!(
        (second.organization.slug.as_str(), third.organization.slug.as_str()),
        ("padaria-2", "padaria-3")
    );
    let theirs = place.engine.for_organization(third.organization.id).await.unwrap();
    let agents = theirs.agents().await.unwrap();
    assert_eq!((agents.len(), agents[0].is_default), (1, true));
    assert_eq!(theirs.members().await.unwrap().len(), 1);

    let again = place.engine.register(named("BIA@b.example")).await;
    assert_eq!(code(again), (ErrorKind::Conflict, "email_taken"));
}

#[tokio::test]
async fn wrong_address_and_wrong_password_look_the_same() {
    let place = place(|_| {}).await;
    place.engine.register(person("ana@a.example")).await.unwrap();
    let wrong = place.engine.login("ana@a.example", "outra senha longa", None).await.unwrap_err();
    let unknown = place.engine.login("bia@a.example", PASSWORD, None).await.unwrap_err();
    assert_eq!((wrong.kind(), wrong.code()), (ErrorKind::Unauthenticated, Some("invalid_credentials")));
    assert_eq!((wrong.code(), wrong.to_string()), (unknown.code(), unknown.to_string()));
    let session = place.engine.login("ANA@a.example", PASSWORD, None).await.unwrap();
    assert_eq!(session.user.last_login_at.as_deref(), Some("2026-11-22T21:00:00.000Z"));
}

#[tokio::test]
async fn too_many_wrong_passwords_lock_an_account_for_a_while_whether_it_is_there_or_not() {
    let place = place(|_| {}).await;
    place.engine.register(person("ana@a.example")).await.unwrap();
    for email in ["ana@a.example", "nobody@a.example"] {
        for _ in 0..5 {
            let wrong = place.engine.login(email, "outra senha longa", None).await;
            assert_eq!(code(wrong), (ErrorKind::Unauthenticated, "invalid_credentials"), "{email}");
        }
        let locked = place.engine.login(email, PASSWORD, None).await.unwrap_err();
        assert_eq!((locked.kind(), locked.code()), (ErrorKind::TooManyRequests, Some("account_locked")));
        assert_eq!(locked.retry_after(), Some(15 * MINUTE), "{email}");
    }
    place.clock.advance(15 * MINUTE);
    place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
    // The count began anew.
    for _ in 0..4 {
        place.engine.login("ana@a.example", "outra senha longa", None).await.unwrap_err();
    }
    place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_login() {
    let place = place(|_| {}).await;
    let first = place.engine.register(person("ana@a.example")).await.unwrap();
    let other = place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
    let second = place.engine.refresh(&first.refresh_token).await.unwrap();
    principal(&place.engine, &second).await;

    let reused = place.engine.refresh(&first.refresh_token).await;
    assert_eq!(code(reused), (ErrorKind::Unauthenticated, "token_reused"));
    let invalid = (ErrorKind::Unauthenticated, "invalid_token");
    assert_eq!(code(place.engine.refresh(&second.refresh_token).await), invalid);
    assert_eq!(code(place.engine.authenticate_token(&second.access_token).await), invalid);
    assert_eq!(code(place.engine.authenticate_token(&first.access_token).await), invalid);
    assert_eq!(code(place.engine.refresh("nonsense").await), invalid);
    principal(&place.engine, &other).await;
    place.engine.refresh(&other.refresh_token).await.unwrap();

    let (entries, total) = place.engine.audit_log(1, 10).await.unwrap();
    assert_eq!((total, entries[0].action.as_str()), (1, "session.reuse_detected"));
    assert_eq!(entries[0].actor_id, Some(first.user.id.to_string()));
}

#[tokio::test]
async fn tokens_expire_and_a_logout_ends_them_at_once() {
    let place = place(|_| {}).await;
    let session = place.engine.register(person("ana@a.example")).await.unwrap();
    place.clock.advance(15 * MINUTE);
    let expired = place.engine.authenticate_token(&session.access_token).await;
    assert_eq!(code(expired), (ErrorKind::Unauthenticated, "token_expired"));
    let session = place.engine.refresh(&session.refresh_token).await.unwrap();
    let who = principal(&place.engine, &session).await;
    place.engine.logout(&who).await.unwrap();
    let ended = place.engine.authenticate_token(&session.access_token).await;
    assert_eq!(code(ended), (ErrorKind::Unauthenticated, "invalid_token"));
    let ended = place.engine.refresh(&session.refresh_token).await;
    assert_eq!(code(ended), (ErrorKind::Unauthenticated, "invalid_token"));

    let session = place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
    place.clock.advance(7 * 24 * 60 * MINUTE);
    let expired = place.engine.refresh(&session.refresh_token).await;
    assert_eq!(code(expired), (ErrorKind::Unauthenticated, "invalid_token"));
}

#[tokio::test]
async fn a_rotated_key_verifies_until_its_tokens_expired_in_every_process() {
    let place = place(|_| {}).await;
    let session = place.engine.register(person("ana@a.example")).await.unwrap();
    let config = place.engine.config().clone();
    let other = Engine::open_with(config, Arc::clone(&place.clock) as _).await.unwrap();
    principal(&other, &session).await;

    place.clock.advance(MINUTE);
    let kid = place.engine.rotate_signing_key().await.unwrap();
    principal(&place.engine, &session).await;
    let after = place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
    let header = after.access_token.split('.').next().unwrap();
    let header: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!(header["kid"], kid);
    principal(&other, &after).await;
    principal(&other, &session).await;
}

#[tokio::test]
async fn an_invitation_is_good_once_for_whom_it_names_and_for_a_week() {
    let place = place(|_| {}).await;
    let owner = place.engine.register(person("ana@a.example")).await.unwrap();
    let owner = principal(&place.engine, &owner).await;
    let for_bia = NewInvitation {
        email: Some("Bia@a.example".into()),
        ..offer(MemberRole::Member, UserRole::ReadOnly)
    };
    let (listed, token) = place.engine.invite(&owner, for_bia.clone()).await.unwrap();
    assert_eq!(listed.email.as_deref(), Some("bia@a.example"));
    let other = place.engine.register(invited("caio@a.example", &token)).await;
    assert_eq!(code(other), (ErrorKind::Forbidden, "invitation_mismatch"));
    let bia = place.engine.register(invited("bia@a.example", &token)).await.unwrap();
    assert_eq!(bia.organization.id, place.engine.organization().id);
    assert_eq!(principal(&place.engine, &bia).await.role, "read_only");
    assert!(place.engine.invitations().await.unwrap()[0].accepted_at.is_some());

    let invalid = (ErrorKind::InvalidInput, "invitation_invalid");
    assert_eq!(code(place.engine.register(invited("caio@a.example", &token)).await), invalid);
    assert_eq!(code(place.engine.invite(&owner, for_bia).await), (ErrorKind::Conflict, "already_member"));
    let (revoked, token) =
        place.engine.invite(&owner, offer(MemberRole::Member, UserRole::Agent)).await.unwrap();
    place.engine.revoke_invitation(revoked.id).await.unwrap();
    assert_eq!(code(place.engine.register(invited("caio@a.example", &token)).await), invalid);
    let (_, token) = place.engine.invite(&owner, offer(MemberRole::Member, UserRole::Agent)).await.unwrap();
    place.clock.advance(7 * 24 * 60 * MINUTE);
    assert_eq!(code(place.engine.register(invited("caio@a.example", &token)).await), invalid);
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_until_it_expires_or_is_revoked() {
    let place = place(|_| {}).await;
    let owner = place.engine.register(person("ana@a.example")).await.unwrap();
    let owner = principal(&place.engine, &owner).await;
    let new = NewApiKey {
        name: "site".into(),
        scopes: Some(vec![Permission::RagQuery]),
        expires_at: Some("2026-11-22T19:00:00-03:00".into()),
    };
    let (listed, key) = place.engine.create_api_key(&owner, new).await.unwrap();
    assert_eq!(listed.expires_at.as_deref(), Some("2026-11-22T22:00:00.000Z"));
    assert!(key.starts_with(&format!("org_{}_", owner.organization_id)) && key.ends_with(&listed.hint));
    let who = place.engine.authenticate_key(&key).await.unwrap();
    assert_eq!((who.role, who.actor), ("api_key", Actor::ApiKey(listed.id)));
    assert_eq!(who.permissions, [Permission::RagQuery].into_iter().collect());

    let invalid = (ErrorKind::Unauthenticated, "invalid_api_key");
    let mut forged = key.clone();
    forged.replace_range(
        key.len() - 10..key.len() - 9,
        if key.as_bytes()[key.len() - 10] == b'a' { "b" } else { "a" },
    );
    assert_eq!(code(place.engine.authenticate_key(&forged).await), invalid);
    place.clock.advance(Duration::from_secs(3599));
    place.engine.authenticate_key(&key).await.unwrap();
    place.clock.advance(Duration::from_secs(1));
    assert_eq!(code(place.engine.authenticate_key(&key).await), invalid, "cached, and expired all the same");

    let usual = NewApiKey { name: "painel".into(), ..NewApiKey::default() };
    let (usual, key) = place.engine.create_api_key(&owner, usual).await.unwrap();
    assert_eq!(usual.scopes.len(), NewApiKey::DEFAULT_SCOPES.len());
    place.engine.authenticate_key(&key).await.unwrap();
    place.engine.revoke_api_key(usual.id).await.unwrap();
    assert_eq!(code(place.engine.authenticate_key(&key).await), invalid, "cached, and revoked all the same");
    assert!(place.engine.api_keys().await.unwrap()[0].revoked_at.is_some());
}

#[tokio::test]
async fn a_key_may_do_no_more_than_who_makes_it() {
    let place = place(|_| {}).await;
    let owner = place.engine.register(person("ana@a.example")).await.unwrap();
    let owner = principal(&place.engine, &owner).await;
    let (_, admin) = joined(&place, &owner, "bia@a.example", MemberRole::Admin, UserRole::Agent).await;
    let with = |scopes: &[Permission]| NewApiKey {
        name: "chave".into(),
        scopes: Some(scopes.to_vec()),
        ..NewApiKey::default()
    };
    let beyond = with(&[Permission::RagQuery, Permission::OrganizationDelete]);
    let outcome = place.engine.create_api_key(&admin, beyond.clone()).await;
    assert_eq!(code(outcome), (ErrorKind::Forbidden, "scope_exceeds_own"));
    place.engine.create_api_key(&owner, beyond).await.unwrap();
    let none = place.engine.create_api_key(&owner, with(&[])).await;
    assert_eq!(code(none), (ErrorKind::InvalidInput, "validation_failed"));
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_to_the_minute() {
    let place = place(|_| {}).await;
    let owner = place.engine.register(person("ana@a.example")).await.unwrap();
    let owner = principal(&place.engine, &owner).await;
    let new = NewApiKey { name: "site".into(), ..NewApiKey::default() };
    let (listed, key) = place.engine.create_api_key(&owner, new).await.unwrap();
    assert_eq!(listed.last_used_at, None);
    let mut noted = Vec::new();
    for seconds in [0, 30, 31] {
        place.clock.advance(Duration::from_secs(seconds));
        place.engine.authenticate_key(&key).await.unwrap();
        // Nobody waits for the note; on this one thread it is sent once others had their turn, and what
        // is written after it is committed after it.
        tokio::task::yield_now().await;
        place.engine.revoke_invitation(uuid::Uuid::nil().into()).await.unwrap_err();
        noted.push(place.engine.api_keys().await.unwrap()[0].last_used_at.clone().unwrap());
    }
    let expected = ["2026-11-22T21:00:00.000Z", "2026-11-22T21:00:00.000Z", "2026-11-22T21:01:01.000Z"];
    assert_eq!(noted, expected);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let place = place(|_| {}).await;
    let session = place.engine.register(person("ana@a.example")).await.unwrap();
    let (ana, owner) = (session.user.id, principal(&place.engine, &session).await);
    let (session, bia) = joined(&place, &owner, "bia@a.example", MemberRole::Member, UserRole::Agent).await;
    let last = (ErrorKind::Conflict, "last_owner");
    let demoted = MemberPatch { member_role: Some(MemberRole::Admin), ..MemberPatch::default() };
    let inactive = MemberPatch { is_active: Some(false), ..MemberPatch::default() };
    assert_eq!(code(place.engine.update_member(&owner, ana, demoted).await), last);
    assert_eq!(code(place.engine.update_member(&owner, ana, inactive).await), last);
    assert_eq!(code(place.engine.remove_member(&owner, ana).await), last);
    assert_eq!(code(place.engine.delete_user(ana).await), last);
    assert_eq!(principal(&place.engine, &session).await, bia, "nothing of it was done");

    let promoted = MemberPatch { member_role: Some(MemberRole::Owner), ..MemberPatch::default() };
    place.engine.update_member(&owner, session.user.id, promoted).await.unwrap();
    assert_eq!(principal(&place.engine, &session).await.role, "owner", "seen at once");
    place.engine.delete_user(ana).await.unwrap();
    let members = place.engine.members().await.unwrap();
    assert_eq!(members.iter().map(|m| m.user.id).collect::<Vec<_>>(), [session.user.id]);
    let gone = place.engine.login("ana@a.example", PASSWORD, None).await;
    assert_eq!(code(gone), (ErrorKind::Unauthenticated, "invalid_credentials"));
    // Who is alone may go.
    place.engine.delete_user(session.user.id).await.unwrap();
    let after = place.engine.register(person("eva@a.example")).await;
    assert_eq!(code(after), (ErrorKind::Forbidden, "registration_closed"), "nobody inherits a deployment");
}

#[tokio::test]
async fn nobody_rises_above_themselves() {
    let place = place(|_| {}).await;
    let session = place.engine.register(person("ana@a.example")).await.unwrap();
    let (ana, owner) = (session.user.id, principal(&place.engine, &session).await);
    let (session, admin) = joined(&place, &owner, "bia@a.example", MemberRole::Admin, UserRole::Agent).await;
    let bia = session.user.id;
    let needs_owner = (ErrorKind::Forbidden, "owner_required");
    let promoted = MemberPatch { member_role: Some(MemberRole::Owner), ..MemberPatch::default() };
    let inactive = MemberPatch { is_active: Some(false), ..MemberPatch::default() };
    assert_eq!(code(place.engine.update_member(&admin, bia, promoted).await), needs_owner);
    assert_eq!(code(place.engine.update_member(&admin, ana, inactive).await), needs_owner);
    assert_eq!(code(place.engine.remove_member(&admin, ana).await), needs_owner);
    let owners = offer(MemberRole::Owner, UserRole::Admin);
    assert_eq!(code(place.engine.invite(&admin, owners).await), needs_owner);

    let scopes = Some(vec![Permission::UsersCreate, Permission::UsersUpdate, Permission::RagQuery]);
    let new = NewApiKey { name: "rh".into(), scopes, expires_at: None };
    let (_, key) = place.engine.create_api_key(&owner, new).await.unwrap();
    let key = place.engine.authenticate_key(&key).await.unwrap();
    let exceeds = (ErrorKind::Forbidden, "role_exceeds_own");
    for (member, user) in [(MemberRole::Admin, UserRole::ReadOnly), (MemberRole::Member, UserRole::Admin)] {
        assert_eq!(code(place.engine.invite(&key, offer(member, user)).await), exceeds);
    }
    assert_eq!(code(place.engine.update_member(&key, bia, inactive).await), exceeds);

    place.engine.update_member(&owner, bia, inactive).await.unwrap();
    let off = place.engine.authenticate_token(&session.access_token).await;
    assert_eq!(code(off), (ErrorKind::Unauthenticated, "invalid_token"));
    let off = place.engine.login("bia@a.example", PASSWORD, None).await;
    assert_eq!(code(off), (ErrorKind::Unauthenticated, "invalid_credentials"));
}

#[tokio::test]
async fn another_organization_is_not_there() {
    let place = place(open).await;
    let ana = place.engine.register(person("ana@a.example")).await.unwrap();
    let owner = principal(&place.engine, &ana).await;
    let bia = place.engine.register(person("bia@b.example")).await.unwrap();
    let theirs = place.engine.for_organization(bia.organization.id).await.unwrap();
    let missing = |outcome: (ErrorKind, &'static str)| assert_eq!(outcome.0, ErrorKind::NotFound);
    missing(code(place.engine.member(bia.user.id).await));
    missing(code(place.engine.remove_member(&owner, bia.user.id).await));
    missing(code(place.engine.delete_user(bia.user.id).await));
    missing(code(theirs.invite(&owner, offer(MemberRole::Member, UserRole::Agent)).await));
    let new = NewApiKey { name: "site".into(), ..NewApiKey::default() };
    missing(code(theirs.create_api_key(&owner, new.clone()).await));
    missing(code(theirs.delete_organization(&owner, &bia.organization.slug).await));
    let (listed, key) = place.engine.create_api_key(&owner, new).await.unwrap();
    missing(code(theirs.revoke_api_key(listed.id).await));
    place.engine.authenticate_key(&key).await.unwrap();
    missing(code(place.engine.login("ana@a.example", PASSWORD, Some(bia.organization.id)).await));
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_the_other_logins() {
    let place = place(|_| {}).await;
    let first = place.engine.register(person("ana@a.example")).await.unwrap();
    let (id, who) = (first.user.id, principal(&place.engine, &first).await);
    let other = place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
    let patch = ProfilePatch {
        first_name: Some("Ana".into()),
        password: Some("uma senha nova".into()),
        keep_session: who.family,
        ..ProfilePatch::default()
    };
    let invalid = |code| (ErrorKind::InvalidInput, code);
    assert_eq!(code(place.engine.update_profile(id, patch.clone()).await), invalid("validation_failed"));
    let wrong = ProfilePatch { current_password: Some("outra senha longa".into()), ..patch.clone() };
    assert_eq!(code(place.engine.update_profile(id, wrong).await), invalid("wrong_password"));
    assert_eq!(place.engine.profile(id).await.unwrap().first_name, None);
    let right = ProfilePatch { current_password: Some(PASSWORD.into()), ..patch };
    assert_eq!(place.engine.update_profile(id, right).await.unwrap().first_name.as_deref(), Some("Ana"));

    principal(&place.engine, &first).await;
    let ended = place.engine.authenticate_token(&other.access_token).await;
    assert_eq!(code(ended), (ErrorKind::Unauthenticated, "invalid_token"));
    place.engine.login("ana@a.example", PASSWORD, None).await.unwrap_err();
    place.engine.login("ana@a.example", "uma senha nova", None).await.unwrap();
    let name_only = ProfilePatch { first_name: Some(String::new()), ..ProfilePatch::default() };
    assert_eq!(place.engine.update_profile(id, name_only).await.unwrap().first_name, None);
}

#[tokio::test]
async fn a_full_plan_takes_nothing_more() {
    let place = place(|config| config.plan.max_agents = 2).await;
    place.engine.check_agent_quota().await.unwrap();
    place.engine.create_agent(NewAgent { name: "Vendas".into(), ..NewAgent::default() }).await.unwrap();
    assert_eq!(
        code(place.engine.check_agent_quota().await),
        (ErrorKind::QuotaExceeded, "agent_limit_reached")
    );
    place.engine.check_document_quota().await.unwrap();
    place.engine.check_message_quota().await.unwrap();
    let limits = place.engine.limits().await.unwrap();
    assert_eq!((limits.max_agents, limits.max_documents, limits.max_file_mb), (Some(2), None, Some(256)));

    // What the organization bought goes before what is configured.
    let id = place.engine.organization().id;
    let bought = "UPDATE organizations SET max_agents = 0, max_documents = 1, max_monthly_messages = 3;
                  INSERT INTO usage_counters (organization_id, month, messages)
                    SELECT id, '2026-11', 3 FROM organizations;
                  INSERT INTO documents (id, organization_id, filename, path, file_type, file_size, content_hash, status,
                                         created_at, updated_at)
                    SELECT 'd', id, 'a.md', 'a.md', 'md', 1, 'h', 'failed', '', '' FROM organizations;";
    place.engine.store().run_sql(bought).await.unwrap();
    place.engine.check_agent_quota().await.unwrap();
    assert_eq!(
        code(place.engine.check_document_quota().await),
        (ErrorKind::QuotaExceeded, "document_limit_reached")
    );
    assert_eq!(
        code(place.engine.check_message_quota().await),
        (ErrorKind::QuotaExceeded, "message_limit_reached")
    );
    let details = place.engine.organization_details().await.unwrap();
    assert_eq!((details.id, details.usage.messages_this_month, details.usage.documents), (id, 3, 1));
    // A month later there is room again.
    place.clock.advance(31 * 24 * 60 * MINUTE);
    place.engine.check_message_quota().await.unwrap();
}

#[tokio::test]
async fn an_organization_is_changed_and_deleted_by_who_means_it() {
    let place = place(|_| {}).await;
    let session = place.engine.register(person("ana@a.example")).await.unwrap();
    let owner = principal(&place.engine, &session).await;
    let (_, admin) = joined(&place, &owner, "bia@a.example", MemberRole::Admin, UserRole::Agent).await;
    let new = NewApiKey { name: "site".into(), ..NewApiKey::default() };
    let (_, key) = place.engine.create_api_key(&owner, new).await.unwrap();
    place.engine.authenticate_key(&key).await.unwrap();
    let patch = OrganizationPatch {
        name: Some("Padaria Nova".into()),
        settings: Some(serde_json::json!({ "retention": { "conversationsDays": 30 } })),
    };
    let details = place.engine.update_organization(patch).await.unwrap();
    assert_eq!((details.name.as_str(), details.slug.as_str()), ("Padaria Nova", "padaria"));
    assert_eq!(details.settings.retention.conversations_days, 30);

    let not_allowed = place.engine.delete_organization(&admin, "padaria").await;
    assert_eq!(code(not_allowed), (ErrorKind::Forbidden, "permission_denied"));
    let not_meant = place.engine.delete_organization(&owner, "Padaria Nova").await;
    assert_eq!(code(not_meant), (ErrorKind::InvalidInput, "confirmation_mismatch"));
    principal(&place.engine, &session).await;
    place.engine.delete_organization(&owner, "padaria").await.unwrap();
    let gone = place.engine.authenticate_token(&session.access_token).await;
    assert_eq!(code(gone), (ErrorKind::Unauthenticated, "invalid_token"));
    let gone = place.engine.authenticate_key(&key).await;
    assert_eq!(code(gone), (ErrorKind::Unauthenticated, "invalid_api_key"));
    let gone = place.engine.login("ana@a.example", PASSWORD, None).await;
    assert_eq!(code(gone), (ErrorKind::Forbidden, "no_organization"));
}

#[tokio::test]
async fn an_owner_made_at_the_machine_can_log_in_and_is_made_once() {
    let place = place(|_| {}).await;
    let (user, made) = place.engine.create_owner("ana@a.example", PASSWORD).await.unwrap();
    assert!(made);
    let session = place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
    assert_eq!((session.user.id, session.member_role), (user.id, MemberRole::Owner));
    let (again, made) = place.engine.create_owner("ana@a.example", "outra senha longa").await.unwrap();
    assert_eq!((again.id, made), (user.id, false));
    place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
    let short = place.engine.create_owner("bia@a.example", "curta").await;
    assert_eq!(code(short), (ErrorKind::InvalidInput, "validation_failed"));
}

#[tokio::test]
async fn a_password_is_hashed_anew_when_its_cost_was_changed() {
    let place = place(|_| {}).await;
    place.engine.register(person("ana@a.example")).await.unwrap();
    let mut config = place.engine.config().clone();
    config.auth.argon2.memory_kib = 128;
    let dearer = Engine::open_with(config, Arc::clone(&place.clock) as _).await.unwrap();
    let hash = || async {
        let found = dearer.store().credentials("ana@a.example").await.unwrap().unwrap();
        found.password_hash.unwrap()
    };
    assert!(hash().await.contains("m=64,"));
    dearer.login("ana@a.example", "outra senha longa", None).await.unwrap_err();
    assert!(hash().await.contains("m=64,"));
    dearer.login("ana@a.example", PASSWORD, None).await.unwrap();
    assert!(hash().await.contains("m=128,"), "{}", hash().await);
    place.engine.login("ana@a.example", PASSWORD, None).await.unwrap();
}
