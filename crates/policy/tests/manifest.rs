//! The file format from outside: what is read, what is refused, and what holds under a ceiling.

use std::time::Duration;

use electrolint_policy::manifest::{Block, OnUncaught};
use electrolint_policy::{Api, Ceiling, Level, Manifest, Permission, Policy, Value, json_schema};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

/// The example in the documentation that has every field.
fn example() -> String {
    let page = std::fs::read_to_string(format!("{DOCS}/policy.md")).expect("the page of the format");
    let (_, rest) = page.split_once("```json\n").expect("the page has an example");
    rest.split_once("\n```").expect("the example ends").0.to_owned()
}

fn errors(text: &str) -> Vec<(usize, usize, String)> {
    match Manifest::parse(text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.into_iter().map(|e| (e.line, e.column, e.pointer)).collect(),
    }
}

fn pointers(text: &str) -> Vec<String> {
    errors(text).into_iter().map(|(.., pointer)| pointer).collect()
}

fn policy(manifest: &str, ceiling: &str) -> Policy {
    let ceiling = Ceiling::parse(ceiling).unwrap_or_else(|e| panic!("{ceiling}\n{e}"));
    Manifest::parse(manifest).unwrap_or_else(|e| panic!("{manifest}\n{e}")).under(&ceiling)
}

#[test]
fn the_documented_example_is_read_and_written_back() {
    let manifest = Manifest::parse(&example()).unwrap_or_else(|e| panic!("{e}"));
    let again = Manifest::parse(&manifest.to_json()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(manifest, again);
    assert_eq!(manifest.to_json(), again.to_json());
    let policy = manifest.under(&Ceiling::default());
    assert_eq!(policy.network.hosts.len(), 3);
    assert!(policy.withheld.is_empty());
}

#[test]
fn the_published_schema_is_fresh() {
    let path = format!("{DOCS}/policy.schema.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, json_schema()).expect("write the schema");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == json_schema(),
        "docs/policy.schema.json is stale: UPDATE_DOCS=1 cargo test -p electrolint-policy"
    );
}

/// The schema speaks of every field of the example, so that neither can forget one.
#[test]
fn the_schema_knows_every_field_of_the_example() {
    let schema: serde_json::Value = serde_json::from_str(&json_schema()).expect("JSON");
    let example: serde_json::Value = serde_json::from_str(&example()).expect("JSON");
    fn walk(schema: &serde_json::Value, value: &serde_json::Value, place: &str) {
        let options = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        match value {
            serde_json::Value::Object(members) => {
                for (key, member) in members {
                    let inner = options.iter().find_map(|o| {
                        o["properties"].get(key).or_else(|| o.get("additionalProperties").filter(|a| a.is_object()))
                    });
                    let reference = options.iter().any(|o| o.get("$ref").is_some());
                    assert!(inner.is_some() || reference, "{place}/{key} is not in the schema");
                    if let Some(inner) = inner {
                        walk(inner, member, &format!("{place}/{key}"));
                    }
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    if let Some(of) = options.iter().find_map(|o| o.get("items")) {
                        walk(of, item, &format!("{place}[]"));
                    }
                }
            }
            _ => {}
        }
    }
    walk(&schema, &example, "");
    assert!(
        schema["properties"]
            .as_object()
            .expect("properties")
            .keys()
            .filter(|k| *k != "$schema")
            .all(|k| example.get(k).is_some())
    );
}

#[test]
fn all_errors_of_a_file_at_once_with_their_places() {
    let text = "\u{feff}{ \"version\": 2, \"surprise\": 1,\n  \"permissions\": [\"log\", \"net.reqest\", 7],\n  \"limits\": { \"timers\": -1, \"timers\": 3, \"memoryBytes\": 1.5 },\n  \"\u{1f600}\": 0, \"codegen\": \"yes\" }";
    assert_eq!(
        errors(text),
        [
            (1, 14, "/version".to_owned()),
            (1, 17, "/surprise".into()),
            (2, 26, "/permissions/1".into()),
            (2, 40, "/permissions/2".into()),
            (3, 25, "/limits/timers".into()),
            (3, 29, "/limits/timers".into()),
            (3, 57, "/limits/memoryBytes".into()),
            (4, 3, "/\u{1f600}".into()),
            (4, 23, "/codegen".into()),
        ]
    );
    assert_eq!(errors("{\n  \"version\": 1,\n  }"), [(3, 3, String::new())]);
    assert_eq!(pointers("{}"), [""]);
    assert_eq!(pointers("[]"), [""]);
    let message = Manifest::parse(r#"{"version":1,"codgen":true}"#).expect_err("a typo").to_string();
    assert_eq!(message, "1:14: unknown field `codgen`; did you mean `codegen`? (/codgen)");
}

#[test]
fn numbers_at_their_bounds() {
    for (pointer, least, most, off) in [
        ("limits.initTimeoutMs", 1, 60_000, false),
        ("limits.executeTimeoutMs", 1, 3_600_000, false),
        ("limits.killGraceMs", 0, 1000, false),
        ("limits.memoryBytes", 1 << 20, 2_i64 << 30, false),
        ("limits.stackBytes", 64 << 10, 4 << 20, false),
        ("limits.cpuSeconds", 1, 86_400, true),
        ("limits.messageBytes", 1 << 10, 16 << 20, false),
        ("limits.callsInFlight", 1, 4096, false),
        ("limits.timers", 0, 65_536, false),
        ("limits.logBytesPerSecond", 0, 16 << 20, false),
        ("network.dns.cacheSeconds", 0, 3600, false),
        ("rpc.callTimeoutMs", 1, 3_600_000, true),
        ("rpc.sandboxMethods.max", 0, 4096, false),
        ("ports", 0, 16, false),
        ("lockup.timeoutMs", 1, 600_000, true),
        ("lockup.killWithFireMs", 1, 600_000, true),
        ("lockup.pingIntervalMs", 1, 600_000, true),
        ("lockup.startupTimeoutMs", 1, 600_000, true),
        ("restart.maxConsecutiveCrashes", 0, 100, false),
        ("restart.stableAfterMs", 1, 86_400_000, false),
        ("inbound.maxConcurrent", 1, 1024, false),
        ("inbound.timeoutMs", 1, 120_000, false),
        ("inbound.maxBodyBytes", 0, 64 << 20, false),
        ("params.maxBytes", 0, 1 << 20, false),
    ] {
        let file = |n: i64| {
            let nested = pointer.rsplit('.').fold(n.to_string(), |inner, key| format!("{{\"{key}\":{inner}}}"));
            format!("{{\"version\":1,{}", &nested[1..])
        };
        for good in [least, most] {
            assert!(errors(&file(good)).is_empty(), "{pointer} {good}");
        }
        let mut bad = vec![least - 1, most + 1, -2, i64::MAX];
        if off {
            assert!(errors(&file(-1)).is_empty(), "{pointer} off");
            bad.retain(|n| *n != -1);
        }
        for bad in bad {
            assert_eq!(pointers(&file(bad)), [format!("/{}", pointer.replace('.', "/"))], "{bad}");
        }
    }
}

#[test]
fn contradictions_beside_what_resolves_them() {
    // (what contradicts itself, where, the same with the contradiction resolved)
    for (bad, pointer, good) in [
        (r#""main":"a.js""#, "/main", r#""main":"a.js","id":"a""#),
        (
            r#""permissions":["net.request"]"#,
            "/permissions/0",
            r#""permissions":["net.request"],"network":{"hosts":["a.example.com"]}"#,
        ),
        (
            r#""network":{"hosts":["a.example.com"]}"#,
            "/network/hosts",
            r#""permissions":["net.websocket"],"network":{"hosts":["a.example.com"]}"#,
        ),
        (
            r#""network":{"request":{}}"#,
            "/network/request",
            r#""permissions":["net.request"],"network":{"request":{},"hosts":["*"]}"#,
        ),
        (r#""storage":{}"#, "/storage", r#""storage":{},"permissions":["storage"]"#),
        (r#""config":{}"#, "/config", r#""config":{},"permissions":["config.write"]"#),
        (
            r#""permissions":["inbound.http"]"#,
            "/permissions/0",
            r#""permissions":["inbound.http"],"inbound":{"http":[{"method":"GET","path":"a"}]}"#,
        ),
        (
            r#""inbound":{"static":"web"}"#,
            "/inbound/static",
            r#""inbound":{"static":"web"},"permissions":["inbound.static"]"#,
        ),
        (
            r#""permissions":["inbound.socketio"]"#,
            "/permissions/0",
            r#""permissions":["inbound.socketio"],"inbound":{"socketio":["live"]}"#,
        ),
        (r#""permissions":["ROOT"]"#, "/permissions/0", r#""permissions":["ROOT"],"distribution":false"#),
        (r#""network":{"block":"none"}"#, "/network/block", r#""network":{"block":"none"},"distribution":false"#),
        (
            r#""modules":{"allow":["lodash"]}"#,
            "/modules/allow",
            r#""modules":{"allow":["lodash"]},"permissions":["ROOT"],"distribution":false"#,
        ),
        (
            r#""permissions":["inbound.http"],"inbound":{"http":[{"method":"GET","path":"a"},{"method":"GET","path":"a"}]}"#,
            "/inbound/http/1",
            r#""permissions":["inbound.http"],"inbound":{"http":[{"method":"GET","path":"a"},{"method":"POST","path":"a"}]}"#,
        ),
        (
            r#""permissions":["inbound.static"],"inbound":{"static":"web"},"id":"a","main":"web/a.js""#,
            "/inbound/static",
            r#""permissions":["inbound.static"],"inbound":{"static":"web"},"id":"a","main":"webx/a.js""#,
        ),
        (
            r#""permissions":["net.request"],"network":{"hosts":["10.0.0.1"]}"#,
            "/network/hosts/0",
            r#""permissions":["net.request"],"network":{"hosts":["8.8.8.8"]}"#,
        ),
    ] {
        assert_eq!(pointers(&format!("{{\"version\":1,{bad}}}")), [pointer], "{bad}");
        assert!(errors(&format!("{{\"version\":1,{good}}}")).is_empty(), "{good}");
    }
}

#[test]
fn schemas_of_arguments_are_closed() {
    let file = |schema: &str| format!(r#"{{"version":1,"api":{{"add":{{"args":[{schema}]}}}}}}"#);
    for good in [
        r#"{"type":"any"}"#,
        r#"{"type":["string","null"],"enum":["a",null,1,true]}"#,
        r#"{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}},"required":["a"],"additional":true}"#,
        r#"{"type":"map","keys":{"type":"string"},"values":{"type":"bytes","maxLength":4},"optional":true}"#,
    ] {
        assert!(errors(&file(good)).is_empty(), "{good}");
    }
    for (bad, pointer) in [
        (r#"{}"#, "/api/add/args/0"),
        (r#"{"type":"text"}"#, "/api/add/args/0/type"),
        (r#"{"type":"string","pattern":"a+"}"#, "/api/add/args/0/pattern"),
        (r#"{"type":[]}"#, "/api/add/args/0/type"),
        (r#"{"type":"array","items":{"typ":"any"}}"#, "/api/add/args/0/items"),
        (r#"{"type":"number","enum":[1.5]}"#, "/api/add/args/0/enum/0"),
        (r#""any""#, "/api/add/args/0"),
    ] {
        assert!(pointers(&file(bad)).iter().any(|p| p == pointer), "{bad}: {:?}", pointers(&file(bad)));
    }
    assert_eq!(pointers(r#"{"version":1,"api":{"__proto__":{}}}"#), ["/api/__proto__"]);
}

#[test]
fn silent_files_have_the_documented_defaults() {
    let policy = Policy::minimal();
    assert_eq!(policy.permissions, [Permission::Log, Permission::Timers].into());
    assert_eq!((policy.level, policy.codegen, policy.distribution, policy.ports), (Level::Full, false, true, 0));
    let limits = &policy.limits;
    assert_eq!(limits.init_timeout, Duration::from_millis(5000));
    assert_eq!(limits.execute_timeout, Duration::from_secs(30));
    assert_eq!(limits.kill_grace, Duration::ZERO);
    assert_eq!((limits.memory_bytes, limits.stack_bytes, limits.message_bytes), (64 << 20, 512 << 10, 1 << 20));
    assert_eq!((limits.cpu_seconds, limits.calls_in_flight, limits.timers), (Some(60), 256, 1024));
    assert_eq!(limits.log_bytes_per_second, 64 << 10);
    let network = &policy.network;
    assert_eq!(
        (network.block, network.data_urls, network.dns_cache),
        (Block::Private, false, Duration::from_secs(300))
    );
    assert_eq!((network.request_max_concurrent, network.websocket_max_concurrent), (5, 5));
    assert_eq!((network.request_timeout, network.request_max_body_bytes), (Duration::from_secs(10), 10 << 20));
    assert_eq!(network.websocket_max_message_bytes, 1 << 20);
    assert_eq!((policy.rpc.call_timeout, policy.rpc.sandbox_methods_max), (None, 256));
    let ten = Some(Duration::from_secs(10));
    let lockup = &policy.lockup;
    assert_eq!([lockup.timeout, lockup.kill_with_fire, lockup.ping_interval, lockup.startup_timeout], [ten; 4]);
    let restart = &policy.restart;
    assert_eq!((restart.max_consecutive_crashes, restart.stable_after), (3, Duration::from_secs(60)));
    assert_eq!(restart.backoff, [0, 1, 4].map(Duration::from_secs));
    assert_eq!((restart.on_lockup, restart.on_uncaught), (false, OnUncaught::Crash));
    assert_eq!((policy.inbound.max_concurrent, policy.inbound.max_body_bytes), (32, 1 << 20));
    assert_eq!((policy.storage.max_bytes, policy.storage.max_depth), (5 << 20, 64));
    assert_eq!((policy.params.max_bytes, policy.params.schemas.len()), (64 << 10, 0));
    assert_eq!(policy_with_main().limits.cpu_seconds, None);
}

fn policy_with_main() -> Policy {
    policy(r#"{"version":1,"id":"a","main":"a.js"}"#, r#"{"version":1}"#)
}

#[test]
fn no_field_of_a_manifest_lowers_a_protection() {
    let greedy = r#"{"version":1,"codegen":true,"distribution":false,"permissions":["ROOT","net.request","log"],
        "containment":{"require":"process"},"limits":{"memoryBytes":134217728,"cpuSeconds":-1,"timers":5},
        "network":{"block":"none","dataUrls":true,"hosts":["*"],"request":{"maxConcurrent":64}},
        "modules":{"allow":["lodash"]},"lockup":{"timeoutMs":-1},
        "restart":{"maxConsecutiveCrashes":100,"stableAfterMs":1,"backoffMs":[0],"onUncaught":"log"},"ports":16}"#;
    let silent = policy(greedy, r#"{"version":1}"#);
    assert_eq!(silent.permissions, [Permission::Log, Permission::NetRequest].into());
    assert_eq!(
        silent.withheld.iter().map(|w| w.pointer.as_str()).collect::<Vec<_>>(),
        ["/permissions", "/network/block"]
    );
    assert_eq!((silent.codegen, silent.distribution, silent.level), (false, true, Level::Full));
    assert_eq!((silent.limits.memory_bytes, silent.limits.cpu_seconds, silent.limits.timers), (64 << 20, Some(60), 5));
    assert_eq!(
        (silent.network.block, silent.network.data_urls, silent.network.request_max_concurrent),
        (Block::Private, false, 5)
    );
    assert!(silent.modules.is_empty() && !silent.module_allowed("lodash"));
    assert_eq!((silent.lockup.timeout, silent.restart.max_consecutive_crashes), (Some(Duration::from_secs(10)), 3));
    assert_eq!((silent.restart.stable_after, silent.restart.on_uncaught), (Duration::from_secs(60), OnUncaught::Crash));
    assert_eq!(silent.restart.backoff, [0, 1, 4].map(Duration::from_secs));
    assert_eq!(silent.ports, 16);

    let generous = r#"{"version":1,"codegen":true,"distribution":false,"permissions":["ROOT","net.request"],
        "containment":{"require":"no-namespaces"},"limits":{"memoryBytes":100000000,"cpuSeconds":-1},
        "network":{"block":"none","dataUrls":true,"hosts":["*.example.com"]},"lockup":{"timeoutMs":-1},"ports":2,
        "restart":{"stableAfterMs":10,"backoffMs":[5],"onUncaught":"log"}}"#;
    let granted = policy(greedy, generous);
    assert_eq!(granted.permissions, [Permission::Root, Permission::NetRequest].into());
    assert!(granted.withheld.is_empty() && granted.codegen && granted.module_allowed("lodash"));
    assert_eq!(
        (granted.level, granted.limits.memory_bytes, granted.limits.cpu_seconds),
        (Level::NoNamespaces, 100_000_000, None)
    );
    assert_eq!((granted.network.block, granted.lockup.timeout, granted.ports), (Block::None, None, 2));
    assert_eq!(
        (granted.restart.stable_after, granted.restart.on_uncaught),
        (Duration::from_millis(10), OnUncaught::Log)
    );
    assert_eq!(granted.restart.backoff, [Duration::from_millis(5)]);
    assert!(granted.check_url("http://a.example.com/", Api::Request).is_ok());
    assert!(granted.check_url("http://example.org/", Api::Request).is_err());
}

#[test]
fn a_method_must_satisfy_manifest_and_ceiling() {
    let manifest = r#"{"version":1,"api":{"add":{"args":[{"type":"number"}]},"sub":{"args":[]}}}"#;
    let ceiling = r#"{"version":1,"api":{"add":{"args":[{"type":"number","maximum":5}]}}}"#;
    let both = policy(manifest, ceiling);
    assert_eq!(both.api.keys().collect::<Vec<_>>(), ["add"]);
    let call = |policy: &Policy, n: i32| policy.api["add"].check_arguments(&vec![Value::from(n)].into()).is_ok();
    assert!(call(&both, 5) && !call(&both, 6) && call(&policy(manifest, r#"{"version":1}"#), 6));
}

#[test]
fn urls_that_look_alike() {
    let public = Policy::every_public_host();
    let allowed = |url: &str| public.check_url(url, Api::Request);
    for good in [
        "https://example.com/",
        "http://example.com:8080/a?b#c",
        "HTTPS://EXAMPLE.com.",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://bücher.example.com/",
        "https://localhost.example.com/",
        "https://127.0.0.1.nip.example.com/",
        "  https://example.com/\n",
    ] {
        assert!(allowed(good).is_ok(), "{good}: {:?}", allowed(good));
    }
    for (bad, rule) in [
        ("http://127.0.0.1/", "not-public"),
        ("http://0x7f.1/", "not-public"),
        ("http://2130706433/", "not-public"),
        ("http://017700000001/", "not-public"),
        ("http://127.1/", "not-public"),
        ("http://[::ffff:7f00:1]/", "not-public"),
        ("http://[::1]/", "not-public"),
        ("http://①②⑦.0.0.1/", "not-public"),
        ("http://169.254.169.254/latest/", "not-public"),
        ("http://10.1.2.3/", "not-public"),
        ("http://localhost/", "reserved-name"),
        ("http://LOCALHOST./", "reserved-name"),
        ("http://a.localhost/", "reserved-name"),
        ("http://intranet/", "reserved-name"),
        ("http://metadata.google.internal/", "reserved-name"),
        ("http://user:pw@example.com/", "userinfo"),
        ("http://example.com@10.0.0.1/", "userinfo"),
        ("http://example.com:22/", "blocked-port"),
        ("ftp://example.com/", "/network/request/schemes"),
        ("file:///etc/passwd", "/network/request/schemes"),
        ("data:text/plain,hi", "/network/request/schemes"),
        ("ws://example.com/", "/network/request/schemes"),
        ("javascript:alert(1)", "/network/request/schemes"),
        ("//example.com/", "url"),
        ("example.com", "url"),
        ("http://", "url"),
        ("http://exa mple.com/", "url"),
        ("http://[fe80::1%25eth0]/", "url"),
        ("", "url"),
    ] {
        match allowed(bad) {
            Ok(target) => panic!("{bad} was allowed as {target:?}"),
            Err(denied) => assert_eq!(denied.rule, rule, "{bad}: {denied}"),
        }
    }
    assert!(public.check_url("wss://example.com/", Api::WebSocket).is_ok());
    assert!(public.check_url("https://example.com/", Api::WebSocket).is_err());
}

#[test]
fn the_entry_that_decided_is_named() {
    let policy = policy(
        r#"{"version":1,"permissions":["net.request"],"network":{"hosts":["a.example.com",{"host":"*.example.com:8443"}]}}"#,
        r#"{"version":1}"#,
    );
    let rule = |url: &str, api| match policy.check_url(url, api) {
        Ok(target) => target.rule().to_owned(),
        Err(denied) => denied.rule,
    };
    assert_eq!(rule("https://a.example.com/", Api::Request), "/network/hosts/0");
    assert_eq!(rule("https://b.example.com:8443/", Api::Request), "/network/hosts/1");
    assert_eq!(rule("https://b.example.com/", Api::Request), "/network/hosts");
    assert_eq!(rule("wss://a.example.com/", Api::WebSocket), "/permissions");
    assert!(policy.check_address("8.8.8.8".parse().expect("address")).is_ok());
    assert_eq!(policy.check_address("10.0.0.1".parse().expect("address")).expect_err("private").rule, "not-public");
}
