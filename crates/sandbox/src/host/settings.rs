//! `api.config.updateParams` and `api.config.setConfig`: written by the addon, judged and kept by the host.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use electrolint_policy::policy::Document;
use electrolint_policy::{Value, value_fits};
use serde_json::Value as Json;

use super::files::Folder;
use crate::ApiError;
use crate::engine::{from_value, lock, to_value};

/// One document: its value, and where it lies.
pub(super) struct Settings {
    /// In the state of the host, where nobody else writes.
    folder: PathBuf,
    file: &'static str,
    rules: Document,
    value: Mutex<Json>,
}

impl Settings {
    /// What is kept; an empty object if there is nothing, or nothing that fits the schema any more.
    pub(super) fn open(folder: &Path, file: &'static str, rules: Document) -> std::io::Result<Self> {
        let kept = Folder::open(folder)?.read(file, rules.max_bytes)?;
        let value = kept.and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok());
        let empty = || Json::Object(serde_json::Map::new());
        let fits = |value: &Json| to_value(value).is_ok_and(|value| fits(&rules, &value).is_ok());
        let value = value.filter(fits).unwrap_or_else(empty);
        Ok(Self { folder: folder.to_owned(), file, rules, value: Mutex::new(value) })
    }

    pub(super) fn value(&self) -> Json {
        lock(&self.value).clone()
    }

    /// Replaces the value. The caller lets one write be under way at a time.
    pub(super) fn set(&self, value: &Value) -> Result<Json, ApiError> {
        let json = object(value)?;
        self.keep(Json::Object(json))
    }

    /// Replaces the members that are given; what comes of it is judged as a whole. One at a time, as [`Settings::set`].
    pub(super) fn update(&self, value: &Value) -> Result<Json, ApiError> {
        let given = object(value)?;
        let mut merged = match self.value() {
            Json::Object(members) => members,
            _ => serde_json::Map::new(),
        };
        merged.extend(given);
        self.keep(Json::Object(merged))
    }

    fn keep(&self, json: Json) -> Result<Json, ApiError> {
        let value = to_value(&json).map_err(|error| ApiError::new(error.to_string()))?;
        fits(&self.rules, &value)?;
        let bytes = json.to_string().into_bytes();
        if bytes.len() as u64 > self.rules.max_bytes {
            let message = format!("the value has more than {} bytes", self.rules.max_bytes);
            return Err(ApiError { name: "QuotaExceededError".into(), message });
        }
        let failed = |error: std::io::Error| ApiError::new(format!("the value cannot be kept: {}", error.kind()));
        Folder::open(&self.folder).and_then(|folder| folder.write(self.file, &bytes)).map_err(failed)?;
        lock(&self.value).clone_from(&json);
        Ok(json)
    }
}

fn fits(rules: &Document, value: &Value) -> Result<(), ApiError> {
    if rules.schemas.is_empty() {
        return Err(refused("the manifest has no schema for it".into()));
    }
    let judge = |schema| value_fits(schema, value).map_err(|misfit| refused(misfit.to_string()));
    rules.schemas.iter().try_for_each(judge)
}

fn refused(why: String) -> ApiError {
    ApiError { name: "NotAllowedError".into(), message: format!("the value is refused: {why}") }
}

fn object(value: &Value) -> Result<serde_json::Map<String, Json>, ApiError> {
    let wrong = || ApiError { name: "TypeError".into(), message: "the value is not an object of JSON".into() };
    match from_value::<Json>(value) {
        Ok(Json::Object(members)) if matches!(value, Value::Object(_)) => Ok(members),
        _ => Err(wrong()),
    }
}
