//! Files of addons and of the host: read within bounds, written whole or not at all, never through a link.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use crate::engine::lock;

/// A folder that is held open: what is done in it is done there, wherever its path leads by then.
pub(super) struct Folder(Mutex<Option<Arc<OwnedFd>>>);

impl Folder {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        Ok(Self(Mutex::new(Some(Arc::new(folder)))))
    }

    /// Lets go of it: nothing more is done in it.
    pub(super) fn close(&self) {
        lock(&self.0).take();
    }

    /// Whether it was let go of.
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.0).is_none()
    }

    fn get(&self) -> std::io::Result<Arc<OwnedFd>> {
        lock(&self.0).clone().ok_or_else(|| std::io::Error::other("the folder is not used any more"))
    }

    /// The file of this name, at most `most` bytes; `None` if there is none. A link is not followed.
    pub(super) fn read(&self, name: &str, most: u64) -> std::io::Result<Option<Vec<u8>>> {
        // A pipe of this name would block the opening.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(&*self.get()?, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        read_file(file, most).map(Some)
    }

    /// Writes the file of this name, mode 0600: the old one stays until the new one is whole and on the disk.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let folder = self.get()?;
        let temporary = temporary(name);
        self.remove(&temporary)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&*folder, &temporary, flags, Mode::RUSR | Mode::WUSR)?);
        let write = |mut file: File| -> std::io::Result<()> {
            file.write_all(bytes)?;
            file.sync_all()?;
            Ok(rustix::fs::renameat(&*folder, &temporary, &*folder, name)?)
        };
        write(file).inspect_err(|_| {
            // It takes up a disk that may be full. If it stays, the next write removes it.
            let _ = self.remove(&temporary);
        })?;
        // The new name is on the disk too before anybody is told.
        rustix::fs::fsync(&*folder)?;
        Ok(())
    }

    /// Removes what [`Folder::write`] has written under this name, and what one that was cut off has left.
    pub(super) fn remove_written(&self, name: &str) -> std::io::Result<()> {
        self.remove(name)?;
        self.remove(&temporary(name))
    }

    /// Removes the file of this name, and not what a link of this name points to. One that is not there is no error.
    pub(super) fn remove(&self, name: &str) -> std::io::Result<()> {
        match rustix::fs::unlinkat(&*self.get()?, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn temporary(name: &str) -> String {
    format!(".{name}.new")
}

fn read_file(file: File, most: u64) -> std::io::Result<Vec<u8>> {
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(std::io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_neither_read_nor_written_through() {
        let place = tempfile::tempdir().expect("a folder");
        let (inside, secret) = (place.path().join("inside"), place.path().join("secret"));
        std::fs::create_dir(&inside).expect("a folder");
        std::fs::write(&secret, "secret").expect("a file");
        let folder = Folder::open(&inside).expect("opened");
        assert_eq!(folder.read("data", 10).expect("nothing there"), None);
        folder.write("data", b"1").expect("written");
        assert_eq!(folder.read("data", 10).expect("read").as_deref(), Some(&b"1"[..]));
        assert!(folder.read("data", 0).is_err(), "more than the bound");
        std::fs::remove_file(inside.join("data")).expect("removed");
        for name in ["data", ".data.new"] {
            std::os::unix::fs::symlink(&secret, inside.join(name)).expect("a link");
        }
        assert!(folder.read("data", 10).is_err());
        folder.write("data", b"2").expect("written beside the link");
        assert_eq!(std::fs::read_to_string(&secret).expect("untouched"), "secret");
        assert_eq!(std::fs::read_to_string(inside.join("data")).expect("the new one"), "2");
        std::os::unix::fs::symlink(&secret, inside.join("other")).expect("a link");
        folder.remove("other").expect("the link is removed");
        assert!(secret.exists() && !inside.join("other").exists());
        // A write that fails leaves nothing behind: a folder cannot be replaced by a file.
        std::fs::create_dir(inside.join("busy")).expect("a folder");
        assert!(folder.write("busy", b"3").is_err() && !inside.join(".busy.new").exists());
        // A pipe stops nobody.
        let pipe = inside.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo(1)").success());
        assert!(folder.read("pipe", 10).is_err());
    }
}
