//! Environments: created once for all processes, recreated when incomplete, reused offline.
#![cfg(unix)]

mod fake;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use callpy::ErrorKind;
use callpy::environment::{OnProgress, Progress, Requirements, Stop, cached};
use callpy::locate::{Context, Interpreter, Problem, Source, Verdict, Wanted, find_in, report_in};
use fake::World;

fn wanting(dependency: &str) -> Wanted {
    Wanted { requirements: Requirements::new([dependency]), ..Wanted::default() }
}

fn find(wanted: &Wanted, world: &World) -> Interpreter {
    find_in(wanted, &world.context()).unwrap().0
}

/// Returns the commands that uv was given, by their first word.
fn uv_ran(world: &World) -> Vec<String> {
    let ran = world.ran();
    let uv = ran.iter().filter_map(|line| line.strip_prefix("uv "));
    uv.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn an_environment_is_created_once_and_then_starts_without_running_anything() {
    let world = World::new();
    let base = world.good("bin/python3");
    world.uv("echo Installed");
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let progress: OnProgress = Arc::new(move |step| listener.lock().unwrap().push(step.clone()));
    let wanted = Wanted { progress: Some(progress), ..wanting("tiny>=1") };

    let (made, report) = find_in(&wanted, &world.context()).unwrap();
    assert!(made.prefix().starts_with(world.path("cache/environments")));
    assert_eq!(made.libpython(), world.path("libpython3.12.so.1.0"));
    let verdicts: Vec<_> = report.candidates().iter().map(|one| one.verdict()).collect();
    assert!(
        matches!(
            verdicts[..],
            [Verdict::Unusable(Problem::NotMade), Verdict::Base(_), Verdict::Chosen(_)]
        ),
        "{report}"
    );
    let log = world.ran();
    let folder = made.prefix().display();
    assert_eq!(log[1], format!("uv venv --no-project --python {} {folder}", base.display()));
    assert!(log[2].ends_with(&format!("--python {folder}/bin/python tiny>=1")), "{log:?}");

    let told: Vec<Progress> = told.lock().unwrap().clone();
    assert!(matches!(&told[0], Progress::Creating { tool, .. } if tool == "uv"), "{told:?}");
    assert!(told.contains(&Progress::Installing { line: "Installed".into() }), "{told:?}");
    assert_eq!(told.last(), Some(&Progress::Done));

    // The same requirements in other words, with neither uv nor a base in sight.
    fs::rename(world.path("bin"), world.path("away")).unwrap();
    fs::create_dir(world.path("bin")).unwrap();
    fs::rename(world.path("away/python3"), world.path("bin/elsewhere")).unwrap();
    let (again, report) = find_in(&wanting(" Tiny >= 1 "), &world.context()).unwrap();
    assert_eq!(again, made);
    assert_eq!(report.chosen().unwrap().source(), Source::Environment);
    assert_eq!(world.ran(), log);
}

#[test]
fn before_the_activated_environment_after_the_named_one() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("");
    let made = find(&wanting("tiny"), &world);

    world.good("venv/bin/python");
    let active = world.context().with("VIRTUAL_ENV", world.path("venv"));
    assert_eq!(find_in(&wanting("tiny"), &active).unwrap().0, made);

    // Another base has an environment of its own, and doesn't become everybody's.
    let other = world.good("other/python");
    let named = Wanted { python: Some(other), ..wanting("tiny") };
    let of_other = find(&named, &world);
    assert_ne!(of_other.prefix(), made.prefix());
    assert_eq!(find(&named, &world), of_other);
    assert_eq!(find(&wanting("tiny"), &world), made);
    assert_eq!(uv_ran(&world), ["venv", "pip", "venv", "pip"]);
}

#[test]
fn a_named_interpreter_that_meets_the_requirements_is_used_as_it_is() {
    let world = World::new();
    let site = world.path("site");
    fs::create_dir(&site).unwrap();
    let mut facts = world.facts("venv/bin/python");
    let facts = facts.set("site_packages", &format!("[\"{}\"]", site.display())).json();
    // Asked with arguments, it says which version of each is installed.
    let python = |version: &str| {
        world.script(
            "venv/bin/python",
            &format!(
                "#!/bin/sh\necho asked >> {}\nif [ $# -gt 2 ]; then echo 'callpy:[\"{version}\"]'; \
                 else echo 'callpy:{facts}'; fi\n",
                world.log()
            ),
        )
    };
    world.uv("");
    let named = Wanted { python: Some(python("2.0.1")), ..wanting("tiny>=2") };
    assert_eq!(find(&named, &world).executable(), world.path("venv/bin/python"));
    assert_eq!(world.ran(), ["asked", "asked"]);
    find(&named, &world);
    assert_eq!(world.ran().len(), 2, "the answer holds");
    fs::create_dir(site.join("other-1.0.dist-info")).unwrap();
    find(&named, &world);
    assert_eq!(world.ran().len(), 3, "until something is installed");

    python("1.26.4");
    let report = report_in(&named, &world.context()).unwrap();
    assert!(matches!(report.candidates()[0].verdict(), Verdict::Base(_)), "{report}");
    assert!(find(&named, &world).prefix().starts_with(world.path("cache")));
}

#[test]
fn what_is_required_by_default_counts_if_nothing_else_is() {
    let world = World::new();
    world.uv("");
    let by_default = || Requirements::new(["tiny>=2"]);
    // A Python that says, asked with arguments, which version is installed.
    let python = |name: &str, version: &str, prefix: &str| {
        let mut facts = world.facts(name);
        let facts = facts.set("prefix", &format!("{prefix:?}")).json();
        world.script(
            name,
            &format!(
                "#!/bin/sh\nif [ $# -gt 2 ]; then echo 'callpy:[\"{version}\"]'; else echo 'callpy:{facts}'; fi\n"
            ),
        )
    };
    let prefix = world.path("");
    let prefix = prefix.to_str().unwrap();
    let with = python("bin/python3", "2.1", prefix);
    let wanted = Wanted { by_default: by_default(), ..Wanted::default() };
    assert_eq!(find(&wanted, &world).executable(), with);
    python("bin/python3", "1.0", prefix);
    let made = find(&wanted, &world);
    assert!(made.prefix().starts_with(world.path("cache")), "{made:?}");
    assert_eq!(find(&wanted, &world), made);
    assert_eq!(uv_ran(&world), ["venv", "pip"]);

    // What is declared takes its place.
    let declared = Wanted { by_default: by_default(), ..wanting("other") };
    assert_ne!(find(&declared, &world).prefix(), made.prefix());
    assert!(world.ran().iter().any(|line| line.ends_with(" other")), "{:?}", world.ran());

    // An environment of the user's is used as it is.
    let own = python("venv/bin/python", "1.0", &world.path("venv").display().to_string());
    let active = world.context().with("VIRTUAL_ENV", world.path("venv"));
    assert_eq!(find_in(&wanted, &active).unwrap().0.executable(), own);
}

#[test]
fn what_only_uv_understands_of_a_script_is_left_to_uv() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("");
    let script = world.path("here/f.py");
    let write = |uv: &str| {
        let header = format!("# /// script\n# dependencies = ['tiny']\n{uv}# ///\n");
        fs::write(&script, header).unwrap();
        Requirements::from_file(&script).unwrap().unwrap()
    };
    let ran_for = |requirements: Requirements| {
        let before = world.ran().len();
        find(&Wanted { requirements, ..Wanted::default() }, &world);
        world
            .ran()
            .split_off(before)
            .into_iter()
            .filter(|it| it.starts_with("uv "))
            .collect::<Vec<_>>()
    };
    let plain = ran_for(write(""));
    assert!(plain[1].starts_with("uv pip install"), "{plain:?}");
    let settings = "# [tool.uv]\n# exclude-newer = '2024-01-01T00:00:00Z'\n";
    let synced = ran_for(write(settings));
    assert!(
        synced[1].starts_with("uv sync --active") && !synced[1].contains("--frozen"),
        "{synced:?}"
    );
    assert_eq!(synced.len(), 2, "{synced:?}");
    assert!(ran_for(write(settings)).is_empty());

    // What else is required comes on top.
    fs::write(world.path("here/f.py.lock"), "version = 1\n").unwrap();
    let locked = ran_for(write("").merge(Requirements::new(["other"])));
    assert!(locked[1].contains("--frozen") && locked[1].contains("f.py"), "{locked:?}");
    assert!(locked[2].starts_with("uv pip") && locked[2].ends_with("python other"), "{locked:?}");
    fs::write(world.path("here/f.py.lock"), "version = 2\n").unwrap();
    assert_eq!(ran_for(write("")).len(), 2, "another lock file is another environment");
}

#[test]
fn an_environment_is_removed_unless_it_is_in_use() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("");
    assert!(cached(&world.context()).is_empty());
    // Created by another process, which has ended.
    let mut maker = Command::new(std::env::current_exe().unwrap());
    maker.args(["--exact", "in_a_process_of_its_own"]).env_clear().stdout(Stdio::null());
    maker.env("CALLPY_TEST_CHILD", "1").env("PATH", world.path("bin"));
    maker.env("CALLPY_CACHE", world.path("cache")).current_dir(world.path("here"));
    assert!(maker.status().unwrap().success());
    let [one] = &cached(&world.context())[..] else { panic!("{:?}", cached(&world.context())) };
    assert!(one.folder().starts_with(world.path("cache")) && one.unused_for().as_secs() < 3600);
    assert_eq!(one.requirements().len(), 1);
    assert!(one.remove().unwrap());
    assert!(!one.folder().exists() && cached(&world.context()).is_empty());

    let used = find(&wanting("tiny"), &world);
    let [one] = &cached(&world.context())[..] else { panic!("{:?}", cached(&world.context())) };
    assert_eq!((one.folder(), one.requirements()), (used.prefix(), &["tiny".to_owned()][..]));
    assert!(!one.remove().unwrap());
    assert_eq!(find(&wanting("tiny"), &world), used);
}

#[test]
fn a_python_that_has_all_is_named_if_no_environment_can_be_created() {
    let world = World::new();
    let facts = world.facts("bin/python3").json();
    let python = world.script(
        "bin/python3",
        &format!(
            "#!/bin/sh\ncase $# in 2|1|0) echo 'callpy:{facts}';; *) echo 'callpy:[true]';; esac\n"
        ),
    );
    world.uv("echo 'error: no network' >&2; exit 1");
    let error = find_in(&wanting("tiny"), &world.context()).unwrap_err().to_string();
    let named = format!("{} has all that is required", python.display());
    assert!(error.contains("no network") && error.contains(&named), "{error}");
}

#[test]
fn an_incomplete_environment_is_recreated() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("");
    let made = find(&wanting("tiny"), &world);

    // As a killed installation leaves it.
    fs::remove_file(made.prefix().join("callpy.json")).unwrap();
    fs::write(made.prefix().join("half"), "").unwrap();
    let report = report_in(&wanting("tiny"), &world.context()).unwrap();
    assert_eq!(report.candidates()[0].problem(), Some(&Problem::NotMade));
    assert_eq!(find(&wanting("tiny"), &world), made);
    assert!(!made.prefix().join("half").exists());

    // Its interpreter is gone; so is the folder where packages were.
    for gone in ["bin/python", "lib"] {
        let gone = made.prefix().join(gone);
        if gone.is_dir() { fs::remove_dir(&gone) } else { fs::remove_file(&gone) }.unwrap();
        assert_eq!(find(&wanting("tiny"), &world), made);
    }
    assert_eq!(uv_ran(&world), ["venv", "pip"].repeat(4));

    // A truncated marker is rewritten from the environment's own facts.
    fs::write(made.prefix().join("callpy.json"), "{").unwrap();
    assert_eq!(find(&wanting("tiny"), &world), made);
    // So is the name of the environment to use.
    fs::write(made.prefix().parent().unwrap().join("default"), "\0").unwrap();
    assert_eq!(find(&wanting("tiny"), &world), made);
    assert_eq!(uv_ran(&world).len(), 8);
}

#[test]
fn two_processes_at_once_create_one_environment() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("echo Installed");
    let found = thread::scope(|scope| {
        let threads = [0; 4].map(|_| scope.spawn(|| find(&wanting("tiny"), &world)));
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(found.iter().all(|one| *one == found[0]));
    assert_eq!(uv_ran(&world), ["venv", "pip"]);
}

/// Is the process that `killed_half_way` kills; does nothing in a plain test run.
#[test]
fn in_a_process_of_its_own() {
    if std::env::var_os("CALLPY_TEST_CHILD").is_some() {
        find_in(&wanting("tiny"), &Context::of_this_process()).unwrap();
    }
}

#[test]
fn killed_half_way() {
    let world = World::new();
    world.good("bin/python3");
    // The first installation says that it has begun, and ends when it is told to.
    let (begun, end) = (world.path("begun"), world.path("end"));
    for fifo in [&begun, &end] {
        assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
    }
    world.uv(&format!(
        "if mkdir {first} 2>/dev/null; then echo > {begun}; read line < {end}; \
         touch $(dirname $(dirname $5))/late; fi; echo Installed",
        first = world.path("first").display(),
        begun = begun.display(),
        end = end.display()
    ));

    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "in_a_process_of_its_own"]).env_clear().stdout(Stdio::null());
    child.env("CALLPY_TEST_CHILD", "1").env("PATH", world.path("bin"));
    let mut child = child
        .env("CALLPY_CACHE", world.path("cache"))
        .current_dir(world.path("here"))
        .spawn()
        .unwrap();
    fs::read(&begun).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    // Its installer lives on and writes into the folder: until it has ended, the next one waits.
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let progress: OnProgress = Arc::new(move |step| {
        if *step == Progress::Waiting {
            fs::write(&end, "\n").unwrap();
        }
        listener.lock().unwrap().push(step.clone());
    });
    let made = find(&Wanted { progress: Some(progress), ..wanting("tiny") }, &world);
    assert_eq!(told.lock().unwrap()[0], Progress::Waiting);
    assert_eq!(uv_ran(&world), ["venv", "pip", "venv", "pip"]);
    assert!(!made.prefix().join("late").exists());
}

#[test]
fn stopped_half_way() {
    let world = World::new();
    world.good("bin/python3");
    let first = world.path("first");
    let endless = "echo Begun; while :; do /bin/sleep 0.01; done";
    world.uv(&format!("if mkdir {} 2>/dev/null; then {endless}; fi", first.display()));
    let begun = Arc::new(AtomicBool::new(false));
    let (heard, asked) = (Arc::clone(&begun), Arc::clone(&begun));
    let progress: OnProgress = Arc::new(move |step| {
        if matches!(step, Progress::Installing { line } if line == "Begun") {
            heard.store(true, Ordering::SeqCst);
        }
    });
    let stop: Stop = Arc::new(move || asked.load(Ordering::SeqCst));
    let wanted = Wanted { progress: Some(progress), stop: Some(stop), ..wanting("tiny") };
    let error = find_in(&wanted, &world.context()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Environment));
    assert_eq!(error.to_string(), "the creation of the environment was stopped");
    let home = fs::read_dir(world.path("cache/environments")).unwrap().next().unwrap().unwrap();
    let left = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    assert!(left.into_iter().all(|path| path.extension().is_some_and(|end| end == "lock")));

    // The installer has ended and its lock is free, so the next start does not wait.
    find(&wanting("tiny"), &world);
    assert_eq!(uv_ran(&world), ["venv", "pip", "venv", "pip"]);
}

/// What waits for another's environment may be told to stop as well.
#[test]
fn stopped_while_it_waits() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("echo Installed");
    find(&wanting("tiny"), &world);
    let home = fs::read_dir(world.path("cache/environments")).unwrap().next().unwrap().unwrap();
    let entries = || fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let lock = entries().find(|path| path.extension().is_some_and(|end| end == "lock")).unwrap();
    let made = entries().find(|path| path.is_dir()).unwrap();
    fs::remove_dir_all(made).unwrap();
    let lock = fs::File::open(lock).unwrap();
    lock.lock().unwrap();
    let wanted = Wanted { stop: Some(Arc::new(|| true)), ..wanting("tiny") };
    let error = find_in(&wanted, &world.context()).unwrap_err();
    assert_eq!(error.to_string(), "the creation of the environment was stopped");
}

#[test]
fn the_error_contains_the_installers_message() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("echo 'Resolving'; echo 'error: no such package: tiny' >&2; exit 2");
    let error = find_in(&wanting("tiny"), &world.context()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Environment));
    assert_eq!(error.to_string(), "uv can't install tiny: no such package: tiny");
    assert!(format!("{error:#}").contains("Resolving\nerror: no such package"), "{error:#}");

    // Nothing of the failure is taken for an environment.
    world.uv("");
    find(&wanting("tiny"), &world);
}

#[test]
fn without_a_cache_folder() {
    let world = World::new();
    world.good("bin/python3");
    world.uv("");
    // A file where the folder should be: root may write to any folder.
    fs::write(world.path("file"), "").unwrap();
    let context = world.context().with("CALLPY_CACHE", world.path("file"));
    let text = find_in(&wanting("tiny"), &context).unwrap_err().to_string();
    assert!(text.contains(&format!("{}/environments", world.path("file").display())), "{text}");
    assert!(text.contains("set CALLPY_CACHE to a writable folder"), "{text}");
    assert!(uv_ran(&world).is_empty());
}

#[test]
fn a_malformed_requirement_is_an_error_before_anything_runs() {
    let world = World::new();
    world.good("bin/python3");
    let error = find_in(&wanting("--index-url=x"), &world.context()).unwrap_err();
    assert!(error.to_string().contains("`--index-url=x` is not a requirement"), "{error}");
    assert!(world.ran().is_empty());
}

/// Writes a wheel with one module and no dependencies; returns the requirement that installs it.
fn wheel(python: &Path, world: &World) -> String {
    let folder = world.path("wheel");
    let info = folder.join("callpy_tiny-1.5.dist-info");
    fs::create_dir_all(&info).unwrap();
    fs::write(folder.join("callpy_tiny.py"), "answer = 42\n").unwrap();
    let metadata = "Metadata-Version: 2.1\nName: callpy-tiny\nVersion: 1.5\n";
    fs::write(info.join("METADATA"), metadata).unwrap();
    let kind = "Wheel-Version: 1.0\nGenerator: callpy\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    fs::write(info.join("WHEEL"), kind).unwrap();
    let files = ["callpy_tiny.py", "callpy_tiny-1.5.dist-info"];
    let record = "callpy_tiny.py,,\ncallpy_tiny-1.5.dist-info/METADATA,,\n\
                  callpy_tiny-1.5.dist-info/WHEEL,,\ncallpy_tiny-1.5.dist-info/RECORD,,\n";
    fs::write(info.join("RECORD"), record).unwrap();
    let name = world.path("callpy_tiny-1.5-py3-none-any.whl");
    let mut zip = Command::new(python);
    zip.current_dir(&folder).args(["-I", "-m", "zipfile", "-c"]).arg(&name).args(files);
    assert!(zip.status().unwrap().success());
    format!("callpy-tiny @ file://{}", name.display())
}

#[test]
fn a_real_environment_without_the_network() {
    let world = World::new();
    let (base, _) = find_in(&Wanted::default(), &Context::of_this_process())
        .expect("a CPython 3.8+ with a shared library");
    // Debian's own Python may come without the venv module.
    let can = Command::new(base.executable()).args(["-I", "-c", "import venv, ensurepip"]).status();
    let requirement = wheel(base.executable(), &world);
    let wanted = Wanted { python: Some(base.executable().into()), ..wanting(&requirement) };
    // Settings that would lead pip elsewhere, and an index that does not answer.
    let context = world
        .context()
        .with("PIP_INDEX_URL", "http://127.0.0.1:9/")
        .with("PIP_TARGET", world.path("target"))
        .with("PIP_USER", "1")
        .with("PYTHONPATH", world.path("nowhere"));
    if !can.unwrap().success() {
        let error = find_in(&wanted, &context).unwrap_err();
        assert!(error.to_string().contains("apt install python3"), "{error}");
        return;
    }
    let (made, _) = find_in(&wanted, &context).unwrap();
    let mut print = Command::new(made.executable());
    print.args(["-I", "-c", "import callpy_tiny; print(callpy_tiny.answer)"]);
    assert_eq!(print.output().unwrap().stdout, b"42\n");

    // If it is named and meets the requirements, it is used as it is.
    let as_it_is = |dependency: &str| {
        let named = Wanted { python: Some(PathBuf::from(made.prefix())), ..wanting(dependency) };
        let report = report_in(&named, &world.context()).unwrap();
        matches!(report.candidates()[0].verdict(), Verdict::Chosen(_))
    };
    assert!(as_it_is("Callpy_Tiny>=1.2,<2"));
    assert!(as_it_is("callpy-tiny; python_version >= '3.8'"));
    assert!(as_it_is("callpy-other; python_version < '3.8'"));
    assert!(!as_it_is("callpy-tiny>=2"));
    assert!(!as_it_is("callpy-other"));
}
