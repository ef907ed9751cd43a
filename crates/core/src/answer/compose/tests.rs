//! With a chat model that says what the test wants.

use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::answer::EXTRACTIVE;
use crate::llm::{ChatReply, Role};
use crate::model::{AgentId, ChunkId, DocumentId, Hit, Locale, OrganizationId};

/// Says the same to everybody, and remembers what it was asked.
struct Parrot {
    says: &'static str,
    calls: Option<&'static str>,
    asked: Mutex<Vec<ChatRequest>>,
}

impl Parrot {
    fn saying(says: &'static str) -> Self {
        Self { says, calls: None, asked: Mutex::default() }
    }
}

#[async_trait]
impl ChatModel for Parrot {
    fn default_model(&self) -> &'static str {
        "parrot"
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatReply> {
        self.asked.lock().unwrap().push(request.clone());
        Ok(ChatReply {
            text: self.says.to_owned(),
            call: self.calls.map(str::to_owned),
            model: "parrot".to_owned(),
            tokens_used: 110,
            prompt_tokens: 100,
            completion_tokens: 10,
            truncated: false,
        })
    }

    async fn stream(&self, request: &ChatRequest, on_piece: OnPiece<'_>) -> Result<ChatReply> {
        for piece in self.says.split_inclusive(' ') {
            on_piece(piece);
        }
        self.complete(request).await
    }
}

fn agent() -> Agent {
    Agent {
        id: AgentId(uuid::Uuid::nil()),
        organization_id: OrganizationId(uuid::Uuid::nil()),
        name: "Ana".into(),
        system_prompt: None,
        llm_model: Some("of-the-agent".into()),
        temperature: Some(0.2),
        max_tokens: None,
        locale: Locale::Portuguese,
        whatsapp_phone_number: None,
        menu: None,
        welcome: None,
        is_active: true,
        is_default: true,
        created_at: String::new(),
        updated_at: String::new(),
    }
}

fn evidence(question: &str, content: &str) -> Gated {
    let hit = Hit {
        chunk_id: ChunkId(uuid::Uuid::nil()),
        document_id: DocumentId(uuid::Uuid::nil()),
        chunk_index: 0,
        page_number: 1,
        filename: "precos.md".into(),
        path: "/precos.md".into(),
        heading: None,
        content: content.into(),
        cosine: 0.6,
        bm25: 1.0,
        coverage: 1.0,
        rank_score: 1.0,
    };
    let terms = crate::text::query_terms(question, Locale::Portuguese);
    let language = Locale::Portuguese;
    Gated::Evidence(Evidence {
        question: question.into(),
        terms,
        language,
        days: crate::text::Days::NONE,
        hits: vec![hit],
        sure: 1,
    })
}

fn writing<'a>(agent: &'a Agent, chat: &'a Parrot, history: &'a [Turn]) -> Writing<'a> {
    Writing {
        agent,
        chat: Some(chat),
        model: None,
        temperature: None,
        max_tokens: None,
        history,
        wishes: &[],
        now: "",
        quoted: None,
        deed: false,
        fallback: false,
        time_limit: None,
    }
}

#[tokio::test]
async fn a_model_may_act_instead_of_answering_if_it_was_asked_to() {
    let agent = agent();
    let wishes = [Wish::Person, Wish::Menu];
    let draft = async |calls, wishes| {
        let chat = Parrot { calls: Some(calls), ..Parrot::saying("Custa R$ 40,00 [1].") };
        let writing = Writing { wishes, ..writing(&agent, &chat, &[]) };
        let draft =
            compose(evidence("quero falar com o gerente", "O banho custa R$ 40,00."), writing, None).await;
        let offered = chat.asked.lock().unwrap()[0].tools.len();
        (draft.unwrap(), offered)
    };
    let (called, offered) = draft("call_a_person", &wishes[..]).await;
    assert_eq!((called.wish, offered), (Some(Wish::Person), 2));
    assert!(called.cited.is_empty() && !called.is_refusal());
    let (menu, _) = draft("show_the_menu", &wishes[..]).await;
    assert_eq!(menu.wish, Some(Wish::Menu));
    for (name, offered) in
        [("show_the_menu", &wishes[..1]), ("delete_everything", &wishes[..]), ("call_a_person", &[])]
    {
        let (answer, _) = draft(name, offered).await;
        assert_eq!((answer.wish, answer.text.as_str()), (None, "Custa R$ 40,00 [1]."), "{name}");
    }
}

#[tokio::test]
async fn a_refusal_names_no_model_although_one_was_asked_and_paid_for() {
    let (agent, chat) = (agent(), Parrot::saying("NO_ANSWER"));
    let asked = evidence("quanto custa a tosa?", "O banho custa R$ 40,00.");
    let draft = compose(asked, writing(&agent, &chat, &[]), None).await.unwrap();
    assert_eq!((draft.outcome, draft.model.as_str(), draft.tokens.total()), (Outcome::Refused, "none", 110));
}

#[tokio::test]
async fn a_number_that_no_excerpt_has_is_not_told() {
    let (agent, chat) = (agent(), Parrot::saying("O banho custa R$ 59,90 [1]."));
    let given = evidence("quanto custa o banho?", "O banho custa R$ 49,90.");
    let draft = compose(given, writing(&agent, &chat, &[]), None).await.unwrap();
    assert!(draft.text.contains("R$ 49,90") && !draft.text.contains("59,90"), "{}", draft.text);
    assert_eq!(draft.model, EXTRACTIVE);
    assert_eq!(draft.tokens, Tokens { prompt: 100, completion: 10 }, "it was paid for");
    assert_eq!(draft.cited.len(), 1);
}

#[tokio::test]
async fn what_was_streamed_is_corrected_in_the_draft() {
    let (agent, chat) = (agent(), Parrot::saying("Custa R$ 59,90 [1]."));
    let given = evidence("quanto custa o banho?", "O banho custa R$ 49,90.");
    let mut streamed = String::new();
    let mut on_piece = |piece: &str| streamed.push_str(piece);
    let draft = compose(given, writing(&agent, &chat, &[]), Some(&mut on_piece)).await.unwrap();
    assert_eq!(streamed, "Custa R$ 59,90 [1].");
    assert!(draft.text.contains("R$ 49,90") && !draft.text.contains("59,90"), "{}", draft.text);
}

#[tokio::test]
async fn numbers_of_the_customer_and_of_the_business_may_be_told() {
    let chat = Parrot::saying("Faz 45 dias, o prazo é de 30; fale com o 0800 123 4567 [1].");
    let agent = Agent { system_prompt: Some("SAC: 0800 123 4567.".into()), ..agent() };
    let given = evidence("posso trocar?", "Trocas em até 30 dias.");
    let history = [Turn { question: "comprei há 45 dias".into(), answer: "Certo.".into() }];
    let draft = compose(given, writing(&agent, &chat, &history), None).await.unwrap();
    assert_eq!(draft.model, "parrot", "{}", draft.text);
}

#[tokio::test]
async fn the_conversation_stands_between_instructions_and_excerpts() {
    let (agent, chat) = (agent(), Parrot::saying("Sim [1]."));
    let history = [Turn { question: "a piscina abre?".into(), answer: "Abre.".into() }];
    let given = evidence("e no domingo?", "A piscina abre no domingo.");
    let own =
        Writing { model: Some("of-the-caller"), max_tokens: Some(7), ..writing(&agent, &chat, &history) };
    compose(given, own, None).await.unwrap();
    let asked = chat.asked.lock().unwrap().pop().unwrap();
    let roles: Vec<Role> = asked.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::User]);
    assert_eq!(asked.messages[1].content, "a piscina abre?");
    assert!(
        asked.messages[3].content.contains("[1] precos.md")
            && asked.messages[3].content.contains("e no domingo?")
    );
    assert_eq!(
        (asked.model.as_deref(), asked.temperature, asked.max_tokens),
        (Some("of-the-caller"), Some(0.2), Some(7))
    );
}
