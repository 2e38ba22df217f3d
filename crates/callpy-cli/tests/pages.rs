//! The page on the command, which only the repository has; so the published package lacks this test.

mod command;

use std::path::Path;

use command::{Ended, Folder};

#[test]
fn the_page_names_every_subcommand() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/command.md");
    let page = std::fs::read_to_string(file).unwrap();
    let help: Ended = Folder::new().callpy(&["--help"]).output().unwrap().into();
    let help = help.printed();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let names: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert!(names.contains(&"call") && names.contains(&"doctor"), "{help}");
    for name in names.iter().filter(|name| **name != "help") {
        assert!(page.contains(&format!("`callpy {name}")), "docs/command.md does not have {name}");
    }
}
