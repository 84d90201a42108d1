//! Lowers expressions into the value language.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::names::{Interner, Scopes, text};
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
            depth: 0,
            too_deep: false,
        }
    }

    /// Ends the file.
    pub fn finish(mut self) -> (Summary, bool) {
        self.out.functions[TOP.index()].events = (0, self.order);
        self.out.strings = self.strings.finish();
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
            Expr::Arrow(_) | Expr::Fn(_) | Expr::Class(_) | Expr::Paren(_) if self.depth < MOST_DEPTH => {
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
            Expr::Call(call) => self.call(call, span),
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
                if let Some(argument) = &inner.arg {
                    self.expr(argument);
                }
                self.unknown(span)
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
        match self.scopes.lookup(name) {
            Some(binding) => self.add(Value::Binding(binding), span),
            None if text(ident) == "undefined" => self.add(Value::Undefined, span),
            None => self.add(Value::Global(name), span),
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

    fn template(&mut self, template: &Tpl, span: Range) -> ValueId {
        let mut items = Vec::with_capacity(template.quasis.len() + template.exprs.len());
        let mut exprs = template.exprs.iter();
        for quasi in &template.quasis {
            let cooked = quasi.cooked.as_ref().map(|cooked| cooked.to_string_lossy().into_owned());
            let quasi_text = cooked.unwrap_or_else(|| quasi.raw.to_string());
            if !quasi_text.is_empty() || template.exprs.is_empty() {
                let value = self.string(&quasi_text, range(quasi.span));
                items.push(Item { value, spread: false });
            }
            if let Some(expr) = exprs.next() {
                let value = self.expr(expr);
                items.push(Item { value, spread: false });
            }
        }
        self.joined(items, span)
    }

    /// A text made of parts; one literal part alone is a string.
    fn joined(&mut self, items: Vec<Item>, span: Range) -> ValueId {
        let mut merged: Vec<Item> = Vec::with_capacity(items.len());
        // Literal parts that follow each other, collected: a text is copied once, however many parts it has.
        let mut text: Option<(String, Range, Option<Item>)> = None;
        for item in items {
            let node = self.out.values[item.value.index()];
            match (node.value, &mut text) {
                (Value::String(name), Some((collected, at, single))) => {
                    collected.push_str(self.strings.str(name));
                    at.1 = node.span.1;
                    *single = None;
                }
                (Value::String(name), None) => {
                    text = Some((self.strings.str(name).to_owned(), node.span, Some(item)));
                }
                _ => {
                    self.flush(text.take(), &mut merged);
                    merged.push(item);
                }
            }
        }
        self.flush(text, &mut merged);
        if let [only] = merged.as_slice()
            && let Value::String(name) = self.out.values[only.value.index()].value
        {
            return self.add(Value::String(name), span);
        }
        let list = self.list(&merged);
        self.add(Value::Template(list), span)
    }

    /// Adds collected literal parts to the parts of a text.
    fn flush(&mut self, text: Option<(String, Range, Option<Item>)>, parts: &mut Vec<Item>) {
        match text {
            Some((_, _, Some(single))) => parts.push(single),
            Some((text, at, None)) => parts.push(Item { value: self.string(&text, at), spread: false }),
            None => {}
        }
    }

    fn unary(&mut self, unary: &UnaryExpr, span: Range) -> ValueId {
        if unary.op == UnaryOp::Delete {
            let (object, key) = match &*unary.arg {
                Expr::Member(member) => (self.expr(&member.obj), self.member_key(&member.prop)),
                other => {
                    self.expr(other);
                    return self.unknown(span);
                }
            };
            self.write(object, key, None, span);
            return self.unknown(span);
        }
        let operand = self.expr(&unary.arg);
        let literal = self.out.values[operand.index()].value;
        let value = match (unary.op, literal) {
            (UnaryOp::Bang, Value::Number(number)) => Value::Bool(number == 0.0),
            (UnaryOp::Bang, Value::Bool(bool)) => Value::Bool(!bool),
            (UnaryOp::Bang, _) => Value::Unary(Operator::Not, operand),
            (UnaryOp::Minus, Value::Number(number)) => Value::Number(-number),
            (UnaryOp::Minus, _) => Value::Unary(Operator::Negate, operand),
            (UnaryOp::Void, Value::Number(_)) => Value::Undefined,
            (UnaryOp::Void, _) => Value::Unary(Operator::Void, operand),
            (UnaryOp::TypeOf, _) => Value::Unary(Operator::TypeOf, operand),
            _ => Value::Unary(Operator::Other, operand),
        };
        self.add(value, span)
    }

    fn binary(&mut self, binary: &BinExpr, span: Range) -> ValueId {
        match binary.op {
            BinaryOp::Add => return self.sum(binary, span),
            BinaryOp::LogicalAnd | BinaryOp::LogicalOr | BinaryOp::NullishCoalescing => {
                return self.logical(binary, span);
            }
            _ => {}
        }
        let left = self.expr(&binary.left);
        let right = self.expr(&binary.right);
        let operator = match binary.op {
            BinaryOp::EqEq | BinaryOp::EqEqEq => Operator::Equal,
            BinaryOp::NotEq | BinaryOp::NotEqEq => Operator::NotEqual,
            BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq => Operator::Order,
            BinaryOp::In => Operator::In,
            BinaryOp::InstanceOf => Operator::InstanceOf,
            _ => Operator::Other,
        };
        self.add(Value::Binary(operator, left, right), span)
    }

    /// `a && b`, `a || b`, `a ?? b`: a chain is walked in a loop, each operand under what the ones before it tell.
    fn logical(&mut self, binary: &BinExpr, span: Range) -> ValueId {
        let mut chain = vec![binary];
        let mut left = unwrapped(&binary.left);
        while let Expr::Bin(inner) = left
            && matches!(inner.op, BinaryOp::LogicalAnd | BinaryOp::LogicalOr | BinaryOp::NullishCoalescing)
        {
            chain.push(inner);
            left = unwrapped(&inner.left);
        }
        let before = self.condition();
        let mut value = self.expr(left);
        let mut outermost = value;
        for link in chain.iter().rev() {
            let operator = match link.op {
                BinaryOp::LogicalAnd => Operator::And,
                BinaryOp::LogicalOr => Operator::Or,
                _ => Operator::Nullish,
            };
            // `(a && b) || c`: c runs where the whole left side failed.
            self.frame().condition = before;
            if operator != Operator::Nullish {
                self.assume(value, operator == Operator::And);
            }
            let right = self.expr(&link.right);
            let at = if std::ptr::eq(*link, binary) { span } else { range(link.span) };
            outermost = self.add(Value::Binary(operator, value, right), at);
            value = outermost;
        }
        self.frame().condition = before;
        outermost
    }

    /// A chain of `+`, in a loop: string tables reach thousands of links.
    fn sum(&mut self, binary: &BinExpr, span: Range) -> ValueId {
        let mut rights = vec![&*binary.right];
        let mut left = unwrapped(&binary.left);
        while let Expr::Bin(inner) = left
            && inner.op == BinaryOp::Add
        {
            rights.push(&inner.right);
            left = unwrapped(&inner.left);
        }
        let mut operands = vec![self.expr(left)];
        for right in rights.into_iter().rev() {
            operands.push(self.expr(right));
        }
        let is_text = operands
            .iter()
            .any(|&operand| matches!(self.out.values[operand.index()].value, Value::String(_) | Value::Template(_)));
        if is_text {
            let mut items = Vec::with_capacity(operands.len());
            for operand in operands {
                match self.out.values[operand.index()].value {
                    Value::Template(list) => items.extend_from_slice(&self.out.items[list.range()]),
                    _ => items.push(Item { value: operand, spread: false }),
                }
            }
            return self.joined(items, span);
        }
        let mut operands = operands.into_iter();
        let Some(mut sum) = operands.next() else { return self.unknown(span) };
        for operand in operands {
            sum = self.add(Value::Binary(Operator::Add, sum, operand), span);
        }
        sum
    }

    fn item(&mut self, element: &ExprOrSpread) -> Item {
        Item { value: self.expr(&element.expr), spread: element.spread.is_some() }
    }

    fn arguments(&mut self, arguments: &[ExprOrSpread]) -> Vec<Item> {
        arguments.iter().map(|argument| self.item(argument)).collect()
    }

    pub(super) fn record_call(&mut self, callee: ValueId, items: &[Item], kind: CallKind, span: Range) -> ValueId {
        let arguments = self.list(items);
        let id = CallId(self.out.calls.len() as u32);
        let order = self.event();
        let (function, condition) = (self.function(), self.condition());
        let after_await = self.frame().awaited;
        self.out.calls.push(s::Call { callee, arguments, kind, span, function, condition, order, after_await });
        self.add(Value::Call(id), span)
    }

    fn call(&mut self, call: &CallExpr, span: Range) -> ValueId {
        match &call.callee {
            Callee::Super(callee) => {
                let callee = self.unknown(range(callee.span));
                let items = self.arguments(&call.args);
                self.record_call(callee, &items, CallKind::Super, span)
            }
            Callee::Import(_) => match call.args.first().and_then(|argument| literal_text(&argument.expr)) {
                Some(specifier) => {
                    let at = call.args.first().map_or(span, |argument| range(argument.expr.span()));
                    let import = self.import(&specifier, ImportKind::Dynamic, at);
                    self.add(Value::Module(import), span)
                }
                None => {
                    let callee = self.unknown(span);
                    let items = self.arguments(&call.args);
                    self.record_call(callee, &items, CallKind::Import, span)
                }
            },
            Callee::Expr(callee) => {
                if self.is_require(callee) {
                    return match call.args.first().and_then(|argument| literal_text(&argument.expr)) {
                        Some(specifier) => {
                            let at = call.args.first().map_or(span, |argument| range(argument.expr.span()));
                            let import = self.import(&specifier, ImportKind::Require, at);
                            self.add(Value::Module(import), span)
                        }
                        None => {
                            let callee = self.unknown(span);
                            let items = self.arguments(&call.args);
                            self.record_call(callee, &items, CallKind::Import, span)
                        }
                    };
                }
                let callee = self.expr(callee);
                let items = self.arguments(&call.args);
                self.defined_export(callee, &items);
                self.record_call(callee, &items, CallKind::Call, span)
            }
        }
    }

    /// `Object.defineProperty(exports, 'name', { get: function () { return value; } })`, as compilers write re-exports.
    fn defined_export(&mut self, callee: ValueId, items: &[Item]) {
        let [target, name, descriptor] = items else { return };
        let value = |this: &Self, id: ValueId| this.out.values[id.index()].value;
        if !matches!(value(self, callee), Value::Member(_, method) if self.strings.str(method) == "defineProperty")
            || !matches!(value(self, target.value), Value::Global(global) if self.strings.str(global) == "exports")
        {
            return;
        }
        let (Value::String(name), Value::Object(list)) = (value(self, name.value), value(self, descriptor.value))
        else {
            return;
        };
        let found = self.out.properties[list.range()].iter().find_map(|property| match property.key {
            Key::Name(key) if self.strings.str(key) == "get" => match value(self, property.value) {
                Value::Function(getter) => self.out.functions[getter.index()].exits.iter().find_map(|exit| exit.value),
                _ => None,
            },
            Key::Name(key) if self.strings.str(key) == "value" => Some(property.value),
            _ => None,
        });
        if let Some(found) = found
            && self.strings.str(name) != "__esModule"
        {
            self.out.exports.push(Export::Named(name, found));
        }
    }

    /// Whether this names the module loader: `require`, `window.require`, `module.require`, what `createRequire` gave.
    fn is_require(&mut self, callee: &Expr) -> bool {
        match unwrapped(callee) {
            Expr::Ident(ident) => {
                let name = self.name(text(ident));
                match self.scopes.lookup(name) {
                    None => matches!(text(ident), "require" | "__non_webpack_require__"),
                    Some(binding) => self.requires.contains(&binding),
                }
            }
            Expr::Member(member) => {
                let MemberProp::Ident(property) = &member.prop else { return false };
                let Expr::Ident(object) = unwrapped(&member.obj) else { return false };
                if property.sym != "require"
                    || !matches!(
                        text(object),
                        "window" | "global" | "globalThis" | "module" | "self" | "top" | "parent"
                    )
                {
                    return false;
                }
                let name = self.name(text(object));
                self.scopes.lookup(name).is_none()
            }
            _ => false,
        }
    }

    pub(super) fn import(&mut self, specifier: &str, kind: ImportKind, span: Range) -> ImportId {
        let specifier = self.name(specifier);
        let id = ImportId(self.out.imports.len() as u32);
        let function = self.function();
        self.out.imports.push(s::Import { specifier, kind, span, function });
        id
    }

    pub(super) fn property(&mut self, object: ValueId, property: &MemberProp, span: Range) -> ValueId {
        match property {
            MemberProp::Ident(ident) => self.member(object, &ident.sym, span),
            MemberProp::PrivateName(private) => self.member(object, &format!("#{}", private.name), span),
            MemberProp::Computed(computed) => self.computed(object, &computed.expr, span),
        }
    }

    fn computed(&mut self, object: ValueId, key: &Expr, span: Range) -> ValueId {
        if let Some(key) = literal_text(key) {
            return self.member(object, &key, span);
        }
        let key = self.expr(key);
        self.add(Value::Index(object, key), span)
    }

    pub(super) fn member_key(&mut self, property: &MemberProp) -> Key {
        match property {
            MemberProp::Ident(ident) => Key::Name(self.name(&ident.sym)),
            MemberProp::PrivateName(private) => Key::Name(self.name(&format!("#{}", private.name))),
            MemberProp::Computed(computed) => match literal_text(&computed.expr) {
                Some(key) => Key::Name(self.name(&key)),
                None => Key::Computed(self.expr(&computed.expr)),
            },
        }
    }

    pub(super) fn prop_key(&mut self, key: &PropName) -> Key {
        match key {
            PropName::Ident(ident) => Key::Name(self.name(&ident.sym)),
            PropName::Str(string) => Key::Name(self.name(&string.value.to_string_lossy())),
            PropName::Num(number) => Key::Name(self.name(&number.value.to_string())),
            PropName::Computed(computed) => match literal_text(&computed.expr) {
                Some(key) => Key::Name(self.name(&key)),
                None => Key::Computed(self.expr(&computed.expr)),
            },
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

    pub(super) fn write(&mut self, object: ValueId, key: Key, value: Option<ValueId>, span: Range) {
        let order = self.event();
        let (function, condition) = (self.function(), self.condition());
        if let Some(value) = value {
            self.commonjs_export(object, key, value);
            if let Value::Function(method) = self.out.values[value.index()].value {
                let method = &mut self.out.functions[method.index()];
                if method.holder.is_none() {
                    method.holder = Some(object);
                }
            }
        }
        self.out.writes.push(Write { object, key, value, span, function, condition, order });
    }

    /// `module.exports = …`, `module.exports.name = …`, `exports.name = …`.
    fn commonjs_export(&mut self, object: ValueId, key: Key, value: ValueId) {
        let Key::Name(key) = key else { return };
        let global = |this: &Self, id: ValueId, name: &str| matches!(this.out.values[id.index()].value, Value::Global(global) if this.strings.str(global) == name);
        if global(self, object, "module") && self.strings.str(key) == "exports" {
            self.out.exports.push(Export::Whole(value));
            return;
        }
        let is_exports = global(self, object, "exports")
            || matches!(self.out.values[object.index()].value, Value::Member(module, exports)
                if self.strings.str(exports) == "exports" && global(self, module, "module"));
        if is_exports {
            self.out.exports.push(Export::Named(key, value));
        }
    }

    fn assign(&mut self, assign: &AssignExpr, span: Range) -> ValueId {
        let name = match &assign.left {
            AssignTarget::Simple(SimpleAssignTarget::Ident(ident)) => Some(self.strings.name(&ident.id.sym)),
            AssignTarget::Simple(SimpleAssignTarget::Member(member)) => match &member.prop {
                MemberProp::Ident(property) => Some(self.strings.name(&property.sym)),
                _ => None,
            },
            _ => None,
        };
        match &assign.left {
            AssignTarget::Simple(target) => self.assign_simple(target, assign, name, span),
            AssignTarget::Pat(pattern) => {
                let value = self.expr(&assign.right);
                match pattern {
                    AssignTargetPat::Object(pattern) => {
                        self.object_pattern(pattern, value, super::patterns::Into::Existing)
                    }
                    AssignTargetPat::Array(pattern) => {
                        self.array_pattern(pattern, value, super::patterns::Into::Existing)
                    }
                    AssignTargetPat::Invalid(_) => {}
                }
                value
            }
        }
    }

    fn assign_simple(
        &mut self,
        target: &SimpleAssignTarget,
        assign: &AssignExpr,
        name: Option<Name>,
        span: Range,
    ) -> ValueId {
        let target = match target {
            SimpleAssignTarget::Ident(ident) => {
                let value = match assign.op {
                    AssignOp::Assign => self.named(&assign.right, name),
                    _ => {
                        let old = self.ident(&ident.id);
                        self.changed(old, assign, name, span)
                    }
                };
                self.write_ident(&ident.id, value, span);
                return value;
            }
            SimpleAssignTarget::Member(member) => return self.assign_member(member, assign, name, span),
            SimpleAssignTarget::SuperProp(_) => None,
            SimpleAssignTarget::Paren(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsAs(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsSatisfies(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsNonNull(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsTypeAssertion(inner) => Some(&*inner.expr),
            SimpleAssignTarget::TsInstantiation(inner) => Some(&*inner.expr),
            _ => None,
        };
        match target.map(unwrapped) {
            Some(Expr::Member(member)) => self.assign_member(member, assign, name, span),
            Some(Expr::Ident(ident)) => {
                let value = self.named(&assign.right, name);
                self.write_ident(ident, value, span);
                value
            }
            _ => self.expr(&assign.right),
        }
    }

    fn assign_member(&mut self, member: &MemberExpr, assign: &AssignExpr, name: Option<Name>, span: Range) -> ValueId {
        let object = self.expr(&member.obj);
        let key = self.member_key(&member.prop);
        let value = match (assign.op, key) {
            (AssignOp::Assign, _) => self.named(&assign.right, name),
            (_, Key::Name(key)) => {
                let old = self.add(Value::Member(object, key), range(member.span));
                self.changed(old, assign, name, span)
            }
            _ => {
                self.expr(&assign.right);
                self.unknown(span)
            }
        };
        self.write(object, key, Some(value), span);
        value
    }

    /// The value after `op=`.
    fn changed(&mut self, old: ValueId, assign: &AssignExpr, name: Option<Name>, span: Range) -> ValueId {
        let operator = match assign.op {
            AssignOp::AndAssign => Operator::And,
            AssignOp::OrAssign => Operator::Or,
            AssignOp::NullishAssign => Operator::Nullish,
            AssignOp::AddAssign => {
                let value = self.expr(&assign.right);
                return match self.out.values[value.index()].value {
                    Value::String(_) | Value::Template(_) => {
                        let list = self.list(&[Item { value: old, spread: false }, Item { value, spread: false }]);
                        self.add(Value::Template(list), span)
                    }
                    _ => self.add(Value::Binary(Operator::Add, old, value), span),
                };
            }
            _ => {
                let value = self.expr(&assign.right);
                return self.add(Value::Binary(Operator::Other, old, value), span);
            }
        };
        let value = if operator == Operator::Nullish {
            self.named(&assign.right, name)
        } else {
            self.assuming(old, operator == Operator::And, |this| this.named(&assign.right, name))
        };
        self.add(Value::Binary(operator, old, value), span)
    }

    /// Records a write to a variable, or to a global that nothing declares.
    pub(super) fn write_ident(&mut self, ident: &Ident, value: ValueId, span: Range) {
        let name = self.name(text(ident));
        match self.scopes.lookup(name) {
            Some(binding) => self.write_binding(binding, value, span),
            None => {
                let global = self.name("globalThis");
                let object = self.add(Value::Global(global), range(ident.span));
                self.write(object, Key::Name(name), Some(value), span);
            }
        }
    }

    pub(super) fn write_binding(&mut self, binding: BindingId, value: ValueId, span: Range) {
        let order = self.event();
        let (function, condition) = (self.function(), self.condition());
        self.out.bindings[binding.index()].writes.push(Assignment { value, span, function, condition, order });
    }

    fn jsx(&mut self, element: &JSXElement, span: Range) -> ValueId {
        let opening = &element.opening;
        let tag = match &opening.name {
            JSXElementName::Ident(ident) => {
                let first_lower = text(ident).starts_with(|c: char| c.is_ascii_lowercase());
                if first_lower { self.string(text(ident), range(ident.span)) } else { self.ident(ident) }
            }
            other => self.unknown(range(other.span())),
        };
        let mut properties = Vec::with_capacity(opening.attrs.len());
        for attribute in &opening.attrs {
            let property_span = range(attribute.span());
            let (key, value) = match attribute {
                JSXAttrOrSpread::SpreadElement(spread) => (Key::Spread, self.expr(&spread.expr)),
                JSXAttrOrSpread::JSXAttr(attribute) => {
                    let name = match &attribute.name {
                        JSXAttrName::Ident(ident) => ident.sym.to_string(),
                        JSXAttrName::JSXNamespacedName(name) => format!("{}:{}", name.ns.sym, name.name.sym),
                    };
                    let key = self.name(&name);
                    let value = match &attribute.value {
                        None => self.add(Value::Bool(true), property_span),
                        Some(JSXAttrValue::Str(string)) => {
                            self.string(&string.value.to_string_lossy(), range(string.span))
                        }
                        Some(JSXAttrValue::JSXExprContainer(container)) => match &container.expr {
                            JSXExpr::Expr(expr) => self.named(expr, Some(key)),
                            JSXExpr::JSXEmptyExpr(_) => self.unknown(property_span),
                        },
                        Some(JSXAttrValue::JSXElement(element)) => self.expr_element(element),
                        Some(JSXAttrValue::JSXFragment(_)) => self.unknown(property_span),
                    };
                    (Key::Name(key), value)
                }
            };
            properties.push(Property { key, value, slot: Slot::Value, span: property_span });
        }
        let start = self.out.properties.len() as u32;
        self.out.properties.extend_from_slice(&properties);
        let attributes = List { start, len: properties.len() as u32 };
        let attributes = self.add(Value::Object(attributes), range(opening.span));
        for child in &element.children {
            self.jsx_child(child);
        }
        let callee = self.unknown(range(opening.span));
        let items = [Item { value: tag, spread: false }, Item { value: attributes, spread: false }];
        self.record_call(callee, &items, CallKind::Jsx, span)
    }

    fn expr_element(&mut self, element: &JSXElement) -> ValueId {
        let span = range(element.span);
        let unknown = self.unknown(span);
        self.deeper(unknown, |this| this.jsx(element, span))
    }

    fn jsx_child(&mut self, child: &JSXElementChild) {
        match child {
            JSXElementChild::JSXElement(element) => {
                self.expr_element(element);
            }
            JSXElementChild::JSXExprContainer(container) => {
                if let JSXExpr::Expr(expr) = &container.expr {
                    self.expr(expr);
                }
            }
            JSXElementChild::JSXFragment(fragment) => {
                for child in &fragment.children {
                    self.deeper((), |this| this.jsx_child(child));
                }
            }
            JSXElementChild::JSXSpreadChild(spread) => {
                self.expr(&spread.expr);
            }
            JSXElementChild::JSXText(_) => {}
        }
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
fn literal_text(expr: &Expr) -> Option<String> {
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
