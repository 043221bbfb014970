//! Our own certificate, where a server wants one: from a PEM or a PKCS#12 file.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use belfry_core::secret::Secret;
use p12_keystore::Pkcs12Archive;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use crate::trouble::Trouble;

/// A chain of certificates with its key takes a few kilobytes; a larger file is something else.
const LARGEST_FILE: u64 = 1 << 20;
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// Where our certificate is.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) certificate: PathBuf,
    /// Where its key is another file.
    pub(super) key: Option<PathBuf>,
    pub(super) password: Secret,
}

impl Source {
    /// Reads and opens the files: slow on purpose of whoever made them, so not for an async thread.
    pub(super) fn load(&self, provider: &CryptoProvider) -> Result<CertifiedKey, Trouble> {
        let bytes = read(&self.certificate)?;
        let (chain, key) = match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains("-----BEGIN ") => {
                let key_text = self.key.as_deref().map(read).transpose()?;
                let key_text = key_text.as_deref().map_or(Ok(text), std::str::from_utf8);
                self.read_pem(text, key_text.map_err(|_binary| Trouble::IdentityUnusable)?)?
            }
            Ok(_) | Err(_) => self.read_pkcs12(&bytes)?,
        };
        CertifiedKey::from_der(chain, key, provider).map_err(|error| {
            tracing::debug!(%error, "the client certificate cannot be used");
            Trouble::IdentityUnusable
        })
    }

    fn read_pem(
        &self,
        text: &str,
        key_text: &str,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Trouble> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes()).filter_map(Result::ok).collect();
        if let Ok(key) = PrivateKeyDer::from_pem_slice(key_text.as_bytes()) {
            return Ok((chain, key));
        }
        let start = key_text.find(ENCRYPTED).ok_or(Trouble::IdentityUnusable)?;
        let end = key_text.get(start..).and_then(|rest| rest.find("-----END ENCRYPTED PRIVATE KEY-----"));
        let end = end.ok_or(Trouble::IdentityUnusable)? + start + "-----END ENCRYPTED PRIVATE KEY-----".len();
        let block = key_text.get(start..end).unwrap_or_default().replace('\r', "");
        let (_, sealed) = SecretDocument::from_pem(&block).map_err(|_damaged| Trouble::IdentityUnusable)?;
        let sealed =
            EncryptedPrivateKeyInfoRef::try_from(sealed.as_bytes()).map_err(|_damaged| Trouble::IdentityUnusable)?;
        let open = sealed.decrypt(self.password.expose()).map_err(|_wrong| Trouble::IdentityPassword)?;
        Ok((chain, PrivatePkcs8KeyDer::from(open.as_bytes().to_vec()).into()))
    }

    fn read_pkcs12(&self, bytes: &[u8]) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Trouble> {
        let archive = Pkcs12Archive::from_pkcs12(bytes, self.password.expose()).map_err(|error| match error {
            p12_keystore::error::Error::MacError(_)
            | p12_keystore::error::Error::UnpadError
            | p12_keystore::error::Error::Pkcs5Error(_) => Trouble::IdentityPassword,
            _ => Trouble::IdentityUnusable,
        })?;
        let key = archive.keys.first().ok_or(Trouble::IdentityUnusable)?;
        let id = key.local_key_id.as_ref().map(|id| id.0.as_slice());
        let mut certificates = archive.certs;
        // Ours first, then those that vouch for it, as the handshake wants it.
        certificates.sort_by_key(|bag| id.is_none() || bag.local_key_id.as_deref() != id);
        let chain = certificates.iter().map(|bag| CertificateDer::from(bag.cert.as_der().to_vec())).collect();
        Ok((chain, PrivatePkcs8KeyDer::from(key.key.as_der().to_vec()).into()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let attempt = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(LARGEST_FILE).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    attempt().map_err(|error| {
        tracing::debug!(kind = %error.kind(), "the client certificate cannot be read");
        Trouble::IdentityUnreadable
    })
}

/// Shows our certificate to whoever asks, and remembers that somebody did: older servers say no more than "handshake
/// failure" where they miss one.
#[derive(Debug, Default)]
pub(super) struct Wallet {
    pub(super) identity: Option<Arc<CertifiedKey>>,
    pub(super) asked: Arc<AtomicBool>,
}

impl ResolvesClientCert for Wallet {
    fn resolve(&self, _root_hint_subjects: &[&[u8]], _sigschemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}
