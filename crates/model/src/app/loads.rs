//! What windows load.

use super::App;
use super::calls::ApiCall;
use crate::link::electron::MENUBARS;
use crate::link::things::*;
use crate::link::{C, V};
use crate::source::Span;

/// What kind of content an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// The app's own: `file:`, a scheme of its own, `loadFile`, `data:`, `about:`.
    Local,
    /// A server on this machine.
    Loopback,
    /// Not known.
    Unknown,
    /// A server elsewhere.
    Remote,
}

/// One page that is loaded into a window.
#[derive(Clone, Debug)]
pub struct Load {
    /// The call.
    pub call: C,
    /// `loadFile`, not `loadURL`.
    pub is_file: bool,
    /// The address.
    pub url: Option<V>,
    /// The argument's place, else the call's.
    pub span: Span,
    /// Into which window: the call that made it.
    pub window: Origin,
    /// How sure it is that this loads something.
    pub certainty: Certainty,
    /// Only in development.
    pub development: Option<bool>,
}

impl App<'_> {
    /// Everything that is loaded into windows and views by the main process.
    pub fn loads(&self) -> &[Load] {
        self.all_loads.get_or_init(|| self.find_loads())
    }

    fn find_loads(&self) -> Vec<Load> {
        let mut loads = Vec::new();
        for (api, is_file) in [
            ("BrowserWindow.loadURL", false),
            ("BrowserWindow.loadFile", true),
            ("WebContents.loadURL", false),
            ("WebContents.loadFile", true),
        ] {
            for call in self.calls(api).iter() {
                loads.extend(self.on_each_receiver(call, api).iter().map(|call| self.load(call, is_file)));
            }
        }
        // `menubar({ index: url })` loads it itself: <https://github.com/max-mapper/menubar#api-docs>
        for call in &self.calls_of(&MENUBARS) {
            let pages =
                call.argument(self, 0).map_or_else(Vec::new, |options| self.options_written(options, &["index"]));
            let is_page = |page: &V| !self.eval(*page).iter().all(|known| known.thing == Thing::Bool(false));
            loads.extend(pages.into_iter().filter(is_page).map(|page| Load {
                url: Some(page),
                span: self.span(page),
                window: Origin::Created(call.call, None),
                ..self.load(call, false)
            }));
        }
        loads.sort_by_key(|load| load.call);
        loads
    }

    /// Loads into what could not be resolved: a webview that an element gave, a window that a library made.
    pub(super) fn loads_into_unknown(&self) -> Vec<Load> {
        [("loadURL", false), ("loadFile", true)]
            .into_iter()
            .flat_map(|(method, is_file)| {
                self.calls_of_unknown(method).into_iter().map(move |call| self.load(&call, is_file))
            })
            .collect()
    }

    fn load(&self, call: &ApiCall, is_file: bool) -> Load {
        let url = call.argument(self, 0);
        let record = self.program.call(call.call);
        Load {
            call: call.call,
            is_file,
            url,
            span: url.map_or_else(|| call.span(self), |url| self.span(url)),
            window: call.receiver.as_ref().map_or(Origin::Some, |host| host.origin.clone()),
            certainty: call.certainty,
            development: self.program.development_of(call.call.0, record.condition, &Frames::default()),
        }
    }

    /// The addresses that a value can be in the shipped app. Nothing at all leads nowhere: it counts where there is nothing else.
    pub fn loaded_addresses(&self, url: V) -> Vec<Known> {
        let values = self.eval(url);
        let shipped = || values.iter().filter(|known| known.development != Some(true));
        let is_nothing = |known: &&Known| matches!(known.thing, Thing::Undefined | Thing::Null);
        match shipped().all(|known| is_nothing(&known)) {
            true => shipped().cloned().collect(),
            false => shipped().filter(|known| !is_nothing(known)).cloned().collect(),
        }
    }

    /// What an address is, by what is known of its beginning.
    pub fn content(&self, known: &Known) -> Content {
        self.content_within(known, 4)
    }

    /// As [`App::content`], through at most this many addresses that are made of others.
    fn content_within(&self, known: &Known, steps: u32) -> Content {
        let Some(steps) = steps.checked_sub(1) else { return Content::Unknown };
        // `new URL('page.html', base)`: what the base is, unless the first part says where it leads.
        if let Thing::Result(path, c) = &known.thing
            && matches!(&**path, "new URL" | "new url.URL")
        {
            let worst = |index| {
                self.program.argument(*c, index).map(|argument| self.worst_content(&self.eval(argument), steps))
            };
            return match (worst(0), worst(1)) {
                (Some(Content::Local), Some(base)) => base,
                (Some(first), _) => first,
                _ => Content::Unknown,
            };
        }
        if let Some(scheme) = self.scheme_of_format(&known.thing) {
            let server = self.server_of_format(&known.thing).unwrap_or_default();
            return content_of(&Thing::Text(format!("{scheme}://{server}").into()));
        }
        // `pathToFileURL(folder).href + '/'`: what the first part is.
        if let Thing::Template(parts) = &known.thing
            && let Some(Part::Hole(v, frames)) = parts.first()
        {
            return self.worst_content(&self.program.eval_in(*v, frames), steps);
        }
        content_of(&known.thing)
    }

    /// The scheme that `url.format({ protocol: 'app:', … })` writes down, in lower case and without its colon, if it is known.
    pub fn scheme_of_format(&self, thing: &Thing) -> Option<String> {
        let protocol = self.part_of_format(thing, "protocol")?;
        Some(protocol.trim_end_matches('/').trim_end_matches(':').to_ascii_lowercase())
    }

    /// What stands behind the slashes of `url.format({ host: 'localhost:8080', … })`. Where no server is said, it is the first part of
    /// the path: a browser skips any number of slashes, <https://url.spec.whatwg.org/#special-authority-ignore-slashes-state>.
    fn server_of_format(&self, thing: &Thing) -> Option<String> {
        let server = ["host", "hostname", "pathname"].iter().find_map(|part| self.part_of_format(thing, part))?;
        Some(server.trim_start_matches(['/', '\\']).to_owned())
    }

    /// A known part of the address that `url.format` writes down.
    fn part_of_format(&self, thing: &Thing, part: &str) -> Option<String> {
        let Thing::Result(path, c) = thing else { return None };
        let parts = self.program.argument(*c, 0).filter(|_| &**path == "url.format")?;
        let Thing::Object(parts) = self.program.only(parts)?.thing else { return None };
        let [value] = &self.program.property(&parts, part, None).values[..] else { return None };
        Some(value.known.text()?.to_owned())
    }

    /// Whether an address names the host that the page came from: `'ws://' + location.host`.
    pub fn is_host_of_page(&self, known: &Known) -> bool {
        let Thing::Template(parts) = &known.thing else { return false };
        let [Part::Text(head), Part::Hole(v, frames), ..] = parts.as_ref() else { return false };
        head.ends_with("://")
            && self.program.eval_in(*v, frames).iter().all(|known| match &known.thing {
                Thing::Api(path) => {
                    let path = path.strip_prefix("window.").or_else(|| path.strip_prefix("document.")).unwrap_or(path);
                    matches!(path, "location.host" | "location.hostname")
                }
                _ => false,
            })
    }

    /// The worst content that these addresses lead to in the shipped app.
    fn worst_content(&self, values: &[Known], steps: u32) -> Content {
        let shipped = values.iter().filter(|known| known.development != Some(true));
        shipped.map(|known| self.content_within(known, steps)).max().unwrap_or(Content::Unknown)
    }

    /// The worst content that is loaded into any window of the shipped app, and where.
    pub fn remote_loads(&self) -> Vec<(Load, Known)> {
        let mut found = Vec::new();
        for load in self.loads() {
            if load.is_file || load.development == Some(true) {
                continue;
            }
            let Some(url) = load.url else { continue };
            for known in self.eval(url).iter() {
                if known.development != Some(true) && self.content(known) == Content::Remote {
                    found.push((load.clone(), known.clone()));
                    break;
                }
            }
        }
        found
    }
}

/// What an address is, by its head.
pub(crate) fn content_of(thing: &Thing) -> Content {
    let head = match thing {
        Thing::Api(path) if crate::link::is_development_address(path) => return Content::Loopback,
        Thing::Api(path) if path.ends_with("_WEBPACK_ENTRY") || path.ends_with("_VITE_NAME") => return Content::Local,
        Thing::Result(path, _)
            if matches!(&**path, "url.format" | "url.pathToFileURL" | "path.join" | "path.resolve") =>
        {
            return Content::Local;
        }
        _ => match thing.head() {
            Some((head, _)) => head.trim_start(),
            None => return Content::Unknown,
        },
    };
    let Some((scheme, rest)) = head.split_once(':') else { return Content::Local };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" | "ws" | "wss" | "ftp" => {
            let rest = rest.trim_start_matches('/');
            let host = rest.split(['/', '?', '#']).next().unwrap_or("");
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            if host.is_empty() && matches!(thing, Thing::Template(_)) {
                return Content::Unknown;
            }
            if is_loopback(host) { Content::Loopback } else { Content::Remote }
        }
        _ => Content::Local,
    }
}

/// Whether a host, with or without a port, is this machine.
pub fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    if host.starts_with("[::1]") {
        return true;
    }
    let name = host.split(':').next().unwrap_or("");
    name == "localhost" || name.ends_with(".localhost") || name == "0.0.0.0" || name.starts_with("127.")
}
