//! Switches that weaken Chromium, Electron or V8.

use electrolint_model::app::{Switch, is_loopback};
use electrolint_model::electron::Version;

use crate::switches::report_switch;
use crate::{Context, Findings, Severity};

rule! {
    /// A command-line switch takes a protection away.
    ///
    /// What an app appends to its command line, or is started with, holds for every window: a port for the debugger that any program on
    /// the machine may use, processes that sites share, warnings and blocklists that are off. Leave such switches out of what is shipped;
    /// for development put them into a script of their own. Switches that another rule is about (`no-sandbox`, `disable-web-security`,
    /// `ignore-certificate-errors`, …) are reported there. Names are compared exactly, and values count: features may be disabled that
    /// have nothing to do with security.
    ///
    /// ```js
    /// const { app } = require('electron');
    /// app.commandLine.appendSwitch('remote-debugging-port', '9222'); //~ command-line-switches
    /// app.commandLine.appendSwitch('disable-features', 'IsolateOrigins'); //~ command-line-switches
    /// app.commandLine.appendSwitch('disable-features', 'HardwareMediaKeyHandling');
    /// app.commandLine.appendSwitch('inspector-x');
    /// ```
    ///
    /// ```json
    /// {
    ///   "main": "main.js",
    ///   "scripts": { "start:prod": "electron . --remote-debugging-port=9222" }, //~ command-line-switches
    ///   "devDependencies": { "electron": "39.2.7" }
    /// }
    /// ```
    pub(crate) static RULE = {
        id: "command-line-switches",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-489", "CWE-1188"],
        source: "https://www.electronjs.org/docs/latest/api/command-line-switches",
    }
}

/// What a switch does, by its exact name: severity and what an attacker gains.
const TABLE: [(&str, Severity, &str); 48] = [
    ("remote-debugging-port", Severity::Medium, DEBUGGER),
    ("remote-debugging-address", Severity::Medium, DEBUGGER),
    ("remote-allow-origins", Severity::Medium, "Web pages of these origins may speak to the debugger."),
    ("remote-debugging-pipe", Severity::Low, DEBUGGER),
    ("inspect", Severity::Medium, INSPECTOR),
    ("inspect-brk", Severity::Medium, INSPECTOR),
    ("inspect-port", Severity::Low, INSPECTOR),
    ("inspect-brk-node", Severity::Medium, INSPECTOR),
    ("debug-packed-apps", Severity::Low, "Apps in packages can be debugged."),
    ("js-flags", Severity::Info, "Flags of V8 may switch on what pages should not have."),
    ("disable-site-isolation-trials", Severity::Medium, ISOLATION),
    ("disable-site-isolation-for-policy", Severity::Medium, ISOLATION),
    ("disable-features", Severity::Medium, "A protection of Chromium is off for every page."),
    ("single-process", Severity::Medium, "Pages run in the process of the app itself."),
    ("no-zygote", Severity::Low, SANDBOX),
    ("no-zygote-sandbox", Severity::Low, SANDBOX),
    ("disable-gpu-sandbox", Severity::Medium, SANDBOX),
    ("disable-seccomp-filter-sandbox", Severity::Medium, SANDBOX),
    ("disable-namespace-sandbox", Severity::Medium, SANDBOX),
    ("disable-setuid-sandbox", Severity::Low, SANDBOX),
    ("allow-no-sandbox-job", Severity::Low, SANDBOX),
    ("allow-file-access-from-files", Severity::Medium, "A page from a file reads every other file."),
    ("enable-local-file-accesses", Severity::Medium, "A page reads files of the user."),
    ("unsafely-treat-insecure-origin-as-secure", Severity::Medium, "Who sits on the network writes pages that count as secure."),
    ("ignore-urlfetcher-cert-requests", Severity::Low, "Servers that ask for a certificate are not refused."),
    ("host-rules", Severity::Low, HOSTS),
    ("host-resolver-rules", Severity::Low, HOSTS),
    ("proxy-server", Severity::Low, "Everything that the app loads goes through this host."),
    ("auth-server-whitelist", Severity::Medium, CREDENTIALS),
    ("auth-server-allowlist", Severity::Medium, CREDENTIALS),
    ("auth-negotiate-delegate-whitelist", Severity::Medium, CREDENTIALS),
    ("auth-negotiate-delegate-allowlist", Severity::Medium, CREDENTIALS),
    ("cipher-suite-blacklist", Severity::Low, "Connections may use other ciphers than Chromium would choose."),
    ("disable-kill-after-bad-ipc", Severity::Low, "A renderer that sends forged messages goes on running."),
    ("disable-webrtc-encryption", Severity::Medium, "Who sits on the network hears and sees calls."),
    ("disable-xss-auditor", Severity::Info, "Old versions of Chromium no longer look for injected scripts."),
    ("disable-usb-blocklist", Severity::Low, "Pages reach USB devices that Chromium protects."),
    ("disable-serial-blocklist", Severity::Low, "Pages reach serial devices that Chromium protects."),
    ("enable-nacl-debug", Severity::Low, NACL),
    ("nacl-dangerous-no-sandbox-nonsfi", Severity::Medium, NACL),
    ("nacl-gdb-script", Severity::Low, NACL),
    ("explicitly-allowed-ports", Severity::Low, "Pages speak to ports that Chromium keeps from them."),
    ("expose-internals-for-testing", Severity::Medium, "Pages reach objects that are made for tests only."),
    ("gpu-launcher", Severity::Low, "Another program starts the GPU process."),
    ("net-log-capture-mode", Severity::Low, "Cookies and contents are written to a log."),
    ("log-net-log", Severity::Info, "What is loaded is written to a log."),
    ("reduce-security-for-testing", Severity::Medium, "Protections are off that tests are in the way of."),
    ("use-fake-ui-for-media-stream", Severity::Low, "Pages get camera and microphone without a question."),
];

const DEBUGGER: &str = "Any program on this machine drives the pages of the app: it reads them and runs scripts in them.";
const INSPECTOR: &str = "Any program on this machine runs JavaScript in the main process.";
const ISOLATION: &str = "Pages of different sites share a process, so that one that exploits the engine reads the other.";
const SANDBOX: &str = "A process that was taken over is less locked up.";
const HOSTS: &str = "Names lead to other hosts than they say.";
const CREDENTIALS: &str = "Any server that asks gets the user's credentials of the operating system.";
const NACL: &str = "Native code of pages is less locked up.";

/// Features that protect.
const PROTECTIONS: [&str; 22] = [
    "IsolateOrigins",
    "site-per-process",
    "SitePerProcess",
    "StrictOriginIsolation",
    "IsolateSandboxedIframes",
    "OriginIsolationHeader",
    "BlockInsecurePrivateNetworkRequests",
    "BlockInsecurePrivateNetworkRequestsFromPrivate",
    "PrivateNetworkAccessSendPreflights",
    "PrivateNetworkAccessRespectPreflightResults",
    "LocalNetworkAccessChecks",
    "OutOfBlinkCors",
    "OutOfBlinkCORS",
    "CrossSiteDocumentBlockingAlways",
    "CrossSiteDocumentBlockingIfIsolating",
    "SameSiteByDefaultCookies",
    "CookiesWithoutSameSiteMustBeSecure",
    "SchemefulSameSite",
    "NetworkServiceSandbox",
    "RendererCodeIntegrity",
    "TrustedDOMTypes",
    "MixedContentAutoupgrade",
];

/// Flags of V8 that give scripts more than the language has.
const V8: [&str; 4] = ["allow-natives-syntax", "allow_natives_syntax", "expose-memory-corruption-api", "no-untrusted-code-mitigations"];

const BLOCKLISTS: Version = Version::new(37, 0, 0);

fn check(cx: &Context, findings: &mut Findings) {
    for switch in cx.app.switches() {
        let Some((_, severity, gain)) = TABLE.iter().find(|(name, ..)| *name == switch.name) else { continue };
        let Some(severity) = weigh(&switch, *severity, &cx.app.electron.version) else { continue };
        report_switch(
            findings,
            &RULE,
            &switch,
            severity,
            gain,
            "Leave the switch out of what is shipped.",
        );
    }
}

/// How bad a switch is with its value; `None`: not at all.
fn weigh(switch: &Switch, severity: Severity, version: &Version) -> Option<Severity> {
    let value = switch.value.as_deref();
    match switch.name.as_str() {
        "disable-features" => switch.list().any(|feature| PROTECTIONS.contains(&feature)).then_some(severity),
        "js-flags" => {
            let flags = value.unwrap_or_default();
            let widens = flags.split_whitespace().any(|flag| V8.contains(&flag.trim_start_matches('-')));
            Some(if widens { Severity::Low } else { severity })
        }
        "auth-server-whitelist"
        | "auth-server-allowlist"
        | "auth-negotiate-delegate-whitelist"
        | "auth-negotiate-delegate-allowlist" => switch.list().any(is_any_host).then_some(severity),
        "remote-allow-origins" => switch.list().any(|origin| origin == "*").then_some(severity),
        "remote-debugging-address" if value.is_some_and(|value| is_loopback(value) && value != "0.0.0.0") => {
            Some(Severity::Info)
        }
        "unsafely-treat-insecure-origin-as-secure" => {
            let hosts: Vec<&str> = switch.list().map(host).collect();
            let local = !hosts.is_empty() && hosts.iter().all(|host| is_loopback(host));
            Some(if local { Severity::Info } else { severity })
        }
        "proxy-server" => {
            // A proxy on this machine, or one that the user chose, is the user's.
            let foreign = switch.list().map(host).any(|host| !host.is_empty() && !is_loopback(host) && host != "direct");
            foreign.then_some(severity)
        }
        // Rules that lead nowhere take hosts away: https://www.chromium.org/developers/design-documents/network-stack/socks-proxy/
        "host-rules" | "host-resolver-rules" => {
            let leads = |rule: &str| !rule.contains("NOTFOUND") && !rule.trim_start().starts_with("EXCLUDE");
            (switch.list().next().is_none() || switch.list().any(leads)).then_some(severity)
        }
        "net-log-capture-mode" => {
            let all = matches!(value, Some("Everything" | "IncludeSensitive" | "IncludeCookiesAndCredentials" | "IncludeSocketBytes"));
            all.then_some(severity)
        }
        "disable-usb-blocklist" | "disable-serial-blocklist" => version.has(BLOCKLISTS).then_some(severity),
        _ => Some(severity),
    }
}

/// Whether a pattern of hosts covers hosts that have nothing in common: `*`, `*.com`.
fn is_any_host(pattern: &str) -> bool {
    pattern.strip_prefix('*').is_some_and(|rest| !rest.trim_start_matches('.').contains('.'))
}

/// The host of an origin or a proxy, with its port: `socks5://127.0.0.1:9050`, `http=foo:80`.
fn host(text: &str) -> &str {
    let text = text.rsplit_once('=').map_or(text, |(_, text)| text);
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.split(['/', ';']).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_once() {
        let mut names: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn patterns_of_hosts() {
        assert!(is_any_host("*") && is_any_host("*.com"));
        assert!(!is_any_host("*example.com") && !is_any_host("*.example.com") && !is_any_host("intranet"));
    }

    #[test]
    fn hosts_of_proxies() {
        assert_eq!(host("socks5://127.0.0.1:9050"), "127.0.0.1:9050");
        assert_eq!(host("http=proxy.example:80"), "proxy.example:80");
        assert_eq!(host("http://localhost:3000/"), "localhost:3000");
    }
}
