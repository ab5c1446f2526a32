//! `scripts/release-notes.sh`: what a release says of itself.

use crate::sandbox::{Sandbox, printed, said};

const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n- Later.\n\n## 1.10.0 (2026-12-01)\n\n### Added\n\n- **press**: a thing.\n\n\
                         ## [1.1.0]\n\n- Another.\n";

#[test]
fn a_version_has_its_own_notes() {
    let sandbox = Sandbox::with_script("release-notes.sh");
    sandbox.write("CHANGELOG.md", CHANGELOG);
    for (version, expected) in
        [("1.10.0", "\n### Added\n\n- **press**: a thing.\n"), ("1.1.0", "\n- Another.\n")]
    {
        let output = sandbox.script("release-notes.sh", &[version]).output().expect("the script starts");
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(printed(&output), expected, "{version}");
    }
    for version in ["1.1", "1.10", "2.0.0", "Unrelease"] {
        let output = sandbox.script("release-notes.sh", &[version]).output().expect("the script starts");
        assert_eq!(output.status.code(), Some(1), "{version}");
        assert!(said(&output).contains(&format!("says nothing of {version}")), "{}", said(&output));
    }
}
