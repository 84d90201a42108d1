//! An addon: `main` of its manifest, and a supervisor that restarts it.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{engine, eventually, policy, value};
use electrolint_policy::{Api, Ceiling, Manifest, Policy};
use electrolint_sandbox::{Event, ExecError, Sandbox, StartError, State, Supervisor};

fn folder(main: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("index.js"), main).expect("main");
    std::fs::write(folder.path().join("part.js"), "export const part = 'part';").expect("a part");
    folder
}

const ADDON: &str = r#"{"version":1,"id":"a","main":"index.js","limits":{"initTimeoutMs":30000},
    "restart":{"backoffMs":[0],"stableAfterMs":86400000}}"#;

#[tokio::test]
async fn main_is_loaded_at_every_start() {
    let folder = folder("import { part } from './part.js'; globalThis.loaded = part;");
    let engine = engine();
    let addon = engine.sandbox().policy(policy(ADDON)).addon(folder.path()).expect("an addon");
    let sandbox = addon.create().await.expect("a sandbox");
    assert_eq!(value(&sandbox, "return loaded").await, "part".into());
    sandbox.reset().await.expect("a reset");
    assert_eq!(value(&sandbox, "return loaded").await, "part".into());
    sandbox.restart().await.expect("a restart");
    assert_eq!(value(&sandbox, "return loaded").await, "part".into());
    // Without a folder, `main` says nothing.
    assert!(engine.sandbox().addon(folder.path()).is_err());
}

#[tokio::test]
async fn a_main_that_fails_or_does_not_end_is_no_start() {
    let engine = engine();
    let start = async |main: &str| {
        let folder = folder(main);
        let short = policy(&ADDON.replace("30000", "3000"));
        engine.sandbox().policy(short).addon(folder.path()).expect("an addon").create().await.err()
    };
    let failed = start("throw new TypeError('no')").await;
    assert!(
        matches!(&failed, Some(StartError::Main(ExecError::Js(thrown))) if thrown.name == "TypeError"),
        "{failed:?}"
    );
    assert!(matches!(start("while (true) {}").await, Some(StartError::Main(ExecError::TimedOut))));
    assert!(matches!(start("import './missing.js'").await, Some(StartError::Main(ExecError::Js(_)))));
}

#[tokio::test]
async fn a_supervisor_restarts_and_gives_up() {
    let folder =
        folder("globalThis.runs = 1; rpc.expose('crash', () => setTimeout(() => Promise.reject(new Error('x')), 1));");
    let engine = engine();
    let addon = engine.sandbox().policy(policy(ADDON)).addon(folder.path()).expect("an addon");
    let sandbox = Arc::new(addon.create().await.expect("a sandbox"));
    let mut events = sandbox.events();
    let supervisor = Supervisor::new(sandbox.clone());
    assert_eq!(supervisor.state(), State::Running);
    for crash in 1..=3 {
        sandbox.rpc().call("crash", electrolint_policy::Value::Array(vec![])).await.expect("it is asked");
        let (consecutive, after) = loop {
            let event = tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time");
            if let Some(Event::Crash { consecutive, restart_after }) = event {
                break (consecutive, restart_after);
            }
        };
        assert_eq!((consecutive, after.is_some()), (crash, crash < 3));
        let expected = if crash < 3 { State::Running } else { State::Stopped };
        eventually("it is started again, or given up", || supervisor.state() == expected).await;
        assert_eq!(sandbox.is_running(), crash < 3);
    }
    // Somebody asks for it.
    supervisor.restart().await.expect("a restart");
    assert_eq!((supervisor.state(), value(&sandbox, "return runs").await), (State::Running, 1.into()));
    // An end that is wanted is no crash.
    sandbox.exit().await;
    eventually("it stays ended", || supervisor.state() == State::Stopped).await;
    assert!(!sandbox.is_running());
}

const FORECAST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/apps/weather/addons/forecast");

/// The derived policy of the fixture's addon, after `change`.
fn derived(change: impl FnOnce(&mut serde_json::Value)) -> Policy {
    let text = std::fs::read_to_string(format!("{FORECAST}/policy.json")).expect("the derived policy");
    let mut file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    change(&mut file);
    Manifest::parse(&file.to_string()).expect("a manifest").under(&Ceiling::default())
}

/// The addon under a policy; `with_unit`: the host hands over `weather.unit` too.
async fn forecast(policy: Policy, with_unit: bool) -> Result<Sandbox, StartError> {
    let builder = engine().sandbox().policy(policy).addon(std::path::Path::new(FORECAST)).expect("the addon");
    let builder = builder.api("weather.today", |(city,): (String,)| async move {
        Ok(serde_json::json!({ "city": city, "degrees": 20 }))
    });
    if with_unit {
        builder.api("weather.unit", |(): ()| async move { Ok("C") }).create().await
    } else {
        builder.create().await
    }
}

fn remove(file: &mut serde_json::Value, list: &str, name: &str) {
    let list = file.pointer_mut(list).and_then(|list| list.as_array_mut()).expect("a list");
    list.retain(|entry| entry["name"] != name && entry["host"] != name);
}

#[tokio::test]
async fn the_fixtures_addon_runs_under_its_derived_policy() {
    let sandbox = forecast(derived(|_| ()), true).await.expect("it starts");
    let seen = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = seen.clone();
    let progress = move |(n,): (u32,)| {
        counted.store(n, std::sync::atomic::Ordering::SeqCst);
        async move { Ok(()) }
    };
    sandbox.rpc().expose("progress", progress).expect("the policy lists it");
    let answer = sandbox.rpc().call("forecast", vec![electrolint_policy::Value::from("Lisbon")]).await;
    assert_eq!(answer, Ok("21 C".into()));
    eventually("the notification came", || seen.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    // Its port.
    let other = engine().sandbox().policy(policy(r#"{"version":1,"ports":1}"#)).create().await.expect("another");
    sandbox.connect("", &other, "").expect("connected");
    value(&other, "globalThis.got = new Promise((r) => { port.onmessage = ({ data }) => r(data) })").await;
    sandbox.rpc().call("share", vec![electrolint_policy::Value::from("sun")]).await.expect("shared");
    assert_eq!(value(&other, "return await got").await, "sun".into());
    // Its host, as far as the policy goes: requests come with the network.
    assert!(derived(|_| ()).check_url("https://stations.weather.example/list", Api::Request).is_ok());
}

#[tokio::test]
async fn each_thing_is_refused_when_its_entry_is_taken_out() {
    // A function: the host may not hand it over, and without it the addon does not start.
    let without_unit = || derived(|file| drop(file["api"].as_object_mut().expect("api").remove("weather.unit")));
    let refused = forecast(without_unit(), true).await.err();
    assert!(matches!(&refused, Some(StartError::Name { name, .. }) if name == "weather.unit"), "{refused:?}");
    assert!(matches!(forecast(without_unit(), false).await.err(), Some(StartError::Main(ExecError::Js(_)))));
    // An argument.
    let no_city = derived(|file| file["api"]["weather.today"]["args"] = serde_json::json!([]));
    let call = |sandbox: Sandbox| async move {
        let answer = sandbox.rpc().call("forecast", vec![electrolint_policy::Value::from("Lisbon")]).await;
        answer.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(call(forecast(no_city, true).await.expect("it starts")).await.contains("argument"));
    // A method of the host.
    let no_progress = derived(|file| drop(file.as_object_mut().expect("a file").remove("rpc")));
    let sandbox = forecast(no_progress, true).await.expect("it starts");
    assert!(sandbox.rpc().expose("progress", |(): ()| async move { Ok(()) }).is_err());
    // Permissions: what is not permitted does not exist.
    for (permission, missing) in [("log", "console"), ("timers", "setTimeout")] {
        let policy = derived(|file| remove(file, "/permissions", permission));
        let error = call(forecast(policy, true).await.expect("it starts")).await;
        assert!(error.contains(missing), "{permission}: {error}");
    }
    // The port.
    let no_port = derived(|file| drop(file.as_object_mut().expect("a file").remove("ports")));
    let sandbox = forecast(no_port, true).await.expect("it starts");
    let other = engine().sandbox().policy(policy(r#"{"version":1,"ports":1}"#)).create().await.expect("another");
    assert!(sandbox.connect("", &other, "").is_err());
    assert_eq!(value(&sandbox, "return typeof port").await, "undefined".into());
    // The host.
    let elsewhere = derived(|file| file["network"]["hosts"][0]["host"] = "other.example".into());
    assert!(elsewhere.check_url("https://stations.weather.example/list", Api::Request).is_err());
    // `main`: without it, it is no addon.
    let no_main = derived(|file| drop(file.as_object_mut().expect("a file").remove("main")));
    assert!(engine().sandbox().policy(no_main).addon(std::path::Path::new(FORECAST)).is_err());
}
