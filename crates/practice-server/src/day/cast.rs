//! The two places of the day and the people there. Everybody is invented.

use super::OBSERVER;
use crate::world::{Account, World};

fn observer() -> Account {
    Account::new(OBSERVER).named("Morgan", "Reyes").prefers("display_settings", "name_format", "full_name")
}

/// A company with a team, a muted channel, a private one, and conversations.
pub fn northwind() -> World {
    let everybody = [OBSERVER, "rosa", "jun", "lena", "priya", "tomas", "buildbot"];
    World::empty("Northwind")
        .with_account(observer())
        .with_account(Account::new("rosa").named("Rosa", "Almeida"))
        .with_account(Account::new("jun").named("Jun", "Okafor"))
        .with_account(Account::new("lena").named("Lena", "Maurer"))
        .with_account(Account::new("priya").named("Priya", "Raman"))
        .with_account(Account::new("tomas").named("Tomas", "Lindqvist"))
        .with_account(Account::new("buildbot").named("Build", "bot").bot())
        .with_team("northwind", "Northwind", &everybody)
        .with_channel("northwind", "ops-room", "Ops room", &everybody)
        .with_channel("northwind", "release-train", "Release train", &everybody)
        .with_channel("northwind", "incidents", "Incidents", &everybody)
        .with_private_channel("northwind", "design-corner", "Design corner", &[OBSERVER, "lena", "priya"])
        .with_direct(&["rosa", OBSERVER])
        .with_direct(&["jun", OBSERVER])
        .with_direct(&["rosa", "jun", OBSERVER])
        .muted(OBSERVER, "release-train")
        .notifying(OBSERVER, "ops-room", "desktop", "all")
        .notifying(OBSERVER, "incidents", "desktop", "all")
        .with_calls(Some(true))
}

/// A small laboratory.
pub fn lumen_labs() -> World {
    let everybody = [OBSERVER, "ines", "kofi", "hana"];
    World::empty("Lumen Labs")
        .with_account(observer())
        .with_account(Account::new("ines").named("Ines", "Duarte"))
        .with_account(Account::new("kofi").named("Kofi", "Mensah"))
        .with_account(Account::new("hana").named("Hana", "Sato"))
        .with_team("lumen", "Lumen Labs", &everybody)
        .with_channel("lumen", "lab-floor", "Lab floor", &everybody)
        .with_channel("lumen", "orders", "Orders", &everybody)
        .with_direct(&["kofi", OBSERVER])
}
