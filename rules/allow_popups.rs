//! `<webview allowpopups>`.

use electrolint_model::App;
use electrolint_model::link::things::{Origin, Thing};

use crate::{Confidence, Context, Findings, Severity, fixes};

rule! {
    /// A webview may open windows.
    ///
    /// With `allowpopups` the page inside the `<webview>` opens windows of the app by `window.open`: for phishing in the app's own frame,
    /// and as a way round whatever was decided for the webview alone. Leave the attribute out. It counts by its presence, so
    /// `allowpopups="false"` allows too. Where the guest needs a window now and then, answer `setWindowOpenHandler` of the guest's
    /// contents (`did-attach-webview`) address by address.
    ///
    /// ```html
    /// <!-- file: index.html -->
    /// <webview src="https://example.com" allowpopups></webview> <!--~ allow-popups -->
    /// <webview src="https://example.com" allowpopups="false"></webview> <!--~ allow-popups -->
    /// <webview src="https://example.com"></webview>
    /// ```
    ///
    /// ```js
    /// const view = document.createElement('webview');
    /// view.setAttribute('allowpopups', 'false'); //~ allow-popups
    /// const other = document.createElement('webview');
    /// other.removeAttribute('allowpopups');
    /// ```
    pub(crate) static RULE = {
        id: "allow-popups",
        severity: Severity::Low,
        items: ["S10", "E11"],
        cwe: ["CWE-1021"],
        source: "https://www.electronjs.org/docs/latest/tutorial/security#11-do-not-use-allowpopups-for-webviews",
    }
}

fn check(cx: &Context, findings: &mut Findings) {
    let denied = guests_are_denied(cx.app);
    for element in cx.app.webviews() {
        let Some(attribute) = element.attribute("allowpopups") else { continue };
        let message = match (attribute.unknown, attribute.value.as_deref()) {
            (true, _) => "this webview may be allowed to open windows".to_owned(),
            (false, Some("false")) => "`allowpopups=\"false\"` lets this webview open windows: presence counts".to_owned(),
            (false, _) => "this webview may open windows".to_owned(),
        };
        let report = findings
            .report(&RULE, attribute.span, message)
            .fix(fixes::remove_attribute(cx.app, attribute.span, "allowpopups", false))
            .severity(if denied { Severity::Info } else { Severity::Low })
            .known(element.certainty)
            .gain("The page inside opens windows of the app.")
            .help("Leave the attribute out, or answer `setWindowOpenHandler` of the guest address by address.")
            .symbol(format!("webview#{}.allowpopups", element.index));
        if attribute.unknown {
            let _ = report.at_most(Confidence::Tentative);
        }
    }
}

/// Whether a handler that reaches guests denies whatever is asked.
fn guests_are_denied(app: &App) -> bool {
    app.window_open_handlers().iter().any(|listener| {
        let reaches = listener.receiver.as_ref().is_some_and(|host| matches!(host.origin, Origin::Every | Origin::Guest));
        let Some(handler) = listener.handler.filter(|_| reaches) else { return false };
        let returns = app.exits(handler).returns;
        !returns.is_empty()
            && returns.iter().all(|outcome| {
                let Some(value) = outcome.value else { return true };
                app.eval(value).iter().all(|known| match &known.thing {
                    Thing::Object(object) => {
                        let action = app.program.property(object, "action", None);
                        !action.unknown
                            && !action.values.is_empty()
                            && action.values.iter().all(|placed| placed.known.text() == Some("deny"))
                    }
                    _ => false,
                })
            })
    })
}
