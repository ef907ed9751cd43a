//! Conversations from webhook to Graph: the real store and index, a fake Graph API on a real socket, and
//! a clock that stands still.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::{Behaviour, FakeGraph, FakeOpenAi, Gate, Refusal, Reply, SentMessage};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::config::{Config, ConfigSources};
use crate::engine::shelf;
use crate::engine::whatsapp::Refused;
use crate::ingest::Stop;
use crate::jobs::payload::SendPayload;
use crate::jobs::{Worked, queue};
use crate::model::{
    AgentPatch, Conversation, Hands, InboxEventKind, Menu, MenuRow, Message, MessageStatus, NewAgent,
};
use crate::store::{ConversationFilter, JobFilter, JobStatus, Lease, Next, Patience, Settlement, Turn};
use crate::whatsapp::signature::sign;

const NUMBER: &str = "106540352242922";
const ANA: &str = "5511987654321";
const OWNER: &str = "5511900000000";
const OTHER: &str = "5521912345678";
const RUI: &str = "5531934567890";
const SECRET: &str = "app-secret";

struct Shop {
    engine: Engine,
    clock: Arc<ManualClock>,
    graph: FakeGraph,
    _embedding: FakeOpenAi,
    _folder: tempfile::TempDir,
}

/// What a worker writes who has nothing to say.
fn turn() -> Turn {
    Turn {
        worker: "another".into(),
        lease: Duration::from_secs(30),
        max_attempts: 3,
        settled: Vec::new(),
        beating: Vec::new(),
        claims: Vec::new(),
    }
}

impl Shop {
    async fn new() -> Self {
        Self::with("").await
    }

    /// With more in the channel's section, and whatever sections follow.
    async fn with(more: &str) -> Self {
        Self::tuned("", more).await
    }

    /// The same with more in the section of WhatsApp.
    async fn tuned(whatsapp: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (graph, embedding) = (FakeGraph::start().await, FakeOpenAi::start().await);
        let file = folder.path().join("config.toml");
        // Most tests are not about who can be told.
        let watched = if more.contains("watched") { "" } else { "watched = true\n" };
        let config = format!(
            "[whatsapp]\nbase_url = \"{}\"\ntimeout_seconds = 1\naccess_token = \"EAA\"\napp_secret = \"{SECRET}\"\n\
             verify_token = \"hello\"\n{whatsapp}\n[whatsapp.channels.store]\nphone_number_id = \"{NUMBER}\"\n\
             owner = \"{OWNER}\"\n{watched}{more}\n",
            graph.base_url()
        );
        std::fs::write(&file, config).unwrap();
        let sources = ConfigSources {
            file: Some(file),
            data_dir: Some(folder.path().join("data")),
            ..ConfigSources::default()
        };
        let mut config = Config::load(&sources).unwrap();
        shelf::embed_with(&mut config, &embedding);
        let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
        let (engine, _) = Engine::init_with(config, Some("Clube"), clock.clone()).await.unwrap();
        let shop = Self { engine, clock, graph, _embedding: embedding, _folder: folder };
        shop.add("piscina.md", "A piscina aquecida abre às 6h e fecha às 22h. A entrada custa R$ 25,00.")
            .await;
        shop.add("pagamento.md", "Aceitamos pix, dinheiro e cartão de crédito em até 10 vezes.").await;
        shop
    }

    async fn add(&self, name: &str, text: &str) {
        shelf::add(&self.engine, name, text).await;
    }

    /// Meta posts something about our number.
    async fn post(&self, value: Value) {
        let mut value = value;
        value["metadata"] = json!({ "phone_number_id": NUMBER });
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }]
        });
        let body = body.to_string().into_bytes();
        let signature = sign(SECRET.as_bytes(), &body);
        self.engine.receive_webhook(None, Some(&signature), body).await.unwrap();
    }

    fn message(&self, from: &str, id: &str, rest: &Value) -> Value {
        let mut message = json!({
            "from": from, "id": id, "timestamp": self.clock.now().timestamp().to_string()
        });
        message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({ "contacts": [{ "wa_id": from, "profile": { "name": "Ana" } }], "messages": [message] })
    }

    /// Somebody writes a text.
    async fn says(&self, from: &str, id: &str, text: &str) {
        let text = json!({ "type": "text", "text": { "body": text } });
        self.post(self.message(from, id, &text)).await;
    }

    /// The Business app sends a text.
    async fn echoes(&self, to: &str, id: &str, text: &str) {
        let echo = json!({
            "from": "551133334444", "to": to, "id": id, "timestamp": self.clock.now().timestamp().to_string(),
            "type": "text", "text": { "body": text }
        });
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": "smb_message_echoes", "value": {
                "metadata": { "phone_number_id": NUMBER }, "message_echoes": [echo]
            } }] }]
        });
        let body = body.to_string().into_bytes();
        self.engine.receive_webhook(None, Some(&sign(SECRET.as_bytes(), &body)), body).await.unwrap();
    }

    /// The owner presses something below the latest message to them that has a choice with this title.
    async fn owner_presses(&self, id: &str, title: &str) {
        let sent = self.graph.sent();
        let offers =
            |m: &&SentMessage| m.addressee() == OWNER && choices(m).iter().any(|c| c["title"] == title);
        let message = sent.iter().rfind(offers).unwrap_or_else(|| panic!("no {title}: {sent:#?}"));
        let choice = choices(message).into_iter().find(|c| c["title"] == title).unwrap();
        let press = json!({
            "type": "interactive", "context": { "from": "551133334444", "id": message.id },
            "interactive": { "type": "button_reply", "button_reply": choice }
        });
        self.post(self.message(OWNER, id, &press)).await;
        self.quiet().await;
    }

    /// What was sent to somebody.
    fn sent_to(&self, whom: &str) -> Vec<String> {
        let sent = self.graph.sent();
        sent.iter().filter(|m| m.addressee() == whom).map(|m| text_of(m).to_owned()).collect()
    }

    async fn status(&self, message: &SentMessage, status: &str) {
        let status = json!({
            "id": message.id, "status": status, "timestamp": self.clock.now().timestamp().to_string(),
            "recipient_id": message.addressee(), "biz_opaque_callback_data": message.correlation()
        });
        self.post(json!({ "statuses": [status] })).await;
    }

    /// Works until nothing is due.
    async fn work(&self) -> Worked {
        self.engine.run_jobs_until_idle(&[], Duration::ZERO, Stop::default()).await.unwrap()
    }

    /// A worker takes the next job of a queue up.
    async fn claim(&self, queue: &'static str) -> Lease {
        let claims = vec![(queue, 1)];
        let turned = self.engine.store().take_turn(Turn { claims, ..turn() }).await.unwrap();
        turned.claimed[0].lease.clone()
    }

    /// The job is done.
    async fn settle(&self, lease: Lease) {
        let settled = vec![(lease, Settlement::Done)];
        self.engine.store().take_turn(Turn { settled, ..turn() }).await.unwrap();
    }

    /// The quiet after a burst, and everything that is due then.
    async fn quiet(&self) {
        self.clock.advance(Duration::from_secs(3));
        self.work().await;
    }

    fn sent(&self) -> Vec<String> {
        self.graph.sent().iter().map(|m| text_of(m).to_owned()).collect()
    }

    /// Gives the default agent a menu.
    async fn offer(&self, menu: Menu) {
        let agent = self.engine.agents().await.unwrap()[0].id;
        let patch = AgentPatch { menu: Some(Some(menu)), ..AgentPatch::default() };
        self.engine.update_agent(agent, patch).await.unwrap();
    }

    /// Taps on a row of the list that was sent last.
    async fn taps(&self, from: &str, id: &str, row: usize) {
        let last = self.graph.sent().pop().unwrap();
        let row = last.payload.pointer(&format!("/interactive/action/sections/0/rows/{row}")).unwrap();
        let choice =
            json!({ "type": "interactive", "interactive": { "type": "list_reply", "list_reply": row } });
        self.post(self.message(from, id, &choice)).await;
    }

    async fn conversation(&self) -> Conversation {
        let found = self.engine.conversations(ConversationFilter::default(), 1, 10).await.unwrap().0;
        found.into_iter().find(|c| c.contact.phone.as_deref() == Some(ANA)).unwrap()
    }

    /// Answered messages of this month.
    async fn counted(&self) -> u64 {
        self.engine.usage().await.unwrap().messages_this_month
    }

    /// Oldest first.
    async fn messages(&self) -> Vec<Message> {
        let id = self.conversation().await.id;
        let mut messages = self.engine.conversation_messages(id, None, 100).await.unwrap();
        messages.reverse();
        messages
    }
}

/// Buttons and rows of a message.
fn choices(message: &SentMessage) -> Vec<Value> {
    let action = &message.payload["interactive"]["action"];
    let buttons = action["buttons"].as_array().into_iter().flatten().map(|b| b["reply"].clone());
    let sections = action["sections"].as_array().into_iter().flatten();
    let rows = sections.flat_map(|s| s["rows"].as_array().into_iter().flatten().cloned());
    buttons.chain(rows).collect()
}

fn text_of(message: &SentMessage) -> &str {
    let interactive = message.payload.pointer("/interactive/body/text").and_then(Value::as_str);
    interactive.unwrap_or_else(|| message.text())
}

#[tokio::test]
async fn a_burst_is_answered_once_with_its_source() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "oi").await;
    shop.work().await;
    shop.clock.advance(Duration::from_secs(2));
    shop.says(ANA, "w2", "que horas abre a piscina?").await;
    shop.says(ANA, "w2", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(2));
    shop.work().await;
    assert!(shop.sent().is_empty(), "the customer is still writing");
    shop.quiet().await;
    shop.quiet().await;
    let sent = shop.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].contains("abre às 6h") && sent[0].contains("Fonte: Piscina"), "{sent:?}");
    let messages = shop.messages().await;
    assert_eq!(messages.len(), 3);
    assert!(messages[2].is_from_rag && messages[2].status == MessageStatus::Sent);
    assert_eq!(messages[2].whatsapp_message_id.as_deref(), Some(shop.graph.sent()[0].id.as_str()));
}

#[tokio::test]
async fn who_never_stops_writing_is_answered_all_the_same() {
    let shop = Shop::new().await;
    for n in 0..5 {
        shop.says(ANA, &format!("w{n}"), "que horas abre a piscina?").await;
        shop.work().await;
        shop.clock.advance(Duration::from_millis(2500));
    }
    shop.work().await;
    assert_eq!(shop.sent().len(), 1);
}

#[tokio::test]
async fn a_word_between_answer_and_sending_is_answered_together_with_the_rest() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    let only = ["whatsapp.process_message"];
    shop.engine.run_jobs_until_idle(&only, Duration::ZERO, Stop::default()).await.unwrap();
    shop.says(ANA, "w2", "e aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.work().await;
    assert!(shop.sent().is_empty(), "the first draft has not seen the second question");
    shop.quiet().await;
    let sent = shop.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].contains("pix"), "{sent:?}");
    let statuses: Vec<MessageStatus> = shop.messages().await.iter().map(|m| m.status).collect();
    assert!(statuses.contains(&MessageStatus::Cancelled));
}

#[tokio::test]
async fn whoever_watches_is_told_of_what_is_never_sent() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    let only = ["whatsapp.process_message"];
    shop.engine.run_jobs_until_idle(&only, Duration::ZERO, Stop::default()).await.unwrap();
    let draft = shop.messages().await.pop().unwrap().id;
    let mut events = shop.engine.watch_inbox();
    shop.says(ANA, "w2", "e aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.work().await;
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push((event.kind, event.message_id));
    }
    assert!(told.contains(&(InboxEventKind::Status, Some(draft))), "{told:?}");
    let message = shop.messages().await.into_iter().find(|m| m.id == draft).unwrap();
    assert_eq!(message.status, MessageStatus::Cancelled);
}

#[tokio::test]
async fn a_reply_that_was_given_up_is_sent_when_its_job_is_tried_again() {
    let shop = Shop::new().await;
    shop.graph.next_to(ANA, Behaviour::Refuse(Refusal::code(131_026)));
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert_eq!(shop.messages().await.pop().unwrap().status, MessageStatus::Failed);
    assert!(shop.sent().is_empty());
    let dead = JobFilter { status: Some(JobStatus::Dead), page: 1, ..JobFilter::default() };
    let job = shop.engine.jobs(dead).await.unwrap().0.remove(0);
    shop.engine.retry_job(job.id, None).await.unwrap();
    assert_eq!(shop.messages().await.pop().unwrap().status, MessageStatus::Queued);
    shop.work().await;
    assert_eq!(shop.sent().len(), 1);
    let sent = shop.messages().await.pop().unwrap();
    assert_eq!((sent.status, sent.error_code), (MessageStatus::Sent, None));
}

#[tokio::test]
async fn a_conversation_is_its_agents_or_else_the_default_ones() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    let default = shop.engine.agents().await.unwrap()[0].id;
    let new = NewAgent { name: "Outra".into(), ..NewAgent::default() };
    let other = shop.engine.create_agent(new).await.unwrap().id;
    let of = async |agent| {
        let filter = ConversationFilter { agent: Some(agent), ..ConversationFilter::default() };
        shop.engine.conversations(filter, 1, 10).await.unwrap().1
    };
    assert_eq!((of(default).await, of(other).await), (1, 0), "its channel names nobody");
    let patch = AgentPatch { is_default: Some(true), ..AgentPatch::default() };
    shop.engine.update_agent(other, patch).await.unwrap();
    assert_eq!((of(default).await, of(other).await), (0, 1));
}

#[tokio::test]
async fn a_person_who_takes_over_silences_the_agent_at_once() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    let only = ["whatsapp.process_message"];
    shop.engine.run_jobs_until_idle(&only, Duration::ZERO, Stop::default()).await.unwrap();
    let id = shop.conversation().await.id;
    shop.engine.write_as_person(id, "Oi Ana, aqui é o **João**.".into(), None).await.unwrap();
    shop.work().await;
    assert_eq!(shop.sent(), ["Oi Ana, aqui é o *João*."]);
    shop.says(ANA, "w2", "obrigada! e aceita pix?").await;
    shop.quiet().await;
    assert_eq!(shop.sent().len(), 1, "it is a person's conversation");
    shop.engine.hand_over(id, Hands::Bot).await.unwrap();
    shop.says(ANA, "w3", "aceitam pix ou dinheiro?").await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("pix"), "{:?}", shop.sent());
}

#[tokio::test]
async fn the_owners_own_phone_is_a_person_too() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(5));
    shop.echoes(ANA, "e1", "Abre às 6h!").await;
    shop.quiet().await;
    assert!(shop.sent().is_empty());
    assert_eq!(shop.conversation().await.state, Hands::Human);
}

#[tokio::test]
async fn asking_for_a_person_calls_one_and_the_owner_decides_by_button() {
    let shop = Shop::new().await;
    shop.says(OWNER, "o1", "aceita pix?").await;
    shop.says(ANA, "w1", "quero falar com um ATENDENTE").await;
    shop.quiet().await;
    assert_eq!(shop.conversation().await.state, Hands::Human);
    let to_owner: Vec<SentMessage> =
        shop.graph.sent().into_iter().filter(|m| m.addressee() == OWNER).collect();
    let alert = to_owner.iter().find(|m| text_of(m).contains("pediu para falar")).expect("an alert");
    assert!(text_of(alert).contains("Ana"));
    let ids = alert.payload.pointer("/interactive/action/buttons").unwrap().as_array().unwrap();
    let press = |n: usize, id: &str| {
        let choice = json!({ "type": "interactive", "interactive": {
            "type": "button_reply", "button_reply": ids[n]["reply"] } });
        shop.message(OWNER, id, &choice)
    };
    let before = shop.graph.sent().iter().filter(|m| m.addressee() == ANA).count();
    assert_eq!(before, 1, "the customer is told once");
    shop.post(press(0, "o2")).await;
    shop.quiet().await;
    shop.says(OWNER, "o3", "Oi Ana, sou o dono!").await;
    shop.quiet().await;
    let to_ana: Vec<String> =
        shop.graph.sent().iter().filter(|m| m.addressee() == ANA).map(|m| text_of(m).to_owned()).collect();
    assert_eq!(to_ana[1], "Oi Ana, sou o dono!");
    shop.post(press(2, "o4")).await;
    shop.quiet().await;
    assert_eq!(shop.conversation().await.state, Hands::Bot);
}

#[tokio::test]
async fn what_the_documents_do_not_tell_calls_a_person_in_the_end() {
    let shop = Shop::new().await;
    for n in 0..3 {
        shop.says(ANA, &format!("w{n}"), &format!("vocês vendem {} motocicletas usadas?", n + 2)).await;
        shop.quiet().await;
    }
    let sent = shop.graph.sent();
    let to_ana: Vec<&SentMessage> = sent.iter().filter(|m| m.addressee() == ANA).collect();
    assert_eq!(to_ana.len(), 3);
    let button = to_ana[0].payload.pointer("/interactive/action/buttons/0/reply/id");
    assert_eq!(button.and_then(Value::as_str), Some("person"), "a refusal comes with a way out");
    assert!(text_of(to_ana[2]).contains("Vou chamar uma pessoa"));
    assert_eq!(shop.conversation().await.state, Hands::Human);
}

#[tokio::test]
async fn silence_is_kept_until_it_is_ended() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "Parar").await;
    shop.quiet().await;
    shop.says(ANA, "w2", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert_eq!(shop.sent().len(), 1);
    assert!(shop.sent()[0].contains("não enviarei mais mensagens"));
    shop.says(ANA, "w3", "voltar").await;
    shop.quiet().await;
    shop.says(ANA, "w4", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent()[2].contains("6h"), "{:?}", shop.sent());
}

#[tokio::test]
async fn what_is_no_question_gets_a_word_or_nothing() {
    let shop = Shop::new().await;
    let picture = json!({ "type": "image", "image": { "id": "m1", "mime_type": "image/jpeg" } });
    shop.post(shop.message(ANA, "w1", &picture)).await;
    shop.quiet().await;
    assert!(shop.sent()[0].contains("escrever"));
    let caption = json!({ "type": "image", "image": { "id": "m2", "caption": "aceitam pix, dinheiro ou cartão de crédito?" } });
    shop.post(shop.message(ANA, "w2", &caption)).await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("pix"), "{:?}", shop.sent());
    let reaction = json!({ "type": "reaction", "reaction": { "message_id": "x", "emoji": "👍" } });
    shop.post(shop.message(ANA, "w3", &reaction)).await;
    let sticker = json!({ "type": "sticker", "sticker": { "id": "m3", "mime_type": "image/webp" } });
    shop.post(shop.message(ANA, "w4", &sticker)).await;
    shop.quiet().await;
    assert_eq!(shop.sent().len(), 2);
}

#[tokio::test]
async fn who_waited_long_gets_an_apology() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_hours(2));
    shop.work().await;
    assert!(shop.sent()[0].starts_with("Desculpe a demora!"), "{:?}", shop.sent());
}

#[tokio::test]
async fn a_message_of_which_nobody_knows_is_not_sent_blindly() {
    let shop = Shop::new().await;
    shop.graph.next_to(ANA, Behaviour::AcceptAndHang);
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert_eq!(shop.graph.sent().len(), 1);
    shop.clock.advance(Duration::from_secs(50));
    shop.work().await;
    assert_eq!(shop.graph.sent().len(), 1, "its news may still come");
    shop.status(&shop.graph.sent()[0], "delivered").await;
    shop.clock.advance(Duration::from_mins(5));
    shop.work().await;
    assert_eq!(shop.graph.sent().len(), 1, "the news came");
    let last = shop.messages().await.pop().unwrap();
    assert_eq!(
        (last.status, last.whatsapp_message_id.as_deref()),
        (MessageStatus::Delivered, Some(shop.graph.sent()[0].id.as_str()))
    );
}

#[tokio::test]
async fn without_news_it_is_sent_once_more_and_no_oftener() {
    let shop = Shop::new().await;
    shop.says(OWNER, "o1", "oi").await;
    shop.quiet().await;
    let told = || shop.graph.sent().iter().filter(|m| m.addressee() == OWNER).count();
    let before = told();
    shop.graph.always_to(ANA, Behaviour::Drop);
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    for _ in 0..10 {
        shop.clock.advance(Duration::from_secs(61));
        shop.work().await;
    }
    let posts = shop
        .graph
        .requests()
        .iter()
        .filter(|r| r.json()["to"] == ANA && String::from_utf8_lossy(&r.body).contains("abre às 6h"))
        .count();
    assert_eq!(posts, 2);
    assert_eq!(shop.messages().await.pop().unwrap().status, MessageStatus::Failed);
    assert_eq!(told(), before + 1, "the owner has to look after the customer");
}

#[tokio::test]
async fn too_many_messages_to_one_customer_wait_and_arrive() {
    let shop = Shop::new().await;
    shop.graph.next_to(ANA, Behaviour::Refuse(Refusal::code(131_056)));
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    assert!(shop.sent().is_empty());
    shop.clock.advance(Duration::from_secs(12));
    shop.work().await;
    assert_eq!(shop.sent().len(), 1);
}

#[tokio::test]
async fn a_bad_token_breaks_the_channel_until_it_is_mended_and_nothing_is_lost() {
    let shop = Shop::new().await;
    shop.graph.require_token("another");
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let channel = shop.engine.channels().await.unwrap().remove(0);
    assert_eq!((channel.name.as_str(), channel.status), ("store", "broken"));
    assert!(!format!("{channel:?}").contains("EAA"));
    shop.graph.require_token("EAA");
    shop.clock.advance(Duration::from_secs(61));
    shop.work().await;
    assert_eq!(shop.sent().len(), 1);
    assert_eq!(shop.engine.channels().await.unwrap()[0].status, "ok");
}

#[tokio::test]
async fn after_24_hours_nothing_is_sent_freely() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let id = shop.conversation().await.id;
    shop.clock.advance(Duration::from_hours(24));
    let error = shop.engine.write_as_person(id, "Oi!".into(), None).await.unwrap_err();
    assert_eq!(error.code(), Some("window_closed"));
}

#[tokio::test]
async fn states_only_move_forward() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let sent = shop.graph.sent().remove(0);
    for status in ["read", "delivered", "sent", "failed"] {
        shop.status(&sent, status).await;
    }
    assert_eq!(shop.messages().await.pop().unwrap().status, MessageStatus::Read);
}

#[tokio::test]
async fn only_metas_signature_lets_a_webhook_in() {
    let shop = Shop::new().await;
    let body = shop.message(ANA, "w1", &json!({ "type": "text", "text": { "body": "oi" } })).to_string();
    let unsigned = shop.engine.receive_webhook(None, None, body.clone().into_bytes()).await;
    assert!(matches!(unsigned, Err(Refused::Unsigned)));
    let forged = sign(b"guess", body.as_bytes());
    let forged = shop.engine.receive_webhook(None, Some(&forged), body.into_bytes()).await;
    assert!(matches!(forged, Err(Refused::BadSignature)));
    let none = shop.engine.receive_webhook(Some("nobody"), None, Vec::new()).await;
    assert!(matches!(none, Err(Refused::NoChannel)));
    assert!(
        shop.engine.store().webhooks_since(chrono::DateTime::UNIX_EPOCH, None, 10).await.unwrap().is_empty()
    );
}

#[tokio::test]
async fn a_webhook_is_kept_and_read_again_without_doing_anything_twice() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let again = shop.engine.replay_webhooks(chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(again, (1, 0));
    shop.quiet().await;
    assert_eq!(shop.sent().len(), 1);
}

#[tokio::test]
async fn what_was_kept_long_enough_goes_and_what_people_left_comes_back() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let id = shop.conversation().await.id;
    shop.engine.hand_over(id, Hands::Human).await.unwrap();
    let nothing = shop.engine.tidy_conversations().await.unwrap();
    assert_eq!((nothing.webhooks, nothing.given_back), (0, 0));
    shop.clock.advance(Duration::from_hours(31 * 24));
    let done = shop.engine.tidy_conversations().await.unwrap();
    assert_eq!((done.webhooks, done.given_back), (1, 1));
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    assert_eq!(shop.messages().await.len(), 2, "messages stay");
}

#[tokio::test]
async fn a_refusal_before_does_not_use_the_one_repetition_up() {
    let shop = Shop::new().await;
    shop.graph.next_to(ANA, Behaviour::Refuse(Refusal::code(131_056)));
    shop.graph.next_to(ANA, Behaviour::Drop);
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    for _ in 0..3 {
        shop.clock.advance(Duration::from_secs(61));
        shop.work().await;
    }
    assert_eq!(shop.sent().len(), 1, "refused, lost in the dark, then sent");
    assert_eq!(shop.messages().await.pop().unwrap().status, MessageStatus::Sent);
}

#[tokio::test]
async fn a_refusal_between_does_not_give_another_repetition() {
    let shop = Shop::new().await;
    for behaviour in [Behaviour::Drop, Behaviour::Refuse(Refusal::code(131_000)), Behaviour::Drop] {
        shop.graph.next_to(ANA, behaviour);
    }
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    for _ in 0..6 {
        shop.clock.advance(Duration::from_secs(61));
        shop.work().await;
    }
    assert!(shop.sent().is_empty(), "{:?}", shop.sent());
    assert_eq!(shop.messages().await.pop().unwrap().status, MessageStatus::Failed);
}

#[tokio::test]
async fn a_crash_does_not_use_the_one_repetition_up() {
    let shop = Shop::new().await;
    shop.graph.next_to(ANA, Behaviour::Drop);
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    let store = shop.engine.store();
    let job = store.waiting_jobs(queue::WHATSAPP_SEND).await.unwrap().remove(0);
    let reply = serde_json::from_str::<SendPayload>(&job.payload).unwrap().reply_id;
    let patience = Patience { news: TimeDelta::seconds(60), since: shop.clock.now() };
    // Begun again and again, and the process dies each time before anything goes out.
    for _ in 0..3 {
        shop.clock.advance(Duration::from_secs(61));
        let next = store.begin_sending(reply, patience).await.unwrap();
        assert!(matches!(next, Next::Send(_)), "{next:?}");
    }
    shop.clock.advance(Duration::from_secs(61));
    shop.work().await;
    assert_eq!(shop.sent().len(), 1);
    assert_eq!(shop.messages().await.pop().unwrap().status, MessageStatus::Sent);
}

#[tokio::test]
async fn news_has_time_to_come_after_a_start() {
    let shop = Shop::new().await;
    shop.graph.next_to(ANA, Behaviour::AcceptAndHang);
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    // Nobody was there for an hour, so nobody could be told.
    shop.clock.advance(Duration::from_hours(1));
    let store = shop.engine.store();
    let job = store.waiting_jobs(queue::WHATSAPP_SEND).await.unwrap().remove(0);
    let reply = serde_json::from_str::<SendPayload>(&job.payload).unwrap().reply_id;
    let patience = Patience { news: TimeDelta::seconds(60), since: shop.clock.now() };
    let next = store.begin_sending(reply, patience).await.unwrap();
    assert!(matches!(next, Next::Wait(until) if until == shop.clock.now() + patience.news), "{next:?}");
}

#[tokio::test]
async fn a_question_whose_workers_vanish_is_a_persons_and_the_next_one_is_answered() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    for _ in 0..11 {
        shop.claim(queue::WHATSAPP_PROCESS_MESSAGE).await;
        shop.clock.advance(Duration::from_mins(1));
    }
    shop.work().await;
    assert_eq!(shop.sent()[0], wording::failed_once(Locale::Portuguese));
    assert_eq!(shop.conversation().await.state, Hands::Bot);
    shop.says(ANA, "w2", "aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    assert!(shop.sent()[1].contains("pix"), "{:?}", shop.sent());
}

#[tokio::test]
async fn what_is_taken_back_while_an_answer_is_made_leaves_the_rest_to_be_answered() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.says(ANA, "w2", "e aceitam pix?").await;
    let id = shop.conversation().await.id;
    shop.clock.advance(Duration::from_secs(3));
    let seen = shop.engine.store().lane_state(id).await.unwrap().unwrap().seen;
    let lease = shop.claim(queue::WHATSAPP_PROCESS_MESSAGE).await;
    let taken_back = json!({ "type": "revoke", "revoke": { "original_message_id": "w2" } });
    shop.post(shop.message(ANA, "w3", &taken_back)).await;
    let now = shop.engine.store().lane_state(id).await.unwrap().unwrap().seen;
    assert_ne!(seen, now, "an answer to both would not be recorded");
    shop.settle(lease).await;
    shop.work().await;
    assert!(shop.sent().len() == 1 && shop.sent()[0].contains("6h"), "{:?}", shop.sent());
}

#[tokio::test]
async fn a_customer_with_another_number_is_answered_all_the_same() {
    let shop = Shop::new().await;
    let new_number = "5521912345678";
    shop.says(new_number, "w1", "aceitam pix?").await;
    shop.quiet().await;
    // Both have something open: a question, and an answer that waits.
    shop.graph.next_to(new_number, Behaviour::Refuse(Refusal::code(131_056)));
    shop.says(new_number, "w2", "que horas fecha a piscina?").await;
    shop.quiet().await;
    shop.says(ANA, "w3", "que horas abre a piscina?").await;
    let change = json!({
        "type": "system",
        "system": { "type": "user_changed_number", "wa_id": new_number, "body": "…" },
    });
    shop.post(shop.message(ANA, "w4", &change)).await;
    for _ in 0..3 {
        shop.clock.advance(Duration::from_secs(30));
        shop.work().await;
    }
    let sent = shop.sent();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(sent.iter().filter(|text| text.contains("6h")).count() >= 1, "{sent:?}");
    let found = shop.engine.conversations(ConversationFilter::default(), 1, 10).await.unwrap().0;
    let phones: Vec<_> = found.iter().map(|c| c.contact.phone.as_deref()).collect();
    assert_eq!(phones, [Some(new_number)], "two conversations became one");
}

#[tokio::test]
async fn what_waited_for_a_good_token_goes_as_soon_as_one_is_there() {
    let shop = Shop::new().await;
    shop.graph.require_token("another");
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.quiet().await;
    shop.graph.require_token("EAA");
    shop.says("5511912345678", "w2", "aceitam pix?").await;
    shop.quiet().await;
    assert_eq!(shop.sent().len(), 2, "{:?}", shop.sent());
}

#[tokio::test]
async fn what_a_customer_wrote_counts_once_when_its_answer_begins_to_be_sent() {
    let shop = Shop::new().await;
    shop.says(ANA, "w1", "que horas abre a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    let only = ["whatsapp.process_message"];
    shop.engine.run_jobs_until_idle(&only, Duration::ZERO, Stop::default()).await.unwrap();
    assert_eq!(shop.counted().await, 0, "a draft is not an answer yet");
    // It is thought over together with the rest.
    shop.says(ANA, "w2", "e aceitam pix, dinheiro ou cartão de crédito?").await;
    shop.quiet().await;
    assert_eq!((shop.sent().len(), shop.counted().await), (1, 1));
    // Sent at the second try.
    shop.graph.next_to(ANA, Behaviour::Refuse(Refusal::code(131_000)));
    shop.says(ANA, "w3", "que horas abre a piscina?").await;
    shop.quiet().await;
    shop.clock.advance(Duration::from_mins(5));
    shop.work().await;
    assert_eq!((shop.sent().len(), shop.counted().await), (2, 2));
    // Taken over by a person before it was sent: nobody was answered by the agent.
    shop.says(ANA, "w4", "que horas fecha a piscina?").await;
    shop.clock.advance(Duration::from_secs(3));
    shop.engine.run_jobs_until_idle(&only, Duration::ZERO, Stop::default()).await.unwrap();
    let id = shop.conversation().await.id;
    shop.engine.write_as_person(id, "Fecha às 22h.".into(), None).await.unwrap();
    shop.work().await;
    assert_eq!((shop.sent().len(), shop.counted().await), (3, 2));
}
mod courtesies;
mod day;
mod delivery;
mod echoes;
mod menus;
mod night;
mod outage;
mod phone;
mod telling;
mod troubles;
