//! Why a connection did not come about, in words for people.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};
use thiserror::Error as ThisError;

use crate::certificate::Fingerprint;

/// What stood between us and a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum Trouble {
    /// The name has no address.
    #[error("the server's name could not be found")]
    NameNotFound,
    /// Nobody listens there.
    #[error("the server refused the connection")]
    Refused,
    /// No answer in time.
    #[error("the server did not answer in time")]
    TimedOut,
    /// There is no way there at present.
    #[error("the network is not reachable")]
    NetworkUnreachable,
    /// The connection ended early.
    #[error("the connection was lost")]
    Lost,
    /// The certificate's issuer is not trusted on this computer.
    #[error("the server's certificate was issued by somebody this computer does not trust")]
    UnknownIssuer,
    /// The certificate is for another name.
    #[error("the server's certificate belongs to another name")]
    WrongName,
    /// The certificate is too old.
    #[error("the server's certificate has expired")]
    Expired,
    /// The certificate is not valid yet, which mostly means a wrong clock.
    #[error("the server's certificate is not valid yet; is this computer's clock right?")]
    NotValidYet,
    /// The certificate was revoked.
    #[error("the server's certificate was revoked")]
    Revoked,
    /// The certificate is wrong in another way.
    #[error("the server's certificate is not valid")]
    BadCertificate,
    /// The certificate is not the one that was trusted.
    #[error("the server's certificate changed: {} was trusted, {} is shown now; open Connection to compare them", .trusted.short(), .shown.short())]
    CertificateChanged {
        /// The one that a person trusted.
        trusted: Fingerprint,
        /// The one that the server shows.
        shown: Fingerprint,
    },
    /// What the preferences say of a trusted certificate is no fingerprint.
    #[error(
        "the trusted certificate in the preferences is not a SHA-256 fingerprint; open Connection and trust it again"
    )]
    BadFingerprint,
    /// The server wants a certificate of ours, or another one.
    #[error("the server wants a client certificate that it accepts; choose one under Connection")]
    ClientCertificateWanted,
    /// The file with our certificate cannot be read.
    #[error("the file with the client certificate cannot be read; check its place under Connection")]
    IdentityUnreadable,
    /// The password of the file is wrong, or missing.
    #[error("the password does not open the file with the client certificate")]
    IdentityPassword,
    /// There is no certificate with its key in the file.
    #[error(
        "the file does not hold a client certificate together with its key; choose a PEM or PKCS#12 file that does"
    )]
    IdentityUnusable,
    /// What stands for a proxy's address is none.
    #[error(
        "that is not a proxy's address; write http://host:port or socks5://host:port, without user name and password"
    )]
    ProxyAddress,
    /// Nobody answers where the proxy should be.
    #[error("the proxy could not be reached; check its address, or choose another way under Connection")]
    ProxyUnreachable,
    /// The proxy wants to know who asks.
    #[error("the proxy asks for a user name and password; fill them in under Connection")]
    ProxyLogin,
    /// The proxy does not like who asks.
    #[error("the proxy did not accept the user name and password; change them under Connection")]
    ProxyLoginRefused,
    /// The proxy lets nobody through to this server.
    #[error(
        "the proxy does not let connections to this server through; ask its administrator, or choose another way under Connection"
    )]
    ProxyRefused,
    /// The proxy tried in vain.
    #[error("the proxy could not reach the server")]
    ProxyInVain,
    /// It does not speak as a proxy should.
    #[error("what answers at the proxy's address is not such a proxy; check its address and kind")]
    NotAProxy,
    /// A web server in front wants to know who asks.
    #[error("a web server in front asks for a user name and password; fill them in under Connection")]
    FrontLogin,
    /// A web server in front wants a secret (protocol §1.6).
    #[error("a web server in front asks for another pre-authentication secret; fill it in under Connection")]
    PreAuth,
    /// A web page came where the server's answer should be: a captive portal, or a proxy's own page.
    #[error("a web page answered in the server's place; if this network wants you to sign in, do that in a browser")]
    WebPage,
    /// The server ended the handshake without saying why.
    #[error("the server refused a secure connection")]
    HandshakeRefused,
    /// The secure connection failed in another way.
    #[error("no secure connection could be made")]
    Tls,
    /// The system has no certificates to trust.
    #[error("this computer has no trusted certificates installed")]
    NoRoots,
    /// Anything else.
    #[error("the server could not be reached")]
    Other,
}

impl Trouble {
    /// Whether it is the server's certificate that a person could look at and trust.
    pub fn is_about_their_certificate(self) -> bool {
        matches!(
            self,
            Self::UnknownIssuer
                | Self::WrongName
                | Self::Expired
                | Self::NotValidYet
                | Self::BadCertificate
                | Self::CertificateChanged { .. }
        )
    }

    /// What a person can do about it where the server worked before: networks that want a sign-in answer in its place.
    pub fn advice(self) -> &'static str {
        match self {
            Self::UnknownIssuer | Self::WrongName | Self::CertificateChanged { .. } => {
                "; if this network wants you to sign in, do that in a browser first"
            }
            Self::Expired => "; whoever runs the server has to renew it",
            Self::Revoked | Self::BadCertificate => "; ask whoever runs the server",
            _ => "",
        }
    }

    /// Whether plain http may be worth a try where https was typed by us and not by the person: nobody spoke TLS there.
    pub fn is_certificate(self) -> bool {
        matches!(
            self,
            Self::UnknownIssuer
                | Self::WrongName
                | Self::Expired
                | Self::NotValidYet
                | Self::Revoked
                | Self::BadCertificate
                | Self::CertificateChanged { .. }
                | Self::ClientCertificateWanted
                | Self::NoRoots
        )
    }

    /// Finds the cause at the bottom of a chain of errors.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut found = Self::Other;
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(trouble) = error.downcast_ref::<Self>() {
                return *trouble;
            }
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls);
            }
            if let Some(io) = error.downcast_ref::<io::Error>() {
                found = Self::of_io(io.kind()).unwrap_or(found);
                // `io::Error::source` skips the error it wraps.
                if let Some(inner) = io.get_ref() {
                    let inner = Self::of(inner);
                    return if inner == Self::Other { found } else { inner };
                }
            }
            next = error.source();
        }
        found
    }

    fn of_io(kind: io::ErrorKind) -> Option<Self> {
        Some(match kind {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkDown => {
                Self::NetworkUnreachable
            }
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Lost,
            _ => return None,
        })
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotValidYet,
                CertificateError::Revoked => Self::Revoked,
                // Signed by somebody of the same name as one that is trusted: another authority all the same.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
                CertificateError::Other(rustls::OtherError(inner)) => {
                    inner.downcast_ref::<Self>().copied().unwrap_or(Self::BadCertificate)
                }
                _ => Self::BadCertificate,
            },
            // A server speaks of certificates only where it does not like ours, or misses one.
            rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::UnsupportedCertificate
                // Ours was signed by somebody of the same name as the one it knows.
                | AlertDescription::DecryptError
                | AlertDescription::AccessDenied,
            ) => Self::ClientCertificateWanted,
            _ => Self::Tls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_below_wrapping_errors() {
        let tls = |error| io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(error));
        assert_eq!(Trouble::of(&tls(CertificateError::Expired)), Trouble::Expired);
        assert_eq!(Trouble::of(&tls(CertificateError::UnknownIssuer)), Trouble::UnknownIssuer);
        assert_eq!(Trouble::of(&io::Error::from(io::ErrorKind::ConnectionRefused)), Trouble::Refused);
        let below = io::Error::other(Trouble::NameNotFound);
        assert_eq!(Trouble::of(&below), Trouble::NameNotFound);
        let wrapped = io::Error::new(io::ErrorKind::ConnectionReset, io::Error::other("inner"));
        assert_eq!(Trouble::of(&wrapped), Trouble::Lost);
        assert_eq!(Trouble::of(&io::Error::other("?")), Trouble::Other);
    }
}
