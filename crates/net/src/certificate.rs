//! What a certificate says, for people who are asked whether to trust it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use belfry_core::reach::CertificateFacts;
use belfry_core::text;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate, X509Name};

/// Letters of a name that are shown: real ones are shorter, and the words are a stranger's.
const NAME_LENGTH: usize = 80;
/// Names that are shown, of certificates that have hundreds.
const MOST_NAMES: usize = 8;

/// SHA-256 of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// Reads hexadecimal digits, with or without colons or blanks between them; `None` where it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|letter| !matches!(letter, ':' | ' '))
            .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        let exact = digits.len() == 64;
        bytes.try_into().ok().filter(|_| exact).map(Self)
    }

    /// Enough of it to tell two apart in a sentence.
    pub fn short(&self) -> String {
        self.to_string().chars().take(23).chain(['…']).collect()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if index == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a certificate says of itself. One that cannot be read has its fingerprint only.
pub fn describe(der: &[u8]) -> CertificateFacts {
    let sha256 = Fingerprint::of(der).to_string();
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return CertificateFacts { sha256, ..CertificateFacts::default() };
    };
    CertificateFacts {
        subject: person(certificate.subject()),
        issuer: person(certificate.issuer()),
        names: names(&certificate),
        valid_from: date(certificate.validity().not_before.timestamp()),
        valid_until: date(certificate.validity().not_after.timestamp()),
        sha256,
    }
}

fn harmless(text: &str) -> String {
    let plain = text.split(char::is_control).collect::<Vec<_>>().join(" ");
    text::shorten(text::neutralize(text::cut_at_char(&plain, 4 * NAME_LENGTH)).trim(), NAME_LENGTH)
}

/// Common name and organization, as far as they are there.
fn person(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().find_map(|part| part.as_str().ok());
    let organization = name.iter_organization().find_map(|part| part.as_str().ok());
    match (common, organization) {
        (Some(common), Some(organization)) => format!("{}, {}", harmless(common), harmless(organization)),
        (Some(one), None) | (None, Some(one)) => harmless(one),
        (None, None) => harmless(&name.to_string()),
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let mut shown: Vec<String> = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(harmless(name)),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        })
        .take(MOST_NAMES + 1)
        .collect();
    if shown.len() > MOST_NAMES {
        shown.truncate(MOST_NAMES);
        shown.push("…".to_owned());
    }
    shown
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    four.or_else(|_other| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into())).ok()
}

fn date(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_absurd| String::new(), |at| at.strftime("%-d %B %Y, %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_people_copy_it() {
        let fingerprint = Fingerprint::of(b"x");
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 95);
        for written in [text.clone(), text.to_lowercase(), text.replace(':', ""), text.replace(':', " ")] {
            assert_eq!(Fingerprint::parse(&written), Some(fingerprint), "{written}");
        }
        for wrong in ["", "AB:CD", &text[..94], &format!("{text}:00"), &text.replace(':', "-"), &text.replace('2', "é")]
        {
            assert_eq!(Fingerprint::parse(wrong), None, "{wrong}");
        }
        assert!(text.starts_with(fingerprint.short().trim_end_matches('…')));
    }

    #[test]
    fn a_certificate_is_described_in_words_that_cannot_deceive() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params =
            rcgen::CertificateParams::new(vec!["chat.example.org".to_owned(), "10.0.0.7".to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "chat\u{202E}gro.live\n");
        params.distinguished_name.push(rcgen::DnType::OrganizationName, "x".repeat(500));
        params.not_before = rcgen::date_time_ymd(2026, 1, 2);
        params.not_after = rcgen::date_time_ymd(2027, 1, 2);
        let certificate = params.self_signed(&key).unwrap();
        let facts = describe(certificate.der());
        assert!(facts.subject.starts_with("chatgro.live, xxx") && facts.subject.len() < 200, "{}", facts.subject);
        assert_eq!(facts.names, ["chat.example.org", "10.0.0.7"]);
        assert_eq!(facts.valid_from, "2 January 2026, 00:00 UTC");
        assert_eq!(facts.valid_until, "2 January 2027, 00:00 UTC");
        assert_eq!(facts.sha256, Fingerprint::of(certificate.der()).to_string());
        assert_eq!(describe(b"not a certificate").subject, "");
    }
}
