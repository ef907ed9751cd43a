//! What can be said of an agent, with its limits: once for making one and for changing one.

/// A request with an agent's fields, and what it has beside them. `$named` is how the name comes: whoever
/// makes an agent names it.
macro_rules! agent_request {
    ($(#[$doc:meta])* $request:ident { name: $named:ty, $($(#[$more_doc:meta])* $more:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(serde::Deserialize, garde::Validate, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        #[garde(allow_unvalidated)]
        pub struct $request {
            /// Name shown to people; unique within the business.
            #[garde(length(chars, min = 1, max = 255))]
            #[schema(min_length = 1, max_length = 255)]
            name: $named,
            /// Its instructions; they come after the rules of grounding, not in their place.
            #[garde(length(chars, max = 20_000))]
            #[schema(max_length = 20_000)]
            system_prompt: Option<String>,
            /// Chat model.
            #[garde(length(chars, min = 1, max = 100))]
            #[schema(min_length = 1, max_length = 100, example = "gpt-4o")]
            llm_model: Option<String>,
            /// Sampling temperature.
            #[garde(range(min = 0.0, max = 2.0))]
            #[schema(minimum = 0, maximum = 2)]
            temperature: Option<f64>,
            /// Longest answer in tokens.
            #[garde(range(min = 1, max = 4000))]
            #[schema(minimum = 1, maximum = 4000)]
            max_tokens: Option<u32>,
            /// Language of the texts that are ours.
            locale: Option<super::LocaleBody>,
            /// What it answers a greeting with; `{greeting}` stands for good morning, afternoon or evening, which otherwise
            /// goes before it. An empty one brings the built-in text back.
            #[garde(length(chars, max = 900))]
            #[schema(max_length = 900)]
            welcome: Option<String>,
            /// Business number it answers on.
            #[garde(length(chars, max = 20))]
            #[schema(max_length = 20)]
            whatsapp_phone_number: Option<String>,
            $($(#[$more_doc])* $more: $kind,)*
        }
    };
}

pub(super) use agent_request;
