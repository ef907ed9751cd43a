//! Billing from the command line: comparing with Stripe, looking at its events, and what is used of what.

use agent_core::billing::signature::sign;
use agent_core::clock::{Clock, SystemClock};
use agent_core::{Config, ConfigSources, Engine};
use serde_json::{Value, json};
use test_support::{FakeStripe, Shape, SubscriptionFacts, event};

use crate::deployment::Deployment;

const SECRET: &str = "whsec_of_the_test";

/// A deployment that sells a plan, and its configuration.
fn selling(stripe: &str) -> (Deployment, Config) {
    let mut deployment = Deployment::new();
    let text = format!(
        "[plan]\ndefault = \"free\"\n[plans.pro_monthly]\ntier = \"pro\"\nstripe_price = \"price_pro\"\nmax_documents = 500\nmax_agents = 5\n\
         max_monthly_messages = 5000\nmax_file_mb = 50\n[stripe]\nbase_url = \"{stripe}\"\n\
         secret_key = \"sk_test_of_the_test\"\nwebhook_secret = \"{SECRET}\"\n"
    );
    let file = deployment.write("billing.toml", text);
    deployment.env.push(("AGENTCTL_CONFIG".into(), file.display().to_string()));
    deployment.run(&["init", "--name", "Clube"]).expect(0);
    let data_dir = Some(deployment.data_dir());
    let config = Config::load(&ConfigSources { file: Some(file), data_dir, ..ConfigSources::default() });
    (deployment, config.unwrap())
}

fn facts(organization: &str) -> SubscriptionFacts {
    let begun = SystemClock.now().timestamp() - 60;
    SubscriptionFacts {
        id: "sub_1".into(),
        customer: "cus_1".into(),
        status: "active",
        price: "price_pro".into(),
        period: (begun, begun + 30 * 24 * 3600),
        cancel_at_period_end: false,
        cancel_at: None,
        canceled_at: None,
        created: begun,
        organization: Some(organization.into()),
    }
}

async fn post(engine: &Engine, event: &Value) {
    let body = event.to_string().into_bytes();
    let header = sign(SECRET.as_bytes(), SystemClock.now().timestamp(), &body);
    engine.receive_stripe_webhook(Some(&header), body).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_listed_shown_and_replayed_and_stripe_is_compared_with() {
    let stripe = FakeStripe::start().await;
    let (deployment, config) = selling(&stripe.base_url());
    let engine = Engine::open(config).await.unwrap();
    let facts = facts(&engine.organization().id.to_string());
    let told = event("evt_1", "customer.subscription.created", facts.created, &facts.write(Shape::Old));
    post(&engine, &told).await;
    post(&engine, &event("evt_2", "charge.refunded", facts.created, &json!({ "id": "ch_1" }))).await;
    engine.close().await.unwrap();

    let list = deployment.run(&["--json", "billing", "events", "list"]).expect(0).json();
    assert_eq!((&list["total"], &list["events"][0]["id"]), (&json!(2), &json!("evt_2")));
    let applied = ["--json", "billing", "events", "list", "--outcome", "applied"];
    assert_eq!(deployment.run(&applied).expect(0).json()["events"][0]["id"], "evt_1");
    let text = deployment.run(&["billing", "events", "list", "--type", "charge.refunded"]).expect(0).stdout;
    assert!(text.contains("evt_2  charge.refunded") && text.contains("ignored"), "{text}");
    let shown = deployment.run(&["--json", "billing", "events", "show", "evt_1"]).expect(0).json();
    assert_eq!((&shown["body"], &shown["outcome"]), (&told, &json!("applied")));
    let replayed = deployment.run(&["--json", "billing", "events", "replay", "evt_1"]).expect(0).json();
    assert_eq!(replayed["replayed"][0], json!({ "id": "evt_1", "outcome": "outdated" }));
    deployment.run(&["billing", "events", "replay", "evt_1", "evt_404"]).expect(4);
    deployment.run(&["billing", "events", "list", "--outcome", "lost"]).expect(2);

    let status = deployment.run(&["--json", "status"]).expect(0).json();
    assert_eq!((&status["plan"], &status["subscriptionStatus"]), (&json!("pro_monthly"), &json!("active")));
    assert_eq!((&status["usage"]["agents"], &status["limits"]["maxAgents"]), (&json!(1), &json!(5)));
    // What Stripe says counts.
    stripe.put_subscription(&SubscriptionFacts { status: "unpaid", ..facts });
    let report = deployment.run(&["--json", "billing", "sync"]).expect(0).json();
    assert_eq!((&report["customers"], &report["subscriptionsRepaired"]), (&json!(1), &json!(1)));
    let text = deployment.run(&["status"]).expect(0).stdout;
    assert!(text.contains("plan:       free (subscription unpaid)"), "{text}");
    assert!(
        text.contains("used:       0 of 100 messages this month, 0 of 10 documents, 1 of 1 agent"),
        "{text}"
    );
    stripe.require_key("another");
    let ran = deployment.run(&["billing", "sync"]);
    assert!(ran.code != 0 && ran.stdout.contains("stripe.secret_key"), "{} {}", ran.code, ran.stdout);
    assert!(!ran.stdout.contains("sk_test"), "{}", ran.stdout);
}

#[test]
fn the_command_line_keeps_the_limits_of_the_plan() {
    let mut deployment = Deployment::new();
    let text = "[plan]\ndefault = \"free\"\n[plans.free]\nmax_documents = 2\nmax_file_mb = 1\n";
    let file = deployment.write("small.toml", text);
    deployment.env.push(("AGENTCTL_CONFIG".into(), file.display().to_string()));
    deployment.run(&["init"]).expect(0);
    deployment.run(&["agents", "create", "Vendas"]).expect(3);
    for name in ["a.txt", "b.txt", "c.txt"] {
        deployment.write(&format!("docs/{name}"), format!("O documento {name} fala de entregas."));
    }
    deployment.write("docs/large.txt", "Entregas. ".repeat(200_000));
    let folder = deployment.write("docs/a.txt", "O documento a fala de entregas.");
    let ran =
        deployment.run(&["--json", "ingest", folder.parent().unwrap().to_str().unwrap()]).expect(6).json();
    assert_eq!((&ran["totals"]["ingested"], &ran["totals"]["failed"]), (&json!(2), &json!(2)));
    let reasons = ran["documents"].to_string();
    assert!(reasons.contains("the plan `free` allows 2 documents, and 2 are in use"), "{reasons}");
    assert!(reasons.contains("the plan `free` allows files of 1 MB"), "{reasons}");
}

#[test]
fn without_a_key_there_is_nothing_to_compare_with() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    let ran = deployment.run(&["billing", "sync"]).expect(3);
    assert!(ran.stderr.contains("stripe.secret_key"), "{}", ran.stderr);
    let text = deployment.run(&["status"]).expect(0).stdout;
    assert!(text.contains("plan:       (limits of the configuration)"), "{text}");
    assert_eq!(deployment.run(&["billing", "events", "list"]).expect(0).stdout, "No events.\n");
}
