//! Only `egress` opens a connection, and nothing of the crate listens: held by `clippy.toml` for what the compiler
//! resolves, and here for crates that open sockets of their own.

use std::path::{Path, PathBuf};

/// What opens, or could open, a socket; and the files that may name it.
const SOCKETS: &[(&str, &[&str])] = &[
    ("TcpStream", &["egress/connect.rs"]),
    ("TcpSocket", &[]),
    ("TcpListener", &["inbound/server.rs"]),
    ("UdpSocket", &[]),
    ("lookup_host", &[]),
    ("ToSocketAddrs", &[]),
    ("hickory_resolver", &["egress/dns.rs"]),
    ("hyper::client", &["egress/http.rs"]),
    ("hyper_util::client", &[]),
    ("connect_async", &[]),
    // A pair of sockets of this process is a channel, not a way out.
    ("rustix::net::connect", &[]),
    ("rustix::net::bind", &["host/control.rs"]),
    ("rustix::net::socket(", &[]),
    ("rustix::net::socket_with(", &["host/control.rs"]),
    // What the worker tries, to show that it cannot.
    ("SYS_socket,", &["os/probe.rs"]),
    ("libc::socket(", &[]),
    ("libc::connect(", &[]),
    ("libc::bind(", &[]),
    ("UnixListener", &["host/control.rs"]),
    ("UnixStream::connect", &["host/control.rs"]),
    ("disallowed_methods", &["egress/connect.rs", "host/control.rs", "inbound/server.rs"]),
    // What would let somebody lead connections elsewhere.
    ("_proxy", &[]),
    ("_PROXY", &[]),
    ("SSL_CERT", &[]),
    ("KeyLogFile", &[]),
];

#[test]
fn no_other_code_opens_a_socket() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut used = Vec::new();
    for path in sources(&root) {
        let text = std::fs::read_to_string(&path).expect("readable");
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for (what, files) in SOCKETS.iter().filter(|(what, _)| lines.iter().any(|line| line.contains(what))) {
            if files.contains(&name.as_str()) {
                used.push((*what, name.clone()));
            } else {
                found.push(format!("{name}: {what}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
    // An exception that nothing needs is taken away.
    let stale: Vec<_> = SOCKETS
        .iter()
        .flat_map(|(what, files)| files.iter().map(move |file| (*what, (*file).to_owned())))
        .filter(|exception| !used.contains(exception))
        .collect();
    assert_eq!(stale, []);
}

/// What the environment may decide, and where it is read.
#[test]
fn the_environment_does_not_reach_the_network() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root.join("egress")) {
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(!text.contains("std::env") && !text.contains("env::var"), "{}", path.display());
    }
    let features =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml")).expect("readable");
    let line = |name: &str| features.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    for name in ["hyper ", "hyper-util", "hickory-resolver", "tokio-tungstenite", "tokio-rustls"] {
        assert!(line(name).contains("default-features = false"), "{name}");
    }
    assert!(!line("tokio-tungstenite").contains("\"connect\"") && !line("hyper-util").contains("client"));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
