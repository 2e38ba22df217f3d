//! `callpy cache`: what the environments take, and their removal.
#![allow(missing_docs, reason = "a test")]

mod command;

use std::fs;
use std::time::{Duration, SystemTime};

use command::{Ended, Folder};

/// A folder with an environment of its own making, last used so many days ago.
fn environment(folder: &Folder, name: &str, days: u64) {
    let home = folder.path().join("cache/environments").join(format!("{name}-0123"));
    let made = home.join("cpython-3.12-0123");
    fs::create_dir_all(made.join("lib")).unwrap();
    fs::write(made.join("callpy.json"), "{}").unwrap();
    fs::write(made.join("lib/data"), vec![0; 2_000_000]).unwrap();
    fs::write(home.join("requirements.txt"), format!("{name}>=1\npython \n")).unwrap();
    fs::write(home.join("default"), "cpython-3.12-0123").unwrap();
    let used = fs::File::create(home.join("cpython-3.12-0123.used")).unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    used.set_modified(SystemTime::now() - day * days as u32).unwrap();
}

fn cache(folder: &Folder, arguments: &[&str]) -> Ended {
    let mut command = folder.callpy(&[&["cache"], arguments].concat());
    command.env("CALLPY_CACHE", folder.path().join("cache")).output().unwrap().into()
}

#[test]
fn environments_are_listed_and_removed_by_their_last_use() {
    let folder = Folder::new();
    assert_eq!(cache(&folder, &["list"]).printed(), "there are no environments\n");
    environment(&folder, "old", 40);
    environment(&folder, "new", 2);
    let list = cache(&folder, &["list"]).printed();
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("packages") && lines.len() == 3, "{list}");
    assert!(
        lines[2].starts_with("old>=1")
            && lines[2].contains("2 MB")
            && lines[2].contains("40 days ago"),
        "{list}"
    );
    let size = cache(&folder, &["size"]).printed();
    assert!(size.starts_with("4 MB in ") && size.contains("/cache"), "{size}");

    let dry = cache(&folder, &["prune", "--dry-run"]).printed();
    assert!(
        dry.contains("old>=1") && dry.contains("1 environment would be removed, 2 MB"),
        "{dry}"
    );
    let home = folder.path().join("cache/environments/old-0123");
    assert!(home.join("cpython-3.12-0123").is_dir());
    let pruned = cache(&folder, &["prune"]).printed();
    assert!(pruned.ends_with("1 environment removed, 2 MB\n"), "{pruned}");
    assert!(!home.join("cpython-3.12-0123").exists() && !home.join("default").exists());
    assert!(!cache(&folder, &["list"]).printed().contains("old>=1"));

    // One that a process uses stays.
    let used = folder.path().join("cache/environments/new-0123/cpython-3.12-0123.used");
    let held = fs::File::open(used).unwrap();
    held.lock_shared().unwrap();
    let pruned = cache(&folder, &["prune", "--unused-for", "0"]).printed();
    assert!(
        pruned.contains("0 environments removed") && pruned.contains("1 environment in use"),
        "{pruned}"
    );
    drop(held);
    let pruned = cache(&folder, &["prune", "--unused-for", "0"]).printed();
    assert!(pruned.contains("1 environment removed"), "{pruned}");
}
