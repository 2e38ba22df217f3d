//! What a worker says of itself before a query runs.

use callpy::Python;
use datafusion::error::Result;
use datafusion_distributed::{ChannelResolver as _, GetWorkerInfoRequest};
use url::Url;

use super::channels::Channels;
use crate::error::wrong;
use crate::spec::Spec;

/// What must be the same here and on each worker, by name, such as `Python 3.12`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Versions(Vec<(String, String)>);

impl Versions {
    /// Returns the versions of this process.
    pub(crate) fn of_this_process(python: Python) -> callpy::Result<Versions> {
        // NumPy's results may differ from one minor version to the next: 1 and 2 promote dtypes by other rules.
        let minor = |version: String| version.split('.').take(2).collect::<Vec<_>>().join(".");
        let of_python: String = python.function("platform:python_version")?.call(())?;
        let of_package = python.function("importlib.metadata:version")?;
        // Functions of single values need no NumPy.
        let of_numpy = of_package.call::<String>("numpy").map_or("none".to_owned(), minor);
        let versions = [
            ("callpy", env!("CARGO_PKG_VERSION").to_owned()),
            ("DataFusion", datafusion::DATAFUSION_VERSION.to_owned()),
            ("Python", minor(of_python)),
            ("NumPy", of_numpy),
        ];
        Ok(Versions(versions.map(|(name, version)| (name.to_owned(), version)).into()))
    }
}

/// What a worker is and has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Info {
    /// Differs for each process, so that one that was started again is known.
    pub(crate) start: String,
    versions: Versions,
    /// The files, and their hashes.
    files: Vec<(String, String)>,
}

impl Info {
    /// Describes this process.
    pub(crate) fn of_this_process<'f>(
        versions: Versions,
        files: impl Iterator<Item = (&'f str, &'f str)>,
    ) -> Info {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let start = since.map_or(0, |since| since.as_nanos());
        Info {
            start: format!("{}-{start}", std::process::id()),
            versions,
            files: files.map(|(stem, hash)| (stem.to_owned(), hash.to_owned())).collect(),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let mut lines = vec![format!("start={}", self.start)];
        let versions = self.versions.0.iter();
        lines.extend(versions.map(|(name, version)| format!("version={version} {name}")));
        lines.extend(self.files.iter().map(|(stem, hash)| format!("file={hash} {stem}")));
        lines.join("\n")
    }

    pub(crate) fn parse(text: &str) -> Option<Info> {
        let mut info = Info::default();
        for line in text.lines() {
            let (key, value) = line.split_once('=')?;
            let named = || value.split_once(' ').map(|(it, name)| (name.to_owned(), it.to_owned()));
            match key {
                "start" => info.start = value.to_owned(),
                "version" => info.versions.0.push(named()?),
                "file" => info.files.push(named()?),
                _ => {}
            }
        }
        (!info.start.is_empty()).then_some(info)
    }

    /// Says why the worker can't run these functions for a program of these versions, if so.
    pub(crate) fn check(&self, own: &Versions, specs: &[Spec]) -> Result<(), String> {
        for (name, version) in &own.0 {
            let other = self.versions.0.iter().find(|(other, _)| other == name);
            let other = other.map_or("none", |(_, version)| version);
            if other != version {
                return Err(format!(
                    "its version of {name} is {other}, and this program's is {version}: use the same"
                ));
            }
        }
        for spec in specs {
            let module = &spec.module;
            let named = self.files.iter().filter(|(stem, _)| stem == module);
            let hashes: Vec<&String> = named.map(|(_, hash)| hash).collect();
            if hashes.is_empty() {
                let files: Vec<_> =
                    self.files.iter().map(|(stem, _)| format!("{stem}.py")).collect();
                return Err(format!(
                    "it has no {module}.py, where {} is; it was started with {}",
                    spec.name,
                    files.join(", ")
                ));
            }
            if !hashes.contains(&&spec.hash) {
                return Err(format!(
                    "its {module}.py is not the one of this program, so {} may differ: restart it with the same file",
                    spec.name
                ));
            }
        }
        Ok(())
    }
}

/// Why a worker can't be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// It does not answer.
    Silent(String),
    /// It is another than is needed.
    Wrong(String),
}

impl Unusable {
    pub(crate) fn into_error(self, url: &Url) -> datafusion::error::DataFusionError {
        let (Unusable::Silent(why) | Unusable::Wrong(why)) = self;
        wrong(&format!("worker {url}"), why)
    }
}

/// Asks a worker what it is, and whether it can run these functions.
pub(crate) async fn ask(
    channels: &Channels,
    url: &Url,
    own: &Versions,
    specs: &[Spec],
) -> Result<Info, Unusable> {
    let once = async || {
        let mut client = channels.get_worker_client_for_url(url).await?;
        client.get_worker_info(GetWorkerInfoRequest {}).await
    };
    // That an old connection has broken is known only when it is used, and a new one may be made while the
    // old one is being closed.
    const TRIES: usize = 3;
    let asked = async {
        let mut answer = once().await;
        for _ in 1..TRIES {
            if answer.is_ok() {
                break;
            }
            answer = once().await;
        }
        answer
    };
    let answer = match tokio::time::timeout(channels.patience(), asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(Unusable::Silent(format!("it does not answer: {error}"))),
        Err(_) => {
            return Err(Unusable::Silent(format!(
                "it does not answer within {:?}",
                channels.patience()
            )));
        }
    };
    let info = Info::parse(&answer.version)
        .ok_or_else(|| Unusable::Wrong("it is no callpy-worker".to_owned()))?;
    info.check(own, specs).map_err(Unusable::Wrong)?;
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(numpy: &str) -> Versions {
        let versions = [("DataFusion", "55.2.0"), ("NumPy", numpy)];
        Versions(versions.map(|(name, version)| (name.to_owned(), version.to_owned())).into())
    }

    fn info(files: &[(&str, &str)]) -> Info {
        Info::of_this_process(versions("2.3"), files.iter().copied())
    }

    #[test]
    fn a_description_is_read_back() {
        let info = info(&[("outliers", "12ab"), ("my file", "34cd")]);
        assert_eq!(Info::parse(&info.to_text()), Some(info));
        assert_eq!(Info::parse(""), None);
        assert_eq!(Info::parse("1.0"), None);
    }

    #[test]
    fn another_version_is_named() {
        let info = info(&[]);
        assert_eq!(info.check(&versions("2.3"), &[]), Ok(()));
        let why = info.check(&versions("1.26"), &[]).unwrap_err();
        assert_eq!(why, "its version of NumPy is 2.3, and this program's is 1.26: use the same");
        // One that says nothing of it is another version too.
        let silent = Info::parse("start=1\nversion=55.2.0 DataFusion").unwrap();
        let why = silent.check(&versions("2.3"), &[]).unwrap_err();
        assert!(why.contains("NumPy is none"), "{why}");
    }

    #[test]
    fn a_file_is_known_by_its_name_and_its_text() {
        let info = info(&[("util", "12"), ("util", "34")]);
        let own = versions("2.3");
        let spec = |module: &str, hash: &str| {
            Spec::parse(&format!("f {module} f {hash} row error immutable vint64")).unwrap()
        };
        assert_eq!(info.check(&own, &[spec("util", "12"), spec("util", "34")]), Ok(()));
        let changed = info.check(&own, &[spec("util", "56")]).unwrap_err();
        assert!(changed.contains("its util.py is not the one"), "{changed}");
        let missing = info.check(&own, &[spec("other", "12")]).unwrap_err();
        assert!(missing.contains("it has no other.py"), "{missing}");
    }
}
