//! `doctor`: which layers this machine has, each proved by trying the forbidden act inside.

use std::process::ExitCode;

use electrolint_policy::Level;

use super::run::AcceptedLevel;
use crate::{Act, Engine, EngineOptions, Status};

#[derive(clap::Args)]
pub(super) struct Options {
    /// Look at this lower level where full containment cannot be had
    #[arg(long, value_name = "LEVEL", value_enum)]
    accept: Option<AcceptedLevel>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A layer is missing.
const MISSING: u8 = 77;

pub(super) fn run(options: &Options) -> Result<ExitCode, String> {
    super::runtime()?.block_on(examine(options))
}

async fn examine(options: &Options) -> Result<ExitCode, String> {
    let accept = options.accept.map(Level::from);
    let engine =
        Engine::new(EngineOptions { accept, ..EngineOptions::default() }).map_err(|error| error.to_string())?;
    let support = match engine.support().await {
        Ok(support) => support,
        Err(error) => {
            println!("no containment at the level that is asked for: {error}");
            println!("{}", advice());
            return Ok(MISSING.into());
        }
    };
    let mut acts = Vec::new();
    let mut all = true;
    for act in Act::ALL {
        let locked = engine.probe(act, true).await.map_err(|error| error.to_string())?;
        let unfiltered = engine.probe(act, false).await.map_err(|error| error.to_string())?;
        let refused = locked != Status::Code(0);
        all &= refused;
        acts.push((act, refused, describe(locked), describe(unfiltered)));
    }
    if options.json {
        let acts: Vec<_> = acts
            .iter()
            .map(|(act, refused, locked, unfiltered)| {
                serde_json::json!({ "act": act, "refused": refused, "locked": locked, "without_seccomp": unfiltered })
            })
            .collect();
        println!(
            "{}",
            serde_json::json!({ "level": support.level.as_str(), "landlock": support.landlock, "acts": acts })
        );
    } else {
        println!("level     {}", support.level.as_str());
        println!("landlock  {}", if support.landlock { "yes" } else { "no" });
        println!("\n{:<26}{:<10}{:<24}without seccomp", "act", "", "locked");
        for (act, refused, locked, unfiltered) in &acts {
            let name = serde_json::to_value(act).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
            println!("{name:<26}{:<10}{locked:<24}{unfiltered}", if *refused { "refused" } else { "ALLOWED" });
        }
        if support.level < Level::Full {
            println!("\n{}", advice());
        }
    }
    Ok(if all { ExitCode::SUCCESS } else { MISSING.into() })
}

fn describe(status: Status) -> String {
    match status {
        Status::Code(0) => "done".into(),
        Status::Code(errno) => rustix::io::Errno::from_raw_os_error(errno)
            .to_string()
            .split(" (")
            .next()
            .unwrap_or_default()
            .to_lowercase(),
        Status::Signal(31) => "SIGSYS".into(),
        Status::Signal(signal) => format!("signal {signal}"),
    }
}

/// What to change where namespaces cannot be had.
fn advice() -> &'static str {
    "Namespaces for ordinary users are off or restricted here. To have them:
  Ubuntu 23.10 and later: an AppArmor profile with `userns,` for this program, or
      sysctl kernel.apparmor_restrict_unprivileged_userns=0
  Debian and others:      sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0
  Containers:             a seccomp profile that permits clone3 with CLONE_NEWUSER, and /proc unmasked
Without them: --accept no-namespaces, and a policy and ceiling whose containment.require permits it."
}
