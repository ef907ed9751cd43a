//! What an agent may decide instead of answering: to call a person, or to show the menu.
//!
//! Offered to the chat model as tools without parameters. A model or service that knows no tools writes
//! text, and a call of something that was not offered is no decision.

use crate::llm::Tool;
use crate::model::{Locale, Outcome};
use crate::wording::whatsapp as wording;

/// Something done instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wish {
    /// A person is to take over.
    Person,
    /// The customer is to choose from the menu.
    Menu,
}

impl Wish {
    /// Its name among the tools.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "call_a_person",
            Self::Menu => "show_the_menu",
        }
    }

    /// The wish that a model's call is, among those it was offered.
    pub fn called(name: &str, offered: &[Self]) -> Option<Self> {
        offered.iter().copied().find(|wish| wish.name() == name)
    }

    /// It as a tool, in the language of the instructions.
    pub fn tool(self, locale: Locale) -> Tool {
        let description = match (self, locale) {
            (Self::Person, Locale::Portuguese) => {
                "Chama uma pessoa da equipe para continuar a conversa. Use somente quando o cliente pede para \
                 falar com alguém, reclama do atendimento ou precisa de algo que só uma pessoa pode decidir."
            }
            (Self::Person, Locale::English) => {
                "Calls someone from the team to go on with the conversation. Use it only when the customer asks to \
                 talk to someone, complains about the service, or needs what only a person can decide."
            }
            (Self::Person, Locale::Spanish) => {
                "Llama a una persona del equipo para seguir la conversación. Úsela solo cuando el cliente pide \
                 hablar con alguien, reclama por la atención o necesita algo que solo una persona puede decidir."
            }
            (Self::Menu, Locale::Portuguese) => {
                "Mostra ao cliente o menu de opções. Use somente quando o cliente pede as opções, ou cumprimenta sem \
                 perguntar nada."
            }
            (Self::Menu, Locale::English) => {
                "Shows the customer the menu. Use it only when the customer asks what there is to choose from, or \
                 says hello without asking anything."
            }
            (Self::Menu, Locale::Spanish) => {
                "Muestra al cliente el menú de opciones. Úsela solo cuando el cliente pide las opciones, o saluda sin \
                 preguntar nada."
            }
        };
        Tool { name: self.name(), description }
    }

    /// What becomes of a question that leads to it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Person => Outcome::Request,
            Self::Menu => Outcome::Courtesy,
        }
    }

    /// What stands for it where an answer would: in the history of the conversation.
    pub fn text(self, locale: Locale) -> &'static str {
        match self {
            Self::Person => wording::handed_over(locale),
            Self::Menu => wording::menu(locale),
        }
    }
}
