//! Billing from event to limits: the real store, a fake Stripe on a real socket, and a clock that stands
//! still. Orders of events are in `orders.rs`.

mod buying;
mod orders;
mod states;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::{FakeStripe, InvoiceFacts, Life, Shape, StripeFailure, SubscriptionFacts, event};

use super::*;
use crate::billing::signature::sign;
use crate::clock::{Clock, ManualClock};
use crate::config::ConfigSources;
use crate::model::{OrganizationId, SubscriptionStatus};
use crate::store::{Outcome, Receipt};

const SECRET: &[u8] = b"whsec_of_the_test";
/// 2026-09-21
const BEGUN: i64 = 1_790_000_000;
const DAY: i64 = 24 * 3600;

/// What is sold in tests.
const PLANS: &str = "[plan]\ndefault = \"free\"\n[plans.pro_monthly]\ntier = \"pro\"\nstripe_price = \"price_pro\"\nmax_documents = 500\n\
                     max_agents = 5\nmax_monthly_messages = 5000\nmax_file_mb = 50\nfeatures = [\"support\"]\n\
                     [plans.team_monthly]\ntier = \"enterprise\"\nstripe_price = \"price_team\"\n\
                     max_documents = 0\nmax_agents = 50\nmax_monthly_messages = 0\nmax_file_mb = 0\n";

struct Place {
    engine: Engine,
    clock: Arc<ManualClock>,
    config: Config,
    stripe: FakeStripe,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        Self::with("").await
    }

    /// With more of `[stripe]`.
    async fn with(more: &str) -> Self {
        let stripe = FakeStripe::start().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let text = format!(
            "{PLANS}[stripe]\nbase_url = \"{}\"\nsecret_key = \"sk_test_1\"\nwebhook_secret = \"whsec_of_the_test\"\n\
             return_origins = [\"https://painel.example.com\"]\ntimeout_seconds = 2\n{more}\n",
            stripe.base_url()
        );
        std::fs::write(&file, text).unwrap();
        let data_dir = Some(folder.path().join("data"));
        let config = Config::load(&ConfigSources { file: Some(file), data_dir, ..ConfigSources::default() });
        let config = config.unwrap();
        let clock = Arc::new(ManualClock::at("2026-11-10T12:00:00Z".parse().unwrap()));
        let (engine, _) = Engine::init_with(config.clone(), Some("Clube"), clock.clone()).await.unwrap();
        Self { engine, clock, config, stripe, _folder: folder }
    }

    /// The process ends in the middle of whatever it does, and another one begins.
    async fn crash(&mut self) {
        self.engine = Engine::open_with(self.config.clone(), self.clock.clone()).await.unwrap();
    }

    fn own(&self) -> OrganizationId {
        self.engine.organization().id
    }

    fn life(&self, name: &str) -> Life {
        Life {
            shape: Shape::New,
            name: name.into(),
            organization: self.own().to_string(),
            prices: ["price_pro".into(), "price_team".into()],
            begun: BEGUN,
            ends: false,
            ties: true,
        }
    }

    /// A subscription that this organization's metadata names.
    fn facts(&self, id: &str, status: &'static str) -> SubscriptionFacts {
        SubscriptionFacts {
            id: id.into(),
            customer: "cus_a".into(),
            status,
            price: "price_pro".into(),
            period: (BEGUN, BEGUN + 120 * DAY),
            cancel_at_period_end: false,
            cancel_at: None,
            canceled_at: None,
            created: BEGUN,
            organization: Some(self.own().to_string()),
        }
    }

    async fn post(&self, event: &Value) -> Result<Receipt, StripeRefused> {
        let body = event.to_string().into_bytes();
        let header = sign(SECRET, self.clock.now().timestamp(), &body);
        self.engine.receive_stripe_webhook(Some(&header), body).await
    }

    async fn applied(&self, id: &str, kind: &str, created: i64, object: &Value) {
        let receipt = self.post(&event(id, kind, created, object)).await.unwrap();
        assert_eq!(receipt, Receipt::Recorded(Outcome::Applied), "{id}");
    }

    /// A subscription in this state is told of.
    async fn told(&self, id: &str, created: i64, facts: &SubscriptionFacts) {
        self.applied(id, "customer.subscription.updated", created, &facts.write(Shape::New)).await;
    }

    async fn plan(&self) -> String {
        self.engine.subscription().await.unwrap().standing.plan.unwrap_or_default()
    }

    async fn status(&self) -> Option<SubscriptionStatus> {
        self.engine.subscription().await.unwrap().subscription.map(|s| s.status)
    }
}

#[tokio::test]
async fn what_is_bought_counts_at_once_and_so_does_its_end() {
    for shape in [Shape::Old, Shape::New] {
        let place = Place::new().await;
        assert_eq!(place.plan().await, "free");
        let active = place.facts("sub_1", "active");
        place.applied("evt_1", "customer.subscription.created", BEGUN, &active.write(shape)).await;
        let info = place.engine.subscription().await.unwrap();
        assert_eq!(info.standing.plan.as_deref(), Some("pro_monthly"));
        let bought = info.subscription.unwrap();
        assert_eq!(
            (bought.status, bought.period_end.unwrap().timestamp()),
            (SubscriptionStatus::Active, BEGUN + 120 * DAY)
        );
        let details = place.engine.organization_details().await.unwrap();
        assert_eq!(
            (details.subscription_tier.as_str(), details.subscription_status.as_str()),
            ("pro", "active")
        );
        assert_eq!((details.limits.max_documents, details.features), (Some(500), vec!["support".to_owned()]));
        let team = SubscriptionFacts { price: "price_team".into(), ..active.clone() };
        place.applied("evt_2", "customer.subscription.updated", BEGUN + 5, &team.write(shape)).await;
        assert_eq!(place.engine.limits().await.unwrap().max_documents, None);
        place.applied("evt_3", "customer.subscription.deleted", BEGUN + 9, &team.write(shape)).await;
        assert_eq!(
            (place.plan().await.as_str(), place.status().await),
            ("free", Some(SubscriptionStatus::Canceled))
        );
    }
}

#[tokio::test]
async fn after_a_downgrade_nothing_goes_and_nothing_comes_and_it_says_why() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    for name in ["Vendas", "Suporte"] {
        let new = crate::model::NewAgent { name: name.into(), ..crate::model::NewAgent::default() };
        place.engine.check_agent_quota().await.unwrap();
        place.engine.create_agent(new).await.unwrap();
    }
    place.told("evt_2", BEGUN + 1, &place.facts("sub_1", "canceled")).await;
    let error = place.engine.check_agent_quota().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::QuotaExceeded, Some("agent_limit_reached")));
    assert!(
        error
            .to_string()
            .contains("plan `free` allows 1 agents, and 3 are in use: the subscription has ended"),
        "{error}"
    );
    assert_eq!(place.engine.usage().await.unwrap().agents, 3);
}

#[tokio::test]
async fn a_failed_payment_has_a_grace_and_paying_ends_it() {
    let place = Place::with("past_due_days = 7").await;
    let now = place.clock.now().timestamp();
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    let life = place.life("a");
    let open = InvoiceFacts {
        subscription: "sub_1".into(),
        status: "open",
        paid_at: None,
        ..life.invoices().remove(1)
    };
    // The invoice is heard of before the subscription's own event, which may never come.
    place.applied("evt_2", "invoice.payment_failed", now - 2 * DAY, &open.write(Shape::Old)).await;
    let info = place.engine.subscription().await.unwrap();
    assert_eq!(info.subscription.as_ref().map(|s| s.status), Some(SubscriptionStatus::PastDue));
    assert_eq!(info.grace_ends().map(|end| end.timestamp()), Some(now + 5 * DAY));
    assert_eq!(info.overdue.unwrap().id, open.id);
    assert_eq!(info.standing.plan.as_deref(), Some("pro_monthly"));
    let log = place.engine.audit_log(1, 10).await.unwrap().0;
    assert_eq!(log[0].action, "billing:payment_failed");
    // A later try that fails too does not begin it anew.
    place
        .applied(
            "evt_3",
            "invoice.payment_failed",
            now - DAY,
            &InvoiceFacts { attempts: 3, ..open.clone() }.write(Shape::New),
        )
        .await;
    place.clock.advance(Duration::from_hours(5 * 24));
    assert_eq!(place.plan().await, "free");
    let error = place.engine.check_agent_quota().await.unwrap_err();
    assert!(error.to_string().contains("overdue"), "{error}");
    let paid = InvoiceFacts { status: "paid", paid_at: Some(now + 5 * DAY), ..open };
    place.applied("evt_4", "invoice.paid", now + 5 * DAY, &paid.write(Shape::New)).await;
    assert_eq!(
        (place.plan().await.as_str(), place.status().await),
        ("pro_monthly", Some(SubscriptionStatus::Active))
    );
    let twin = place
        .post(&event("evt_5", "invoice.payment_succeeded", now + 5 * DAY, &paid.write(Shape::New)))
        .await;
    assert_eq!(twin.unwrap(), Receipt::Recorded(Outcome::Outdated));
    assert_eq!(place.engine.invoices(1, 20).await.unwrap().1, 1, "recorded once");
}

#[tokio::test]
async fn metadata_links_what_nobody_knows_and_moves_nothing() {
    let place = Place::new().await;
    let other = place.engine.store().clone();
    other
        .run_sql(
            "INSERT INTO organizations (id, name, slug, created_at, updated_at)
                   VALUES ('018f0000-0000-7000-8000-00000000000b', 'B', 'b', '', '')",
        )
        .await
        .unwrap();
    let theirs = Some("018f0000-0000-7000-8000-00000000000b".to_owned());
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    // Linked by subscription, by customer, and by nothing but a wrong word.
    let moved = SubscriptionFacts {
        organization: theirs.clone(),
        price: "price_team".into(),
        ..place.facts("sub_1", "active")
    };
    place.told("evt_2", BEGUN + 1, &moved).await;
    assert_eq!(place.plan().await, "team_monthly", "the event counts, for whom it always was");
    place.told("evt_3", BEGUN + 2, &SubscriptionFacts { id: "sub_2".into(), ..moved.clone() }).await;
    let there = place.engine.for_organization(theirs.as_ref().unwrap().parse().unwrap()).await.unwrap();
    assert!(there.subscription().await.unwrap().subscription.is_none());
    for nobody in
        [Some("018f0000-0000-7000-8000-00000000dead".to_owned()), Some("x' OR 1=1".to_owned()), None]
    {
        let stranger = SubscriptionFacts {
            id: "sub_9".into(),
            customer: "cus_9".into(),
            organization: nobody,
            ..place.facts("sub_9", "active")
        };
        let id = format!("evt_{}", stranger.organization.as_deref().map_or(0, str::len));
        let receipt = place
            .post(&event(&id, "customer.subscription.updated", BEGUN, &stranger.write(Shape::New)))
            .await;
        assert_eq!(receipt.unwrap(), Receipt::Recorded(Outcome::Nobody));
    }
    // It may still link what is not linked.
    let linked = SubscriptionFacts {
        id: "sub_9".into(),
        customer: "cus_9".into(),
        organization: theirs,
        ..place.facts("sub_9", "active")
    };
    place.told("evt_linked", BEGUN, &linked).await;
    assert_eq!(there.subscription().await.unwrap().standing.plan.as_deref(), Some("pro_monthly"));
}

#[tokio::test]
async fn events_of_others_and_of_another_mode_change_nothing() {
    let place = Place::new().await;
    let object = place.facts("sub_1", "active").write(Shape::New);
    let mut live = event("evt_1", "customer.subscription.updated", BEGUN, &object);
    live["livemode"] = json!(true);
    let mut connected = event("evt_2", "customer.subscription.updated", BEGUN, &object);
    connected["account"] = json!("acct_1");
    let unknown = event("evt_3", "a.kind.of.next.year", BEGUN, &object);
    for event in [live, connected, unknown] {
        assert_eq!(place.post(&event).await.unwrap(), Receipt::Recorded(Outcome::Ignored));
        assert_eq!(place.post(&event).await.unwrap(), Receipt::Duplicate);
    }
    let odd = event("evt_4", "customer.subscription.updated", BEGUN, &json!({ "status": "active" }));
    assert_eq!(place.post(&odd).await.unwrap(), Receipt::Recorded(Outcome::Unreadable));
    assert_eq!(place.status().await, None);
}

#[tokio::test]
async fn what_fails_is_rolled_back_and_can_come_again() {
    let place = Place::new().await;
    let active = place.facts("sub_1", "active").write(Shape::New);
    let event = event("evt_1", "customer.subscription.updated", BEGUN, &active);
    // The effect is done when the event itself cannot be recorded.
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON webhook_events BEGIN SELECT RAISE(ABORT, 'no'); END";
    place.engine.store().run_sql(broken).await.unwrap();
    assert!(matches!(place.post(&event).await, Err(StripeRefused::Failed(_))));
    assert_eq!((place.status().await, place.plan().await.as_str()), (None, "free"));
    place.engine.store().run_sql("DROP TRIGGER broken").await.unwrap();
    assert_eq!(place.post(&event).await.unwrap(), Receipt::Recorded(Outcome::Applied));
    assert_eq!(place.plan().await, "pro_monthly");
}

#[tokio::test]
async fn of_one_second_only_stripe_knows_the_last_word() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "past_due")).await;
    let tie = event(
        "evt_2",
        "customer.subscription.updated",
        BEGUN,
        &place.facts("sub_1", "active").write(Shape::Old),
    );
    // Stripe cannot be asked: nothing changes, and the event may come again.
    for _ in 0..3 {
        place.stripe.script(StripeFailure::Refuse(StripeFailure::error(503, "api_error", "")));
    }
    let Err(StripeRefused::Failed(error)) = place.post(&tie).await else { panic!("it was decided") };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(place.status().await, Some(SubscriptionStatus::PastDue));
    let truth = SubscriptionFacts { price: "price_team".into(), ..place.facts("sub_1", "active") };
    place.stripe.put_subscription(&truth);
    assert_eq!(place.post(&tie).await.unwrap(), Receipt::Recorded(Outcome::Applied));
    assert_eq!(
        (place.plan().await.as_str(), place.status().await),
        ("team_monthly", Some(SubscriptionStatus::Active))
    );
    assert_eq!(place.post(&tie).await.unwrap(), Receipt::Duplicate);
}

#[tokio::test]
async fn the_end_is_final_whatever_comes_after_it() {
    let place = Place::new().await;
    place
        .applied(
            "evt_1",
            "customer.subscription.deleted",
            BEGUN,
            &place.facts("sub_1", "active").write(Shape::New),
        )
        .await;
    let late = event(
        "evt_2",
        "customer.subscription.updated",
        BEGUN + 9,
        &place.facts("sub_1", "active").write(Shape::New),
    );
    assert_eq!(place.post(&late).await.unwrap(), Receipt::Recorded(Outcome::Outdated));
    assert_eq!(place.status().await, Some(SubscriptionStatus::Canceled));
    // Another subscription is another one.
    let again = SubscriptionFacts { created: BEGUN + 20, ..place.facts("sub_2", "active") };
    place.told("evt_3", BEGUN + 20, &again).await;
    assert_eq!(place.status().await, Some(SubscriptionStatus::Active));
}

#[tokio::test]
async fn what_events_failed_to_tell_is_found_and_repaired() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    assert_eq!(place.engine.sync_billing().await.unwrap().problems.len(), 0);
    let truth = SubscriptionFacts { price: "price_team".into(), ..place.facts("sub_1", "active") };
    place.stripe.put_subscription(&truth);
    let template = place.life("a").invoices().remove(0);
    for number in 0..130 {
        let created = BEGUN + number;
        place.stripe.put_invoice(&InvoiceFacts { id: format!("in_{number}"), created, ..template.clone() });
    }
    let report = place.engine.sync_billing().await.unwrap();
    assert_eq!(
        (report.customers, report.done.subscriptions_repaired, report.done.invoices_repaired),
        (1, 1, 130)
    );
    assert_eq!(place.plan().await, "team_monthly");
    let (page, total) = place.engine.invoices(1, 2).await.unwrap();
    assert_eq!((total, page[0].id.as_str(), page[1].id.as_str()), (130, "in_129", "in_128"));
    let again = place.engine.sync_billing().await.unwrap();
    assert_eq!((again.done.subscriptions_repaired, again.done.invoices_repaired), (0, 0));
    // An event of before does not undo what Stripe said since.
    let old = event(
        "evt_2",
        "customer.subscription.updated",
        BEGUN + 5,
        &place.facts("sub_1", "past_due").write(Shape::New),
    );
    place.post(&old).await.unwrap();
    assert_eq!(
        (place.plan().await.as_str(), place.status().await),
        ("team_monthly", Some(SubscriptionStatus::Active))
    );
}

#[tokio::test]
async fn the_night_compares_without_being_asked() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    place.stripe.put_subscription(&place.facts("sub_1", "unpaid"));
    let run = async || {
        let stop = crate::ingest::Stop::default();
        place.engine.run_jobs_until_idle(&[], Duration::ZERO, stop).await.unwrap()
    };
    run().await;
    place.clock.advance(Duration::from_hours(24));
    assert_eq!(run().await.dead, 0);
    assert_eq!(place.status().await, Some(SubscriptionStatus::Unpaid));
}

#[tokio::test]
async fn an_event_is_looked_at_once_more() {
    let place = Place::new().await;
    let active = place.facts("sub_1", "active");
    let stranger = SubscriptionFacts { organization: None, ..active.clone() };
    let early = event("evt_1", "customer.subscription.created", BEGUN, &stranger.write(Shape::New));
    assert_eq!(place.post(&early).await.unwrap(), Receipt::Recorded(Outcome::Nobody));
    // Its customer becomes known.
    let session = json!({ "id": "cs_1", "mode": "subscription", "customer": "cus_a", "payment_status": "unpaid",
                          "client_reference_id": place.own().to_string() });
    place.applied("evt_2", "checkout.session.completed", BEGUN + 1, &session).await;
    // It is taken up by itself.
    assert_eq!(place.plan().await, "pro_monthly");
    let shown = place.engine.stripe_event("evt_1").await.unwrap();
    assert_eq!((shown.record.outcome.as_str(), shown.body["id"].as_str()), ("applied", Some("evt_1")));
    assert_eq!(
        place.engine.replay_stripe_event("evt_1").await.unwrap(),
        Receipt::Recorded(Outcome::Outdated)
    );
    assert_eq!(place.engine.stripe_event("evt_404").await.unwrap_err().kind(), ErrorKind::NotFound);
}
