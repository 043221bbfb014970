//! Why a connection did not come about, in words for people.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};
use thiserror::Error as ThisError;

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
    /// The server wants a certificate of ours.
    #[error("the server asks for a client certificate, which is not supported")]
    ClientCertificateWanted,
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
                CertificateError::UnknownIssuer => Self::UnknownIssuer,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
                _ => Self::BadCertificate,
            },
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Self::ClientCertificateWanted,
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
