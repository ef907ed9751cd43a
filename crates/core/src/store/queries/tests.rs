//! Keeping questions, conversations, the cache, feedback and usage, on a real database.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeZone, Utc};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::model::{
    Agent, AgentPatch, ChunkId, DocumentId, Feedback, FileType, Locale, Metadata, NewAgent, Source,
};
use crate::store::{CachedAnswer, FileName, NewJob, NewVersion, Origin, Wanted};

struct House {
    store: Store,
    clock: Arc<ManualClock>,
    organization: OrganizationId,
    agent: Agent,
    _folder: tempfile::TempDir,
}

fn tidy() -> NewJob {
    NewJob::new("tidy", &()).dedupe("tidy")
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Utc.with_ymd_and_hms(2026, 11, 30, 23, 59, 0).unwrap()));
        let store = Store::open(&folder.path().join("x.sqlite3"), clock.clone()).await.unwrap();
        let (organization, _) = store.ensure_organization("Padaria").await.unwrap();
        let organization = organization.id;
        let new = NewAgent { name: "Ana".into(), ..NewAgent::default() };
        let agent = store.create_agent(organization, new, Locale::Portuguese, None).await.unwrap();
        Self { store, clock, organization, agent, _folder: folder }
    }

    /// Another business in the same database.
    async fn neighbour(&self) -> OrganizationId {
        let id = OrganizationId(self.clock.new_id());
        self.store
            .write(move |c| {
                let sql = "INSERT INTO organizations (id, name, slug, created_at, updated_at) VALUES (?1, 'B', ?1, '', '')";
                c.execute(sql, [id.to_string()])?;
                Ok(())
            })
            .await
            .unwrap();
        id
    }

    fn record(&self, question: &str, sources: Vec<Source>) -> QueryRecord {
        QueryRecord {
            organization_id: self.organization,
            agent_id: Some(self.agent.id),
            conversation_id: None,
            user_id: None,
            channel: Channel::Api,
            question: question.into(),
            prompt_tokens: 120,
            completion_tokens: 30,
            cost_micros: 600,
            cached: false,
            created_at: self.clock.timestamp(),
            answer: Answer {
                answer: format!("sobre {question}"),
                outcome: if sources.is_empty() { Outcome::Refused } else { Outcome::Answered },
                sources,
                query_id: QueryId(self.clock.new_id()),
                processing_time_ms: 40,
                model: "m".into(),
                tokens_used: 150,
                fallback: false,
                cached: false,
            },
        }
    }

    async fn document(&self) -> DocumentId {
        let id = DocumentId(self.clock.new_id());
        let version = NewVersion {
            id,
            known: false,
            origin: Origin::Source,
            organization_id: self.organization,
            agent_id: None,
            name: FileName {
                source: String::new(),
                path: format!("/{id}"),
                location: None,
                filename: "a.txt".into(),
            },
            file_type: FileType::Txt,
            file_size: 1,
            content_hash: id.to_string(),
            metadata: Metadata::new(),
            notes: Vec::new(),
            page_count: 1,
            chunks: Vec::new(),
        };
        self.store.commit_versions(vec![version], tidy()).await.unwrap();
        id
    }

    async fn revision(&self) -> i64 {
        self.meet(None, |_| None).await.0
    }

    fn wanted(&self, conversation: Option<ConversationId>) -> Wanted {
        Wanted { organization: self.organization, agent: None, conversation, turns: 6 }
    }

    /// Revision and turns, and what is cached under the key.
    async fn meet(
        &self,
        conversation: Option<ConversationId>,
        key: impl FnOnce(i64) -> Option<String> + Send + 'static,
    ) -> (i64, Vec<Turn>, Option<CachedAnswer>) {
        let met = self
            .store
            .meet(self.wanted(conversation), |met| ((met.revision, met.turns), key(met.revision)))
            .await;
        let ((revision, turns), cached) = met.unwrap().unwrap();
        (revision, turns, cached)
    }
}

fn source(document: DocumentId) -> Source {
    Source {
        document_id: document,
        document_name: "a.txt".into(),
        chunk_id: ChunkId(uuid::Uuid::nil()),
        chunk_index: 0,
        page_number: 1,
        score: 0.5,
        excerpt: "…".into(),
    }
}

#[tokio::test]
async fn a_kept_question_comes_back_as_it_was_to_its_own_business_only() {
    let house = House::new().await;
    let record = QueryRecord {
        conversation_id: Some(ConversationId(house.clock.new_id())),
        channel: Channel::Whatsapp,
        ..house.record("que horas abre?", vec![source(house.document().await)])
    };
    house.store.record_query(record.clone(), None).await.unwrap();
    let id = record.answer.query_id;
    assert_eq!(house.store.query(house.organization, id).await.unwrap().unwrap(), record);
    assert!(house.store.query(house.neighbour().await, id).await.unwrap().is_none());
}

#[tokio::test]
async fn each_answer_counts_once_in_its_month_and_marks_what_it_cites() {
    let house = House::new().await;
    let (cited, other) = (house.document().await, house.document().await);
    for _ in 0..2 {
        let record = house.record("?", vec![source(cited), source(cited)]);
        house.store.record_query(record, None).await.unwrap();
    }
    assert_eq!(house.store.usage_this_month(house.organization).await.unwrap(), 2);
    assert_eq!(house.store.usage_this_month(house.neighbour().await).await.unwrap(), 0);
    let marked = |id: DocumentId| {
        house.store.read(move |c| {
            let sql = "SELECT last_cited_at FROM documents WHERE id = ?1";
            Ok(c.query_row(sql, [id.to_string()], |row| row.get::<_, Option<String>>(0))?)
        })
    };
    assert_eq!(marked(cited).await.unwrap(), Some(house.clock.timestamp()));
    assert_eq!(marked(other).await.unwrap(), None);

    let since = house.clock.timestamp();
    assert_eq!(house.store.average_response_ms(house.organization, &since).await.unwrap(), Some(40.0));
    house.clock.advance(Duration::from_mins(2));
    assert_eq!(house.store.usage_this_month(house.organization).await.unwrap(), 0, "it is December");
    let since = house.clock.timestamp();
    assert_eq!(house.store.average_response_ms(house.organization, &since).await.unwrap(), None);
}

#[tokio::test]
async fn a_conversation_is_read_newest_first_and_only_by_its_business() {
    let house = House::new().await;
    let conversation = ConversationId(house.clock.new_id());
    for question in ["um", "dois", "três"] {
        let record =
            QueryRecord { conversation_id: Some(conversation), ..house.record(question, Vec::new()) };
        house.store.record_query(record, None).await.unwrap();
    }
    house.store.record_query(house.record("de fora", Vec::new()), None).await.unwrap();
    let (_, turns, _) = house.meet(Some(conversation), |_| None).await;
    let questions: Vec<&str> = turns.iter().map(|turn| turn.question.as_str()).collect();
    assert_eq!(questions, ["três", "dois", "um"]);
    assert_eq!(turns[0].answer, "sobre três");
    let neighbour = house.neighbour().await;
    let theirs = house.store.read(move |c| turns_of(c, neighbour, conversation)).await.unwrap();
    assert!(theirs.is_empty());
}

fn turns_of(c: &Connection, organization: OrganizationId, conversation: ConversationId) -> Result<Vec<Turn>> {
    super::turns(c, organization, conversation, 6)
}

#[tokio::test]
async fn a_cached_answer_is_found_until_it_expires() {
    let house = House::new().await;
    let record = house.record("?", vec![source(house.document().await)]);
    let expires_at = crate::clock::format_timestamp(house.clock.now() + chrono::Duration::hours(1));
    let cache = NewCachedAnswer { key: "k".into(), expires_at };
    house.store.record_query(record.clone(), Some(cache)).await.unwrap();
    let cached = |key: &'static str| house.meet(None, move |_| Some(key.to_owned()));
    let expected = CachedAnswer { answer: record.answer };
    assert_eq!(cached("k").await.2, Some(expected));
    assert_eq!(cached("another").await.2, None);
    house.clock.advance(Duration::from_hours(1));
    assert_eq!(cached("k").await.2, None);
}

#[tokio::test]
async fn every_change_of_documents_and_agents_is_another_revision() {
    let house = House::new().await;
    let (store, whose) = (&house.store, house.organization);
    let mut last = house.revision().await;
    let mut changed = |now: i64, what: &str| {
        assert!(now > last, "{what}");
        last = now;
    };
    let document = house.document().await;
    changed(house.revision().await, "a document was added");
    store.set_metadata(whose, document, Metadata::new()).await.unwrap();
    changed(house.revision().await, "its metadata changed");
    store.delete_documents(whose, vec![document], tidy()).await.unwrap();
    changed(house.revision().await, "it was deleted");
    let new = NewAgent { name: "Bia".into(), ..NewAgent::default() };
    let agent = store.create_agent(whose, new, Locale::Portuguese, None).await.unwrap();
    changed(house.revision().await, "an agent was made");
    store.update_agent(whose, agent.id, AgentPatch::default()).await.unwrap();
    changed(house.revision().await, "it changed");
    store.delete_agent(whose, agent.id).await.unwrap();
    changed(house.revision().await, "it was deleted");
    let before = house.revision().await;
    store.record_query(house.record("?", Vec::new()), None).await.unwrap();
    assert!(!store.delete_agent(whose, agent.id).await.unwrap());
    assert_eq!(house.revision().await, before, "nothing that changes an answer");
}

#[tokio::test]
async fn feedback_is_kept_once_an_answer_and_by_its_business_only() {
    let house = House::new().await;
    let record = house.record("?", Vec::new());
    house.store.record_query(record.clone(), None).await.unwrap();
    let (id, whose) = (record.answer.query_id, house.organization);
    let bad = Feedback { rating: -1, comment: Some("errado".into()) };
    let first = house.store.give_feedback(whose, id, bad).await.unwrap().unwrap();
    house.clock.advance(Duration::from_secs(5));
    let good = Feedback { rating: 1, comment: None };
    let second = house.store.give_feedback(whose, id, good.clone()).await.unwrap().unwrap();
    assert_eq!((second.rating, &second.comment, &second.created_at), (1, &None, &first.created_at));
    assert!(second.updated_at > first.updated_at);
    assert_eq!(house.store.feedback(whose, id).await.unwrap(), Some(second));
    let neighbour = house.neighbour().await;
    assert_eq!(house.store.give_feedback(neighbour, id, good.clone()).await.unwrap(), None);
    assert_eq!(house.store.feedback(neighbour, id).await.unwrap(), None);
    let unknown = QueryId(house.clock.new_id());
    assert_eq!(house.store.give_feedback(whose, unknown, good).await.unwrap(), None);
}
