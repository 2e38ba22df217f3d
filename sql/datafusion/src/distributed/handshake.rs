//! What a worker says of itself before a query runs.

use datafusion::error::Result;
use datafusion_distributed::{ChannelResolver as _, GetWorkerInfoRequest};
use url::Url;

use super::channels::Channels;
use crate::error::wrong;
use crate::spec::Spec;

/// What a worker is and has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Info {
    /// Differs for each process, so that one that was started again is known.
    pub(crate) start: String,
    callpy: String,
    datafusion: String,
    /// The files, and their hashes.
    files: Vec<(String, String)>,
}

impl Info {
    /// Describes this process.
    pub(crate) fn of_this_process<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> Info {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let start = since.map_or(0, |since| since.as_nanos());
        Info {
            start: format!("{}-{start}", std::process::id()),
            callpy: env!("CARGO_PKG_VERSION").to_owned(),
            datafusion: datafusion::DATAFUSION_VERSION.to_owned(),
            files: files.map(|(stem, hash)| (stem.to_owned(), hash.to_owned())).collect(),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let mut lines = vec![
            format!("start={}", self.start),
            format!("callpy={}", self.callpy),
            format!("datafusion={}", self.datafusion),
        ];
        lines.extend(self.files.iter().map(|(stem, hash)| format!("file={hash} {stem}")));
        lines.join("\n")
    }

    pub(crate) fn parse(text: &str) -> Option<Info> {
        let mut info = Info {
            start: String::new(),
            callpy: String::new(),
            datafusion: String::new(),
            files: Vec::new(),
        };
        for line in text.lines() {
            let (key, value) = line.split_once('=')?;
            match key {
                "start" => info.start = value.to_owned(),
                "callpy" => info.callpy = value.to_owned(),
                "datafusion" => info.datafusion = value.to_owned(),
                "file" => {
                    let (hash, stem) = value.split_once(' ')?;
                    info.files.push((stem.to_owned(), hash.to_owned()));
                }
                _ => {}
            }
        }
        (!info.start.is_empty()).then_some(info)
    }

    /// Says why the worker can't run these functions, if so.
    pub(crate) fn check(&self, specs: &[Spec]) -> Result<(), String> {
        let own = (env!("CARGO_PKG_VERSION"), datafusion::DATAFUSION_VERSION);
        if (&self.callpy[..], &self.datafusion[..]) != own {
            return Err(format!(
                "it is callpy-worker {} with DataFusion {}, and this program has {} with {}: use the same versions",
                self.callpy, self.datafusion, own.0, own.1
            ));
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
pub(crate) async fn ask(channels: &Channels, url: &Url, specs: &[Spec]) -> Result<Info, Unusable> {
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
    info.check(specs).map_err(Unusable::Wrong)?;
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_back() {
        let info = Info::of_this_process([("outliers", "12ab"), ("my file", "34cd")].into_iter());
        assert_eq!(Info::parse(&info.to_text()), Some(info));
        assert_eq!(Info::parse(""), None);
        assert_eq!(Info::parse("1.0"), None);
    }

    #[test]
    fn a_file_is_known_by_its_name_and_its_text() {
        let info = Info::of_this_process([("util", "12"), ("util", "34")].into_iter());
        let spec = |module: &str, hash: &str| {
            Spec::parse(&format!("f {module} f {hash} row error immutable vint64")).unwrap()
        };
        assert_eq!(info.check(&[spec("util", "12"), spec("util", "34")]), Ok(()));
        let changed = info.check(&[spec("util", "56")]).unwrap_err();
        assert!(changed.contains("its util.py is not the one"), "{changed}");
        let missing = info.check(&[spec("other", "12")]).unwrap_err();
        assert!(missing.contains("it has no other.py"), "{missing}");
    }
}
