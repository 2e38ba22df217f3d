//! Completions and manual pages.

mod command;

use std::fs;

use command::{Ended, Folder};

fn run(folder: &Folder, arguments: &[&str]) -> Ended {
    folder.callpy(arguments).output().unwrap().into()
}

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&folder, &["completions", shell]).printed();
        for word in ["callpy", "bindgen", "completions", "plot", "column"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
    // As clap writes it, zsh completes no options after the first file.
    assert!(run(&folder, &["completions", "zsh"]).printed().contains("'*:files"));
    run(&folder, &["completions", "tcsh"]).failed(2, &["bash", "zsh", "fish"]);
}

/// What Tab offers for the last word, by bash itself.
#[cfg(target_os = "linux")]
fn offered(folder: &Folder, words: &[&str]) -> String {
    let script = "source <(\"$0\" completions bash); COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                  COMP_LINE=\"$*\"; COMP_POINT=${#COMP_LINE}; complete -p callpy >/dev/null || exit 9; \
                  _callpy callpy \"${@: -1}\" \"${@: -2:1}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "-c", script, env!("CARGO_BIN_EXE_callpy")]).args(words);
    bash.env("HOME", folder.path());
    let ended: Ended = bash.current_dir(folder.path()).output().unwrap().into();
    ended.printed()
}

#[cfg(target_os = "linux")]
#[test]
fn bash_completes() {
    let folder = Folder::plain("def f(): pass\n").file("series.csv", "1\n");
    assert_eq!(offered(&folder, &["callpy", "bin"]), "bindgen\n");
    assert_eq!(offered(&folder, &["callpy", "call", "--pl"]), "--plot\n");
    assert_eq!(offered(&folder, &["callpy", "call", "f.py:f", "--plot", "ser"]), "series.csv\n");
}

#[cfg(target_os = "linux")]
#[test]
fn bash_completes_the_functions_of_a_file() {
    let folder = Folder::plain(
        "import os\nasync def later(): pass\ndef first(x):\n    def inner(): pass\ndef _own(): pass\n\
         class C:\n    def method(self): pass\n",
    );
    // With its file where a colon does not end a word, alone where it does.
    let names = |word: &str| {
        let offered = offered(&folder, &["callpy", "call", word]);
        offered.lines().map(|line| line.replace("f.py:", "")).collect::<Vec<_>>()
    };
    assert_eq!(names("f.py:"), ["later", "first"]);
    assert_eq!(names("f.py:fi"), ["first"]);
    assert_eq!(names("~/f.py:fi").concat().replace("~/", ""), "first");
    assert_eq!(names("./gone.py:"), [""]);
}

#[test]
fn manual_pages() {
    let folder = Folder::new();
    let page = run(&folder, &["man"]).printed();
    assert!(page.contains(".TH CALLPY 1") && page.contains("callpy\\-call(1)"), "{page}");
    let page = run(&folder, &["man", "call"]).printed();
    for words in [".TH CALLPY-CALL 1", "\\-\\-plot", "Exit codes", "callpy call outliers.py:detect"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(!page.contains('\x1b'), "{page}");
    assert!(page.contains(concat!("callpy ", env!("CARGO_PKG_VERSION"))), "{page}");
    assert!(page.contains("callpy\\-call \\- Call a Python function"), "{page}");
    run(&folder, &["man", "cal"]).failed(2, &["no command", "call, time, doctor, bindgen"]);

    assert_eq!(run(&folder, &["man", "--into", "share/man/man1"]).printed(), "");
    let mut names: Vec<String> = fs::read_dir(folder.path().join("share/man/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.contains(&"callpy.1".to_owned()) && names.contains(&"callpy-time.1".to_owned()));
    let file = folder.file("file", "");
    run(&file, &["man", "--into", "file"]).failed(1, &["can't write the pages to file"]);
}
