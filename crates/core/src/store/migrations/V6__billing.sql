-- Who pays for which business, for what, and what was paid. Times that Stripe gives are whole seconds; where
-- they decide what comes after what they are kept as numbers.

-- What an event was about and what came of it; NULL for webhooks that are not Stripe's.
ALTER TABLE webhook_events ADD COLUMN event_type TEXT;
ALTER TABLE webhook_events ADD COLUMN event_created INTEGER;
ALTER TABLE webhook_events ADD COLUMN outcome TEXT;
ALTER TABLE webhook_events ADD COLUMN organization_id TEXT REFERENCES organizations(id) ON DELETE CASCADE;

CREATE INDEX idx_webhook_events_organization
  ON webhook_events(organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX idx_webhook_events_stripe ON webhook_events(received_at, id) WHERE source = 'stripe';

-- Whose a customer of Stripe's is. The first word counts: nothing moves a customer to another business.
CREATE TABLE stripe_customers (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  created_at TEXT NOT NULL
);

CREATE INDEX idx_stripe_customers_organization ON stripe_customers(organization_id);

CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  stripe_subscription_id TEXT NOT NULL UNIQUE,
  stripe_customer_id TEXT NOT NULL,
  -- What was told last, as JSON, when that happened (0: in no event), and when Stripe was asked for it.
  snapshot TEXT NOT NULL,
  event_created INTEGER NOT NULL DEFAULT 0,
  fetched_at INTEGER,
  -- What follows from it and from the invoices. The plan follows from the prices by the configuration.
  status TEXT NOT NULL,
  prices TEXT NOT NULL DEFAULT '[]',
  current_period_start TEXT,
  current_period_end TEXT,
  cancel_at_period_end INTEGER NOT NULL DEFAULT 0,
  cancel_at TEXT,
  canceled_at TEXT,
  past_due_since TEXT,
  -- When Stripe made it.
  started INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

CREATE INDEX idx_subscriptions_organization ON subscriptions(organization_id);

CREATE TABLE invoices (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  stripe_invoice_id TEXT NOT NULL UNIQUE,
  stripe_subscription_id TEXT,
  -- In the smallest unit of the currency.
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  invoice_pdf_url TEXT,
  hosted_invoice_url TEXT,
  attempt_count INTEGER NOT NULL DEFAULT 0,
  next_attempt_at TEXT,
  paid_at TEXT,
  -- Until when what it is for is paid by it.
  period_end INTEGER,
  -- When the account of it was given that is kept, when a payment first and last failed, and when it was paid.
  told INTEGER NOT NULL DEFAULT 0,
  first_failed INTEGER,
  last_failed INTEGER,
  paid INTEGER,
  -- When Stripe made it.
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

CREATE INDEX idx_invoices_latest ON invoices(organization_id, created_at DESC, id DESC);
CREATE INDEX idx_invoices_subscription
  ON invoices(stripe_subscription_id) WHERE stripe_subscription_id IS NOT NULL;

-- What Stripe was asked to do and nobody knows whether it did: asked again under the same id it is done once.
CREATE TABLE billing_operations (
  organization_id TEXT NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  -- A hash of what was asked.
  fingerprint TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (organization_id, kind, fingerprint)
);

-- Whether it was counted as an answered message of its month, together with what it belongs to.
ALTER TABLE messages ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
