//! Addons under a host: rows a16 to a22, a26 to a30 of docs/sandbox.md.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::addons::{Place, event, logged, reach};
use common::eventually;
use common::net::Net;
use electrolint_policy::Ceiling;
use electrolint_sandbox::Event;
use electrolint_sandbox::host::{AddonState, Host, HostError, HostOptions, What};

#[tokio::test]
async fn each_addon_has_a_sandbox_of_its_own() {
    let place = Place::new();
    place.addon("one", "", "globalThis.mine = 1; console.log(`${typeof theirs} ${data.id} ${data.token.length}`)");
    place.addon("two", "", "globalThis.theirs = 1; console.log(`${typeof mine} ${data.id} ${data.token.length}`)");
    std::fs::create_dir(place.root.path().join("addons/no-addon")).expect("a folder");
    place.addon("broken", r#","unknown":1"#, "");
    let (host, mut events) = place.open();
    let why = event(&mut events, "broken", |what| match what {
        What::Unusable(why) => Some(why.clone()),
        _ => None,
    })
    .await;
    assert!(why.contains("unknown field"), "{why}");
    assert_eq!(event(&mut events, "one", logged).await, "undefined one 43");
    let mut again = host.events();
    host.restart("two").await.expect("asked");
    assert_eq!(event(&mut again, "two", logged).await, "undefined two 43");
    assert_eq!(host.state().len(), 2);
    assert!(host.restart("three").await.is_err());
    assert_ne!(host.token("one"), host.token("two"));
    host.stop().await;
    assert!(common::workers().is_empty() || host.state().iter().all(|(_, state)| *state == AddonState::Stopped));
}

#[tokio::test]
async fn asked_and_granted_are_shown_side_by_side() {
    let place = Place::new();
    let asks = r#","permissions":["log","net.request","inbound.http"],"network":{"hosts":["a.example.com","b.example.com"],"request":{"timeoutMs":120000,"maxConcurrent":1}},
        "inbound":{"http":[{"method":"GET","path":"x","requireToken":false}]},"codegen":true,"limits":{"memoryBytes":2147483648}"#;
    place.addon("a", asks, "");
    let ceiling =
        r#"{"version":1,"permissions":["net.request","inbound.http"],"network":{"hosts":["*.example.com:443"]}}"#;
    let options = HostOptions { ceiling: Ceiling::parse(ceiling).expect("a ceiling"), ..place.options() };
    let (_host, mut events) = Host::open(options).expect("a host");
    let (asked, granted) = event(&mut events, "a", |what| match what {
        What::Found { asked, granted, .. } => Some((asked.clone(), granted.clone())),
        _ => None,
    })
    .await;
    assert_eq!(asked["permissions"], serde_json::json!(["log", "net.request", "inbound.http"]));
    assert_eq!(granted["permissions"], serde_json::json!(["net.request", "inbound.http"]));
    // A ceiling that is silent does not widen: a number is not raised above its default, the token stays, code is not made.
    for (pointer, wanted, had) in [
        ("/request/timeoutMs", serde_json::json!(120_000), serde_json::json!(10_000)),
        ("/request/maxConcurrent", 1.into(), 1.into()),
        ("/memoryBytes", 2_147_483_648_u64.into(), 67_108_864.into()),
        ("/codegen", true.into(), false.into()),
        ("/withoutToken", serde_json::json!(["GET x"]), serde_json::json!([])),
        ("/http", serde_json::json!(["GET x"]), serde_json::json!(["GET x"])),
    ] {
        assert_eq!((asked.pointer(pointer), granted.pointer(pointer)), (Some(&wanted), Some(&had)), "{pointer}");
    }
    assert_eq!(asked["hosts"], serde_json::json!(["a.example.com", "b.example.com"]));
    assert_eq!(granted["hosts"], serde_json::json!(["a.example.com:443", "b.example.com:443"]));
}

const SETTINGS: &str = r#","permissions":["log","config.write"],"params":{"maxBytes":64,"schema":{"type":"object","properties":{"city":{"type":"string"},"n":{"type":"number"}}}},
    "config":{"schema":{"type":"object","properties":{"unit":{"type":"string","enum":["C","F"]}},"required":["unit"]}}"#;

/// Exposes what a test wants to have done.
const DO: &str = "rpc.exposeObject({});
    const attempt = async (work) => { try { return { value: await work() } } catch (error) { return { error: error.name + ': ' + error.message } } };";

/// Runs a script as `main` of an addon that logs one JSON text, and gives that.
async fn ran(place: &Place, id: &str, more: &str, script: &str) -> serde_json::Value {
    place.addon(id, more, &format!("{DO}\nconsole.log(JSON.stringify(await (async () => {{ {script} }})()))"));
    let (host, mut events) = place.open();
    let text = event(&mut events, id, |what| match what {
        What::StartFailed(why) => Some(format!("\"start failed: {why}\"")),
        other => logged(other),
    })
    .await;
    host.stop().await;
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
}

#[tokio::test]
async fn a16_parameters_are_judged_by_the_host() {
    let place = Place::new();
    let script = "const results = [];
        for (const value of [{ city: 'Lisbon' }, { n: 1 }, { city: 1 }, { other: 1 }, { city: 'x'.repeat(100) }, JSON.parse('{\"__proto__\": {}}'),
            'text', null, [1], undefined]) results.push((await attempt(() => api.config.updateParams(value))).error ?? 'ok');
        return results;";
    let results = ran(&place, "a", SETTINGS, script).await;
    let names: Vec<&str> = results
        .as_array()
        .expect("a list")
        .iter()
        .map(|r| r.as_str().expect("text").split(':').next().expect("a name"))
        .collect();
    let refused = "NotAllowedError";
    assert_eq!(
        names,
        [
            "ok",
            "ok",
            refused,
            refused,
            "QuotaExceededError",
            refused,
            "TypeError",
            "TypeError",
            "TypeError",
            "TypeError"
        ]
    );
    // What was accepted is there at the next start, and nothing else.
    let kept = ran(&place, "a", SETTINGS, "return data.params").await;
    assert_eq!(kept, serde_json::json!({ "city": "Lisbon", "n": 1 }));
    // Without a schema every write is refused.
    let without = ran(&place, "b", "", "return await attempt(() => api.config.updateParams({ a: 1 }))").await;
    assert!(without["error"].as_str().expect("an error").contains("no schema"), "{without}");
    // What was kept and does not fit a new schema is not handed out.
    let other = SETTINGS.replace(r#""city":{"type":"string"}"#, r#""city":{"type":"number"}"#);
    assert_eq!(ran(&place, "a", &other, "return data.params").await, serde_json::json!({}));
}

#[tokio::test]
async fn a17_configuration_needs_its_permission() {
    let place = Place::new();
    let script = "return [await attempt(() => api.config.setConfig({ unit: 'C' })), await attempt(() => api.config.setConfig({})),
        await attempt(() => api.config.setConfig({ unit: 'K' }))].map((r) => r.error?.split(':')[0] ?? 'ok')";
    let refused = "NotAllowedError";
    assert_eq!(ran(&place, "a", SETTINGS, script).await, serde_json::json!(["ok", refused, refused]));
    assert_eq!(ran(&place, "a", SETTINGS, "return data.config").await, serde_json::json!({ "unit": "C" }));
    // Withheld by the ceiling, the function refuses and nothing is kept.
    let options = HostOptions {
        ceiling: Ceiling::parse(r#"{"version":1,"permissions":["log"]}"#).expect("a ceiling"),
        ..place.options()
    };
    place.addon(
        "b",
        SETTINGS,
        &format!("{DO}\nconsole.log(JSON.stringify(await attempt(() => api.config.setConfig({{ unit: 'F' }}))))"),
    );
    let (host, mut events) = Host::open(options).expect("a host");
    assert!(event(&mut events, "b", logged).await.contains("config.write is not granted"));
    let config =
        host.describe().as_array().expect("a list").iter().find(|a| a["id"] == "b").expect("b")["config"].clone();
    assert_eq!(config, serde_json::json!({}));
}

#[tokio::test]
async fn a18_main_has_five_seconds() {
    let place = Place::new();
    place.addon("default", "", "");
    place.addon("loops", r#","limits":{"initTimeoutMs":300},"restart":{"maxConsecutiveCrashes":1}"#, "while (true) {}");
    place.addon("fine", r#","limits":{"initTimeoutMs":30000}"#, "await new Promise((done) => setTimeout(done, 400))");
    let (host, mut events) = place.open();
    let why = event(&mut events, "loops", |what| match what {
        What::StartFailed(why) => Some(why.clone()),
        _ => None,
    })
    .await;
    assert!(why.contains("took longer than its limit"), "{why}");
    reach(&host, "loops", AddonState::Stopped).await;
    reach(&host, "fine", AddonState::Running).await;
    let policy = common::policy(r#"{"version":1,"id":"a","main":"index.js"}"#);
    assert_eq!(policy.limits.init_timeout, Duration::from_secs(5));
}

#[tokio::test]
async fn a19_errors_of_timers_are_logged_and_the_worker_lives() {
    let place = Place::new();
    place.addon(
        "a",
        "",
        "setTimeout(() => { throw new Error('mine') }, 1); setTimeout(() => console.log('still here'), 50)",
    );
    let (host, mut events) = place.open();
    assert!(event(&mut events, "a", logged).await.contains("uncaught in a timer: Error: mine"));
    assert_eq!(event(&mut events, "a", logged).await, "still here");
    assert_eq!(host.state()[0].1, AddonState::Running);
}

#[tokio::test]
async fn a21_other_uncaught_errors_crash_that_worker_only() {
    let place = Place::new();
    place.addon(
        "bad",
        r#","restart":{"maxConsecutiveCrashes":1}"#,
        "setTimeout(() => Promise.reject(new Error('nobody')), 20)",
    );
    place.addon("good", "", "console.log('up')");
    let (host, mut events) = place.open();
    reach(&host, "bad", AddonState::Stopped).await;
    assert_eq!(
        event(&mut events, "bad", |what| match what {
            What::Sandbox(Event::Uncaught(error)) => Some(error.message.clone()),
            _ => None,
        })
        .await,
        "nobody"
    );
    reach(&host, "good", AddonState::Running).await;
}

#[tokio::test]
async fn a22_after_three_crashes_it_stays_down_until_somebody_asks() {
    let place = Place::new();
    place.addon("a", "", "setTimeout(() => Promise.reject(new Error('again')), 5)");
    let ceiling = r#"{"version":1,"restart":{"backoffMs":[0,10],"stableAfterMs":86400000}}"#;
    let options = HostOptions { ceiling: Ceiling::parse(ceiling).expect("a ceiling"), ..place.options() };
    let (host, mut events) = Host::open(options).expect("a host");
    let crash = |what: &What| match what {
        What::Crash { consecutive, restart_after_ms } => Some((*consecutive, *restart_after_ms)),
        _ => None,
    };
    for expected in [(1, Some(0)), (2, Some(10)), (3, None)] {
        assert_eq!(event(&mut events, "a", crash).await, expected);
    }
    reach(&host, "a", AddonState::Stopped).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(host.state()[0].1, AddonState::Stopped, "it is not started again by itself");
    host.restart("a").await.expect("asked");
    assert_eq!(event(&mut events, "a", crash).await, (1, Some(0)), "and then the row begins anew");
}

#[tokio::test]
async fn a28_root_needs_the_hosts_word_and_an_addon_that_is_not_handed_on() {
    let place = Place::new();
    let asks = r#","permissions":["log","ROOT"],"distribution":false"#;
    place.addon("a", asks, "console.log('up')");
    let (host, mut events) = place.open();
    let why = event(&mut events, "a", |what| match what {
        What::StartFailed(why) => Some(why.clone()),
        _ => None,
    })
    .await;
    assert!(why.contains("ROOT needs the host's consent"), "{why}");
    reach(&host, "a", AddonState::Refused).await;
    host.stop().await;
    drop(host);
    let (host, _events) = Host::open(HostOptions { allow_root: true, ..place.options() }).expect("a host");
    reach(&host, "a", AddonState::Running).await;
    host.stop().await;
    drop(host);
    // Never for an addon that is handed to others.
    place.addon("a", r#","permissions":["log","ROOT"]"#, "");
    let (_host, mut events) = Host::open(HostOptions { allow_root: true, ..place.options() }).expect("a host");
    let why = event(&mut events, "a", |what| match what {
        What::Unusable(why) => Some(why.clone()),
        _ => None,
    })
    .await;
    assert!(why.contains("distribution"), "{why}");
}

#[tokio::test]
async fn a27_root_requires_own_files_and_modules_of_the_host() {
    let place = Place::new();
    let rules = r#","permissions":["log","ROOT"],"distribution":false,"modules":{"allow":["left-pad","other"]}"#;
    let script = "const results = {};
        const own = require('./lib/a'); results.own = [own.name, own.again(), require('./lib/a.js') === own, require('./data.json').n, require('./lib').index];
        results.host = require('left-pad')('x', 3);
        results.refused = [];
        for (const name of ['fs', 'node:fs', 'child_process', 'unregistered', 'not-allowed', 'other', '/etc/passwd', '../b/index.js', './../../secret', './absent', './broken', './link',
            'file:///etc/passwd', './lib/..%2f..', '']) results.refused.push((await attempt(async () => require(name))).error === undefined ? name : 'refused');
        results.refused = [...new Set(results.refused)];
        results.late = await new Promise((done) => setTimeout(() => done(require('./lib/late').late), 5));
        results.nothing = [typeof process, typeof Buffer, typeof module, typeof __filename];
        return results;";
    let write = |folder: &std::path::Path| {
        std::fs::create_dir_all(folder.join("lib")).expect("a folder");
        for (name, text) in [
            ("lib/a.js", "exports.name = __filename; exports.again = () => require('./b.cjs').of(module.exports);"),
            ("lib/b.cjs", "const a = require('./a'); module.exports = { of: (other) => other === a };"),
            ("lib/index.js", "exports.index = true"),
            ("lib/late.js", "exports.late = 'late'"),
            ("data.json", r#"{"n":7}"#),
            ("broken.js", "}"),
        ] {
            std::fs::write(folder.join(name), text).expect("written");
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.join("link.js")).expect("a link");
    };
    write(&place.addon("a", rules, ""));
    let modules = [
        ("left-pad", "module.exports = (text, n) => String(text).padStart(n, '.');"),
        ("not-allowed", "exports.x = 1"),
    ];
    let modules = modules.map(|(name, source)| (name.to_owned(), source.to_owned())).into();
    let rules = rules.replace(r#""log","#, r#""log","timers","#);
    let main = format!("{DO}\nconsole.log(JSON.stringify(await (async () => {{ {script} }})()))");
    place.addon("a", &rules, &main);
    let options = HostOptions { allow_root: true, modules, ..place.options() };
    let (host, mut events) = Host::open(options).expect("a host");
    let text = event(&mut events, "a", |what| match what {
        What::StartFailed(why) => Some(format!("start failed: {why}")),
        other => logged(other),
    })
    .await;
    let expected = serde_json::json!({
        "own": ["addon://a/lib/a.js", true, true, 7, true], "host": "..x", "refused": ["refused"], "late": "late",
        "nothing": ["undefined", "undefined", "undefined", "undefined"],
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|_| panic!("{text}")), expected);
    host.stop().await;
    // Without ROOT there is none.
    assert_eq!(ran(&Place::new(), "b", "", "return typeof require").await, "undefined");
}

#[tokio::test]
async fn a_private_network_needs_the_hosts_word() {
    let (address, _) = common::net::canned(common::net::ok("inside")).await;
    let place = Place::new();
    let asks = format!(
        r#","permissions":["log","net.request"],"distribution":false,"network":{{"block":"none","hosts":["127.0.0.1:{}"]}}"#,
        address.port()
    );
    place.addon("a", &asks, &format!("console.log((await network.request('http://{address}/')).text())"));
    let net = Net::to(address);
    let start = |allow_private_network| {
        Host::open(HostOptions { allow_private_network, egress: Some(net.egress()), ..place.options() })
            .expect("a host")
    };
    let (host, _events) = start(false);
    reach(&host, "a", AddonState::Refused).await;
    host.stop().await;
    drop(host);
    let (_host, mut events) = start(true);
    assert_eq!(event(&mut events, "a", logged).await, "inside");
}

const STORES: &str =
    r#","permissions":["log","storage"],"storage":{"maxBytes":100000,"maxDepth":10},"limits":{"messageBytes":4096}"#;

#[tokio::test]
async fn a29_what_is_stored_is_there_at_the_next_start() {
    let place = Place::new();
    let script = "const first = await storage.Read() ?? null;
        const big = { text: 'é'.repeat(20000), list: [1, null, { a: true }] };
        storage.Write({ old: 1 }); await storage.Write(big);
        const back = await storage.Read();
        const errors = [];
        for (const value of ['x'.repeat(100001), JSON.parse('['.repeat(11) + ']'.repeat(11)), undefined, 1n])
            errors.push((await attempt(async () => storage.Write(value))).error?.split(':')[0] ?? 'ok');
        return [first, back.text.length, back.list, errors];";
    let results = ran(&place, "a", STORES, script).await;
    let errors = serde_json::json!(["QuotaExceededError", "Error", "TypeError", "TypeError"]);
    assert_eq!(results, serde_json::json!([null, 20000, [1, null, { "a": true }], errors]));
    assert_eq!(ran(&place, "a", STORES, "return (await storage.Read()).text.length").await, 20000);
    // Another's file is not followed to, and what is no JSON is not handed out.
    let file = place.root.path().join("addons/a/storage_data.json");
    std::fs::remove_file(&file).expect("removed");
    std::fs::write(place.root.path().join("secret"), "\"secret\"").expect("a file");
    std::os::unix::fs::symlink(place.root.path().join("secret"), &file).expect("a link");
    let script = "return [(await attempt(() => storage.Read())).error, (await attempt(() => storage.Write(1))).error ?? 'ok', await storage.Read()]";
    let results = ran(&place, "a", STORES, script).await;
    assert!(results[0].as_str().expect("an error").contains("cannot be used"), "{results}");
    assert_eq!((&results[1], &results[2]), (&"ok".into(), &1.into()));
    assert_eq!(std::fs::read_to_string(place.root.path().join("secret")).expect("untouched"), "\"secret\"");
    std::fs::write(&file, "{").expect("written");
    assert!(
        ran(&place, "a", STORES, "return (await attempt(() => storage.Read())).error")
            .await
            .as_str()
            .expect("text")
            .contains("not JSON")
    );
    // Without the permission there is none.
    assert_eq!(ran(&place, "b", "", "return typeof storage").await, "undefined");
}

#[tokio::test]
async fn a29_writes_keep_their_order() {
    let place = Place::new();
    let script = "const all = []; for (let i = 0; i < 50; i += 1) all.push(storage.Write({ i, fill: 'x'.repeat((i * 997) % 9000) }));
        await Promise.all(all); return (await storage.Read()).i";
    assert_eq!(ran(&place, "a", STORES, script).await, 49);
}

#[tokio::test]
async fn a30_uninstalling_removes_what_was_kept_and_nothing_else() {
    let place = Place::new();
    let more =
        format!(r#"{STORES},"params":{{"schema":{{"type":"object","properties":{{"n":{{"type":"number"}}}}}}}}"#);
    let folder =
        place.addon("a", &more, "await storage.Write(1); await api.config.updateParams({ n: 1 }); console.log('kept')");
    let other = place.addon("b", STORES, "await storage.Write(2); console.log('kept')");
    let (host, _events) = place.open();
    reach(&host, "a", AddonState::Running).await;
    reach(&host, "b", AddonState::Running).await;
    let token = host.token("a");
    let state = place.root.path().join("state/addons");
    let installs = || std::fs::read_dir(&state).expect("the state").count();
    assert_eq!((folder.join("storage_data.json").exists(), installs()), (true, 2));
    host.uninstall("a").await.expect("uninstalled");
    assert_eq!((folder.join("storage_data.json").exists(), installs()), (false, 1));
    assert!(folder.join("index.js").exists() && other.join("storage_data.json").exists());
    assert!(host.state().contains(&("a".into(), AddonState::Uninstalled)));
    assert!(matches!(host.restart("a").await, Err(HostError::Unknown(_))));
    host.uninstall("a").await.expect("again it is nothing");
    host.stop().await;
    drop(host);
    // Installed again, it is another installation.
    let (host, _events) = place.open();
    assert_ne!(host.token("a"), token);
    assert_eq!(host.describe()[0]["params"], serde_json::json!({}));
}

#[tokio::test]
async fn a_host_ends_all_of_its_workers() {
    let place = Place::new();
    for n in 0..10 {
        place.addon(&format!("a{n}"), "", if n % 2 == 0 { "" } else { "setTimeout(() => { while (true) {} }, 1)" });
    }
    let (host, _events) = place.open();
    let host = Arc::new(host);
    for n in 0..10 {
        reach(&host, &format!("a{n}"), AddonState::Running).await;
    }
    tokio::time::timeout(Duration::from_secs(60), host.stop()).await.expect("in time");
    assert!(host.state().iter().all(|(_, state)| *state == AddonState::Stopped), "{:?}", host.state());
}

/// Each builds on the one before, however many are under way.
#[tokio::test]
async fn a16_updates_at_the_same_time_lose_nothing() {
    let place = Place::new();
    let names = (0..40).map(|n| format!(r#""k{n}":{{"type":"number"}}"#)).collect::<Vec<_>>().join(",");
    let more = format!(r#","params":{{"schema":{{"type":"object","properties":{{{names}}}}}}}"#);
    let main = "await Promise.all(Array.from({ length: 40 }, (_, n) => api.config.updateParams({ [`k${n}`]: n })));";
    place.addon("a", &more, main);
    let (host, _events) = place.open();
    reach(&host, "a", AddonState::Running).await;
    assert_eq!(host.describe()[0]["params"].as_object().map(serde_json::Map::len), Some(40));
}

/// The storage of an addon that writes without end is gone for good once it is uninstalled.
#[tokio::test]
async fn a30_uninstalling_while_it_writes_leaves_nothing() {
    let place = Place::new();
    let folder = place.addon(
        "a",
        STORES,
        "(async () => { for (let n = 0; ; n += 1) await storage.Write('x'.repeat(90000)) })();",
    );
    for _ in 0..5 {
        let (host, _events) = place.open();
        reach(&host, "a", AddonState::Running).await;
        eventually("it writes", || folder.join(".storage_data.json.new").exists()).await;
        host.uninstall("a").await.expect("uninstalled");
        let left = || folder.join("storage_data.json").exists() || folder.join(".storage_data.json.new").exists();
        assert!(!left());
        host.stop().await;
        assert!(!left());
    }
    // And what a write of another time has left.
    let (host, _events) = place.open();
    reach(&host, "a", AddonState::Running).await;
    host.stop().await;
    std::fs::write(folder.join(".storage_data.json.new"), "half").expect("a file");
    drop(host);
    std::fs::write(folder.join("index.js"), "").expect("main");
    let (host, _events) = place.open();
    reach(&host, "a", AddonState::Running).await;
    host.uninstall("a").await.expect("uninstalled");
    assert!(!folder.join(".storage_data.json.new").exists());
}
