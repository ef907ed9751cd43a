//! The verbs over whole deployments; what each statement does is tested beside it.

use super::*;
use crate::config::{Config, Paths};
use crate::store::place::clock;

#[tokio::test]
async fn a_fresh_deployment_has_nothing_to_forget() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths { data_dir: dir.path().join("data"), ..Paths::default() };
    let config = Config { paths, ..Config::default() };
    let (engine, _) = Engine::init_with(config, None, clock()).await.unwrap();
    let report = serde_json::to_value(engine.run_retention().await.unwrap()).unwrap();
    assert_eq!(report["total"]["documents"], 0);
    assert_eq!(report["organizations"], serde_json::json!([]));
    assert_eq!(engine.purge_deleted().await.unwrap(), PurgeReport::default());
    let missing = engine.export_user(crate::model::UserId(uuid::Uuid::nil())).await.unwrap_err();
    assert_eq!(missing.kind(), crate::error::ErrorKind::NotFound);
}
