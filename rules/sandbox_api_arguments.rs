//! Functions that a sandbox may call, and what they do with what it hands them.

use electrolint_model::app::{Entrances, FILE_MODULES};
use electrolint_model::app::sources::SourceKind;
use electrolint_model::app::traces::{Purpose, Trace};

use crate::untrusted::worst;
use crate::{Context, Findings, Severity};

rule! {
    /// A function that a sandbox may call uses what it is handed without a check.
    ///
    /// The functions of `api` are the way out of a sandbox: they run with all rights of the app, on arguments that the code in the
    /// sandbox chooses. It can hand over anything that can be cloned, not only what JSON has: a path with `..` in it, an object where a text
    /// is expected, a buffer. Compare the argument with what the function is for before it reaches files or a database. Commands, requests
    /// and scripts that are made of it are told by [child-process](child-process.md), [egress-dynamic-url](egress-dynamic-url.md) and
    /// [dangerous-eval](dangerous-eval.md).
    ///
    /// ```js
    /// const { createSandbox } = require('@electrolint/sandbox');
    /// const fs = require('fs/promises');
    /// const path = require('path');
    /// const NOTES = ['a.txt', 'b.txt'];
    /// exports.open = () => createSandbox({
    ///   api: {
    ///     read: (name) => fs.readFile(path.join('notes', name), 'utf8'), //~ sandbox-api-arguments
    ///     note: (name) => {
    ///       if (!NOTES.includes(name)) throw new Error('no such note');
    ///       return fs.readFile(path.join('notes', name), 'utf8');
    ///     },
    ///     add: (a, b) => a + b,
    ///   },
    /// });
    /// ```
    pub(crate) static RULE = {
        id: "sandbox-api-arguments",
        severity: Severity::Low,
        items: [],
        cwe: ["CWE-20", "CWE-22", "CWE-89"],
        source: "https://owasp.org/www-project-proactive-controls/v3/en/c5-validate-inputs",
    }
}

/// Methods of `fs` and its kin whose arguments of these places are paths.
const FILES: &[(&str, &[usize])] = &[
    ("readFile", &[0]),
    ("readFileSync", &[0]),
    ("writeFile", &[0]),
    ("writeFileSync", &[0]),
    ("appendFile", &[0]),
    ("appendFileSync", &[0]),
    ("createReadStream", &[0]),
    ("createWriteStream", &[0]),
    ("open", &[0]),
    ("openSync", &[0]),
    ("readdir", &[0]),
    ("readdirSync", &[0]),
    ("mkdir", &[0]),
    ("mkdirSync", &[0]),
    ("rm", &[0]),
    ("rmSync", &[0]),
    ("rmdir", &[0]),
    ("unlink", &[0]),
    ("unlinkSync", &[0]),
    ("remove", &[0]),
    ("stat", &[0]),
    ("rename", &[0, 1]),
    ("renameSync", &[0, 1]),
    ("copyFile", &[0, 1]),
    ("copyFileSync", &[0, 1]),
    ("symlink", &[0, 1]),
    ("chmod", &[0]),
    ("outputFile", &[0]),
    ("readJson", &[0]),
    ("writeJson", &[0]),
];

/// Methods of databases whose first argument is a statement.
const STATEMENTS: [&str; 6] = ["query", "exec", "run", "prepare", "all", "raw"];

/// What gives something harmless, whatever it is given.
const CHECKED: Purpose = Purpose::value(&[
    "Number",
    "parseInt",
    "parseFloat",
    "Boolean",
    "basename",
    "parse",
    "safeParse",
    "validate",
    "checked",
]);

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    if app.sandboxes().is_empty() {
        return;
    }
    let mut entrances = Entrances::default();
    for (f, entrance) in app.entrances().iter() {
        if entrance.kind == SourceKind::Sandbox {
            entrances.insert(*f, *entrance);
        }
    }
    let mut places = Vec::new();
    for (method, indices) in FILES {
        for module in FILE_MODULES {
            for call in app.calls(&format!("{module}.{method}")).iter() {
                places.extend(indices.iter().map(|index| (call.clone(), *index, Sink::File)));
            }
        }
    }
    for method in STATEMENTS {
        places.extend(app.calls_by_method(method).into_iter().map(|call| (call, 0, Sink::Statement)));
    }
    places.sort_by_key(|(call, index, _)| (call.call, *index));
    places.dedup_by_key(|(call, index, _)| (call.call, *index));
    for (call, index, sink) in places {
        let Some(v) = call.argument(app, index) else { continue };
        let is_held = match sink {
            Sink::File => app.is_contained(call.call, v),
            // `db.prepare(statement).all(value)`: a value of a statement that is made.
            Sink::Statement => app.is_of_statement(call.call),
        };
        if is_held {
            continue;
        }
        let traces: Vec<Trace> = app
            .traces(call.call, v, &entrances, CHECKED)
            .into_iter()
            .filter(|trace| trace.origin.kind == SourceKind::Sandbox)
            // A statement with its values apart from it is no risk, and one that is wholly the caller's is a database for it.
            .filter(|trace| sink == Sink::File || !trace.whole || call.argument(app, 1).is_none())
            .collect();
        let Some(trace) = worst(&traces) else { continue };
        if sink == Sink::Statement && trace.whole {
            continue;
        }
        let record = app.program.call(call.call);
        let (message, gain, help) = match sink {
            Sink::File => (
                "code in a sandbox decides which file this is",
                "Code that was locked up reads and writes files as the user: `../` leads out of every folder.",
                "Compare the name with those that there are, or resolve the path and compare its beginning with the folder.",
            ),
            Sink::Statement => (
                "code in a sandbox becomes part of a statement",
                "Code that was locked up asks the database for whatever it likes.",
                "Hand values over as parameters of the statement.",
            ),
        };
        findings
            .report(&RULE, app.span(v), message)
            .severity(Severity::Medium)
            .known(call.certainty)
            .traced(trace)
            .gain(gain)
            .help(help)
            .symbol(app.symbol(call.call))
            .development(app.program.development_of(call.call.0, record.condition, &Default::default()));
    }
    tables(cx, &entrances, findings);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sink {
    File,
    Statement,
}

/// `handlers[name](…)`: the sandbox chooses which function is called.
fn tables(cx: &Context, entrances: &Entrances, findings: &mut Findings) {
    let app = cx.app;
    for sandbox in app.sandboxes() {
        for (_, call) in app.calls_in_sandbox_functions(sandbox) {
            let Some(key) = app.computed_method(call.call) else { continue };
            let traces = app.traces(call.call, key, entrances, CHECKED);
            let Some(trace) = worst(&traces).filter(|trace| trace.origin.kind == SourceKind::Sandbox) else { continue };
            findings
                .report(&RULE, app.span(key), "code in a sandbox decides which function is called")
                .severity(Severity::Medium)
                .known(call.certainty)
                .traced(trace)
                .gain("Every function that the object has, or inherits, can be called with arguments of the sandbox's.")
                .help("Compare the name with a list, or use a `Map`.")
                .symbol(app.symbol(call.call));
        }
    }
}
