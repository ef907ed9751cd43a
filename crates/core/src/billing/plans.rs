//! What an organization may use: the one place that decides.
//!
//! Pure, and asked whenever somebody wants to know: a changed configuration, a payment that failed and a
//! grace that ran out take effect at once, without a job that would have to run first.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::config::{Config, FREE, PlanConfig, SoldPlan, StripeConfig};
use crate::model::{Limits, Subscription, SubscriptionStatus};

/// Limits that an operator wrote into the database for one organization; they go before its plan's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// Documents; 0 is no limit.
    pub max_documents: Option<u64>,
    /// Agents; 0 is no limit.
    pub max_agents: Option<u64>,
    /// Answered messages a month; 0 is no limit.
    pub max_monthly_messages: Option<u64>,
}

/// What a subscription gives at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "until")]
pub enum Access {
    /// All that was bought.
    Full,
    /// All of it still, though a payment is overdue; not after this moment.
    Grace(DateTime<Utc>),
    /// Nothing.
    None,
}

/// What an organization may use, and by which plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Id of the plan; `None` where the limits are those of `[plan]`.
    pub plan: Option<String>,
    /// Its tier.
    pub tier: String,
    /// What else it comes with.
    pub features: Vec<String>,
    /// The limits.
    pub limits: Limits,
    /// What the subscription gives; `None` without one.
    pub access: Option<Access>,
    /// Whether something is paid for that no plan of the configuration has as its price.
    pub unknown_price: bool,
}

impl Standing {
    /// Why there is not more, for whoever meets a limit; `None` if that is what the plan gives.
    pub fn shortfall(&self, subscription: Option<&Subscription>) -> Option<String> {
        if self.unknown_price {
            return Some("what is paid for is not a plan of this service: tell whoever runs it".to_owned());
        }
        let subscription = subscription.filter(|_| self.access == Some(Access::None))?;
        if subscription.pause_collection.is_some() {
            return Some("the collection of payments is paused: tell whoever runs the service".to_owned());
        }
        Some(match subscription.status {
            SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid => {
                "a payment is overdue: pay the open invoice to have the plan back".to_owned()
            }
            SubscriptionStatus::Incomplete => "the first payment is not complete".to_owned(),
            SubscriptionStatus::Paused => "the subscription is paused".to_owned(),
            _ => "the subscription has ended".to_owned(),
        })
    }
}

/// What a subscription gives at `now`. `rules` say for how many days a payment may be overdue, and whether
/// whoever's payments are paused keeps the plan: Stripe leaves such a subscription `active`.
pub fn access(subscription: &Subscription, rules: &StripeConfig, now: DateTime<Utc>) -> Access {
    // It ends by itself at its time, whether or not the word of it has come yet.
    if subscription.ends_at().is_some_and(|end| end <= now) {
        return Access::None;
    }
    if !rules.pause_keeps_plan && subscription.pause_at(now).is_some() {
        return Access::None;
    }
    match subscription.status {
        SubscriptionStatus::Active | SubscriptionStatus::Trialing => Access::Full,
        SubscriptionStatus::PastDue => {
            // Without a word of when it began, it begins now at the earliest that can be proved.
            let since = subscription.past_due_since.or(subscription.period_start).unwrap_or(now);
            let until = since + TimeDelta::days(rules.past_due_days.into());
            if now < until { Access::Grace(until) } else { Access::None }
        }
        _ => Access::None,
    }
}

/// An organization as the decision looks at it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Account<'a> {
    /// The subscription that counts, if it ever had one.
    pub subscription: Option<&'a Subscription>,
    /// What an operator granted it.
    pub exceptions: Exceptions,
    /// Whether it is the business that runs the deployment: it pays nobody for what it runs itself, unless it
    /// once bought a plan.
    pub operator: bool,
}

/// What an organization may use at `now`.
pub fn standing(config: &Config, account: Account<'_>, now: DateTime<Utc>) -> Standing {
    let Account { subscription, exceptions, operator } = account;
    let access = subscription.map(|s| access(s, &config.stripe, now));
    let pays = config.stripe.sells() && matches!(access, Some(Access::Full | Access::Grace(_)));
    let bought = subscription.filter(|_| pays).map(|s| config.plans.of_prices(&s.prices));
    let plan = match bought {
        Some(Some(plan)) => Some(plan),
        Some(None) | None => without_subscription(config, operator && subscription.is_none()),
    };
    let unknown_price = bought.is_some_and(|plan| plan.is_none());
    let (limits, tier, features) = match plan {
        Some((_, plan)) => (limits_of_plan(plan), plan.tier.clone(), plan.features.clone()),
        None => (limits_of_section(&config.plan), FREE.to_owned(), Vec::new()),
    };
    Standing {
        plan: plan.map(|(id, _)| id.to_owned()),
        tier,
        features,
        limits: with_exceptions(limits, exceptions),
        access,
        unknown_price,
    }
}

/// The plan of whoever has no subscription; `None`: the limits of `[plan]`. Where nothing can be bought nobody
/// is short of a plan, and who runs the deployment needs none.
fn without_subscription(config: &Config, operator: bool) -> Option<(&str, &SoldPlan)> {
    let sells = config.stripe.sells() && config.plans.any_for_sale();
    match config.plan.default.as_str() {
        "" if sells && !operator => config.plans.get(FREE),
        "" => None,
        id => config.plans.get(id),
    }
}

fn limit(configured: u64) -> Option<u64> {
    Some(configured).filter(|most| *most > 0)
}

fn limits_of_plan(plan: &SoldPlan) -> Limits {
    Limits {
        max_documents: limit(plan.max_documents),
        max_agents: limit(plan.max_agents),
        max_monthly_messages: limit(plan.max_monthly_messages),
        max_file_mb: limit(plan.max_file_mb),
    }
}

fn limits_of_section(plan: &PlanConfig) -> Limits {
    Limits {
        max_documents: limit(plan.max_documents),
        max_agents: limit(plan.max_agents),
        max_monthly_messages: limit(plan.max_monthly_messages),
        max_file_mb: limit(plan.max_file_mb),
    }
}

fn with_exceptions(limits: Limits, exceptions: Exceptions) -> Limits {
    let or = |exception: Option<u64>, most| exception.map_or(most, limit);
    Limits {
        max_documents: or(exceptions.max_documents, limits.max_documents),
        max_agents: or(exceptions.max_agents, limits.max_agents),
        max_monthly_messages: or(exceptions.max_monthly_messages, limits.max_monthly_messages),
        max_file_mb: limits.max_file_mb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::model::PauseCollection;

    const DAY: i64 = 24 * 3600;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn subscription(status: SubscriptionStatus) -> Subscription {
        Subscription {
            id: "sub_1".into(),
            customer: "cus_1".into(),
            status,
            prices: vec!["price_pro".into()],
            period_start: Some(at(0)),
            period_end: Some(at(30 * DAY)),
            cancel_at_period_end: false,
            cancel_at: None,
            pause_collection: None,
            trial_end: None,
            canceled_at: None,
            past_due_since: None,
        }
    }

    fn rules(past_due_days: u32) -> StripeConfig {
        StripeConfig { past_due_days, ..Config::default().stripe }
    }

    fn selling() -> Config {
        let mut config = Config::default();
        config.stripe.secret_key = Some(Secret::new("sk_test_1"));
        let pro = SoldPlan {
            tier: "pro".into(),
            stripe_price: "price_pro".into(),
            max_documents: 500,
            max_agents: 0,
            features: vec!["support".into()],
            ..config.plans.0[FREE].clone()
        };
        config.plans.0.insert("pro_monthly".into(), pro);
        config
    }

    fn of(config: &Config, subscription: &Subscription, now: DateTime<Utc>) -> Standing {
        standing(config, Account { subscription: Some(subscription), ..Account::default() }, now)
    }

    #[test]
    fn status_decides_at_once() {
        use SubscriptionStatus as S;
        let config = selling();
        for (status, plan) in [
            (S::Active, "pro_monthly"),
            (S::Trialing, "pro_monthly"),
            (S::Incomplete, FREE),
            (S::IncompleteExpired, FREE),
            (S::Unpaid, FREE),
            (S::Paused, FREE),
            (S::Canceled, FREE),
            (S::Unknown, FREE),
        ] {
            assert_eq!(of(&config, &subscription(status), at(1)).plan.as_deref(), Some(plan), "{status:?}");
        }
        let pro = of(&config, &subscription(S::Active), at(1));
        assert_eq!(
            (pro.tier.as_str(), pro.limits.max_documents, pro.limits.max_agents),
            ("pro", Some(500), None)
        );
        assert_eq!(pro.features, ["support"]);
        let nobody = standing(&config, Account::default(), at(1));
        assert_eq!((nobody.plan.as_deref(), nobody.limits.max_documents), (Some(FREE), Some(10)));
    }

    #[test]
    fn a_business_that_bills_nobody_and_the_one_that_bills_need_no_plan() {
        let mut config = selling();
        let own = Account { operator: true, ..Account::default() };
        let operator = standing(&config, own, at(1));
        assert_eq!((operator.plan, operator.limits.max_documents), (None, None), "it pays nobody");
        let once = subscription(SubscriptionStatus::Canceled);
        let bought = standing(&config, Account { subscription: Some(&once), ..own }, at(1));
        assert_eq!(bought.plan.as_deref(), Some(FREE), "unless it bought a plan");
        config.plan.default = "pro_monthly".into();
        assert_eq!(standing(&config, own, at(1)).plan.as_deref(), Some("pro_monthly"), "or was given one");
        config.plan.default = String::new();
        config.plans.0.remove("pro_monthly");
        let anybody = standing(&config, Account::default(), at(1));
        assert_eq!((anybody.plan, anybody.limits.max_documents), (None, None), "nothing can be bought");
    }

    #[test]
    fn whose_payments_are_paused_keeps_the_plan_unless_the_operator_says_otherwise() {
        let mut config = selling();
        let pause = |resumes_at| Subscription {
            pause_collection: Some(PauseCollection { behavior: "void".into(), resumes_at }),
            ..subscription(SubscriptionStatus::Active)
        };
        assert_eq!(of(&config, &pause(None), at(1)).plan.as_deref(), Some("pro_monthly"));
        config.stripe.pause_keeps_plan = false;
        let paused = of(&config, &pause(None), at(1));
        assert_eq!(paused.plan.as_deref(), Some(FREE));
        assert!(paused.shortfall(Some(&pause(None))).unwrap().contains("paused"));
        let until = pause(Some(at(DAY).timestamp()));
        assert_eq!(access(&until, &config.stripe, at(DAY - 1)), Access::None);
        assert_eq!(access(&until, &config.stripe, at(DAY)), Access::Full, "it goes on by itself");
    }

    #[test]
    fn whoever_is_late_has_a_grace_from_when_it_began() {
        let config = selling();
        let late =
            Subscription { past_due_since: Some(at(DAY)), ..subscription(SubscriptionStatus::PastDue) };
        assert_eq!(access(&late, &rules(7), at(2 * DAY)), Access::Grace(at(8 * DAY)));
        assert_eq!(of(&config, &late, at(8 * DAY - 1)).plan.as_deref(), Some("pro_monthly"));
        let over = of(&config, &late, at(8 * DAY));
        assert_eq!(over.plan.as_deref(), Some(FREE));
        assert!(over.shortfall(Some(&late)).unwrap().contains("overdue"));
        assert_eq!(access(&late, &rules(0), at(2 * DAY)), Access::None);
        let unknown = Subscription { past_due_since: None, ..late };
        assert_eq!(
            access(&unknown, &rules(7), at(2 * DAY)),
            Access::Grace(at(7 * DAY)),
            "from the period's begin"
        );
    }

    #[test]
    fn whoever_cancels_keeps_it_until_the_period_ends() {
        let leaving = Subscription { cancel_at_period_end: true, ..subscription(SubscriptionStatus::Active) };
        assert_eq!(access(&leaving, &rules(7), at(30 * DAY - 1)), Access::Full);
        assert_eq!(access(&leaving, &rules(7), at(30 * DAY)), Access::None);
        let staying = subscription(SubscriptionStatus::Active);
        assert_eq!(
            access(&staying, &rules(7), at(31 * DAY)),
            Access::Full,
            "the word of the renewal is on its way"
        );
        let dated = Subscription { cancel_at: Some(at(5 * DAY)), ..staying };
        assert_eq!(access(&dated, &rules(7), at(5 * DAY)), Access::None);
    }

    #[test]
    fn without_stripe_the_configuration_chooses() {
        let mut config = selling();
        config.stripe.secret_key = None;
        let left_over = subscription(SubscriptionStatus::Active);
        let own = of(&config, &left_over, at(1));
        assert_eq!((own.plan, own.limits.max_documents), (None, None), "no limits unless [plan] has some");
        config.plan.max_documents = 40;
        assert_eq!(of(&config, &left_over, at(1)).limits.max_documents, Some(40));
        config.plan.default = "pro_monthly".into();
        let chosen = standing(&config, Account::default(), at(1));
        assert_eq!((chosen.tier.as_str(), chosen.limits.max_documents), ("pro", Some(500)));
    }

    #[test]
    fn a_price_that_nobody_knows_gives_nothing_and_says_so() {
        let odd = Subscription { prices: vec!["price_x".into()], ..subscription(SubscriptionStatus::Active) };
        let standing = of(&selling(), &odd, at(1));
        assert_eq!((standing.plan.as_deref(), standing.unknown_price), (Some(FREE), true));
        assert!(standing.shortfall(Some(&odd)).is_some());
    }

    #[test]
    fn what_an_operator_granted_goes_before_the_plan() {
        let exceptions =
            Exceptions { max_documents: Some(0), max_agents: Some(9), max_monthly_messages: None };
        let standing = standing(&selling(), Account { exceptions, ..Account::default() }, at(1));
        let limits = standing.limits;
        assert_eq!(
            (limits.max_documents, limits.max_agents, limits.max_monthly_messages),
            (None, Some(9), Some(100))
        );
    }
}
