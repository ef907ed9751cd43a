//! What people say that asks nothing.

/// A message in which nothing is asked, by what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Courtesy {
    /// A greeting.
    Greeting,
    /// Asks how somebody is.
    Wellbeing,
    /// Thanks.
    Thanks,
    /// A goodbye, or what ends a conversation.
    Goodbye,
    /// That something was heard: "ok", a thumb up, a laugh.
    Acknowledgement,
    /// Accepts something that was offered, or agrees.
    Yes,
    /// Announces a question that is not there yet.
    LeadIn,
    /// Asks who, or what, is answering.
    Identity,
}
