//! The folder, from inside: what is an entry, and what is not.

use std::fs;
use std::time::{Duration, SystemTime};

use super::*;

const KINDS: [Kind; 2] = [Kind::Outcome, Kind::Sheets];

fn key(name: &str) -> Digest {
    Digester::new(name).finish()
}

/// A folder for entries, and the one that it lies in.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a/cache");
    (scratch, path)
}

fn open(path: &Path) -> Folder {
    Folder::open(path, &[], "this").unwrap()
}

/// What an entry holds.
fn read(folder: &Folder, kind: Kind, key: Digest) -> Option<Vec<u8>> {
    Some(folder.read(kind, key)?.body().to_vec())
}

/// The entries in a folder.
fn entries(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| !path.ends_with("CACHEDIR.TAG"));
    found.sort();
    found
}

#[test]
fn what_is_written_is_read() {
    let (_scratch, path) = folder();
    let mut folder = open(&path);
    assert!(path.join("CACHEDIR.TAG").is_file());
    for kind in KINDS {
        assert_eq!(read(&folder, kind, key("a")), None);
        for body in [&b"one"[..], b"", b"another one"] {
            folder.write(kind, key("a"), &[body]).unwrap();
            assert_eq!(read(&folder, kind, key("a")).as_deref(), Some(body));
            assert_eq!(read(&folder, kind, key("b")), None);
        }
    }
    assert_eq!(entries(&path).len(), 2, "nothing is left beside them");
}

#[test]
fn an_entry_of_another_build_name_or_kind_is_none() {
    let (_scratch, path) = folder();
    open(&path).write(Kind::Outcome, key("a"), &[b"body"]).unwrap();
    let other = Folder::open(&path, &[], "another").unwrap();
    assert_eq!(read(&other, Kind::Outcome, key("a")), None);
    let [entry] = &entries(&path)[..] else { panic!() };
    fs::copy(entry, path.join(format!("{}.outcome", key("b")))).unwrap();
    fs::copy(entry, path.join(format!("{}.sheets", key("a")))).unwrap();
    assert_eq!(read(&open(&path), Kind::Outcome, key("b")), None);
    assert_eq!(read(&open(&path), Kind::Sheets, key("a")), None);
    assert_eq!(read(&open(&path), Kind::Outcome, key("a")).as_deref(), Some(&b"body"[..]), "the same where it belongs");
}

#[test]
fn an_entry_that_was_changed_or_cut_is_none() {
    let (_scratch, path) = folder();
    let mut folder = open(&path);
    for length in [0, 1, 100, 3000] {
        let body: Vec<u8> = (0..length).map(|n: u32| n as u8).collect();
        folder.write(Kind::Sheets, key("a"), &[&body]).unwrap();
        let [entry] = &entries(&path)[..] else { panic!() };
        let whole = fs::read(entry).unwrap();
        for at in 0..whole.len() {
            for change in [1, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= change;
                fs::write(entry, &changed).unwrap();
                assert_eq!(read(&folder, Kind::Sheets, key("a")), None, "byte {at} of {}", whole.len());
            }
            fs::write(entry, &whole[..at]).unwrap();
            assert_eq!(read(&folder, Kind::Sheets, key("a")), None, "{at} of {} bytes", whole.len());
        }
        fs::write(entry, [&whole[..], b"\0"].concat()).unwrap();
        assert_eq!(read(&folder, Kind::Sheets, key("a")), None);
        fs::write(entry, &whole).unwrap();
        assert_eq!(read(&folder, Kind::Sheets, key("a")), Some(body));
    }
}

#[test]
fn what_is_no_file_is_no_entry() {
    let (_scratch, path) = folder();
    let mut folder = open(&path);
    let place = path.join(format!("{}.outcome", key("a")));
    fs::create_dir(&place).unwrap();
    assert_eq!(read(&folder, Kind::Outcome, key("a")), None);
    assert!(folder.write(Kind::Outcome, key("a"), &[b"body"]).is_err());
    assert_eq!(entries(&path), [place], "nothing is left of the attempt");
}

#[test]
fn a_folder_inside_what_is_checked_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let app = scratch.path().canonicalize().unwrap().join("app");
    fs::create_dir_all(app.join("src")).unwrap();
    let refused = |path: &Path| Folder::open(path, std::slice::from_ref(&app), "this").is_err();
    assert!(refused(&app));
    assert!(refused(&app.join("cache")));
    assert!(refused(&app.join("src/../cache/deep")));
    assert!(refused(&scratch.path().join("other/../app/cache")));
    assert!(!refused(&scratch.path().join("application")));
    assert!(!refused(&scratch.path().join("app/../beside")));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&app, scratch.path().join("link")).unwrap();
        assert!(refused(&scratch.path().join("link/cache")));
    }
    assert_eq!(entries(&app), [app.join("src")], "nothing was made in it");
}

#[test]
fn a_folder_that_cannot_be_used_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(Folder::open(&file, &[], "this").is_err());
    assert!(Folder::open(&file.join("below"), &[], "this").is_err());
    assert_eq!(fs::read(&file).unwrap(), b"x");
}

#[cfg(unix)]
#[test]
fn only_this_user_can_write() {
    use std::os::unix::fs::PermissionsExt;
    let (_scratch, path) = folder();
    open(&path).write(Kind::Outcome, key("a"), &[b"body"]).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    assert!(entries(&path).iter().all(|entry| mode(entry) == 0o600));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(Folder::open(&path, &[], "this").is_err());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(Folder::open(&path, &[], "this").is_ok());
}

/// Entries `0` to `9` of 100 bytes each, used in this order, and files of others.
fn ten(path: &Path) -> Folder {
    let mut folder = open(path);
    for number in 0..10 {
        folder.write(Kind::Outcome, key(&number.to_string()), &[&[0; 100 - Digest::LENGTH]]).unwrap();
        touch(&path.join(format!("{}.outcome", key(&number.to_string()))), 100 - number);
    }
    for name in ["notes.outcome", "README", &format!("{}.other", key("0")), &format!("{}.outcome.new", key("0"))] {
        fs::write(path.join(name), [0; 100]).unwrap();
        touch(&path.join(name), 1000);
    }
    folder
}

fn touch(path: &Path, days: u64) {
    let time = SystemTime::now() - Duration::from_secs(days * 86_400);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn what_was_used_long_ago_makes_room() {
    let there =
        |folder: &Folder| (0..10).filter(|n| read(folder, Kind::Outcome, key(&n.to_string())).is_some()).count();
    for (bytes, count, left) in [(1000, 10, 10), (999, 10, 7), (400, 100, 3), (1 << 20, 8, 6), (0, 0, 0)] {
        let (_scratch, path) = folder();
        let folder = ten(&path);
        // Used again.
        read(&folder, Kind::Outcome, key("0")).unwrap();
        folder.trim_to(bytes, count);
        assert_eq!(there(&folder), left, "{bytes} bytes, {count} entries");
        assert_eq!(entries(&path).len(), left + 4, "what is not ours stays");
        let newest = read(&folder, Kind::Outcome, key("0")).is_some();
        let oldest = read(&folder, Kind::Outcome, key("1")).is_some();
        assert_eq!((newest, oldest), (left > 0, left == 10));
    }
}

#[test]
fn what_was_begun_and_left_goes() {
    let (_scratch, path) = folder();
    let folder = open(&path);
    let begun = |number: u64| path.join(format!("{}.sheets.{number:016x}.new", key("a")));
    fs::write(begun(1), "x").unwrap();
    fs::write(begun(2), "x").unwrap();
    touch(&begun(1), 1);
    folder.trim_to(1000, 1000);
    assert_eq!(entries(&path), [begun(2)], "somebody may still be writing");
}
