-- Who may do what, what was uploaded, what answering costs and is cached, and what workers need.

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  password_hash TEXT,
  first_name TEXT,
  last_name TEXT,
  role TEXT NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1,
  email_verified_at TEXT,
  last_login_at TEXT,
  failed_logins INTEGER NOT NULL DEFAULT 0,
  locked_until TEXT,
  deleted_at TEXT,
  purged_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

-- An address is free again once its account is deleted.
CREATE UNIQUE INDEX idx_users_email ON users(email) WHERE deleted_at IS NULL;
CREATE INDEX idx_users_deleted ON users(deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE user_organizations (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (user_id, organization_id)
);

CREATE INDEX idx_user_organizations_organization ON user_organizations(organization_id);

CREATE TABLE permissions (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  resource TEXT NOT NULL,
  action TEXT NOT NULL,
  description TEXT
);

CREATE TABLE role_permissions (
  role TEXT NOT NULL,
  permission_id TEXT NOT NULL REFERENCES permissions(id) ON DELETE CASCADE,
  PRIMARY KEY (role, permission_id)
);

CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  secret TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- Tokens of a retired key are good until they expire; new ones are not made with it.
  retired_at TEXT
);

CREATE TABLE refresh_tokens (
  id TEXT PRIMARY KEY,
  -- One family a login: a token that is used twice ends all of it.
  family_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  used_at TEXT
);

CREATE INDEX idx_refresh_family ON refresh_tokens(family_id);
CREATE INDEX idx_refresh_user ON refresh_tokens(user_id);
CREATE INDEX idx_refresh_expires ON refresh_tokens(expires_at);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  key_hash TEXT NOT NULL UNIQUE,
  -- The last characters, to tell keys apart.
  hint TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created_by TEXT REFERENCES users(id) ON DELETE SET NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT,
  last_used_at TEXT,
  revoked_at TEXT
);

CREATE INDEX idx_api_keys_organization ON api_keys(organization_id);

CREATE TABLE invitations (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  email TEXT,
  member_role TEXT NOT NULL,
  user_role TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  created_by TEXT REFERENCES users(id) ON DELETE SET NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  accepted_at TEXT,
  accepted_by TEXT REFERENCES users(id) ON DELETE SET NULL
);

CREATE INDEX idx_invitations_organization ON invitations(organization_id);

-- Who did what; outlives the accounts it names.
CREATE TABLE audit_log (
  id TEXT PRIMARY KEY,
  organization_id TEXT REFERENCES organizations(id) ON DELETE CASCADE,
  actor_type TEXT NOT NULL,
  actor_id TEXT,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  resource_id TEXT,
  details TEXT NOT NULL DEFAULT '{}',
  request_id TEXT,
  address TEXT,
  created_at TEXT NOT NULL
);

CREATE INDEX idx_audit_organization ON audit_log(organization_id, created_at);
CREATE INDEX idx_audit_actor ON audit_log(actor_id) WHERE actor_id IS NOT NULL;

ALTER TABLE organizations ADD COLUMN deleted_at TEXT;

-- Bytes that were uploaded and are not searchable yet; the version before goes on answering.
ALTER TABLE documents ADD COLUMN pending_hash TEXT;
ALTER TABLE documents ADD COLUMN pending_size INTEGER;
ALTER TABLE documents ADD COLUMN pending_metadata TEXT;
-- When an answer last cited it: a document nobody needs grows old.
ALTER TABLE documents ADD COLUMN last_cited_at TEXT;

CREATE INDEX idx_documents_pending ON documents(pending_hash) WHERE pending_hash IS NOT NULL;
CREATE INDEX idx_documents_created ON documents(organization_id, created_at DESC, id DESC);
CREATE INDEX idx_documents_agent ON documents(organization_id, agent_id);
CREATE INDEX idx_chunks_organization ON document_chunks(organization_id);

ALTER TABLE rag_queries ADD COLUMN user_id TEXT REFERENCES users(id) ON DELETE SET NULL;
ALTER TABLE rag_queries ADD COLUMN channel TEXT NOT NULL DEFAULT 'cli';
ALTER TABLE rag_queries ADD COLUMN prompt_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rag_queries ADD COLUMN completion_tokens INTEGER NOT NULL DEFAULT 0;
-- Millionths of a US dollar.
ALTER TABLE rag_queries ADD COLUMN cost_micros INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rag_queries ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;

-- What one person asked, for their export and for forgetting them.
CREATE INDEX idx_queries_user ON rag_queries(user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_queries_conversation ON rag_queries(organization_id, conversation_id, created_at)
  WHERE conversation_id IS NOT NULL;

CREATE TABLE query_feedback (
  query_id TEXT PRIMARY KEY REFERENCES rag_queries(id) ON DELETE CASCADE,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  -- 1: helpful, -1: not.
  rating INTEGER NOT NULL,
  comment TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

CREATE TABLE answer_cache (
  key TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  answer TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
);

CREATE INDEX idx_answer_cache_expires ON answer_cache(expires_at);

-- Answered messages of a calendar month in UTC, as `2026-11`.
CREATE TABLE usage_counters (
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  month TEXT NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, month)
);

-- Counts what may change an answer without changing the index: documents, agents, settings.
ALTER TABLE organizations ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

ALTER TABLE jobs ADD COLUMN organization_id TEXT REFERENCES organizations(id) ON DELETE CASCADE;

-- With the id: what is claimed next comes out of the index in order, however many wait.
DROP INDEX idx_jobs_ready;
CREATE INDEX idx_jobs_ready ON jobs(queue, status, priority DESC, run_at, id);

-- Jobs with one key run one after the other, oldest first.
CREATE INDEX idx_jobs_order ON jobs(order_key, created_at, id) WHERE order_key IS NOT NULL;
CREATE INDEX idx_jobs_lease ON jobs(leased_until) WHERE status = 'running';

CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  next_run_at TEXT NOT NULL,
  last_run_at TEXT
);
