//! What a configuration file holds, as a tree with places: TOML, or the `electrolint` key of `package.json`.

use std::ops::Range;
use std::sync::Arc;

use electrolint_model::app::summarise;
use electrolint_model::source::{FileKind, Role, SourceFile};
use electrolint_model::summary::{Export, Key, Summary, Value, ValueId};
use electrolint_model::text::Text;

/// Levels of nesting that are followed; the configuration needs five.
const MOST_DEPTH: u32 = 16;

/// A value and where it stands: bytes of the decoded text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// Something that no key takes; its name.
    Other(&'static str),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Node,
}

/// Why a text has no tree.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

impl Node {
    pub(super) fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
            Kind::Other(name) => name,
        }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Table(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(bool) => Some(bool),
            _ => None,
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }
}

/// Reads TOML.
///
/// # Errors
/// The first error of syntax; a key that is given twice is one.
pub(super) fn toml(text: &str) -> Result<Node, SyntaxError> {
    let document = toml_edit::Document::parse(text).map_err(|error| SyntaxError {
        span: error.span().unwrap_or(0..0),
        message: error.message().trim().trim_end_matches('.').replace('\n', ", "),
    })?;
    Ok(item(document.as_item(), 0))
}

fn item(item: &toml_edit::Item, depth: u32) -> Node {
    match item {
        toml_edit::Item::Value(inner) => value(inner, depth),
        toml_edit::Item::Table(inner) => table(inner, depth),
        toml_edit::Item::ArrayOfTables(tables) => {
            let items: Vec<Node> = tables.iter().map(|inner| table(inner, depth + 1)).collect();
            let start = items.first().map_or(0, |first| first.span.start);
            let end = items.last().map_or(start, |last| last.span.end);
            Node { span: start..end, kind: Kind::List(items) }
        }
        toml_edit::Item::None => Node { span: 0..0, kind: Kind::Other("nothing") },
    }
}

fn table(table: &toml_edit::Table, depth: u32) -> Node {
    let span = table.span().unwrap_or(0..0);
    if depth > MOST_DEPTH {
        return Node { span, kind: Kind::Other("a table that is nested too deeply") };
    }
    let entries = table.iter().map(|(name, inner)| {
        let value = item(inner, depth + 1);
        let key_span = table.key(name).and_then(|key| key.span()).unwrap_or_else(|| value.span.clone());
        Entry { key: name.to_owned(), key_span, value }
    });
    Node { span, kind: Kind::Table(entries.collect()) }
}

fn value(value: &toml_edit::Value, depth: u32) -> Node {
    let span = value.span().unwrap_or(0..0);
    if depth > MOST_DEPTH {
        return Node { span, kind: Kind::Other("a value that is nested too deeply") };
    }
    let kind = match value {
        toml_edit::Value::String(text) => Kind::Text(text.value().clone()),
        toml_edit::Value::Integer(number) => Kind::Number(*number.value() as f64),
        toml_edit::Value::Float(number) => Kind::Number(*number.value()),
        toml_edit::Value::Boolean(bool) => Kind::Bool(*bool.value()),
        // A date without quotes is a date all the same.
        toml_edit::Value::Datetime(date) => Kind::Text(date.value().to_string()),
        toml_edit::Value::Array(items) => Kind::List(items.iter().map(|item| self::value(item, depth + 1)).collect()),
        toml_edit::Value::InlineTable(table) => Kind::Table(
            table
                .iter()
                .map(|(name, inner)| {
                    let value = self::value(inner, depth + 1);
                    let key_span = table.key(name).and_then(|key| key.span()).unwrap_or_else(|| value.span.clone());
                    Entry { key: name.to_owned(), key_span, value }
                })
                .collect(),
        ),
    };
    Node { span, kind }
}

/// The `electrolint` key of a `package.json`, if it has one. A text that is no JSON has none: who reads it as a package says so.
pub(super) fn package(text: &Arc<Text>) -> Option<Node> {
    text.content.contains("\"electrolint\"").then_some(())?;
    let file =
        SourceFile { path: "package.json".to_owned(), kind: FileKind::Json, role: Role::Own, text: text.clone() };
    let sheets = summarise(&file);
    let summary = sheets.summaries.first()?;
    let root = summary.exports.iter().find_map(|export| match export {
        Export::Whole(root) => Some(*root),
        _ => None,
    })?;
    let Value::Object(list) = summary.value(root) else { return None };
    let found = summary.properties(list).iter().rev().find(|property| name(summary, property.key) == "electrolint")?;
    Some(json(summary, found.value, 0))
}

fn name(summary: &Summary, key: Key) -> String {
    match key {
        Key::Name(name) => summary.str(name).to_owned(),
        _ => String::new(),
    }
}

fn json(summary: &Summary, id: ValueId, depth: u32) -> Node {
    let (start, end) = summary.span(id);
    let kind = match summary.value(id) {
        _ if depth > MOST_DEPTH => Kind::Other("a value that is nested too deeply"),
        Value::Bool(bool) => Kind::Bool(bool),
        Value::Number(number) => Kind::Number(number),
        Value::String(text) => Kind::Text(summary.str(text).to_owned()),
        Value::Null => Kind::Other("null"),
        Value::Array(list) => {
            Kind::List(summary.items(list).iter().map(|item| json(summary, item.value, depth + 1)).collect())
        }
        Value::Object(list) => {
            let entries = summary.properties(list).iter().map(|property| {
                let key = name(summary, property.key);
                let from = property.span.0 as usize;
                let value = json(summary, property.value, depth + 1);
                Entry { key_span: from..from + key.len() + 2, key, value }
            });
            Kind::Table(entries.collect())
        }
        _ => Kind::Other("something that is not JSON"),
    };
    Node { span: start as usize..end as usize, kind }
}
