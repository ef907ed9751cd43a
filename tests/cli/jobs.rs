//! Background jobs from the command line, without a daemon.

use serde_json::json;

use crate::deployment::Deployment;

#[test]
fn jobs_are_run_until_none_is_left() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    assert_eq!(
        deployment.run(&["--json", "jobs", "list"]).expect(0).json(),
        json!({ "jobs": [], "total": 0 })
    );
    let worked = deployment.run(&["--json", "jobs", "run"]).expect(0).json();
    assert_eq!(worked, json!({ "completed": 0, "failed": 0, "dead": 0, "released": 0 }));
    assert_eq!(deployment.run(&["jobs", "run"]).expect(0).stdout, "0 done.\n");
}

#[test]
fn a_job_that_is_not_there_is_not_found_and_a_queue_that_is_not_there_is_named() {
    let deployment = Deployment::new();
    deployment.run(&["init"]).expect(0);
    let id = "0190b5a0-0000-7000-8000-000000000000";
    for verb in ["show", "retry", "discard"] {
        deployment.run(&["jobs", verb, id]).expect(4);
        deployment.run(&["jobs", verb, "not-an-id"]).expect(4);
    }
    deployment.run(&["jobs", "list", "--status", "asleep"]).expect(2);
    let wrong = deployment.run(&["jobs", "run", "--queue", "nonsense"]).expect(3);
    assert!(wrong.stderr.contains("nonsense") && wrong.stderr.contains("rag.reindex"), "{}", wrong.stderr);
}
