//! All of a subscription's state: ends that are fixed in two ways, pauses of collection, invoices beside its
//! own, and events of a customer that is learnt of later.

use super::*;

impl Place {
    /// A subscription in this state, with more of its object.
    fn with_more(&self, more: &Value) -> Value {
        let mut object = self.facts("sub_1", "active").write(Shape::New);
        for (key, value) in more.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    }

    /// What the panel shows, in the words of the API's body.
    async fn shown(&self) -> Value {
        let info = self.engine.subscription().await.unwrap();
        json!({
            "subscription": info.subscription, "plan": info.standing.plan, "pause": info.pause,
            "overdue": info.overdue.map(|invoice| invoice.id),
        })
    }

    /// What Stripe was told to change, oldest first.
    fn changes(&self) -> Vec<String> {
        let posts = self.stripe.log().all().into_iter().filter(|request| request.method == "POST");
        posts.map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect()
    }
}

#[tokio::test]
async fn what_was_cancelled_by_a_date_in_the_portal_goes_on_after_a_resume() {
    for (at_period_end, cancel_at, changes) in [
        (false, Some(BEGUN + 120 * DAY), vec!["cancel_at="]),
        (false, Some(BEGUN + 60 * DAY), vec!["cancel_at="]),
        (true, None, vec!["cancel_at_period_end=false"]),
        (true, Some(BEGUN + 120 * DAY), vec!["cancel_at_period_end=false", "cancel_at="]),
        (false, None, vec![]),
    ] {
        let place = Place::new().await;
        let facts = SubscriptionFacts {
            cancel_at_period_end: at_period_end,
            cancel_at,
            ..place.facts("sub_1", "active")
        };
        place.stripe.put_subscription(&facts);
        place.told("evt_1", BEGUN, &facts).await;
        let leaving = place.engine.subscription().await.unwrap().subscription.unwrap();
        let ends = cancel_at.or(at_period_end.then_some(BEGUN + 120 * DAY));
        assert_eq!(leaving.ends_at().map(|end| end.timestamp()), ends);
        assert_eq!(leaving.cancel_at_period_end, ends == Some(BEGUN + 120 * DAY), "{cancel_at:?}");
        let staying = place.engine.resume_subscription().await.unwrap().subscription.unwrap();
        assert_eq!((staying.ends_at(), staying.cancel_at_period_end), (None, false));
        assert_eq!(place.changes(), changes);
        let there = place.stripe.subscription("sub_1").unwrap();
        assert_eq!((there.cancel_at, there.cancel_at_period_end), (None, false));
    }
}

#[tokio::test]
async fn a_cancellation_that_is_not_known_here_yet_is_resumed_too_and_half_a_resume_is_told() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    let end = Some(BEGUN + 120 * DAY);
    let both =
        SubscriptionFacts { cancel_at_period_end: true, cancel_at: end, ..place.facts("sub_1", "active") };
    place.stripe.put_subscription(&both);
    // It is looked at, the flag is cleared, and then Stripe refuses to clear the date.
    place.stripe.script(StripeFailure::Not);
    place.stripe.script(StripeFailure::Not);
    place.stripe.script(StripeFailure::Refuse(StripeFailure::error(400, "invalid_request_error", "")));
    place.engine.resume_subscription().await.unwrap_err();
    let half = place.engine.subscription().await.unwrap().subscription.unwrap();
    assert_eq!(half.ends_at().map(|end| end.timestamp()), end, "it still ends, and that is shown");
    place.engine.resume_subscription().await.unwrap();
    assert_eq!(place.stripe.subscription("sub_1").unwrap().cancel_at, None);
}

#[tokio::test]
async fn an_earlier_end_that_somebody_chose_is_not_put_off_by_cancelling() {
    let place = Place::new().await;
    let early = SubscriptionFacts { cancel_at: Some(BEGUN + 60 * DAY), ..place.facts("sub_1", "active") };
    place.stripe.put_subscription(&early);
    place.told("evt_1", BEGUN, &early).await;
    let leaving = place.engine.cancel_subscription(false).await.unwrap().subscription.unwrap();
    assert_eq!(leaving.ends_at().map(|end| end.timestamp()), Some(BEGUN + 60 * DAY));
    assert!(place.changes().is_empty(), "{:?}", place.changes());
}

#[tokio::test]
async fn a_pause_of_collection_is_shown_and_ends_the_same_in_every_order() {
    let place = Place::new().await;
    let until = BEGUN + 100 * DAY;
    let void = InvoiceFacts {
        subscription: "sub_1".into(),
        status: "uncollectible",
        paid_at: None,
        ..place.life("a").invoices().remove(1)
    };
    let pause = |behavior: &str, resumes_at: Option<i64>| {
        place.with_more(&json!({ "pause_collection": { "behavior": behavior, "resumes_at": resumes_at } }))
    };
    let told = [
        ("customer.subscription.updated", pause("void", Some(until))),
        ("invoice.voided", InvoiceFacts { id: "in_v".into(), ..void.clone() }.write(Shape::New)),
        ("customer.subscription.updated", place.with_more(&json!({}))),
        ("customer.subscription.updated", pause("keep_as_draft", None)),
        ("customer.subscription.updated", pause("mark_uncollectible", Some(until))),
        ("invoice.marked_uncollectible", void.write(Shape::New)),
    ];
    let tell = async |place: &Place, number: usize| {
        let (kind, object) = &told[number];
        let created = BEGUN + i64::try_from(number).unwrap();
        let mut event = event(&format!("evt_{number}"), kind, created, object);
        // Each place has an organization of its own.
        let own = json!({ "organizationId": place.own().to_string() });
        event["data"]["object"]["metadata"] = own.clone();
        event["data"]["object"]["parent"]["subscription_details"]["metadata"] = own;
        place.post(&event).await.unwrap();
    };
    let expected = [
        Some(("void", Some(until))),
        Some(("void", Some(until))),
        None,
        Some(("keep_as_draft", None)),
        Some(("mark_uncollectible", Some(until))),
        Some(("mark_uncollectible", Some(until))),
    ];
    for (number, expected) in expected.into_iter().enumerate() {
        tell(&place, number).await;
        let shown = place.shown().await;
        let pause = expected.map(|(b, at)| json!({ "behavior": b, "resumesAt": at }));
        assert_eq!(shown["pause"], json!(pause), "after {number}");
        assert_eq!(
            (&shown["plan"], &shown["subscription"]["status"]),
            (&json!("pro_monthly"), &json!("active"))
        );
        assert_eq!(shown["overdue"], Value::Null);
    }
    let other = Place::new().await;
    for number in (0..told.len()).rev() {
        tell(&other, number).await;
    }
    assert_eq!(other.shown().await, place.shown().await);
    let statuses = |invoices: Vec<crate::model::Invoice>| {
        let mut all: Vec<String> = invoices.into_iter().map(|i| format!("{} {}", i.id, i.status)).collect();
        all.sort();
        all
    };
    let (first, second) =
        (place.engine.invoices(1, 9).await.unwrap(), other.engine.invoices(1, 9).await.unwrap());
    assert_eq!(statuses(first.0), statuses(second.0));
    place.clock.advance(Duration::from_hours(24 * 80));
    assert_eq!(place.shown().await["pause"], Value::Null, "it ends by itself at its time");
}

#[tokio::test]
async fn an_invoice_written_by_hand_says_nothing_of_the_subscription() {
    let place = Place::new().await;
    place.told("evt_1", BEGUN, &place.facts("sub_1", "active")).await;
    let extra = InvoiceFacts {
        id: "in_extra".into(),
        subscription: "sub_1".into(),
        status: "open",
        paid_at: None,
        ..place.life("a").invoices().remove(1)
    };
    let mut object = extra.write(Shape::New);
    object["billing_reason"] = json!("manual");
    place.applied("evt_2", "invoice.payment_failed", BEGUN + 9, &object).await;
    let shown = place.shown().await;
    assert_eq!((&shown["subscription"]["status"], &shown["overdue"]), (&json!("active"), &Value::Null));
    let log = place.engine.audit_log(1, 10).await.unwrap().0;
    assert_eq!(log[0].action, "billing:payment_failed", "somebody is told all the same");
    // Nor does paying it end what is overdue.
    place.told("evt_3", BEGUN + 20, &place.facts("sub_1", "past_due")).await;
    object["status"] = json!("paid");
    place.applied("evt_4", "invoice.paid", BEGUN + 30, &object).await;
    assert_eq!(place.status().await, Some(SubscriptionStatus::PastDue));
    assert_eq!(place.engine.invoices(1, 9).await.unwrap().0[0].status, "paid");
}

#[tokio::test]
async fn a_trial_is_in_use_until_its_end_and_shows_when_that_is() {
    let place = Place::new().await;
    let trial = json!({ "status": "trialing", "trial_end": BEGUN + 60 * DAY });
    place.applied("evt_1", "customer.subscription.created", BEGUN, &place.with_more(&trial)).await;
    let info = place.engine.subscription().await.unwrap();
    assert_eq!(info.subscription.unwrap().trial_end.unwrap().timestamp(), BEGUN + 60 * DAY);
    assert_eq!(info.standing.plan.as_deref(), Some("pro_monthly"));
    // Nobody left a means of payment: Stripe pauses it.
    let paused = json!({ "status": "paused", "trial_end": BEGUN + 60 * DAY });
    place.applied("evt_2", "customer.subscription.paused", BEGUN + 9, &place.with_more(&paused)).await;
    assert_eq!(place.plan().await, "free");
}

#[tokio::test]
async fn what_came_before_its_customer_was_known_is_taken_up_in_every_order() {
    let life = |place: &Place| {
        let mut active = place.facts("sub_1", "active");
        active.organization = None;
        let mut failed = InvoiceFacts {
            subscription: "sub_1".into(),
            status: "open",
            paid_at: None,
            ..place.life("a").invoices().remove(1)
        };
        failed.organization = None;
        let session = json!({ "id": "cs_1", "mode": "subscription", "customer": "cus_a", "subscription": "sub_1",
                              "payment_status": "paid", "client_reference_id": place.own().to_string() });
        let late = SubscriptionFacts { status: "past_due", ..active.clone() };
        place.stripe.put_subscription(&late);
        [
            event("evt_1", "customer.subscription.created", BEGUN, &active.write(Shape::New)),
            event("evt_2", "checkout.session.completed", BEGUN + 1, &session),
            event("evt_3", "invoice.payment_failed", BEGUN + 5, &failed.write(Shape::New)),
            event("evt_4", "customer.subscription.updated", BEGUN + 6, &late.write(Shape::New)),
        ]
    };
    let mut ends = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 0, 1], [2, 1, 3, 0], [0, 3, 2, 1]] {
        let place = Place::new().await;
        let events = life(&place);
        for number in order {
            place.post(&events[number]).await.unwrap();
        }
        assert_eq!(place.status().await, Some(SubscriptionStatus::PastDue), "{order:?}");
        assert_eq!(place.engine.invoices(1, 9).await.unwrap().1, 1, "{order:?}");
        let nobody = crate::store::StripeEventFilter { outcome: Some("nobody".into()), ..Default::default() };
        assert_eq!(place.engine.stripe_events(nobody, 1, 9).await.unwrap().1, 0, "{order:?}");
        let told = place.engine.audit_log(1, 9).await.unwrap().0;
        let failures = told.iter().filter(|entry| entry.action == "billing:payment_failed").count();
        assert_eq!(failures, 1, "told once, whenever it was known whom to tell: {order:?}");
        let mut shown = place.shown().await;
        shown["overdue"] = json!(shown["overdue"].is_string());
        ends.push(shown);
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:#?}");
}
