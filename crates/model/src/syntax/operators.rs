//! Lowers operators and templates; chains of them are walked in a loop, for generated code has thousands of links.

use swc_ecma_ast::*;

use super::lower::{Lowering, range, unwrapped};
use crate::summary::*;

impl Lowering {
    pub(super) fn template(&mut self, template: &Tpl, span: Range) -> ValueId {
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
    pub(super) fn joined(&mut self, items: Vec<Item>, span: Range) -> ValueId {
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
    pub(super) fn flush(&mut self, text: Option<(String, Range, Option<Item>)>, parts: &mut Vec<Item>) {
        match text {
            Some((_, _, Some(single))) => parts.push(single),
            Some((text, at, None)) => parts.push(Item { value: self.string(&text, at), spread: false }),
            None => {}
        }
    }

    pub(super) fn unary(&mut self, unary: &UnaryExpr, span: Range) -> ValueId {
        if unary.op == UnaryOp::Delete {
            let (object, key) = match unwrapped(&unary.arg) {
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
            // `~list.indexOf(word)`: whether it is there.
            (UnaryOp::Tilde, Value::Call(_)) => {
                let nowhere = self.add(Value::Number(-1.0), span);
                Value::Binary(Operator::NotEqual, operand, nowhere)
            }
            (UnaryOp::TypeOf, _) => Value::Unary(Operator::TypeOf, operand),
            _ => Value::Unary(Operator::Other, operand),
        };
        self.add(value, span)
    }

    pub(super) fn binary(&mut self, binary: &BinExpr, span: Range) -> ValueId {
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
            BinaryOp::Lt => Operator::Less,
            BinaryOp::LtEq => Operator::LessOrEqual,
            BinaryOp::Gt => Operator::Greater,
            BinaryOp::GtEq => Operator::GreaterOrEqual,
            BinaryOp::In => Operator::In,
            BinaryOp::InstanceOf => Operator::InstanceOf,
            _ => Operator::Other,
        };
        self.add(Value::Binary(operator, left, right), span)
    }

    /// `a && b`, `a || b`, `a ?? b`: a chain is walked in a loop, each operand under what the ones before it tell.
    pub(super) fn logical(&mut self, binary: &BinExpr, span: Range) -> ValueId {
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
    pub(super) fn sum(&mut self, binary: &BinExpr, span: Range) -> ValueId {
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
}
