//! A conversation on the owner's phone. Once they press "answer" on an alert, everything goes both ways, files
//! included, until it is given back: what the customer writes comes to the owner's own conversation with the
//! business number, quoted and named, and what the owner writes there goes to the customer.
//!
//! Several can be open at once. A message that quotes another is for the customer that one was about; otherwise it is
//! for whom the owner wrote to last, unless another customer wrote since: then they are asked, and nothing is sent
//! before they say. While nothing is open, the owner is a customer like any other.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::Engine;
use super::draft::{Case, Draft};
use super::excerpt::{for_the_customer, for_the_owner, short_name};
use super::people::{Action, answers, give_back_part, is_owners, pressed, to_whom_part};
use super::words::is_one_of;
use super::writing::WINDOW_CLOSED;
use crate::error::{ErrorKind, Result};
use crate::jobs::is_final;
use crate::jobs::payload::{alert_owner, send_reply};
use crate::model::{Author, Conversation, ConversationId, Hands, MessageId};
use crate::store::{Noted, Part, Pending};
use crate::wording::whatsapp as wording;

/// What comes of the messages of an owner that are dealt with at once.
struct OwnersWords {
    /// Whom they write to, and since when.
    to: Option<ConversationId>,
    chosen_at: Option<DateTime<Utc>>,
    /// What they are told.
    notes: Vec<Part>,
    /// Messages of which it is not clear whom they are for.
    held: Vec<MessageId>,
    /// Whether anything was meant for a customer or for us.
    any: bool,
}

impl Engine {
    /// What an owner wants by what they pressed or wrote; `None` if nothing of it is for a customer or for us.
    pub(super) async fn word_of_the_owner(&self, case: &Case<'_>) -> Result<Option<Draft>> {
        if !is_owners(case) {
            return Ok(None);
        }
        let locale = case.locale();
        let (to, chosen_at) = (case.state.relay_to, case.state.relay_chosen_at);
        let mut turn = OwnersWords { to, chosen_at, notes: Vec::new(), held: Vec::new(), any: false };
        for pending in &case.state.pending {
            match self.one_word(case, &mut turn, pending).await {
                // It would fail the same way again, and hold up whatever the owner writes next.
                Err(error) if is_final(&error) || error.code() == Some(WINDOW_CLOSED) => {
                    tracing::warn!(error = ?error, "what the owner wants cannot be done");
                    turn.any = true;
                    turn.notes.push(Part::text(match error.kind() {
                        ErrorKind::NotFound => wording::alert_gone(locale),
                        ErrorKind::Conflict => wording::not_relayed_late(locale),
                        _ => wording::not_relayed(locale),
                    }));
                }
                done => done?,
            }
        }
        if !turn.held.is_empty() {
            let open = self.open_conversations(case).await?;
            turn.notes.push(to_whom_part(locale, &open, &json!({ "held": turn.held })));
        }
        Ok(turn.any.then(|| Draft { parts: turn.notes, ..Draft::silence() }))
    }

    async fn one_word(&self, case: &Case<'_>, turn: &mut OwnersWords, pending: &Pending) -> Result<()> {
        let own = case.state.conversation.id;
        let noted = match answers(pending) {
            Some(id) => self.parts.store.noted(own, id).await?.unwrap_or_default(),
            None => Noted::default(),
        };
        if let Some((action, customer)) = pressed(pending, noted.about) {
            turn.any = true;
            return self.press(case, turn, action, customer, noted.held).await;
        }
        let gives_back = is_one_of(&pending.text, &case.config.give_back_words);
        if let Some(customer) = noted.about.or(turn.to).filter(|_| gives_back) {
            turn.any = true;
            return self.press(case, turn, Action::GiveBack, customer, Vec::new()).await;
        }
        if let Some(customer) = noted.about {
            turn.any = true;
            let conversation = self.conversation(customer).await?;
            if conversation.relayed_at.is_none() {
                // Whoever answers an alert in words wants to answer.
                self.press(case, turn, Action::Answer, customer, Vec::new()).await?;
            }
            return self.write_to(case, turn, customer, pending).await;
        }
        let Some(customer) = turn.to else {
            if !self.open_conversations(case).await?.is_empty() {
                turn.any = true;
                turn.held.push(pending.id);
            }
            return Ok(());
        };
        turn.any = true;
        let number = case.state.conversation.phone_number_id.clone();
        let since = turn.chosen_at.unwrap_or(DateTime::UNIX_EPOCH);
        if !turn.held.is_empty() || self.parts.store.another_wrote(number, customer, since).await? {
            turn.held.push(pending.id);
            return Ok(());
        }
        self.write_to(case, turn, customer, pending).await
    }

    async fn press(
        &self,
        case: &Case<'_>,
        turn: &mut OwnersWords,
        action: Action,
        customer: ConversationId,
        held: Vec<MessageId>,
    ) -> Result<()> {
        let (locale, own) = (case.locale(), case.state.conversation.id);
        let conversation = self.conversation(customer).await?;
        let who = short_name(&conversation.contact);
        match action {
            Action::Answer => {
                let since = self.parts.store.unanswered(customer).await?;
                let event = self.parts.store.begin_relay(self.organization.id, customer, own).await?;
                self.parts.whatsapp.tell(event);
                self.chosen(turn, customer);
                let word = case.config.give_back_words.first().map_or("", String::as_str);
                let text = wording::relaying(locale, &who, word);
                turn.notes.push(give_back_part(locale, &text, customer));
                for pending in since {
                    let note = json!({ "about": customer });
                    turn.notes.extend(for_the_owner(locale, &conversation.contact, &pending, &note));
                }
            }
            Action::Take => {
                self.hand_over(customer, Hands::Human).await?;
                turn.notes.push(Part::text(wording::alert_done(locale)));
            }
            Action::GiveBack => {
                self.hand_over(customer, Hands::Bot).await?;
                if turn.to == Some(customer) {
                    turn.to = None;
                }
                turn.notes.push(Part::text(wording::given_back(locale, &who)));
            }
            Action::Address => {
                for pending in self.parts.store.inbound(own, held).await? {
                    self.write_to(case, turn, customer, &pending).await?;
                }
                self.choose(case, turn, customer).await?;
            }
        }
        Ok(())
    }

    /// Passes a message of the owner on to a customer.
    async fn write_to(
        &self,
        case: &Case<'_>,
        turn: &mut OwnersWords,
        customer: ConversationId,
        pending: &Pending,
    ) -> Result<()> {
        let locale = case.locale();
        // The message's id makes it one message, however often this runs.
        let id = pending.id.0;
        if self.parts.store.reply_parts(id).await?.is_empty() {
            let parts = for_the_customer(locale, pending);
            if parts.is_empty() {
                turn.notes.push(Part::text(wording::relayed_no_file(locale)));
                return Ok(());
            }
            self.write_parts(customer, parts, Author::Human, None, id).await?;
        }
        self.choose(case, turn, customer).await?;
        // With one conversation there is nobody else it could have gone to.
        if self.open_conversations(case).await?.len() > 1 {
            let conversation = self.conversation(customer).await?;
            turn.notes.push(Part::text(wording::sent_to(locale, &short_name(&conversation.contact))));
        }
        Ok(())
    }

    async fn choose(&self, case: &Case<'_>, turn: &mut OwnersWords, customer: ConversationId) -> Result<()> {
        self.parts.store.choose_relay(case.state.conversation.id, Some(customer)).await?;
        self.chosen(turn, customer);
        Ok(())
    }

    fn chosen(&self, turn: &mut OwnersWords, customer: ConversationId) {
        turn.to = Some(customer);
        turn.chosen_at = Some(self.parts.clock.now());
    }

    async fn open_conversations(&self, case: &Case<'_>) -> Result<Vec<Conversation>> {
        self.parts.store.relayed(case.state.conversation.phone_number_id.clone()).await
    }

    /// Passes what a customer wrote on to the owner on whose phone the conversation is. An owner who cannot be
    /// written to freely any more is alerted instead.
    pub(super) async fn pass_on(&self, case: &Case<'_>) -> Result<()> {
        let conversation = &case.state.conversation;
        let relayed = conversation.state == Hands::Human && conversation.relayed_at.is_some();
        let Some(owner) = case.channel.owner.as_deref().filter(|_| relayed) else { return Ok(()) };
        let number = &conversation.phone_number_id;
        let numbers = self.whatsapp_numbers().await?;
        let Some(business) = numbers.get(number) else { return Ok(()) };
        let digits = owner.chars().filter(char::is_ascii_digit).collect();
        let owners = self.parts.store.conversation_with(*business, number.clone(), digits).await?;
        if !self.may_write_freely(&owners) {
            let alert = alert_owner(business.organization, conversation.id, "wrote");
            return self.enqueue(alert).await.map(drop);
        }
        let locale = self.owners_locale(business.organization).await?;
        let note = json!({ "about": conversation.id });
        for pending in &case.state.pending {
            let id = pending.id.0;
            if self.parts.store.reply_parts(id).await?.is_empty() {
                let parts = for_the_owner(locale, &conversation.contact, pending, &note);
                let send = send_reply(business.organization, owners.id, id);
                self.write_to_owner(owners.id, id, parts, send).await?;
            }
        }
        Ok(())
    }
}
