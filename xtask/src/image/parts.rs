//! What an image's program is made of, as CycloneDX 1.5 writes it down: each crate that is linked into it, of which
//! version, under which licence, with the checksum of its source.
//!
//! A scanner cannot see them in the image: the program is one file that does not say what it was made of. What one finds
//! known holes in is this.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    Service,
    build::{self, architecture},
    plain::sha256,
};
use crate::process::{cargo, read, root};

/// Writes the list of what the compiled program has in it; gives where, and how many parts there are.
pub(super) fn write(service: Service, version: &str) -> Result<(PathBuf, usize)> {
    let file = root().join("target/image").join(architecture()?).join(format!("{}.cdx.json", service.name()));
    let tree = read(
        cargo()
            .args(["tree", "--locked", "--package", "fruitpress", "--no-default-features"])
            .args(["--features", service.name(), "--target", &build::triple()])
            // What runs while it is compiled is not in it.
            .args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}\t{l}"]),
    )?;
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("could not read Cargo.lock")?;
    let parts = components(&tree, &checksums(&lock))?;
    let count = parts.len();
    let hash = sha256(&build::binary(service)?)?;
    fs::write(&file, document(service, version, &hash, &parts).to_string())
        .with_context(|| format!("could not write {}", file.display()))?;
    Ok((file, count))
}

/// The SHA-256 of each crate of the registry, by name and version.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), &str> {
    lock.split("[[package]]")
        .filter_map(|package| {
            let value = |name: &str| {
                let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
                line?.strip_suffix('"')
            };
            Some(((value("name")?, value("version")?), value("checksum")?))
        })
        .collect()
}

/// From what `cargo tree` prints: `name v1.2.3 (where from)`, a tab, the licence, and `(*)` behind what it has said before.
fn components(tree: &str, checksums: &BTreeMap<(&str, &str), &str>) -> Result<Vec<Value>> {
    let lines: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    lines
        .into_iter()
        .filter(|line| !line.starts_with("fruitpress "))
        .map(|line| component(line, checksums))
        .collect()
}

fn component(line: &str, checksums: &BTreeMap<(&str, &str), &str>) -> Result<Value> {
    let (package, licence) = line.split_once('\t').with_context(|| format!("no licence in {line:?}"))?;
    let mut words = package.split(' ');
    let name = words.next().unwrap_or_default();
    let version = words.next().and_then(|word| word.strip_prefix('v'));
    let version = version.with_context(|| format!("no version in {line:?}"))?;
    let mut component = json!({
        "type": "library",
        "bom-ref": format!("{name}@{version}"),
        "name": name,
        "version": version,
        "licenses": [{"expression": licence.replace('/', " OR ")}],
    });
    // Crates of this workspace are in no registry: one there that has the name is another one.
    if words.next().is_none() {
        let checksum = checksums.get(&(name, version));
        let checksum = checksum.with_context(|| format!("Cargo.lock has no checksum of {name} {version}"))?;
        component["purl"] = format!("pkg:cargo/{name}@{version}").into();
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    Ok(component)
}

/// Nothing in it tells when it was made: the same program has the same list.
fn document(service: Service, version: &str, hash: &str, components: &[Value]) -> Value {
    let name = service.name();
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        // One for each program, as RFC 9562 lets anyone make them from what they know (version 8).
        "serialNumber": format!("urn:uuid:{}-{}-8{}-8{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32]),
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "fruitpress",
                "name": format!("fruitpress/{name}"),
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": hash}],
                "licenses": [{"expression": "Apache-2.0"}],
            },
        },
        "components": components,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"version = 4

[[package]]
name = "fruitpress"
version = "0.1.0"
dependencies = [
 "mimalloc",
]

[[package]]
name = "mimalloc"
version = "0.1.52"
source = "registry"
checksum = "c0ffee"
"#;

    #[test]
    fn a_part_is_named_once_with_what_its_source_was() {
        let tree = "fruitpress v0.1.0 (/source/crates/fruitpress)\tApache-2.0\nmimalloc v0.1.52\tMIT/Apache-2.0\n\
                    press v0.1.0 (/source/crates/press)\tApache-2.0\nmimalloc v0.1.52\tMIT/Apache-2.0 (*)\n";
        let expected = json!([
            {
                "type": "library", "bom-ref": "mimalloc@0.1.52", "name": "mimalloc", "version": "0.1.52",
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "purl": "pkg:cargo/mimalloc@0.1.52", "hashes": [{"alg": "SHA-256", "content": "c0ffee"}],
            },
            {
                "type": "library", "bom-ref": "press@0.1.0", "name": "press", "version": "0.1.0",
                "licenses": [{"expression": "Apache-2.0"}],
            },
        ]);
        assert_eq!(Value::from(components(tree, &checksums(LOCK)).unwrap()), expected);
    }

    #[test]
    fn what_is_not_known_is_an_error_and_not_left_out() {
        for tree in ["mimalloc v0.1.51\tMIT", "mimalloc v0.1.52", "mimalloc\tMIT"] {
            assert!(components(tree, &checksums(LOCK)).is_err(), "{tree:?}");
        }
    }

    #[test]
    fn the_serial_number_is_a_uuid_of_the_program() {
        let hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let document = document(Service::Press, "1.2.3", hash, &[]);
        assert_eq!(document["serialNumber"], "urn:uuid:01234567-89ab-8def-8123-456789abcdef");
    }
}
