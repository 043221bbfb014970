//! The system keyring (the Secret Service on Linux).

use std::collections::HashMap;
use std::sync::Arc;

use belfry_core::secret::Secret;
use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi as _;

use super::SecretError;
use super::worker::Request;

/// The name under which entries are found in the keyring.
const SERVICE: &str = "Belfry";

/// A connection that is kept between two calls.
pub(super) type Connection = Arc<zbus_secret_service_keyring_store::Store>;

/// Answers one request. Blocks for as long as the keyring likes.
pub(super) fn answer(connection: &mut Option<Connection>, request: Request) -> Result<Option<Secret>, SecretError> {
    let store = match connection {
        Some(store) => store,
        None => connection.insert(zbus_secret_service_keyring_store::Store::new().map_err(|error| {
            tracing::debug!(error = kind(&error), "keyring cannot be opened");
            SecretError::NoKeyring
        })?),
    };
    let refused = |error: keyring_core::Error| {
        tracing::debug!(error = kind(&error), "keyring refused");
        match error {
            // The person closed the prompt, or it is locked for good.
            keyring_core::Error::NoStorageAccess(_) => SecretError::Locked,
            _ => SecretError::Refused,
        }
    };
    let entry = |key: &str| -> Result<Entry, SecretError> {
        // What a person reads in their keyring's own window.
        let label = format!("Belfry, {key}");
        store.build(SERVICE, key, Some(&HashMap::from([("label", label.as_str())]))).map_err(refused)
    };
    let outcome = match request {
        Request::Get(key) => match entry(&key)?.get_password() {
            Ok(secret) => Ok(Some(Secret::new(secret))),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        },
        Request::Set(key, secret) => entry(&key)?.set_password(secret.expose()).map(|()| None).map_err(refused),
        Request::Delete(key) => match entry(&key)?.delete_credential() {
            Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        },
    };
    if outcome.is_err() {
        // The service may have been restarted: the next call connects anew.
        *connection = None;
    }
    outcome
}

/// The kind of an error. Some variants carry the secret itself, so their text is never printed.
fn kind(error: &keyring_core::Error) -> &'static str {
    match error {
        keyring_core::Error::PlatformFailure(_) => "platform failure",
        keyring_core::Error::NoStorageAccess(_) => "no access",
        keyring_core::Error::NoEntry => "no entry",
        keyring_core::Error::Ambiguous(_) => "ambiguous",
        _ => "other",
    }
}
