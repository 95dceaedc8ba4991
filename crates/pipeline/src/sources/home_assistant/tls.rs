//! Whom to trust on an encrypted connection.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whom to trust.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Certificates in PEM, trusted beside the system's.
    pub extra_pem: Option<Vec<u8>>,
    /// Takes any certificate. The stream is still encrypted, but nobody knows with whom.
    pub anyone: bool,
}

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The extra ones are no PEM.
    #[error("ca_file holds no certificate in PEM ({0})")]
    NotPem(String),
    /// The library refuses them.
    #[error("certificates cannot be used ({0})")]
    Rustls(#[from] rustls::Error),
    /// There is nothing to check against.
    #[error("this system has no root certificates ({0}); install them (ca-certificates) or set ca_file")]
    NoRoots(String),
}

impl Trust {
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let config = if self.anyone {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
                .with_no_client_auth()
        } else {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider);
            let verifier = verifier.build().map_err(|e| TrustError::NoRoots(e.to_string()))?;
            builder.with_webpki_verifier(verifier).with_no_client_auth()
        };
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, TrustError> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        if let Some(pem) = &self.extra_pem {
            let extra: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let extra = extra.map_err(|e| TrustError::NotPem(e.to_string()))?;
            if extra.is_empty() {
                return Err(TrustError::NotPem(
                    "nothing between BEGIN CERTIFICATE and END CERTIFICATE".into(),
                ));
            }
            for certificate in extra {
                roots.add(certificate)?;
            }
        }
        if roots.is_empty() {
            let why = system.errors.first().map_or_else(|| "none found".into(), ToString::to_string);
            return Err(TrustError::NoRoots(why));
        }
        Ok(roots)
    }
}

/// Takes any certificate, but still wants the peer to hold its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_certificate_is_refused_with_words() {
        for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"] {
            let trust = Trust { extra_pem: Some(pem.as_bytes().to_vec()), anyone: false };
            assert!(trust.client_config().unwrap_err().to_string().contains("ca_file"), "{pem:?}");
        }
    }

    #[test]
    fn anyone_needs_no_roots() {
        Trust { extra_pem: None, anyone: true }.client_config().unwrap();
    }
}
