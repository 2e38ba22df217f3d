//! The environments in the cache: how large they are, when they were last used, and their removal.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::{DEFAULT, REQUIREMENTS, USED, wipe};
use crate::exception::MARKER;
use crate::installation::Context;

/// The environments that this process uses: the lock of each ends with the process.
static HELD: Mutex<Vec<(PathBuf, File)>> = Mutex::new(Vec::new());

/// Marks an environment as used by this process from now on; false if another process is removing it.
///
/// In a cache that can't be written to, nothing removes anything.
pub(super) fn hold(folder: &Path) -> bool {
    let mut held = HELD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if held.iter().any(|(known, _)| known == folder) {
        return true;
    }
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).truncate(false).open(used(folder));
    let Ok(file) = file else { return true };
    if matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)) {
        return false;
    }
    _ = file.set_modified(SystemTime::now());
    held.push((folder.to_owned(), file));
    true
}

fn used(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(USED);
    name.into()
}

/// An environment that callpy has created, or a part of one.
///
/// ```
/// use callpy::environment::cached;
/// use callpy::locate::Context;
///
/// for one in cached(&Context::of_this_process()) {
///     println!("{}: {}", one.folder().display(), one.requirements().join(", "));
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Cached {
    folder: PathBuf,
    requirements: Vec<String>,
    last_used: Option<SystemTime>,
}

/// Returns the environments in the cache folder, in the order of their folders.
///
/// ```
/// use callpy::environment::cached;
/// use callpy::locate::Context;
///
/// assert!(cached(&Context::empty("/").with("CALLPY_CACHE", "/no/such/folder")).is_empty());
/// ```
pub fn cached(context: &Context) -> Vec<Cached> {
    let folders = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let homes = context.cache_folder().map(|cache| folders(&cache.join("environments")));
    let mut all = Vec::new();
    for home in homes.into_iter().flatten() {
        let text = fs::read_to_string(home.join(REQUIREMENTS)).unwrap_or_default();
        let lines = text.lines().take_while(|line| !line.starts_with("python "));
        let requirements: Vec<String> = lines.map(str::to_owned).collect();
        all.extend(folders(&home).into_iter().map(|folder| {
            Cached {
                last_used: [used(&folder), folder.join(MARKER), folder.clone()]
                    .iter()
                    .find_map(|file| file.metadata().ok()?.modified().ok()),
                requirements: requirements.clone(),
                folder,
            }
        }));
    }
    all.sort_by(|one, two| one.folder.cmp(&two.folder));
    all
}

impl Cached {
    /// Returns its folder.
    ///
    /// ```
    /// # use callpy::{environment::cached, locate::Context};
    /// let all = cached(&Context::of_this_process());
    /// assert!(all.iter().all(|one| one.folder().is_dir()));
    /// ```
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns what it was created for; nothing if an older callpy has created it.
    ///
    /// ```
    /// # use callpy::{environment::cached, locate::Context};
    /// let all = cached(&Context::of_this_process());
    /// let with_numpy = all.iter().filter(|one| one.requirements().contains(&"numpy".to_owned()));
    /// # let _ = with_numpy;
    /// ```
    pub fn requirements(&self) -> &[String] {
        &self.requirements
    }

    /// Returns how long ago a process last started with it; zero for times in the future.
    ///
    /// ```
    /// # use callpy::{environment::cached, locate::Context};
    /// let day = std::time::Duration::from_secs(24 * 60 * 60);
    /// let all = cached(&Context::of_this_process());
    /// let old = all.iter().filter(|one| one.unused_for() > 30 * day);
    /// # let _ = old;
    /// ```
    pub fn unused_for(&self) -> Duration {
        self.last_used.and_then(|time| time.elapsed().ok()).unwrap_or_default()
    }

    /// Removes it, unless a process uses it or creates it now; returns whether it was removed.
    ///
    /// # Errors
    /// A file can't be removed.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use callpy::environment::cached;
    /// use callpy::locate::Context;
    ///
    /// let context = Context::empty("/").with("CALLPY_CACHE", "/srv/cache");
    /// let month = Duration::from_secs(30 * 24 * 3600);
    /// for old in cached(&context).iter().filter(|one| one.unused_for() > month) {
    ///     old.remove()?;
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn remove(&self) -> io::Result<bool> {
        let mut lock = self.folder.as_os_str().to_owned();
        lock.push(".lock");
        let (lock, used) = (PathBuf::from(lock), used(&self.folder));
        let mut locks = Vec::new();
        for file in [&lock, &used] {
            let opened =
                File::options().read(true).write(true).create(true).truncate(false).open(file)?;
            match opened.try_lock() {
                Ok(()) => locks.push(opened),
                Err(fs::TryLockError::WouldBlock) => return Ok(false),
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        wipe(&self.folder)?;
        // The lock stays: a process may be waiting for it, to create the environment again.
        fs::remove_file(used)?;
        let home = self.folder.parent().unwrap_or(&self.folder);
        let is_default = fs::read_to_string(home.join(DEFAULT))
            .is_ok_and(|name| self.folder.file_name() == Some(name.trim().as_ref()));
        if is_default {
            fs::remove_file(home.join(DEFAULT))?;
        }
        Ok(true)
    }
}
