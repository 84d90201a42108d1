//! What a value can turn out to be.

use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;

use rustc_hash::FxBuildHasher;

use super::{C, F, K, UnitId, V};
use crate::source::Span;

/// How a fact is known; the worst step on the way decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Guessed: an unbound name, an unknown function around a known object.
    Tentative,
    /// Followed through variables, files, calls.
    Firm,
    /// Literally in place.
    Certain,
}

/// Calls that are assumed on the way in: parameters of these functions are these calls' arguments.
#[derive(Clone, Debug, Default)]
pub struct Frames(Option<Rc<Frame>>);

#[derive(Debug)]
struct Frame {
    function: F,
    call: C,
    below: Frames,
    depth: u32,
    /// Of all of the above: frames are compared and looked up far more often than they are made.
    digest: u64,
}

impl Frame {
    fn is(&self, other: &Self) -> bool {
        self.digest == other.digest
            && self.function == other.function
            && self.call == other.call
            && self.below == other.below
    }
}

impl PartialEq for Frames {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Rc::ptr_eq(a, b) || a.is(b),
            _ => false,
        }
    }
}

impl Eq for Frames {}

impl Hash for Frames {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest());
    }
}

/// Frames that are followed at once.
const MOST_FRAMES: u32 = 4;

impl Frames {
    /// With one more call, unless there are too many.
    #[must_use]
    pub fn with(&self, function: F, call: C) -> Self {
        let depth = self.0.as_ref().map_or(0, |frame| frame.depth) + 1;
        if depth > MOST_FRAMES || self.find(function).is_some() {
            return self.clone();
        }
        let digest = FxBuildHasher.hash_one((function, call, self.digest()));
        Self(Some(Rc::new(Frame { function, call, below: self.clone(), depth, digest })))
    }

    fn digest(&self) -> u64 {
        self.0.as_ref().map_or(0, |frame| frame.digest)
    }

    /// Those of functions that are kept.
    #[must_use]
    pub fn only(&self, is_kept: impl Fn(F) -> bool + Copy) -> Self {
        let Some(frame) = &self.0 else { return Self(None) };
        let below = frame.below.only(is_kept);
        if !is_kept(frame.function) {
            return below;
        }
        // What is handed to a function that is kept was said below it, by whatever function.
        self.clone()
    }

    /// The call that entered a function, and what is known below it.
    pub fn find(&self, function: F) -> Option<(C, Frames)> {
        let mut at = self.0.as_ref();
        while let Some(frame) = at {
            if frame.function == function {
                return Some((frame.call, frame.below.clone()));
            }
            at = frame.below.0.as_ref();
        }
        None
    }

    /// Nothing is assumed.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// An id for cycle detection.
    pub(super) fn id(&self) -> usize {
        self.0.as_ref().map_or(0, |frame| Rc::as_ptr(frame) as usize)
    }
}

/// Which object of a class of Electron it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Made by this call, or belonging to what it made; where the function in which it stands makes several, by which call of that
    /// function, if it is known.
    Created(C, Option<C>),
    /// Any of its class: `web-contents-created`, `browser-window-created`.
    Every,
    /// The default session.
    Default,
    /// The session of a partition; `None` where its name is not known.
    Partition(Option<Rc<str>>),
    /// A webview's guest.
    Guest,
    /// One that cannot be told.
    Some,
}

/// An object of Electron, Node or the page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    /// Its class: `BrowserWindow`, `WebContents`, `Session`, …
    pub class: &'static str,
    /// Which one.
    pub origin: Origin,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Known.
    Text(Rc<str>),
    /// Not known.
    Hole(V, Frames),
}

/// An object whose properties can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// A literal.
    Literal(V, Frames),
    /// What `Object.assign` and kin give: later parts win. The call, and its parts.
    Merged(V, Frames),
    /// What is left of an object after some keys were taken out.
    Rest(V, Frames),
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A truth value that says whether this is a development build (`true`), or the opposite.
    Development(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Rc<str>),
    /// A text of which not all is known.
    Template(Rc<[Part]>),
    /// A regular expression: pattern and flags.
    Regex(Rc<str>, Rc<str>),
    /// An object.
    Object(Object),
    /// An array literal.
    Array(V, Frames),
    /// A key and what a map or object holds behind it: any of them, of the collection that this value is.
    Entry(V, Frames),
    /// A function of the app's.
    Function(F, Frames),
    /// A class of the app's.
    Class(K),
    /// An instance of one, and the call that certainly made it, where what it holds depends on that.
    Instance(K, Option<C>),
    /// All exports of a file.
    Namespace(UnitId),
    /// All exports of a module that a bundler packed as this function.
    Packed(F),
    /// Something that a module outside the app exports, a global, or a path under either: `shell.openExternal`, `fs.readFile`.
    Api(Rc<str>),
    /// An object of a known class.
    Host(Host),
    /// A method of such an object.
    Method(Host, Rc<str>),
    /// What a call to such an API gave.
    Result(Rc<str>, C),
    /// An element: JSX, `document.createElement`; the tag.
    Element(Rc<str>, C),
    /// Not known.
    Unknown(Unknown),
}

/// Why a value is not known, and what could still tell where it came from.
#[derive(Clone, Debug, PartialEq)]
pub enum Unknown {
    /// A parameter that no known call fills.
    Parameter(F, u32),
    /// A name that nothing binds.
    Global(Rc<str>),
    /// What an unresolved call gives.
    Call(C),
    /// A property of something known or unknown.
    Member(V),
    /// Something of a file that could not be found.
    Import(V),
    /// A loop that feeds itself, or a bound that was reached.
    Limit,
    /// Something that the value language has no word for.
    Other(V),
}

/// Places on the way to a value, the nearest first. None is the most frequent number of them, and costs no memory of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail(Option<Rc<[Span]>>);

impl std::ops::Deref for Trail {
    type Target = [Span];

    fn deref(&self) -> &[Span] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl FromIterator<Span> for Trail {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let spans: Rc<[Span]> = spans.into_iter().collect();
        Self((!spans.is_empty()).then_some(spans))
    }
}

/// One thing that a value can be, and how that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What.
    pub thing: Thing,
    /// The value that says so, at the end of the trail.
    pub at: Option<V>,
    /// Places on the way, the nearest first.
    pub trail: Trail,
    /// How it is known.
    pub certainty: Certainty,
    /// `Some(true)`: only in development. `Some(false)`: only in a packaged app.
    pub development: Option<bool>,
}

/// Everything that a value can be. Never empty: nothing known is [`Thing::Unknown`].
pub type Values = Rc<[Known]>;

impl Known {
    /// Known from `at` alone.
    pub fn new(thing: Thing, at: V, certainty: Certainty) -> Self {
        Self { thing, at: Some(at), trail: Trail::default(), certainty, development: None }
    }

    /// Not known.
    pub fn unknown(reason: Unknown, at: Option<V>) -> Self {
        Self {
            thing: Thing::Unknown(reason),
            at,
            trail: Trail::default(),
            certainty: Certainty::Firm,
            development: None,
        }
    }

    /// With one more step on the way, and no more sure than firm.
    #[must_use]
    pub fn via(mut self, span: Span) -> Self {
        if self.trail.len() < 6 && self.trail.first() != Some(&span) {
            self.trail = std::iter::once(span).chain(self.trail.iter().copied()).collect();
        }
        self.certainty = self.certainty.min(Certainty::Firm);
        self
    }

    /// No more sure than this.
    #[must_use]
    pub fn at_most(mut self, certainty: Certainty) -> Self {
        self.certainty = self.certainty.min(certainty);
        self
    }

    /// Whether it is an object of a class, and not the one that another is.
    pub(super) fn is_another(&self, class: K, known: &Known) -> bool {
        matches!(self.thing, Thing::Instance(own, _) if own == class)
            && self.thing != known.thing
            && self.development == known.development
    }

    /// Whether it is an object of Electron's that a function made, and not the one that the same function made when called otherwise.
    pub(super) fn is_another_of_function(&self, host: &Host, known: &Known) -> bool {
        let (Thing::Host(own), Origin::Created(made, by)) = (&self.thing, &host.origin) else { return false };
        own.class == host.class
            && matches!(&own.origin, Origin::Created(call, other) if call == made && other != by)
            && self.development == known.development
    }

    /// Whether it is not known.
    pub fn is_unknown(&self) -> bool {
        matches!(self.thing, Thing::Unknown(_))
    }

    /// The text, if it is one and all of it is known.
    pub fn text(&self) -> Option<&str> {
        match &self.thing {
            Thing::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Thing {
    /// Whether it says which calls are assumed.
    pub(super) fn has_frames(&self) -> bool {
        match self {
            Thing::Object(_) | Thing::Array(..) | Thing::Entry(..) | Thing::Function(..) => true,
            Thing::Template(parts) => parts.iter().any(|part| matches!(part, Part::Hole(..))),
            _ => false,
        }
    }

    /// The beginning of a text as far as it is known, and whether that is all of it; `None` for what is no text, or begins with
    /// something unknown.
    pub fn head(&self) -> Option<(&str, bool)> {
        match self {
            Thing::Text(text) => Some((text, true)),
            Thing::Template(parts) => match parts.first() {
                Some(Part::Text(text)) => Some((text, false)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The end of a text as far as it is known; `None` for what is no text, or ends with something unknown.
    pub fn tail(&self) -> Option<&str> {
        match self {
            Thing::Text(text) => Some(text),
            Thing::Template(parts) => match parts.last() {
                Some(Part::Text(text)) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it counts as true in a condition; `None` where it depends.
    pub fn truthy(&self) -> Option<bool> {
        match self {
            Thing::Undefined | Thing::Null => Some(false),
            Thing::Bool(bool) => Some(*bool),
            Thing::Number(number) => Some(*number != 0.0 && !number.is_nan()),
            Thing::Text(text) => Some(!text.is_empty()),
            Thing::Template(parts) => {
                if parts.iter().any(|part| matches!(part, Part::Text(text) if !text.is_empty())) {
                    Some(true)
                } else {
                    None
                }
            }
            Thing::Unknown(_) | Thing::Development(_) | Thing::Result(..) | Thing::Api(_) => None,
            _ => Some(true),
        }
    }

    /// Whether it is `undefined` or `null`; `None` where it depends.
    pub fn nullish(&self) -> Option<bool> {
        match self {
            Thing::Undefined | Thing::Null => Some(true),
            Thing::Unknown(_) | Thing::Result(..) | Thing::Api(_) => None,
            _ => Some(false),
        }
    }
}
