//! The proxies of the environment: asked for nothing, since one would resolve names anew and dial for us.

use std::{net::TcpListener, process::Command};

use super::support::{images, press::Press, source::Source};

/// Set in the process that has proxies in its environment.
const CHILD: &str = "PRESS_TEST_WITH_PROXIES";
/// Every spelling that clients look for.
const VARIABLES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

#[test]
fn the_proxies_of_the_environment_are_not_asked() {
    if std::env::var_os(CHILD).is_some() {
        return convert();
    }
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let name = "proxies::the_proxies_of_the_environment_are_not_asked";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name]).env(CHILD, "1").env_remove("NO_PROXY").env_remove("no_proxy");
    for variable in VARIABLES {
        child.env(variable, format!("http://{address}"));
    }
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    proxy.set_nonblocking(true).unwrap();
    let asked = proxy.accept();
    assert!(asked.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "the proxy was asked");
}

#[tokio::main(flavor = "current_thread")]
async fn convert() {
    for variable in VARIABLES {
        assert!(std::env::var_os(variable).is_some(), "{variable}");
    }
    let source = Source::body(&images::png()).await;
    Press::start().pdf(&source.url("/cat.png")).await;
    assert_eq!(source.connections(), 1);
}
