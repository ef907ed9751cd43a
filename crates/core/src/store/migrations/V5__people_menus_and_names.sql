-- Finding what is a person's, to hand it over and to forget it.

-- Lists of contacts, newest first: ids are in the order of their making.
CREATE INDEX idx_contacts_organization ON contacts(organization_id, id);
-- What somebody of the business wrote.
CREATE INDEX idx_messages_user ON messages(user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_conversation_notes_user ON conversation_notes(user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idx_conversation_notes_created ON conversation_notes(organization_id, created_at);

-- What an agent offers customers to choose from, as JSON.
ALTER TABLE agents ADD COLUMN menu TEXT;

-- The role somebody has in this organization, if it is not the one they have everywhere: who accepted an
-- invitation with an account they had.
ALTER TABLE user_organizations ADD COLUMN user_role TEXT;
