//! Lowers JSX: an element is a call of its tag with its attributes as an object.

use swc_common::Spanned;
use swc_ecma_ast::*;

use super::lower::{Lowering, range};
use super::names::text;
use crate::summary::{Key, *};

impl Lowering {
    pub(super) fn jsx(&mut self, element: &JSXElement, span: Range) -> ValueId {
        let opening = &element.opening;
        let tag = match &opening.name {
            JSXElementName::Ident(ident) => {
                let first_lower = text(ident).starts_with(|c: char| c.is_ascii_lowercase());
                if first_lower { self.string(text(ident), range(ident.span)) } else { self.ident(ident) }
            }
            JSXElementName::JSXMemberExpr(member) => self.jsx_member(member),
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
        let mut children = Vec::new();
        for child in &element.children {
            children.extend(self.jsx_child(child));
        }
        // What stands in an element is a property of a component, behind all that are written: <https://react.dev/learn/passing-props-to-a-component#passing-jsx-as-children>.
        let is_component = !matches!(self.out.values[tag.index()].value, Value::String(_));
        if let (true, Some(&first)) = (is_component, children.first()) {
            let key = Key::Name(self.name("children"));
            let span = self.out.values[first.index()].span;
            let value = if children.len() == 1 {
                first
            } else {
                let items: Vec<Item> = children.iter().map(|&value| Item { value, spread: false }).collect();
                let list = self.list(&items);
                self.add(Value::Array(list), span)
            };
            properties.push(Property { key, value, slot: Slot::Value, span });
        }
        let start = self.out.properties.len() as u32;
        self.out.properties.extend_from_slice(&properties);
        let attributes = List { start, len: properties.len() as u32 };
        let attributes = self.add(Value::Object(attributes), range(opening.span));
        let callee = self.unknown(range(opening.span));
        let items = [Item { value: tag, spread: false }, Item { value: attributes, spread: false }];
        self.record_call(callee, &items, CallKind::Jsx, span)
    }

    /// `<News.Provider>`.
    fn jsx_member(&mut self, tag: &JSXMemberExpr) -> ValueId {
        match &tag.obj {
            JSXObject::Ident(ident) => {
                let object = self.ident(ident);
                self.member(object, &tag.prop.sym, range(tag.span))
            }
            JSXObject::JSXMemberExpr(_) => self.unknown(range(tag.span)),
        }
    }

    pub(super) fn expr_element(&mut self, element: &JSXElement) -> ValueId {
        let span = range(element.span);
        let unknown = self.unknown(span);
        self.deeper(unknown, |this| this.jsx(element, span))
    }

    /// What stands in an element; blanks between elements are nothing.
    pub(super) fn jsx_child(&mut self, child: &JSXElementChild) -> Option<ValueId> {
        match child {
            JSXElementChild::JSXElement(element) => Some(self.expr_element(element)),
            JSXElementChild::JSXExprContainer(container) => match &container.expr {
                JSXExpr::Expr(expr) => Some(self.expr(expr)),
                JSXExpr::JSXEmptyExpr(_) => None,
            },
            JSXElementChild::JSXFragment(fragment) => {
                for child in &fragment.children {
                    self.deeper(None, |this| this.jsx_child(child));
                }
                Some(self.unknown(range(fragment.span)))
            }
            JSXElementChild::JSXSpreadChild(spread) => Some(self.expr(&spread.expr)),
            JSXElementChild::JSXText(text) if text.raw.trim().is_empty() => None,
            JSXElementChild::JSXText(text) => Some(self.unknown(range(text.span))),
        }
    }
}
