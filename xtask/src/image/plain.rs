//! What an image says of its own making, taken out: two builds of the same files are then the same image, byte for byte.
//!
//! buildah notes the name of the container that it built in and the images that it built on the way. Each is a random number,
//! and none is of use to anyone: an image on `scratch` has no parent that could be pulled.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{command, read};

/// Takes it out of an image that lies in a folder, as `buildah push dir:` writes it.
pub(super) fn make(folder: &Path) -> Result<()> {
    let manifest_file = folder.join("manifest.json");
    let mut manifest = parse(&manifest_file)?;
    let digest = manifest["config"]["digest"].as_str().context("the manifest names no configuration")?;
    let mut config = parse(&folder.join(digest.trim_start_matches("sha256:")))?;
    forget(&mut config);

    let bytes = config.to_string();
    let new = folder.join("config.json");
    fs::write(&new, &bytes).context("could not write the configuration")?;
    let digest = sha256(&new)?;
    fs::rename(&new, folder.join(&digest)).context("could not name the configuration")?;
    manifest["config"]["digest"] = format!("sha256:{digest}").into();
    manifest["config"]["size"] = bytes.len().into();
    fs::write(manifest_file, manifest.to_string()).context("could not write the manifest")
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(super) fn sha256(file: &Path) -> Result<String> {
    let said = read(command("sha256sum").arg(file))?;
    Ok(said.split_whitespace().next().context("sha256sum printed nothing")?.to_owned())
}

fn parse(file: &Path) -> Result<Value> {
    let bytes = fs::read(file).with_context(|| format!("could not read {}", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", file.display()))
}

fn forget(config: &mut Value) {
    for name in ["container", "container_config", "parent"] {
        config.as_object_mut().and_then(|config| config.remove(name));
    }
    config["config"].as_object_mut().and_then(|config| config.remove("Hostname"));
    // `FROM` and the number of a stage's image.
    for step in config["history"].as_array_mut().into_iter().flatten() {
        step.as_object_mut().and_then(|step| step.remove("comment"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The configuration of one build, of which the random parts are these.
    fn built(container: &str, revision: &str) -> Value {
        json!({
            "container": container,
            "container_config": {"Hostname": container, "User": "65532:65532"},
            "parent": format!("sha256:{container}"),
            "config": {"Hostname": container, "User": "65532:65532", "Labels": {"revision": revision}},
            "history": [
                {"created_by": "LABEL", "comment": format!("FROM {container}"), "empty_layer": true},
                {"created_by": "COPY"},
            ],
        })
    }

    fn forgotten(mut config: Value) -> Value {
        forget(&mut config);
        config
    }

    #[test]
    fn what_is_random_goes_and_what_was_asked_for_stays() {
        assert_eq!(forgotten(built("4fe78dfeb6c9", "1")), forgotten(built("35ff85004e5b", "1")));
        assert_ne!(forgotten(built("4fe78dfeb6c9", "1")), forgotten(built("4fe78dfeb6c9", "2")));
        let expected = json!({
            "config": {"User": "65532:65532", "Labels": {"revision": "1"}},
            "history": [{"created_by": "LABEL", "empty_layer": true}, {"created_by": "COPY"}],
        });
        assert_eq!(forgotten(built("4fe78dfeb6c9", "1")), expected);
    }

    #[test]
    fn the_manifest_names_the_configuration_that_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("0123");
        fs::write(&old, built("4fe78dfeb6c9", "1").to_string()).unwrap();
        let manifest = json!({"config": {"digest": "sha256:0123", "size": 1}, "layers": [{"size": 34}]});
        fs::write(folder.path().join("manifest.json"), manifest.to_string()).unwrap();

        make(folder.path()).unwrap();
        let manifest = parse(&folder.path().join("manifest.json")).unwrap();
        let digest = manifest["config"]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        let named = folder.path().join(digest);
        assert_eq!(sha256(&named).unwrap(), digest);
        assert_eq!(manifest["config"]["size"], fs::metadata(&named).unwrap().len());
        assert_eq!(parse(&named).unwrap(), forgotten(built("4fe78dfeb6c9", "1")));
        assert_eq!(manifest["layers"], json!([{"size": 34}]));
    }
}
