//! Ctrl-C and termination, whatever the command is doing.
#![cfg(target_os = "linux")]

mod command;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use callpy::child::spawn;
use command::Folder;

const FUNCTIONS: &str = "
import atexit, time

def begin():
    atexit.register(print, 'exit handler')
    print('begun', flush=True)

def sleep():
    try:
        begin()
        time.sleep(600)
    finally:
        print('tidied')

def spin():
    begin()
    while True:
        pass

def catch():
    try:
        sleep()
    except KeyboardInterrupt:
        return 'caught'

def in_c():
    try:
        begin()
        return sum(range(10 ** 15))
    except KeyboardInterrupt:
        # It arrived before the C code did.
        return sum(range(10 ** 15))

def ask():
    begin()
    return input()

def again():
    import os, signal
    os.kill(os.getpid(), signal.SIGINT)
    return 'still here'

def large(v): return len(v)
";

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits for the line by which a function says that it runs.
fn begun(child: &mut Child) -> BufReader<ChildStdout> {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    stdout
}

/// Sends a signal while a function runs; what it printed after that, the errors, and the end.
fn stopped(function: &str, signal: &str) -> (String, String, std::process::ExitStatus) {
    let folder = Folder::plain(FUNCTIONS);
    let mut command = folder.command(&[&format!("f.py:{function}")]);
    // For `ask`: a terminal whose user says nothing.
    let mut child = spawn(command.stdin(Stdio::piped())).unwrap();
    let _open = child.stdin.take();
    let mut stdout = begun(&mut child);
    send(&child, signal);
    let ended = child.wait_with_output().unwrap();
    let mut printed = String::new();
    stdout.read_to_string(&mut printed).unwrap();
    (printed, String::from_utf8(ended.stderr).unwrap(), ended.status)
}

#[test]
fn ctrl_c_stops_a_function() {
    for (function, printed) in
        [("sleep", "tidied\nexit handler\n"), ("spin", "exit handler\n"), ("ask", "exit handler\n")]
    {
        let (stdout, stderr, status) = stopped(function, "-INT");
        assert_eq!(stdout, printed, "{function}");
        // Where it was: in the function, or still in the line that says that it has begun.
        assert!(stderr.starts_with("error: interrupted in "), "{stderr}");
        assert!(stderr.contains("f.py, line ") && stderr.lines().count() == 1, "{stderr}");
        // A shell shows this as 130, and leaves its own loop.
        assert_eq!((status.signal(), status.code()), (Some(2), None), "{function}");
    }
    let (stdout, _, status) = stopped("sleep", "-TERM");
    assert_eq!((&stdout[..], status.signal()), ("tidied\nexit handler\n", Some(15)));
}

#[test]
fn a_function_may_catch_keyboard_interrupt() {
    let (stdout, stderr, status) = stopped("catch", "-INT");
    assert_eq!((&stdout[..], &stderr[..]), ("tidied\ncaught\nexit handler\n", ""));
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_second_signal_ends_c_code() {
    let folder = Folder::plain(FUNCTIONS);
    let mut child = spawn(&mut folder.command(&["f.py:in_c"])).unwrap();
    let _stdout = begun(&mut child);
    send(&child, "-INT");
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.starts_with("waiting for Python") && said.contains("Ctrl-C again"), "{said}");
    send(&child, "-INT");
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    said.clear();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn one_sigterm_is_enough() {
    let (stdout, _, status) = stopped("in_c", "-TERM");
    assert_eq!((&stdout[..], status.signal()), ("", Some(15)));
}

#[test]
fn what_is_ignored_stays_ignored() {
    let folder = Folder::plain(FUNCTIONS);
    let command = folder.command(&["f.py:again"]);
    let mut ignoring = Command::new("env");
    ignoring.arg("--ignore-signal=INT").arg(command.get_program()).args(command.get_args());
    let ended = ignoring.current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "still here\n");
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn a_signal_while_a_pipe_is_silent() {
    let folder = Folder::plain(FUNCTIONS);
    let mut command = folder.command(&["f.py:large", "-"]);
    let mut child = spawn(command.stdin(Stdio::piped())).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: when it is written, the command reads.
    stdin.write_all(&b"1\n".repeat(200_000)).unwrap();
    send(&child, "-INT");
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.signal(), &ended.stderr[..]), (Some(2), &b""[..]));
}

/// A folder with a uv that installs without end, and says to `begun` that it has begun.
fn endless_uv() -> Folder {
    let folder = Folder::new()
        .file("f.py", "# /// script\n# dependencies = [\"tiny\"]\n# ///\ndef f(): pass\n")
        .file(
            "bin/uv",
            "#!/bin/sh\n[ $1 = venv ] && exec mkdir -p \"$5\"\n\
             echo Resolving; echo $$ > begun.part; mv begun.part begun\n\
             while :; do sleep 0.01; done\n",
        );
    let uv = folder.path().join("bin/uv");
    fs::set_permissions(uv, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn making(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = folder.command(arguments);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", folder.path().join("bin").display()));
    command.env("CALLPY_CACHE", folder.path().join("cache"));
    command
}

/// Waits for the installer; its process id. It runs in the folder above the environment.
fn installs(folder: &Folder) -> String {
    let environments = folder.path().join("cache/environments");
    loop {
        let homes = fs::read_dir(&environments).into_iter().flatten().flatten();
        for home in homes {
            if let Ok(id) = fs::read_to_string(home.path().join("begun")) {
                return id.trim().to_owned();
            }
        }
        std::thread::yield_now();
    }
}

/// Nothing runs any more, and nothing is left but the lock.
#[track_caller]
fn nothing_is_left(folder: &Folder, id: &str) {
    assert!(!Path::new("/proc").join(id).exists(), "the installer still runs");
    let home = fs::read_dir(folder.path().join("cache/environments")).unwrap();
    let home = home.flatten().next().unwrap().path();
    let left: Vec<_> = fs::read_dir(home).unwrap().flatten().map(|it| it.file_name()).collect();
    let left: Vec<_> = left.iter().map(|name| name.to_string_lossy()).collect();
    assert!(left.iter().all(|name| name.ends_with(".lock") || name == "begun"), "{left:?}");
}

#[test]
fn a_signal_while_an_environment_is_created() {
    for (signal, number) in [("-INT", 2), ("-TERM", 15)] {
        let folder = endless_uv();
        let child = spawn(&mut making(&folder, &["f.py:f"])).unwrap();
        let id = installs(&folder);
        send(&child, signal);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(number));
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert!(stderr.starts_with("Installing tiny with uv"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        nothing_is_left(&folder, &id);
    }
}

/// A command on a terminal of its own: what `script` is told, is typed there.
fn on_a_terminal(folder: &Folder, command: &Command) -> Child {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.display())).collect();
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &words.join(" "), "typescript"]).current_dir(folder.path());
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let variables = command.get_envs().map(|(name, value)| (name, value.unwrap()));
    spawn(script.env("TERM", "xterm").envs(variables)).unwrap()
}

#[test]
fn the_terminal_is_left_as_it_was() {
    let folder = endless_uv();
    let mut child = on_a_terminal(&folder, &making(&folder, &["f.py:f"]));
    let mut keys = child.stdin.take().unwrap();
    let id = installs(&folder);
    keys.write_all(b"\x03").unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let seen = String::from_utf8(ended.stdout).unwrap();
    let (_, after) = seen.rsplit_once("Resolving").unwrap();
    assert!(after.contains("\x1b[2K"), "the spinner's line is cleared: {seen:?}");
    nothing_is_left(&folder, &id);
}

#[test]
fn a_signal_while_a_file_is_read() {
    let folder = Folder::with(FUNCTIONS).file("v.csv", "1.5\n".repeat(20_000_000));
    let mut child = on_a_terminal(&folder, &folder.command(&["f.py:large", "v.csv"]));
    let mut keys = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("Reading") {
        let mut chunk = [0; 1024];
        let count = stdout.read(&mut chunk).unwrap();
        assert_ne!(count, 0, "{seen:?}");
        seen.extend(&chunk[..count]);
    }
    keys.write_all(b"\x03").unwrap();
    stdout.read_to_end(&mut seen).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let seen = String::from_utf8_lossy(&seen);
    let (_, after) = seen.rsplit_once('%').unwrap();
    assert!(after.contains("\x1b[2K"), "the line is cleared: {seen:?}");
}
