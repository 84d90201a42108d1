//! Data files as summaries: YAML and TOML become one exported object, as JSON does through the parser.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use crate::source::FileKind;
use crate::summary::*;

/// Levels that are followed.
const MOST_DEPTH: u32 = 64;

/// Why a data file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// 1-based line, where one is known.
    pub line: Option<u32>,
    /// In the reader's words; lower case, no full stop.
    pub message: String,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Data {
    /// One exported object.
    pub summary: Summary,
    /// A part lies deeper than is followed and is unknown in the summary.
    pub too_deep: bool,
}

/// Reads YAML or TOML.
///
/// # Errors
/// [`DataError`] for a text that is neither.
pub fn read(text: &str, kind: FileKind) -> Result<Data, DataError> {
    if kind == FileKind::Yaml && columns(text) > MOST_COLUMNS {
        return Err(DataError { line: None, message: "nested too deeply to be read; not analysed".to_owned() });
    }
    let mut builder = Builder::new(text);
    let root = match kind {
        FileKind::Toml => {
            let document = toml_edit::Document::parse(text).map_err(|error| DataError {
                line: error.span().map(|span| {
                    1 + memchr::memchr_iter(b'\n', text.as_bytes().get(..span.start).unwrap_or(&[])).count() as u32
                }),
                message: error.message().trim_end_matches('.').to_lowercase(),
            })?;
            builder.toml(document.as_item(), 0)
        }
        _ => {
            let documents = MarkedYaml::load_from_str(text).map_err(|error| DataError {
                line: Some(error.marker().line() as u32),
                message: error.info().to_lowercase(),
            })?;
            match documents.first() {
                Some(document) => builder.yaml(document, 0),
                None => builder.add(Value::Null, (0, 0)),
            }
        }
    };
    builder.out.exports.push(Export::Whole(root));
    Ok(Data { summary: builder.out, too_deep: builder.too_deep })
}

/// Columns that YAML may be indented by, because its reader recurses at each level.
const MOST_COLUMNS: usize = 2_000;

/// The longest row of blanks and block indicators at the start of a line: each level of a block collection takes a column of it.
fn columns(text: &str) -> usize {
    let indentation = |line: &str| line.bytes().take_while(|byte| b" \t-?:".contains(byte)).count();
    text.split(['\n', '\r']).map(indentation).max().unwrap_or(0)
}

struct Builder {
    out: Summary,
    names: rustc_hash::FxHashMap<String, Name>,
    /// Byte offset of each character that is not where its index says: texts outside ASCII.
    offsets: Option<Vec<u32>>,
    too_deep: bool,
}

impl Builder {
    fn new(text: &str) -> Self {
        let mut out = Summary::default();
        out.functions.push(Function {
            name: None,
            kind: FunctionKind::Module,
            span: (0, text.len() as u32),
            parent: TOP,
            class: None,
            holder: None,
            condition: None,
            parameters: Vec::new(),
            exits: Vec::new(),
            yields: Vec::new(),
            is_async: false,
            is_generator: false,
            events: (0, 0),
        });
        let offsets = (!text.is_ascii())
            .then(|| text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]).collect());
        Self { out, names: rustc_hash::FxHashMap::default(), offsets, too_deep: false }
    }

    fn gives_up(&mut self, depth: u32) -> bool {
        self.too_deep |= depth > MOST_DEPTH;
        depth > MOST_DEPTH
    }

    fn name(&mut self, text: &str) -> Name {
        if let Some(&name) = self.names.get(text) {
            return name;
        }
        let name = Name(self.out.strings.len() as u32);
        self.out.strings.push(text.into());
        self.names.insert(text.to_owned(), name);
        name
    }

    fn add(&mut self, value: Value, span: Range) -> ValueId {
        let id = ValueId(self.out.values.len() as u32);
        self.out.values.push(Node { value, span });
        id
    }

    fn object(&mut self, properties: Vec<Property>, span: Range) -> ValueId {
        let start = self.out.properties.len() as u32;
        let len = properties.len() as u32;
        self.out.properties.extend(properties);
        self.add(Value::Object(List { start, len }), span)
    }

    fn array(&mut self, items: Vec<ValueId>, span: Range) -> ValueId {
        let start = self.out.items.len() as u32;
        let len = items.len() as u32;
        self.out.items.extend(items.into_iter().map(|value| Item { value, spread: false }));
        self.add(Value::Array(List { start, len }), span)
    }

    fn yaml_range(&self, node: &MarkedYaml) -> Range {
        let at = |index: usize| match &self.offsets {
            Some(offsets) => offsets.get(index).or(offsets.last()).copied().unwrap_or(0),
            None => index as u32,
        };
        (at(node.span.start.index()), at(node.span.end.index()))
    }

    fn yaml(&mut self, node: &MarkedYaml, depth: u32) -> ValueId {
        let span = self.yaml_range(node);
        if self.gives_up(depth) {
            return self.add(Value::Unknown, span);
        }
        match &node.data {
            YamlData::Value(scalar) => {
                let value = match scalar {
                    Scalar::Null => Value::Null,
                    Scalar::Boolean(bool) => Value::Bool(*bool),
                    Scalar::Integer(number) => Value::Number(*number as f64),
                    Scalar::FloatingPoint(number) => Value::Number(number.into_inner()),
                    Scalar::String(text) => Value::String(self.name(text)),
                };
                self.add(value, span)
            }
            YamlData::Sequence(items) => {
                let items = items.iter().map(|item| self.yaml(item, depth + 1)).collect();
                self.array(items, span)
            }
            YamlData::Mapping(mapping) => {
                let mut properties = Vec::new();
                for (key, value) in mapping {
                    let YamlData::Value(Scalar::String(name)) = &key.data else { continue };
                    let name = self.name(name);
                    let start = self.yaml_range(key).0;
                    let value = self.yaml(value, depth + 1);
                    let end = self.out.values[value.index()].span.1;
                    properties.push(Property {
                        key: Key::Name(name),
                        value,
                        slot: Slot::Value,
                        span: (start, end.max(start)),
                    });
                }
                self.object(properties, span)
            }
            YamlData::Tagged(_, inner) => self.yaml(inner, depth + 1),
            _ => self.add(Value::Unknown, span),
        }
    }

    fn toml(&mut self, item: &toml_edit::Item, depth: u32) -> ValueId {
        let span = item.span().map_or((0, 0), |span| (span.start as u32, span.end as u32));
        if self.gives_up(depth) {
            return self.add(Value::Unknown, span);
        }
        match item {
            toml_edit::Item::Value(value) => self.toml_value(value, depth),
            toml_edit::Item::Table(table) => {
                let mut properties = Vec::new();
                for (key, item) in table.iter() {
                    let start = table.key(key).and_then(|key| key.span()).map_or(span.0, |span| span.start as u32);
                    self.toml_property(key, start, item, depth, &mut properties);
                }
                self.object(properties, span)
            }
            toml_edit::Item::ArrayOfTables(tables) => {
                let items: Vec<ValueId> =
                    tables.iter().map(|table| self.toml(&toml_edit::Item::Table(table.clone()), depth + 1)).collect();
                self.array(items, span)
            }
            toml_edit::Item::None => self.add(Value::Undefined, span),
        }
    }

    fn toml_property(
        &mut self,
        key: &str,
        start: u32,
        item: &toml_edit::Item,
        depth: u32,
        properties: &mut Vec<Property>,
    ) {
        let name = self.name(key);
        let value = self.toml(item, depth + 1);
        let end = self.out.values[value.index()].span.1;
        properties.push(Property { key: Key::Name(name), value, slot: Slot::Value, span: (start, end.max(start)) });
    }

    fn toml_value(&mut self, value: &toml_edit::Value, depth: u32) -> ValueId {
        let span = value.span().map_or((0, 0), |span| (span.start as u32, span.end as u32));
        let lowered = match value {
            toml_edit::Value::String(text) => Value::String(self.name(text.value())),
            toml_edit::Value::Integer(number) => Value::Number(*number.value() as f64),
            toml_edit::Value::Float(number) => Value::Number(*number.value()),
            toml_edit::Value::Boolean(bool) => Value::Bool(*bool.value()),
            toml_edit::Value::Datetime(_) => Value::Unknown,
            toml_edit::Value::Array(array) => {
                if self.gives_up(depth) {
                    return self.add(Value::Unknown, span);
                }
                let items = array.iter().map(|item| self.toml_value(item, depth + 1)).collect();
                return self.array(items, span);
            }
            toml_edit::Value::InlineTable(table) => {
                if self.gives_up(depth) {
                    return self.add(Value::Unknown, span);
                }
                let mut properties = Vec::new();
                for (key, inner) in table.iter() {
                    let name = self.name(key);
                    let value = self.toml_value(inner, depth + 1);
                    let at = self.out.values[value.index()].span;
                    properties.push(Property { key: Key::Name(name), value, slot: Slot::Value, span: at });
                }
                return self.object(properties, span);
            }
        };
        self.add(lowered, span)
    }
}
