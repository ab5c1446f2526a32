//! An authority of the tests' own, and a certificate by it for the tests' server of PostgreSQL.

use std::sync::LazyLock;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

static AUTHORITY: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(parameters, key).expect("a certificate")
});

/// The certificate and the key of a server at 127.0.0.1, in PEM.
pub(crate) fn of_the_server() -> (String, String) {
    let parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let certificate = parameters.signed_by(&key, &*AUTHORITY).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

/// The certificate of the authority, in PEM.
pub(crate) fn of_the_authority() -> String {
    AUTHORITY.pem()
}
