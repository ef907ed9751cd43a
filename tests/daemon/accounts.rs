//! Registering, logging in, tokens, keys, and other members, over the wire.

use reqwest::Method;
use serde_json::json;

use crate::app::{PASSWORD, TestApp, login};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_to_register_owns_the_business_and_then_it_is_closed() {
    let app = TestApp::start().await;
    let body = json!({
        "email": "Dona@Example.com", "password": PASSWORD, "firstName": "Ana", "lastName": "Silva",
        "organizationName": "Padaria São João"
    });
    let answer = app.post_open("/auth/register", body).await.expect(201);
    assert_eq!(answer["user"]["email"], "dona@example.com");
    assert_eq!(answer["user"]["firstName"], "Ana");
    assert_eq!(answer["organization"]["slug"], "padaria-sao-joao");
    let owner = login(&answer);
    let me = app.get(&owner, "/users/me").await.expect(200);
    assert_eq!((me["memberRole"].as_str(), me["id"].as_str()), (Some("owner"), Some(owner.user.as_str())));

    let late =
        app.post_open("/auth/register", json!({ "email": "b@example.com", "password": PASSWORD })).await;
    late.expect_problem(403, "registration_closed");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_deployment_gives_everyone_a_business_of_their_own() {
    let app = TestApp::start_with(|c| c.auth.registration = agent_core::config::RegistrationMode::Open).await;
    let first = app.register("a@example.com", json!({ "organizationName": "Loja" })).await;
    let second = app.register("b@example.com", json!({ "organizationName": "Loja" })).await;
    assert_ne!(first.organization, second.organization);
    let slug = app.get(&second, &format!("/organizations/{}", second.organization)).await.expect(200);
    assert_eq!(slug["slug"], "loja-2");
    let taken = json!({ "email": "A@example.com", "password": PASSWORD });
    app.post_open("/auth/register", taken).await.expect_problem(409, "email_taken");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_refused_alike_and_lock_the_account() {
    let app = TestApp::start().await;
    app.owner().await;
    let try_with = |email: &str, password: &str| {
        app.post_open("/auth/login", json!({ "email": email, "password": password }))
    };
    let unknown = try_with("nobody@example.com", "x").await;
    unknown.expect_problem(401, "invalid_credentials");
    for _ in 0..5 {
        let wrong = try_with("dona@example.com", "not it").await;
        assert_eq!(wrong.body["detail"], unknown.body["detail"]);
    }
    let locked = try_with("dona@example.com", PASSWORD).await;
    locked.expect_problem(429, "account_locked");
    assert!(locked.headers.contains_key("retry-after"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_login() {
    let app = TestApp::start().await;
    let first = app.owner().await;
    let refresh = |token: String| app.post_open("/auth/refresh", json!({ "refreshToken": token }));
    let second = login(&refresh(first.refresh.clone()).await.expect(200));
    assert_ne!(first.refresh, second.refresh);
    app.get(&second, "/users/me").await.expect(200);
    refresh(first.refresh.clone()).await.expect_problem(401, "token_reused");
    // The thief's, or the owner's: nobody can tell.
    refresh(second.refresh.clone()).await.expect_problem(401, "invalid_token");
    app.get(&second, "/users/me").await.expect_problem(401, "invalid_token");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refresh_token_can_live_in_a_cookie() {
    let app = TestApp::start().await;
    app.owner().await;
    let body = json!({ "email": "dona@example.com", "password": PASSWORD, "useCookie": true });
    let answer = app.post_open("/auth/login", body).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Secure"));
    assert!(answer.expect(200).get("refreshToken").is_none());
    let pair = cookie.split(';').next().unwrap();
    let request = app.request(Method::POST, "/auth/refresh").header("cookie", pair);
    let answer = app.send(request).await;
    assert!(answer.headers.contains_key("set-cookie"));
    app.get(&login(&answer.expect(200)), "/users/me").await.expect(200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_the_access_token_too() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.post(&owner, "/auth/logout", json!({})).await.expect(200);
    app.get(&owner, "/users/me").await.expect_problem(401, "invalid_token");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_tokens_are_refused() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let claims = owner.access.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"JWT"} and {"alg":"HS256","typ":"JWT","kid":"x"}
    for head in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IngifQ"]
    {
        for signature in ["", "AAAA"] {
            let forged =
                crate::app::Login { access: format!("{head}.{claims}.{signature}"), ..owner.clone() };
            app.get(&forged, "/users/me").await.expect_problem(401, "invalid_token");
        }
    }
    let none = app.send(app.request(Method::GET, "/users/me")).await;
    none.expect_problem(401, "unauthenticated");
    assert_eq!(none.headers["www-authenticate"], "Bearer");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_does_what_its_scopes_say_until_it_is_revoked() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let made =
        app.post(&owner, "/auth/api-keys", json!({ "name": "site", "scopes": ["documents:read"] })).await;
    let made = made.expect(201);
    let key = made["apiKey"].as_str().unwrap().to_owned();
    assert!(key.starts_with(&format!("org_{}_", owner.organization)), "{key}");
    let with_key = |method, path: &str| app.request(method, path).header("x-api-key", &key);
    app.send(with_key(Method::GET, "/documents")).await.expect(200);
    app.send(with_key(Method::GET, "/agents")).await.expect_problem(403, "permission_denied");
    app.send(with_key(Method::GET, "/users/me")).await.expect_problem(403, "person_required");

    let listed = app.get(&owner, "/auth/api-keys").await.expect(200);
    assert!(!listed.to_string().contains(&key), "the key is shown once only");
    let id = made["key"]["id"].as_str().unwrap();
    app.delete(&owner, &format!("/auth/api-keys/{id}")).await.expect(204);
    app.send(with_key(Method::GET, "/documents")).await.expect_problem(401, "invalid_api_key");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_what_the_role_gives_and_the_last_owner_stays() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let reader = app.member(&owner, "leitora@example.com", "member", "read_only").await;
    assert_eq!(reader.organization, owner.organization);
    app.get(&reader, "/documents").await.expect(200);
    app.post(&reader, "/agents", json!({ "name": "X" })).await.expect_problem(403, "permission_denied");

    let path = format!("/users/{}", reader.user);
    app.put(&owner, &path, json!({ "role": "agent" })).await.expect(200);
    app.post(&reader, "/agents", json!({ "name": "X" })).await.expect(201);
    app.put(&owner, &path, json!({ "isActive": false })).await.expect(200);
    app.get(&reader, "/documents").await.expect_problem(401, "invalid_token");

    let own = format!("/users/{}", owner.user);
    app.put(&owner, &own, json!({ "memberRole": "member" })).await.expect_problem(409, "last_owner");
    let users = app.get(&owner, "/users").await.expect(200);
    assert_eq!(users.as_array().unwrap().len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_joins_a_second_business_in_the_role_it_is_offered_there() {
    let app = TestApp::start_with(|config| {
        config.auth.registration = agent_core::config::RegistrationMode::Open;
    })
    .await;
    let ours = app.register("nos@example.com", json!({ "organizationName": "Nós" })).await;
    let theirs = app.register("eles@example.com", json!({ "organizationName": "Eles" })).await;
    let offer = json!({ "email": "nos@example.com", "memberRole": "member", "role": "read_only" });
    let invited = app.post(&theirs, "/users/invitations", offer).await.expect(201);
    let accept = async |who: &crate::app::Login| {
        app.post(who, "/auth/accept-invitation", json!({ "invitationToken": invited["token"] })).await
    };
    accept(&theirs).await.expect_problem(403, "invitation_mismatch");
    let joined = crate::app::login(&accept(&ours).await.expect(200));
    assert_eq!((&joined.user, &joined.organization), (&ours.user, &theirs.organization));
    accept(&ours).await.expect_problem(400, "invitation_invalid");

    // An owner at home, a reader here; the login they came with is still that of home.
    app.get(&joined, "/documents").await.expect(200);
    app.post(&joined, "/agents", json!({ "name": "X" })).await.expect_problem(403, "permission_denied");
    app.post(&ours, "/agents", json!({ "name": "X" })).await.expect(201);
    let users = app.get(&theirs, "/users").await.expect(200);
    let roles: Vec<_> = users.as_array().unwrap().iter().map(|u| u["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["admin", "read_only"]);
    // A change of the role here is one of here alone.
    let path = format!("/users/{}", ours.user);
    app.put(&theirs, &path, json!({ "role": "agent" })).await.expect(200);
    app.post(&joined, "/agents", json!({ "name": "X" })).await.expect(201);
    assert_eq!(app.get(&ours, &path).await.expect(200)["role"], "admin");
    app.put(&theirs, &path, json!({ "isActive": false })).await.expect_problem(409, "member_elsewhere");

    let again =
        json!({ "email": "nos@example.com", "password": PASSWORD, "organizationId": theirs.organization });
    let again = app.post_open("/auth/login", again).await.expect(200);
    assert_eq!(again["user"]["role"], "agent", "{again}");
    let log = app.get(&theirs, "/admin/audit-log").await.expect(200);
    assert!(log["data"].as_array().unwrap().iter().any(|line| line["action"] == "member.join"), "{log}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_that_a_member_made_go_with_the_member() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let chief = app.member(&owner, "chefe@example.com", "admin", "admin").await;
    let key = async |who| {
        let made =
            app.post(who, "/auth/api-keys", json!({ "name": "site", "scopes": ["documents:read"] })).await;
        made.expect(201)["apiKey"].as_str().unwrap().to_owned()
    };
    let (theirs, ours) = (key(&chief).await, key(&owner).await);
    let with = |key: &str| app.send(app.request(Method::GET, "/documents").header("x-api-key", key));
    with(&theirs).await.expect(200);
    app.delete(&owner, &format!("/users/{}", chief.user)).await.expect(204);
    with(&theirs).await.expect_problem(401, "invalid_api_key");
    with(&ours).await.expect(200);
    let listed = app.get(&owner, "/auth/api-keys").await.expect(200);
    let revoked = listed.as_array().unwrap().iter().filter(|key| key["revokedAt"].is_string()).count();
    assert_eq!((listed.as_array().unwrap().len(), revoked), (2, 1));
    let log = app.get(&owner, "/admin/audit-log").await.expect(200);
    let line =
        log["data"].as_array().unwrap().iter().find(|line| line["action"] == "api_key.revoke").cloned();
    assert_eq!(line.unwrap()["actorId"], json!(owner.user));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_can_change_export_and_delete_ones_own_account() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.put(&owner, "/users/me", json!({ "firstName": "Ana" })).await.expect(200);
    let refused = app.put(&owner, "/users/me", json!({ "password": "outra senha comprida" })).await;
    assert_eq!(refused.status.as_u16(), 400, "{}", refused.body);
    let change = json!({ "password": "outra senha comprida", "currentPassword": PASSWORD });
    app.put(&owner, "/users/me", change).await.expect(200);
    let old = json!({ "email": "dona@example.com", "password": PASSWORD });
    app.post_open("/auth/login", old).await.expect_problem(401, "invalid_credentials");

    let export = app.get(&owner, "/users/me/export").await.expect(200);
    assert!(export.to_string().contains("dona@example.com"));
    assert!(!export.to_string().contains("argon2"), "{export}");
    app.delete(&owner, "/users/me").await.expect(204);
    app.get(&owner, "/users/me").await.expect_problem(401, "invalid_token");
    app.stop().await;
}
