//! What the editor can do, by what it said at the start.
//!
//! Read liberally: a client that says one thing in an odd way is still served.

use gen_lsp_types::{CodeActionKind, DiagnosticTag};
use serde_json::Value;

use super::positions::Encoding;

/// The client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// What columns count.
    pub encoding: Encoding,
    /// It asks for diagnostics; they are not sent by themselves then.
    pub pulls: bool,
    /// It can be told to ask for diagnostics again.
    pub refreshes: bool,
    /// Diagnostics may explain themselves by other places.
    pub related: bool,
    /// Diagnostics may link to a page.
    pub links: bool,
    /// Diagnostics may carry what comes back with questions about them.
    pub data: bool,
    /// It understands the version of a text that diagnostics are of.
    pub versions: bool,
    tags: Vec<u64>,
    /// It tells of files that change, if it is asked to.
    pub watches: bool,
    /// It tells of settings that change, if it is asked to.
    pub tells_settings: bool,
    /// It can be asked for settings.
    pub settings: bool,
    /// It shows what takes long.
    pub progress: bool,
    /// It opens pages.
    pub shows_documents: bool,
    /// Edits may name the version of the text that they change.
    pub versioned_edits: bool,
    /// It understands code actions that are no commands.
    pub literals: bool,
    /// Hovers may be Markdown.
    pub markdown: bool,
}

impl Client {
    /// Reads the parameters of `initialize`.
    pub(super) fn new(params: &Value) -> Self {
        let capabilities = params.get("capabilities").unwrap_or(&Value::Null);
        let at = |path: &str| capabilities.pointer(path).filter(|value| !value.is_null());
        let can = |path: &str| at(path).and_then(Value::as_bool).unwrap_or(false);
        let words = |path: &str| -> Vec<&str> {
            at(path).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let numbers = |path: &str| -> Vec<u64> {
            at(path).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect()
        };
        let push = "/textDocument/publishDiagnostics";
        // What clients may say of diagnostics they say in one place, or in both.
        let either = |name: &str| can(&format!("{push}/{name}")) || can(&format!("/textDocument/diagnostic/{name}"));
        let mut tags = numbers(&format!("{push}/tagSupport/valueSet"));
        tags.extend(numbers("/textDocument/diagnostic/tagSupport/valueSet"));
        Self {
            encoding: Encoding::chosen(&words("/general/positionEncodings")),
            pulls: at("/textDocument/diagnostic").is_some(),
            refreshes: can("/workspace/diagnostics/refreshSupport") || can("/workspace/diagnostic/refreshSupport"),
            related: either("relatedInformation"),
            links: either("codeDescriptionSupport"),
            data: either("dataSupport"),
            versions: can(&format!("{push}/versionSupport")),
            tags,
            watches: can("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            tells_settings: can("/workspace/didChangeConfiguration/dynamicRegistration"),
            settings: can("/workspace/configuration"),
            progress: can("/window/workDoneProgress"),
            shows_documents: can("/window/showDocument/support"),
            versioned_edits: can("/workspace/workspaceEdit/documentChanges"),
            literals: at("/textDocument/codeAction/codeActionLiteralSupport").is_some(),
            markdown: words("/textDocument/hover/contentFormat").first().is_none_or(|first| *first == "markdown"),
        }
    }

    /// Whether it shows diagnostics of this kind in a way of their own.
    pub(super) fn shows(&self, tag: DiagnosticTag) -> bool {
        let number = match tag {
            DiagnosticTag::Unnecessary => 1,
            DiagnosticTag::Deprecated => 2,
            DiagnosticTag::Custom(number) => u64::from(number),
        };
        self.tags.contains(&number)
    }
}

/// Whether a question for some kinds of code actions takes this one: `source` takes `source.fixAll.electrolint`. No kinds take all.
pub(super) fn takes(only: Option<&[CodeActionKind]>, kind: &str) -> bool {
    only.is_none_or(|only| {
        only.iter().any(|asked| {
            let asked = asked.to_string();
            kind.strip_prefix(asked.as_str())
                .is_some_and(|rest| asked.is_empty() || rest.is_empty() || rest.starts_with('.'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_take_what_is_below_them() {
        let kinds = |names: &[&'static str]| names.iter().map(|name| CodeActionKind::from(*name)).collect::<Vec<_>>();
        assert!(takes(None, "quickfix"));
        for asked in ["", "source", "source.fixAll", "source.fixAll.electrolint"] {
            assert!(takes(Some(&kinds(&[asked])), "source.fixAll.electrolint"), "{asked}");
        }
        for asked in ["source.fixAl", "source.fixAll.ruff", "quickfix"] {
            assert!(!takes(Some(&kinds(&[asked])), "source.fixAll.electrolint"), "{asked}");
        }
        assert!(!takes(Some(&[]), "quickfix"));
    }

    #[test]
    fn a_client_that_says_nothing_is_served() {
        let client = Client::new(&Value::Null);
        assert_eq!(client.encoding, Encoding::Utf16);
        assert!(!client.pulls && !client.watches && !client.shows(DiagnosticTag::Deprecated));
    }
}
