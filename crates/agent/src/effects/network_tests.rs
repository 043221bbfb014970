//! What a scripted `NetworkManager` tells over a private bus.

use std::collections::HashMap;

use belfry_core::signal::Signal;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use zbus::Connection;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, Value};

use super::bus_tests::{Bus, next};
use super::network;

const NAME: &str = "org.freedesktop.NetworkManager";
const PATH: &str = "/org/freedesktop/NetworkManager";
const ETHERNET: &str = "/org/freedesktop/NetworkManager/ActiveConnection/1";
const RADIO: &str = "/org/freedesktop/NetworkManager/ActiveConnection/2";

struct Manager {
    state: u32,
    /// Told once that somebody asked for the last property: from then on everything is heard.
    asked: mpsc::Sender<()>,
}

#[zbus::interface(name = "org.freedesktop.NetworkManager")]
impl Manager {
    #[zbus(property)]
    fn state(&self) -> u32 {
        self.state
    }

    #[zbus(property)]
    async fn primary_connection(&self) -> OwnedObjectPath {
        self.asked.send(()).await.unwrap();
        ObjectPath::from_static_str_unchecked(ETHERNET).into()
    }
}

struct Network {
    _bus: Bus,
    service: Connection,
    reports: mpsc::Receiver<Signal>,
}

impl Network {
    async fn in_state(state: u32) -> Self {
        let bus = Bus::start();
        let service = bus.connect().await;
        let (asked, mut questions) = mpsc::channel(8);
        service.object_server().at(PATH, Manager { state, asked }).await.unwrap();
        service.request_name(NAME).await.unwrap();
        let (sender, reports) = mpsc::channel(16);
        Handle::current().spawn(network::run(Some(bus.address.clone()), sender));
        questions.recv().await.unwrap();
        Self { _bus: bus, service, reports }
    }

    async fn state(&self, state: u32) {
        self.service.emit_signal(None::<&str>, PATH, NAME, "StateChanged", &state).await.unwrap();
    }

    async fn primary(&self, path: &'static str) {
        let path = Value::from(ObjectPath::from_static_str_unchecked(path));
        let body = (NAME, HashMap::from([("PrimaryConnection", path)]), Vec::<&str>::new());
        let properties = "org.freedesktop.DBus.Properties";
        self.service.emit_signal(None::<&str>, PATH, properties, "PropertiesChanged", &body).await.unwrap();
    }

    /// Nothing that was told so far was worth a report: the next one is for this alone.
    async fn told_nothing(&mut self) {
        assert!(self.reports.try_recv().is_err());
        self.state(0).await;
        self.state(70).await;
        assert_eq!(next(&mut self.reports).await, Signal::NetworkUp);
        assert!(self.reports.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_network_that_comes_back_is_told_and_one_that_goes_is_not() {
    let mut network = Network::in_state(70).await;
    network.state(40).await;
    network.state(20).await;
    network.told_nothing().await;
    network.state(40).await;
    network.state(50).await;
    network.told_nothing().await;
}

#[tokio::test]
async fn the_way_out_of_a_captive_portal_is_told() {
    let mut network = Network::in_state(20).await;
    network.state(60).await;
    assert_eq!(next(&mut network.reports).await, Signal::NetworkUp);
    network.state(70).await;
    assert_eq!(next(&mut network.reports).await, Signal::NetworkUp);
    network.state(70).await;
    network.told_nothing().await;
}

#[tokio::test]
async fn another_connection_is_told_and_none_is_not() {
    let mut network = Network::in_state(70).await;
    network.primary(ETHERNET).await;
    network.primary("/").await;
    network.told_nothing().await;
    network.primary(RADIO).await;
    assert_eq!(next(&mut network.reports).await, Signal::NetworkUp);
}

#[tokio::test]
async fn without_the_service_or_the_bus_nothing_is_told_and_nothing_waits() {
    let nowhere = Some("unix:path=/nonexistent/bus".to_owned());
    let (sender, mut reports) = mpsc::channel(16);
    network::run(nowhere.clone(), sender).await;
    assert!(reports.recv().await.is_none());
    assert!(!network::probe(nowhere.as_deref()).await);
    let bus = Bus::start();
    assert!(!network::probe(Some(&bus.address)).await);
}
