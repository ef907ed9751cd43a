//! Who may call a route. Said once, where the route is declared; checked here; listed in the OpenAPI
//! document; and written to the audit log when it changed something.

use agent_core::model::{Actor, AuditEntry, OrganizationId, Permission, Principal};
use agent_core::{Error, ErrorKind};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::extract::RequestInfo;
use crate::response::Problem;
use crate::state::App;

/// Header of an API key.
pub const API_KEY: &str = "x-api-key";

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// A person who is logged in.
    Person,
    /// Whoever has the permission: a person by their role, a program by its key's scopes.
    Needs(Permission),
}

impl Access {
    /// The name the audit log uses for what the route does.
    fn action(self, method: &Method) -> &'static str {
        match self {
            Self::Needs(permission) => permission.name(),
            Self::Open | Self::Person if method == Method::DELETE => "account:delete",
            Self::Open | Self::Person => "account:update",
        }
    }

    fn resource(self) -> &'static str {
        match self {
            Self::Needs(permission) => permission.resource(),
            Self::Open | Self::Person => "account",
        }
    }
}

/// Lets through who may, with the [`Principal`] in the request.
pub async fn check(State((app, access)): State<(App, Access)>, request: Request, next: Next) -> Response {
    match admit(&app, access, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(app: &App, access: Access, mut request: Request, next: Next) -> Result<Response, Problem> {
    let principal = authenticate(app, request.headers()).await?;
    match access {
        Access::Open => {}
        Access::Person if principal.actor.user().is_some() => {}
        Access::Person => {
            let error = Error::new(ErrorKind::Forbidden, "this is for people: an API key may not do it");
            return Err(Problem(error.with_code("person_required")));
        }
        Access::Needs(permission) if principal.permissions.has(permission) => {}
        Access::Needs(permission) => {
            let error = Error::new(ErrorKind::Forbidden, format!("the permission `{permission}` is needed"));
            return Err(Problem(error.with_code("permission_denied")));
        }
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        // A question changes nothing; what was asked is kept as a query.
        && access != Access::Needs(Permission::RagQuery);
    let entry = changes.then(|| entry(access, &principal, &request));
    let organization = principal.organization_id;
    request.extensions_mut().insert(principal);
    let response = next.run(request).await;
    if let Some(entry) = entry.filter(|_| response.status().is_success()) {
        note(app, organization, entry).await;
    }
    Ok(response)
}

/// Writes a deed into the audit log. It is done: that it could not be written down must not undo it.
pub async fn note(app: &App, organization: OrganizationId, entry: AuditEntry) {
    match app.engine().for_organization(organization).await {
        Ok(engine) => {
            if let Err(error) = engine.audit(entry).await {
                tracing::error!(%error, "the audit log could not be written");
            }
        }
        Err(error) => tracing::debug!(%error, "the organization is gone: nothing to audit"),
    }
}

fn entry(access: Access, principal: &Principal, request: &Request) -> AuditEntry {
    let info = request.extensions().get::<RequestInfo>();
    let id = request.uri().path().split('/').find(|part| uuid::Uuid::try_parse(part).is_ok());
    AuditEntry {
        actor: principal.actor,
        action: access.action(request.method()),
        resource: access.resource(),
        resource_id: id.map(str::to_owned),
        details: serde_json::json!({ "method": request.method().as_str(), "path": request.uri().path() }),
        request_id: info.map(|i| i.request_id.clone()),
        address: info.map(|i| i.address.to_string()),
    }
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Principal, Problem> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|v| {
        let (scheme, token) = v.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let principal = match (text(API_KEY), bearer) {
        (Some(key), _) => app.engine().authenticate_key(key).await?,
        // Some clients only know how to send a bearer token.
        (None, Some(key)) if key.starts_with("org_") => app.engine().authenticate_key(key).await?,
        (None, Some(token)) => app.engine().authenticate_token(token).await?,
        (None, None) => {
            let message = "log in, and send the access token as `Authorization: Bearer …`, or an API key as `X-API-Key`";
            return Err(Problem(Error::new(ErrorKind::Unauthenticated, message)));
        }
    };
    if let Actor::ApiKey(key) = principal.actor {
        app.limits().check_key(key)?;
    }
    Ok(principal)
}

/// Who is calling: what [`check`] found out.
pub struct Caller(pub Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Principal>().cloned().map(Self).ok_or_else(|| {
            Problem(Error::new(ErrorKind::Internal, "a route that asks who calls is declared open"))
        })
    }
}
