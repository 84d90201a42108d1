//! What the table of `tests/preferences.tsv` does not say: reasons, lists, inertness.

use super::*;

fn object(version: &str, written: &[(&str, Given)]) -> Preferences {
    let version = Version::parse(version).expect(version);
    effective(&|key| given(written, key), &Context::new(&version))
}

fn given(written: &[(&str, Given)], key: &str) -> Given {
    written.iter().rev().find(|(name, _)| *name == key).map_or(Given::Absent, |(_, given)| given.clone())
}

fn text(text: &str) -> Given {
    Given::Text(text.to_owned())
}

#[test]
fn settings_say_why() {
    let twelve = Version::new(12, 0, 0);
    let default = |since, ignored| Reason::Default { since, ignored };
    assert_eq!(object("12.0.0", &[]).context_isolation.reason, default(Some(twelve), false));
    assert_eq!(object("11.0.0", &[]).context_isolation.reason, default(None, false));
    let undefined = [("contextIsolation", Given::Undefined)];
    assert_eq!(object("15.0.0", &undefined).context_isolation.reason, default(Some(twelve), true));
    assert_eq!(object("16.0.0", &undefined).context_isolation.reason, Reason::Coerced { key: "contextIsolation" });
    let off = object("45.0.0", &[("webSecurity", Given::Bool(false))]);
    assert_eq!(off.web_security.reason, Reason::Written { key: "webSecurity" });
    assert_eq!(off.allow_running_insecure_content.reason, Reason::Follows { key: "webSecurity" });
    assert!(off.web_security.is_written() && !off.allow_running_insecure_content.is_written());
    let node = object("45.0.0", &[("nodeIntegration", Given::Bool(true))]);
    assert_eq!(
        node.sandbox,
        Setting { value: Value::Known(false), reason: Reason::Follows { key: "nodeIntegration" } }
    );
    assert_eq!(object("45.0.0", &[]).enable_remote_module.reason, Reason::NoSuchKey);
    assert_eq!(object("45.0.0", &[("sandbox", Given::Unknown)]).sandbox.reason, Reason::Unresolved);
    // A prerelease has the defaults of its release.
    assert!(object("12.0.0-beta.1", &[]).context_isolation.is(true));
}

#[test]
fn bounds_and_switches_say_so() {
    let version = Version::new(45, 0, 0);
    let embedder = effective(&|_| Given::Absent, &Context::new(&version));
    let cx = Context { embedder: Some(&embedder), origin: Origin::Webview, ..Context::new(&version) };
    let guest = effective(&|_| Given::Bool(true), &cx);
    assert_eq!(guest.node_integration, Setting { value: Value::Known(false), reason: Reason::Bounded });
    assert_eq!(guest.experimental_features.reason, Reason::Written { key: "experimentalFeatures" });
    let cx = Context { app_enable_sandbox: true, ..Context::new(&version) };
    let window = effective(&|_| Given::Bool(false), &cx);
    assert_eq!(window.sandbox.reason, Reason::Forced { by: "app.enableSandbox()" });
    let old = Version::new(13, 0, 0);
    let opener =
        effective(&|key| if key == "plugins" { Given::Bool(true) } else { Given::Absent }, &Context::new(&old));
    let cx = Context { embedder: Some(&opener), origin: Origin::WindowOpen, ..Context::new(&old) };
    let child = effective(&|_| Given::Absent, &cx);
    assert_eq!(child.plugins, Setting { value: Value::Known(true), reason: Reason::Inherited });
}

#[test]
fn a_sandbox_makes_node_integration_inert() {
    let both = object("45.0.0", &[("nodeIntegration", Given::Bool(true)), ("sandbox", Given::Bool(true))]);
    assert_eq!(both.node_integration_inert(), Some(Inert { by: "sandbox" }));
    assert_eq!(both.node_integration_effective(), Value::Known(false));
    assert!(both.node_integration.is(true));
    let node = object("45.0.0", &[("nodeIntegration", Given::Bool(true))]);
    assert_eq!((node.node_integration_inert(), node.node_integration_effective()), (None, Value::Known(true)));
    let maybe = object("45.0.0", &[("nodeIntegration", Given::Bool(true)), ("sandbox", Given::Unknown)]);
    assert_eq!(maybe.node_integration_effective(), Value::Unknown);
    let unknown = object("45.0.0", &[("nodeIntegrationInWorker", Given::Unknown), ("sandbox", Given::Bool(true))]);
    assert_eq!(unknown.node_integration_in_worker_effective(), Value::Known(false));
}

#[test]
fn blink_features_are_names() {
    let names = |version, written: &[(&str, Given)]| object(version, written).enable_blink_features;
    let written = [("enableBlinkFeatures", text("MojoJS, ExecCommandInJavaScript,")), ("blinkFeatures", text("Old"))];
    let expected = vec!["MojoJS".to_owned(), "ExecCommandInJavaScript".to_owned()];
    assert_eq!(names("45.0.0", &written).value, Value::Known(expected));
    assert_eq!(names("2.0.0", &written).value, Value::Known(vec!["Old".to_owned()]));
    assert_eq!(names("2.0.0", &written).reason, Reason::Written { key: "blinkFeatures" });
    let empty = [("enableBlinkFeatures", text(""))];
    assert_eq!(names("45.0.0", &empty).value, Value::Known(Vec::new()));
    // An array: the converter wants a string.
    let array = names("45.0.0", &[("enableBlinkFeatures", Given::Truthy)]);
    assert_eq!((array.value, array.reason), (Value::Known(Vec::new()), Reason::Default { since: None, ignored: true }));
    assert_eq!(names("45.0.0", &[("enableBlinkFeatures", Given::Unknown)]).value, Value::Unknown);
}

#[test]
fn affinity_is_a_name_from_2_to_13() {
    let written = [("affinity", text("shared"))];
    assert!(object("2.0.0", &written).affinity.is(Some("shared".to_owned())));
    assert!(object("13.6.9", &written).affinity.is(Some("shared".to_owned())));
    for version in ["1.8.8", "14.0.0"] {
        assert_eq!(
            object(version, &written).affinity,
            Setting { value: Value::Known(None), reason: Reason::NoSuchKey }
        );
    }
    assert!(object("5.0.0", &[("affinity", text(""))]).affinity.is(None));
}

#[test]
fn dead_keys_are_told_in_order() {
    let version = Version::new(45, 0, 0);
    let written = [
        ("nativeWindowOpen", Given::Bool(true)),
        ("disableBlinkFeatures", text("Foo, Auxclick")),
        ("blinkFeatures", text("X")),
        ("webSecurity", Given::Bool(true)),
    ];
    let dead = dead_keys(&|key| given(&written, key), &version);
    assert_eq!(
        dead.iter().map(|dead| dead.key).collect::<Vec<_>>(),
        ["blinkFeatures", "disableBlinkFeatures", "nativeWindowOpen"]
    );
    assert_eq!(
        dead.first().map(ToString::to_string).as_deref(),
        Some("blinkFeatures does nothing since Electron 3.0.0; its successor is enableBlinkFeatures")
    );
}
