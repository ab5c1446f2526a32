//! `compose.yaml` without containers: each service is the real binary with the variables that stand there, beside a database
//! and a store that are set up as the file says. Only hosts and ports are other ones.

mod postgres; // fruits and its database
mod seaweedfs; // press and its very store
mod store; // press and a store that checks signatures

use std::{fs, path::Path};

use yaml_rust2::{Yaml, YamlLoader};

/// The whole file.
fn compose() -> Yaml {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../compose.yaml");
    let mut documents = YamlLoader::load_from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// One service's variables.
struct Environment(Vec<(String, String)>);

impl Environment {
    #[track_caller]
    fn of(service: &str) -> Self {
        let compose = compose();
        let variables = compose["services"][service]["environment"].as_hash().expect("the service has some");
        // Numbers and `true` would have to stand within quotes, so that they arrive as they are written.
        let pair =
            |(name, value): (&Yaml, &Yaml)| Some((name.as_str()?.to_owned(), value.as_str()?.to_owned()));
        Self(variables.iter().map(|variable| pair(variable).expect("text")).collect())
    }

    #[track_caller]
    fn get(&self, name: &str) -> &str {
        &self.0.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
    }

    /// Leads a variable that names `old` to where that is here.
    #[track_caller]
    fn lead(&mut self, name: &str, old: &str, here: &str) {
        let value = &mut self.0.iter_mut().find(|(found, _)| found == name).expect("the variable is set").1;
        assert!(value.contains(old), "{name} is {value}, which does not lead to {old}");
        *value = value.replace(old, here);
    }

    /// What the image sets, these variables, and those of this test alone.
    fn with<'a>(&'a self, further: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        [("HOST", "0.0.0.0")].into_iter().chain(own).chain(further.iter().copied()).collect()
    }
}

#[test]
fn each_image_that_is_not_built_here_is_one_and_no_other() {
    let compose = compose();
    let services = compose["services"].as_hash().unwrap();
    let pulled = services.values().filter(|service| service["build"].is_badvalue());
    let images: Vec<_> = pulled.map(|service| service["image"].as_str().unwrap()).collect();
    assert_eq!(images.len(), 2, "{images:?}");
    for image in images {
        let (_, digest) = image.split_once("@sha256:").unwrap_or_else(|| panic!("{image} may change"));
        assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{image}");
    }
}

#[test]
fn nothing_is_published_beyond_this_machine() {
    let compose = compose();
    for (name, service) in compose["services"].as_hash().unwrap() {
        for port in service["ports"].as_vec().into_iter().flatten() {
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{name:?} is published on {port:?}");
        }
    }
}
