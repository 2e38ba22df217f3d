//! Pipes that close, terminals and what is no terminal.

mod command;

#[cfg(unix)]
use std::io::Read;
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};

#[cfg(unix)]
use command::{Ended, Folder};

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_not_an_error() {
    let folder = Folder::plain(
        "def much(): return list(range(200000))\n\
         def all(v: 'list[float]'): return list(range(len(v)))\n\
         def one(): return 1\n\
         def chatty():\n    while True: print('again ' * 100)\n\
         def other(): raise BrokenPipeError('of my own')\n",
    )
    .file("v.csv", "1\n".repeat(100_000));
    for arguments in [
        &["call", "f.py:much"][..],
        &["call", "f.py:much", "--json"],
        &["call", "f.py:all", "v.csv", "--rows"],
        &["call", "f.py:all", "v.csv", "--rows", "--json"],
        &["call", "f.py:chatty"],
        // Less than a pipe holds: the reader is gone before it is written.
        &["call", "f.py:one"],
        &["time", "f.py:one", "--calls", "1"],
        &["bindgen", "f.py"],
        &["completions", "bash"],
        &["man", "call"],
        &["--help"],
        &["call", "--help"],
        &["--version"],
    ] {
        let mut child = folder.callpy(arguments).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        if arguments[0] == "call" && arguments[1] != "f.py:one" && arguments[1] != "--help" {
            stdout.read_exact(&mut [0; 5]).unwrap();
        }
        drop(stdout);
        let ended: Ended = child.wait_with_output().unwrap().into();
        assert_eq!((ended.code, &ended.stderr[..]), (Some(0), ""), "{arguments:?}");
    }
    folder.run(&["f.py:other"]).failed(1, &["BrokenPipeError: of my own"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let folder = Folder::plain("def one(): return 1\n");
    for arguments in [&["call", "f.py:one"][..], &["man"], &["completions", "fish"]] {
        let mut command = folder.callpy(arguments);
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let ended: Ended = command.stdout(full).output().unwrap().into();
        ended.failed(1, &["can't write the output: No space left on device"]);
    }
}

/// What a command writes on a terminal of its own, stderr included.
#[cfg(target_os = "linux")]
fn on_a_terminal(folder: &Folder, arguments: &str, variables: &[(&str, &str)]) -> String {
    let mut script = Command::new("script");
    let command = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_callpy"));
    script.args(["-q", "-c", &command, "typescript"]).current_dir(folder.path());
    // CI is taken for a terminal that knows colours, even a dumb one.
    for variable in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "CI"] {
        script.env_remove(variable);
    }
    script.env("TERM", "xterm").envs(variables.iter().copied()).stdin(Stdio::null());
    String::from_utf8(script.output().unwrap().stdout).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn colours_are_for_terminals() {
    let folder = Folder::plain("def f(): return 1\n");
    for arguments in ["call f.py:g", "call --help", "call f.py:f --nope"] {
        let plain = |variables| !on_a_terminal(&folder, arguments, variables).contains('\x1b');
        assert!(!plain(&[]), "{arguments}");
        assert!(plain(&[("NO_COLOR", "1")]), "{arguments}");
        assert!(plain(&[("TERM", "dumb")]), "{arguments}");
        let words: Vec<&str> = arguments.split(' ').collect();
        let coloured = |ended: Ended| (ended.stdout + &ended.stderr).contains('\x1b');
        let mut command = folder.callpy(&words);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        assert!(!coloured(command.output().unwrap().into()), "{arguments}");
        command.env("CLICOLOR_FORCE", "1");
        assert!(coloured(command.output().unwrap().into()), "{arguments}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn reading_a_large_file_shows_progress() {
    // The line comes after a third of a second; a function that takes its rows one by one is slower.
    let folder =
        Folder::with("def f(v): return len(v)\n").file("v.csv", "1.5\n".repeat(12_000_000));
    let seen = on_a_terminal(&folder, "call f.py:f v.csv", &[]);
    assert!(seen.contains("Reading v.csv") && seen.contains('%'), "{seen:?}");
    assert!(seen.ends_with("12000000\r\n"), "{seen:?}");
    let (_, after) = seen.rsplit_once('%').unwrap();
    assert!(after.contains("\x1b[2K"), "the line is cleared: {seen:?}");
    let seen = on_a_terminal(&folder, "call f.py:f v.csv", &[("TERM", "dumb")]);
    assert_eq!(seen, "12000000\r\n");
}
