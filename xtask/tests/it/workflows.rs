//! What GitHub's workflows must have that no checker of theirs asks for.

use std::fs;

/// Every workflow: its name and its text.
fn workflows() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../.github/workflows");
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("there are workflows")
        .map(|entry| {
            let path = entry.expect("can be listed").path();
            let name = path.file_name().expect("has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("can be read"))
        })
        .collect();
    found.sort();
    assert!(found.len() > 5, "{found:?}");
    found
}

/// The jobs of a workflow, each with its name in front.
fn jobs(text: &str) -> Vec<String> {
    let (_, jobs) = text.split_once("\njobs:\n").expect("has jobs");
    let mut found: Vec<String> = Vec::new();
    for line in jobs.lines() {
        if line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':') {
            found.push(String::new());
        }
        if let Some(job) = found.last_mut() {
            *job += line;
            job.push('\n');
        }
    }
    found
}

/// Without it a shell goes by the last command of a pipe alone: a plan that failed was green.
#[test]
fn what_fails_in_front_of_a_pipe_is_a_failure() {
    for (name, text) in workflows() {
        let (head, _) = text.split_once("\njobs:\n").expect("has jobs");
        assert!(head.contains("\ndefaults:\n  run:\n") && head.contains("\n    shell: bash\n"), "{name}");
        assert!(!text.contains("        shell: "), "{name} has a step with another shell");
    }
}

/// Two that move the traffic of one service at once would each put back what the other gave.
#[test]
fn all_that_moves_the_traffic_of_a_service_is_in_one_group() {
    let mut found = Vec::new();
    for (name, text) in workflows() {
        for job in jobs(&text) {
            let moves: Vec<_> = ["press", "fruits"]
                .into_iter()
                .filter(|service| {
                    job.contains(&format!("scripts/deploy-{service}.sh"))
                        || job.contains(&format!("helm upgrade {service}"))
                        || job.contains(&format!("helm rollback {service}"))
                })
                .collect();
            let [service] = moves[..] else {
                assert!(moves.is_empty(), "{name}: one job moves {moves:?}\n{job}");
                continue;
            };
            // Of the job: of a workflow that another one calls, it would be taken before the job's turn.
            assert!(
                job.contains(&format!("    concurrency:\n      group: deploy-{service}\n")),
                "{name}\n{job}"
            );
            let cuts_off = job.contains("      cancel-in-progress: true\n");
            assert_eq!(cuts_off, name == "rollback.yml", "{name}\n{job}");
            found.push((name.clone(), service));
        }
    }
    let expected = [
        ("deploy-fruits.yml", "fruits"),
        ("deploy-press.yml", "press"),
        ("rollback.yml", "press"),
        ("rollback.yml", "fruits"),
    ];
    assert_eq!(found, expected.map(|(name, service)| (name.to_owned(), service)));
}

/// What changes a cloud or is released is started by ci.yml behind its tests, or by a person; what a push or a tag starts is ci.yml alone.
#[test]
fn a_push_starts_nothing_but_the_tests() {
    for (name, text) in workflows() {
        let (head, _) = text.split_once("\njobs:\n").expect("has jobs");
        assert_eq!(head.contains("\n  push:"), name == "ci.yml", "{name}");
        assert!(!head.contains("workflow_run"), "{name}");
    }
    let (_, ci) = workflows().into_iter().find(|(name, _)| name == "ci.yml").expect("is there");
    for job in jobs(&ci).iter().filter(|job| job.contains("    uses: ./.github/workflows/")) {
        let is_behind =
            job.contains("    needs: [publish") || job.contains("    needs: [test, dependencies, ");
        assert!(is_behind, "{job}");
    }
}

/// None that waits on main is replaced by the next.
#[test]
fn no_commit_of_main_is_dropped() {
    let (_, ci) = workflows().into_iter().find(|(name, _)| name == "ci.yml").expect("is there");
    let group = ci.lines().find(|line| line.starts_with("  group: ")).expect("has a group");
    assert!(
        group.contains("(github.ref == 'refs/heads/main' ||") && group.contains("&& github.sha ||"),
        "{group}"
    );
}
