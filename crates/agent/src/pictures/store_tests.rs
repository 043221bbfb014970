use super::*;

const NORTHWIND: ServerId = ServerId(1);

fn png(extra: usize) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(picture.len() + extra, 7);
    picture
}

fn person(id: &str) -> Key {
    (NORTHWIND, Subject::Person(UserId::parse(id).unwrap()))
}

fn attached(id: &str) -> Key {
    (NORTHWIND, Subject::File(FileId::parse(id).unwrap()))
}

fn open(folder: &Path, limits: Limits) -> Store {
    Store::open(folder.to_owned(), limits, &BTreeSet::from([NORTHWIND, ServerId(12)]))
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_picture_survives_a_restart_and_a_newer_one_takes_its_place() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("pictures");
    let mut store = open(&folder, Limits::default());
    assert_eq!(store.get(person("rosa"), 1), None);
    store.put(person("rosa"), 7, &png(10), 1).unwrap();
    let mut store = open(&folder, Limits::default());
    let kept = store.get(person("rosa"), 2).unwrap();
    assert_eq!((kept.version, fs::read(&kept.path).unwrap()), (7, png(10)));
    store.put(person("rosa"), 8, &png(20), 3).unwrap();
    assert_eq!(files(&folder), 1, "the old one is gone");
    assert_eq!(fs::read(store.get(person("rosa"), 4).unwrap().path).unwrap(), png(20));
}

#[test]
fn what_was_used_longest_ago_makes_room_by_number_and_by_bytes() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let mut store = open(folder, Limits { files: 2, bytes: 1000 });
    store.put(person("a"), 1, &png(10), 1).unwrap();
    store.put(person("b"), 1, &png(10), 2).unwrap();
    assert!(store.get(person("a"), 3).is_some());
    store.put(person("c"), 1, &png(10), 4).unwrap();
    assert!(store.get(person("b"), 5).is_none(), "used before a");
    assert!(store.get(person("a"), 5).is_some() && files(folder) == 2);
    store.put(person("d"), 1, &png(985), 6).unwrap();
    assert!(store.get(person("d"), 7).is_some() && files(folder) == 1, "993 of 1000 bytes");
}

#[test]
fn hostile_ids_stay_inside_the_folder_and_apart_from_each_other() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("pictures");
    let mut store = open(&folder, Limits::default());
    let ids =
        ["../../../../etc/passwd", "/etc/passwd", "..", ".", "a/b", "a-b", "a", "A", "%2e%2e%2f", "con", "x\\y", "a:b"];
    for (at, id) in ids.into_iter().enumerate() {
        store.put(person(id), 5, &png(at), 1).unwrap();
    }
    assert_eq!(files(home.path()), 1, "nothing beside the folder");
    assert_eq!(files(&folder), ids.len());
    let mut store = open(&folder, Limits::default());
    for (at, id) in ids.into_iter().enumerate() {
        let kept = store.get(person(id), 2).unwrap();
        assert_eq!((kept.path.parent(), fs::read(&kept.path).unwrap()), (Some(&*folder), png(at)), "{id}");
        let name = kept.path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{name}");
    }
    // Neither does a version that only a hostile server would name.
    for version in [i64::MIN, -1, i64::MAX] {
        store.put(person("v"), version, &png(1), 3).unwrap();
        assert!(store.get(person("v"), 3).is_some(), "{version}");
    }
}

#[test]
fn what_is_no_picture_or_too_large_is_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), Limits::default());
    for bad in [b"<!DOCTYPE html>".to_vec(), Vec::new(), b"RIFF\0\0\0\0WAVE".to_vec(), png(LARGEST)] {
        assert!(store.put(person("rosa"), 1, &bad, 1).is_err());
    }
    assert_eq!(files(home.path()), 0);
}

#[test]
fn a_file_that_broke_on_the_disk_is_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), Limits::default());
    for spoiled in [png(3), b"no picture, of the right length".get(..18).unwrap().to_vec(), Vec::new()] {
        store.put(person("rosa"), 1, &png(10), 1).unwrap();
        let path = store.get(person("rosa"), 2).unwrap().path;
        fs::write(&path, spoiled).unwrap();
        assert_eq!(store.get(person("rosa"), 3), None);
        assert!(!path.exists());
    }
    store.put(person("rosa"), 1, &png(10), 4).unwrap();
    fs::remove_file(store.get(person("rosa"), 5).unwrap().path).unwrap();
    assert_eq!(store.get(person("rosa"), 6), None);
}

#[test]
fn a_removed_servers_pictures_go_now_or_at_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let mut store = open(folder, Limits::default());
    let elsewhere = (ServerId(12), Subject::Person(UserId::parse("rosa").unwrap()));
    store.put(person("rosa"), 1, &png(10), 1).unwrap();
    store.put(elsewhere, 1, &png(10), 1).unwrap();
    store.forget(NORTHWIND);
    assert!(store.get(person("rosa"), 2).is_none() && store.get(elsewhere, 2).is_some());
    assert!(store.put(person("jun"), 1, &png(10), 3).is_err(), "a fetch that ended late");
    assert_eq!(files(folder), 1);
    // The program ended in between: the list of servers no longer has it.
    let mut store = Store::open(folder.to_owned(), Limits::default(), &BTreeSet::new());
    assert!(store.get(elsewhere, 4).is_none());
    assert_eq!(files(folder), 0);
}

#[test]
fn leftovers_of_a_crash_go_and_other_peoples_files_stay() {
    let home = tempfile::tempdir().unwrap();
    for name in [".new-x1y2", "notes.txt", "1-zz-3", "1-61-03"] {
        fs::write(home.path().join(name), "x").unwrap();
    }
    open(home.path(), Limits::default());
    assert!(!home.path().join(".new-x1y2").exists());
    assert_eq!(files(home.path()), 3);
}

#[test]
fn what_was_attached_stays_as_long_as_it_is_wanted_and_no_run_longer() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    let mut store = open(folder, Limits::default());
    for key in [person("a"), attached("a"), attached("b")] {
        store.put(key, 0, &png(10), 1).unwrap();
    }
    assert_eq!(files(folder), 3, "a person and a file may have the same id");
    store.keep_files(&BTreeSet::from([attached("b")]));
    assert!(store.get(attached("a"), 2).is_none() && store.get(attached("b"), 2).is_some());
    assert!(store.has_files() && store.get(person("a"), 2).is_some());
    let mut store = open(folder, Limits::default());
    assert!(!store.has_files() && store.get(person("a"), 3).is_some());
    assert_eq!(files(folder), 1);
}
