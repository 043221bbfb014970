//! Whom we believe to be the server: this computer's trust, or the one certificate that a person trusted for it.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use crate::certificate::Fingerprint;
use crate::trouble::Trouble;

/// The last certificate that was refused, for the person to look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused(Arc<Mutex<Option<CertificateDer<'static>>>>);

impl Refused {
    /// Takes it.
    pub(crate) fn take(&self) -> Option<CertificateDer<'static>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, certificate: &CertificateDer<'_>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(certificate.clone().into_owned());
    }
}

/// The one certificate that is trusted, and where. Its dates and names do not matter: a person looked at it.
#[derive(Clone, Debug)]
pub(super) struct Pin {
    /// Host of the server, as it stands in an address. Other hosts (a websocket elsewhere) are judged by the computer.
    pub(super) host: String,
    pub(super) fingerprint: Fingerprint,
}

#[derive(Debug)]
pub(super) struct Judge {
    pub(super) platform: Arc<dyn ServerCertVerifier>,
    pub(super) pin: Option<Pin>,
    pub(super) refused: Refused,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(pin) = self.pin.as_ref().filter(|pin| pin.host.trim_matches(['[', ']']) == server_name.to_str()) {
            let shown = Fingerprint::of(end_entity);
            if shown == pin.fingerprint {
                return Ok(ServerCertVerified::assertion());
            }
            tracing::warn!(trusted = %pin.fingerprint, %shown, "the server's certificate changed");
            self.refused.keep(end_entity);
            let changed = Trouble::CertificateChanged { trusted: pin.fingerprint, shown };
            return Err(CertificateError::Other(OtherError(Arc::new(changed))).into());
        }
        self.platform
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .inspect_err(|_refused| self.refused.keep(end_entity))
    }

    // Whatever the certificate, the server must prove that the key is its own.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}
