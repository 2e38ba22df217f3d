//! Runs every block of the documents that is not Rust: commands, files, programs in C and Go.
//!
//! `cargo test -p callpy-documents --test commands -- README` runs only documents whose name contains a
//! word.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use callpy_documents::{Block, blocks, missing_line, root};

/// Variables that `cargo test` sets, and a new terminal would not have.
const CLEARED: &[&str] =
    &["LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "RUST_BACKTRACE", "NO_COLOR"];

fn main() -> ExitCode {
    let word = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let mut place = Place::new();
    let mut failures = Vec::new();
    let mut ran: BTreeMap<String, usize> = BTreeMap::new();
    let mut left_out = Vec::new();
    for block in blocks(&root()) {
        if word.as_ref().is_some_and(|word| !block.document.contains(word.as_str())) {
            continue;
        }
        if let Some(why) = &block.not_run {
            left_out.push(format!("{} ({}): {why}", block.place(), block.language));
            continue;
        }
        match place.run(&block) {
            Ok(Outcome::Ran) => *ran.entry(block.language.clone()).or_default() += 1,
            Ok(Outcome::Elsewhere) => {}
            Ok(Outcome::Impossible(why)) => {
                left_out.push(format!("{} ({}): here, {why}", block.place(), block.language));
            }
            Err(message) => {
                eprintln!("{}: {message}\n", block.place());
                failures.push(block.place());
            }
        }
    }
    let counts: Vec<String> =
        ran.iter().map(|(language, count)| format!("{count} {language}")).collect();
    println!("blocks that were run: {}", counts.join(", "));
    println!("blocks that were not: {}", left_out.len());
    left_out.iter().for_each(|line| println!("    {line}"));
    if failures.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failures.join(", "));
    ExitCode::FAILURE
}

enum Outcome {
    Ran,
    /// Rust, which `tests/rust.rs` runs.
    Elsewhere,
    /// This machine lacks something.
    Impossible(String),
}

/// A copy of the repository, an empty home folder, and the installed command.
struct Place {
    copy: PathBuf,
    home: PathBuf,
    target: PathBuf,
    installed: bool,
    library: bool,
}

impl Place {
    fn new() -> Place {
        // The same folder in every run, so that Cargo's builds in it stay valid.
        let target =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().expect("target").to_owned();
        let folder = target.join("documents");
        let (copy, home) = (folder.join("callpy"), folder.join("home"));
        _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).expect("a folder in target");
        synchronise(&root(), &copy);
        let place = Place { copy, home, target, installed: false, library: false };
        // What `go get` finds: the modules of this checkout, as if they were released.
        place.bash("go/proxy ~/proxy").expect("go/proxy packs the modules");
        place
    }

    fn run(&mut self, block: &Block) -> Result<Outcome, String> {
        match &block.language[..] {
            // A drawing has no language.
            "rust" | "" => return Ok(Outcome::Elsewhere),
            "console" | "sh" => {
                let text = block.text.replace("cargo", "");
                if ["go run ", "go get "].iter().any(|command| text.contains(command))
                    && self.bash("command -v go").is_err()
                {
                    return Ok(Outcome::Impossible(
                        "there is no Go toolchain; .ci/go gets one".into(),
                    ));
                }
                self.install();
                let printed = self.bash(&block.whole())?;
                self.compare(block, &printed)?;
            }
            "python" => {
                let name = block.file().unwrap_or("block.py");
                let path = self.write(name, &block.whole());
                let check = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')";
                self.command("python3", &["-c", check, &path.to_string_lossy()])?;
            }
            "c" => return self.c(block),
            "go" => return self.go(block),
            "toml" => {
                toml::de::DeTable::parse(&block.text)
                    .map_err(|error| format!("is no TOML: {error}"))?;
            }
            "ini" => ini(&block.text)?,
            "dockerfile" => self.dockerfile(&block.text)?,
            other => return Err(format!("there is no way to run a block of {other:?}")),
        }
        Ok(Outcome::Ran)
    }

    fn compare(&self, block: &Block, printed: &str) -> Result<(), String> {
        let Some(expected) = &block.output else { return Ok(()) };
        match missing_line(expected, printed) {
            None => Ok(()),
            Some(line) => Err(format!("did not print {line:?}, but\n{printed}")),
        }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.copy.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of the copy");
        fs::write(&path, text).expect("a file of the copy");
        path
    }

    /// Installs the command once, as the documents say, for blocks that call it by name.
    fn install(&mut self) {
        if !self.installed {
            self.installed = true;
            let install = "cargo install --quiet --path crates/callpy-cli";
            self.bash(install).unwrap_or_else(|message| panic!("{install}: {message}"));
        }
    }

    /// Installs the C library once.
    fn library(&mut self) -> PathBuf {
        let prefix = self.copy.join("target-prefix");
        if !self.library {
            self.library = true;
            let install = format!("crates/callpy-capi/install '{}'", prefix.display());
            self.bash(&install).unwrap_or_else(|message| panic!("{install}: {message}"));
        }
        prefix
    }

    fn c(&mut self, block: &Block) -> Result<Outcome, String> {
        if self.command("cc", &["--version"]).is_err() {
            return Ok(Outcome::Impossible("there is no C compiler".into()));
        }
        let prefix = self.library();
        self.write("block.c", &block.whole());
        let printed = self.bash(&format!(
            "export PKG_CONFIG_PATH='{0}/lib/pkgconfig' LD_LIBRARY_PATH='{0}/lib'\n\
             cc -Wall -Werror -Wno-unused-variable block.c $(pkg-config --cflags --libs callpy) -o block\n\
             cd examples/outliers && ../../block",
            prefix.display()
        ))?;
        self.compare(block, &printed)?;
        Ok(Outcome::Ran)
    }

    fn go(&mut self, block: &Block) -> Result<Outcome, String> {
        if self.bash("command -v go").is_err() {
            return Ok(Outcome::Impossible("there is no Go toolchain; .ci/go gets one".into()));
        }
        let prefix = self.library();
        self.write("go/block/main.go", &block.whole());
        let printed = self.bash(&format!(
            "cd go && go build -o ../go-block ./block && cd ../examples/outliers\n\
             CALLPY_LIBRARY='{}/lib/libcallpy_c.so' ../../go-block",
            prefix.display()
        ))?;
        self.compare(block, &printed)?;
        Ok(Outcome::Ran)
    }

    /// Checks a Dockerfile without Docker: its instructions, its shell, its files.
    fn dockerfile(&self, text: &str) -> Result<(), String> {
        let known = ["FROM", "RUN", "COPY", "WORKDIR", "ENV", "CMD", "ENTRYPOINT", "USER", "ARG"];
        let joined = text.replace("\\\n", " ");
        let mut stages = Vec::new();
        for line in
            joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (word, rest) = line.split_once(' ').ok_or(format!("{line:?} is no instruction"))?;
            if !known.contains(&word) {
                return Err(format!("{word} is no instruction of a Dockerfile"));
            }
            match word {
                "FROM" => stages.extend(rest.split(" AS ").nth(1).map(str::to_owned)),
                "RUN" => {
                    let command = rest.split_whitespace().skip_while(|part| part.starts_with("--"));
                    let command = command.collect::<Vec<_>>().join(" ");
                    self.command("sh", &["-n", "-c", &command])?;
                }
                "COPY" => {
                    let mut parts = rest.split_whitespace().peekable();
                    if let Some(from) = parts.peek().and_then(|part| part.strip_prefix("--from="))
                        && !from.contains('/')
                        && !stages.iter().any(|stage| stage == from)
                    {
                        return Err(format!("there is no stage {from}"));
                    }
                }
                "CMD" | "ENTRYPOINT" if !(rest.starts_with('[') && rest.ends_with(']')) => {
                    return Err(format!("{word} goes through a shell, which takes the signals"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn bash(&self, script: &str) -> Result<String, String> {
        self.command("bash", &["-euo", "pipefail", "-c", script])
    }

    /// Runs a command to its end; returns what it printed on stdout and stderr, in that order.
    fn command(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let home = std::env::home_dir().expect("a home folder");
        let var = |name: &str, folder: &str| {
            std::env::var_os(name).unwrap_or_else(|| home.join(folder).into())
        };
        let (cargo, rustup) = (var("CARGO_HOME", ".cargo"), var("RUSTUP_HOME", ".rustup"));
        let bin = self.home.join("bin");
        let go = root().join("target/go-venv/bin");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [bin, go].into_iter().chain(std::env::split_paths(&path));
        let mut command = Command::new(program);
        for (name, _) in std::env::vars() {
            if name.starts_with("CARGO_")
                || name.starts_with("CALLPY_DOC")
                || CLEARED.contains(&&name[..])
            {
                command.env_remove(name);
            }
        }
        let downloads = self.target.join("documents/downloads");
        command
            .args(arguments)
            .current_dir(&self.copy)
            .env("HOME", &self.home)
            .env_remove("XDG_CACHE_HOME")
            .env("PATH", std::env::join_paths(folders).expect("folders"))
            .env("CARGO_HOME", cargo)
            .env("RUSTUP_HOME", rustup)
            // Not the project's own: Cargo would take what is built of the copy for what is built of the
            // project, whatever has been edited there since.
            .env("CARGO_TARGET_DIR", self.target.join("documents/target"))
            .env("CARGO_INSTALL_ROOT", &self.home)
            // Kept from run to run: what is downloaded is the same each time.
            .env("PIP_CACHE_DIR", downloads.join("pip"))
            .env("GOCACHE", downloads.join("go"))
            .env("GOFLAGS", "-mod=mod -modcacherw")
            .env("GOPROXY", format!("file://{}", self.home.join("proxy").display()))
            .env("GOSUMDB", "off")
            .stdin(Stdio::null());
        let ended = command.output().map_err(|error| format!("{program} can't be run: {error}"))?;
        let stdout = String::from_utf8_lossy(&ended.stdout);
        let stderr = String::from_utf8_lossy(&ended.stderr);
        match ended.status.success() {
            true => Ok(format!("{stdout}\n{stderr}")),
            false => Err(format!("failed ({}):\n{stdout}\n{stderr}", ended.status)),
        }
    }
}

/// Makes a folder a copy of the repository: its tracked and new files, and nothing else.
fn synchronise(root: &Path, copy: &Path) {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .expect("git lists the repository's files");
    let listed = String::from_utf8(listed.stdout).expect("names in UTF-8");
    let files: Vec<&str> = listed.split('\0').filter(|name| !name.is_empty()).collect();
    remove_others(copy, copy, &files);
    for file in files {
        let (from, to) = (root.join(file), copy.join(file));
        let Ok(contents) = fs::read(&from) else { continue };
        // An unchanged file is not copied, so that Cargo sees the same time.
        if fs::read(&to).is_ok_and(|old| old == contents) {
            continue;
        }
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder in target");
        fs::copy(&from, &to).expect("a copy of a file");
    }
}

fn remove_others(root: &Path, folder: &Path, files: &[&str]) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.is_symlink() {
            remove_others(root, &path, files);
            // Fails if the folder is not empty, as it should.
            _ = fs::remove_dir(&path);
        } else {
            let name = path.strip_prefix(root).expect("below it").to_string_lossy();
            if !files.contains(&&*name) {
                fs::remove_file(&path).expect("a file of the copy");
            }
        }
    }
}

fn ini(text: &str) -> Result<(), String> {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    match lines.find(|line| !(line.starts_with('[') && line.ends_with(']') || line.contains('='))) {
        None => Ok(()),
        Some(line) => Err(format!("{line:?} is neither a section nor a setting")),
    }
}
