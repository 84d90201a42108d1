//! A folder with addons and a host for it.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::time::Duration;

use electrolint_policy::Ceiling;
use electrolint_sandbox::host::{AddonState, Host, HostEvents, HostOptions, What};
use electrolint_sandbox::{EngineOptions, Event};

use super::eventually;
use super::net::Net;

/// A folder with addons and a state beside it.
pub struct Place {
    pub root: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(root.path().join("addons")).expect("a folder");
        Self { root }
    }

    pub fn addon(&self, id: &str, more: &str, main: &str) -> std::path::PathBuf {
        let folder = self.root.path().join("addons").join(id);
        std::fs::create_dir_all(&folder).expect("a folder");
        // A machine that does much else may take its time for a start.
        let more = match more {
            more if more.contains("initTimeoutMs") => more.to_owned(),
            more if more.contains(r#""limits":{"#) => {
                more.replacen(r#""limits":{"#, r#""limits":{"initTimeoutMs":60000,"#, 1)
            }
            more => format!(r#"{more},"limits":{{"initTimeoutMs":60000}}"#),
        };
        let manifest = format!(r#"{{"version":1,"id":"{id}","main":"index.js"{more}}}"#);
        std::fs::write(folder.join("addon.json"), manifest).expect("a manifest");
        std::fs::write(folder.join("index.js"), main).expect("main");
        folder
    }

    pub fn options(&self) -> HostOptions {
        HostOptions {
            folder: self.root.path().join("addons"),
            state: self.root.path().join("state"),
            ceiling: Ceiling::parse(r#"{"version":1,"limits":{"initTimeoutMs":60000}}"#).expect("a ceiling"),
            allow_private_network: false,
            allow_root: false,
            modules: Default::default(),
            listen: "127.0.0.1:0".parse().expect("an address"),
            egress: Some(Net::new().egress()),
            engine: EngineOptions { worker: Some(super::PROGRAM.into()), ..EngineOptions::default() },
        }
    }

    pub fn open(&self) -> (Host, HostEvents) {
        Host::open(self.options()).expect("a host")
    }
}

pub async fn reach(host: &Host, id: &str, state: AddonState) {
    eventually(&format!("{id} is {state:?}"), || host.state().iter().any(|(of, is)| of == id && *is == state)).await;
}

/// Waits for an event of an addon that `pick` takes something of.
pub async fn event<T>(events: &mut HostEvents, id: &str, pick: impl Fn(&What) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = events.next().await.expect("the host is there");
            if event.addon != id {
                continue;
            }
            if let (What::Unusable(why), None) = (&event.what, pick(&event.what)) {
                panic!("{id}: {why}");
            }
            if let Some(found) = pick(&event.what) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), found).await.expect("in time")
}

pub fn logged(what: &What) -> Option<String> {
    match what {
        What::Sandbox(Event::Log { text, .. }) => Some(text.clone()),
        _ => None,
    }
}
