//! Texts that a library of components shows as markup: messages of dialogs, notifications, tooltips.

use std::cell::LazyCell;

use super::{ApiCall, App};
use crate::link::things::{Certainty, Object, Thing};
use crate::link::{C, V};
use crate::summary::{CallId, CallKind, Value};

/// Members in a row that are looked through for the library which a call is made on.
const MOST_MEMBERS: usize = 6;

/// Arguments in which an option is looked for.
const MOST_ARGUMENTS: usize = 5;

/// An option that makes markup of a text.
struct Switch {
    option: &'static str,
    /// The value of it that does.
    on: bool,
    /// Names of the functions that have the option; empty: its name says enough.
    methods: &'static [&'static str],
    /// Options that hold such texts.
    texts: &'static [&'static str],
    /// Whether the first argument is such a text, where the options come after it.
    first: bool,
}

const SWITCHES: [Switch; 4] = [
    // https://element-plus.org/en-US/component/message-box.html#use-html-string
    Switch { option: "dangerouslyUseHTMLString", on: true, methods: &[], texts: &["message"], first: true },
    // https://atomiks.github.io/tippyjs/v6/all-props/#allowhtml
    Switch { option: "allowHTML", on: true, methods: &[], texts: &["content"], first: false },
    // https://github.com/apvarun/toastify-js#api
    Switch { option: "escapeMarkup", on: false, methods: &[], texts: &["text"], first: false },
    // https://quasar.dev/quasar-plugins/notify#with-html, https://quasar.dev/quasar-plugins/dialog#using-html
    Switch {
        option: "html",
        on: true,
        methods: &["notify", "dialog", "create", "show"],
        texts: &["message", "caption", "title"],
        first: false,
    },
];

/// A library that takes markup without being told so.
struct Library {
    /// The module, the global, or the member that holds it: `this.$swal`.
    names: &'static [&'static str],
    /// Its functions; the library itself is one by its own name.
    methods: &'static [&'static str],
    /// Options that hold markup.
    texts: &'static [&'static str],
    /// Arguments at the beginning that are markup, where they are no options.
    leading: usize,
}

const LIBRARIES: [Library; 9] = [
    // https://sweetalert2.github.io/#configuration
    Library {
        names: &["sweetalert2", "Swal", "swal", "$swal"],
        methods: &["fire"],
        texts: &["html", "title", "footer"],
        leading: 2,
    },
    Library { names: &["sweetalert2", "$swal"], methods: &["$swal", "swal", "Swal"], texts: &["html"], leading: 0 },
    // https://buefy.org/documentation/dialog
    Library { names: &["$buefy"], methods: &["alert", "confirm", "prompt", "open"], texts: &["message"], leading: 1 },
    // https://bootboxjs.com/documentation.html
    Library {
        names: &["bootbox"],
        methods: &["alert", "confirm", "prompt", "dialog"],
        texts: &["message", "title"],
        leading: 1,
    },
    // https://ned.im/noty/#/options
    Library { names: &["noty", "Noty"], methods: &["Noty", "noty"], texts: &["text"], leading: 0 },
    // https://izitoast.marcelodolza.com/
    Library {
        names: &["izitoast", "iziToast"],
        methods: &["show", "info", "success", "warning", "error", "question"],
        texts: &["message", "title"],
        leading: 0,
    },
    // https://alertifyjs.com/
    Library {
        names: &["alertify", "alertifyjs", "alertify.js"],
        methods: &["alert", "confirm", "prompt", "message", "notify", "success", "error", "warning"],
        texts: &[],
        leading: 1,
    },
    // https://layui.dev/docs/2/layer/
    Library { names: &["layer"], methods: &["alert", "confirm", "msg"], texts: &[], leading: 1 },
    // https://codeseven.github.io/toastr/: `escapeHtml` is off unless it is set.
    Library { names: &["toastr"], methods: &["error", "info", "success", "warning"], texts: &[], leading: 2 },
];

/// A text that a library shows as markup.
#[derive(Clone, Debug)]
pub struct ShownMarkup {
    /// The call that shows it.
    pub call: ApiCall,
    /// The text.
    pub text: V,
    /// The module that shows it, where the call is one of its elements.
    pub by: Option<&'static str>,
}

impl App<'_> {
    /// Texts that calls of libraries show as markup, because they are told to or always do, and those that become pages as addresses, in
    /// the order of the calls.
    pub fn shown_as_markup(&self) -> Vec<ShownMarkup> {
        let mut found = Vec::new();
        for switch in &SWITCHES {
            for unit in self.program.unit_ids().filter(|unit| self.program.says(*unit, &[switch.option])) {
                for index in 0..self.program.summary(unit).calls.len() {
                    found.extend(self.switched(C(unit, CallId(index as u32)), switch));
                }
            }
        }
        let escapes = LazyCell::new(|| self.escapes_toasts());
        let is_said = |library: &&Library| self.program.unit_ids().any(|unit| self.program.says(unit, library.names));
        for library in LIBRARIES.iter().filter(is_said) {
            for &c in library.methods.iter().flat_map(|method| self.program.calls_named(method)) {
                if self.is_of_library(c, library.names) && !(library.names.contains(&"toastr") && *escapes) {
                    found.extend(self.shown_by(c, library));
                }
            }
        }
        found.extend(self.markdown_with_markup());
        found.extend(self.markup_of_addresses());
        found.extend(self.markup_of_documents());
        found.extend(self.markup_of_selections());
        found.sort_by_key(|shown| (shown.call.call, shown.text));
        found.dedup_by_key(|shown| shown.text);
        found
    }

    /// What a call shows as markup if an object that it is handed has the option.
    fn switched(&self, c: C, switch: &Switch) -> Vec<ShownMarkup> {
        let call = self.program.call(c);
        let callee = V(c.0, call.callee);
        let is_meant = matches!(call.kind, CallKind::Call | CallKind::New)
            && (switch.methods.is_empty() || self.name_of(callee).is_some_and(|name| switch.methods.contains(&name)));
        // A function of the app's hands it on to the library: it is told there.
        if !is_meant || !self.functions(callee).is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for index in 0..MOST_ARGUMENTS {
            let Some(options) = self.program.argument(c, index) else { break };
            let certainty = self.eval(options).iter().find_map(|known| match &known.thing {
                Thing::Object(object) => self.is_set(object, switch).then_some(known.certainty),
                _ => None,
            });
            let Some(certainty) = certainty else { continue };
            let mut texts = self.options_written(options, switch.texts);
            texts.extend(self.program.argument(c, 0).filter(|_| switch.first && index > 0));
            let call = ApiCall { call: c, receiver: None, certainty, remote: false };
            found.extend(texts.into_iter().map(|text| ShownMarkup { call: call.clone(), text, by: None }));
        }
        found
    }

    fn is_set(&self, options: &Object, switch: &Switch) -> bool {
        let lookup = self.program.property(options, switch.option, None);
        lookup.values.iter().any(|placed| placed.known.thing == Thing::Bool(switch.on))
    }

    /// What a call of a library shows as markup.
    fn shown_by(&self, c: C, library: &Library) -> Vec<ShownMarkup> {
        let mut texts = Vec::new();
        for index in 0..library.leading.max(1) {
            let Some(v) = self.program.argument(c, index) else { break };
            match self.eval(v).iter().any(|known| matches!(known.thing, Thing::Object(_))) {
                true => texts.extend(self.options_written(v, library.texts)),
                false if index < library.leading => texts.push(v),
                false => {}
            }
        }
        let call = ApiCall { call: c, receiver: None, certainty: Certainty::Firm, remote: false };
        texts.into_iter().map(|text| ShownMarkup { call: call.clone(), text, by: None }).collect()
    }

    /// Whether what is called is a library or lies in it, by its module or by the names of what it is taken from.
    fn is_of_library(&self, c: C, names: &[&str]) -> bool {
        let is_in = |path: &str| {
            let path = path.strip_prefix("new ").unwrap_or(path);
            names
                .iter()
                .any(|name| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        };
        let mut v = V(c.0, self.program.call(c).callee);
        for _ in 0..MOST_MEMBERS {
            let Value::Member(object, name) = self.program.value(v) else { break };
            // What a page's scripts share is put on the component: `this.$swal`.
            if self.program.str(v.0, name).starts_with('$') && names.contains(&self.program.str(v.0, name)) {
                return true;
            }
            v = V(v.0, object);
        }
        self.eval(v).iter().any(|known| match &known.thing {
            Thing::Api(path) | Thing::Result(path, _) => is_in(path),
            _ => false,
        })
    }

    fn name_of(&self, callee: V) -> Option<&str> {
        let name = crate::link::final_name(self.program.summary(callee.0), callee.1)?;
        Some(self.program.str(callee.0, name))
    }

    /// Whether the app has toastr escape what it shows.
    fn escapes_toasts(&self) -> bool {
        let is_true = |v: V| self.program.only(v).is_some_and(|known| known.thing == Thing::Bool(true));
        self.properties_named("escapeHtml").into_iter().any(|property| is_true(property.value))
    }
}
