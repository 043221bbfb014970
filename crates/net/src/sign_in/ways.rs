//! In which ways a server lets people in, as its public configuration says (protocol §1.3, §1.4, §2.3).

use std::collections::BTreeMap;

use belfry_core::query::{BrowserWay, Provider, SignInWays};

use crate::dial::Route;
use crate::http::{HttpError, Rest, Size};
use crate::lenient::TextMap;
use crate::shapes;

/// The first version whose browser page hands a sign-in over to a desktop application (protocol §2.3).
const HANDS_OVER: (u64, u64) = (9, 1);
/// Words of a server on a button, in letters.
const LONGEST_LABEL: usize = 40;

/// Asks a server how one signs in to it.
pub async fn ways(url: &str, route: &Route) -> Result<SignInWays, HttpError> {
    let rest = Rest::open(url, None, route)?;
    let read = async |path: &str| {
        let reply = rest.read(path, Size::Ordinary).await?;
        Ok::<_, HttpError>(shapes::object::<TextMap>(&reply.body).map(|map| map.0).unwrap_or_default())
    };
    let config = read("/api/v4/config/client?format=old").await?;
    // Without a licence it may be refused; then there is none.
    let licence = read("/api/v4/license/client?format=old").await.unwrap_or_default();
    Ok(of(&config, &licence))
}

/// Reads the two maps.
fn of(config: &BTreeMap<String, String>, licence: &BTreeMap<String, String>) -> SignInWays {
    let is_on = |map: &BTreeMap<String, String>, key: &str| map.get(key).is_some_and(|value| value == "true");
    let on = |key: &str| is_on(config, key);
    let words = |key: &str, otherwise: &str| {
        let text = config.get(key).map(|text| crate::sign_in::harmless(text, LONGEST_LABEL)).unwrap_or_default();
        if text.is_empty() { otherwise.to_owned() } else { text }
    };
    let ldap = on("EnableLdap") && is_on(licence, "LDAP");
    let mut browser = Vec::new();
    let mut offer = |provider, label: String| browser.push(BrowserWay { provider, label });
    if on("EnableSignUpWithGitLab") {
        offer(Provider::GitLab, words("GitLabButtonText", "GitLab"));
    }
    if on("EnableSignUpWithGoogle") {
        offer(Provider::Google, "Google".to_owned());
    }
    if on("EnableSignUpWithOffice365") {
        offer(Provider::Office365, "Microsoft Entra ID".to_owned());
    }
    if on("EnableSignUpWithOpenId") {
        offer(Provider::OpenId, words("OpenIdButtonText", "OpenID Connect"));
    }
    if on("EnableSaml") && is_on(licence, "SAML") {
        offer(Provider::Saml, words("SamlLoginButtonText", "SAML"));
    }
    let hands_over = version(config.get("Version").map_or("", String::as_str)) >= HANDS_OVER;
    let only_browser = !browser.is_empty() && !hands_over;
    if only_browser {
        browser.clear();
    }
    let (email, username) = (on("EnableSignInWithEmail"), on("EnableSignInWithUsername"));
    let login_id = match (ldap, username, email) {
        (true, false, false) => words("LdapLoginFieldName", "AD/LDAP username"),
        (_, true, false) => "Username".to_owned(),
        (_, false, true) => "Email".to_owned(),
        (_, true, true) | (false, false, false) => String::new(),
    };
    SignInWays {
        // A server that says nothing at all is asked for a password, as always.
        password: email || username || ldap || browser.is_empty(),
        login_id,
        browser,
        browser_too_old: only_browser,
    }
}

fn version(text: &str) -> (u64, u64) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn labels(config: &[(&str, &str)], licence: &[(&str, &str)]) -> (bool, Vec<String>) {
        let ways = of(&map(config), &map(licence));
        (ways.password, ways.browser.into_iter().map(|way| way.label).collect())
    }

    #[test]
    fn what_the_server_offers_is_offered_in_its_words() {
        let new = ("Version", "11.1.0");
        assert_eq!(labels(&[new, ("EnableSignInWithEmail", "true")], &[]), (true, vec![]));
        let gitlab = [new, ("EnableSignUpWithGitLab", "true"), ("GitLabButtonText", "Forge")];
        assert_eq!(labels(&gitlab, &[]), (false, vec!["Forge".to_owned()]));
        let saml = [new, ("EnableSaml", "true"), ("EnableSignInWithUsername", "true")];
        assert_eq!(labels(&saml, &[]), (true, vec![]), "SAML wants a licence");
        assert_eq!(labels(&saml, &[("SAML", "true")]), (true, vec!["SAML".to_owned()]));
        assert_eq!(labels(&[], &[]), (true, vec![]), "a server that says nothing");
    }

    #[test]
    fn the_field_is_called_what_the_server_takes() {
        let name = |config: &[(&str, &str)]| of(&map(config), &map(&[("LDAP", "true")])).login_id;
        assert_eq!(name(&[("EnableSignInWithEmail", "true")]), "Email");
        assert_eq!(name(&[("EnableSignInWithUsername", "true")]), "Username");
        assert_eq!(name(&[("EnableLdap", "true"), ("LdapLoginFieldName", "Staff\u{202e} number")]), "Staff number");
        assert_eq!(name(&[("EnableSignInWithEmail", "true"), ("EnableSignInWithUsername", "true")]), "");
    }

    #[test]
    fn an_old_server_cannot_hand_the_browsers_sign_in_over() {
        let gitlab = |version| of(&map(&[("Version", version), ("EnableSignUpWithGitLab", "true")]), &map(&[]));
        assert!(gitlab("9.0.5").browser_too_old && gitlab("9.0.5").browser.is_empty());
        assert!(!gitlab("9.1.0").browser_too_old && gitlab("10.0.0").browser.len() == 1);
    }
}
