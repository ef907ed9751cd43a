//! Who is who, told by what messages prove.

use chrono::DateTime;

use super::*;
use crate::clock::SharedClock;
use crate::store::place::Place;
use crate::whatsapp::event::Rekey;

struct People {
    place: Place,
}

impl People {
    async fn new() -> Self {
        Self { place: Place::new().await }
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Desk<'_>, OrganizationId) -> Result<T> + Send + 'static,
    ) -> T {
        let (organization, clock): (_, SharedClock) =
            (self.place.organization, self.place.store.clock.clone());
        let now = "2026-11-22T12:00:00.000Z";
        let done = self.place.store.write(move |c| {
            let desk = Desk { connection: c, clock: &clock, now, time: DateTime::UNIX_EPOCH };
            work(&desk, organization)
        });
        done.await.unwrap()
    }

    async fn writes(&self, phone: Option<&str>, user_id: Option<&str>) -> ContactId {
        let sender = Sender {
            phone: phone.map(str::to_owned),
            user_id: user_id.map(str::to_owned),
            ..Sender::default()
        };
        self.with(move |desk, organization| of_sender(desk, organization, &sender)).await
    }

    async fn rekey(&self, from: &str, to: &str, kind: RekeyKind) -> bool {
        let change =
            Rekey { phone_number_id: "1".into(), from: Some(from.into()), to: to.into(), kind, at: None };
        self.with(move |desk, organization| rekey(desk, organization, &change)).await
    }
}

#[tokio::test]
async fn the_ninth_digit_makes_nobody_else() {
    let people = People::new().await;
    let with = people.writes(Some("5511987654321"), None).await;
    assert_eq!(people.writes(Some("551187654321"), None).await, with);
    assert_ne!(people.writes(Some("551133334444"), None).await, with);
}

#[tokio::test]
async fn what_comes_together_belongs_together() {
    let people = People::new().await;
    let by_phone = people.writes(Some("5511987654321"), None).await;
    let by_id = people.writes(None, Some("BR.1")).await;
    assert_ne!(by_phone, by_id);
    assert_eq!(people.writes(Some("5511987654321"), Some("BR.1")).await, by_phone, "the older one stays");
    assert_eq!(people.writes(None, Some("BR.1")).await, by_phone);
}

#[tokio::test]
async fn a_number_that_was_handed_on_is_somebody_else() {
    let people = People::new().await;
    let before = people.writes(Some("5511987654321"), Some("BR.1")).await;
    let after = people.writes(Some("5511987654321"), Some("BR.2")).await;
    assert_ne!(before, after, "a stranger must not get the conversation");
    assert_eq!(people.writes(Some("5511987654321"), None).await, after);
    assert_eq!(people.writes(None, Some("BR.1")).await, before);
}

#[tokio::test]
async fn an_announced_change_keeps_the_person() {
    let people = People::new().await;
    let ana = people.writes(Some("5511987654321"), Some("BR.1")).await;
    assert!(people.rekey("5511987654321", "5521912345678", RekeyKind::Phone).await);
    assert!(people.rekey("5511987654321", "5521912345678", RekeyKind::Phone).await, "twice is as once");
    assert_eq!(people.writes(Some("5521912345678"), Some("BR.2")).await, ana);
    assert!(people.rekey("BR.2", "BR.3", RekeyKind::UserId).await);
    assert_eq!(people.writes(None, Some("BR.3")).await, ana);
    assert!(!people.rekey("BR.9", "BR.10", RekeyKind::UserId).await);
}
