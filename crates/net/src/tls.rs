//! The TLS set-up that REST and websockets share: the system's roots, rustls with ring, nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::Verifier;

/// Makes ring the process's TLS provider. Call it first thing; later calls change nothing.
pub fn install_crypto() {
    // An error only says that a provider is installed already.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// The roots are read from disk once and shared by every connection of the process.
static PLATFORM: Mutex<Option<Arc<Verifier>>> = Mutex::new(None);

/// Our one provider.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// What this computer trusts. Reads files the first time: not for an async thread.
pub(crate) fn platform() -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    let mut shared = PLATFORM.lock().unwrap_or_else(PoisonError::into_inner);
    let verifier = match shared.as_ref() {
        Some(verifier) => Arc::clone(verifier),
        None => Arc::clone(shared.insert(Arc::new(Verifier::new(provider())?))),
    };
    Ok(verifier)
}

/// A client configuration that believes `judge` and shows what `wallet` holds.
pub(crate) fn config(
    judge: Arc<dyn ServerCertVerifier>,
    wallet: Arc<dyn ResolvesClientCert>,
) -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(judge)
        .with_client_cert_resolver(wallet))
}

/// Protocols as the handshake names them.
pub(crate) fn names(protocols: &[&str]) -> Vec<Vec<u8>> {
    protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect()
}
