//! `[plan]`: what an organization may use that has no subscription, and `[plans.<id>]`: what is sold.
//!
//! Which of them counts for an organization is decided in one place, `billing/plans.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Problem, Section};

/// Id of the plan that is always there.
pub const FREE: &str = "free";

/// `[plan]`; 0 is no limit.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlanConfig {
    /// Plan of organizations without a subscription, the operator's too. Empty: [`FREE`] where plans are sold,
    /// except for the operator's own organization; else the limits below.
    pub default: String,
    /// Documents of an organization.
    pub max_documents: u64,
    /// Agents of an organization.
    pub max_agents: u64,
    /// Answered messages in a calendar month (UTC).
    pub max_monthly_messages: u64,
    /// Size of one document, in megabytes.
    pub max_file_mb: u64,
}

impl Section for PlanConfig {
    const NAME: &'static str = "plan";

    fn validate(&self) -> Result<(), Problem> {
        Problem::unless_within("max_documents", &self.max_documents, 0..=MOST_THINGS)?;
        Problem::unless_within("max_agents", &self.max_agents, 0..=MOST_THINGS)?;
        Problem::unless_within("max_monthly_messages", &self.max_monthly_messages, 0..=MOST_MESSAGES)?;
        Problem::unless_within("max_file_mb", &self.max_file_mb, 0..=MOST_MB)
    }
}

const MOST_THINGS: u64 = 1_000_000_000;
const MOST_MESSAGES: u64 = 1_000_000_000_000;
const MOST_MB: u64 = 4096;

/// `[plans.<id>]`; 0 is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SoldPlan {
    /// Tier, as people know it: `free`, `pro`, `enterprise`.
    pub tier: String,
    /// Stripe's id of its price; a plan without one cannot be bought.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stripe_price: String,
    /// Prices that it had before: whoever bought it then still has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_prices: Vec<String>,
    /// Documents of an organization.
    pub max_documents: u64,
    /// Agents of an organization.
    pub max_agents: u64,
    /// Answered messages in a calendar month (UTC).
    pub max_monthly_messages: u64,
    /// Size of one document, in megabytes.
    pub max_file_mb: u64,
    /// What else it comes with, in words of the operator's; shown to whoever asks for the subscription.
    #[serde(default)]
    pub features: Vec<String>,
}

/// `[plans]`: every plan by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct PlansConfig(pub BTreeMap<String, SoldPlan>);

impl PlansConfig {
    /// The plan of that id.
    pub fn get(&self, id: &str) -> Option<(&str, &SoldPlan)> {
        self.0.get_key_value(id).map(|(id, plan)| (id.as_str(), plan))
    }

    /// Whether there is anything to buy.
    pub fn any_for_sale(&self) -> bool {
        self.0.values().any(|plan| !plan.stripe_price.is_empty())
    }

    /// The plan that one of these prices is of; a present price goes before a former one.
    pub fn of_prices<S: AsRef<str>>(&self, prices: &[S]) -> Option<(&str, &SoldPlan)> {
        let any = |known: &dyn Fn(&SoldPlan, &str) -> bool| {
            self.0.iter().find(|(_, plan)| prices.iter().any(|price| known(plan, price.as_ref())))
        };
        let present = any(&|plan, price| plan.stripe_price == price && !price.is_empty());
        let found = present.or_else(|| any(&|plan, price| plan.former_prices.iter().any(|p| p == price)));
        found.map(|(id, plan)| (id.as_str(), plan))
    }
}

impl Section for PlansConfig {
    const NAME: &'static str = "plans";

    fn validate(&self) -> Result<(), Problem> {
        let mut prices = BTreeMap::new();
        for (id, plan) in &self.0 {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if id.len() > 100 || !id.bytes().all(plain) {
                let text = format!("`{id}`: a plan's id is at most 100 letters, digits, `-` and `_`");
                return Err(Problem::new(id.clone(), text));
            }
            if plan.tier.trim().is_empty() {
                let text = "it is empty: name one, e.g. \"pro\"";
                return Err(Problem::new(format!("{id}.tier"), text));
            }
            Problem::unless_within(format!("{id}.max_documents"), &plan.max_documents, 0..=MOST_THINGS)?;
            Problem::unless_within(format!("{id}.max_agents"), &plan.max_agents, 0..=MOST_THINGS)?;
            Problem::unless_within(
                format!("{id}.max_monthly_messages"),
                &plan.max_monthly_messages,
                0..=MOST_MESSAGES,
            )?;
            Problem::unless_within(format!("{id}.max_file_mb"), &plan.max_file_mb, 0..=MOST_MB)?;
            let own = std::iter::once(&plan.stripe_price).filter(|price| !price.is_empty());
            for price in own.chain(&plan.former_prices) {
                if let Some(other) = prices.insert(price, id) {
                    let key = if *price == plan.stripe_price { "stripe_price" } else { "former_prices" };
                    let text = format!("the price {price} is also that of {other}");
                    return Err(Problem::new(format!("{id}.{key}"), text));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigSources};
    use super::*;

    fn load(text: &str) -> crate::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my.toml");
        std::fs::write(&file, text).unwrap();
        Config::load(&ConfigSources { file: Some(file), ..ConfigSources::default() })
    }

    const PRO: &str = "[plans.pro]\ntier = \"pro\"\nstripe_price = \"price_2\"\nformer_prices = [\"price_1\"]\n\
                       max_documents = 500\nmax_agents = 5\nmax_monthly_messages = 5000\nmax_file_mb = 50\n";

    #[test]
    fn free_is_there_and_can_be_changed_key_by_key() {
        let free = &Config::default().plans.0[FREE];
        assert_eq!((free.max_documents, free.max_agents, free.max_monthly_messages), (10, 1, 100));
        let changed = load("[plans.free]\nmax_documents = 3\n").unwrap().plans;
        assert_eq!((changed.0[FREE].max_documents, changed.0[FREE].max_agents), (3, 1));
    }

    #[test]
    fn a_price_of_before_still_finds_its_plan() {
        let plans = load(PRO).unwrap().plans;
        for prices in [vec!["price_2"], vec!["price_1"], vec!["price_addon", "price_1"]] {
            assert_eq!(plans.of_prices(&prices).unwrap().0, "pro");
        }
        assert!(plans.of_prices(&["price_3", ""]).is_none(), "a plan that is not sold has no price");
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let again = PRO.replace("plans.pro", "plans.other").replace("price_2", "price_9");
        for (text, said) in [
            (format!("{PRO}{again}"), "price_1 is also that of"),
            (PRO.replace("tier = \"pro\"", "tier = \" \""), "plans.pro.tier: it is empty"),
            (PRO.replace("max_agents = 5\n", ""), "missing field `max_agents`"),
            ("[plan]\ndefault = \"gold\"\n".to_owned(), "there is no plan `gold`"),
        ] {
            let error = load(&text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
