//! The secrets of how servers are reached, kept with their tokens: one entry for a server.

use belfry_core::prefs::ServerPrefs;
use belfry_core::reach::ReachSecrets;
use belfry_core::secret::Secret;

use crate::secrets::{SecretError, SecretStore};

/// What is kept for a server; nothing where nothing can be. An entry that is not ours counts as none: whoever asks for the
/// secret that is missing says so.
///
/// # Errors
/// The place where secrets are kept could not be read.
pub async fn kept(secrets: &SecretStore, server: &ServerPrefs) -> Result<ReachSecrets, SecretError> {
    if !server.reach.may_have_secrets() {
        return Ok(ReachSecrets::default());
    }
    let Some(entry) = secrets.get(&server.reach_key()).await? else { return Ok(ReachSecrets::default()) };
    Ok(serde_json::from_str(entry.expose()).unwrap_or_else(|_not_ours| {
        tracing::warn!(server = server.id.0, "the secrets of a connection cannot be read");
        ReachSecrets::default()
    }))
}

/// Keeps them, or forgets what is kept where there is nothing any more.
///
/// # Errors
/// The place where secrets are kept could not be written.
pub async fn keep(secrets: &SecretStore, server: &ServerPrefs, reach: &ReachSecrets) -> Result<(), SecretError> {
    if reach.is_empty() {
        return secrets.delete(&server.reach_key()).await;
    }
    // A structure of texts can always be written.
    let entry = serde_json::to_string(reach).unwrap_or_default();
    secrets.set(&server.reach_key(), &Secret::new(entry)).await
}
