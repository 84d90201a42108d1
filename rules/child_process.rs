//! Programs that the app starts.

use electrolint_model::app::ApiCall;
use electrolint_model::app::sources::SourceKind;
use electrolint_model::app::traces::{Purpose, Trace};
use electrolint_model::link::V;
use electrolint_model::link::things::Thing;

use crate::untrusted::worst;
use crate::{Confidence, Context, Findings, Severity};

rule! {
    /// Somebody else's data decides what program is started, or with what arguments.
    ///
    /// `exec` hands its text to a shell: a value with `;`, `|` or `$(…)` in it runs commands of its own. `spawn` and `execFile` have no
    /// shell, but whoever chooses the program, or an option of it, chooses what runs; and `sh -c`, `cmd /c` or `node -e` run the text behind it. `shell.openPath` opens a file with the program
    /// that the desktop has for it, which for a program is the program itself.
    ///
    /// Start constant programs with `execFile` and an array of arguments, put `--` before a value that could be taken for an option, and
    /// compare what renderers send with what the app knows.
    ///
    /// ```js
    /// const { exec, execFile } = require('child_process');
    /// const { ipcMain, shell } = require('electron');
    /// ipcMain.handle('log', (event, branch) => {
    ///   exec(`git log ${branch}`); //~ child-process high
    ///   execFile('git', ['log', branch]); //~ child-process medium
    ///   execFile('git', ['log', '--', branch]);
    /// });
    /// ipcMain.on('show', (event, file) => shell.openPath(file)); //~ child-process
    /// const names = { readme: '/usr/share/app/README.txt' };
    /// ipcMain.on('help', () => shell.openPath(names.readme));
    /// ```
    pub(crate) static RULE = {
        id: "child-process",
        severity: Severity::High,
        items: [],
        cwe: ["CWE-78", "CWE-88"],
        source: "https://nodejs.org/api/child_process.html#child_processexeccommand-options-callback",
    }
}

/// How the program is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A command line for a shell.
    Shell,
    /// A program, and a list of arguments.
    Program,
    /// A file that the desktop opens.
    Open,
}

const SINKS: &[(&str, Kind)] = &[
    ("child_process.exec", Kind::Shell),
    ("child_process.execSync", Kind::Shell),
    ("child_process.spawn", Kind::Program),
    ("child_process.spawnSync", Kind::Program),
    ("child_process.execFile", Kind::Program),
    ("child_process.execFileSync", Kind::Program),
    ("child_process.fork", Kind::Program),
    ("utilityProcess.fork", Kind::Program),
    ("cross-spawn", Kind::Program),
    ("cross-spawn.spawn", Kind::Program),
    ("cross-spawn.sync", Kind::Program),
    ("execa", Kind::Program),
    ("execa.execa", Kind::Program),
    ("execa.execaSync", Kind::Program),
    ("execa.default", Kind::Program),
    ("execa.command", Kind::Program),
    ("execa.execaCommand", Kind::Program),
    ("node-pty.spawn", Kind::Program),
    ("@lydell/node-pty.spawn", Kind::Program),
    ("node-pty-prebuilt-multiarch.spawn", Kind::Program),
    ("shelljs.exec", Kind::Shell),
    ("sudo-prompt.exec", Kind::Shell),
    ("@vscode/sudo-prompt.exec", Kind::Shell),
    // <https://github.com/RIAEvangelist/node-cmd#methods>
    ("node-cmd.run", Kind::Shell),
    ("node-cmd.runSync", Kind::Shell),
    ("node-cmd.get", Kind::Shell),
    ("shell.openPath", Kind::Open),
    ("shell.openItem", Kind::Open),
];

/// Classes that start the program which their options name as `command`, with the arguments `args`.
///
/// <https://modelcontextprotocol.io/docs/develop/build-client>
const TRANSPORTS: [&str; 2] = [
    "@modelcontextprotocol/sdk/client/stdio.js.StdioClientTransport",
    "@modelcontextprotocol/sdk/client/stdio.StdioClientTransport",
];

/// Functions whose result a shell takes for one word.
const COMMAND: Purpose =
    Purpose::command(&["quote", "shellescape", "shell-escape", "shellEscape", "shell-quote", "escapeShellArg"]);

/// Functions that give a folder, in which the desktop shows the files and starts none.
const FILE: Purpose = Purpose::value(&["dirname"]);

fn check(cx: &Context, findings: &mut Findings) {
    let app = cx.app;
    let mut places: Vec<(ApiCall, Kind)> = Vec::new();
    for (api, kind) in SINKS {
        places.extend(app.calls(api).iter().cloned().map(|call| (call, *kind)));
    }
    places.sort_by_key(|(call, _)| call.call);
    places.dedup_by_key(|(call, _)| call.call);
    for (call, kind) in places {
        if let Some(command) = call.argument(app, 0) {
            look(cx, findings, &call, kind, command, call.argument(app, 1));
        }
    }
    for call in app.calls("app.relaunch").iter() {
        relaunched(cx, findings, call);
    }
    for call in app.calls_of(&TRANSPORTS) {
        let Some(options) = call.argument(app, 0) else { continue };
        let list = app.options_written(options, &["args"]).into_iter().next();
        for command in app.options_written(options, &["command"]) {
            look(cx, findings, &call, Kind::Program, command, list);
        }
    }
}

/// Looks at what the app starts itself again with: `app.relaunch({ args, execPath })`.
///
/// <https://www.electronjs.org/docs/latest/api/app#apprelaunchoptions>
fn relaunched(cx: &Context, findings: &mut Findings, call: &ApiCall) {
    let app = cx.app;
    let entrances = app.entrances_of_bridge();
    let Some(options) = call.argument(app, 0) else { return };
    // Whoever starts the app chooses its arguments; it hands them on to itself.
    let is_told = |trace: &Trace| {
        trace.is_untrusted()
            && !matches!(trace.origin.kind, SourceKind::Arguments | SourceKind::OpenUrl | SourceKind::OpenFile)
    };
    let mut programs = app.options_written(options, &["execPath"]);
    programs.extend(app.options_handed_on(options));
    for program in programs {
        let mut traces = app.traces(call.call, program, entrances, COMMAND);
        traces.retain(is_told);
        if let Some(trace) = worst(&traces) {
            return report(cx, findings, call, program, trace, Kind::Program, false);
        }
    }
    for list in app.options_written(options, &["args"]) {
        let mut traces = app.traces_of_options(call.call, list, entrances);
        traces.retain(is_told);
        if let Some(trace) = worst(&traces) {
            return report(cx, findings, call, list, trace, Kind::Program, true);
        }
    }
}

/// Looks where a program, and the list of its arguments, come from.
fn look(cx: &Context, findings: &mut Findings, call: &ApiCall, kind: Kind, command: V, list: Option<V>) {
    let app = cx.app;
    let entrances = app.entrances_of_bridge();
    let purpose = if kind == Kind::Open { FILE } else { COMMAND };
    let traces = app.traces(call.call, command, entrances, purpose);
    let shell = kind == Kind::Program && uses_shell(cx, call);
    if kind == Kind::Open && app.is_contained(call.call, command) {
        return;
    }
    if let Some(trace) = worst(&traces) {
        report(cx, findings, call, command, trace, if shell { Kind::Shell } else { kind }, false);
        return;
    }
    if kind != Kind::Program {
        return;
    }
    let Some(list) = list else { return };
    let texts = if shell { Vec::new() } else { app.interpreted_arguments(call.call) };
    let run = texts.into_iter().find_map(|text| {
        let traces = app.traces(call.call, text, entrances, COMMAND);
        worst(&traces).filter(|trace| trace.is_untrusted()).cloned()
    });
    if let Some(trace) = run {
        report(cx, findings, call, list, &trace, Kind::Shell, true);
        return;
    }
    // What the arguments say is only told where somebody else certainly says it.
    let traces = match shell {
        true => app.traces(call.call, list, entrances, COMMAND),
        false => app.traces_of_options(call.call, list, entrances),
    };
    let traces: Vec<Trace> = traces
        .into_iter()
        .filter(|trace| trace.is_untrusted() && is_list(cx, list))
        // The desktop tells where the file lies: no such path is an option.
        .filter(|trace| shell || trace.origin.kind != SourceKind::OpenFile)
        .collect();
    if let Some(trace) = worst(&traces) {
        report(cx, findings, call, list, trace, if shell { Kind::Shell } else { kind }, true);
    }
}

/// Whether the second argument is a list, and no object of options.
fn is_list(cx: &Context, v: V) -> bool {
    !cx.app.eval(v).iter().any(|known| matches!(known.thing, Thing::Object(_) | Thing::Function(..)))
}

/// `spawn(…, { shell: true })`.
fn uses_shell(cx: &Context, call: &ApiCall) -> bool {
    let app = cx.app;
    [1, 2].into_iter().filter_map(|index| call.argument(app, index)).any(|options| {
        app.eval(options).iter().any(|known| match &known.thing {
            Thing::Object(object) => app
                .program
                .property(object, "shell", None)
                .values
                .iter()
                .any(|placed| placed.known.thing.truthy() == Some(true)),
            _ => false,
        })
    })
}

fn report(cx: &Context, findings: &mut Findings, call: &ApiCall, v: V, trace: &Trace, kind: Kind, arguments: bool) {
    let app = cx.app;
    let record = app.program.call(call.call);
    let (message, gain, help) = match (kind, arguments) {
        (Kind::Shell, _) => (
            "somebody else's data becomes part of a command line",
            "Whoever chooses the data runs commands as the user, with a `;` or a `$(…)` in it.",
            "Use `execFile` with an array of arguments: no shell reads them.",
        ),
        (Kind::Program, false) => (
            "somebody else's data decides which program is started",
            "Whoever chooses the data runs any program as the user.",
            "Start a program that the app names, or compare the value with a list of them.",
        ),
        (Kind::Program, true) => (
            "somebody else's data becomes an argument of a program",
            "A value that begins with `-` is an option: many programs have one that runs a command or writes a file.",
            "Put `--` before the value, and compare it with what the app expects.",
        ),
        (Kind::Open, _) => (
            "somebody else's data decides which file the desktop opens",
            "Whoever chooses the path starts a program: an executable, a script, a file on a network share.",
            "Open files below a folder of the app only, after `path.resolve` and a comparison of its beginning, or use `shell.showItemInFolder`.",
        ),
    };
    let severity = match (kind, arguments, trace.is_untrusted()) {
        (_, _, false) | (Kind::Program, true, _) => Severity::Medium,
        (Kind::Open, _, _) if !trace.whole => Severity::Medium,
        _ => Severity::High,
    };
    let asks_kind = matches!(kind, Kind::Open) && app.asks_kind_of_file(call.call, v);
    findings
        .report(&RULE, app.span(v), message)
        .severity(severity)
        .known(call.certainty)
        .traced(trace)
        // Which kinds of files are let through is for a person to judge.
        // Nor can it be told here who gave a page its address: mostly the app itself, which hands its settings over so.
        .at_most(if asks_kind || trace.origin.kind == SourceKind::Page { Confidence::Tentative } else { Confidence::Certain })
        .development(app.program.development_of(call.call.0, record.condition, &Default::default()))
        .gain(gain)
        .help(help)
        .symbol(app.symbol(call.call));
}
