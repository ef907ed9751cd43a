//! What the Graph API of a scenario has and does: the files and templates it knows, its limits, and how it
//! misbehaves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::graph::{Behaviour, FakeMedia, Graph, Refusal};
use crate::reply::Reply;
use crate::scenario::ScenarioError;

/// The `[graph]` of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GraphManner {
    /// What befalls messages of the business.
    pub trouble: Vec<Trouble>,
    /// Messages from one number to one customer; more are refused (131056).
    pub pair_limit: Option<Limit>,
    /// Messages from one number; more are refused (130429).
    pub number_limit: Option<Limit>,
    /// What the webhook hears of each message; sent, delivered, read if absent.
    pub statuses: Option<Vec<String>>,
    /// Files of customers.
    pub media: Vec<MediaFile>,
    /// Message templates, of whatever account is asked for.
    pub template: Vec<Template>,
}

/// What befalls a share of the messages of the business, each at most once: repeated, it goes through.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// 0 to 1.
    pub share: f64,
    /// What happens.
    pub what: What,
    /// Graph's code, for `refused` and `fails_later`.
    #[serde(default)]
    pub code: Option<i64>,
    /// Seconds that Graph asks to wait for (`Retry-After`), for `refused`.
    #[serde(default)]
    pub retry_after: Option<u64>,
}

/// A way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Refused with Graph's error of the code.
    Refused,
    /// Accepted; a status tells later that it failed with the code.
    FailsLater,
    /// Accepted, and the sender waits in vain.
    Hangs,
    /// Accepted, and the connection closes without an answer.
    Lost,
    /// Accepted, and a proxy answers 502.
    LostInProxy,
    /// Not accepted, and the connection closes without an answer.
    Dropped,
    /// Not accepted, and a proxy answers 502.
    DroppedByProxy,
}

/// So many in any such time.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many.
    pub messages: usize,
    /// The time, in seconds.
    pub seconds: f64,
}

/// A file that a customer sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediaFile {
    /// Its id.
    pub id: String,
    /// Its media type.
    pub mime_type: String,
    /// Where it lies, beside the scenario.
    pub file: PathBuf,
    #[serde(skip)]
    bytes: Vec<u8>,
}

/// A message template.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language, as `pt_BR`.
    pub language: String,
    /// Its text, with `{{1}}` for values.
    pub body: String,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    #[serde(default = "utility")]
    pub category: String,
    /// `APPROVED`, `PENDING`, `REJECTED` or `PAUSED`.
    #[serde(default = "approved")]
    pub status: String,
}

impl GraphManner {
    pub(crate) fn check(&self) -> Result<(), ScenarioError> {
        let refuse = |text: &str| Err(ScenarioError(text.to_owned()));
        if self.trouble.iter().any(|trouble| !(0.0..=1.0).contains(&trouble.share)) {
            return refuse("graph.trouble.share: 0 to 1");
        }
        if self.trouble.iter().map(|trouble| trouble.share).sum::<f64>() > 1.0 {
            return refuse("graph.trouble: the shares are more than 1 together");
        }
        let coded = |trouble: &Trouble| matches!(trouble.what, What::Refused | What::FailsLater);
        if self.trouble.iter().any(|trouble| coded(trouble) && trouble.code.is_none()) {
            return refuse("graph.trouble: `refused` and `fails_later` need a code, such as 131000");
        }
        let limits = [&self.pair_limit, &self.number_limit];
        let sound = |limit: &Limit| limit.messages > 0 && (0.001..=86_400.0).contains(&limit.seconds);
        if limits.into_iter().flatten().any(|limit| !sound(limit)) {
            return refuse("graph: a limit is 1 or more messages in up to 86400 seconds");
        }
        Ok(())
    }

    /// Reads the files that it names.
    pub(crate) fn load(&mut self, folder: &Path) -> Result<(), ScenarioError> {
        for media in &mut self.media {
            let path = folder.join(&media.file);
            media.bytes = std::fs::read(&path)
                .map_err(|error| ScenarioError(format!("{} cannot be read: {error}", path.display())))?;
        }
        Ok(())
    }

    /// Makes a Graph API behave so; `seed` chooses which messages meet trouble.
    pub fn apply(&self, graph: &Graph, seed: u64) {
        if let Some(Limit { messages, seconds }) = self.pair_limit {
            graph.limit_pairs(messages, Duration::from_secs_f64(seconds));
        }
        if let Some(Limit { messages, seconds }) = self.number_limit {
            graph.limit_numbers(messages, Duration::from_secs_f64(seconds));
        }
        if let Some(statuses) = &self.statuses {
            graph.set_statuses(&statuses.iter().map(String::as_str).collect::<Vec<_>>());
        }
        for media in &self.media {
            graph.add_media(&media.id, FakeMedia::new(&media.mime_type, media.bytes.clone()));
        }
        if !self.template.is_empty() {
            graph.offer_templates(self.template.iter().map(Template::listed).collect());
        }
        graph.misbehave(seed, self.trouble.iter().map(|t| (t.share, t.behaviour())).collect());
    }
}

impl Trouble {
    fn behaviour(&self) -> Behaviour {
        let page = || Reply::pieces("text/html", vec![b"<html>Bad gateway</html>".to_vec()]).with_status(502);
        let code = self.code.unwrap_or_default();
        match self.what {
            What::Refused => Behaviour::Refuse(match self.retry_after {
                Some(seconds) => Refusal::code(code).header("retry-after", &seconds.to_string()),
                None => Refusal::code(code),
            }),
            What::FailsLater => Behaviour::AcceptAndFail(code),
            What::Hangs => Behaviour::AcceptAndHang,
            What::Lost => Behaviour::AcceptAndDrop,
            What::LostInProxy => Behaviour::AcceptAndAnswer(page()),
            What::Dropped => Behaviour::Drop,
            What::DroppedByProxy => Behaviour::Answer(page()),
        }
    }
}

impl Template {
    /// It as Graph lists it.
    fn listed(&self) -> Value {
        let values = self.body.matches("{{").count();
        let mut body = json!({ "type": "BODY", "text": self.body });
        if values > 0 {
            body["example"] = json!({ "body_text": [vec!["x"; values]] });
        }
        json!({
            "id": "1000000000000002",
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "components": [body],
        })
    }
}

fn utility() -> String {
    "UTILITY".to_owned()
}

fn approved() -> String {
    "APPROVED".to_owned()
}
