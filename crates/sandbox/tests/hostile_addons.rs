//! Folders of addons as somebody would make them who means harm.

mod common;

use std::time::Duration;

use common::addons::{Place, event, logged, reach};
use electrolint_sandbox::host::{AddonState, What};

/// What one of two folders with one id passes itself off as cannot be known.
#[tokio::test]
async fn folders_of_one_id_are_not_started() {
    let place = Place::new();
    let folder = place.addon("weather", "", "");
    place.addon("other", "", "");
    let copy = place.root.path().join("addons/0-evil");
    std::fs::create_dir(&copy).expect("a folder");
    std::fs::copy(folder.join("addon.json"), copy.join("addon.json")).expect("copied");
    std::fs::write(copy.join("index.js"), "").expect("main");
    let (host, mut events) = place.open();
    let mut refused = Vec::new();
    while refused.len() < 2 {
        let event =
            tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time").expect("an event");
        if let What::Unusable(why) = event.what {
            assert!(why.contains("the id weather"), "{why}");
            refused.push(event.addon);
        }
    }
    assert_eq!(refused, ["0-evil", "weather"]);
    reach(&host, "other", AddonState::Running).await;
    assert_eq!(host.state().len(), 1);
}

/// Manifests that are links, pipes, folders, too long or no text, and what a folder of addons may have beside them.
#[tokio::test]
async fn odd_manifests_stop_nobody_else() {
    let place = Place::new();
    place.addon("good", "", "");
    let addons = place.root.path().join("addons");
    let at = |name: &str| {
        std::fs::create_dir(addons.join(name)).expect("a folder");
        addons.join(name).join("addon.json")
    };
    std::os::unix::fs::symlink("../good/addon.json", at("linked")).expect("a link");
    std::os::unix::fs::symlink("/dev/zero", at("device")).expect("a link");
    std::os::unix::fs::symlink("addon.json", at("loop")).expect("a link");
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().expect("mkfifo(1)").success());
    std::fs::create_dir(at("folder")).expect("a folder");
    std::fs::write(at("long"), " ".repeat((1 << 20) + 1)).expect("a file");
    std::fs::write(at("bytes"), b"\xff\xfe{}").expect("a file");
    std::fs::write(at("deep"), "[".repeat(1 << 20)).expect("a file");
    std::fs::write(at("no-main"), r#"{"version":1,"id":"no-main"}"#).expect("a file");
    std::fs::write(at("new\nline"), "{").expect("a file");
    for (name, id) in [("id-1", "socket.io"), ("id-2", ".."), ("id-3", "a/b"), ("id-4", "A"), ("id-5", "a\\u0000b")] {
        std::fs::write(at(name), format!(r#"{{"version":1,"id":"{id}","main":"index.js"}}"#)).expect("a file");
    }
    std::fs::write(addons.join("a-file"), "").expect("a file");
    std::os::unix::fs::symlink("..", addons.join("up")).expect("a link");
    std::os::unix::fs::symlink("absent", addons.join("dangling")).expect("a link");
    let (host, mut events) = place.open();
    reach(&host, "good", AddonState::Running).await;
    assert_eq!(host.state().len(), 1);
    let mut refused = Vec::new();
    while refused.len() < 11 {
        let event =
            tokio::time::timeout(Duration::from_secs(60), events.next()).await.expect("in time").expect("an event");
        assert!(!event.to_json().to_string().contains('\n'), "one line");
        if matches!(event.what, What::Unusable(_)) {
            refused.push(event.addon);
        }
    }
    let expected = ["bytes", "deep", "id-1", "id-2", "id-3", "id-4", "id-5", "linked", "long", "new\nline", "no-main"];
    assert_eq!(refused, expected);
}

/// A module that is a pipe would stop whoever opens it, and what a link leads to outside is no module.
#[tokio::test]
async fn odd_modules_stop_nobody() {
    let place = Place::new();
    let tries = "const tried = []; for (const name of ['./pipe.js', './folder.js', './out.js', './in.js', './up/secret.js', './absolute.js'])
        tried.push(await import(name).then((module) => module.default, () => 'refused')); console.log(tried.join())";
    let folder = place.addon("a", "", tries);
    assert!(std::process::Command::new("mkfifo").arg(folder.join("pipe.js")).status().expect("mkfifo(1)").success());
    std::fs::create_dir(folder.join("folder.js")).expect("a folder");
    std::fs::write(place.root.path().join("addons/secret.js"), "export default 'secret'").expect("a file");
    std::fs::write(folder.join("own.js"), "export default 'own'").expect("a file");
    for (to, name) in [("../secret.js", "out.js"), ("own.js", "in.js"), ("..", "up"), ("/etc/hostname", "absolute.js")]
    {
        std::os::unix::fs::symlink(to, folder.join(name)).expect("a link");
    }
    let (host, mut events) = place.open();
    assert_eq!(event(&mut events, "a", logged).await, "refused,refused,refused,own,refused,refused");
    tokio::time::timeout(Duration::from_secs(60), host.stop()).await.expect("in time");
}
