//! The keys as JSON Schema, and as a page of documentation.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::keys::{KEYS, Key, LEVELS, OPTIONS, RULE, Takes, options_of};

/// The JSON Schema (2020-12) of a configuration file, with a line feed at its end.
pub fn json_schema() -> String {
    let mut schema = table(KEYS);
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".to_owned(), json!("electrolint.toml"));
    root.append(&mut schema);
    let mut text = serde_json::to_string_pretty(&Value::Object(root)).unwrap_or_default();
    text.push('\n');
    text
}

fn table(keys: &[Key]) -> Map<String, Value> {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let mut schema = takes(key.takes);
            schema.insert("description".to_owned(), json!(key.doc));
            (key.name.to_owned(), Value::Object(schema))
        })
        .collect();
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn takes(takes: Takes) -> Map<String, Value> {
    let schema = match takes {
        Takes::Text => json!({ "type": "string", "minLength": 1 }),
        Takes::Bool => json!({ "type": "boolean" }),
        Takes::Word(words) => json!({ "enum": words }),
        Takes::Size => json!({ "oneOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": "^[0-9]+ *([kKmMgG]?[bB]?|[kKmMgG][iI][bB])$" },
        ] }),
        Takes::Version => json!({ "type": "string", "pattern": "^v?[0-9]+(\\.[0-9]+){0,2}([-+].*)?$" }),
        Takes::Day => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Takes::Glob | Takes::Host | Takes::Rule => json!({ "type": "string", "minLength": 1 }),
        Takes::File => json!({ "type": "string", "pattern": "\\.toml$" }),
        Takes::List(of) => json!({ "type": "array", "items": Value::Object(self::takes(*of)) }),
        Takes::Table(keys) => Value::Object(table(keys)),
        Takes::Levels { options } => levels(options),
    };
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn levels(options: bool) -> Value {
    let level = |rule: &str| {
        let own = if options { options_of(rule) } else { &[] };
        let keys: Vec<Key> = RULE.iter().chain(own).copied().collect();
        json!({ "oneOf": [{ "enum": LEVELS }, Value::Object(table(&keys))] })
    };
    let properties: Map<String, Value> = electrolint_rules::all()
        .iter()
        .map(|rule| {
            let mut schema = level(rule.id);
            schema["description"] = json!(rule.summary());
            (rule.id.to_owned(), schema)
        })
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { "[*?\\[{]": level("") },
        "additionalProperties": false,
    })
}

/// The keys as tables in Markdown.
pub fn markdown() -> String {
    let mut out = String::new();
    section(&mut out, "", KEYS);
    for (rule, keys) in OPTIONS {
        let _ = writeln!(out, "\n### `[rules.{rule}]`\n");
        rows(&mut out, keys);
        nested(&mut out, &format!("rules.{rule}."), keys);
    }
    out
}

fn section(out: &mut String, prefix: &str, keys: &[Key]) {
    rows(out, keys);
    nested(out, prefix, keys);
}

fn nested(out: &mut String, prefix: &str, keys: &[Key]) {
    for key in keys {
        if let Takes::List(Takes::Table(inner)) = key.takes {
            let _ = writeln!(out, "\n### `[[{prefix}{}]]`\n", key.name);
            rows(out, inner);
        }
    }
}

fn rows(out: &mut String, keys: &[Key]) {
    out.push_str("| key | takes | |\n|---|---|---|\n");
    for key in keys {
        let needed = if key.required { " Required." } else { "" };
        let _ = writeln!(out, "| `{}` | {} | {}{needed} |", key.name, word(key.takes), key.doc);
    }
}

fn word(takes: Takes) -> String {
    match takes {
        Takes::Text => "text".to_owned(),
        Takes::Bool => "`true`, `false`".to_owned(),
        Takes::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Takes::Size => "size".to_owned(),
        Takes::Version => "version".to_owned(),
        Takes::Day => "day".to_owned(),
        Takes::Glob => "glob".to_owned(),
        Takes::File => "path".to_owned(),
        Takes::Host => "host".to_owned(),
        Takes::Rule => "rule or glob".to_owned(),
        Takes::List(Takes::Table(_)) => "list of tables".to_owned(),
        Takes::List(of) => format!("list: {}", word(*of)),
        Takes::Table(_) => "table".to_owned(),
        Takes::Levels { .. } => "table: rule or glob to level".to_owned(),
    }
}
