//! Exit codes, and what is said on stderr.

mod command;

use command::Folder;

#[test]
fn an_exception_is_printed_as_python_prints_it() {
    let folder = Folder::plain(
        "def low(x):\n    raise ValueError('too low\\nby far')\n\ndef high(x):\n    print('before')\n    \
         try:\n        low(x)\n    except ValueError as error:\n        raise KeyError('high') from error\n",
    );
    let ended = folder.run(&["f.py:high", "--arg", "x=1"]);
    assert_eq!((ended.code, &ended.stdout[..]), (Some(1), "before\n"));
    let path = folder.path().canonicalize().unwrap().join("f.py");
    let path = path.display();
    let expected = [
        "Traceback (most recent call last):",
        &format!("  File \"{path}\", line 7, in high"),
        "    low(x)",
        "ValueError: too low\nby far",
        "\nThe above exception was the direct cause of the following exception:\n",
        &format!("  File \"{path}\", line 9, in high"),
        "KeyError: 'high'\n",
    ];
    let mut rest = &ended.stderr[..];
    for part in expected {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} in {}", ended.stderr));
        rest = &rest[at + part.len()..];
    }
    assert_eq!(rest, "");
    assert!(!ended.stderr.contains("callpy"), "{}", ended.stderr);
}

#[test]
fn a_file_in_another_encoding_is_read_as_python_reads_it() {
    let source = b"# -*- coding: latin-1 -*-\ndef f(): return '\xE9'\n";
    let folder = Folder::new().file("f.py", source);
    assert_eq!(folder.printed(&["f.py:f"]), "é\n");
}

#[test]
fn a_fix_is_said_once() {
    let folder = Folder::plain("def f(): pass\n");
    let said = folder.run(&["f.py:f", "--python", "3.99"]);
    let said =
        said.failed(1, &["there is no Python 3.99 on PATH", "fix: uv python install '3.99'"]);
    assert_eq!(said.matches("uv python install").count(), 1, "{said}");
}

#[test]
fn an_environment_that_is_gone_is_told_of() {
    let folder = Folder::plain("def f(): return 1\n");
    let mut command = folder.command(&["f.py:f"]);
    command.env_remove("CALLPY_PYTHON").env("VIRTUAL_ENV", folder.path().join("gone"));
    let ended = command::Ended::from(command.output().unwrap());
    assert_eq!((&ended.stdout[..], ended.code), ("1\n", Some(0)), "{}", ended.stderr);
    assert!(ended.stderr.contains("note: VIRTUAL_ENV: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("is used instead"), "{}", ended.stderr);
}

#[test]
fn what_only_uv_understands_is_told_of_where_pip_installs() {
    let header = "# /// script\n# dependencies = ['callpy-test-package @ file:///nowhere']\n# [tool.uv]\n\
                  # offline = true\n# ///\ndef f(): pass\n";
    let folder = Folder::plain(header);
    let mut command = folder.command(&["f.py:f"]);
    // Without uv.
    let python = callpy::locate::report(&callpy::locate::Wanted::default()).unwrap();
    let python = python.candidates().iter().find_map(|one| one.interpreter()).unwrap().clone();
    command.env("CALLPY_PYTHON", python.executable()).env("PATH", "/nowhere");
    command.env("CALLPY_CACHE", folder.path().join("cache"));
    let ended = command::Ended::from(command.output().unwrap());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("note: [tool.uv] of "), "{}", ended.stderr);
}

#[test]
fn a_module_that_can_not_be_imported() {
    let folder = Folder::plain("import surely_not_installed\ndef f(): pass\n")
        .file("broken.py", "def f(:\n    pass\n")
        .file("raises.py", "1 / 0\n");
    let text = folder.run(&["f.py:f"]);
    let text = text
        .failed(1, &["No module named 'surely_not_installed'", "`--with surely_not_installed`"]);
    assert!(text.contains("# dependencies = [\"surely_not_installed\"]"), "{text}");
    assert!(!text.contains("importlib"), "{text}");
    let folder = folder.file("lazy.py", "def f():\n    import surely_not_installed\n");
    folder.run(&["lazy.py:f"]).failed(1, &["lazy.py\", line 2", "`--with surely_not_installed`"]);
    let folder = folder.file("fine.py", "def f():\n    return 7\n");
    assert_eq!(folder.run(&["fine.py:f", "--with", "numpy"]).stdout, "7\n");
    folder.run(&["fine.py:f", "--with=-e ."]).failed(1, &["is not a requirement such as"]);
    folder.run(&["broken.py:f"]).failed(1, &["broken.py\", line 1", "SyntaxError"]);
    folder.run(&["raises.py:f"]).failed(1, &["raises.py\", line 1", "ZeroDivisionError"]);
    folder.run(&["broken:f"]).failed(1, &["SyntaxError"]);
}

#[test]
fn a_target_that_is_not_there() {
    let folder = Folder::plain(
        "from math import floor\nlimit = 3\ndef first(x, y=1): pass\ndef second(): pass\ndef _own(): pass\n",
    );
    folder.run(&["f.py:frist"]).failed(2, &["no \"frist\"", "first"]);
    folder.run(&["f.py:limit"]).failed(2, &["is an int, which can't be called"]);
    for target in ["f.py", "f.py:", "f"] {
        let text =
            folder.run(&[target]).failed(2, &["names no function", "  first(x, y)\n  second()\n"]);
        assert!(!text.contains("floor") && !text.contains("_own"), "{text}");
    }
    folder.run(&["g.py:first"]).failed(2, &["there is no file g.py; did you mean f.py:first?"]);
    // A folder has functions in its files.
    let folders = Folder::plain("").file("d/a.py", "").file("d/b.py", "").file("e/x.csv", "");
    folders.run(&["./d:f"]).failed(2, &["./d is a folder; did you mean ./d/a.py:f or ./d/b.py:f?"]);
    folders.run(&["./d/c.py:f"]).failed(2, &["there is no file ./d/c.py; did you mean ./d/a.py:f"]);
    folders.run(&["./e:f"]).failed(2, &["./e is a folder; it has no .py files"]);
    let mut doctor = folders.callpy(&["doctor", "./d:f"]);
    let doctor: command::Ended = doctor.output().unwrap().into();
    assert!(doctor.stdout.contains("did you mean ./d/a.py:f or ./d/b.py:f?"), "{}", doctor.stdout);
    folder
        .run(&["gone:first"])
        .failed(2, &["has no module 'gone'", "`--with gone`", "path/to/file.py:first"]);
    folder.run(&["os.gone:first"]).failed(1, &["'os' is not a package"]);
    folder.run(&[":first"]).failed(2, &["names no module"]);
    folder.run(&[""]).failed(2, &["names no module"]);
}

#[test]
fn modules_are_found_in_the_current_folder() {
    let folder = Folder::new().file("package/__init__.py", "").file(
        "package/tools.py",
        "class C:\n    @staticmethod\n    def twice(x):\n        return 2 * x\n",
    );
    assert_eq!(folder.printed(&["package.tools:C.twice", "--arg", "x=21"]), "42\n");
    assert_eq!(folder.printed(&["math:sqrt", "--arg", "x=2.25"]), "1.5\n");
}

#[test]
fn a_function_may_end_the_command() {
    let folder = Folder::plain(
        "import sys\ndef code(n): sys.exit(n)\ndef end():\n    print('a', end='')\n    sys.exit()\n",
    );
    for (argument, code) in [("n=0", 0), ("n=3", 3), ("n=256", 0), ("n=-1", 255), ("n=null", 0)] {
        let ended = folder.run(&["f.py:code", "--arg", argument]);
        assert_eq!((ended.code, &ended.stderr[..]), (Some(code), ""), "{argument}");
    }
    let ended = folder.run(&["f.py:code", "--arg", "n=no luck"]);
    assert_eq!((ended.code, &ended.stderr[..]), (Some(1), "no luck\n"));
    assert_eq!(folder.printed(&["f.py:end"]), "a");
}

#[test]
fn wrong_usage() {
    let folder = Folder::plain("def f(x): return x\n");
    folder.run(&[]).failed(2, &["<TARGET>", "Usage:"]);
    folder.run(&["f.py:f", "--arg", "x"]).failed(2, &["write NAME=JSON"]);
    folder.run(&["f.py:f", "--arg", "x=[1"]).failed(2, &["the value is not JSON"]);
    folder.run(&["f.py:f", "--arg", "x=False"]).failed(2, &["write x=false"]);
    folder.run(&["f.py:f", "--arg", "x=1", "--arg", "x=2"]).failed(2, &["x is passed 2 times"]);
    folder.run(&["f.py:f", "--arg", "y=1"]).failed(2, &["no parameter \"y\"", "parameters: x"]);
    folder.run(&["f.py:f", "--colunm", "x"]).failed(2, &["--column"]);
    let text = folder.run(&["f.py:f", "--arg", "x=1", "--python", "/nowhere/python"]);
    text.failed(1, &["/nowhere/python"]);
}

#[test]
fn only_a_wrong_command_line_leads_to_help() {
    let folder = Folder::plain("def f(x): return x\n").file("v.csv", "a,b\n1,x\n");
    let hint = "try '--help'";
    for wrong in [&["f.py"][..], &["f.py:f", "--arg", "x=1", "--arg", "y=2"], &["f.py:f", "--no"]] {
        assert!(folder.run(wrong).stderr.contains(hint), "{wrong:?}");
    }
    for missing in [
        &["g.py:f", "v.csv"][..],
        &["f.py:g", "v.csv"],
        &["gone:f", "v.csv"],
        &["f.py:f", "gone.csv"],
        &["f.py:f", "v.csv", "--column", "b"],
        &["f.py:f", "v.csv", "--column", "c"],
    ] {
        let stderr = folder.run(missing).failed(2, &[]);
        assert!(!stderr.contains(hint), "{stderr}");
    }
}

#[test]
fn values_arrive_as_json_says() {
    let folder = Folder::plain("def f(x): return repr(x)\n");
    for (json, expected) in [
        ("null", "None"),
        ("true", "True"),
        ("-3", "-3"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.1", "0.1"),
        ("\"a\\u00fc\"", "'aü'"),
        ("word", "'word'"),
        ("[1, [2.0]]", "[1, [2.0]]"),
        ("{\"b\": 1, \"a\": null}", "{'b': 1, 'a': None}"),
    ] {
        let text = folder.printed(&["f.py:f", "--arg", &format!("x={json}")]);
        assert_eq!(text.trim_end(), expected);
    }
}

#[test]
fn no_colours_in_a_pipe() {
    let folder = Folder::plain("def f(x): raise ValueError\n");
    for arguments in
        [&["f.py:g"][..], &["f.py:f", "--arg", "x=1"], &["f.py:f", "--nope"], &["--help"]]
    {
        let ended = folder.run(arguments);
        assert!(!ended.stderr.contains('\x1b') && !ended.stdout.contains('\x1b'), "{ended:?}");
    }
}
