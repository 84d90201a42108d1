//! Lowers expressions into the value language.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::names::{Interner, Scopes, text};
use super::templates::Seen;
use crate::summary::{self as s, Key, *};

/// Levels of expressions and statements that are followed; what lies deeper is unknown.
///
/// Chains of `+` and of `else if` are followed in a loop and do not count.
const MOST_DEPTH: u32 = 2_000;

/// What is remembered while one function is lowered.
pub(super) struct Frame {
    pub function: FunctionId,
    /// The function whose `this` is seen here.
    pub this: FunctionId,
    pub condition: Option<ConditionId>,
    pub awaited: bool,
}

/// One file on its way into a [`Summary`].
pub struct Lowering {
    pub(super) out: Summary,
    pub(super) strings: Interner,
    pub(super) scopes: Scopes,
    pub(super) frames: Vec<Frame>,
    pub(super) order: u32,
    pub(super) class: Option<ClassId>,
    /// Variables that hold what `createRequire` gave.
    pub(super) requires: Vec<BindingId>,
    /// What names mean in the template that is being lowered.
    pub(super) template: Option<Seen>,
    depth: u32,
    too_deep: bool,
}

/// The summary of a script that says nothing.
pub fn empty(range: Range) -> Summary {
    Lowering::new(range).finish().0
}

impl Lowering {
    /// Starts with nothing but the top level.
    pub fn new(range: Range) -> Self {
        let mut out = Summary::default();
        out.functions.push(s::Function {
            name: None,
            kind: FunctionKind::Module,
            span: range,
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
        let mut scopes = Scopes::default();
        scopes.open_function();
        Self {
            out,
            strings: Interner::default(),
            scopes,
            frames: vec![Frame { function: TOP, this: TOP, condition: None, awaited: false }],
            order: 0,
            class: None,
            requires: Vec::new(),
            template: None,
            depth: 0,
            too_deep: false,
        }
    }

    /// Ends the file.
    pub fn finish(mut self) -> (Summary, bool) {
        self.out.functions[TOP.index()].events = (0, self.order);
        self.out.strings = self.strings.finish();
        self.out.shrink();
        (self.out, self.too_deep)
    }

    /// Lowers a file that is one expression.
    pub fn whole(&mut self, expr: &Expr) {
        let value = self.expr(expr);
        self.out.exports.push(Export::Whole(value));
    }

    pub(super) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the top level's frame is never popped")
    }

    pub(super) fn function(&self) -> FunctionId {
        self.frames.last().map_or(TOP, |frame| frame.function)
    }

    pub(super) fn condition(&self) -> Option<ConditionId> {
        self.frames.last().and_then(|frame| frame.condition)
    }

    /// From here on, `test` is known to have come out as `holds`.
    pub(super) fn assume(&mut self, test: ValueId, holds: bool) {
        let parent = self.condition();
        let id = ConditionId(self.out.conditions.len() as u32);
        self.out.conditions.push(Condition { test, holds, parent });
        self.frame().condition = Some(id);
    }

    pub(super) fn event(&mut self) -> u32 {
        self.order += 1;
        self.order
    }

    pub(super) fn name(&mut self, text: &str) -> Name {
        self.strings.name(text)
    }

    pub(super) fn add(&mut self, value: Value, span: Range) -> ValueId {
        let id = ValueId(self.out.values.len() as u32);
        let owner = self.function();
        if self.out.owners.last().is_none_or(|(_, last)| *last != owner) {
            self.out.owners.push((id, owner));
        }
        self.out.values.push(Node { value, span });
        id
    }

    pub(super) fn list(&mut self, items: &[Item]) -> List {
        let start = self.out.items.len() as u32;
        self.out.items.extend_from_slice(items);
        List { start, len: items.len() as u32 }
    }

    pub(super) fn string(&mut self, text: &str, span: Range) -> ValueId {
        let name = self.name(text);
        self.add(Value::String(name), span)
    }

    pub(super) fn member(&mut self, object: ValueId, key: &str, span: Range) -> ValueId {
        let key = self.name(key);
        self.add(Value::Member(object, key), span)
    }

    /// Runs `body` one level deeper, or gives up.
    pub(super) fn deeper<T>(&mut self, otherwise: T, body: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MOST_DEPTH {
            self.too_deep = true;
            return otherwise;
        }
        self.depth += 1;
        let result = body(self);
        self.depth -= 1;
        result
    }

    /// Runs `body` knowing that `test` came out as `holds`.
    pub(super) fn assuming<T>(&mut self, test: ValueId, holds: bool, body: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.condition();
        self.assume(test, holds);
        let result = body(self);
        self.frame().condition = before;
        result
    }

    pub(super) fn unknown(&mut self, span: Range) -> ValueId {
        self.add(Value::Unknown, span)
    }

    /// The value of an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> ValueId {
        if self.depth >= MOST_DEPTH {
            self.too_deep = true;
            let span = range(expr.span());
            return self.unknown(span);
        }
        self.depth += 1;
        let id = self.expr_inner(expr, None);
        self.depth -= 1;
        id
    }

    /// As [`Self::expr`], for an expression that is given a name: `const name = () => {}`.
    pub(super) fn named(&mut self, expr: &Expr, name: Option<Name>) -> ValueId {
        match expr {
            Expr::Arrow(_)
            | Expr::Fn(_)
            | Expr::Class(_)
            | Expr::Paren(_)
            | Expr::TsAs(_)
            | Expr::TsNonNull(_)
            | Expr::TsTypeAssertion(_)
            | Expr::TsConstAssertion(_)
            | Expr::TsSatisfies(_)
            | Expr::TsInstantiation(_)
            | Expr::Call(_)
                if self.depth < MOST_DEPTH =>
            {
                self.depth += 1;
                let id = self.expr_inner(expr, name);
                self.depth -= 1;
                id
            }
            _ => self.expr(expr),
        }
    }

    fn expr_inner(&mut self, expr: &Expr, name: Option<Name>) -> ValueId {
        let span = range(expr.span());
        match expr {
            Expr::Paren(inner) => self.named(&inner.expr, name),
            Expr::TsAs(inner) => self.named(&inner.expr, name),
            Expr::TsNonNull(inner) => self.named(&inner.expr, name),
            Expr::TsTypeAssertion(inner) => self.named(&inner.expr, name),
            Expr::TsConstAssertion(inner) => self.named(&inner.expr, name),
            Expr::TsSatisfies(inner) => self.named(&inner.expr, name),
            Expr::TsInstantiation(inner) => self.named(&inner.expr, name),
            Expr::This(_) => {
                let this = self.frame().this;
                self.add(Value::This(this), span)
            }
            Expr::Ident(ident) => self.ident(ident),
            Expr::Lit(literal) => self.literal(literal),
            Expr::Tpl(template) => self.template(template, span),
            Expr::Array(array) => {
                let mut items = Vec::with_capacity(array.elems.len());
                for element in &array.elems {
                    items.push(match element {
                        Some(element) => self.item(element),
                        None => Item { value: self.add(Value::Undefined, span), spread: false },
                    });
                }
                let list = self.list(&items);
                let id = self.add(Value::Array(list), span);
                for item in items {
                    if let Value::Function(function) = self.out.values[item.value.index()].value {
                        self.out.functions[function.index()].holder = Some(id);
                    }
                }
                id
            }
            Expr::Object(object) => self.object(object, span),
            Expr::Fn(function) => {
                let own = function.ident.as_ref().map(|ident| self.strings.name(text(ident)));
                let id = self.function_expr(&function.function, own.or(name), own, FunctionKind::Function);
                self.add(Value::Function(id), span)
            }
            Expr::Arrow(arrow) => {
                let id = self.arrow(arrow, name);
                self.add(Value::Function(id), span)
            }
            Expr::Class(class) => {
                let own = class.ident.as_ref().map(|ident| self.strings.name(text(ident)));
                let id = self.class(&class.class, own.or(name));
                self.add(Value::Class(id), span)
            }
            Expr::Unary(unary) => self.unary(unary, span),
            Expr::Update(update) => {
                self.expr(&update.arg);
                let unknown = self.unknown(span);
                if let Expr::Ident(ident) = &*update.arg {
                    self.write_ident(ident, unknown, span);
                }
                unknown
            }
            Expr::Bin(binary) => self.binary(binary, span),
            Expr::Assign(assign) => self.assign(assign, span),
            Expr::Member(member) => {
                let object = self.expr(&member.obj);
                self.property(object, &member.prop, span)
            }
            Expr::SuperProp(property) => {
                let this = self.frame().this;
                let object = self.add(Value::Super(this), range(property.obj.span));
                match &property.prop {
                    SuperProp::Ident(ident) => self.member(object, &ident.sym, span),
                    SuperProp::Computed(computed) => self.computed(object, &computed.expr, span),
                }
            }
            Expr::Cond(conditional) => {
                let test = self.expr(&conditional.test);
                let then = self.assuming(test, true, |this| this.expr(&conditional.cons));
                let other = self.assuming(test, false, |this| this.expr(&conditional.alt));
                self.add(Value::Conditional { test, then, other }, span)
            }
            Expr::Call(call) => self.call(call, name, span),
            // `new require('x')(…)` makes nothing: it asks for the module, and calls that.
            Expr::New(new) if self.is_require(&new.callee) => {
                self.required(new.args.as_deref().unwrap_or_default(), span)
            }
            Expr::New(new) => {
                let callee = self.expr(&new.callee);
                let items = self.arguments(new.args.as_deref().unwrap_or_default());
                self.record_call(callee, &items, CallKind::New, span)
            }
            Expr::Seq(sequence) => {
                let mut last = None;
                for expr in &sequence.exprs {
                    last = Some(self.expr(expr));
                }
                last.unwrap_or_else(|| self.unknown(span))
            }
            Expr::TaggedTpl(tagged) => {
                let callee = self.expr(&tagged.tag);
                let template = self.template(&tagged.tpl, range(tagged.tpl.span));
                self.record_call(callee, &[Item { value: template, spread: false }], CallKind::Tagged, span)
            }
            Expr::Yield(inner) => {
                let Some(argument) = &inner.arg else { return self.unknown(span) };
                let value = self.expr(argument);
                // `yield* list` yields what the list holds.
                let yielded = if inner.delegate { self.add(Value::ElementOf(value), span) } else { value };
                let function = self.function();
                self.out.functions[function.index()].yields.push(yielded);
                // Whoever runs a generator most often gives it what the promise brings that it yields:
                // <https://mobx.js.org/actions.html#using-flow-instead-of-async--await->, <https://redux-saga.js.org/docs/api/#callfn-args>.
                self.add(Value::Await(value), span)
            }
            Expr::Await(inner) => {
                let value = self.expr(&inner.arg);
                self.frame().awaited = true;
                self.add(Value::Await(value), span)
            }
            Expr::MetaProp(meta) => {
                let value = if meta.kind == MetaPropKind::ImportMeta { Value::ImportMeta } else { Value::Unknown };
                self.add(value, span)
            }
            Expr::OptChain(chain) => match &*chain.base {
                OptChainBase::Member(member) => {
                    let object = self.expr(&member.obj);
                    self.property(object, &member.prop, span)
                }
                OptChainBase::Call(call) => {
                    let callee = self.expr(&call.callee);
                    let items = self.arguments(&call.args);
                    self.record_call(callee, &items, CallKind::Call, span)
                }
            },
            Expr::JSXElement(element) => self.jsx(element, span),
            Expr::JSXFragment(fragment) => {
                for child in &fragment.children {
                    self.jsx_child(child);
                }
                self.unknown(span)
            }
            Expr::JSXMember(_) | Expr::JSXNamespacedName(_) | Expr::JSXEmpty(_) => self.unknown(span),
            Expr::PrivateName(_) | Expr::Invalid(_) => self.unknown(span),
            #[allow(unreachable_patterns)]
            _ => self.unknown(span),
        }
    }

    pub(super) fn ident(&mut self, ident: &Ident) -> ValueId {
        let span = range(ident.span);
        let name = self.name(text(ident));
        match self.lookup(name) {
            Some(binding) => self.add(Value::Binding(binding), span),
            None if text(ident) == "undefined" => self.add(Value::Undefined, span),
            None => match self.component_around(name, span) {
                Some(component) => self.add(Value::Member(component, name), span),
                None => self.add(Value::Global(name), span),
            },
        }
    }

    fn literal(&mut self, literal: &Lit) -> ValueId {
        let span = range(literal.span());
        match literal {
            Lit::Str(string) => self.string(&string.value.to_string_lossy(), span),
            Lit::Bool(bool) => self.add(Value::Bool(bool.value), span),
            Lit::Null(_) => self.add(Value::Null, span),
            Lit::Num(number) => self.add(Value::Number(number.value), span),
            Lit::Regex(regex) => {
                let (pattern, flags) = (self.name(&regex.exp), self.name(&regex.flags));
                self.add(Value::Regex(pattern, flags), span)
            }
            _ => self.unknown(span),
        }
    }

    pub(super) fn property(&mut self, object: ValueId, property: &MemberProp, span: Range) -> ValueId {
        match property {
            MemberProp::Ident(ident) => self.member(object, &ident.sym, span),
            MemberProp::PrivateName(private) => self.member(object, &format!("#{}", private.name), span),
            MemberProp::Computed(computed) => self.computed(object, &computed.expr, span),
        }
    }

    fn computed(&mut self, object: ValueId, key: &Expr, span: Range) -> ValueId {
        match self.computed_key(key) {
            Key::Name(name) => self.add(Value::Member(object, name), span),
            Key::Computed(key) => self.add(Value::Index(object, key), span),
            Key::Spread => self.unknown(span),
        }
    }

    fn computed_key(&mut self, key: &Expr) -> Key {
        if let Some(key) = literal_text(key) {
            return Key::Name(self.name(&key));
        }
        let key = self.expr(key);
        match self.symbol(key) {
            Some(name) => Key::Name(self.name(&format!("[{name}]"))),
            None => Key::Computed(key),
        }
    }

    /// The name of the variable that holds a symbol, which is the key of nothing else: `const onOpen = Symbol('onOpen')`.
    fn symbol(&self, key: ValueId) -> Option<String> {
        let Value::Binding(binding) = self.out.value(key) else { return None };
        let Value::Call(call) = self.out.value(self.out.written_once(binding)?) else { return None };
        let is_named = |name: Name, text: &str| self.strings.str(name) == text;
        let is_symbol = match self.out.value(self.out.call(call).callee) {
            Value::Global(name) => is_named(name, "Symbol"),
            Value::Member(object, name) => {
                is_named(name, "for")
                    && matches!(self.out.value(object), Value::Global(name) if is_named(name, "Symbol"))
            }
            _ => false,
        };
        is_symbol.then(|| self.strings.str(self.out.bindings[binding.index()].name).to_owned())
    }

    pub(super) fn member_key(&mut self, property: &MemberProp) -> Key {
        match property {
            MemberProp::Ident(ident) => Key::Name(self.name(&ident.sym)),
            MemberProp::PrivateName(private) => Key::Name(self.name(&format!("#{}", private.name))),
            MemberProp::Computed(computed) => self.computed_key(&computed.expr),
        }
    }

    pub(super) fn prop_key(&mut self, key: &PropName) -> Key {
        match key {
            PropName::Ident(ident) => Key::Name(self.name(&ident.sym)),
            PropName::Str(string) => Key::Name(self.name(&string.value.to_string_lossy())),
            PropName::Num(number) => Key::Name(self.name(&number.value.to_string())),
            PropName::Computed(computed) => self.computed_key(&computed.expr),
            PropName::BigInt(number) => Key::Name(self.name(&number.value.to_string())),
        }
    }

    fn object(&mut self, object: &ObjectLit, span: Range) -> ValueId {
        let mut properties = Vec::with_capacity(object.props.len());
        let mut methods = Vec::new();
        for property in &object.props {
            let property_span = range(property.span());
            let lowered = match property {
                PropOrSpread::Spread(spread) => (Key::Spread, self.expr(&spread.expr), Slot::Value),
                PropOrSpread::Prop(property) => match &**property {
                    Prop::Shorthand(ident) => (Key::Name(self.name(text(ident))), self.ident(ident), Slot::Value),
                    Prop::KeyValue(pair) => {
                        let key = self.prop_key(&pair.key);
                        let value = self.named(&pair.value, key_name(key));
                        if let Value::Function(function) = self.out.values[value.index()].value {
                            methods.push(function);
                        }
                        (key, value, Slot::Value)
                    }
                    Prop::Assign(pair) => {
                        let key = Key::Name(self.name(text(&pair.key)));
                        (key, self.expr(&pair.value), Slot::Value)
                    }
                    Prop::Getter(getter) => {
                        let key = self.prop_key(&getter.key);
                        let function = self.function_expr(&getter.function, key_name(key), None, FunctionKind::Getter);
                        methods.push(function);
                        (key, self.add(Value::Function(function), property_span), Slot::Getter)
                    }
                    Prop::Setter(setter) => {
                        let key = self.prop_key(&setter.key);
                        let function = self.function_expr(&setter.function, key_name(key), None, FunctionKind::Setter);
                        methods.push(function);
                        (key, self.add(Value::Function(function), property_span), Slot::Setter)
                    }
                    Prop::Method(method) => {
                        let key = self.prop_key(&method.key);
                        let function = self.function_expr(&method.function, key_name(key), None, FunctionKind::Method);
                        methods.push(function);
                        (key, self.add(Value::Function(function), property_span), Slot::Value)
                    }
                },
            };
            properties.push(Property { key: lowered.0, value: lowered.1, slot: lowered.2, span: property_span });
        }
        let start = self.out.properties.len() as u32;
        self.out.properties.extend_from_slice(&properties);
        let id = self.add(Value::Object(List { start, len: properties.len() as u32 }), span);
        for method in methods {
            self.out.functions[method.index()].holder = Some(id);
        }
        id
    }
}

/// The name that a key gives to a function behind it.
pub(super) fn key_name(key: Key) -> Option<Name> {
    match key {
        Key::Name(name) => Some(name),
        _ => None,
    }
}

/// An expression without parentheses and casts around it.
pub(super) fn unwrapped(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Paren(inner) => &inner.expr,
            Expr::TsAs(inner) => &inner.expr,
            Expr::TsNonNull(inner) => &inner.expr,
            Expr::TsTypeAssertion(inner) => &inner.expr,
            Expr::TsConstAssertion(inner) => &inner.expr,
            Expr::TsSatisfies(inner) => &inner.expr,
            other => return other,
        };
    }
}

/// The text of a string literal, or of a template without holes.
pub(super) fn literal_text(expr: &Expr) -> Option<String> {
    match unwrapped(expr) {
        Expr::Lit(Lit::Str(string)) => Some(string.value.to_string_lossy().into_owned()),
        Expr::Tpl(template) if template.exprs.is_empty() => {
            let quasi = template.quasis.first()?;
            Some(quasi.cooked.as_ref()?.to_string_lossy().into_owned())
        }
        _ => None,
    }
}

/// A span of the parser, which counts from 1, as a byte range.
pub(super) fn range(span: swc_common::Span) -> Range {
    (span.lo.0.saturating_sub(1), span.hi.0.saturating_sub(1))
}
