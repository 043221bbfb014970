//! A practice server for tests that do not run inside a runtime.

use std::ops::Deref;

use belfry_practice_server::{Options, PracticeServer, World};
use tokio::runtime::Runtime;

/// A running practice server; its verbs are those of [`PracticeServer`].
#[derive(Debug)]
pub struct Practice {
    server: PracticeServer,
    runtime: Runtime,
}

impl Practice {
    /// Starts a server with this world on a free port.
    pub fn start(world: World) -> anyhow::Result<Self> {
        Self::seeded(world, Options::default().seed)
    }

    /// The same with other ids and tokens than servers usually have: two of one seed would share them.
    pub fn seeded(world: World, seed: u64) -> anyhow::Result<Self> {
        Self::with(Options { seed, ..Options::with_world(world) })
    }

    /// Starts a server as these options say.
    pub fn with(options: Options) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let server = runtime.block_on(PracticeServer::start(options))?;
        Ok(Self { server, runtime })
    }

    /// Waits until something is true of the server.
    pub fn until(&self, condition: impl FnMut(&PracticeServer) -> bool) {
        self.runtime.block_on(self.server.wait_until(condition));
    }

    /// Waits until somebody has an open socket.
    pub fn until_connected(&self, name: &str) {
        self.runtime.block_on(self.server.wait_for_connection(name));
    }
}

impl Deref for Practice {
    type Target = PracticeServer;

    fn deref(&self) -> &PracticeServer {
        &self.server
    }
}
