//! A subscription's life, told in every order: with duplicates, with lost acknowledgements, with a crash in
//! the middle, with Stripe there to be asked and with Stripe down. It always ends the same.

use futures::{FutureExt, StreamExt, stream};

use super::*;

/// Orders in all; each of them has a crash somewhere.
const ORDERS: usize = 1000;
/// Lives that are lived at the same time, each with an organization of its own.
const BATCH: usize = 50;
/// Posts under way at the same time.
const AT_ONCE: usize = 16;

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(most).unwrap()).unwrap()
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for place in (1..list.len()).rev() {
            list.swap(place, self.below(place + 1));
        }
    }
}

/// What is left of a life in the end, without the names in it.
async fn outcome(place: &Place, life: &Life) -> String {
    let engine = place.engine.for_organization(life.organization.parse().unwrap()).await.unwrap();
    let info = engine.subscription().await.unwrap();
    let details = engine.organization_details().await.unwrap();
    let invoices = engine.invoices(1, 100).await.unwrap();
    let told = json!({
        "subscription": info.subscription,
        "plan": info.standing.plan,
        "tier": details.subscription_tier,
        "status": details.subscription_status,
        "limits": details.limits,
        "invoices": invoices.0,
        "count": invoices.1,
    });
    told.to_string().replace(&format!("_{}", life.name), "_x")
}

/// An organization of a life's own.
async fn organization(place: &Place, life: &mut Life, number: usize) {
    life.organization = format!("018f0000-0000-7000-8000-{number:012x}");
    let sql = format!(
        "INSERT INTO organizations (id, name, slug, created_at, updated_at)
         VALUES ('{0}', '{1}', '{1}', '', '')",
        life.organization, life.name
    );
    place.engine.store().run_sql(Box::leak(sql.into_boxed_str())).await.unwrap();
}

/// Posts them until each is acknowledged, in no order in particular.
async fn post_all(place: &Place, events: &[Value]) -> Vec<Value> {
    let posted = stream::iter(events).map(|event| async move { (event, place.post(event).await) });
    let outcomes: Vec<_> = posted.buffer_unordered(AT_ONCE).collect().await;
    outcomes.into_iter().filter(|(_, outcome)| outcome.is_err()).map(|(event, _)| event.clone()).collect()
}

async fn every_order_ends_the_same(mut place: Place, ties: bool, reachable: bool) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let kinds = [(Shape::Old, false), (Shape::Old, true), (Shape::New, false), (Shape::New, true)];
    let mut expected = Vec::new();
    for (number, (shape, ends)) in kinds.into_iter().enumerate() {
        let mut life = Life { shape, ends, ties, ..place.life(&format!("order{number}")) };
        organization(&place, &mut life, number + 1).await;
        if reachable {
            place.stripe.put_subscription(&life.outcome());
        }
        for event in life.events() {
            let outcome = place.post(&event).await;
            // With Stripe down a checkout cannot be looked into before the subscription is known.
            assert!(outcome.is_ok(), "{event}: {outcome:?}");
        }
        expected.push(outcome(&place, &life).await);
    }
    // Whatever the shape; and the two ends are told apart.
    assert_eq!((&expected[0], &expected[1]), (&expected[2], &expected[3]));
    assert!(expected[0].contains("team_monthly") && expected[1].contains("canceled"), "{expected:?}");

    for batch in 0..ORDERS / BATCH {
        let (mut lives, mut posts) = (Vec::new(), Vec::new());
        for number in 0..BATCH {
            let (shape, ends) = kinds[number % kinds.len()];
            let mut life = Life { shape, ends, ties, ..place.life(&format!("l{batch}b{number}")) };
            organization(&place, &mut life, 1000 * (batch + 1) + number).await;
            if reachable {
                place.stripe.put_subscription(&life.outcome());
            }
            let mut events = life.events();
            for _ in 0..dice.below(6) {
                let again = events[dice.below(10)].clone();
                events.push(again);
            }
            posts.extend(events);
            lives.push((number % kinds.len(), life));
        }
        dice.shuffle(&mut posts);
        let crash = posts.len() / 4 + dice.below(posts.len() / 2);
        let mut failed = post_all(&place, &posts[..crash]).await;
        // Under way when the process ends: whether they were recorded, nobody was told.
        let under_way = &posts[crash..(crash + AT_ONCE).min(posts.len())];
        for event in under_way {
            let _ = place.post(event).now_or_never();
        }
        place.crash().await;
        failed.extend(post_all(&place, &posts[crash..]).await);
        // What was not acknowledged is sent again.
        let left = post_all(&place, &failed).await;
        assert!(left.is_empty(), "{left:?}");
        for (kind, life) in &lives {
            assert_eq!(outcome(&place, life).await, expected[*kind], "{}", life.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_orders_with_duplicates_and_crashes_end_as_in_order() {
    let place = Place::new().await;
    Box::pin(every_order_ends_the_same(place, true, true)).await;
}

/// Where no two changes are of one second, events alone are enough.
#[tokio::test(flavor = "multi_thread")]
async fn so_do_a_thousand_orders_while_stripe_is_down() {
    let nowhere = test_support::unused_address().await;
    let mut place = Place::new().await;
    place.config.stripe.base_url = nowhere;
    place.crash().await;
    Box::pin(every_order_ends_the_same(place, false, false)).await;
}
