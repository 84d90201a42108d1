//! Lowers the template of a component: what becomes markup is a call of `v-html`, an element of a component one of its tag.

use swc_ecma_ast::*;
use swc_ecma_parser::{Syntax, TsSyntax};

use super::lower::{Lowering, unwrapped};
use super::parse::{expression, is_bearable};
use crate::html::{First, Given, Part, camel_case, pascal_case};
use crate::summary::{Key, *};

/// A template, and what its names mean.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// What it says.
    pub parts: &'a [Part],
    /// Where its names are looked for.
    pub sight: Sight,
}

/// What the names in a template mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Members of the component, never variables of the script: <https://vuejs.org/guide/essentials/template-syntax.html>.
    Members,
    /// Variables of the script, or else members of the component: <https://vuejs.org/api/sfc-script-setup.html>.
    Setup,
    /// Variables of the script: `.svelte`.
    Variables,
}

/// What names mean where a template is lowered.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// The first variable that is seen.
    from: u32,
    /// What no variable is, is a member of the component.
    members: bool,
}

impl Lowering {
    /// Lowers a template, after the script whose variables it may name.
    pub(super) fn component_template(&mut self, template: Template, text: &str) {
        self.template = match template.sight {
            Sight::Members => Some(Seen { from: self.out.bindings.len() as u32, members: true }),
            Sight::Setup => Some(Seen { from: 0, members: true }),
            Sight::Variables => None,
        };
        for part in template.parts {
            match part {
                Part::Markup(range) => self.markup("v-html", text, *range, template.sight),
                Part::Property(range) => self.markup(":innerHTML", text, *range, template.sight),
                Part::Listener { does, of_component } => self.listener(*does, *of_component, text, template.sight),
                Part::Names { names, first } => self.loop_names(*names, *first, text),
                Part::End => self.scopes.close(),
                Part::Element { tag, attributes } => self.component(*tag, attributes, text, template.sight),
            }
        }
        self.template = None;
    }

    /// What a name means here.
    pub(super) fn lookup(&self, name: Name) -> Option<BindingId> {
        let found = self.scopes.lookup(name)?;
        self.template.is_none_or(|seen| found.0 >= seen.from).then_some(found)
    }

    /// The component of which a name in a template is a member.
    pub(super) fn component_around(&mut self, name: Name, span: Range) -> Option<ValueId> {
        let is_member = self.template.is_some_and(|seen| seen.members) && !GLOBALS.contains(&self.strings.str(name));
        is_member.then(|| self.add(Value::This(TOP), span))
    }

    /// An expression that becomes markup: with the value, and with what a reference holds, which a template names without `.value`.
    fn markup(&mut self, by: &str, text: &str, span: Range, sight: Sight) {
        let Some(expr) = parsed(text, span) else { return };
        let name = self.name(by);
        let callee = self.add(Value::Global(name), span);
        let value = self.expr(&expr);
        let mut items = vec![Item { value, spread: false }];
        if sight == Sight::Setup {
            let held = self.member(value, "value", self.out.values[value.index()].span);
            items.push(Item { value: held, spread: false });
        }
        self.record_call(callee, &items, CallKind::Call, span);
    }

    /// What is done when something happens, as a function that is handed to a call: statements of Vue's are one of `$event`,
    /// <https://vuejs.org/guide/essentials/event-handling.html#inline-handlers>.
    fn listener(&mut self, does: Range, of_component: bool, text: &str, sight: Sight) {
        let whole = parsed(text, does);
        let is_reference = match whole.as_deref().map(unwrapped) {
            Some(Expr::Arrow(_) | Expr::Fn(_)) => false,
            Some(Expr::Ident(_) | Expr::Member(_)) => true,
            _ if sight == Sight::Variables => return,
            _ => {
                let said = text.get(does.0 as usize..does.1 as usize).unwrap_or_default();
                let said = format!("{EVENT}{said}}}");
                let Some(before) = does.0.checked_sub(EVENT.len() as u32) else { return };
                // Places in it are places in the file.
                if ![before, does.1 + 1].iter().all(|at| text.is_char_boundary(*at as usize)) {
                    return;
                }
                if let Some(function) = is_bearable(&said, SYNTAX).then(|| expression(&said, before, SYNTAX)).flatten()
                {
                    self.heard(&function, does);
                }
                return;
            }
        };
        // What the browser hands over is an event and no data.
        if let Some(function) = whole.filter(|_| of_component || !is_reference) {
            self.heard(&function, does);
        }
    }

    fn heard(&mut self, function: &Expr, span: Range) {
        let name = self.name(LISTENER);
        let callee = self.add(Value::Global(name), span);
        let value = self.expr(function);
        self.record_call(callee, &[Item { value, spread: false }], CallKind::Call, span);
    }

    /// Opens a scope with these names.
    fn loop_names(&mut self, names: Range, first: First, text: &str) {
        let of = match first {
            First::ElementOf(range) => parsed(text, range).map(|expr| self.expr(&expr)),
            First::Value(range) => parsed(text, range).map(|expr| self.expr(&expr)),
            First::Unknown => None,
        };
        self.scopes.open();
        // Something stands before every name, at least the tag.
        let said = text.get(names.0 as usize..names.1 as usize).map(|names| format!("({names})=>0"));
        let arrow = said.and_then(|said| expression(&said, names.0.saturating_sub(1), SYNTAX));
        let Some(Expr::Arrow(arrow)) = arrow.as_deref().map(unwrapped) else { return };
        for (index, pattern) in arrow.params.iter().enumerate() {
            self.declare_pattern(pattern, BindingKind::Const);
            let value = match (of, first) {
                (Some(list), First::ElementOf(_)) if index == 0 => self.add(Value::ElementOf(list), names),
                (Some(value), First::Value(_)) if index == 0 => self.add(Value::Await(value), names),
                _ => self.unknown(names),
            };
            self.pattern(pattern, value, super::patterns::Into::Declared);
        }
    }

    /// An element of a component, as a call like that of JSX.
    fn component(&mut self, tag: Range, attributes: &[Given], text: &str, sight: Sight) {
        let said = text.get(tag.0 as usize..tag.1 as usize).unwrap_or_default();
        let names = match sight {
            Sight::Variables => vec![said.to_owned()],
            _ => vec![said.to_owned(), camel_case(said), pascal_case(said)],
        };
        let bound = names.iter().find_map(|name| {
            let name = self.strings.name(name);
            self.scopes.lookup(name)
        });
        let called = match bound {
            Some(binding) => Value::Binding(binding),
            None => Value::Global(self.name(names.last().map_or("", String::as_str))),
        };
        let called = self.add(called, tag);
        let mut properties = Vec::with_capacity(attributes.len());
        for given in attributes {
            let (key, value, span) = match given {
                Given::Value(name, span) => (Key::Name(self.name(name)), self.given(text, *span), *span),
                Given::Text(name, span) => {
                    let said = text.get(span.0 as usize..span.1 as usize).unwrap_or_default();
                    (Key::Name(self.name(name)), self.string(said, *span), *span)
                }
                Given::Spread(span) => (Key::Spread, self.given(text, *span), *span),
            };
            properties.push(Property { key, value, slot: Slot::Value, span });
        }
        let start = self.out.properties.len() as u32;
        self.out.properties.extend_from_slice(&properties);
        let attributes = self.add(Value::Object(List { start, len: properties.len() as u32 }), tag);
        let callee = self.unknown(tag);
        let items = [called, attributes].map(|value| Item { value, spread: false });
        self.record_call(callee, &items, CallKind::Jsx, tag);
    }

    /// What an attribute gives.
    fn given(&mut self, text: &str, span: Range) -> ValueId {
        // A build puts the address of a picture there: `:src="require('./a.png')"`.
        let is_asset = text.get(span.0 as usize..span.1 as usize).is_some_and(|text| text.contains("require("));
        match parsed(text, span).filter(|_| !is_asset) {
            Some(expr) => self.expr(&expr),
            None => self.unknown(span),
        }
    }
}

/// What is put before the statements of a listener.
const EVENT: &str = "($event)=>{";

const SYNTAX: Syntax = Syntax::Typescript(TsSyntax {
    tsx: false,
    decorators: false,
    dts: false,
    no_early_errors: false,
    disallow_ambiguous_jsx_like: false,
});

fn parsed(text: &str, range: Range) -> Option<Box<Expr>> {
    let text = text.get(range.0 as usize..range.1 as usize)?;
    if is_bearable(text, SYNTAX) { expression(text, range.0, SYNTAX) } else { None }
}

/// What a template names of the language itself: <https://vuejs.org/guide/essentials/template-syntax.html#restricted-globals-access>.
const GLOBALS: [&str; 25] = [
    "Array",
    "BigInt",
    "Boolean",
    "Date",
    "Error",
    "Infinity",
    "Intl",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "RegExp",
    "Set",
    "String",
    "Symbol",
    "console",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "isNaN",
    "parseFloat",
    "parseInt",
];
