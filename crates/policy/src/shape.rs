//! The shape of the file: one table of every field, with its type, bounds, default and meaning.
//!
//! The reader checks files against it and reports every error; the published JSON Schema is printed from it; numbers
//! that a file leaves out are looked up in it.

use serde_json::{Map, Value, json};

use crate::host::HostPattern;
use crate::json::{Kind, Node, step};
use crate::names;

/// What a value of the file may be.
pub(crate) enum Shape {
    /// Exactly this integer.
    Only(i64),
    Bool {
        default: Option<bool>,
    },
    /// `off`: −1 is allowed and means that the limit is off.
    Integer {
        min: i64,
        max: i64,
        default: Option<i64>,
        off: bool,
    },
    Text(fn(&str) -> Result<(), String>),
    OneOf {
        words: &'static [&'static str],
        default: Option<&'static str>,
    },
    List {
        item: &'static Shape,
        min: usize,
        max: usize,
    },
    Object(&'static [Field]),
    /// A string, or an object whose field `key` is that string.
    Named {
        key: &'static str,
        fields: &'static [Field],
    },
    /// An object with names of the writer's choice.
    Map {
        name: fn(&str) -> Result<(), String>,
        item: &'static Shape,
        max: usize,
    },
    /// A scalar in Electron's words, or a list of strings.
    Setting,
    /// An argument schema: the table refers to itself there.
    Schema,
    /// A list of scalars: `enum` of an argument schema.
    Scalars,
}

/// One field of an object.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) doc: &'static str,
}

/// An error that stands at a byte of the file.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) pointer: String,
    pub(crate) message: String,
}

const fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: false, doc }
}

const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: true, doc }
}

const fn integer(min: i64, max: i64, default: i64) -> Shape {
    Shape::Integer { min, max, default: Some(default), off: false }
}

const fn or_off(min: i64, max: i64, default: i64) -> Shape {
    Shape::Integer { min, max, default: Some(default), off: true }
}

const fn count() -> Shape {
    Shape::Integer { min: 0, max: i64::MAX, default: None, off: false }
}

const fn off_by_default() -> Shape {
    Shape::Bool { default: Some(false) }
}

const fn on_by_default() -> Shape {
    Shape::Bool { default: Some(true) }
}

fn any_text(_: &str) -> Result<(), String> {
    Ok(())
}

fn host(text: &str) -> Result<(), String> {
    HostPattern::parse(text).map(drop)
}

static TEXT: Shape = Shape::Text(any_text);
static TEXTS: Shape = Shape::List { item: &TEXT, min: 0, max: 4096 };
static SCHEMA: Shape = Shape::Schema;

const FROM: Field = field(
    "from",
    Shape::List { item: &TEXT, min: 0, max: 21 },
    "Where the linter saw it: `path:line`, at most 20, then `+N`. Never changes what is allowed.",
);

static METHOD: &[Field] = &[
    field("args", Shape::List { item: &SCHEMA, min: 0, max: 64 }, "One argument schema for each position."),
    field("result", Shape::Schema, "What the result must look like; without it, any."),
    FROM,
];

static METHODS: Shape = Shape::Object(METHOD);

static REQUEST_SCHEMES: Shape = Shape::OneOf { words: &["https", "http"], default: None };
static WEBSOCKET_SCHEMES: Shape = Shape::OneOf { words: &["wss", "ws"], default: None };

const REQUIRE_TOKEN: Field = field("requireToken", on_by_default(), "Whether a request must carry the addon's token.");

static ORIGIN_ENTRY: Shape = Shape::Named {
    key: "origin",
    fields: &[
        required("origin", Shape::Text(names::origin), "`scheme://host[:port]`, with a host pattern and no path."),
        FROM,
    ],
};

static WINDOW: Shape = Shape::Named {
    key: "name",
    fields: &[
        required("name", Shape::Text(any_text), "The variable or class that makes the window."),
        field("load", Shape::List { item: &TEXT, min: 0, max: 256 }, "URLs that it loads; `*` only at the end."),
        field("partition", Shape::Text(any_text), "Its session; without it, the default session."),
        field("preload", Shape::Text(any_text), "Its preload script."),
        field(
            "webPreferences",
            Shape::Map { name: names::any_key, item: &Shape::Setting, max: 128 },
            "In Electron's names. An absent key means the safe value.",
        ),
        FROM,
    ],
};

static WEBVIEW: Shape = Shape::Named {
    key: "origin",
    fields: &[
        required("origin", Shape::Text(names::origin), "What the webview shows."),
        field("partition", Shape::Text(any_text), "Its session."),
        field("allowpopups", off_by_default(), "Whether it may open windows."),
        field(
            "webPreferences",
            Shape::Map { name: names::any_key, item: &Shape::Setting, max: 128 },
            "In Electron's names.",
        ),
        FROM,
    ],
};

static SESSION_PERMISSION: Shape = Shape::Named {
    key: "origin",
    fields: &[
        required("origin", Shape::Text(names::origin), "Who asks."),
        field("partition", Shape::Text(any_text), "In which session; without it, the default session."),
        field("allow", Shape::List { item: &TEXT, min: 0, max: 64 }, "Electron's permission names."),
        FROM,
    ],
};

static CHANNEL: Shape = Shape::Named {
    key: "channel",
    fields: &[
        required("channel", Shape::Text(any_text), "The IPC channel."),
        field(
            "senders",
            Shape::List { item: &Shape::Text(names::origin), min: 0, max: 256 },
            "Origins that may send on it.",
        ),
        FROM,
    ],
};

static PROTOCOL: Shape = Shape::Named {
    key: "scheme",
    fields: &[
        required("scheme", Shape::Text(names::scheme), "The scheme."),
        field("privileges", Shape::List { item: &TEXT, min: 0, max: 32 }, "In Electron's names."),
        FROM,
    ],
};

static CSP: Shape = Shape::Object(&[
    required("page", Shape::Text(any_text), "URL of the page; `*` only at the end."),
    required("policy", Shape::Text(any_text), "The policy in force."),
    FROM,
]);

static FUSE: Shape = Shape::Bool { default: None };

static ELECTRON: &[Field] = &[
    field("version", Shape::Text(any_text), "The Electron that was found; absent if unknown."),
    field("windows", Shape::List { item: &WINDOW, min: 0, max: 1024 }, "The app's windows."),
    field("webviews", Shape::List { item: &WEBVIEW, min: 0, max: 1024 }, "The app's webviews."),
    field("permissions", Shape::List { item: &SESSION_PERMISSION, min: 0, max: 1024 }, "What sessions grant."),
    field(
        "navigation",
        Shape::List { item: &ORIGIN_ENTRY, min: 0, max: 1024 },
        "Origins that a window may navigate to.",
    ),
    field("windowOpen", Shape::List { item: &ORIGIN_ENTRY, min: 0, max: 1024 }, "Origins that `window.open` may open."),
    field(
        "openExternal",
        Shape::Object(&[
            field(
                "schemes",
                Shape::List { item: &Shape::Text(names::scheme), min: 0, max: 64 },
                "Schemes handed to the system.",
            ),
            field(
                "hosts",
                Shape::List { item: &Shape::Text(host), min: 0, max: 1024 },
                "For http(s): only these; absent, every host.",
            ),
            FROM,
        ]),
        "What may be handed to the operating system.",
    ),
    field("ipc", Shape::List { item: &CHANNEL, min: 0, max: 4096 }, "IPC channels and who may send."),
    field("protocols", Shape::List { item: &PROTOCOL, min: 0, max: 64 }, "Schemes that the app registers."),
    field("csp", Shape::List { item: &CSP, min: 0, max: 1024 }, "Content security policies in force."),
    field(
        "fuses",
        Shape::Map { name: names::any_key, item: &FUSE, max: 64 },
        "Names of `FuseV1Options`; an absent fuse was not seen.",
    ),
];

static PERMISSION: Shape = Shape::Named {
    key: "name",
    fields: &[required("name", Shape::OneOf { words: names::PERMISSIONS, default: None }, "The permission."), FROM],
};

static HOST: Shape = Shape::Named {
    key: "host",
    fields: &[
        required("host", Shape::Text(host), "`name`, `*.name`, an IP literal or `*`, each with an optional `:port`."),
        FROM,
    ],
};

static MODULE: Shape = Shape::Named {
    key: "name",
    fields: &[required("name", Shape::Text(names::bare_specifier), "A bare specifier that the host registered."), FROM],
};

static HTTP_ROUTE: Shape = Shape::Object(&[
    required(
        "method",
        Shape::OneOf { words: &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], default: None },
        "The method.",
    ),
    required(
        "path",
        Shape::Text(names::route),
        "Path below the addon's own, without `.`, `..`, empty or encoded segments.",
    ),
    REQUIRE_TOKEN,
    FROM,
]);

static SOCKETIO_ROUTE: Shape = Shape::Named {
    key: "path",
    fields: &[
        required("path", Shape::Text(names::route), "Name of the namespace below the addon's own."),
        REQUIRE_TOKEN,
        FROM,
    ],
};

static UNRESOLVED: Shape = Shape::Object(&[
    required("field", Shape::Text(names::pointer), "The field that could not be filled, as a JSON pointer."),
    required("at", Shape::Text(any_text), "`path:line`."),
    required("rule", Shape::Text(any_text), "The rule that reports it."),
    required("why", Shape::Text(any_text), "One sentence."),
]);

/// The whole file.
pub(crate) static MANIFEST: &[Field] = &[
    required("version", Shape::Only(1), "Version of this format."),
    field("id", Shape::Text(names::id), "Name of the app or addon; required with `main`."),
    field("main", Shape::Text(names::relative_path), "Entry script inside the folder of the manifest."),
    field("distribution", on_by_default(), "True forbids ROOT and `block: \"none\"`."),
    field(
        "permissions",
        Shape::List { item: &PERMISSION, min: 0, max: 64 },
        "Named capabilities; without the list, `log` and `timers`.",
    ),
    field("codegen", off_by_default(), "`eval`, `Function` and kin."),
    field(
        "containment",
        Shape::Object(&[
            field(
                "require",
                Shape::OneOf { words: &["full", "no-namespaces", "process"], default: Some("full") },
                "The least containment to run under.",
            ),
            field(
                "aslr",
                Shape::OneOf { words: &["shared", "own"], default: Some("shared") },
                "`own`: a cold start with its own address layout.",
            ),
        ]),
        "What the operating system must enforce.",
    ),
    field(
        "limits",
        Shape::Object(&[
            field("initTimeoutMs", integer(1, 60_000, 5000), "Wall-clock time of the top level of `main`."),
            field("executeTimeoutMs", integer(1, 3_600_000, 30_000), "Wall-clock time of one `execute`."),
            field("killGraceMs", integer(0, 1000, 0), "Between the soft interrupt and SIGKILL."),
            field("memoryBytes", integer(1 << 20, 2 << 30, 64 << 20), "The JavaScript heap."),
            field("stackBytes", integer(64 << 10, 4 << 20, 512 << 10), "The JavaScript stack."),
            field(
                "cpuSeconds",
                Shape::Integer { min: 1, max: 86_400, default: None, off: true },
                "CPU time of the whole life of the process; 60, with `main` off.",
            ),
            field("messageBytes", integer(1 << 10, 16 << 20, 1 << 20), "One frame either way."),
            field("callsInFlight", integer(1, 4096, 256), "Unanswered calls, each direction."),
            field("timers", integer(0, 65_536, 1024), "Timers alive at once."),
            field(
                "logBytesPerSecond",
                integer(0, 16 << 20, 64 << 10),
                "Console and stderr together; what is cut is counted.",
            ),
        ]),
        "Bounds of the process.",
    ),
    field(
        "network",
        Shape::Object(&[
            field(
                "block",
                Shape::OneOf { words: &["private", "none"], default: Some("private") },
                "`private`: public addresses only.",
            ),
            field("dataUrls", off_by_default(), "Whether `data:` in a request is answered inside the broker."),
            field(
                "dns",
                Shape::Object(&[field("cacheSeconds", integer(0, 3600, 300), "How long an answer is kept.")]),
                "Name resolution.",
            ),
            field("hosts", Shape::List { item: &HOST, min: 0, max: 4096 }, "Hosts that may be reached."),
            field(
                "request",
                Shape::Object(&[
                    field("schemes", Shape::List { item: &REQUEST_SCHEMES, min: 0, max: 2 }, "Without it, both."),
                    field("maxConcurrent", integer(0, 64, 5), "Requests at once; others wait."),
                    field("timeoutMs", integer(1, 120_000, 10_000), "The whole exchange."),
                    field("maxBodyBytes", integer(0, 256 << 20, 10 << 20), "Each way, after decompression."),
                ]),
                "HTTP requests. Redirects are never followed.",
            ),
            field(
                "websocket",
                Shape::Object(&[
                    field("schemes", Shape::List { item: &WEBSOCKET_SCHEMES, min: 0, max: 2 }, "Without it, both."),
                    field("maxConcurrent", integer(0, 64, 5), "Sockets at once."),
                    field("maxMessageBytes", integer(1 << 10, 16 << 20, 1 << 20), "One message."),
                ]),
                "WebSockets.",
            ),
        ]),
        "What may be reached.",
    ),
    field(
        "modules",
        Shape::Object(&[field("allow", Shape::List { item: &MODULE, min: 0, max: 256 }, "Needs ROOT.")]),
        "Modules of the host.",
    ),
    field(
        "api",
        Shape::Map { name: names::method, item: &METHODS, max: 256 },
        "Functions of the host that the sandbox may call.",
    ),
    field(
        "rpc",
        Shape::Object(&[
            field(
                "expose",
                Shape::Map { name: names::method, item: &METHODS, max: 256 },
                "Methods that the host may expose.",
            ),
            field("callTimeoutMs", or_off(1, 3_600_000, -1), "Of each call, both sides."),
            field(
                "sandboxMethods",
                Shape::Object(&[field("max", integer(0, 4096, 256), "Methods that the sandbox may expose.")]),
                "The sandbox's own methods.",
            ),
        ]),
        "Calls both ways.",
    ),
    field("ports", integer(0, 16, 0), "Message ports that may be given to this sandbox."),
    field(
        "lockup",
        Shape::Object(&[
            field("timeoutMs", or_off(1, 600_000, 10_000), "No pong for this long is a lockup."),
            field("killWithFireMs", or_off(1, 600_000, 10_000), "From kill to kill −9."),
            field("pingIntervalMs", or_off(1, 600_000, 10_000), "Between pings."),
            field("startupTimeoutMs", or_off(1, 600_000, 10_000), "From start to ready."),
        ]),
        "Lockup detection; −1 turns each off.",
    ),
    field(
        "restart",
        Shape::Object(&[
            field(
                "maxConsecutiveCrashes",
                integer(0, 100, 3),
                "After so many without a stable run there is no restart.",
            ),
            field("stableAfterMs", integer(1, 86_400_000, 60_000), "A run this long resets the count."),
            field(
                "backoffMs",
                Shape::List {
                    item: &Shape::Integer { min: 0, max: 600_000, default: None, off: false },
                    min: 1,
                    max: 16,
                },
                "Wait before each restart; the last one repeats. Without it, 0, 1000, 4000.",
            ),
            field("onLockup", off_by_default(), "Whether a lockup is a crash."),
            field(
                "onUncaught",
                Shape::OneOf { words: &["crash", "log"], default: Some("crash") },
                "What an uncaught error does.",
            ),
        ]),
        "Restart after a crash.",
    ),
    field(
        "inbound",
        Shape::Object(&[
            field("http", Shape::List { item: &HTTP_ROUTE, min: 0, max: 64 }, "Routes on the host's server."),
            field("static", Shape::Text(names::folder), "A folder inside the own one that is served."),
            field("socketio", Shape::List { item: &SOCKETIO_ROUTE, min: 0, max: 16 }, "Socket.IO namespaces."),
            field("maxConcurrent", integer(1, 1024, 32), "Requests at once."),
            field("timeoutMs", integer(1, 120_000, 10_000), "Of one request."),
            field("maxBodyBytes", integer(0, 64 << 20, 1 << 20), "Of one request."),
        ]),
        "What is served to others.",
    ),
    field("params", Shape::Object(DOCUMENT), "What `updateParams` may write; without a schema, nothing."),
    field("config", Shape::Object(DOCUMENT), "What `setConfig` may write; without a schema, nothing."),
    field(
        "storage",
        Shape::Object(&[
            field("maxBytes", integer(0, 1 << 30, 5 << 20), "Size of the stored JSON."),
            field("maxDepth", integer(1, 128, 64), "Its nesting."),
        ]),
        "The addon's stored data.",
    ),
    field(
        "electron",
        Shape::Object(ELECTRON),
        "What Electron itself enforces; the engine validates it and does nothing with it.",
    ),
    field(
        "unresolved",
        Shape::List { item: &UNRESOLVED, min: 0, max: 4096 },
        "What the linter saw and could not decide. Grants nothing.",
    ),
];

static DOCUMENT: &[Field] = &[
    field("schema", Shape::Schema, "What it must look like."),
    field("maxBytes", integer(0, 1 << 20, 64 << 10), "Its size as JSON."),
];

static TYPE_NAMES: &[&str] = &[
    "any",
    "undefined",
    "null",
    "boolean",
    "number",
    "integer",
    "bigint",
    "string",
    "bytes",
    "date",
    "regexp",
    "array",
    "set",
    "map",
    "object",
];

static TYPE_NAME: Shape = Shape::OneOf { words: TYPE_NAMES, default: None };

/// An argument schema, but for `type`, which is a word or a list of words.
static SCHEMA_FIELDS: &[Field] = &[
    field("enum", Shape::Scalars, "The only values accepted: null, booleans, integers, strings."),
    field("minimum", Shape::Integer { min: i64::MIN, max: i64::MAX, default: None, off: false }, "Least number."),
    field("maximum", Shape::Integer { min: i64::MIN, max: i64::MAX, default: None, off: false }, "Greatest number."),
    field("minLength", count(), "Least length: UTF-16 units, bytes for `bytes`."),
    field("maxLength", count(), "Greatest length: UTF-16 units, bytes for `bytes`."),
    field("items", Shape::Schema, "Each item of an array or set."),
    field("minItems", count(), "Fewest items or entries."),
    field("maxItems", count(), "Most items or entries."),
    field("keys", Shape::Schema, "Each key of a map."),
    field("values", Shape::Schema, "Each value of a map."),
    field(
        "properties",
        Shape::Map { name: names::any_key, item: &SCHEMA, max: 1024 },
        "Properties that an object may have.",
    ),
    field("required", Shape::List { item: &TEXT, min: 0, max: 1024 }, "Properties that an object must have."),
    field("additional", off_by_default(), "Whether an object may have others."),
    field("optional", off_by_default(), "Whether a trailing argument may be left out."),
    field("finite", on_by_default(), "Whether NaN and the infinities are refused."),
];

/// The value of `pointer` in a file that does not have it, for integers, booleans and words.
pub(crate) fn default_at(pointer: &str) -> Option<Value> {
    let mut fields = MANIFEST;
    let mut steps = pointer.split('/').skip(1).peekable();
    loop {
        let name = steps.next()?;
        let found = fields.iter().find(|f| f.name == name)?;
        match (&found.shape, steps.peek()) {
            (Shape::Object(inner), Some(_)) => fields = inner,
            (Shape::Bool { default }, None) => return default.map(Value::from),
            (Shape::Integer { default, .. }, None) => return default.map(Value::from),
            (Shape::OneOf { default, .. }, None) => return default.map(Value::from),
            _ => return None,
        }
    }
}

/// Checks `node` against the table and returns it with every shorthand written out. Faults are added to `faults`; the
/// parts that have one are left out of the result.
pub(crate) fn check_object(fields: &[Field], node: &Node, pointer: &str, faults: &mut Vec<Fault>) -> Option<Value> {
    let Kind::Object(members) = &node.kind else {
        faults.push(wrong_type("an object", node, pointer));
        return None;
    };
    let mut result = Map::new();
    for member in members {
        let here = step(pointer, &member.key);
        let Some(field) = fields.iter().find(|f| f.name == member.key) else {
            let message = match nearest(&member.key, fields.iter().map(|f| f.name)) {
                Some(near) => format!("unknown field `{}`; did you mean `{near}`?", member.key),
                None => format!("unknown field `{}`", member.key),
            };
            faults.push(Fault { at: member.key_at, pointer: here, message });
            continue;
        };
        if let Some(value) = field.shape.check(&member.value, &here, faults) {
            result.insert(member.key.clone(), value);
        }
    }
    for field in fields.iter().filter(|f| f.required && !members.iter().any(|m| m.key == f.name)) {
        let message = format!("the field `{}` is missing", field.name);
        faults.push(Fault { at: node.at, pointer: pointer.to_owned(), message });
    }
    Some(Value::Object(result))
}

impl Shape {
    fn check(&self, node: &Node, pointer: &str, faults: &mut Vec<Fault>) -> Option<Value> {
        let fault = |message: String| Fault { at: node.at, pointer: pointer.to_owned(), message };
        match (self, &node.kind) {
            (Shape::Only(expected), Kind::Integer(found)) if found == expected => Some(json!(found)),
            (Shape::Only(expected), Kind::Integer(found)) => {
                faults.push(fault(format!("version {found} is not understood; this build understands {expected}")));
                None
            }
            (Shape::Bool { .. }, Kind::Bool(found)) => Some(json!(found)),
            (Shape::Integer { min, max, off, .. }, Kind::Integer(found)) => {
                if (min..=max).contains(&found) || (*off && *found == -1) {
                    return Some(json!(found));
                }
                let or_off = if *off { " or -1 (off)" } else { "" };
                faults.push(fault(format!("{found} is out of bounds: from {min} to {max}{or_off}")));
                None
            }
            (Shape::Text(valid), Kind::String(found)) => match valid(found) {
                Ok(()) => Some(json!(found)),
                Err(message) => {
                    faults.push(fault(message));
                    None
                }
            },
            (Shape::OneOf { words, .. }, Kind::String(found)) => {
                if words.contains(&found.as_str()) {
                    return Some(json!(found));
                }
                faults.push(fault(format!("`{found}` is not one of {}", list(words))));
                None
            }
            (Shape::List { item, min, max }, Kind::Array(items)) => {
                if !(*min..=*max).contains(&items.len()) {
                    faults.push(fault(format!("{} entries are out of bounds: from {min} to {max}", items.len())));
                }
                let checked = items.iter().enumerate().take(*max);
                Some(checked.filter_map(|(i, n)| item.check(n, &format!("{pointer}/{i}"), faults)).collect())
            }
            (Shape::Object(fields), _) => check_object(fields, node, pointer, faults),
            (Shape::Named { fields, .. }, Kind::Object(_)) => check_object(fields, node, pointer, faults),
            (Shape::Named { key, fields }, Kind::String(_)) => {
                let shape = &fields.iter().find(|f| f.name == *key)?.shape;
                shape.check(node, pointer, faults).map(|value| json!({ *key: value }))
            }
            (Shape::Map { name, item, max }, Kind::Object(members)) => {
                if members.len() > *max {
                    faults.push(fault(format!("{} entries, more than {max}", members.len())));
                }
                let mut result = Map::new();
                for member in members.iter().take(*max) {
                    let here = step(pointer, &member.key);
                    if let Err(message) = name(&member.key) {
                        faults.push(Fault { at: member.key_at, pointer: here, message });
                    } else if let Some(value) = item.check(&member.value, &here, faults) {
                        result.insert(member.key.clone(), value);
                    }
                }
                Some(Value::Object(result))
            }
            (Shape::Setting, Kind::Bool(_) | Kind::Integer(_) | Kind::String(_)) => Some(node.to_value()),
            (Shape::Setting, Kind::Array(_)) => TEXTS.check(node, pointer, faults),
            (Shape::Schema, Kind::Object(_)) => check_schema(node, pointer, faults),
            (Shape::Scalars, Kind::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    if matches!(item.kind, Kind::Array(_) | Kind::Object(_) | Kind::Number(_)) {
                        faults.push(wrong_type(
                            "null, a boolean, an integer or a string",
                            item,
                            &format!("{pointer}/{index}"),
                        ));
                    }
                }
                Some(node.to_value())
            }
            _ => {
                faults.push(wrong_type(self.wanted(), node, pointer));
                None
            }
        }
    }

    fn wanted(&self) -> &'static str {
        match self {
            Shape::Only(_) | Shape::Integer { .. } => "an integer",
            Shape::Bool { .. } => "a boolean",
            Shape::Text(_) | Shape::OneOf { .. } => "a string",
            Shape::List { .. } | Shape::Scalars => "a list",
            Shape::Object(_) | Shape::Map { .. } | Shape::Schema => "an object",
            Shape::Named { .. } => "a string or an object",
            Shape::Setting => "a boolean, an integer, a string or a list of strings",
        }
    }

    /// This shape in the words of JSON Schema.
    fn json_schema(&self) -> Value {
        match self {
            Shape::Only(only) => json!({ "const": only }),
            Shape::Bool { default } => with_default(json!({ "type": "boolean" }), default.map(Value::from)),
            Shape::Integer { min, max, default, off } => {
                let range = json!({ "type": "integer", "minimum": min, "maximum": max });
                let range = if *off { json!({ "anyOf": [{ "const": -1 }, range] }) } else { range };
                with_default(range, default.map(Value::from))
            }
            Shape::Text(_) => json!({ "type": "string" }),
            Shape::OneOf { words, default } => with_default(json!({ "enum": words }), default.map(Value::from)),
            Shape::List { item, min, max } => {
                json!({ "type": "array", "items": item.json_schema(), "minItems": min, "maxItems": max })
            }
            Shape::Object(fields) => object_schema(fields),
            Shape::Named { key, fields } => {
                let name = fields.iter().find(|f| f.name == *key).map(|f| f.shape.json_schema());
                json!({ "anyOf": [name, object_schema(fields)] })
            }
            Shape::Map { item, max, .. } => {
                json!({ "type": "object", "additionalProperties": item.json_schema(), "maxProperties": max })
            }
            Shape::Setting => json!({ "type": ["boolean", "integer", "string", "array"] }),
            Shape::Schema => json!({ "$ref": "#/$defs/argument" }),
            Shape::Scalars => json!({ "type": "array", "items": { "type": ["null", "boolean", "integer", "string"] } }),
        }
    }
}

/// The JSON Schema of the whole file.
pub(crate) fn json_schema() -> Value {
    let mut schema = object_schema(MANIFEST);
    let mut argument = object_schema(SCHEMA_FIELDS);
    argument["properties"]["type"] = json!({ "anyOf": [{ "enum": TYPE_NAMES }, { "type": "array", "items": { "enum": TYPE_NAMES }, "minItems": 1 }] });
    argument["required"] = json!(["type"]);
    schema["properties"]["$schema"] = json!({ "type": "string", "description": "Ignored." });
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("electrolint policy manifest");
    schema["$defs"] = json!({ "argument": argument });
    schema
}

fn object_schema(fields: &[Field]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = field.shape.json_schema();
        schema["description"] = json!(field.doc);
        properties.insert(field.name.to_owned(), schema);
    }
    let required: Vec<_> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn with_default(mut schema: Value, default: Option<Value>) -> Value {
    if let Some(default) = default {
        schema["default"] = default;
    }
    schema
}

fn check_schema(node: &Node, pointer: &str, faults: &mut Vec<Fault>) -> Option<Value> {
    let Kind::Object(members) = &node.kind else { return None };
    let rest = members.iter().filter(|m| m.key != "type").cloned().collect();
    let mut value = check_object(SCHEMA_FIELDS, &Node { at: node.at, kind: Kind::Object(rest) }, pointer, faults)?;
    let here = step(pointer, "type");
    let types = match node.member("type") {
        None => {
            let message = "an argument schema says its `type`; `any` must be written to be had".to_owned();
            faults.push(Fault { at: node.at, pointer: pointer.to_owned(), message });
            return None;
        }
        Some(word @ Node { kind: Kind::String(_), .. }) => TYPE_NAME.check(word, &here, faults)?,
        Some(words) => Shape::List { item: &TYPE_NAME, min: 1, max: TYPE_NAMES.len() }.check(words, &here, faults)?,
    };
    value["type"] = types;
    Some(value)
}

fn wrong_type(wanted: &str, node: &Node, pointer: &str) -> Fault {
    Fault {
        at: node.at,
        pointer: pointer.to_owned(),
        message: format!("expected {wanted}, found {}", node.type_name()),
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The known name that differs from `word` by letter case or by one letter.
fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let close = |name: &str| {
        if name.eq_ignore_ascii_case(word) {
            return true;
        }
        let (a, b): (Vec<char>, Vec<char>) = (word.chars().collect(), name.chars().collect());
        let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
        let same_end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
        a.len().abs_diff(b.len()) <= 1 && same_start + same_end + 1 >= a.len().max(b.len())
    };
    let mut names = names;
    names.find(|name| close(name))
}
