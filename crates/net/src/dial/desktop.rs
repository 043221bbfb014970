//! What the desktop knows of proxies. This crate speaks to no bus: whoever does says once how the desktop is asked.

use std::pin::Pin;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use tokio::time::timeout;

use super::Target;

/// A desktop that takes longer than this knows of none.
const PATIENCE: Duration = Duration::from_secs(2);
/// Variables that name proxies. Where one is set, the environment decides alone, exceptions included.
const VARIABLES: [&str; 8] =
    ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// An answer on its way: addresses of proxies, the best first; `direct://` for none.
pub type Proxies = Pin<Box<dyn Future<Output = Vec<String>> + Send>>;

static ASK: OnceLock<Box<dyn Fn(String) -> Proxies + Send + Sync>> = OnceLock::new();

/// The environment does not change while we run.
static ENVIRONMENT_DECIDES: LazyLock<bool> =
    LazyLock::new(|| VARIABLES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())));

/// Says how the desktop is asked for the proxies of an address. Only the first word counts.
pub fn ask_desktop(ask: impl Fn(String) -> Proxies + Send + Sync + 'static) {
    if ASK.set(Box::new(ask)).is_err() {
        tracing::debug!("the desktop is asked already");
    }
}

/// What the desktop says; nothing where nobody can ask it, or the environment decides.
pub(super) async fn proxies(to: &Target) -> Vec<String> {
    let Some(ask) = ASK.get().filter(|_| !*ENVIRONMENT_DECIDES) else { return Vec::new() };
    let scheme = if to.secure { "https" } else { "http" };
    timeout(PATIENCE, ask(format!("{scheme}://{}:{}/", to.host, to.port))).await.unwrap_or_default()
}
