//! The behavior vectors that the project shares.

use belfry_tests::conformance;
use belfry_tests::process::workspace;

#[test]
fn every_shared_vector_holds() {
    let Ok(text) = std::fs::read_to_string(workspace().join("../shared/conformance/cases.json")) else { return };
    let report = conformance::run(&text).unwrap();
    assert!(report.passed() > 0, "there are no vectors in the file");
    assert_eq!(report.failed(), 0, "{report}");
}
