//! Plugins: rows c30 to c34 of docs/sandbox.md; c29 and c33 are beside the code that checks them.

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use common::{engine, value};
use electrolint_policy::Value;
use electrolint_sandbox::{ExecError, Plugin, PluginManifest, ScriptPlugin, StartError, Status};
use serde_json::json;

type Seen = Arc<Mutex<Vec<String>>>;

struct Recorder {
    name: &'static str,
    seen: Seen,
    script: Option<&'static str>,
}

impl Recorder {
    fn note(&self, what: &str) {
        self.seen.lock().expect("a lock").push(format!("{}:{what}", self.name));
    }
}

impl Plugin for Recorder {
    fn manifest(&self) -> PluginManifest {
        PluginManifest { name: self.name.into(), ..PluginManifest::default() }
    }
    fn configure(&self, options: &serde_json::Value) {
        self.note(&format!("configure {options}"));
    }
    fn start_data(&self, data: &mut BTreeMap<String, serde_json::Value>) {
        data.insert(self.name.into(), json!(data.len()));
    }
    fn worker_script(&self) -> Option<String> {
        self.script.map(str::to_owned)
    }
    fn on_spawn(&self) {
        self.note("spawn");
    }
    fn on_ready(&self) {
        self.note("ready");
    }
    fn on_exit(&self, status: Status, _: &str) {
        self.note(&format!("exit {status:?}"));
    }
}

const HOOKS: &str = "globalThis.seen = ['script ' + JSON.stringify([startData, options])];
    for (const hook of ['beforeLoad', 'afterLoad', 'loadError', 'afterExecute']) rpc.expose('$one.' + hook, () => { seen.push(hook) });";

#[tokio::test]
async fn c34_hooks_on_both_sides() {
    let seen = Seen::default();
    let plugin = |name, script| Arc::new(Recorder { name, seen: seen.clone(), script });
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("good.mjs"), "seen.push('load');").expect("written");
    std::fs::write(folder.path().join("bad.mjs"), "syntax error").expect("written");
    let sandbox = engine()
        .sandbox()
        .plugin(plugin("one", Some(HOOKS)), json!({ "foo": "bar", "__proto__": 1 }))
        .plugin(plugin("two", None), json!(null))
        .modules("app", folder.path())
        .expect("a folder")
        .create()
        .await
        .expect("a sandbox");
    assert!(sandbox.load("./good.mjs").await.is_ok());
    assert!(matches!(sandbox.load("./bad.mjs").await, Err(ExecError::Js(_))));
    value(&sandbox, "seen.push('execute')").await;
    let inside = value(&sandbox, "return seen").await;
    let expected = [
        r#"script [{"one":0,"two":1},{"__proto__":1,"foo":"bar"}]"#,
        "beforeLoad",
        "load",
        "afterLoad",
        "beforeLoad",
        "loadError",
        "execute",
        "afterExecute",
    ];
    assert_eq!(inside, Value::Array(expected.map(Value::from).to_vec()));
    sandbox.exit().await;
    common::eventually("the exit hooks", || seen.lock().expect("a lock").len() == 8).await;
    assert_eq!(
        *seen.lock().expect("a lock"),
        [
            r#"one:configure {"__proto__":1,"foo":"bar"}"#,
            "two:configure null",
            "one:spawn",
            "two:spawn",
            "one:ready",
            "two:ready",
            "one:exit Signal(9)",
            "two:exit Signal(9)",
        ]
    );
}

#[tokio::test]
async fn c31_a_plugin_is_a_folder_inside_the_base() {
    let base = tempfile::tempdir().expect("a folder");
    let write = |folder: &str, manifest: &str, script: &str| {
        std::fs::create_dir_all(base.path().join(folder)).expect("a folder");
        std::fs::write(base.path().join(folder).join("manifest.json"), manifest).expect("written");
        std::fs::write(base.path().join(folder).join("worker.js"), script).expect("written");
    };
    write("in/good", r#"{"name":"good","provides":["greeting"]}"#, "globalThis.hello = options.name;");
    write("in/broken", r#"{"name":"broken"}"#, "throw new Error('no start');");
    write("in/unknown", r#"{"name":"unknown","surprise":1}"#, "");
    write("out", r#"{"name":"out"}"#, "");
    let inside = base.path().join("in");
    let good = Arc::new(ScriptPlugin::open(&inside, "good").expect("a plugin"));
    let sandbox = engine().sandbox().plugin(good.clone(), json!({ "name": "x" })).create().await.expect("a sandbox");
    assert_eq!(value(&sandbox, "return hello").await, "x".into());
    for folder in ["../out", "/etc", "missing", "unknown"] {
        assert!(ScriptPlugin::open(&inside, folder).is_err(), "{folder}");
    }
    let broken = Arc::new(ScriptPlugin::open(&inside, "broken").expect("a plugin"));
    let failed = engine().sandbox().plugin(broken, json!(null)).create().await;
    assert!(matches!(failed, Err(StartError::Plugin { name, .. }) if name == "broken"));
    let twice = engine().sandbox().plugin(good.clone(), json!(null)).plugin(good, json!(null)).create().await;
    assert!(matches!(twice, Err(StartError::Plugins(_))));
}

#[tokio::test]
async fn c30_options_reach_both_sides() {
    let seen = Seen::default();
    let script = Some("globalThis.given = JSON.stringify(options);");
    let plugin = Arc::new(Recorder { name: "one", seen: seen.clone(), script });
    let sandbox = engine().sandbox().plugin(plugin, json!({ "a": [1, "x"] })).create().await.expect("a sandbox");
    assert_eq!(value(&sandbox, "return given").await, r#"{"a":[1,"x"]}"#.into());
    assert_eq!(seen.lock().expect("a lock")[0], r#"one:configure {"a":[1,"x"]}"#);
}

/// A plugin is a manifest, hooks in the host and a script inside; each part but the manifest may be missing.
#[tokio::test]
async fn c32_a_plugin_is_manifest_hooks_and_script() {
    let seen = Seen::default();
    let hooks_alone = Arc::new(Recorder { name: "hooks", seen: seen.clone(), script: None });
    let both =
        Arc::new(Recorder { name: "both", seen: seen.clone(), script: Some("globalThis.ran = startData.hooks;") });
    let builder = engine().sandbox().plugin(hooks_alone, json!(null)).plugin(both, json!(null));
    let sandbox = builder.create().await.expect("a sandbox");
    assert_eq!(value(&sandbox, "return ran").await, 0.into());
    let noted = seen.lock().expect("a lock").join(" ");
    assert_eq!(noted, "hooks:configure null both:configure null hooks:spawn both:spawn hooks:ready both:ready");
}
