//! The search for a Python: its order, each reason to refuse one, what is remembered.
#![cfg(unix)]

mod fake;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use callpy::environment::Requirements;
use callpy::locate::{Context, Problem, Report, Source, Verdict, Wanted, find_in, report_in};
use callpy::{Error, ErrorKind};
use fake::World;

fn chosen(context: &Context) -> (Source, PathBuf) {
    let (_, report) = find_in(&Wanted::default(), context).unwrap();
    let chosen = report.chosen().unwrap();
    (chosen.source(), chosen.path().to_owned())
}

fn named(name: impl Into<PathBuf>) -> Wanted {
    Wanted { python: Some(name.into()), ..Wanted::default() }
}

fn refused(wanted: &Wanted, context: &Context) -> (Error, Report) {
    let error = find_in(wanted, context).unwrap_err();
    let ErrorKind::Locate(report) = error.kind() else { panic!("{error:?}") };
    let report = report.clone();
    (error, report)
}

/// Returns why the only candidate was refused.
fn problem(wanted: &Wanted, context: &Context) -> Problem {
    let (_, report) = refused(wanted, context);
    let [one] = report.candidates() else { panic!("{report}") };
    one.problem().unwrap().clone()
}

#[test]
fn the_order_of_the_search() {
    let world = World::new();
    let mut context = world.context();
    // From last to first: each new one is found before all that are there already.
    world.good("bin/python");
    assert_eq!(chosen(&context), (Source::Path, world.path("bin/python")));
    world.good("bin/python3");
    assert_eq!(chosen(&context), (Source::Path, world.path("bin/python3")));
    world.good(".venv/bin/python");
    assert_eq!(chosen(&context), (Source::DotVenv, world.path(".venv/bin/python")));
    world.good("here/.venv/bin/python");
    assert_eq!(chosen(&context), (Source::DotVenv, world.path("here/.venv/bin/python")));
    world.good("conda/bin/python");
    context = context.with("CONDA_PREFIX", world.path("conda"));
    assert_eq!(chosen(&context), (Source::Conda, world.path("conda/bin/python")));
    world.good("venv/bin/python");
    context = context.with("VIRTUAL_ENV", world.path("venv"));
    assert_eq!(chosen(&context), (Source::VirtualEnv, world.path("venv/bin/python")));
    let other = world.good("other");
    context = context.with("CALLPY_PYTHON", &other);
    assert_eq!(chosen(&context), (Source::CallpyPython, other));
    let mine = world.good("mine");
    let (found, report) = find_in(&named(&mine), &context).unwrap();
    assert_eq!(found.executable(), mine);
    assert_eq!(report.chosen().unwrap().source(), Source::Named);
    assert_eq!(report.candidates().len(), 1);

    // The full report has all of them, in this order.
    let report = report_in(&named(&mine), &context).unwrap();
    let sources: Vec<Source> = report.candidates().iter().map(|one| one.source()).collect();
    use Source::*;
    assert_eq!(sources, [Named, CallpyPython, VirtualEnv, Conda, DotVenv, Path, Path]);
    let later = &report.candidates()[1..];
    assert!(later.iter().all(|one| matches!(one.verdict(), Verdict::Usable(_))), "{report}");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let world = World::new();
    let python = world.good("bin/python3");
    let mut context = world.context();
    for name in ["CALLPY_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX"] {
        context = context.with(name, "");
    }
    assert_eq!(chosen(&context), (Source::Path, python));
}

#[test]
fn every_place_on_path_is_tried() {
    let world = World::new();
    world
        .script("bin/python3", "#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127");
    let python = world.good("more/python3");
    let path = std::env::join_paths([world.path("bin"), world.path("more"), world.path("bin")]);
    let context = world.context().with("PATH", path.unwrap());
    let (found, report) = find_in(&Wanted::default(), &context).unwrap();
    assert_eq!(found.executable(), python);
    let text = report.to_string();
    assert!(text.contains("does not behave like a Python: pyenv: python3:"), "{text}");
    // A folder that is on PATH twice is tried once.
    assert_eq!(report_in(&Wanted::default(), &context).unwrap().candidates().len(), 2);
}

#[test]
fn ways_to_name_an_interpreter() {
    let world = World::new();
    let context = world.context();
    let command = world.good("bin/python3.12");
    let venv = world.good("here/venv/bin/python");
    let odd = world.good("here/ein Pfad/bin/pythön");
    for (name, expected) in [
        (PathBuf::from("python3.12"), &command),
        ("3.12".into(), &command),
        ("venv".into(), &venv),
        ("./venv".into(), &venv),
        (world.path("here/venv"), &venv),
        (venv.clone(), &venv),
        ("ein Pfad/bin/pythön".into(), &odd),
    ] {
        let (found, _) = find_in(&named(&name), &context).unwrap();
        assert_eq!(found.executable(), expected.as_path(), "{}", name.display());
    }
}

#[test]
fn no_other_is_used_instead_of_a_named_one() {
    let world = World::new();
    world.good("bin/python3");
    let context = world.context();
    assert_eq!(problem(&named("my-python"), &context), Problem::NotOnPath);
    assert_eq!(problem(&named(world.path("gone")), &context), Problem::Missing);
    let variable = world.context().with("CALLPY_PYTHON", "/no/such/python");
    let (error, _) = refused(&Wanted::default(), &variable);
    let text = error.to_string();
    assert!(text.contains("CALLPY_PYTHON: /no/such/python: there is no such file"), "{text}");
}

#[test]
fn no_python_at_all() {
    let world = World::new();
    let (error, report) = refused(&Wanted::default(), &world.context());
    assert!(report.candidates().is_empty());
    assert!(error.to_string().contains("install Python 3.8 or newer"), "{error}");
}

#[test]
fn an_unusable_python_says_why() {
    let world = World::new();
    let context = world.context();
    let with = |name: &'static str, json: &str| {
        let python = world.python("odd", world.facts("odd").set(name, json));
        // Other facts in a file of the same size and age would be answered from the cache.
        fs::remove_dir_all(world.path("cache")).unwrap();
        refused(&named(python), &context).0.to_string()
    };
    let has = |text: String, parts: &[&str]| {
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    has(with("version", "[3, 6, 15]"), &["it is 3.6.15", "3.8 or newer", "uv python install"]);
    has(with("implementation", "\"pypy\""), &["it is pypy", "callpy needs CPython"]);
    has(
        with("platform", "\"linux-sparc64\""),
        &["built for linux-sparc64", "but this program for"],
    );
    has(with("bits", "32"), &["(32 bits)", "64 bits"]);
    has(
        with("libraries", "[\"/no/libpython3.12.so\"]"),
        &["no shared library", "/no/libpython3.12"],
    );
    has(with("prefix", "3"), &["does not behave like a Python"]);

    let static_in = |prefix: &str| {
        let mut facts = world.facts("odd");
        facts.set("libraries", "[]").set("base_prefix", prefix);
        let python = world.python("odd", &facts);
        fs::remove_dir_all(world.path("cache")).unwrap();
        refused(&named(python), &context).0.to_string()
    };
    // Whichever is this machine's.
    let systems_own = static_in("\"/usr\"");
    let ways =
        ["apt install libpython3.12", "dnf install python3-libs", "brew install python@3.12"];
    assert!(ways.iter().any(|way| systems_own.contains(way)), "{systems_own}");
    has(
        static_in("\"/home/x/.pyenv/versions/3.12.1\""),
        &["PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force 3.12.1"],
    );
    has(static_in("\"/opt/python\""), &["uv python install 3.12"]);
}

#[test]
fn a_file_that_does_not_run_says_why() {
    let world = World::new();
    let context = world.context();
    let garbage = world.script("garbage", "#!/bin/sh\necho hello\n");
    let output = "hello\n".to_owned();
    assert_eq!(problem(&named(garbage), &context), Problem::NoAnswer { output });

    let file = world.path("data");
    fs::write(&file, "hello").unwrap();
    assert!(matches!(problem(&named(file), &context), Problem::DoesNotRun { .. }));

    // bin/python -> python3 -> what was deleted
    fs::create_dir_all(world.path("venv/bin")).unwrap();
    symlink("python3", world.path("venv/bin/python")).unwrap();
    symlink("/gone/bin/python3", world.path("venv/bin/python3")).unwrap();
    let (error, report) = refused(&named(world.path("venv")), &context);
    let target = PathBuf::from("/gone/bin/python3");
    assert_eq!(report.candidates()[0].problem(), Some(&Problem::BrokenLink { target }));
    assert!(error.to_string().contains("recreate the environment"), "{error}");
}

#[test]
fn special_builds_and_newer_versions_are_accepted() {
    let world = World::new();
    let mut facts = world.facts("odd");
    facts.set("version", "[3, 31, 0]").set("free_threaded", "true").set("debug", "true");
    let (found, _) = find_in(&named(world.python("odd", &facts)), &world.context()).unwrap();
    assert_eq!(found.version(), (3, 31, 0));
    assert!(found.is_free_threaded() && found.is_debug() && !found.is_virtual_environment());
}

#[test]
fn the_error_lists_every_candidate_and_its_fix() {
    let world = World::new();
    world.python("bin/python3", world.facts("bin/python3").set("version", "[3, 7, 1]"));
    let mut facts = world.facts("bin/python");
    world.python("bin/python", facts.set("libraries", "[]").set("base_prefix", "\"/opt/p\""));
    let (error, _) = refused(&Wanted::default(), &world.context());
    assert_eq!(error.to_string().lines().count(), 1);
    let expected = format!(
        "{error}\n\
         callpy searched for Python in this order:\n  \
         PATH: {0}/python3: too old: it is 3.7.1, but callpy needs 3.8 or newer\n    \
         fix: install a newer Python, for instance with `uv python install`, and name it with \
         CALLPY_PYTHON\n  \
         PATH: {0}/python: it has no shared library that callpy can load\n    \
         fix: uv python install 3.12",
        world.path("bin").display()
    );
    assert_eq!(format!("{error:#}"), expected);
}

#[test]
fn a_search_finds_the_required_version() {
    let world = World::new();
    world.python("bin/python3", world.facts("bin/python3").set("version", "[3, 8, 1]"));
    let newer = world.good("bin/python");
    let requirements = Requirements::default().with_python(">=3.10");
    let wanted = Wanted { requirements, ..Wanted::default() };
    let (found, report) = find_in(&wanted, &world.context()).unwrap();
    assert_eq!(found.executable(), newer);
    assert!(report.to_string().contains("it is 3.8.1, but Python >=3.10 is required"), "{report}");

    let wanted = Wanted { python: Some("python3".into()), ..wanted };
    let required = problem(&wanted, &world.context());
    assert!(matches!(required, Problem::RequiresPython { version: (3, 8, 1), .. }));

    let requirements = Requirements::default().with_python("new");
    let error = find_in(&Wanted { requirements, ..wanted }, &world.context()).unwrap_err();
    assert!(error.to_string().contains("`new`"), "{error}");
}

/// A Python of a version, at a path.
fn of_version(world: &World, name: &str, version: &str) -> PathBuf {
    world.python(name, world.facts(name).set("version", version))
}

fn requiring(python: &str) -> Wanted {
    Wanted { requirements: Requirements::default().with_python(python), ..Wanted::default() }
}

#[test]
fn a_required_version_is_found_on_path_then_by_pyenv_then_by_uv() {
    let world = World::new();
    of_version(&world, "bin/python3", "[3, 8, 1]");
    let context = world.context().with("PYENV_ROOT", world.path("pyenv"));
    let found = || {
        let (found, report) = find_in(&requiring(">=3.10"), &context).unwrap();
        (found.executable().to_owned(), report.chosen().unwrap().source())
    };
    let (error, _) = refused(&requiring(">=3.10"), &context);
    assert!(error.to_string().contains("Python >=3.10 is required"), "{error}");

    // From last to first: each new one is found before all that are there already.
    let managed = of_version(&world, "uv/python", "[3, 12, 4]");
    let script =
        "#!/bin/sh\n[ \"$1 $2\" = 'python find' ] || exit 1\ncase \"$*\" in *'>=3.10'*) echo";
    world.script("bin/uv", &format!("{script} {};; esac\n", managed.display()));
    assert_eq!(found(), (managed, Source::Uv));
    of_version(&world, "pyenv/versions/3.9.9/bin/python", "[3, 9, 9]");
    of_version(&world, "pyenv/versions/pypy3.11/bin/python", "[3, 11, 0]");
    let ten = of_version(&world, "pyenv/versions/3.10.2/bin/python", "[3, 10, 2]");
    assert_eq!(found(), (ten, Source::Pyenv));
    let newest = of_version(&world, "pyenv/versions/3.10.11/bin/python", "[3, 10, 11]");
    assert_eq!(found(), (newest, Source::Pyenv));
    let ten = of_version(&world, "bin/python3.10", "[3, 10, 0]");
    assert_eq!(found(), (ten, Source::Path));
    let eleven = of_version(&world, "bin/python3.11", "[3, 11, 0]");
    assert_eq!(found(), (eleven, Source::Path));

    // A Python that has the version is used before all of them.
    let (found, report) = find_in(&requiring(">=3.8"), &context).unwrap();
    assert_eq!(found.version(), (3, 8, 1));
    assert_eq!(report.candidates().len(), 1);
}

#[test]
fn a_named_version_is_found_although_a_shim_does_not_know_it() {
    let world = World::new();
    let shim = "#!/bin/sh\necho \"pyenv: $0: command not found\" >&2\nexit 127\n";
    world.script("bin/python3.12", shim);
    let python = of_version(&world, "pyenv/versions/3.12.4/bin/python", "[3, 12, 4]");
    // No one can use that one, so it is not offered either.
    of_version(&world, "pyenv/versions/3.7.16/bin/python", "[3, 7, 16]");
    let context = world.context().with("PYENV_ROOT", world.path("pyenv"));
    for name in ["3.12", "python3.12", "3.12.4"] {
        let (found, _) = find_in(&named(name), &context).unwrap();
        assert_eq!(found.executable(), python, "{name}");
    }
    for name in ["3.14", "python3.14"] {
        let (error, _) = refused(&named(name), &context);
        let text = error.to_string();
        let expected =
            "there is no Python 3.14 on PATH, and neither pyenv nor uv has one; pyenv has 3.12.4;";
        assert!(text.contains(expected) && text.contains("`uv python install 3.14`"), "{text}");
    }
    let by_variable = context.clone().with("CALLPY_PYTHON", "3.12");
    assert_eq!(find_in(&Wanted::default(), &by_variable).unwrap().0.executable(), python);

    // Another patch version is another Python.
    let (error, report) = refused(&named("3.12.5"), &context);
    assert!(report.candidates().iter().all(|one| one.interpreter().is_none()), "{report}");
    let text = error.to_string();
    assert!(
        text.contains("no Python 3.12.5 on PATH") && text.contains("pyenv has 3.12.4"),
        "{text}"
    );
    world.good("bin/python3");
    assert_eq!(find_in(&named("3"), &context).unwrap().0.executable(), world.path("bin/python3"));
    of_version(&world, "bin/python3.12", "[3, 11, 0]");
    let (found, report) = find_in(&named("3.12"), &context).unwrap();
    assert_eq!(found.executable(), python);
    assert!(report.to_string().contains("it is 3.11.0, but Python 3.12 is required"), "{report}");
}

#[test]
fn what_was_meant_and_is_not_used_is_told_of() {
    let world = World::new();
    let python = world.good("bin/python3");
    let context = world.context().with("PYENV_ROOT", world.path("pyenv"));
    let warnings = |wanted: &Wanted, context: &Context| {
        let (_, report) = find_in(wanted, context).unwrap();
        let warnings = report.warnings().join("\n");
        assert_eq!(report_in(wanted, context).unwrap().warnings().join("\n"), warnings);
        warnings
    };
    let plain = Wanted::default();
    let asking = |version: &str| context.clone().with("PYENV_VERSION", version);
    assert_eq!(warnings(&plain, &asking("3.99")), "", "without a pyenv");
    of_version(&world, "pyenv/versions/3.8.1/bin/python", "[3, 8, 1]");
    let told = warnings(&plain, &asking("3.99"));
    for words in [
        "PYENV_VERSION asks pyenv for 3.99, which pyenv does not have",
        "(Python 3.12.1) is used instead",
        "`pyenv install 3.99`, or unset it",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(told.contains(&python.display().to_string()), "{told}");
    assert!(warnings(&plain, &asking("3.8.1:system")).contains("which can't be used here"));
    for fine in ["system", "3.12.1", "3.12", "3"] {
        assert_eq!(warnings(&plain, &asking(fine)), "", "{fine}");
    }
    // A named Python is the one that is meant.
    assert_eq!(warnings(&named(&python), &asking("3.99")), "");

    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        let told = warnings(&plain, &context.clone().with(variable, world.path("gone")));
        let words = format!("{variable}: {}", world.path("gone/bin/python").display());
        assert!(told.starts_with(&words) && told.contains("is used instead"), "{told}");
    }
    fs::create_dir_all(world.path("here/.venv/bin")).unwrap();
    symlink(world.path("gone"), world.path("here/.venv/bin/python")).unwrap();
    let told = warnings(&plain, &context);
    assert!(told.contains("a broken link") && told.ends_with("recreate it"), "{told}");
    fs::remove_dir_all(world.path("here/.venv")).unwrap();

    // The file of a folder counts where pyenv's shims are.
    fs::write(world.path("here/.python-version"), "3.98\n").unwrap();
    assert_eq!(warnings(&plain, &context), "");
    world.good("shims/python3");
    let told = warnings(&plain, &context.clone().with("PATH", world.path("shims")));
    assert!(told.contains(".python-version asks pyenv for 3.98"), "{told}");
}

#[test]
fn a_projects_environment_is_found_from_the_targets_folder_first() {
    let world = World::new();
    let here = world.good("here/.venv/bin/python");
    let near = |folder: &str| Wanted { folder: Some(folder.into()), ..Wanted::default() };
    let found = |wanted: &Wanted, context: &Context| {
        find_in(wanted, context).unwrap().0.executable().to_owned()
    };
    let context = world.context();
    fs::create_dir_all(world.path("project/src/deep")).unwrap();
    assert_eq!(found(&near("../project/src"), &context), here);
    let project = world.good("project/.venv/bin/python").canonicalize().unwrap();
    assert_eq!(found(&near("../project/src/deep"), &context).canonicalize().unwrap(), project);
    assert_eq!(found(&near(""), &context), here);
    assert_eq!(found(&Wanted::default(), &context), here);

    let own = world.good("project/own/bin/python").canonicalize().unwrap();
    let context = context.with("UV_PROJECT_ENVIRONMENT", "own");
    assert_eq!(found(&near("../project/src"), &context).canonicalize().unwrap(), project);
    fs::write(world.path("project/pyproject.toml"), "").unwrap();
    assert_eq!(found(&near("../project/src"), &context).canonicalize().unwrap(), own);
}

#[test]
fn a_projects_requires_python_chooses_among_the_machines_pythons() {
    let world = World::new();
    of_version(&world, "bin/python3", "[3, 8, 1]");
    let newer = of_version(&world, "bin/python3.12", "[3, 12, 4]");
    let project = world.path("project/pyproject.toml");
    fs::create_dir_all(world.path("project/src")).unwrap();
    let requires = |versions: &str| {
        fs::write(&project, format!("[project]\nrequires-python = {versions:?}\n")).unwrap();
    };
    let near = Wanted { folder: Some(world.path("project/src")), ..Wanted::default() };
    let version = |wanted: &Wanted, context: &Context| {
        let (found, report) = find_in(wanted, context).unwrap();
        let (_, minor, _) = found.version();
        (minor, report)
    };
    let context = world.context();
    requires(">=3.11");
    let (minor, report) = version(&near, &context);
    assert_eq!(minor, 12);
    let reason = format!("it is 3.8.1, but {} requires Python >=3.11", project.display());
    assert!(report.to_string().contains(&reason), "{report}");
    assert_eq!(version(&Wanted::default(), &context).0, 8);
    // Also for an environment with packages.
    let packages = Wanted { requirements: Requirements::new(["numpy"]), ..near.clone() };
    let report = report_in(&packages, &context).unwrap();
    let base = report.candidates().iter().find(|one| matches!(one.verdict(), Verdict::Base(_)));
    assert_eq!(base.map(|one| one.path()), Some(newer.as_path()), "{report}");

    // A script with a header belongs to no project, and what is named or activated is used.
    let header = "# /// script\n# dependencies = []\n# ///\n";
    let requirements = Requirements::from_script(header).unwrap().unwrap();
    assert_eq!(version(&Wanted { requirements, ..near.clone() }, &context).0, 8);
    assert_eq!(version(&Wanted { python: Some("python3".into()), ..near.clone() }, &context).0, 8);
    let venv = of_version(&world, "venv/bin/python", "[3, 9, 1]");
    let activated = world.context().with("VIRTUAL_ENV", world.path("venv"));
    assert_eq!(version(&near, &activated).0, 9);
    let report = report_in(&packages, &activated).unwrap();
    let base = report.candidates().iter().find(|one| matches!(one.verdict(), Verdict::Base(_)));
    assert_eq!(base.map(|one| one.path()), Some(venv.as_path()), "{report}");

    requires(">=3.13");
    let (error, _) = refused(&near, &context);
    assert!(error.to_string().contains("pyproject.toml requires Python >=3.13"), "{error}");
    // What can't be read does not stop a call.
    requires("^3.11");
    let (minor, report) = version(&near, &context);
    assert_eq!(minor, 8);
    assert!(report.warnings()[0].contains("has `^3.11`, which callpy can't read"), "{report}");
    fs::write(&project, "[project]\nrequires-python = [3]").unwrap();
    assert_eq!(version(&near, &context).0, 8);
    fs::write(&project, "[project").unwrap();
    assert_eq!(version(&near, &context).0, 8);
}

#[test]
fn an_interpreter_is_asked_once() {
    let world = World::new();
    let python = world.good("bin/python3");
    let context = world.context();
    let find = || find_in(&Wanted::default(), &context).map(|(found, _)| found);
    let first = find().unwrap();
    assert_eq!(find().unwrap(), first);
    assert_eq!(world.ran().len(), 1);

    // Another program in its place, or another pyvenv.cfg beside it, is queried again.
    world.script("bin/python3", &(fs::read_to_string(&python).unwrap() + "# changed"));
    find().unwrap();
    assert_eq!(world.ran().len(), 2);
    fs::write(world.path("pyvenv.cfg"), "home = /usr/bin").unwrap();
    find().unwrap();
    assert_eq!(world.ran().len(), 3);

    // A cache that was torn is no answer, and is mended.
    let facts = fs::read_dir(world.path("cache/facts")).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read_to_string(&facts).unwrap();
    fs::write(&facts, &whole[..whole.len() / 2]).unwrap();
    find().unwrap();
    find().unwrap();
    assert_eq!(world.ran().len(), 4);

    // The library is looked for each time.
    let library = world.path("libpython3.12.so.1.0");
    fs::remove_file(&library).unwrap();
    find().unwrap_err();
    fs::write(&library, "").unwrap();
    find().unwrap();
    assert_eq!(world.ran().len(), 4);
}

#[test]
fn a_shim_is_asked_each_time() {
    let world = World::new();
    world.python("bin/python3", &world.facts("real/python3"));
    world.good("real/python3");
    for times in 1..=2 {
        let (found, _) = find_in(&Wanted::default(), &world.context()).unwrap();
        assert_eq!(found.executable(), world.path("real/python3"));
        assert_eq!(world.ran().len(), times);
    }
}

#[test]
fn an_unwritable_cache_only_costs_time() {
    let world = World::new();
    world.good("bin/python3");
    // A file where the folder should be: root may write to any folder.
    fs::write(world.path("file"), "").unwrap();
    let context = world.context().with("CALLPY_CACHE", world.path("file"));
    for times in 1..=2 {
        find_in(&Wanted::default(), &context).unwrap();
        assert_eq!(world.ran().len(), times);
    }
}

#[test]
fn the_facts_of_a_real_python() {
    let world = World::new();
    // Modules of the current folder are not Python's own.
    fs::write(world.path("here/json.py"), "raise SystemExit('the wrong json')").unwrap();
    let (found, report) = find_in(&Wanted::default(), &Context::of_this_process())
        .expect("a CPython 3.8+ with a shared library");
    eprintln!("{report}");
    let context = world.context();
    let (again, _) = find_in(&named(found.executable()), &context).unwrap();
    assert_eq!(again.version(), found.version());
    assert!(again.version() >= (3, 8, 0));
    let name = again.libpython().file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.contains("ython") && name != "libpython3.so", "{name}");
    assert!(again.prefix().is_dir() && again.base_executable().is_file());

    // A virtual environment is its own prefix.
    let mut venv = world.path("here/ein Pfad, é");
    let status = std::process::Command::new(found.executable())
        .args(["-I", "-m", "venv", "--without-pip"])
        .arg(&venv)
        .status();
    assert!(status.unwrap().success());
    if cfg!(target_os = "linux") {
        // A name need not be UTF-8 there; the venv module can't write such a one.
        let odd = world.path("here").join(OsStr::from_bytes(b"ein \xe9 Pfad"));
        fs::rename(&venv, &odd).unwrap();
        venv = odd;
    }
    let (inside, _) = find_in(&named(&venv), &context).unwrap();
    assert_eq!(inside.prefix(), venv);
    assert_eq!(inside.base_prefix(), again.base_prefix());
    assert_eq!(inside.libpython(), again.libpython());
    assert!(inside.is_virtual_environment());
    assert!(inside.executable().starts_with(&venv));
    assert!(inside.site_packages()[0].is_dir());
    assert_eq!(find_in(&named(&venv), &context).unwrap().0, inside);
}
