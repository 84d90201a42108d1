//! What one file says, as plain data: the result of the first step, and all that the second one sees.
//!
//! A file is lowered, independently of which rules are on, into a small value language: every expression is a [`Value`] in an arena,
//! and what happens (calls, property writes, returns) is recorded with the [`Condition`]s that dominate it.
//! Nothing here is resolved across files; nothing here knows Electron.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// Conditions inside conditions that are looked at.
const MOST_CONDITIONS: usize = 128;

/// Variables that are followed in a row.
const MOST_NAMES: usize = 16;

/// Byte range in the file's decoded text, end exclusive.
pub type Range = (u32, u32);

/// What a template calls with a function that is done when something happens: `@open="openPage"`.
pub const LISTENER: &str = "@";

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index! {
    /// Index into [`Summary::strings`].
    Name,
    /// Index into [`Summary::values`].
    ValueId,
    /// Index into [`Summary::bindings`].
    BindingId,
    /// Index into [`Summary::functions`].
    FunctionId,
    /// Index into [`Summary::classes`].
    ClassId,
    /// Index into [`Summary::calls`].
    CallId,
    /// Index into [`Summary::conditions`].
    ConditionId,
    /// Index into [`Summary::imports`].
    ImportId,
}

/// The top level of the file, as a function.
pub const TOP: FunctionId = FunctionId(0);

/// A run of a list table: first index and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct List {
    /// First entry.
    pub start: u32,
    /// Number of entries.
    pub len: u32,
}

impl List {
    /// The indices it covers.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// How two values are joined, or one is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// `===` and `==`.
    Equal,
    /// `!==` and `!=`.
    NotEqual,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `??`.
    Nullish,
    /// The value of a pattern with a default: the right one where the left one is undefined.
    Default,
    /// `+` of numbers or of texts that are not joined at lowering.
    Add,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `in`.
    In,
    /// `instanceof`.
    InstanceOf,
    /// `!`.
    Not,
    /// `typeof`.
    TypeOf,
    /// `void`.
    Void,
    /// `-`.
    Negate,
    /// Any other arithmetic.
    Other,
}

/// One expression.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `undefined`, a hole, a missing initialiser that is meant.
    Undefined,
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string, cooked.
    String(Name),
    /// A regular expression: pattern and flags.
    Regex(Name, Name),
    /// A template or a concatenation: its parts are in [`Summary::items`]; literal ones are `String`.
    Template(List),
    /// An object literal: [`Summary::properties`].
    Object(List),
    /// An array literal: [`Summary::items`].
    Array(List),
    /// `test ? then : other`.
    Conditional {
        /// The test.
        test: ValueId,
        /// The value where it holds.
        then: ValueId,
        /// The value where it does not.
        other: ValueId,
    },
    /// Two operands.
    Binary(Operator, ValueId, ValueId),
    /// One operand.
    Unary(Operator, ValueId),
    /// `object.name`, also for `object['name']`, `object?.name` and a destructured `{ name }`.
    Member(ValueId, Name),
    /// `object[index]`.
    Index(ValueId, ValueId),
    /// The object without the listed keys: `{ a, ...rest }`.
    RestOf(ValueId),
    /// A call, `new`, tagged template, dynamic import or JSX element.
    Call(CallId),
    /// A function or arrow.
    Function(FunctionId),
    /// A class.
    Class(ClassId),
    /// A variable of this file.
    Binding(BindingId),
    /// A name that nothing in this file binds.
    Global(Name),
    /// `this` of that function (arrows are looked through; [`TOP`] outside any).
    This(FunctionId),
    /// `super` as an object.
    Super(FunctionId),
    /// A whole module: `require('x')`, `import * as x`.
    Module(ImportId),
    /// `import { name } from`; `default` for the default one.
    ImportName(ImportId, Name),
    /// A parameter as handed over, before its default.
    Parameter(FunctionId, u32),
    /// `...rest` from that parameter on.
    RestParameter(FunctionId, u32),
    /// What `await` gives.
    Await(ValueId),
    /// One element of an iterable: `for (const x of list)`.
    ElementOf(ValueId),
    /// One key: `for (const k in object)`.
    KeyOf(ValueId),
    /// `import.meta`.
    ImportMeta,
    /// Something that the value language has no word for.
    Unknown,
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where.
    pub span: Range,
}

/// An argument, an array element or a part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The value.
    pub value: ValueId,
    /// Written with `...`.
    pub spread: bool,
}

/// Key of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Key {
    /// Known at lowering.
    Name(Name),
    /// Computed.
    Computed(ValueId),
    /// `...value`.
    Spread,
}

/// What stands behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slot {
    /// A value, or a method.
    Value,
    /// A getter: the value is what the function returns.
    Getter,
    /// A setter.
    Setter,
}

/// One property of an object literal, in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Its key.
    pub key: Key,
    /// Its value, or what is spread.
    pub value: ValueId,
    /// What kind.
    pub slot: Slot,
    /// The whole property.
    pub span: Range,
}

/// How a variable came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BindingKind {
    /// `const`, `using`, an import, a class or a function declaration.
    Const,
    /// `let`.
    Let,
    /// `var`.
    Var,
    /// A parameter or a part of one.
    Parameter,
    /// The error of a `catch`.
    Catch,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: BindingKind,
    /// The name where it is declared.
    pub span: Range,
    /// The function that declares it.
    pub function: FunctionId,
    /// Everything that is ever written into it, in source order.
    pub writes: Vec<Assignment>,
    /// The declared TypeScript type, as a value that names it.
    pub type_hint: Option<ValueId>,
}

/// One write to a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// What is written.
    pub value: ValueId,
    /// Where.
    pub span: Range,
    /// In which function.
    pub function: FunctionId,
    /// Under which conditions.
    pub condition: Option<ConditionId>,
    /// Place in the source order of events of this file.
    pub order: u32,
}

/// One write to a property: `object.key = value`, or `delete object.key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Whose property.
    pub object: ValueId,
    /// Which.
    pub key: Key,
    /// What is written; `None` for `delete`.
    pub value: Option<ValueId>,
    /// The whole assignment.
    pub span: Range,
    /// In which function.
    pub function: FunctionId,
    /// Under which conditions.
    pub condition: Option<ConditionId>,
    /// Place in the source order of events of this file.
    pub order: u32,
}

/// A fact that holds where something happens: the test, and how it came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What was tested.
    pub test: ValueId,
    /// Whether it held.
    pub holds: bool,
    /// What holds besides.
    pub parent: Option<ConditionId>,
}

/// What a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FunctionKind {
    /// The file's top level.
    Module,
    /// `function`.
    Function,
    /// `() =>`.
    Arrow,
    /// A method of a class or an object.
    Method,
    /// A constructor.
    Constructor,
    /// A getter.
    Getter,
    /// A setter.
    Setter,
    /// A `static` block or the initialisers of a class.
    ClassBody,
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The variable, where it is not destructured.
    pub binding: Option<BindingId>,
    /// Its default.
    pub default: Option<ValueId>,
    /// The declared type.
    pub type_hint: Option<ValueId>,
    /// `...rest`.
    pub rest: bool,
    /// The pattern.
    pub span: Range,
}

/// One way out of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// What is returned; `None` for `return;` and for falling off the end.
    pub value: Option<ValueId>,
    /// Whether it throws.
    pub throws: bool,
    /// Where.
    pub span: Range,
    /// Under which conditions.
    pub condition: Option<ConditionId>,
    /// Place in the source order of events of this file.
    pub order: u32,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its own name, or that of the variable, property or class member that holds it.
    pub name: Option<Name>,
    /// What it is.
    pub kind: FunctionKind,
    /// The whole function.
    pub span: Range,
    /// The function around it; itself for [`TOP`].
    pub parent: FunctionId,
    /// The class whose member it is.
    pub class: Option<ClassId>,
    /// The object or array literal that it is written in.
    pub holder: Option<ValueId>,
    /// What holds where it is made.
    pub condition: Option<ConditionId>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Every way out.
    pub exits: Vec<Exit>,
    /// What a generator yields.
    pub yields: Vec<ValueId>,
    /// `async`.
    pub is_async: bool,
    /// `function*`.
    pub is_generator: bool,
    /// The file's event count where it begins and ends: what lies between happens in it or in functions inside it.
    pub events: Range,
}

/// A member of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassMember {
    /// Its name.
    pub key: Key,
    /// The method as a function value, or the initial value of a field.
    pub value: Option<ValueId>,
    /// What kind.
    pub slot: Slot,
    /// `static`.
    pub is_static: bool,
    /// A field, not a method.
    pub is_field: bool,
    /// The declared type of a field.
    pub type_hint: Option<ValueId>,
    /// The whole member.
    pub span: Range,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: Option<Name>,
    /// `extends`.
    pub superclass: Option<ValueId>,
    /// Its members, in source order.
    pub members: Vec<ClassMember>,
    /// Its constructor.
    pub constructor: Option<FunctionId>,
    /// The whole class.
    pub span: Range,
}

/// How something is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallKind {
    /// `f(…)`, also `f?.(…)`.
    Call,
    /// `new F(…)`.
    New,
    /// A tagged template.
    Tagged,
    /// `super(…)`.
    Super,
    /// A JSX element: the first argument is the tag (a `String` for a lower-case one), the second the attributes as an object.
    Jsx,
    /// `import(x)` or `require(x)` with a name that is not a literal: the one argument is the name.
    Import,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called; [`Value::Unknown`] for `super`, JSX and imports.
    pub callee: ValueId,
    /// The arguments: a run of [`Summary::items`].
    pub arguments: List,
    /// How.
    pub kind: CallKind,
    /// The whole call.
    pub span: Range,
    /// The function in which it happens.
    pub function: FunctionId,
    /// Under which conditions.
    pub condition: Option<ConditionId>,
    /// Place in the source order of events of this file.
    pub order: u32,
    /// An `await` came before it in its function: it no longer runs in the turn in which the function was entered.
    pub after_await: bool,
}

/// How a module is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImportKind {
    /// `import … from`, `export … from`.
    Static,
    /// `require('x')`, `import x = require('x')`.
    Require,
    /// `import('x')`.
    Dynamic,
    /// `import type`: nothing is loaded.
    TypeOnly,
}

/// A request for a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// What is asked for.
    pub specifier: Name,
    /// How.
    pub kind: ImportKind,
    /// The specifier.
    pub span: Range,
    /// Where it happens.
    pub function: FunctionId,
}

/// What a file gives to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Export {
    /// `export { value as name }`, `exports.name = value`.
    Named(Name, ValueId),
    /// `module.exports = value`, `export = value`.
    Whole(ValueId),
    /// `export { imported as name } from`.
    From(Name, ImportId, Name),
    /// `export * as name from`.
    Namespace(Name, ImportId),
    /// `export * from`.
    Star(ImportId),
}

/// A `try` statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// What is tried.
    pub block: Range,
    /// What is done when it throws.
    pub handler: Option<Range>,
    /// What is done in any case.
    pub finalizer: Option<Range>,
}

/// What makes a comment one that speaks to linters: ours and electronegativity's.
pub const LINTER_WORDS: [&str; 2] = ["electrolint-ignore", "eng-disable"];

/// Whether a text may hold a comment that speaks to linters.
pub fn speaks_to_linters(text: &str) -> bool {
    static FINDERS: LazyLock<[Finder; 2]> = LazyLock::new(|| LINTER_WORDS.map(Finder::new));
    FINDERS.iter().any(|word| word.find(text.as_bytes()).is_some())
}

/// A comment that speaks to linters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its text, without the marks that make it a comment.
    pub text: String,
    /// The whole comment.
    pub span: Range,
}

/// What one file (or one inline script) says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Every text that the tables name, each once.
    pub strings: Vec<Box<str>>,
    /// Every expression.
    pub values: Vec<Node>,
    /// In which function the values stand: each entry says it of those from this one on.
    pub owners: Vec<(ValueId, FunctionId)>,
    /// Arguments, array elements, template parts.
    pub items: Vec<Item>,
    /// Properties of object literals.
    pub properties: Vec<Property>,
    /// Variables.
    pub bindings: Vec<Binding>,
    /// Functions; the first is the top level.
    pub functions: Vec<Function>,
    /// Classes.
    pub classes: Vec<Class>,
    /// Calls, in source order of their completion.
    pub calls: Vec<Call>,
    /// Property writes, in source order.
    pub writes: Vec<Write>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Requests for modules.
    pub imports: Vec<Import>,
    /// What is exported.
    pub exports: Vec<Export>,
    /// Comments that speak to linters.
    pub comments: Vec<Comment>,
    /// `try` statements, the inner ones first.
    pub tries: Vec<Try>,
    /// Declarations with `using`: what they hold is disposed of when its block is left.
    pub using: Vec<Range>,
}

impl Summary {
    /// Gives back the room into which nothing was written: a summary is kept as long as the app is looked at.
    pub(crate) fn shrink(&mut self) {
        self.strings.shrink_to_fit();
        self.values.shrink_to_fit();
        self.owners.shrink_to_fit();
        self.items.shrink_to_fit();
        self.properties.shrink_to_fit();
        self.bindings.shrink_to_fit();
        self.functions.shrink_to_fit();
        self.calls.shrink_to_fit();
        self.writes.shrink_to_fit();
        self.conditions.shrink_to_fit();
    }

    /// The text of a name.
    pub fn str(&self, name: Name) -> &str {
        &self.strings[name.index()]
    }

    /// The value of an id.
    pub fn value(&self, id: ValueId) -> Value {
        self.values[id.index()].value
    }

    /// The conditions that dominate something, from the inside out.
    pub fn conditions_at(&self, condition: Option<ConditionId>) -> impl Iterator<Item = Condition> + '_ {
        let at = move |id: Option<ConditionId>| id.map(|id| self.conditions[id.index()]);
        std::iter::successors(at(condition), move |condition| at(condition.parent)).take(MOST_CONDITIONS)
    }

    /// What a variable holds that is written once.
    pub fn written_once(&self, id: BindingId) -> Option<ValueId> {
        match self.bindings[id.index()].writes.as_slice() {
            [only] => Some(only.value),
            _ => None,
        }
    }

    /// The value behind variables that are written once; where they lead in a circle, one of them.
    pub fn behind(&self, id: ValueId) -> ValueId {
        let mut at = id;
        for _ in 0..MOST_NAMES {
            match self.value(at) {
                Value::Binding(binding) => match self.written_once(binding) {
                    Some(only) => at = only,
                    None => return at,
                },
                _ => return at,
            }
        }
        at
    }

    /// The innermost function in which a value stands.
    pub fn owner(&self, id: ValueId) -> FunctionId {
        let next = self.owners.partition_point(|(first, _)| *first <= id);
        next.checked_sub(1).and_then(|index| self.owners.get(index)).map_or(FunctionId(0), |(_, owner)| *owner)
    }

    /// Where a value stands.
    pub fn span(&self, id: ValueId) -> Range {
        self.values[id.index()].span
    }

    /// Items of a list.
    pub fn items(&self, list: List) -> &[Item] {
        &self.items[list.range()]
    }

    /// Properties of an object.
    pub fn properties(&self, list: List) -> &[Property] {
        &self.properties[list.range()]
    }

    /// The function of an id.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// The call of an id.
    pub fn call(&self, id: CallId) -> &Call {
        &self.calls[id.index()]
    }

    /// The text of a string value.
    pub fn text(&self, id: ValueId) -> Option<&str> {
        match self.value(id) {
            Value::String(name) => Some(self.str(name)),
            _ => None,
        }
    }
}
