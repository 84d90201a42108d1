//! What could not be analysed, in the words of the machine-readable result.

use serde::{Deserialize, Serialize};

/// Kind of a problem; its name in reports is [`ProblemKind::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ProblemKind {
    /// A syntax error that lost a part of the file, or all of it.
    ParseError,
    /// Over the size limit.
    FileTooLarge,
    /// Nested more deeply than the analysis follows.
    TooDeep,
    /// NUL bytes: not a text.
    Binary,
    /// Bytes that are not the text's encoding; read with replacement characters.
    Encoding,
    /// The system refused to read it.
    Unreadable,
    /// Configuration or lockfile that does not have the shape it should have.
    BadData,
    /// An import of the app's own that leads to no file.
    UnresolvedImport,
    /// No source tells the Electron version; the newest is assumed.
    UnknownElectronVersion,
    /// A bound of the analysis was reached; facts may be missing.
    LimitReached,
    /// A defect of the analysis itself, caught.
    Internal,
}

impl ProblemKind {
    /// Every kind, in the order of the definition.
    pub const ALL: [Self; 11] = [
        Self::ParseError,
        Self::FileTooLarge,
        Self::TooDeep,
        Self::Binary,
        Self::Encoding,
        Self::Unreadable,
        Self::BadData,
        Self::UnresolvedImport,
        Self::UnknownElectronVersion,
        Self::LimitReached,
        Self::Internal,
    ];

    /// What it means, one sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Self::ParseError => "A syntax error lost a part of the file, or all of it.",
            Self::FileTooLarge => "The file is over the size limit.",
            Self::TooDeep => "The file is nested more deeply than the analysis follows.",
            Self::Binary => "The file has NUL bytes and is no text.",
            Self::Encoding => "Bytes that are not of the file's encoding were replaced.",
            Self::Unreadable => "The system refused to read the file.",
            Self::BadData => "A configuration or lockfile does not have the shape it should have.",
            Self::UnresolvedImport => "An import of the app's own leads to no file.",
            Self::UnknownElectronVersion => "Nothing tells the version of Electron, so the newest is assumed.",
            Self::LimitReached => "A bound of the analysis was reached, so facts may be missing.",
            Self::Internal => "A defect of the analysis was caught.",
        }
    }

    /// Its stable name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParseError => "parse-error",
            Self::FileTooLarge => "file-too-large",
            Self::TooDeep => "too-deep",
            Self::Binary => "binary",
            Self::Encoding => "encoding",
            Self::Unreadable => "unreadable",
            Self::BadData => "bad-data",
            Self::UnresolvedImport => "unresolved-import",
            Self::UnknownElectronVersion => "unknown-electron-version",
            Self::LimitReached => "limit-reached",
            Self::Internal => "internal",
        }
    }
}

/// One thing that was not analysed, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Path of the file or folder, as in `SourceFile::path`.
    pub path: String,
    /// 1-based line, where one is known.
    pub line: Option<u32>,
    /// What kind.
    pub kind: ProblemKind,
    /// What was tried and why it failed; lower case, no full stop.
    pub message: String,
}
