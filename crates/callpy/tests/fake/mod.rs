//! A folder with interpreters and installers that are shell scripts, and a context that sees
//! nothing else.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use callpy::locate::Context;

pub(crate) struct World {
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = World { folder: tempfile::tempdir().unwrap() };
        for folder in ["bin", "here", "cache"] {
            fs::create_dir(world.path(folder)).unwrap();
        }
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// PATH has the folder `bin` alone, the current folder is `here`.
    pub(crate) fn context(&self) -> Context {
        Context::empty(self.path("here"))
            .with("PATH", self.path("bin"))
            .with("CALLPY_CACHE", self.path("cache"))
    }

    /// Writes an executable script.
    pub(crate) fn script(&self, name: &str, script: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Written by a child: a file that this process has open for writing can't be run while
        // another test's child, just forked, has it open too.
        let write = "printf '%s' \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", write, "sh"]).arg(&path).arg(script);
        assert!(shell.status().unwrap().success());
        path
    }

    /// Writes a Python that answers with `facts`, and adds its name to the log when it runs.
    pub(crate) fn python(&self, name: &str, facts: &Facts) -> PathBuf {
        self.script(
            name,
            &format!("#!/bin/sh\necho {name} >> {}\necho 'callpy:{}'\n", self.log(), facts.json()),
        )
    }

    /// Returns the facts of a good Python at `name`; its library is there.
    pub(crate) fn facts(&self, name: &str) -> Facts {
        let library = self.path("libpython3.12.so.1.0");
        fs::write(&library, "").unwrap();
        // As facts.py writes paths: one character for each byte.
        let text = |path: &Path| {
            let bytes = path.as_os_str().as_encoded_bytes();
            format!("\"{}\"", bytes.iter().map(|&byte| char::from(byte)).collect::<String>())
        };
        let (executable, prefix) = (text(&self.path(name)), text(self.folder.path()));
        Facts(BTreeMap::from([
            ("version", "[3, 12, 1]".to_owned()),
            ("implementation", "\"cpython\"".to_owned()),
            ("executable", executable.clone()),
            ("binary", executable.clone()),
            ("base_executable", executable),
            ("prefix", prefix.clone()),
            ("base_prefix", prefix),
            ("platform", format!("\"linux-{}\"", std::env::consts::ARCH)),
            ("bits", usize::BITS.to_string()),
            ("libraries", format!("[{}]", text(&library))),
            ("site_packages", "[]".to_owned()),
        ]))
    }

    /// Writes a good Python.
    pub(crate) fn good(&self, name: &str) -> PathBuf {
        self.python(name, &self.facts(name))
    }

    /// Returns the names of the scripts that ran, in order.
    pub(crate) fn ran(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    pub(crate) fn log(&self) -> String {
        self.path("log").display().to_string()
    }

    /// Writes a uv that makes environments out of scripts. `install` is run by its `pip install`.
    pub(crate) fn uv(&self, install: &str) -> PathBuf {
        let mut facts = self.facts("$0");
        facts.set("executable", "\"$0\"").set("binary", "\"$0\"").set("prefix", "\"$folder\"");
        let facts = facts.set("site_packages", "[\"$folder/lib\"]").json().replace('"', "\\\"");
        let log = self.log();
        let script = format!(
            r#"#!/bin/sh
PATH=/usr/bin:/bin
echo "uv $*" >> {log}
case $1 in
venv)
    for folder; do :; done
    mkdir -p "$folder/bin" "$folder/lib"
    {{
        echo '#!/bin/sh'
        echo "folder='$folder'"
        echo 'echo environment >> {log}'
        echo 'echo "callpy:{facts}"'
    }} > "$folder/bin/python"
    chmod 755 "$folder/bin/python"
    echo "Creating $folder" ;;
pip)
    {install} ;;
esac
"#
        );
        self.script("bin/uv", &script)
    }
}

pub(crate) struct Facts(BTreeMap<&'static str, String>);

impl Facts {
    /// Sets a fact to a text in JSON.
    pub(crate) fn set(&mut self, name: &'static str, json: &str) -> &mut Self {
        self.0.insert(name, json.to_owned());
        self
    }

    pub(crate) fn json(&self) -> String {
        let facts: Vec<_> =
            self.0.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
        format!("{{{}}}", facts.join(","))
    }
}
