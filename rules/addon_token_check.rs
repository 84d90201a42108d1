//! Endpoints of addons that answer whoever asks.

use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// An endpoint of an addon does not compare the token.
    ///
    /// A route of an addon is reachable by every program and every web page on the machine. What is meant for the addon's own embedded
    /// page tells that page by a secret: the host appends `?token=…` to its address, and the endpoint compares it with `data.token`.
    /// Without the comparison any page that the user opens in a browser can call it. Let the host check it (`requireToken` of the
    /// manifest, on by default), or compare it first thing in the handler.
    ///
    /// ```json
    /// // file: addons/list/addon.json
    /// { "version": 1, "id": "com.example.list", "main": "index.js", "permissions": ["inbound.http"],
    ///   "inbound": { "http": [{ "method": "GET", "path": "items", "requireToken": false }, { "method": "POST", "path": "add", "requireToken": false }] } }
    /// ```
    /// ```js
    /// // file: addons/list/index.js
    /// const page = `/addon_static/list/index.html?token=${data.token}`;
    /// http.get('items', (request, response) => response.json(storage.Read())); //~ addon-token-check
    /// http.post('add', (request, response) => {
    ///   if (request.query.token !== data.token) return response.status(403).end();
    ///   storage.Write(request.body);
    ///   response.json({ page });
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "addon-token-check",
        severity: Severity::Medium,
        items: [],
        cwe: ["CWE-306"],
        source: "https://owasp.org/www-community/Broken_Access_Control",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    for addon in app.addons() {
        let routes = app.addon_routes(addon);
        let is_told = |path: &str| {
            let path = path.trim_matches('/');
            routes.iter().any(|route| route.path.as_deref().map(|route| route.trim_matches('/')) == Some(path))
        };
        // The host checks it, unless the manifest says otherwise for this path.
        let open: Vec<&str> = addon
            .manifest
            .iter()
            .flat_map(|manifest| manifest.open_routes.iter().map(|(_, path)| path.trim_matches('/')))
            .collect();
        let uses_token = app.hands_out_token(addon) || routes.iter().any(|route| route.checks_token);
        for route in &routes {
            let path = route.path.as_deref().unwrap_or("").trim_matches('/');
            if route.checks_token || (addon.manifest.is_some() && !open.contains(&path)) {
                continue;
            }
            findings
                .report(&RULE, app.callee_span(route.call), format!("the endpoint `{path}` does not compare the token"))
                .known(addon.certainty)
                // An endpoint that is meant for others, as a webhook is, has no token.
                .at_most(if uses_token { Confidence::Firm } else { Confidence::Tentative })
                .gain("Any program, and any web page that the user opens, calls it as the addon's own page would.")
                .help("Compare `request.query.token` with `data.token` first, or set `requireToken` in the manifest.")
                .symbol(app.symbol(route.call));
        }
        // A path that is open and whose handler was not seen.
        for (span, path) in addon.manifest.iter().flat_map(|manifest| &manifest.open_routes) {
            if !is_told(path) {
                findings
                    .report(&RULE, *span, format!("the endpoint `{path}` answers without a token"))
                    .at_most(if uses_token { Confidence::Firm } else { Confidence::Tentative })
                    .gain("Any program, and any web page that the user opens, calls it as the addon's own page would.")
                    .help("Leave `requireToken` out: it is on by default.")
                    .symbol(format!("{}.inbound {path}", addon.folder));
            }
        }
    }
}
