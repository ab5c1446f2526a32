//! Trying an image: what it holds, what it says about itself, and that it serves, stops and keeps its data.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{
    Service,
    buildah::{Buildah, Container, Recipe, Running, expect},
    sealed,
};
use crate::{
    http::{free_port, get, post, wait_for_ping},
    process::{command, run as run_program},
    sample, source,
};

/// The user that the images run as. It has no name anywhere, and needs none.
const USER: u32 = 65532;

/// Tries an image from the outside in.
pub(super) fn run(buildah: &Buildah, image: &str, recipe: &Recipe) -> Result<()> {
    let service = recipe.service;
    check_config(buildah, image, recipe).context("what the image says")?;
    check_files(&buildah.container(image)?).context("what the image holds")?;

    let volume = tempfile::tempdir().context("no folder for the volume")?;
    chown(volume.path(), Some(USER), Some(USER)).context("could not give the volume to the image's user")?;
    match service {
        Service::Fruits => try_fruits(buildah, image, volume.path())?,
        Service::Press => {
            refuses_to_lose_pdfs(buildah, image, volume.path())?;
            try_press(buildah, image, volume.path())?;
        }
    }
    answers_sealed(buildah, image, service, volume.path()).context("run read-only, by scripts/smoke.sh")
}

fn check_config(buildah: &Buildah, image: &str, recipe: &Recipe) -> Result<()> {
    let config = buildah.config(image)?;
    expect(&config, "User", &json!(format!("{USER}:{USER}")))?;
    expect(&config, "Entrypoint", &json!(["/fruitpress"]))?;
    expect(&config, "Cmd", &json!(["serve", recipe.service.name()]))?;
    expect(&config, "Volumes", &json!({"/data": {}}))?;
    expect(&config["Healthcheck"], "Test", &json!(["CMD", "/fruitpress", "healthcheck"]))?;
    expect(&config["Labels"], "org.opencontainers.image.licenses", &json!("Apache-2.0"))?;
    expect(&config["Labels"], "org.opencontainers.image.source", &json!(recipe.source))?;
    let variables = config["Env"].as_array().context("the image has no variables")?;
    for variable in ["HOST=0.0.0.0", "DATA_DIR=/data"] {
        ensure!(variables.contains(&json!(variable)), "the image does not set {variable}");
    }
    Ok(())
}

/// Four things and nothing else; only `/data` is the user's, so a root that is mounted read-only is no loss.
fn check_files(container: &Container) -> Result<()> {
    let root = container.root()?;
    let mut names: Vec<_> =
        fs::read_dir(&root)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    names.sort();
    ensure!(names == ["data", "etc", "fruitpress", "licenses"], "the root holds {names:?}");
    let certificates = fs::metadata(root.join("etc/ssl/certs/ca-certificates.crt"))?;
    ensure!(certificates.len() > 0, "the certificates are empty");
    for (path, owner) in [("data", USER), ("etc", 0), ("fruitpress", 0), ("licenses", 0)] {
        let metadata = fs::metadata(root.join(path))?;
        ensure!(metadata.uid() == owner, "/{path} belongs to user {}, not {owner}", metadata.uid());
        let mode = metadata.permissions().mode();
        ensure!(mode & 0o022 == 0, "/{path} can be written by others: mode {mode:o}");
    }
    Ok(())
}

fn try_fruits(buildah: &Buildah, image: &str, volume: &Path) -> Result<()> {
    let apple = json!({"fruit": "apple", "color": "red"});
    serving(buildah, image, Service::Fruits, volume, |address| {
        post(address, "/fruits", &apple)?.json(201)?;
        Ok(())
    })?;
    serving(buildah, image, Service::Fruits, volume, |address| {
        let kept = get(address, "/fruits")?.json(200)?;
        ensure!(
            kept == json!([{"id": 1, "fruit": "apple", "color": "red"}]),
            "the next container has {kept}"
        );
        Ok(())
    })
}

fn try_press(buildah: &Buildah, image: &str, volume: &Path) -> Result<()> {
    let images = source::serve(vec![sample::png(sample::Pixel::Rgba, 40, 30)?])?;
    let path = serving(buildah, image, Service::Press, volume, |address| {
        let request = json!({"source_url": format!("http://{images}/0")});
        let answer = post(address, "/image_to_pdf", &request)?.json(200)?;
        let url = answer["converted_url"].as_str().context("no converted_url")?;
        let base = format!("http://{address}");
        let path = url.strip_prefix(&base).with_context(|| format!("{url} is not under {base}"))?;
        is_pdf(address, path)?;
        Ok(path.to_owned())
    })?;
    serving(buildah, image, Service::Press, volume, |address| is_pdf(address, &path))
}

fn is_pdf(address: SocketAddr, path: &str) -> Result<()> {
    let answer = get(address, path)?;
    ensure!(answer.status == 200, "{path} is answered {}", answer.status);
    let is_whole = answer.body.starts_with(b"%PDF-1.7") && answer.body.trim_ascii_end().ends_with(b"%%EOF");
    ensure!(is_whole, "{path} is no PDF");
    Ok(())
}

/// Without a bucket, PDFs would lie on a disk that goes away with the container.
fn refuses_to_lose_pdfs(buildah: &Buildah, image: &str, volume: &Path) -> Result<()> {
    let container = buildah.container(image)?;
    let output = container.command(volume, &[], &["/fruitpress", "serve", "press"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success(), "the image starts without its settings");
    for variable in ["PROJECT_ID", "PDF_BUCKET", "SENTRY_DSN"] {
        ensure!(said.contains(variable), "the refusal does not name {variable}: {said}");
    }
    Ok(())
}

/// `scripts/smoke.sh` of a container that can write nothing but its volume.
fn answers_sealed(buildah: &Buildah, image: &str, service: Service, volume: &Path) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let mut settings = settings(service, address)?;
    settings.push(("ALLOWED_HOSTS", address.ip().to_string()));
    let container = buildah.container(image)?;
    let config = buildah.config(image)?;
    let mut running = Running::start(&mut sealed::command_of(&container, &config, volume, &settings)?)?;
    wait_for_ping(address, || running.is_running())?;
    sealed::check(running.id()?, USER)?;

    let images = source::serve(vec![sample::png(sample::Pixel::Rgba, 40, 30)?])?;
    let mut smoke = command("scripts/smoke.sh");
    smoke.args(["--service", service.name(), "--source", &format!("http://{images}/0"), "--write"]);
    run_program(smoke.arg(format!("http://{address}")))?;
    let ended = running.stop()?;
    ensure!(ended.success(), "ended with {ended} after SIGTERM");
    Ok(())
}

/// Serves from a new container, does something, sees that it is healthy and that it ends well when told to.
fn serving<T>(
    buildah: &Buildah,
    image: &str,
    service: Service,
    volume: &Path,
    work: impl FnOnce(SocketAddr) -> Result<T>,
) -> Result<T> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let settings = settings(service, address)?;
    let container = buildah.container(image)?;
    let mut running =
        Running::start(&mut container.command(volume, &settings, &["/fruitpress", "serve", service.name()]))?;
    wait_for_ping(address, || running.is_running())?;
    let result = work(address)?;

    let healthy = container.command(volume, &settings, &["/fruitpress", "healthcheck"]).output()?;
    ensure!(healthy.status.success(), "unhealthy: {}", String::from_utf8_lossy(&healthy.stderr));
    let ended = running.stop()?;
    ensure!(ended.success(), "ended with {ended} after SIGTERM");
    let unhealthy = container.command(volume, &settings, &["/fruitpress", "healthcheck"]).output()?;
    ensure!(!unhealthy.status.success(), "a container that has ended is called healthy");
    Ok(result)
}

/// On this address, with PDFs in the volume and sources from this machine.
fn settings(service: Service, address: SocketAddr) -> Result<Vec<(&'static str, String)>> {
    let mut settings = vec![
        ("PORT", address.port().to_string()),
        ("METRICS_PORT", free_port()?.to_string()),
        ("PUBLIC_URL", format!("http://{address}")),
    ];
    if service == Service::Press {
        settings.push(("REQUIRE_SETTINGS", String::new()));
        settings.push(("FETCH_ALLOW_PRIVATE", "true".to_owned()));
    }
    Ok(settings)
}
