//! Who is believed to be the server.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use anyhow::{Context as _, ensure};
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Tls;

/// Makes the connector for each new connection.
#[derive(Debug)]
pub(super) struct Trust {
    tls: Tls,
    /// The system's certificates are many, so they are read once, when they are first needed. A file is read each
    /// time, so that an authority that was replaced is believed without a restart.
    system: OnceLock<ClientConfig>,
}

impl Trust {
    pub(super) fn new(tls: Tls) -> Self {
        Self { tls, system: OnceLock::new() }
    }

    /// `None` where nothing is encrypted.
    pub(super) fn connector(&self) -> anyhow::Result<Option<MakeRustlsConnect>> {
        let config = match &self.tls {
            Tls::Disabled => return Ok(None),
            Tls::File(file) => believing(file)?,
            Tls::System => self.system()?,
        };
        Ok(Some(MakeRustlsConnect::new(config)))
    }

    fn system(&self) -> anyhow::Result<ClientConfig> {
        if let Some(config) = self.system.get() {
            return Ok(config.clone());
        }
        let config = builder()?.with_platform_verifier()?.with_no_client_auth();
        Ok(self.system.get_or_init(|| config).clone())
    }
}

fn builder() -> anyhow::Result<ConfigBuilder<ClientConfig, WantsVerifier>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?)
}

fn believing(file: &Path) -> anyhow::Result<ClientConfig> {
    let unreadable = || format!("sslrootcert: cannot read the certificates in {}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).with_context(unreadable)? {
        roots.add(certificate.with_context(unreadable)?).with_context(unreadable)?;
    }
    ensure!(!roots.is_empty(), "sslrootcert: {} has no certificate", file.display());
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}
