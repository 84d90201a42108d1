//! Command-line switches that the app gives itself: in code, in the scripts of its package, in what its packager writes.

use super::App;
use super::calls::ApiCall;
use crate::electron::Version;
use crate::link::things::*;
use crate::link::{C, F, Json, UnitId, V};
use crate::source::Span;
use crate::summary::{ConditionId, Key, Operator, Value};

// app.commandLine lower-cases names since 36.0.0:
// https://www.electronjs.org/docs/latest/breaking-changes#behavior-changed-appcommandline
const LOWER_CASE: Version = Version::new(36, 0, 0);

/// Parts of one list of arguments that are looked at.
const MOST_WORDS: usize = 64;

/// Commands of one script that are looked at.
const MOST_COMMANDS: usize = 64;

/// Where a switch is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SwitchSource {
    /// `app.commandLine.appendSwitch`, `appendArgument`.
    Code,
    /// A script in package.json that starts Electron.
    Script,
    /// `executableArgs` and kin of a packager.
    Config,
}

/// A command-line switch of Chromium's, Electron's or Node's.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    /// Its name without `--`, as this version of Electron looks it up.
    pub name: String,
    /// Its value, where there is one that is known.
    pub value: Option<String>,
    /// It has a value that is not known.
    pub value_unknown: bool,
    /// Where its name is given.
    pub span: Span,
    /// Places on the way to the name.
    pub trail: Trail,
    /// How it is known.
    pub certainty: Certainty,
    /// `Some(true)`: only in development.
    pub development: Option<bool>,
    /// Where it is given.
    pub source: SwitchSource,
    /// The call, in code.
    pub call: Option<C>,
    /// It is given under a condition, in code.
    pub conditional: bool,
    /// Scope path.
    pub symbol: String,
}

impl Switch {
    /// The parts of a value that is a list with commas.
    pub fn list(&self) -> impl Iterator<Item = &str> {
        self.value.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|part| !part.is_empty())
    }
}

impl App<'_> {
    /// Every switch, in the order of places. A name that is not known is left out.
    pub fn switches(&self) -> Vec<Switch> {
        let mut found = Vec::new();
        for call in self.calls("CommandLine.appendSwitch").iter() {
            self.appended(call, true, &mut found);
        }
        for call in self.calls("CommandLine.appendArgument").iter() {
            self.appended(call, false, &mut found);
        }
        self.started_with(&mut found);
        for script in self.scripts().iter().filter(|script| !is_test_script(&script.name)) {
            for command in commands(&script.text) {
                if command.iter().any(|word| is_electron(word)) {
                    let after = command.iter().skip_while(|word| !is_electron(word)).skip(1);
                    let development = script.development.then_some(true);
                    for word in after {
                        self.word(word, script.span, SwitchSource::Script, development, &script.symbol, &mut found);
                    }
                }
            }
        }
        self.configured(&mut found);
        found.sort_by(|a, b| (a.span, &a.name).cmp(&(b.span, &b.name)));
        found.dedup_by(|a, b| a.span == b.span && a.name == b.name && a.value == b.value);
        found
    }

    /// What the app starts itself again with: `app.relaunch({ args })`, `spawn(process.execPath, args)`.
    fn started_with(&self, found: &mut Vec<Switch>) {
        let mut lists = Vec::new();
        for call in self.calls("app.relaunch").iter() {
            let Some(options) = call.argument(self, 0) else { continue };
            for known in self.eval(options).iter() {
                let Thing::Object(object) = &known.thing else { continue };
                let args = self.program.property(object, "args", None).values;
                lists.extend(args.iter().filter_map(|placed| placed.known.at).map(|list| (call.clone(), list)));
            }
        }
        for call in self.calls_of(&["child_process.spawn", "child_process.spawnSync", "child_process.execFile"]) {
            let is_itself = |v| {
                self.eval(v).iter().any(|known| match &known.thing {
                    Thing::Api(path) => &**path == "process.execPath",
                    _ => false,
                })
            };
            if call.argument(self, 0).is_some_and(is_itself) {
                lists.extend(call.argument(self, 1).map(|list| (call.clone(), list)));
            }
        }
        for (call, list) in lists {
            let record = self.program.call(call.call);
            for v in self.words_of(list) {
                let Some(known) = self.program.only(v) else { continue };
                let Some((head, whole)) = known.thing.head() else { continue };
                let Some(head) = head.trim().strip_prefix("--") else { continue };
                let (name, value) = match head.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None if whole => (head, None),
                    None => continue,
                };
                found.push(Switch {
                    name: self.switch_name(name),
                    value: value.filter(|_| whole),
                    value_unknown: !whole,
                    span: self.span(v),
                    trail: known.trail.clone(),
                    certainty: known.certainty.min(call.certainty).min(Certainty::Firm),
                    development: self.program.development_of(call.call.0, record.condition, &Frames::default()),
                    source: SwitchSource::Code,
                    call: Some(call.call),
                    conditional: self.is_optional(call.call.0, record.condition),
                    symbol: format!("{}.{name}", self.symbol(call.call)),
                });
            }
        }
    }

    /// The words of a list of arguments: of arrays, of what is spread into them, of what `concat` adds.
    fn words_of(&self, list: V) -> Vec<V> {
        let mut words = Vec::new();
        let mut open = vec![list];
        let mut seen = 0;
        while let Some(v) = open.pop() {
            seen += 1;
            if seen > MOST_WORDS {
                break;
            }
            let v = self.program.behind(v);
            let summary = self.program.summary(v.0);
            match summary.value(v.1) {
                Value::Array(items) => {
                    for item in summary.items(items) {
                        let target = if item.spread { &mut open } else { &mut words };
                        target.push(V(v.0, item.value));
                    }
                }
                Value::Call(call) => {
                    let record = summary.call(call);
                    if let Value::Member(object, method) = summary.value(record.callee)
                        && matches!(summary.str(method), "concat" | "filter" | "slice")
                    {
                        open.push(V(v.0, object));
                        if summary.str(method) == "concat" {
                            open.extend(summary.items(record.arguments).iter().map(|item| V(v.0, item.value)));
                        }
                    }
                }
                _ => {}
            }
        }
        words
    }

    fn appended(&self, call: &ApiCall, is_switch: bool, found: &mut Vec<Switch>) {
        let Some(argument) = call.argument(self, 0) else { return };
        let record = self.program.call(call.call);
        let f = F(call.call.0, record.function);
        if is_switch && let Some(entries) = self.switch_entries(argument) {
            let development = self.program.development_of(call.call.0, record.condition, &Frames::default());
            for (name, value) in entries {
                let (given, unknown) = value.map_or((None, false), |value| text_of(&self.eval(value)));
                let name = self.switch_name(name.trim_start_matches('-'));
                found.push(Switch {
                    symbol: format!("{}.{name}", self.symbol(call.call)),
                    name,
                    value: given,
                    value_unknown: unknown,
                    span: self.span(argument),
                    trail: Trail::default(),
                    certainty: Certainty::Firm.min(call.certainty),
                    development,
                    source: SwitchSource::Code,
                    call: Some(call.call),
                    conditional: self.is_optional(call.call.0, record.condition),
                });
            }
            return;
        }
        let value = is_switch.then(|| call.argument(self, 1)).flatten();
        let depends = self.depends_on_parameters(argument, f);
        let contexts = if depends { self.contexts(f, 2) } else { vec![Frames::default()] };
        for frames in contexts {
            let development = self.program.development_of(call.call.0, record.condition, &frames);
            for known in self.program.eval_in(argument, &frames).iter() {
                let Some((head, whole)) = known.thing.head() else { continue };
                let head = head.trim();
                if !is_switch && !head.starts_with("--") {
                    continue;
                }
                let head = head.trim_start_matches('-');
                let (name, own) = match head.split_once('=') {
                    Some((name, own)) => (name, Some(own.to_owned())),
                    None if whole => (head, None),
                    None => continue,
                };
                let (given, unknown) = match value {
                    Some(value) => text_of(&self.program.eval_in(value, &frames)),
                    None if whole => (own, false),
                    None => (None, true),
                };
                found.push(Switch {
                    name: self.switch_name(name),
                    value: given,
                    value_unknown: unknown,
                    span: self.span(argument),
                    trail: known.trail.clone(),
                    certainty: known.certainty.min(call.certainty),
                    development: development.or(known.development),
                    source: SwitchSource::Code,
                    call: Some(call.call),
                    conditional: self.is_optional(call.call.0, record.condition),
                    symbol: format!("{}.{name}", self.symbol(call.call)),
                });
            }
        }
    }

    /// Whether something happens only where something unknown holds. What system it is does not count: it happens to all who have it.
    pub(super) fn is_optional(&self, unit: UnitId, condition: Option<ConditionId>) -> bool {
        let summary = self.program.summary(unit);
        summary.conditions_at(condition).any(|condition| {
            let test = V(unit, condition.test);
            let holds = self.eval(test).iter().all(|known| known.thing.truthy() == Some(condition.holds));
            !(holds || self.asks_for_system(test) || self.asks_whether_first(test, condition.holds))
        })
    }

    /// Whether a test comes out so wherever the app goes on to start: no other instance of it runs, and no installer has called it.
    fn asks_whether_first(&self, test: V, holds: bool) -> bool {
        if let Value::Unary(Operator::Not, inner) = self.program.value(self.program.behind(test)) {
            return self.asks_whether_first(V(test.0, inner), !holds);
        }
        self.eval(test).iter().any(|known| match &known.thing {
            Thing::Result(path, _) => match &**path {
                "app.requestSingleInstanceLock" | "app.hasSingleInstanceLock" | "app.isReady" => holds,
                "app.makeSingleInstance" => !holds,
                _ => false,
            },
            Thing::Api(path) => {
                matches!(&**path, "electron-squirrel-startup" | "electron-squirrel-startup.default") && !holds
            }
            _ => false,
        })
    }

    /// `process.platform === 'linux'`, `process.mas`, whichever way it comes out.
    fn asks_for_system(&self, test: V) -> bool {
        let is_build = |known: &Known| matches!(&known.thing, Thing::Api(path) if matches!(&**path, "process.mas" | "process.windowsStore"));
        if let Value::Unary(Operator::Not, inner) = self.program.value(self.program.behind(test)) {
            return self.asks_for_system(V(test.0, inner));
        }
        let (Value::Binary(Operator::Equal, left, right) | Value::Binary(Operator::NotEqual, left, right)) =
            self.program.value(self.program.behind(test))
        else {
            return self.eval(test).iter().any(is_build);
        };
        [left, right].into_iter().any(|side| {
            self.eval(V(test.0, side)).iter().any(|known| {
                matches!(&known.thing, Thing::Api(path) if matches!(&**path, "process.platform" | "process.arch"))
            })
        })
    }

    /// The keys that a name runs through, with their values: `for (const [name, value] of Object.entries({ … }))`, `for (const name in …)`.
    fn switch_entries(&self, name: V) -> Option<Vec<(String, Option<V>)>> {
        let unit = name.0;
        let summary = self.program.summary(unit);
        let mut at = name.1;
        let mut is_first = false;
        for _ in 0..6 {
            at = match summary.value(at) {
                Value::Binding(binding) => match summary.written_once(binding) {
                    Some(only) => only,
                    _ => return None,
                },
                Value::Member(inner, first) if summary.str(first) == "0" => {
                    is_first = true;
                    inner
                }
                Value::Index(inner, index) if summary.value(index) == Value::Number(0.0) => {
                    is_first = true;
                    inner
                }
                Value::ElementOf(list) => return self.elements(V(unit, list), is_first),
                Value::KeyOf(object) => return self.pairs(V(unit, object)),
                // `list.forEach(([name, value]) => …)`
                Value::Parameter(function, 0) => {
                    let (each, 0) = self.program.callback_of(F(unit, function))? else { return None };
                    let Value::Member(list, method) = self.program.value(V(each.0, self.program.call(each).callee))
                    else {
                        return None;
                    };
                    let runs = matches!(self.program.str(each.0, method), "forEach" | "map");
                    return runs.then(|| self.elements(V(each.0, list), is_first)).flatten();
                }
                _ => return None,
            };
        }
        None
    }

    /// The pairs in a list: `Object.entries({ … })`, `Object.keys({ … })`, `[[name, value], …]`.
    fn elements(&self, list: V, is_first: bool) -> Option<Vec<(String, Option<V>)>> {
        if let Value::Call(call) = self.program.value(list) {
            let call = C(list.0, call);
            let Value::Member(_, method) = self.program.value(V(list.0, self.program.call(call).callee)) else {
                return None;
            };
            let wanted = if is_first { "entries" } else { "keys" };
            return (self.program.str(list.0, method) == wanted)
                .then(|| self.pairs(self.program.argument(call, 0)?))
                .flatten();
        }
        let Thing::Array(array, _) = self.program.only(list)?.thing else { return None };
        let Value::Array(items) = self.program.value(array) else { return None };
        let summary = self.program.summary(array.0);
        let pair = |item: &crate::summary::Item| {
            let Value::Array(pair) = summary.value(item.value) else { return None };
            let mut parts = summary.items(pair).iter().map(|part| V(array.0, part.value));
            let name = self.constant(parts.next()?)?.text()?.to_owned();
            Some((name, parts.next()))
        };
        is_first.then(|| summary.items(items).iter().filter_map(pair).collect())
    }

    /// Names and values of an object literal.
    fn pairs(&self, object: V) -> Option<Vec<(String, Option<V>)>> {
        let known = self.program.only(object)?;
        let Thing::Object(Object::Literal(literal, _)) = known.thing else { return None };
        let summary = self.program.summary(literal.0);
        let Value::Object(list) = summary.value(literal.1) else { return None };
        let properties = summary.properties(list).iter().filter_map(|property| match property.key {
            Key::Name(key) => Some((summary.str(key).to_owned(), Some(V(literal.0, property.value)))),
            _ => None,
        });
        Some(properties.collect())
    }

    fn switch_name(&self, name: &str) -> String {
        if self.electron.version.has(LOWER_CASE) { name.to_ascii_lowercase() } else { name.to_owned() }
    }

    /// One word of a command, if it is a switch.
    fn word(
        &self,
        word: &str,
        span: Span,
        source: SwitchSource,
        development: Option<bool>,
        symbol: &str,
        found: &mut Vec<Switch>,
    ) {
        let Some(rest) = word.strip_prefix("--").filter(|rest| !rest.is_empty()) else { return };
        let (name, value) = match rest.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (rest, None),
        };
        // `$PORT`, `%PORT%`: the shell fills it in.
        let value_unknown = value.is_some_and(|value| value.contains(['$', '%']));
        let text = self.text(span);
        let place = text.find(&format!("--{name}")).map_or(span, |at| {
            let start = span.start + at as u32;
            Span { file: span.file, start, end: start + 2 + name.len() as u32 }
        });
        found.push(Switch {
            name: name.to_owned(),
            value: value.filter(|_| !value_unknown).map(str::to_owned),
            value_unknown,
            span: place,
            trail: Trail::default(),
            certainty: Certainty::Certain,
            development,
            source,
            call: None,
            conditional: false,
            symbol: format!("{symbol}.{name}"),
        });
    }

    /// What packagers add to the command that starts the packaged app: electron-builder's `executableArgs`, `Exec` of its desktop entry,
    /// `execArguments` of the Debian, Red Hat and Flatpak installers.
    fn configured(&self, found: &mut Vec<Switch>) {
        for unit in self.program.unit_ids() {
            let summary = self.program.summary(unit);
            for property in &summary.properties {
                let Key::Name(key) = property.key else { continue };
                let key = summary.str(key);
                let values: Vec<crate::summary::ValueId> = match (key, summary.value(property.value)) {
                    ("executableArgs" | "execArguments", Value::Array(list)) => {
                        summary.items(list).iter().map(|item| item.value).collect()
                    }
                    ("executableArgs" | "execArguments" | "Exec", Value::String(_)) => vec![property.value],
                    _ => continue,
                };
                for value in values {
                    let Some(text) = summary.text(value) else { continue };
                    let span = self.program.place(unit, summary.span(value));
                    for word in text.split_whitespace() {
                        self.word(word, span, SwitchSource::Config, None, key, found);
                    }
                }
            }
        }
    }
}

/// A script of a package.json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageScript {
    /// Its name.
    pub name: String,
    /// What the shell runs.
    pub text: String,
    /// The text's place.
    pub span: Span,
    /// Its name says that it is for development.
    pub development: bool,
    /// Scope path.
    pub symbol: String,
}

impl App<'_> {
    /// The scripts of the app's package.json, and of packages beside it.
    pub fn scripts(&self) -> Vec<PackageScript> {
        let mut found = Vec::new();
        for unit in self.program.unit_ids() {
            let file = self.sources.file(self.program.file(unit));
            if crate::link::split(&file.path).1 != "package.json" || file.path.contains("node_modules/") {
                continue;
            }
            self.scripts_of(unit, &mut found);
        }
        found
    }

    fn scripts_of(&self, unit: UnitId, found: &mut Vec<PackageScript>) {
        let Some(scripts) = Json::root(self.program.summary(unit)).and_then(|root| root.get("scripts")) else { return };
        for (name, value) in scripts.entries() {
            let Some(text) = value.text() else { continue };
            found.push(PackageScript {
                name: name.to_owned(),
                text: text.to_owned(),
                span: self.program.place(unit, value.range()),
                development: is_development_script(name),
                symbol: format!("scripts.{name}"),
            });
        }
    }
}

/// The one text that these are; otherwise whether there may be one.
fn text_of(values: &Values) -> (Option<String>, bool) {
    match values.as_ref() {
        [known] => match &known.thing {
            Thing::Text(text) => (Some(text.to_string()), false),
            Thing::Number(number) => (Some(number.to_string()), false),
            Thing::Undefined => (None, false),
            _ => (None, true),
        },
        _ => (None, true),
    }
}

/// Whether a word of a command starts Electron: `electron`, `./node_modules/.bin/electron`, `electron-forge`, `electronmon`.
fn is_electron(word: &str) -> bool {
    if word.starts_with('-') || word.contains('=') {
        return false;
    }
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    // `npx electron@13`
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let name = name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name);
    // electron-builder and electron-packager take arguments of their own.
    matches!(
        name,
        "electron"
            | "Electron"
            | "electronmon"
            | "electron-nightly"
            | "electron-forge"
            | "electron-vite"
            | "electron-dev"
            | "electron-mocha"
            | "electron-hot"
    )
}

/// Whether a script's name says that it runs tests, which show nobody else's pages.
fn is_test_script(name: &str) -> bool {
    let is_word = |part: &str| {
        let part = part.strip_prefix("pre").or_else(|| part.strip_prefix("post")).unwrap_or(part);
        ["test", "tests", "e2e", "spec", "specs"].iter().any(|word| part.eq_ignore_ascii_case(word))
    };
    name.split([':', '-', '_', '.', '/']).any(is_word)
}

/// Whether a script's name says that it is for those who work on the app.
pub fn is_development_script(name: &str) -> bool {
    const WORDS: [&str; 22] = [
        "start",
        "dev",
        "develop",
        "development",
        "debug",
        "test",
        "tests",
        "e2e",
        "watch",
        "serve",
        "hot",
        "inspect",
        "run",
        "electron",
        "preview",
        "local",
        "bench",
        "profile",
        "spec",
        "lint",
        "live",
        "devtools",
    ];
    let is_word = |part: &str| {
        let part = part.strip_prefix("pre").or_else(|| part.strip_prefix("post")).unwrap_or(part);
        WORDS.iter().any(|word| part.eq_ignore_ascii_case(word))
    };
    let ships = |part: &str| {
        ["prod", "production", "dist", "package", "pack", "release", "publish", "make", "deploy"]
            .iter()
            .any(|word| part.eq_ignore_ascii_case(word))
    };
    let mut parts = name.split([':', '-', '_', '.', '/']);
    let shipping = name.split([':', '-', '_', '.', '/']).any(ships);
    !shipping && (parts.any(is_word) || is_word(name))
}

/// The commands of a shell line as words, nested ones (`concurrently "electron ."`) on their own.
pub(crate) fn commands(line: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut open = vec![line.to_owned()];
    while let Some(line) = open.pop() {
        if all.len() >= MOST_COMMANDS {
            break;
        }
        let mut words: Vec<String> = Vec::new();
        let mut word = String::new();
        let mut quote: Option<char> = None;
        let mut quoted_at_start = false;
        let mut chars = line.chars().peekable();
        while let Some(char) = chars.next() {
            match quote {
                Some(end) if char == end => {
                    quote = None;
                    if quoted_at_start && word.contains(char::is_whitespace) {
                        open.push(std::mem::take(&mut word));
                    }
                    quoted_at_start = false;
                }
                Some(_) => word.push(char),
                None => match char {
                    '"' | '\'' | '`' => {
                        quoted_at_start = word.is_empty();
                        quote = Some(char);
                    }
                    '\\' if matches!(chars.peek(), Some('"' | '\'' | '`')) => {}
                    ';' | '|' | '&' | '\n' => {
                        words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                        if !words.is_empty() {
                            all.push(std::mem::take(&mut words));
                        }
                    }
                    char if char.is_whitespace() => {
                        words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                    }
                    char => word.push(char),
                },
            }
        }
        words.extend((!word.is_empty()).then_some(word));
        if !words.is_empty() {
            all.push(words);
        }
    }
    all
}

#[cfg(test)]
mod tests;
