-- What Stripe tells of a subscription beside its status: a pause of collection, as JSON, and the trial's end.
ALTER TABLE subscriptions ADD COLUMN pause_collection TEXT NOT NULL DEFAULT 'null';
ALTER TABLE subscriptions ADD COLUMN trial_end TEXT;

-- Whom an event was about that nobody knew when it came: it is taken up when its customer becomes known.
ALTER TABLE webhook_events ADD COLUMN stripe_customer_id TEXT;
ALTER TABLE webhook_events ADD COLUMN stripe_subscription_id TEXT;

CREATE INDEX idx_webhook_events_unclaimed_customer
  ON webhook_events(stripe_customer_id) WHERE outcome = 'nobody';
CREATE INDEX idx_webhook_events_unclaimed_subscription
  ON webhook_events(stripe_subscription_id) WHERE outcome = 'nobody';

UPDATE webhook_events SET stripe_customer_id =
  CASE json_type(CAST(payload AS TEXT), '$.data.object.customer')
    WHEN 'text' THEN json_extract(CAST(payload AS TEXT), '$.data.object.customer')
    WHEN 'object' THEN json_extract(CAST(payload AS TEXT), '$.data.object.customer.id')
  END
WHERE source = 'stripe' AND outcome = 'nobody' AND json_valid(CAST(payload AS TEXT));
