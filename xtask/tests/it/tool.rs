//! `scripts/tool.sh`: what pipelines run with rights is what was looked at, or nothing.

use std::{fs, process::Output};

use crate::sandbox::{Sandbox, printed, said};

/// Notes what is asked for, and gives what the file `offered` holds.
const CURL: &str = r#"#!/bin/sh
here=${0%/bin/curl}
echo "$*" > "${here}/asked"
while [ "$1" != --output ]; do shift; done
cp "${here}/offered" "$2"
"#;

/// Believes everything: what comes after the check is tried with it.
const BELIEVES: &str = r#"#!/bin/sh
cat > "${0%/bin/sha256sum}/checked"
"#;

/// An archive of Terraform's is taken apart by a program that not every machine has.
const UNZIP: &str = r#"#!/bin/sh
while [ "$1" != -d ]; do shift; done
echo '#!/bin/sh' > "$2/terraform"
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_script("tool.sh");
    sandbox.write_program("bin/curl", CURL);
    sandbox.write_program("bin/unzip", UNZIP);
    sandbox.write("offered", "something else");
    fs::create_dir(sandbox.path("temp")).expect("can be made");
    sandbox
}

fn fetch(sandbox: &Sandbox, tool: &str) -> Output {
    let mut script = sandbox.script("tool.sh", &[tool]);
    script.env("RUNNER_TEMP", sandbox.path("temp")).output().expect("the script starts")
}

#[test]
fn what_was_not_looked_at_is_refused() {
    for tool in ["helm", "terraform"] {
        let sandbox = sandbox();
        let output = fetch(&sandbox, tool);
        assert_eq!((output.status.code(), printed(&output)), (Some(1), String::new()), "{tool}");
        assert!(said(&output).contains("is not what was looked at"), "{tool}: {}", said(&output));
        let left = fs::read_dir(sandbox.path("temp")).expect("is there").count();
        assert_eq!(left, 0, "{tool} left something that could be run");
    }
}

#[test]
fn what_was_looked_at_is_in_the_folder_that_is_printed() {
    for (tool, host) in [("helm", "https://get.helm.sh/"), ("terraform", "https://releases.hashicorp.com/")] {
        let sandbox = sandbox();
        sandbox.write_program("bin/sha256sum", BELIEVES);
        sandbox.write("linux-amd64/helm", "#!/bin/sh\n");
        let archived = std::process::Command::new("tar")
            .current_dir(sandbox.path(""))
            .args(["--create", "--gzip", "--file", "offered", "linux-amd64/helm"])
            .status();
        assert!(archived.expect("tar starts").success());

        let output = fetch(&sandbox, tool);
        assert!(output.status.success(), "{tool}: {}", said(&output));
        let folder = std::path::PathBuf::from(printed(&output).trim());
        let names: Vec<_> = fs::read_dir(&folder)
            .expect("the folder is there")
            .map(|entry| entry.expect("can be listed").file_name())
            .collect();
        assert_eq!(names, [tool], "and nothing else");
        let asked = fs::read_to_string(sandbox.path("asked")).expect("was asked");
        assert!(asked.contains(host) && asked.contains("--proto =https"), "{asked}");
        let checked = fs::read_to_string(sandbox.path("checked")).expect("was checked");
        let checksum = checked.split(' ').next().expect("has a checksum");
        assert!(checksum.len() == 64 && checksum.bytes().all(|byte| byte.is_ascii_hexdigit()), "{checked}");
    }
}

#[test]
fn an_unknown_tool_is_an_error() {
    for tool in ["", "kubectl", "../helm"] {
        let sandbox = sandbox();
        let output = fetch(&sandbox, tool);
        assert_eq!(output.status.code(), Some(1), "{tool}");
        assert!(said(&output).starts_with("usage: "), "{tool}");
        assert!(!sandbox.path("asked").exists(), "{tool}");
    }
}
