//! The TLS set-up that REST and websockets share: the system's roots, rustls with ring, nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;

/// Makes ring the process's TLS provider. Call it first thing; later calls change nothing.
pub fn install_crypto() {
    // An error only says that a provider is installed already.
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// The roots are read from disk once and shared by every connection of the process.
static CONFIG: Mutex<Option<ClientConfig>> = Mutex::new(None);

/// The client configuration with the system's roots. Reads files the first time: not for an async thread.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    let mut shared = CONFIG.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(config) = shared.as_ref() {
        return Ok(config.clone());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    *shared = Some(config.clone());
    Ok(config)
}

/// Offers these protocols in the handshake.
pub(crate) fn offering(mut config: ClientConfig, protocols: &[&str]) -> ClientConfig {
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config
}
