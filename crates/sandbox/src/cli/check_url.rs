//! `check-url`: what the policy says of URLs, without a connection.

use std::collections::HashMap;
use std::io::Write;
use std::net::IpAddr;
use std::process::ExitCode;

use electrolint_policy::{Api, Denied, Policy};
use serde::Serialize;
use url::Host;

use super::PolicyOptions;

#[derive(clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    policy: PolicyOptions,
    /// Through which door the URL is reached
    #[arg(long, value_enum, default_value_t = Door::Request)]
    api: Door,
    /// Answer for a name, in place of a lookup; HOST may be `*`
    #[arg(long = "resolve", value_name = "HOST=ADDR[,ADDR]", value_parser = parse_answer)]
    answers: Vec<(String, Vec<IpAddr>)>,
    /// The URLs
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Door {
    Request,
    Websocket,
}

#[derive(Serialize)]
struct Line<'u> {
    url: &'u str,
    verdict: &'static str,
    reason: String,
    rule: String,
    host: Option<String>,
    port: Option<u16>,
    addresses: Vec<IpAddr>,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, String> {
    let policy = options.policy.read()?.unwrap_or_else(Policy::every_public_host);
    let answers: HashMap<&str, &[IpAddr]> = options.answers.iter().map(|(h, a)| (h.as_str(), a.as_slice())).collect();
    let api = match options.api {
        Door::Request => Api::Request,
        Door::Websocket => Api::WebSocket,
    };
    let mut out = std::io::stdout().lock();
    for url in &options.urls {
        let line = judge(&policy, api, &answers, url);
        let text = serde_json::to_string(&line).map_err(|error| error.to_string())?;
        writeln!(out, "{text}").map_err(|error| format!("cannot write the result: {error}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn judge<'u>(policy: &Policy, api: Api, answers: &HashMap<&str, &[IpAddr]>, url: &'u str) -> Line<'u> {
    let target = match policy.check_url(url, api) {
        Ok(target) => target,
        Err(denied) => return deny(url, denied.host.clone(), denied.port, Vec::new(), denied),
    };
    let host = target.host().map(ToString::to_string);
    let port = Some(target.port()).filter(|port| *port != 0);
    let addresses = match target.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            answers.get(name).or_else(|| answers.get("*")).map(|list| list.to_vec()).unwrap_or_default()
        }
        Some(Host::Ipv4(address)) => vec![IpAddr::V4(*address)],
        Some(Host::Ipv6(address)) => vec![IpAddr::V6(*address)],
        None => Vec::new(),
    };
    // One forbidden answer refuses the request, whatever the others are.
    if let Some(denied) = addresses.iter().find_map(|address| policy.check_address(*address).err()) {
        return deny(url, host, port, addresses, denied);
    }
    let reason = match target.host() {
        Some(Host::Domain(_)) if addresses.is_empty() => "the host is allowed; its addresses were not looked up",
        Some(_) => "the host and every address are allowed",
        None => "answered inside the broker",
    };
    Line { url, verdict: "allow", reason: reason.into(), rule: target.rule().to_owned(), host, port, addresses }
}

fn deny(url: &str, host: Option<String>, port: Option<u16>, addresses: Vec<IpAddr>, denied: Denied) -> Line<'_> {
    Line { url, verdict: "deny", reason: denied.reason, rule: denied.rule, host, port, addresses }
}

fn parse_answer(text: &str) -> Result<(String, Vec<IpAddr>), String> {
    let (host, list) = text.split_once('=').ok_or("expected HOST=ADDR[,ADDR]")?;
    let host = match host {
        "*" => "*".to_owned(),
        name => match Host::parse(name).map_err(|error| format!("`{name}` is not a host: {error}"))? {
            Host::Domain(name) => name.strip_suffix('.').unwrap_or(&name).to_owned(),
            address => return Err(format!("`{address}` is an address and is never looked up")),
        },
    };
    let addresses = list.split(',').map(|address| {
        let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(address);
        bare.parse().map_err(|_| format!("`{address}` is not an address"))
    });
    Ok((host, addresses.collect::<Result<_, _>>()?))
}
