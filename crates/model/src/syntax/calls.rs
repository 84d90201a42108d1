//! Lowers calls, and tells requests for modules from others.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::lower::{Lowering, literal_text, range, unwrapped};
use super::names::text;
use crate::summary::{self as s, Key, *};

impl Lowering {
    pub(super) fn item(&mut self, element: &ExprOrSpread) -> Item {
        Item { value: self.expr(&element.expr), spread: element.spread.is_some() }
    }

    pub(super) fn arguments(&mut self, arguments: &[ExprOrSpread]) -> Vec<Item> {
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

    pub(super) fn call(&mut self, call: &CallExpr, name: Option<Name>, span: Range) -> ValueId {
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
                    return self.required(&call.args, span);
                }
                // What is made of a component is called as it is: `const Item = memo(() => …)`.
                let name = name.filter(|_| wraps_component(callee));
                let callee = self.expr(callee);
                let items = match (name, call.args.split_first()) {
                    (Some(_), Some((first, rest))) if first.spread.is_none() => {
                        let mut items = vec![Item { value: self.named(&first.expr, name), spread: false }];
                        items.extend(self.arguments(rest));
                        items
                    }
                    _ => self.arguments(&call.args),
                };
                self.defined_export(callee, &items);
                let made = self.record_call(callee, &items, CallKind::Call, span);
                self.assigned_properties(callee, &items);
                made
            }
        }
    }

    /// What the module loader gives, with these arguments.
    pub(super) fn required(&mut self, arguments: &[ExprOrSpread], span: Range) -> ValueId {
        match arguments.first().and_then(|argument| literal_text(&argument.expr)) {
            Some(specifier) => {
                let at = arguments.first().map_or(span, |argument| range(argument.expr.span()));
                let import = self.import(&specifier, ImportKind::Require, at);
                self.add(Value::Module(import), span)
            }
            None => {
                let callee = self.unknown(span);
                let items = self.arguments(arguments);
                self.record_call(callee, &items, CallKind::Import, span)
            }
        }
    }

    /// `Object.assign(options, { key: value })`: the same as `options.key = value` for each.
    fn assigned_properties(&mut self, callee: ValueId, items: &[Item]) {
        let Some((target, sources)) = items.split_first() else { return };
        let value = |this: &Self, id: ValueId| this.out.values[id.index()].value;
        let Value::Member(object, method) = value(self, callee) else { return };
        let is_assign = self.strings.str(method) == "assign"
            && matches!(value(self, object), Value::Global(global) if self.strings.str(global) == "Object");
        let is_place = matches!(value(self, target.value), Value::Binding(_) | Value::Member(..) | Value::Global(_));
        if !is_assign || !is_place || target.spread {
            return;
        }
        for source in sources {
            let Value::Object(list) = value(self, source.value) else { continue };
            for index in list.range() {
                let property = self.out.properties[index];
                if let (Key::Name(_), Slot::Value) = (property.key, property.slot) {
                    self.write(target.value, property.key, Some(property.value), property.span);
                }
            }
        }
    }

    /// `Object.defineProperty(exports, 'name', { get: function () { return value; } })`, as compilers write re-exports.
    pub(super) fn defined_export(&mut self, callee: ValueId, items: &[Item]) {
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

    /// Whether this is the module loader, or either that or something else:
    /// `typeof __webpack_require__ === 'function' ? __non_webpack_require__ : require`.
    pub(super) fn may_be_require(&mut self, expr: &Expr) -> bool {
        match unwrapped(expr) {
            Expr::Cond(either) => self.is_require(&either.cons) || self.is_require(&either.alt),
            Expr::Bin(or) if matches!(or.op, BinaryOp::LogicalOr | BinaryOp::NullishCoalescing) => {
                self.is_require(&or.left) || self.is_require(&or.right)
            }
            expr => self.is_require(expr),
        }
    }

    /// Whether this names the module loader: `require`, `window.require`, `module.require`, what `createRequire` gave.
    pub(super) fn is_require(&mut self, callee: &Expr) -> bool {
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
            // `require('esm')(module)('./main.mjs')`: https://github.com/standard-things/esm#getting-started
            Expr::Call(loader) => match &loader.callee {
                Callee::Expr(made) => self.is_esm(made),
                _ => false,
            },
            _ => false,
        }
    }

    fn is_esm(&mut self, made: &Expr) -> bool {
        let Expr::Call(asked) = unwrapped(made) else { return false };
        let Callee::Expr(require) = &asked.callee else { return false };
        let specifier = asked.args.first().and_then(|argument| literal_text(&argument.expr));
        specifier.as_deref() == Some("esm")
            && matches!(unwrapped(require), Expr::Ident(ident) if text(ident) == "require")
    }

    pub(super) fn import(&mut self, specifier: &str, kind: ImportKind, span: Range) -> ImportId {
        let specifier = self.name(specifier);
        let id = ImportId(self.out.imports.len() as u32);
        let function = self.function();
        self.out.imports.push(s::Import { specifier, kind, span, function });
        id
    }
}

/// Whether a function is called as those are that make a component of a component: `memo`, `React.forwardRef`.
fn wraps_component(callee: &Expr) -> bool {
    let name: &str = match callee {
        Expr::Ident(ident) => &ident.sym,
        Expr::Member(member) => match &member.prop {
            MemberProp::Ident(ident) => &ident.sym,
            _ => return false,
        },
        Expr::Paren(inner) => return wraps_component(&inner.expr),
        _ => return false,
    };
    matches!(name, "memo" | "forwardRef" | "observer")
}
