//! Addons that want everything.

use electrolint_model::app::Addon;
use electrolint_model::app::globals::builtin;

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// An addon asks for `ROOT`, or uses modules that only `ROOT` gives.
    ///
    /// With `ROOT` an addon has `require` and unrestricted modules: it is a program of the user's, and the sandbox around it holds
    /// nothing. Whoever installs a distributed addon cannot judge it, so one that is handed to others must not ask for it. Without `ROOT`
    /// the calls fail where the addon runs. Ask for the single permissions (`net.request`, `storage`, …), and let the host offer the
    /// rest as functions.
    ///
    /// ```json
    /// // file: addons/weather/addon.json
    /// { "version": 1, "id": "com.example.weather", "main": "index.js", "permissions": ["log", "storage"] }
    /// ```
    /// ```js
    /// // file: addons/weather/index.js
    /// const { place } = require('./place');
    /// const fs = require('fs'); //~ addon-root-permission
    /// fs.writeFileSync('/tmp/place', place);
    /// storage.Write({ place });
    /// ```
    pub(crate) static RULE = {
        id: "addon-root-permission",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-250"],
        source: "https://owasp.org/www-community/Access_Control",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    for addon in cx.app.addons() {
        let Some(manifest) = &addon.manifest else {
            modules(cx, addon, findings, Confidence::Tentative);
            continue;
        };
        match manifest.root {
            Some(span) if manifest.distribution => {
                findings
                    .report(&RULE, span, "the addon asks for `ROOT`, and is handed to others")
                    .gain("Its code, and whoever gets at its distribution, has all that the user has: files, programs, network.")
                    .help("Ask for single permissions; `\"distribution\": false` is for addons that stay where they are written.")
                    .symbol(format!("{}.permissions", addon.folder));
            }
            Some(_) => {}
            None => modules(cx, addon, findings, Confidence::Certain),
        }
    }
}

/// Modules that are asked for without the permission.
fn modules(cx: &Context, addon: &Addon, findings: &mut Findings, most: Confidence) {
    let app = cx.app;
    let main = addon.manifest.as_ref().and_then(|manifest| manifest.main.as_deref());
    for &unit in &addon.units {
        let path = &app.sources.file(app.program.file(unit)).path;
        let inside = path.strip_prefix(&addon.folder).unwrap_or(path).trim_start_matches('/');
        for used in app.modules_of(unit) {
            if used.specifier.starts_with(['.', '/']) || used.specifier.starts_with("addon:") {
                continue;
            }
            let is_node = builtin(&used.specifier).is_some() || used.specifier == "electron";
            // A bundler may put a package into the script that is run; what is run itself is not bundled again.
            if !is_node && main != Some(inside) {
                continue;
            }
            findings
                .report(&RULE, used.span, format!("the addon asks for the module `{}` without `ROOT`", used.specifier))
                .at_most(most)
                .gain("The call fails where the addon runs, and where it does not fail nothing holds the addon.")
                .help("Use what the host gives (`network.request`, `storage`), or put the code of the module into the addon.")
                .symbol(format!("{}.require {}", addon.folder, used.specifier));
        }
    }
}
