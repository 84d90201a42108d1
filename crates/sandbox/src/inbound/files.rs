//! Static files of an addon: what lies below one folder, reached through no link.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

/// Longest file that is served, in bytes.
const MOST_BYTES: u64 = 32 << 20;
/// Bytes of a file that are in memory at once, for each client.
const PART: u64 = 64 << 10;

/// A folder that is held open.
pub(crate) struct Folder(OwnedFd);

impl Folder {
    /// `path` below `base`; the folder itself may be no link either.
    pub(crate) fn open(base: &Path, path: &str) -> std::io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let base = rustix::fs::openat(CWD, base, flags, Mode::empty())?;
        Ok(Self(rustix::fs::openat2(&base, path, flags, Mode::empty(), beneath())?))
    }

    /// The file at `path`, of plain segments, to be sent; `turn` lasts until it is.
    pub(super) fn send(&self, path: &str, turn: OwnedSemaphorePermit) -> std::io::Result<Sending> {
        // A pipe would block the opening.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::openat2(&self.0, path, flags, Mode::empty(), beneath())?);
        let found = file.metadata()?;
        if !found.is_file() || found.len() > MOST_BYTES {
            return Err(Error::other("it is not a file that is served"));
        }
        let (first, file) = part(file, found.len())?;
        Ok(Sending { left: found.len(), next: Next::Here(first, file), _turn: turn })
    }
}

/// A file on its way to a client, read part by part as the client takes it: of many large files for clients that take
/// nothing, one part each is in memory.
pub(super) struct Sending {
    left: u64,
    next: Next,
    _turn: OwnedSemaphorePermit,
}

enum Next {
    Here(Vec<u8>, File),
    Reading(JoinHandle<std::io::Result<(Vec<u8>, File)>>),
    Over,
}

/// The next part, and the file for what comes after it.
fn part(mut file: File, left: u64) -> std::io::Result<(Vec<u8>, File)> {
    let mut bytes = vec![0; usize::try_from(left.min(PART)).unwrap_or_default()];
    file.read_exact(&mut bytes)?;
    Ok((bytes, file))
}

impl Body for Sending {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let (bytes, file) = match std::mem::replace(&mut self.next, Next::Over) {
            Next::Over => return Poll::Ready(None),
            Next::Here(bytes, file) => (bytes, file),
            Next::Reading(mut reading) => match Pin::new(&mut reading).poll(cx) {
                Poll::Pending => {
                    self.next = Next::Reading(reading);
                    return Poll::Pending;
                }
                // A file that has become shorter ends the connection: its length was said.
                Poll::Ready(read) => match read.unwrap_or_else(|_| Err(ErrorKind::Interrupted.into())) {
                    Ok(read) => read,
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
            },
        };
        self.left -= (bytes.len() as u64).min(self.left);
        let left = self.left;
        if left > 0 {
            self.next = Next::Reading(tokio::task::spawn_blocking(move || part(file, left)));
        }
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn beneath() -> ResolveFlags {
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS
}

/// The path below the folder that a path of a URL means: each segment decoded once, none that is a separator, a step, hidden or
/// a name of a device. An empty last segment is `index.html`.
pub(super) fn path_of(encoded: &str) -> Option<String> {
    let mut segments = Vec::new();
    let last = encoded.split('/').count() - 1;
    for (index, segment) in encoded.split('/').enumerate() {
        if segment.is_empty() && index == last {
            segments.push("index.html".to_owned());
            continue;
        }
        let segment = decode(segment)?;
        let is_plain = !segment.is_empty()
            && !segment.starts_with('.')
            && !segment.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | ':'));
        if !is_plain {
            return None;
        }
        segments.push(segment);
    }
    let path = segments.join("/");
    (path.len() <= 1024).then_some(path)
}

/// Decodes once. What is no valid escape, or no UTF-8, is none.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The media type by the ending of a name.
pub(super) fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a14_paths_that_mean_a_file_below() {
        for (url, path) in [
            ("", "index.html"),
            ("a.js", "a.js"),
            ("dir/", "dir/index.html"),
            ("dir/a%20b.txt", "dir/a b.txt"),
            ("%C3%A9.txt", "é.txt"),
            ("a%252e.txt", "a%2e.txt"),
        ] {
            assert_eq!(path_of(url).as_deref(), Some(path), "{url}");
        }
        for bad in [
            "..",
            "../x",
            "a/../../x",
            "a/..",
            ".",
            "./a",
            "%2e%2e/x",
            "%2e%2e%2fx",
            "..%2fx",
            "a%2fb",
            "a%5cb",
            "a\\b",
            "%00",
            "a%00.js",
            "//etc",
            "a//b",
            "/etc/passwd",
            "C:",
            "c%3a/x",
            ".hidden",
            "dir/.git/config",
            "%",
            "%2",
            "%zz",
            "%ff",
            "a%0ab",
            "file:x",
        ] {
            assert_eq!(path_of(bad), None, "{bad}");
        }
    }

    /// A folder on the way is swapped for a link, again and again, while files are asked for.
    #[test]
    fn a14_a_link_that_comes_meanwhile_leads_nowhere() {
        let place = tempfile::tempdir().expect("a folder");
        let web = place.path().join("web");
        for folder in [&web.join("dir"), &place.path().join("out")] {
            std::fs::create_dir_all(folder).expect("a folder");
        }
        std::fs::write(web.join("dir/x"), "inside").expect("a file");
        std::fs::write(place.path().join("out/x"), "outside, and longer").expect("a file");
        let folder = Folder::open(place.path(), "web").expect("opened");
        let swapping = {
            let web = web.clone();
            std::thread::spawn(move || {
                for _ in 0..2000 {
                    std::fs::rename(web.join("dir"), web.join("kept")).expect("away");
                    std::os::unix::fs::symlink("../out", web.join("dir")).expect("a link");
                    std::fs::remove_file(web.join("dir")).expect("removed");
                    std::fs::rename(web.join("kept"), web.join("dir")).expect("back");
                }
            })
        };
        let turns = std::sync::Arc::new(tokio::sync::Semaphore::new(1));
        while !swapping.is_finished() {
            if let Ok(file) = folder.send("dir/x", turns.clone().try_acquire_owned().expect("a turn")) {
                assert_eq!(file.left, 6, "what lies inside");
            }
        }
        swapping.join().expect("a thread");
    }

    #[test]
    fn a14_links_and_what_is_no_file_are_not_served() {
        let place = tempfile::tempdir().expect("a folder");
        let web = place.path().join("web");
        std::fs::create_dir_all(web.join("dir")).expect("a folder");
        std::fs::write(place.path().join("secret"), "secret").expect("a file");
        std::fs::write(web.join("a.txt"), "a").expect("a file");
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, web.join(at)).expect("a link");
        link("../secret", "out");
        link("a.txt", "in");
        link("..", "up");
        link("/proc/self/environ", "proc");
        let pipe = web.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo(1)").success());
        std::fs::File::create(web.join("huge")).expect("a file").set_len(MOST_BYTES + 1).expect("a length");
        let folder = Folder::open(place.path(), "web").expect("opened");
        let turns = std::sync::Arc::new(tokio::sync::Semaphore::new(1));
        let send = |path: &str| folder.send(path, turns.clone().try_acquire_owned().expect("it was given back"));
        assert_eq!(send("a.txt").expect("opened").left, 1);
        for bad in ["out", "in", "up/secret", "proc", "dir", "absent", "../secret", "/etc/hostname", "pipe", "huge"] {
            assert!(send(bad).is_err(), "{bad}");
        }
        link("dir", "linked");
        assert!(Folder::open(&web, "linked").is_err() && Folder::open(place.path(), "..").is_err());
    }
}
