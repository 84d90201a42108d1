//! TLS, verified against the name that the policy judged.

use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Host;

use super::NetworkError;
use super::connect::Stream;

/// Whose certificates are trusted.
pub struct Roots(RootCertStore);

impl Roots {
    /// Mozilla's list, as it was when this program was built. No file and no variable adds to it.
    #[must_use]
    pub fn mozilla() -> Self {
        Self(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    /// These certificates and no others, each in DER.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn only(certificates: impl IntoIterator<Item = Vec<u8>>) -> std::io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(CertificateDer::from(certificate)).map_err(std::io::Error::other)?;
        }
        Ok(Self(roots))
    }
}

#[derive(Clone)]
pub(super) struct Tls(Option<TlsConnector>);

impl Tls {
    pub(super) fn new(roots: Roots) -> Self {
        let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions();
        // The provider of ring has the default versions; without them there would be no TLS, rather than a weaker one.
        Self(versions.ok().map(|builder| {
            let mut config = builder.with_root_certificates(roots.0).with_no_client_auth();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            // Sandboxes must not be told apart, or linked, by each other's sessions.
            config.resumption = Resumption::disabled();
            TlsConnector::from(Arc::new(config))
        }))
    }

    pub(super) async fn connect(
        &self,
        stream: Box<dyn Stream>,
        host: &Host<String>,
    ) -> Result<Box<dyn Stream>, NetworkError> {
        let failed = |error: String| NetworkError::Failed { step: "make a secure connection", error };
        let connector = self.0.as_ref().ok_or_else(|| failed("there is no TLS in this build".into()))?;
        let name = match host {
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name).to_owned();
                ServerName::try_from(name).map_err(|error| failed(error.to_string()))?
            }
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::from(*address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::from(*address)),
        };
        let secure = connector.connect(name, stream).await.map_err(|error| failed(error.to_string()))?;
        Ok(Box::new(secure))
    }
}
