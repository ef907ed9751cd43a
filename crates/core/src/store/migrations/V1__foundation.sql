-- The business, its agents, its documents, what was asked, the work to do, and the index in force.
-- Ids are UUIDs as text, times RFC 3339 in UTC as text, JSON as text: portable on purpose.

CREATE TABLE organizations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  subscription_tier TEXT NOT NULL DEFAULT 'free',
  subscription_status TEXT NOT NULL DEFAULT 'inactive',
  stripe_customer_id TEXT,
  stripe_subscription_id TEXT,
  max_documents INTEGER,
  max_agents INTEGER,
  max_monthly_messages INTEGER,
  settings TEXT NOT NULL DEFAULT '{}',
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  avatar_url TEXT,
  system_prompt TEXT,
  llm_model TEXT,
  temperature REAL,
  max_tokens INTEGER,
  locale TEXT NOT NULL,
  whatsapp_phone_number TEXT,
  is_active INTEGER NOT NULL DEFAULT 1,
  is_default INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (organization_id, name)
);

CREATE INDEX idx_agents_phone ON agents(whatsapp_phone_number);
CREATE UNIQUE INDEX idx_agents_default ON agents(organization_id) WHERE is_default = 1;

CREATE TABLE documents (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  agent_id TEXT REFERENCES agents(id) ON DELETE SET NULL,
  filename TEXT NOT NULL,
  path TEXT NOT NULL,
  file_type TEXT NOT NULL,
  file_size INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  status TEXT NOT NULL,
  metadata TEXT NOT NULL DEFAULT '{}',
  processing_error TEXT,
  chunk_count INTEGER NOT NULL DEFAULT 0,
  page_count INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  processed_at TEXT
);

-- One document a file and agent; a file that is ingested again is a new version of it.
CREATE UNIQUE INDEX idx_documents_path ON documents(organization_id, path, IFNULL(agent_id, ''));
CREATE INDEX idx_documents_status ON documents(organization_id, status);
CREATE INDEX idx_documents_hash ON documents(content_hash);

CREATE TABLE document_chunks (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  chunk_index INTEGER NOT NULL,
  content TEXT NOT NULL,
  heading TEXT,
  token_count INTEGER NOT NULL,
  page_number INTEGER NOT NULL,
  char_start INTEGER NOT NULL,
  char_end INTEGER NOT NULL,
  metadata TEXT NOT NULL DEFAULT '{}',
  created_at TEXT NOT NULL,
  UNIQUE (document_id, chunk_index)
);

CREATE TABLE rag_queries (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  agent_id TEXT REFERENCES agents(id) ON DELETE SET NULL,
  conversation_id TEXT,
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  sources TEXT NOT NULL,
  refused INTEGER NOT NULL,
  model TEXT NOT NULL,
  tokens_used INTEGER NOT NULL,
  processing_time_ms INTEGER NOT NULL,
  created_at TEXT NOT NULL
);

CREATE INDEX idx_queries_created ON rag_queries(organization_id, created_at);

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  queue TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  order_key TEXT,
  dedupe_key TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL,
  run_at TEXT NOT NULL,
  leased_by TEXT,
  leased_until TEXT,
  last_error TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

CREATE INDEX idx_jobs_ready ON jobs(queue, status, priority DESC, run_at);
-- At most one waiting job of a kind that needs no second.
CREATE UNIQUE INDEX idx_jobs_dedupe ON jobs(dedupe_key) WHERE dedupe_key IS NOT NULL AND status = 'available';

CREATE TABLE index_generations (
  id TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  dimension INTEGER NOT NULL,
  language TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at TEXT NOT NULL,
  activated_at TEXT
);

CREATE UNIQUE INDEX idx_generations_active ON index_generations(status) WHERE status = 'active';
