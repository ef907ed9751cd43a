//! Plain values and newtype ids: what the rest of the library passes around.
//!
//! No I/O, no logic beyond parsing and printing a value.

mod account;
mod agent;
mod alert;
mod answer;
mod billing;
mod changes;
mod chunk;
mod conversation;
mod courtesy;
mod document;
mod ids;
mod locale;
mod menu;
mod organization;
mod parse_note;
mod permission;
mod search;

pub use account::{
    Actor, ApiKey, AuditEntry, AuditRecord, Invitation, Member, MemberRole, Principal, User, UserRole,
};
pub use agent::{Agent, AgentPatch, NewAgent};
pub use alert::{AlertPath, AlertWay, LastAlert};
pub use answer::{
    Answer, Channel, DetailedSource, Feedback, FeedbackRecord, Outcome, QuerySources, Source, Turn,
};
pub use billing::{Invoice, PauseCollection, Subscription, SubscriptionStatus};
pub use changes::{MemberPatch, NewApiKey, NewInvitation, ProfilePatch, Registration};
pub use chunk::{Chunk, ChunkText};
pub use conversation::{
    Author, Contact, ContactDetails, ContactIdentifier, Conversation, ConversationStatus, Hands, InboxEvent,
    InboxEventKind, Message, MessageStatus, Note,
};
pub use courtesy::Courtesy;
pub use document::{Block, BlockKind, Document, DocumentStatus, FileType, Metadata, Page, Parsed, place};
pub use ids::{
    AgentId, ApiKeyId, ChunkId, ContactId, ConversationId, DocumentId, GenerationId, InvitationId, JobId,
    MessageId, NoteId, OrganizationId, QueryId, UserId,
};
pub use locale::Locale;
pub use menu::{Menu, MenuRow};
pub use organization::{
    Limits, OrganizationDetails, OrganizationPatch, OrganizationSettings, Retention, Usage,
};
pub use parse_note::{ParseNote, ParseNoteKind, UNSURE};
pub use permission::{Permission, Permissions, ROLES};
pub use search::{Hit, SearchMode};
