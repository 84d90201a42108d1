//! What git knows about files: which ones a branch or a commit changes, and what its index holds.
//!
//! Git is asked by its command, and only where an option wants it. No hook, diff driver or file system monitor of a
//! repository's own settings is started, nothing is fetched, and no lock is taken.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::discover::{self, Overlay};

/// Branches that a change is most often compared with, in this order.
const BASES: [&str; 5] = ["origin/HEAD", "origin/main", "origin/master", "main", "master"];

/// Why git has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder lies in no repository.
    #[error("{} is in no git repository", folder.display())]
    NoRepository {
        /// The folder.
        folder: PathBuf,
    },
    /// The command cannot be started.
    #[error("cannot run git: {0}")]
    Start(std::io::Error),
    /// The command failed.
    #[error("git {command} failed: {message}")]
    Failed {
        /// Its subcommand.
        command: String,
        /// Its last words.
        message: String,
    },
    /// There is nothing to compare with.
    #[error("no branch to compare with was found: {tried} do not exist")]
    NoBase {
        /// Names that were tried.
        tried: String,
    },
    /// Two histories without a common commit.
    #[error("{base} and HEAD have no commit in common; a shallow clone may lack it")]
    Unrelated {
        /// What was compared with.
        base: String,
    },
}

/// A repository with a work tree.
#[derive(Debug)]
pub struct Repository {
    top: PathBuf,
}

/// What a commit would hold.
#[derive(Debug, Default)]
pub struct Staged {
    /// Files that it changes, absolute.
    pub files: BTreeSet<PathBuf>,
    /// Where the index and the work tree differ: what the index holds.
    pub overlay: Overlay,
}

impl Repository {
    /// The repository around a folder.
    ///
    /// # Errors
    /// `NoRepository`.
    pub fn around(folder: &Path) -> Result<Self, GitError> {
        let top =
            discover::repository(folder).ok_or_else(|| GitError::NoRepository { folder: folder.to_path_buf() })?;
        Ok(Self { top })
    }

    /// Files that differ from where the branch left `reference`, by commits or by edits, new ones included; absolute.
    ///
    /// Without a reference, from the branch that others work on: `origin/HEAD`, else the nearest like it.
    ///
    /// # Errors
    /// `NoBase` and `Unrelated`, and what git says.
    pub fn changed(&self, reference: Option<&str>) -> Result<BTreeSet<PathBuf>, GitError> {
        let candidates = reference.map_or_else(|| BASES.to_vec(), |name| vec![name]);
        let exists = |name: &&&str| {
            let commit = format!("{name}^{{commit}}");
            self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).is_ok()
        };
        let base = candidates.iter().find(exists);
        let base = base.ok_or_else(|| GitError::NoBase { tried: candidates.join(", ") })?;
        let unrelated = |_| GitError::Unrelated { base: (*base).to_string() };
        let fork = self.run(&["merge-base", "--", base, "HEAD"]).map_err(unrelated)?;
        let fork = String::from_utf8_lossy(&fork).trim().to_owned();
        let mut files =
            self.paths(&["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--diff-filter=d", &fork])?;
        files.extend(self.paths(&["ls-files", "-z", "--others", "--exclude-standard"])?);
        Ok(files)
    }

    /// Files that the next commit changes, and what it would hold of those that were edited since they were added.
    ///
    /// # Errors
    /// What git says.
    pub fn staged(&self) -> Result<Staged, GitError> {
        let files =
            self.paths(&["diff", "--cached", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--diff-filter=d"])?;
        let mut overlay: Overlay = self
            .paths(&["ls-files", "-z", "--others", "--exclude-standard"])?
            .into_iter()
            .map(|path| (path, None))
            .collect();
        let (paths, blobs): (Vec<PathBuf>, Vec<String>) = self.edited()?.into_iter().unzip();
        overlay.extend(paths.into_iter().zip(self.blobs(&blobs)?).map(|(path, bytes)| (path, Some(bytes))));
        Ok(Staged { files, overlay })
    }

    /// Files whose work tree is not what the index holds, with the name of its blob.
    fn edited(&self) -> Result<Vec<(PathBuf, String)>, GitError> {
        // `:100644 100644 <blob in the index> <blob or zeros> M`, NUL, path, NUL: git-diff-files(1), "raw output format".
        let raw = self.run(&["diff-files", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff"])?;
        let mut edited = Vec::new();
        let mut parts = raw.split(|byte| *byte == 0);
        while let (Some(head), Some(path)) = (parts.next(), parts.next()) {
            let head = String::from_utf8_lossy(head);
            let mut words = head.trim_start_matches(':').split(' ');
            let is_file = words.next().is_some_and(|mode| mode.starts_with("100"));
            if let (true, Some(blob)) = (is_file, words.nth(1))
                && blob.bytes().any(|byte| byte != b'0')
            {
                edited.push((self.absolute(path), blob.to_owned()));
            }
        }
        Ok(edited)
    }

    /// The contents of blobs, in their order.
    fn blobs(&self, names: &[String]) -> Result<Vec<Vec<u8>>, GitError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let failed = || GitError::Failed { command: "cat-file".into(), message: "its answer is cut off".into() };
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::Start)?;
        let mut input = child.stdin.take().ok_or_else(failed)?;
        let asked = names.join("\n") + "\n";
        // From a thread of its own: git answers while it is still being asked.
        let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
        let answer = child.wait_with_output().map_err(GitError::Start)?.stdout;
        let _ = writer.join();
        let mut rest = answer.as_slice();
        let mut blobs = Vec::with_capacity(names.len());
        for _ in names {
            let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(failed)?;
            let (head, body) = rest.split_at(end + 1);
            let size = String::from_utf8_lossy(head).trim().rsplit(' ').next().and_then(|size| size.parse().ok());
            let size: usize = size.ok_or_else(failed)?;
            blobs.push(body.get(..size).ok_or_else(failed)?.to_vec());
            rest = body.get(size + 1..).unwrap_or_default();
        }
        Ok(blobs)
    }

    fn paths(&self, arguments: &[&str]) -> Result<BTreeSet<PathBuf>, GitError> {
        let out = self.run(arguments)?;
        Ok(out.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(|path| self.absolute(path)).collect())
    }

    fn absolute(&self, path: &[u8]) -> PathBuf {
        #[cfg(unix)]
        let path = <OsString as std::os::unix::ffi::OsStringExt>::from_vec(path.to_vec());
        #[cfg(not(unix))]
        let path = OsString::from(String::from_utf8_lossy(path).into_owned());
        self.top.join(path)
    }

    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self.command(arguments).stdin(Stdio::null()).output().map_err(GitError::Start)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message = String::from_utf8_lossy(&output.stderr);
        let message = message.lines().last().unwrap_or("it says nothing").trim_start_matches("fatal: ").to_owned();
        Err(GitError::Failed { command: arguments.first().copied().unwrap_or_default().to_owned(), message })
    }

    /// Git in the top folder: paths in the variables that it hands to hooks are relative to it.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(["--no-pager", "--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false"]);
        command.args(["-c", "core.quotePath=false", "-c", "diff.relative=false"]).args(arguments);
        command.current_dir(&self.top).env("LC_ALL", "C");
        let is_around = std::env::current_dir().and_then(|folder| folder.canonicalize());
        if !is_around.is_ok_and(|folder| discover::repository(&folder).is_some_and(|top| top == self.top)) {
            // The variables speak of the repository that a hook runs for, and this is another one.
            for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"] {
                command.env_remove(name);
            }
        }
        command
    }
}
